"""`OpenAIEngine`: a model on a server with an OpenAI-compatible interface (vLLM, llama-server, Ollama).

What the server can do is asked of it once (`manner`). Sentences are ended here: the words that a server can be told to
stop at do not tell the end of a sentence from "Dr.", so a reply is read as it comes, and let go of where it is over.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from companion.engine import manner as manners
from companion.engine import server_failures
from companion.engine.address import Address
from companion.engine.branching import Candidate, abandon, heat
from companion.engine.chunks import Chunk, Usage, numbers, parsed
from companion.engine.counting import Counter
from companion.engine.exchange import CONNECT, SILENCE, NoAnswer, Wire
from companion.engine.link import Link
from companion.engine.manner import Card, Manner
from companion.engine.protocol import (
    Branches,
    CannotGoOn,
    Continuation,
    EngineCancelled,
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
from companion.engine.thinking import Apart
from planner.layouts import Layout, begun, opened

USUAL_CONTEXT = 4096
"""Tokens, where neither the settings nor the server say how many."""

Progress = Callable[[LoadProgress], None]


class OpenAIEngine:
    """A model on a server."""

    def __init__(
        self,
        address: Address,
        model: str,
        *,
        key: str | None = None,
        layout: Layout = Layout.TAIL,
        context: int | None = None,
        sampling: Sampling | None = None,
        think: bool = False,
        connect: float = CONNECT,
        silence: float = SILENCE,
    ) -> None:
        """`model` is the server's name for it, `context` in tokens, `connect` and `silence` in seconds."""
        self.address, self.model = address, model
        self._layout, self._context, self._think = layout, context, think
        self._sampling = sampling or Sampling()
        secure = address.scheme == "https"
        self._link = Link(address, model, lambda: Wire(key, secure=secure, connect=connect, silence=silence))
        self._counter = Counter(self._link)
        self._loaded: tuple[EngineInfo, Manner] | None = None

    # -- the protocol -------------------------------------------------------------------------------------------------

    def load(self, progress: Progress | None = None) -> EngineInfo:
        self._link.begin()
        return self._ready(progress)[0]

    def count_tokens(self, messages: Sequence[Message]) -> int:
        self._link.begin()
        return self._counter.count(self._ready()[1], messages)

    def prefill(self, messages: Sequence[Message], progress: ReadProgress | None = None) -> int:
        """Nothing: a server that keeps what it has read does so by itself, and one that does not gains nothing."""
        self._link.begin()
        return 0

    def stream(self, messages: Sequence[Message], sampling: Sampling) -> Iterator[Piece | Thinking | Finish]:
        self._link.begin()
        return self._stream(tuple(messages), sampling)

    def branch(self, messages: Sequence[Message], sampling: Sampling, count: int, *, limit: int = 64) -> Branches:
        check_count(count)
        self._link.begin()
        started = time.monotonic()
        first: float | None = None
        usage: Usage | None = None
        ways: list[Continuation] = []
        prompt_tokens = 0
        try:
            manner = self._ready()[1]
            bound = min(limit, sampling.max_tokens)
            candidates = [Candidate(number, self._said(messages, manner), bound) for number in range(count)]
            for group, drawn in _groups(candidates, manner, sampling):
                for chunk in self._grow(manner, messages, replace(drawn, max_tokens=bound), group):
                    first = first or time.monotonic()
                    usage = chunk.usage or usage
            if sampling.temperature == 0:
                candidates = candidates[:1] * count
            ways = [_continuation(candidate, bound) for candidate in candidates]
            prompt_tokens = usage.prompt if usage else self._counter.about(manner, messages)
        except EngineCancelled:
            ways = []
        ended = time.monotonic()
        cancelled = self._link.cancelled
        return Branches(
            continuations=() if cancelled else tuple(ways),
            prompt_tokens=prompt_tokens,
            cached_tokens=usage.cached if usage else 0,
            first_ms=((first or ended) - started) * 1000,
            total_ms=(ended - started) * 1000,
            cancelled=cancelled,
            steps=max((way.tokens for way in ways), default=0),
        )

    def cancel(self) -> None:
        self._link.cancel()

    def close(self) -> None:
        self._link.close()

    # -- a reply ------------------------------------------------------------------------------------------------------

    def _stream(self, messages: tuple[Message, ...], sampling: Sampling) -> Iterator[Piece | Thinking | Finish]:
        started = time.monotonic()
        first_ms: float | None = None
        reason: FinishReason = "cancelled"
        prompt_tokens = 0
        reply = _Reply(0)
        try:
            info, manner = self._ready()
            self._said(messages, manner)
            thoughts = sampling.think_tokens if info.thinks and not begun(messages) else 0
            while True:
                reply = _Reply(thoughts)
                body = self._body(
                    manner, messages, sampling, thinking=thoughts > 0, max_tokens=sampling.max_tokens + thoughts
                )
                for part in reply.read(self._replies(body, messages)):
                    if isinstance(part, Piece):
                        first_ms = first_ms or (time.monotonic() - started) * 1000
                    yield part
                if not reply.only_thought:
                    break
                if manner.always_thinks:
                    raise EngineError(
                        f"The model on {self.address.name} was still thinking after {thoughts} tokens, and it cannot "
                        "be told not to. `companion config set think_tokens N` gives it more."
                    )
                thoughts = 0  # it has thought long enough: another reply, without
            reason = "length" if reply.finish == "length" else "stop"
            prompt_tokens = reply.usage.prompt if reply.usage else self._counter.about(manner, messages)
        except EngineCancelled:
            pass
        tokens = sampling.max_tokens if reason == "length" and not reply.thoughts else reply.tokens
        cached = reply.usage.cached if reply.usage else 0
        total_ms = (time.monotonic() - started) * 1000
        first = total_ms if first_ms is None else first_ms
        yield Finish(reason, prompt_tokens, cached, tokens, first, total_ms)

    def _grow(
        self, manner: Manner, messages: Sequence[Message], sampling: Sampling, group: Sequence[Candidate]
    ) -> Iterator[Chunk]:
        """Ways on that are made together, each to its end."""
        several = {"n": len(group)} if len(group) > 1 else {}
        body = self._body(manner, messages, sampling, thinking=False, max_tokens=sampling.max_tokens, **several)
        apart = [Apart() for _ in group]
        for chunk in self._replies(body, messages):
            yield chunk
            if chunk.index >= len(group):
                raise server_failures.of_fault(NoAnswer("a reply that nobody asked for"), self.address)
            candidate, text = group[chunk.index], apart[chunk.index]
            for part in (*text.feed(chunk.text), *(text.close() if chunk.finish else ())):
                if candidate.end is None and isinstance(part, Piece):
                    candidate.add(0, part.text.encode("utf-8", "replace"))
            if candidate.end is None and chunk.finish:
                candidate.finish("length" if chunk.finish == "length" else "stop")
            abandon(group)
            if all(each.end for each in group):
                return
        for each in group:
            if each.end is None:
                each.finish("stop")

    def _replies(self, body: dict[str, Any], messages: Sequence[Message]) -> Iterator[Chunk]:
        for chunk in self._link.replies(body, self._counter.estimate(messages)):
            if chunk.usage:
                self._counter.learn(messages, chunk.usage.prompt)
            yield chunk

    def _body(
        self, manner: Manner, messages: Sequence[Message], sampling: Sampling, *, thinking: bool, **fields: Any
    ) -> dict[str, Any]:
        extra: dict[str, Any] = {"top_k": sampling.top_k, "min_p": sampling.min_p}
        if sampling.repeat_penalty != 1:  # vLLM's name for it, and llama.cpp's
            extra |= dict.fromkeys(("repetition_penalty", "repeat_penalty"), sampling.repeat_penalty)
        seed = {} if sampling.seed is None else {"seed": sampling.seed}
        return manner.body(
            self.model,
            messages,
            stream=True,
            stream_options={"include_usage": True},
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            **seed,
            **manner.extra(extra),
            **manner.thinking(thinking),
            **fields,
        )

    def _said(self, messages: Sequence[Message], manner: Manner) -> str:
        """What the reply has said so far. Raises CannotGoOn where the server does not go on after it."""
        said = opened(messages)
        if said and manner.opens is None:
            raise CannotGoOn(self.address.name)
        return said

    # -- getting to know the server -----------------------------------------------------------------------------------

    def _ready(self, progress: Progress | None = None) -> tuple[EngineInfo, Manner]:
        if self._loaded is None or not self._link.known:
            started = time.monotonic()
            report = progress or (lambda _: None)
            report(LoadProgress(None, 0.0, 0))
            self._loaded = self._get_to_know(started)
            self._link.known = True
            report(LoadProgress(1.0, self._loaded[0].seconds, 0))
        return self._loaded

    def _get_to_know(self, started: float) -> tuple[EngineInfo, Manner]:
        card = self._card()
        self._link.there = card.there
        with self._link.sensible():
            manner, head, answer = manners.learn(self._link.ask, self.address.base, self.address.root, self.model, card)
        if manner is None:
            raise self._link.refusal(head, answer)
        self._link.context = self._room(card)
        thinks = self._think or manner.always_thinks
        info = EngineInfo(
            name=self.model,
            path=None,
            context=self._link.context,
            layout=self._layout.value,
            parameters=card.parameters,
            size=0,
            seconds=time.monotonic() - started,
            sampling=self._sampling,
            can_think=True,
            thinks=thinks,
            goes_on=manner.opens is not None,
            steers=manner.opens is not None and not thinks,
            counts=manner.counts is not None,
        )
        return info, manner

    def _card(self) -> Card:
        """What the server says about its models. Raises EngineError where it does not have this one."""
        head, answer = self._link.ask("GET", f"{self.address.base}/models", None)
        if head.status in {404, 405, 501}:  # not every server lists what it has
            return Card()
        if not head.good:
            raise self._link.refusal(head, answer)
        with self._link.sensible():
            card = manners.read_card(answer, self.model)
        if card.there and not {self.model, f"{self.model}:latest"} & {*card.there}:
            raise server_failures.wrong_model(self.address, self.model, card.there)
        return card

    def _room(self, card: Card) -> int:
        """Tokens of context: as the settings say, and no more than the server has."""
        has = card.context
        if has is None:
            head, answer = self._link.ask("GET", f"{self.address.root}/props", None)
            try:
                found = parsed(answer).get("default_generation_settings") if head.good else None
            except NoAnswer:
                found = None
            has = numbers(found, "n_ctx") if isinstance(found, dict) else None
        return min(self._context or has or USUAL_CONTEXT, has or self._context or USUAL_CONTEXT)


class _Reply:
    """One reply while it is read, with at most so many thoughts before it."""

    def __init__(self, thoughts: int) -> None:
        """`thoughts` in tokens; 0 where none are expected."""
        self._bound = thoughts
        self.thoughts: list[str] = []
        self.tokens = 0
        self.finish: str | None = None
        self.usage: Usage | None = None

    @property
    def only_thought(self) -> bool:
        """Whether it was still thinking when there was no more time for it."""
        spent = len(self.thoughts) >= self._bound or self.finish == "length"
        return bool(self._bound) and not self.tokens and spent

    def read(self, chunks: Iterator[Chunk]) -> Iterator[Piece | Thinking]:
        """What is thought and said. Where the thoughts reach their bound, the rest is left."""
        apart = Apart(thinking=self._bound > 0)
        told_apart = False
        for chunk in chunks:
            self.usage, self.finish = chunk.usage or self.usage, chunk.finish or self.finish
            if chunk.thought:
                told_apart, apart.thinking = True, False
                yield self._note(Thinking(chunk.thought))
            yield from map(self._note, apart.feed(chunk.text))
            if self.only_thought:
                return
        yield from map(self._note, apart.close())
        if self.thoughts and not (self.tokens or told_apart or apart.tagged or self.only_thought):
            yield self._note(Piece("".join(self.thoughts)))  # a model that does not think: that was the reply
        if self.usage and self.usage.reply and not self.thoughts:
            self.tokens = self.usage.reply

    def _note(self, part: Piece | Thinking) -> Piece | Thinking:
        if isinstance(part, Piece):
            self.tokens += 1
        else:
            self.thoughts.append(part.text)
        return part


def _groups(
    candidates: Sequence[Candidate], manner: Manner, sampling: Sampling
) -> Iterator[tuple[Sequence[Candidate], Sampling]]:
    """Ways on that are asked for together, and how each group is drawn. Greedy ones would all be the same."""
    if sampling.temperature == 0:
        yield candidates[:1], sampling
    elif manner.many:
        yield candidates, sampling
    else:
        for number, candidate in enumerate(candidates):
            seed = None if sampling.seed is None else (sampling.seed + number * 0x9E3779B1) % 2**31
            yield [candidate], replace(sampling, temperature=heat(sampling, number), seed=seed)


def _continuation(candidate: Candidate, bound: int) -> Continuation:
    """A server may send several tokens at once; where it has reached the bound, their number is known."""
    way = candidate.continuation
    return replace(way, tokens=bound) if way.end == "length" else way
