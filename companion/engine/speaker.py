"""A model that is spoken to in text: it knows its earlier replies by the tokens they were made of."""

from __future__ import annotations

import codecs
import contextlib
import secrets
import time
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from companion.engine.branching import Candidate, grow
from companion.engine.llama import LlamaModel, Stopped
from companion.engine.profile import THINK
from companion.engine.protocol import Continuation, FinishReason, Sampling
from companion.engine.template import END, START, Kind

FLUSH_SECONDS = 0.02
"""Text is sent at most this often: a line for every token would slow a small model noticeably."""
REMEMBERED_REPLIES = 256
REMEMBERED_TEXTS = 256
"""Parts of prompts whose tokens are kept: a conversation is asked about again for every sentence."""


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


@dataclass(frozen=True, slots=True)
class Offer:
    """Ways on, after `steps` steps of decoding that took `decode_ms`; none where the request was cancelled."""

    continuations: tuple[Continuation, ...]
    prompt_tokens: int
    cached_tokens: int
    steps: int
    decode_ms: float
    cancelled: bool = False


@dataclass(slots=True)
class Prompt:
    """A prompt in tokens, and the parts of it that a model has said."""

    tokens: list[int] = field(default_factory=list)
    said: list[int] = field(default_factory=list)
    """Those of all replies, the open one included."""
    draft: str = ""
    """What the open reply has said so far."""
    draft_tokens: list[int] = field(default_factory=list)


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
        self._drafts: dict[str, list[int]] = {}  # what the latest reply had said, and the ways on it was offered
        self._specials: dict[str, int] = {}
        self._ends = frozenset(token for name in (START, END) if (token := model.special(name)) is not None)
        self._block = tuple(token for tag in THINK if (token := model.special(tag)) is not None)
        self._thought: tuple[str, list[int]] = "", []  # the latest, as text and as tokens
        self._tokens = lru_cache(REMEMBERED_TEXTS)(lambda text: tuple(model.tokenize(text)))

    def count(self, parts: Sequence[tuple[str, str]]) -> int:
        return len(self._prompt(parts).tokens)

    def prefill(self, parts: Sequence[tuple[str, str]], report: Callable[[int, int], None] | None = None) -> int:
        """The number of tokens newly read, also when stopped on the way."""
        tokens = self._prompt(parts).tokens
        self._check_room(tokens)
        kept = self.model.reuse(tokens, for_reply=False)
        with contextlib.suppress(Stopped):
            self.model.read(tokens, report)
        return self.model.cached - kept

    def stream(
        self,
        parts: Sequence[tuple[str, str]],
        sampling: Sampling,
        emit: Callable[[str], None],
        emit_thought: Callable[[str], None] = lambda text: None,
    ) -> Outcome:
        """Emits the reply's text as it comes. With `sampling.think_tokens` the prompt ends within a think block."""
        prompt = self._prompt(parts)
        self._check_room(prompt.tokens)
        kept, asked = self.model.reuse(prompt.tokens, for_reply=True), len(prompt.tokens)
        utterance = Utterance(emit)
        try:
            self.model.read(prompt.tokens)
            if sampling.think_tokens:
                prompt = self._think(sampling, prompt, emit_thought)
            reason = self._reply(sampling, prompt, utterance) if sampling.max_tokens > 0 else "length"
        except Stopped:
            reason = "cancelled"
        utterance.flush()
        self._offer(prompt, [utterance.whole])
        return Outcome(reason, asked, kept, len(utterance.tokens))

    def _think(self, sampling: Sampling, prompt: Prompt, emit: Callable[[str], None]) -> Prompt:
        """The prompt with the block, which the model closes itself, or else at its bound.

        A block that would fill the context ends in time for it to be closed.
        """
        opening, closing = self._block
        self.model.never = (opening,)
        (seed,) = _seeds(sampling, prompt, 1)
        thought = Utterance(emit)
        end = self._tokens("\n\n")
        most = min(sampling.think_tokens, self.model.context - len(prompt.tokens) - len(end) - 3)
        for token in self.model.generate(sampling, seed, prompt.said) if most > 0 else ():
            if token == closing or token in self._ends or self.model.is_end(token):
                break
            thought.add(token, self.model.piece(token))
            if len(thought.tokens) >= most:
                break
        thought.flush()
        text, tokens = thought.whole
        self._thought = text, tokens or list(self._tokens(text))
        line = () if not text or text.endswith("\n") else self._tokens("\n")
        whole = replace(prompt, tokens=[*prompt.tokens, *self._thought[1], *line, closing, *end])
        if sampling.max_tokens > 0:
            self.model.reuse(whole.tokens, for_reply=True)
            self.model.read(whole.tokens)
        return whole

    def _reply(self, sampling: Sampling, prompt: Prompt, utterance: Utterance) -> FinishReason:
        (seed,) = _seeds(sampling, prompt, 1)
        self.model.never = self._block  # no thinking within a reply, not even for a moment
        if len(prompt.tokens) >= self.model.context:
            return "length"
        for token in self.model.generate(sampling, seed, prompt.said):
            if token in self._ends or self.model.is_end(token):
                return "stop"
            utterance.add(token, self.model.piece(token))
            if len(utterance.tokens) >= sampling.max_tokens:
                break
        return "length"

    def branch(self, parts: Sequence[tuple[str, str]], sampling: Sampling, count: int, limit: int) -> Offer:
        """`count` ways on, each of at most `limit` tokens."""
        prompt = self._prompt(parts)
        self._check_room(prompt.tokens)
        kept = self.model.reuse(prompt.tokens, for_reply=True)
        bound = min(limit, sampling.max_tokens)
        candidates = [Candidate(sequence, prompt.draft, bound) for sequence in range(count)]
        started = time.monotonic()
        try:
            self.model.read(prompt.tokens)
            started = time.monotonic()
            seeds = _seeds(sampling, prompt, count)
            self.model.never = self._block
            steps = grow(self.model, candidates, sampling, seeds, prompt.said, self._ends)
        except Stopped:
            return Offer((), len(prompt.tokens), kept, 0, 0.0, cancelled=True)
        decode_ms = (time.monotonic() - started) * 1000
        self._offer(prompt, [(candidate.text, candidate.tokens) for candidate in candidates])
        continuations = tuple(candidate.continuation for candidate in candidates)
        return Offer(continuations, len(prompt.tokens), kept, steps, decode_ms)

    def _offer(self, prompt: Prompt, ways: Sequence[tuple[str, list[int]]]) -> None:
        """Remember how the reply may go on, as text and as tokens, until a prompt says how it did.

        Text has many tokenisations: this way what was generated is found in the cache again.
        """
        if prompt.draft not in self._drafts:  # another reply: the one before it ended as one of its drafts
            for draft, tokens in self._drafts.items():
                self._remember(_key(draft), tokens)
        self._drafts = {prompt.draft: prompt.draft_tokens} if prompt.draft_tokens else {}
        for text, tokens in ways:
            if tokens:
                self._drafts[unicodedata.normalize("NFC", prompt.draft + text)] = prompt.draft_tokens + tokens

    def _remember(self, key: str, reply: list[int]) -> None:
        self._said[key] = reply
        self._said.move_to_end(key)
        if len(self._said) > REMEMBERED_REPLIES:
            self._said.popitem(last=False)

    def _find_said(self, text: str) -> Sequence[int]:
        """The tokens of an earlier reply, or of a draft that has become one."""
        key = _key(text)
        if key not in self._said:
            latest = (tokens for draft, tokens in self._drafts.items() if _key(draft) == key)
            reply = next(latest, None)
            if reply is None:
                return self._tokens(text)
            self._remember(key, reply)
        return self._said[key]

    def _prompt(self, parts: Sequence[tuple[str, str]]) -> Prompt:
        prompt = Prompt()
        for kind, text in parts:
            match kind:
                case Kind.CONTROL:
                    prompt.tokens.append(self._special(text))
                case Kind.SAID:
                    reply = self._find_said(text)
                    prompt.said += reply
                    prompt.tokens += reply
                case Kind.THOUGHT:
                    known, tokens = self._thought
                    prompt.tokens += tokens if text == known else self._tokens(text)
                case Kind.OPEN:
                    prompt.draft = text
                    prompt.draft_tokens = self._drafts.get(text) or list(self._tokens(text))
                    prompt.said += prompt.draft_tokens
                    prompt.tokens += prompt.draft_tokens
                case _:
                    prompt.tokens += self._tokens(text)
        return prompt

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


def _seeds(sampling: Sampling, prompt: Prompt, count: int) -> list[int]:
    """One for each way on, and others further on in the reply; at its beginning the first is the seed itself."""
    seed = secrets.randbits(31) | 1 if sampling.seed is None else sampling.seed
    start = seed + len(prompt.draft) * 0x85EBCA6B
    return [(start + i * 0x9E3779B1) % 0xFFFFFFFF for i in range(count)]  # 2**32 - 1 means a random one


def _key(text: str) -> str:
    """A reply is the same reply in composed form, and without the space around it that a store may not keep."""
    return unicodedata.normalize("NFC", text).strip()
