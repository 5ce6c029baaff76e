"""A reply made sentence by sentence: the engine offers ways on, one is kept, and it goes on from there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from companion.engine.protocol import Branches, Continuation, Engine, Finish, FinishReason, Piece, Sampling, Thinking
from companion.speaking.checked import ANOTHER_SEED, TRIES, Guard, checked
from companion.speaking.choice import Choice, Chooser
from companion.speaking.pace import Pace
from planner.layouts import Message, opened, reopened, thoughtful

LONGEST = 64
"""Tokens of one candidate; what is longer is not likely to be a sentence."""


def steered(
    engine: Engine,
    messages: Sequence[Message],
    sampling: Sampling,
    chooser: Chooser,
    pace: Pace,
    stopped: Callable[[], bool],
) -> Iterator[Choice | Piece | Thinking | Finish]:
    """The reply's sentences, each after the choice that led to it, and one Finish at the end.

    A model that thinks does so first. Where the machine is too slow for more than one candidate, the rest comes as it
    is (`checked`). Where no way on may be said, or all open as a recent reply did, others are asked for, `TRIES` times
    in all. The model decides when a reply ends: where its first way on is to say no more, that is how it ends. The
    score decides what is said, not how much.
    """
    if sampling.think_tokens and not opened(messages):
        thought = ""
        for item in engine.stream(messages, replace(sampling, max_tokens=0)):
            match item:
                case Thinking(text):
                    thought += text
                    yield item
                case Finish("cancelled"):
                    yield item
                    return
        messages = thoughtful(messages, thought)
    sampling = replace(sampling, think_tokens=0)
    reply = _Reply(engine, messages, sampling, pace)
    while True:
        if stopped():
            yield reply.finish("cancelled")
            return
        count = pace.candidates
        if count == 1:
            yield from reply.rest(chooser.guard, stopped)
            return
        ways: list[Continuation] = []
        choice = Choice((), None)
        for attempt in range(TRIES):
            branches = reply.branch(count, attempt)
            if branches.cancelled or stopped():
                yield reply.finish("cancelled")
                return
            offered, over = _ways(branches.continuations, begun=bool(reply.text))
            if over:
                yield reply.finish("stop")
                return
            ways += [way for way in offered if way.text not in {known.text for known in ways}]
            choice = chooser.choose([way.text for way in ways])
            if not ways or not (choice.kept is None or _worn_out(choice)):
                break
        if ways:
            yield choice
        if choice.kept is None:
            if ways and not reply.text:
                yield Piece(chooser.guard.instead(choice.considered[0].veto))
            yield reply.finish("stop")
            return
        kept = ways[choice.kept]
        chooser.take(choice.considered[choice.kept])
        yield reply.take(kept)
        if kept.end == "stop" or reply.left <= 0 or (kept.end == "length" and kept.tokens < LONGEST):
            yield reply.finish("stop" if kept.end == "stop" else "length")
            return


def _worn_out(choice: Choice) -> bool:
    """Whether even the best way opens as a recent reply did."""
    return choice.kept is not None and choice.considered[choice.kept].score.opener == 1.0


def _ways(offered: Sequence[Continuation], *, begun: bool) -> tuple[list[Continuation], bool]:
    """The ways on to choose from, whole sentences if there are any; and whether the reply is to end here."""
    if begun and not offered[0].text.strip() and offered[0].end == "stop":
        return [], True
    said = [way for way in offered if way.text.strip()]
    return [way for way in said if way.end in {"sentence", "stop"}] or said, False


class _Reply:
    """What has been said so far, and what it cost."""

    def __init__(self, engine: Engine, messages: Sequence[Message], sampling: Sampling, pace: Pace) -> None:
        self._engine, self._messages, self._sampling, self._pace = engine, list(messages), sampling, pace
        self._started = time.monotonic()
        self._first_ms: float | None = None
        self._prompt: tuple[int, int] | None = None
        self._sentences = self._tokens = self._steps = 0
        self.text = opened(messages)

    @property
    def left(self) -> int:
        """Tokens that the reply may still have."""
        return self._sampling.max_tokens - self._tokens

    def branch(self, count: int, attempt: int) -> Branches:
        """Ways on from here, drawn anew with every attempt."""
        seed = self._sampling.seed
        if seed is not None:
            seed = (seed + self._sentences + ANOTHER_SEED * attempt) % 2**31
        sampling = replace(self._sampling, seed=seed, max_tokens=self.left)
        branches = self._engine.branch(self._open(), sampling, count, limit=min(LONGEST, self.left))
        self._steps = branches.steps
        if not branches.cancelled:
            self._prompt = self._prompt or (branches.prompt_tokens, branches.cached_tokens)
            self._pace.note(count, branches.steps, (branches.total_ms - branches.first_ms) / 1000)
        return branches

    def take(self, way: Continuation) -> Piece:
        """Go on from this way."""
        self._first_ms = self._first_ms or self._elapsed()
        self.text += way.text
        self._tokens += way.tokens
        self._sentences += 1
        if way.end == "sentence":
            self._pace.note_sentence(self._steps)
        return Piece(way.text)

    def rest(self, guard: Guard, stopped: Callable[[], bool]) -> Iterator[Piece | Thinking | Finish]:
        """What is left of the reply, as it comes."""
        sampling = replace(self._sampling, max_tokens=self.left)
        for item in checked(self._engine, self._open(), sampling, guard, stopped):
            match item:
                case Piece():
                    self._first_ms = self._first_ms or self._elapsed()
                    yield item
                case Thinking():
                    yield item
                case Finish():
                    self._prompt = self._prompt or (item.prompt_tokens, item.cached_tokens)
                    self._tokens += item.reply_tokens
                    if item.reason != "cancelled":
                        self._pace.note(1, item.reply_tokens, (item.total_ms - item.first_ms) / 1000)
                    yield self.finish(item.reason)

    def finish(self, reason: FinishReason) -> Finish:
        prompt, cached = self._prompt or (0, 0)
        total = self._elapsed()
        return Finish(reason, prompt, cached, self._tokens, total if self._first_ms is None else self._first_ms, total)

    def _open(self) -> list[Message]:
        """The prompt, with the reply standing open after what has been said."""
        return reopened(self._messages, self.text)

    def _elapsed(self) -> float:
        return (time.monotonic() - self._started) * 1000
