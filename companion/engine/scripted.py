"""An engine that says what it was told to: for tests, screenshots and interfaces without a model."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile
from typing import TypeVar

from companion.engine.address import Address
from companion.engine.protocol import (
    Branches,
    ContextFull,
    Continuation,
    EngineCancelled,
    EngineDied,
    EngineError,
    EngineInfo,
    Finish,
    FinishReason,
    LoadProgress,
    Message,
    Piece,
    ReadProgress,
    Sampling,
    Thinking,
    check_count,
)
from companion.text import split_sentences
from planner.layouts import begun, opened

Pieces = Sequence["str | Thinking | EngineError"]
Reply = str | Pieces
"""A text, said word by word; or pieces, after what is thought, among which an EngineError is raised in its turn."""

Ways = Sequence[str | Continuation | EngineError]
"""What one branching offers: sentences, "" where the reply may end, or any continuation; or an error to raise."""

AnyWays = Callable[[Sequence[Message], int], Ways]
"""Makes them from the messages and the count."""

Wait = Callable[[int, threading.Event], object]
"""Called before each piece with its position, and before each branching with its number, and with an event that is
set once the call is cancelled.

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

    An open reply that begins as the latest reply did goes on with the rest of it. `branch` offers what `branches`
    says, call by call; where nothing is said it offers the next sentence of the reply, as often as is asked.

    A token is a word. Whatever it is given is kept: `heard` and `samplings` of every `stream`, `branched` of every
    `branch`, `read_ahead` of every `prefill`, the number of `loads`. An EngineDied makes the next call load again.
    """

    def __init__(
        self,
        replies: Sequence[Reply] | Callable[[Sequence[Message]], Reply] = (),
        *,
        branches: Sequence[Ways] | AnyWays | None = None,
        wait: Wait | None = None,
        load_error: EngineError | None = None,
        layout: str = "mini",
        context: int = 4096,
        address: Address | None = None,
        thinks: bool = False,
        goes_on: bool = True,
    ) -> None:
        """`load_error` is raised by the first load, and only by the first."""
        self._next_reply = replies if callable(replies) else _in_order(replies, "replies")
        self._next_ways = self._sentence if branches is None else _ways(branches)
        self._reply: Pieces = ()
        self._offered: list[list[str]] = []
        self._wait = wait or (lambda position, cancelled: None)
        self._load_error = load_error
        self.address = address
        self._info = EngineInfo(
            "scripted", None, context, layout, 0, 0, 0.0, thinks=thinks, goes_on=goes_on, steers=goes_on
        )
        self._cache: list[str] = []
        self._cancelled = threading.Event()
        self._loaded = self._closed = False
        self.heard: list[tuple[Message, ...]] = []
        self.samplings: list[Sampling] = []
        self.branched: list[tuple[tuple[Message, ...], int]] = []
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

    def prefill(self, messages: Sequence[Message], progress: ReadProgress | None = None) -> int:
        self._begin()
        self._ready()
        self.read_ahead.append(tuple(messages))
        words = _words(messages)
        kept = self._read(words)
        if progress and kept < len(words):
            progress(len(words), len(words))
        return len(words) - kept

    def stream(self, messages: Sequence[Message], sampling: Sampling) -> Iterator[Piece | Thinking | Finish]:
        self._begin()
        return self._stream(tuple(messages), sampling)

    def branch(self, messages: Sequence[Message], sampling: Sampling, count: int, *, limit: int = 64) -> Branches:
        check_count(count)
        self._begin()
        started = time.monotonic()
        words = _words(messages)
        ways: list[Continuation] = []
        cached = 0
        try:
            self._ready()
            self.branched.append((tuple(messages), count))
            cached = self._read(words)
            self._wait(len(self.branched) - 1, self._cancelled)
            if self._cancelled.is_set():
                raise EngineCancelled
            for way in list(self._next_ways(messages, count))[:count]:
                if isinstance(way, EngineError):
                    raise way
                ways.append(_bounded(_continuation(way), min(limit, sampling.max_tokens)))
        except EngineCancelled:
            ways = []
        except EngineDied:
            self._loaded = False
            raise
        self._offered = [way.text.split() for way in ways]
        total_ms = (time.monotonic() - started) * 1000
        steps = max((way.tokens for way in ways), default=0)
        return Branches(tuple(ways), len(words), cached, total_ms, total_ms, self._cancelled.is_set(), steps)

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

    def _stream(self, messages: tuple[Message, ...], sampling: Sampling) -> Iterator[Piece | Thinking | Finish]:
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
            for position, piece in enumerate(self._go_on(messages)):
                self._wait(position, self._cancelled)
                if self._cancelled.is_set():
                    raise EngineCancelled
                if isinstance(piece, EngineError):
                    self._loaded = not isinstance(piece, EngineDied)
                    raise piece
                if isinstance(piece, Thinking):
                    if sampling.think_tokens and not begun(messages):
                        yield piece
                    continue
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

    def _go_on(self, messages: Sequence[Message]) -> Pieces:
        """What is left of the latest reply where the last message has begun to say or think it; else the next reply."""
        rest = _after(self._reply, opened(messages)) if begun(messages) else None
        if rest is None:
            rest = self._reply = _pieces(self._next_reply(messages))
        return rest

    def _sentence(self, messages: Sequence[Message], count: int) -> Ways:
        rest = [piece for piece in self._go_on(messages) if not isinstance(piece, Thinking)]
        said = list(takewhile(lambda piece: isinstance(piece, str), rest))
        text = "".join(piece for piece in said if isinstance(piece, str))
        failure = [piece for piece in rest[len(said) : len(said) + 1] if isinstance(piece, EngineError)]
        first, *others = split_sentences(text) or [""]
        if not first:
            return failure or [""] * count
        sentence = text[: text.index(first) + len(first)]
        last = not others and not failure
        return [Continuation(text, len(text.split()), "stop") if last else sentence] * count

    def _read(self, words: list[str]) -> int:
        """The cache becomes these words; the number that it held already."""
        if len(words) >= self._info.context:
            raise ContextFull(len(words), self._info.context)
        known = [self._cache, *(self._cache + way for way in self._offered)]
        self._cache, self._offered = list(words), []
        return max(_in_common(cache, words) for cache in known)


def _ignore(progress: LoadProgress) -> None:
    return


_Said = TypeVar("_Said")


def _in_order(script: Sequence[_Said], what: str) -> Callable[[Sequence[Message]], _Said]:
    remaining = iter(script)

    def following(messages: Sequence[Message]) -> _Said:
        for each in remaining:
            return each
        raise EngineError(f"The scripted engine was given {len(script)} {what} and is asked for one more.")

    return following


def _ways(script: Sequence[Ways] | AnyWays) -> AnyWays:
    if callable(script):
        return script
    following = _in_order(script, "branchings")
    return lambda messages, count: following(messages)


def _continuation(way: str | Continuation) -> Continuation:
    """A sentence as a way on; no words end the reply."""
    if isinstance(way, Continuation):
        return way
    words = len(way.split())
    return Continuation(way, words, "sentence" if words else "stop")


def _bounded(way: Continuation, limit: int) -> Continuation:
    """At most `limit` words of it."""
    words = [match.end() for match in re.finditer(r"\S+", way.text)]
    return Continuation(way.text[: words[limit - 1]], limit, "length") if len(words) > limit else way


def _after(pieces: Pieces, begun: str) -> Pieces | None:
    """The pieces that follow a beginning, None where they do not begin so."""
    for position, piece in enumerate(pieces):
        if isinstance(piece, Thinking):
            continue
        if begun and isinstance(piece, str) and begun.startswith(piece):
            begun = begun.removeprefix(piece)
        elif begun and isinstance(piece, str) and piece.startswith(begun):
            return [piece.removeprefix(begun), *pieces[position + 1 :]]
        else:
            return None if begun.strip() else pieces[position:]
    return None if begun.strip() else []


def _in_common(cache: list[str], words: list[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(cache, words, strict=False)))


def _pieces(reply: Reply) -> Pieces:
    if not isinstance(reply, str):
        return reply
    words = reply.split(" ")
    return [word if position == 0 else f" {word}" for position, word in enumerate(words)]


def _words(messages: Sequence[Message]) -> list[str]:
    """A message is its role, its control tokens and its words."""
    return [word for m in messages for word in (f"<{m.role}>", *m.controls, *m.content.split())]
