"""A model that is spoken to in text: it knows its earlier replies by the tokens they were made of."""

from __future__ import annotations

import codecs
import contextlib
import secrets
import time
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from companion.engine.llama import LlamaModel, Stopped
from companion.engine.protocol import FinishReason, Sampling
from companion.engine.template import END, START, Kind

FLUSH_SECONDS = 0.02
"""Text is sent at most this often: a line for every token would slow a small model noticeably."""
REMEMBERED_REPLIES = 256


class TooLong(Exception):
    """The prompt leaves no room for a reply."""

    def __init__(self, tokens: int) -> None:
        super().__init__(tokens)
        self.tokens = tokens


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a request for a reply ended, in tokens."""

    reason: FinishReason
    prompt_tokens: int
    cached_tokens: int
    reply_tokens: int


class Utterance:
    """A reply while it is made: bytes become text, and text is sent now and then."""

    def __init__(self, emit: Callable[[str], None]) -> None:
        self.tokens: list[int] = []
        self._emit = emit
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._sent: list[str] = []
        self._waiting = ""
        self._flushed = 0.0
        self._whole_tokens = self._whole_length = self._length = 0

    def add(self, token: int, data: bytes) -> None:
        """Half a character waits for the token with the rest of it."""
        text = self._decoder.decode(data)
        self.tokens.append(token)
        self._waiting += text
        self._length += len(text)
        half, _ = self._decoder.getstate()
        if not half:
            self._whole_tokens, self._whole_length = len(self.tokens), self._length
        if self._waiting and time.monotonic() - self._flushed >= FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        if self._waiting:
            self._emit(self._waiting)
            self._sent.append(self._waiting)
            self._waiting = ""
            self._flushed = time.monotonic()

    @property
    def whole(self) -> tuple[str, list[int]]:
        """The text that was sent, and the tokens of exactly that text: none if it ends within a token."""
        exact = self._length == self._whole_length
        return "".join(self._sent), self.tokens[: self._whole_tokens] if exact else []


class Speaker:
    """Requests in terms of text; the model underneath in terms of tokens."""

    def __init__(self, model: LlamaModel) -> None:
        self.model = model
        self._said: OrderedDict[str, list[int]] = OrderedDict()
        self._specials: dict[str, int] = {}
        self._ends = frozenset({self._special(START), self._special(END)})

    def count(self, parts: Sequence[tuple[str, str]]) -> int:
        return len(self._prompt(parts)[0])

    def prefill(self, parts: Sequence[tuple[str, str]]) -> int:
        """The number of tokens newly read, also when stopped on the way."""
        tokens, _ = self._prompt(parts)
        self._check_room(tokens)
        kept = self.model.reuse(tokens, for_reply=False)
        with contextlib.suppress(Stopped):
            self.model.read(tokens)
        return self.model.cached - kept

    def stream(self, parts: Sequence[tuple[str, str]], sampling: Sampling, emit: Callable[[str], None]) -> Outcome:
        """Emits the reply's text as it comes."""
        tokens, recent = self._prompt(parts)
        self._check_room(tokens)
        kept = self.model.reuse(tokens, for_reply=True)
        utterance = Utterance(emit)
        try:
            self.model.read(tokens)
            reason = self._reply(sampling, recent, utterance)
        except Stopped:
            reason = "cancelled"
        utterance.flush()
        self._remember(*utterance.whole)
        return Outcome(reason, len(tokens), kept, len(utterance.tokens))

    def _reply(self, sampling: Sampling, recent: Sequence[int], utterance: Utterance) -> FinishReason:
        seed = secrets.randbits(31) | 1 if sampling.seed is None else sampling.seed
        for token in self.model.generate(sampling, seed, recent):
            if token in self._ends or self.model.is_end(token):
                return "stop"
            utterance.add(token, self.model.piece(token))
            if len(utterance.tokens) >= sampling.max_tokens:
                break
        return "length"

    def _remember(self, text: str, reply: list[int]) -> None:
        """Text has many tokenisations: this way the reply, rendered as history, is found in the cache."""
        if not reply:
            return
        key = _key(text)
        self._said[key] = reply
        self._said.move_to_end(key)
        if len(self._said) > REMEMBERED_REPLIES:
            self._said.popitem(last=False)

    def _prompt(self, parts: Sequence[tuple[str, str]]) -> tuple[list[int], list[int]]:
        """(the prompt's tokens, those of them that are earlier replies)."""
        tokens: list[int] = []
        said: list[int] = []
        for kind, text in parts:
            match kind:
                case Kind.CONTROL:
                    tokens.append(self._special(text))
                case Kind.SAID:
                    reply = self._said.get(_key(text)) or self.model.tokenize(text)
                    said += reply
                    tokens += reply
                case _:
                    tokens += self.model.tokenize(text)
        return tokens, said

    def _special(self, name: str) -> int:
        token = self._specials.get(name)
        if token is None:
            token = self.model.special(name)
            if token is None:
                raise LookupError(f"the vocabulary has no control token {name}")
            self._specials[name] = token
        return token

    def _check_room(self, tokens: Sequence[int]) -> None:
        if len(tokens) >= self.model.context:
            raise TooLong(len(tokens))


def _key(text: str) -> str:
    """A reply is the same reply in composed form, and without the space around it that a store may not keep."""
    return unicodedata.normalize("NFC", text).strip()
