"""A reply as it comes, but by whole sentences: each is shown once it is complete and may be said (S6, S9, S16-S18).

A sentence that may not be said is never shown. The engine is asked again from before it, and where it does no better,
the reply ends there, or with a fixed line where nothing had been said. What there is of a sentence when a reply is
stopped or fails is looked at in the same way, and shown. What was never shown was not said: it is not kept either.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from companion.engine.protocol import CannotGoOn, Engine, EngineError, Finish, FinishReason, Piece, Sampling, Thinking
from companion.engine.sentence_end import TAIL, SentenceEnd, unfinished
from companion.safety.care import instead_of
from companion.safety.goodbye import says_goodbye
from companion.safety.lint import veto
from companion.text import clean
from planner.layouts import Message, opened, reopened, thoughtful

LONGEST = 64
"""Pieces without an end, after which what there is of a sentence is looked at and shown: nobody waits for ever."""
TRIES = 3
"""How often a sentence is asked for where what comes may not be said."""
ANOTHER_SEED = 7919
FREER = 0.8
"""The least temperature of another try: what is likeliest would only come again."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What may be said in one reply, and what is said where nothing else may be."""

    goodbye: bool = False
    """The reply answers a goodbye, and leaves it at that."""
    danger: bool = False
    """The person, or somebody they speak of, may be in danger: nothing may push."""
    earlier: tuple[str, ...] = ()
    """Replies before this one."""
    seed: int = 0

    @classmethod
    def answering(cls, message: str, *, danger: bool, earlier: Sequence[str], seed: int) -> Guard:
        """For the reply to this message; `seed` chooses among fixed lines."""
        return cls(says_goodbye(message), danger, tuple(earlier), seed)

    def veto(self, sentence: str) -> str:
        """Why it must not be said; empty where it may."""
        return veto(clean(sentence), goodbye=self.goodbye, danger=self.danger)

    def instead(self, kind: str) -> str:
        """What is said in the place of a reply of which nothing may be said."""
        return instead_of(kind, self.earlier, self.seed)


UNGUARDED = Guard()
"""For a reply to nothing in particular."""


def checked(
    engine: Engine, messages: Sequence[Message], sampling: Sampling, guard: Guard, stopped: Callable[[], bool]
) -> Iterator[Piece | Thinking | Finish]:
    """What is thought, the sentences of a reply, or what is left of one that stands open, and one Finish at the end.

    `first_ms` is when the first of them could be shown. Raises EngineError.
    """
    started = time.monotonic()
    first_ms: float | None = None
    said = opened(messages)
    thought = ""
    shown = failed = 0  # tokens that were shown, tries that came to nothing since

    def finish(reason: FinishReason, prompt: int = 0, cached: int = 0) -> Finish:
        total = (time.monotonic() - started) * 1000
        return Finish(reason, prompt, cached, shown, total if first_ms is None else first_ms, total)

    while True:
        arriving = _Arriving(said, guard)
        before = shown
        prompt = thoughtful(messages, thought) if thought else messages
        items = engine.stream(reopened(prompt, said), _try(sampling, failed, shown, thought))
        if stopped():
            engine.cancel()  # a call forgets a cancel that came before it
        over: Finish | None = None
        failure: EngineError | None = None
        while not (over or failure or arriving.veto):
            try:
                item = next(items)
            except CannotGoOn:
                if not failed:
                    raise
                yield finish("stop")  # there is no better ending to what was said, and none is made up
                return
            except EngineError as error:
                failure, ready = error, arriving.rest()
            else:
                if isinstance(item, Thinking):
                    thought += item.text
                    yield item
                    continue
                over = item if isinstance(item, Finish) else None
                ready = arriving.take(item.text) if isinstance(item, Piece) else arriving.rest()
            for sentence in ready:
                first_ms = first_ms or (time.monotonic() - started) * 1000
                said, shown, failed = said + sentence.text, shown + sentence.tokens, 0
                yield Piece(sentence.text)
        del items  # what is left of a try that failed is not wanted: the engine may stop
        if failure:
            raise failure
        if over and (not arriving.veto or over.reason == "cancelled"):
            shown = before + over.reply_tokens
            yield finish(over.reason, over.prompt_tokens - before, over.cached_tokens)
            return
        if stopped():
            yield finish("cancelled")
            return
        failed += 1
        if failed == TRIES:
            if not said.strip():
                yield Piece(guard.instead(arriving.veto))
            yield finish("stop")
            return


def _try(sampling: Sampling, failed: int, shown: int, thought: str) -> Sampling:
    """How the next try is drawn, after so many that failed. What was thought is not thought again."""
    wanted = replace(
        sampling,
        max_tokens=max(1, sampling.max_tokens - shown),
        think_tokens=0 if thought or failed else sampling.think_tokens,
    )
    if not failed:
        return wanted
    seed = None if sampling.seed is None else (sampling.seed + ANOTHER_SEED * failed) % 2**31
    return replace(wanted, seed=seed, temperature=max(FREER, sampling.temperature))


@dataclass(frozen=True, slots=True)
class _Sentence:
    text: str
    tokens: int
    """Pieces that it came in, about."""


class _Arriving:
    """What has come of a try and was not yet let through."""

    def __init__(self, said: str, guard: Guard) -> None:
        self._guard, self._said, self._stem = guard, said, unfinished(said[-TAIL:])
        self._end = SentenceEnd(said)
        self._waiting = ""
        self._pieces = 0
        self.veto = ""
        """Why the sentence that is next must not be said; nothing more is let through then."""

    def take(self, piece: str) -> list[_Sentence]:
        """The sentences that this piece completes."""
        self._waiting += piece
        self._pieces += 1
        ready: list[_Sentence] = []
        while not self.veto and (length := self._end.find(self._waiting, piece)) is not None:
            ready += self._let(self._waiting[:length])
            piece = self._waiting = self._waiting[length:]
            self._end = SentenceEnd(self._said)
        if self._pieces >= LONGEST and not self.veto:
            ready += self._let(self._waiting)
            self._waiting, self._end = "", SentenceEnd(self._said)
        return ready

    def rest(self) -> list[_Sentence]:
        """What is left when the reply is over."""
        return self._let(self._waiting) if self._waiting else []

    def _let(self, sentence: str) -> list[_Sentence]:
        self.veto = self._guard.veto(self._stem + sentence)
        if self.veto:
            return []
        self._said += sentence
        self._stem = unfinished(self._said[-TAIL:])
        tokens, self._pieces = self._pieces, 0
        return [_Sentence(sentence, tokens)]
