"""An engine that says what it was told to: for tests, screenshots and interfaces without a model."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile

from companion.engine.protocol import (
    ContextFull,
    EngineCancelled,
    EngineDied,
    EngineError,
    EngineInfo,
    Finish,
    FinishReason,
    LoadProgress,
    Message,
    Piece,
    Sampling,
)

Reply = str | Sequence[str | EngineError]
"""A text, said word by word; or pieces, among which an EngineError is raised when its turn comes."""

Wait = Callable[[int, threading.Event], object]
"""Called before each piece with its position and an event that is set once the reply is cancelled.

A delay is `lambda position, cancelled: cancelled.wait(0.05)`; a `Gate` holds the reply until it is opened.
"""


class Gate:
    """Lets pieces through one by one, as they are allowed; a cancel is let through at once."""

    def __init__(self) -> None:
        self._permits = threading.Semaphore(0)

    def open(self, pieces: int = 1) -> None:
        self._permits.release(pieces)

    def __call__(self, position: int, cancelled: threading.Event) -> None:
        while not cancelled.is_set() and not self._permits.acquire(timeout=0.005):
            pass


class ScriptedEngine:
    """Replies in order, one for each `stream`; or what a callable makes of the messages.

    A token is a word. Whatever it is given is kept: `heard` and `samplings` of every `stream`, `read_ahead`
    of every `prefill`, the number of `loads`. An EngineDied in a reply makes the next call load again.
    """

    def __init__(
        self,
        replies: Sequence[Reply] | Callable[[Sequence[Message]], Reply] = (),
        *,
        wait: Wait | None = None,
        load_error: EngineError | None = None,
        layout: str = "mini",
        context: int = 4096,
    ) -> None:
        """`load_error` is raised by the first load, and only by the first."""
        self._next_reply = replies if callable(replies) else _in_order(replies)
        self._wait = wait or (lambda position, cancelled: None)
        self._load_error = load_error
        self._info = EngineInfo("scripted", None, context, layout, parameters=0, size=0, seconds=0.0)
        self._cache: list[str] = []
        self._cancelled = threading.Event()
        self._loaded = self._closed = False
        self.heard: list[tuple[Message, ...]] = []
        self.samplings: list[Sampling] = []
        self.read_ahead: list[tuple[Message, ...]] = []
        self.loads = 0
        self.cancels = 0

    def load(self, progress: Callable[[LoadProgress], None] | None = None) -> EngineInfo:
        self._begin()
        self._ready(progress)
        return self._info

    def count_tokens(self, messages: Sequence[Message]) -> int:
        self._begin()
        self._ready()
        return len(_words(messages))

    def prefill(self, messages: Sequence[Message]) -> int:
        self._begin()
        self._ready()
        self.read_ahead.append(tuple(messages))
        words = _words(messages)
        return len(words) - self._read(words)

    def stream(self, messages: Sequence[Message], sampling: Sampling) -> Iterator[Piece | Finish]:
        self._begin()
        return self._stream(tuple(messages), sampling)

    def cancel(self) -> None:
        self.cancels += 1
        self._cancelled.set()

    def close(self) -> None:
        self._closed = True
        self._cancelled.set()

    def _begin(self) -> None:
        if self._closed:
            raise EngineError("The engine is closed.")
        self._cancelled.clear()

    def _ready(self, progress: Callable[[LoadProgress], None] | None = None) -> None:
        if self._loaded:
            return
        if self._cancelled.is_set():
            raise EngineCancelled
        self.loads += 1
        if self._load_error:
            error, self._load_error = self._load_error, None
            raise error
        for fraction in (None, 0.5, 1.0):
            (progress or _ignore)(LoadProgress(fraction, 0.0, 0))
        self._loaded = True

    def _stream(self, messages: tuple[Message, ...], sampling: Sampling) -> Iterator[Piece | Finish]:
        started = time.monotonic()
        first_ms: float | None = None
        reason: FinishReason = "stop"
        words = _words(messages)
        cached = said = 0
        try:
            self._ready()
            self.heard.append(messages)
            self.samplings.append(sampling)
            cached = self._read(words)
            for position, piece in enumerate(_pieces(self._next_reply(messages))):
                self._wait(position, self._cancelled)
                if self._cancelled.is_set():
                    raise EngineCancelled
                if isinstance(piece, EngineError):
                    self._loaded = not isinstance(piece, EngineDied)
                    raise piece
                if said == sampling.max_tokens:
                    reason = "length"
                    break
                said += 1
                self._cache += piece.split()
                first_ms = first_ms or (time.monotonic() - started) * 1000
                yield Piece(piece)
        except EngineCancelled:
            reason = "cancelled"
        total_ms = (time.monotonic() - started) * 1000
        yield Finish(reason, len(words), cached, said, total_ms if first_ms is None else first_ms, total_ms)

    def _read(self, words: list[str]) -> int:
        """The cache becomes these words; the number that it held already."""
        if len(words) >= self._info.context:
            raise ContextFull(len(words), self._info.context)
        pairs = zip(self._cache, words, strict=False)
        kept = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        self._cache = list(words)
        return kept


def _ignore(progress: LoadProgress) -> None:
    return


def _in_order(replies: Sequence[Reply]) -> Callable[[Sequence[Message]], Reply]:
    remaining = iter(replies)

    def next_reply(messages: Sequence[Message]) -> Reply:
        reply = next(remaining, None)
        if reply is None:
            raise EngineError(f"The scripted engine was given {len(replies)} replies and is asked for one more.")
        return reply

    return next_reply


def _pieces(reply: Reply) -> Sequence[str | EngineError]:
    if not isinstance(reply, str):
        return reply
    words = reply.split(" ")
    return [word if position == 0 else f" {word}" for position, word in enumerate(words)]


def _words(messages: Sequence[Message]) -> list[str]:
    """A message is its role, its control tokens and its words."""
    return [word for m in messages for word in (f"<{m.role}>", *m.controls, *m.content.split())]
