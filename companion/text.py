"""Text at the boundary: what may reach a terminal, and where a sentence ends.

Everything that comes from outside (a person, a model, a file, a server) passes `clean` or `Cleaner` once,
before it is shown or stored. `clean` is the streaming form fed once, so the two cannot disagree.
"""

from __future__ import annotations

import re
from enum import Enum, auto

_NEWLINES = "\r\u2028\u2029"
_JOINER = "\u200d"
_SELECTORS = "\ufe00-\ufe0f\u180b-\u180d\u180f\U000e0100-\U000e01ef"
_EMOJI = "\u2190-\u21ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff"
# Unicode's Cf: bidirectional controls, zero-width characters, soft hyphen, tags. The joiner is decided below.
_FORMAT = (
    "\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b\u200c\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e007f"
)
_DROPPED = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{_FORMAT}]+")
_INTRODUCER = re.compile("[\x1b\x90\x98\x9b\x9d-\x9f]")
_LINE_END = re.compile(f"\r\n?|[{_NEWLINES}]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_IN_CONTEXT = re.compile(f"[{_JOINER}{_SELECTORS}]")
_SELECTOR = re.compile(f"[{_SELECTORS}]")
_IS_EMOJI = re.compile(f"[{_EMOJI}]")
_STRING_END = re.compile(f"[\x07\x18\x1a\x1b\x9c\n{_NEWLINES}]")

STRING_LIMIT = 4096
"""An unterminated OSC, DCS, SOS, PM or APC swallows at most this many characters, never a line end."""
SEQUENCE_LIMIT = 64
"""The most characters after ESC or CSI; a longer one is no escape sequence, and its rest is text."""


class _State(Enum):
    TEXT = auto()
    ESCAPE = auto()
    CSI = auto()
    STRING = auto()


class Cleaner:
    """Cleans text that arrives in pieces: for any split, the joined output is `clean` of the whole.

    A state machine rather than one pattern: time is linear, nothing but a joiner is ever held back, and an
    escape sequence may be cut anywhere. Kept: newline, tab, and everything visible. CR, CRLF, U+2028 and
    U+2029 become a newline; a lone surrogate becomes U+FFFD, because UTF-8 cannot hold it and the reader
    should see that something was lost. U+200D survives between two emoji only, a variation selector only
    right after a visible character.
    """

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._state = _State.TEXT
        self._length = 0  # characters since the introducer of the current sequence
        self._after_return = False
        self._joiner_held = False
        self._after_visible = False
        self._after_emoji = False

    def feed(self, chunk: str) -> str:
        out: list[str] = []
        at, end = 0, len(chunk)
        while at < end:
            if self._state is _State.TEXT:
                found = _INTRODUCER.search(chunk, at)
                stop = found.start() if found else end
                if stop > at:
                    out.append(self._plain(chunk[at:stop]))
                at = stop
                if found:
                    at += 1
                    self._introduce(found.group())
            elif self._state is _State.STRING:
                at = self._skip_string(chunk, at)
            else:
                at += self._skip_one(chunk[at])
        return "".join(out)

    def close(self) -> str:
        """The end of the text. Nothing held can still be shown, so it is empty; the cleaner can be reused."""
        self._reset()
        return ""

    def _introduce(self, character: str) -> None:
        self._length = 0
        self._state = {"\x1b": _State.ESCAPE, "\x9b": _State.CSI}.get(character, _State.STRING)

    def _skip_string(self, chunk: str, at: int) -> int:
        limit = min(len(chunk), at + STRING_LIMIT - self._length)
        found = _STRING_END.search(chunk, at, limit)
        stop = found.start() if found else limit
        self._length += stop - at
        if found:
            # A line end is left for the text; ESC may start the terminator or another sequence.
            self._state = _State.ESCAPE if found.group() == "\x1b" else _State.TEXT
            self._length = 0
            return stop if found.group() in "\n" + _NEWLINES else stop + 1
        if self._length >= STRING_LIMIT:
            self._state = _State.TEXT
        return stop

    def _skip_one(self, character: str) -> int:
        """One step inside ESC or CSI; returns how many characters were used up (0 leaves it for the text)."""
        self._length += 1
        escape = self._state is _State.ESCAPE
        if self._length > SEQUENCE_LIMIT or character in "\n\r\t\x18\x1a" or character > "\x7f":
            self._state = _State.TEXT
            return 0
        if character == "\x1b":
            self._introduce(character)
        elif escape and self._length == 1 and character in "[]PX^_":
            self._introduce("\x9b" if character == "[" else "\x9d")
        elif ("0" if escape else "@") <= character <= "~":
            self._state = _State.TEXT
        return 1

    def _plain(self, text: str) -> str:
        text = _DROPPED.sub("", text)
        if not text:
            return ""
        if self._after_return and text[0] == "\n":
            text = text[1:]
        self._after_return = text.endswith("\r")
        text = _SURROGATE.sub("\ufffd", _LINE_END.sub("\n", text))
        if not text:
            return ""
        if self._joiner_held or _IN_CONTEXT.search(text):
            return self._in_context(text)
        self._remember(text)
        return text

    def _in_context(self, text: str) -> str:
        out: list[str] = []
        at = 0
        while at < len(text):
            found = _IN_CONTEXT.search(text, at)
            stop = found.start() if found else len(text)
            if stop > at:
                if self._joiner_held and _IS_EMOJI.match(text, at):
                    out.append(_JOINER)
                self._joiner_held = False
                out.append(text[at:stop])
                self._remember(text[at:stop])
            if found and found.group() == _JOINER:
                self._joiner_held = self._after_emoji
            elif found:
                self._joiner_held = False
                if self._after_visible:
                    out.append(found.group())
                self._after_visible = False
            at = stop + 1
        return "".join(out)

    def _remember(self, text: str) -> None:
        self._after_visible = not text[-1].isspace()
        self._after_emoji = _IS_EMOJI.match(text[-1]) is not None


def clean(text: str) -> str:
    """`text` without anything that could steer a terminal or hide from the eye, as `Cleaner` lists it."""
    return Cleaner().feed(text)


# A blank line ends a sentence that has words but no mark of its own (a heading, a greeting, a quotation).
_UNMARKED_END = rf"(?<=[^\W\d_])[*:_]{{0,4}}|(?<=[.!?])[”’][*_]{{0,3}}|(?<=[{_EMOJI}\ufe0f])"
_PARAGRAPH = re.compile(rf"(?:{_UNMARKED_END})[ \t]{{0,3}}\n(?=[ \t]*\n)")
_LIST_ITEM = re.compile(r"\n(?=[ \t]*(?:[-*•]|\d{1,3}[.)])[ \t])")
# A mark that may end a sentence, with the marks that close over it. Closing curly quotes are left out on
# purpose: the splitter behind the tagged corpora reads on after them, and labels fit only where counts agree.
_MARK = re.compile(r"(?<![.!?…])(?P<mark>[.!?…]++)(?P<closers>[\"')\]}*_`~]*+)(?=\s)|[。！？]++[」』）]?")
_NEXT = re.compile(r"\s*[\"'“‘(\[*_]{0,8}(?P<first>\S?)")
_WORD = re.compile(r"\w")
_LIST_NUMBER = re.compile(r"\s*[(*_]{0,3}\d{1,3}\.\Z")
_DOTTED = re.compile(r"(?:\w\.)+\w\.")
_INITIAL = re.compile(r"[A-HJ-Z]\.")
_NEVER_LAST = frozenset({"mr.", "mrs.", "ms.", "dr.", "prof.", "st.", "vs.", "e.g.", "i.e.", "cf.", "approx."})
_SELDOM_LAST = frozenset({"etc.", "inc.", "ltd.", "jr.", "sr.", "est.", "dept.", "min.", "hr.", "hrs."})
_TOKEN_WINDOW = 24


def split_sentences(text: str) -> list[str]:
    """The sentences of a reply, in order; joined, they are the text apart from whitespace.

    The same boundaries as the tagged corpora (a Punkt-like splitter): `.`, `!`, `?` and `...`, then closing
    marks, then white space; paragraphs and list items are added. A piece without a letter or digit (an emoji,
    a rule) belongs to what follows and stands alone only at the very end. Text that arrives later changes
    nothing before the last piece.
    """
    sentences: list[str] = []
    start = searched = 0
    for end in _boundaries(text):
        if _WORD.search(text, searched, end):
            sentences.append(text[start:end].strip())
            start = end
        searched = end
    rest = text[start:].strip()
    return [*sentences, rest] if rest else sentences


def _boundaries(text: str) -> list[int]:
    ends = {found.end() for pattern in (_PARAGRAPH, _LIST_ITEM) for found in pattern.finditer(text)}
    ends |= {found.end() for found in _MARK.finditer(text) if _ends_sentence(text, found)}
    return sorted(ends)


def _ends_sentence(text: str, found: re.Match[str]) -> bool:
    mark = found["mark"]
    if mark is None:
        return True
    following = _NEXT.match(text, found.end())
    first = following["first"] if following else ""
    if found["closers"] and found["closers"][0] in "\"'" and (not first or first.islower()):
        return False  # "Why?" she asked.
    if "!" in mark or "?" in mark:
        return True
    if len(mark) > 1 or mark == "…":
        return first.isupper()
    dot = found.end("mark")
    before = text[max(0, dot - _TOKEN_WINDOW) : dot]
    if _LIST_NUMBER.match(before, before.rfind("\n") + 1) and (len(before) == dot or "\n" in before):
        return False
    token = before.split()[-1].lstrip("\"'“‘([*_")
    if token.lower() in _NEVER_LAST or _INITIAL.fullmatch(token):
        return False
    if token.lower() in _SELDOM_LAST or _DOTTED.fullmatch(token):
        return first != "" and not first.islower()
    return True
