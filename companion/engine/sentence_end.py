"""Where the sentence that is being written ends, while it arrives: the boundaries of `split_sentences`, and line ends.

A mark alone is not enough: "Dr." and "3.5" go on, and a quotation mark may follow. So a sentence is known to be over
when the next one has begun. Only text with a mark in it is looked at, because this runs for every token.
"""

from __future__ import annotations

import re

from companion.text import split_sentences

TAIL = 1000
"""Characters of earlier text that can matter: more than the longest sentence one would write."""
_MARK = re.compile(r"[.!?…。！？]")
_LINE_END = re.compile(r"\w[^\n]*\n")
_GOES_ON = re.compile(r"\s\W*\w")


class SentenceEnd:
    """Watches one text, which goes on after `before`, for the end of its first sentence."""

    def __init__(self, before: str = "") -> None:
        self._stem = unfinished(before[-TAIL:])
        self._undecided = bool(_MARK.search(self._stem))

    def find(self, text: str, piece: str) -> int | None:
        """The length of the first sentence of `text`, once it is sure; `piece` is what has just been added to it."""
        marked = _MARK.search(piece) is not None
        self._undecided = self._undecided or marked
        if self._undecided and not piece.isspace():
            end = self._boundary(text)
            if end is not None:
                return end
            self._undecided = marked or not _GOES_ON.search(piece)
        if "\n" in piece and (found := _LINE_END.search(text)):
            return found.end()
        return None

    def _boundary(self, text: str) -> int | None:
        """A sentence that ends within the stem is none of this text."""
        whole = self._stem + text
        end = 0
        for sentence in split_sentences(whole)[:-1]:
            end = whole.index(sentence, end) + len(sentence)
            if end > len(self._stem):
                return end - len(self._stem)
        return None


def unfinished(text: str) -> str:
    """The last sentence of a text that breaks off in the middle of it; empty where the next one may begin."""
    if not text or text.endswith("\n"):
        return ""
    last = split_sentences(f"{text} X")[-1]
    return "" if last == "X" else text[text.rindex(last.removesuffix("X").rstrip()) :]
