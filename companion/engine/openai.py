"""`OpenAIEngine`: a model on a server with an OpenAI-compatible interface (vLLM, llama-server, Ollama).

What the server can do is asked of it once (`manner`). Sentences are ended here: the words that a server can be told to
stop at do not tell the end of a sentence from "Dr.", so a reply is read as it comes, and let go of where it is over.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from companion.engine import manner as manners
from companion.engine import server_failures
from companion.engine.address import Address
from companion.engine.branching import Candidate, abandon, heat
from companion.engine.chunks import DONE, Chunk, Usage, chunks, numbers, parsed
from companion.engine.exchange import CONNECT, SILENCE, BrokenOff, Exchange, Head, NoAnswer, Unreachable, Wire
from companion.engine.manner import Card, Manner
from companion.engine.protocol import (
    Branches,
    CannotGoOn,
    ContextFull,
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
from planner.layouts import Layout, opened

USUAL_CONTEXT = 4096
"""Tokens, where neither the settings nor the server say how many."""
PATIENCE = 10.0
"""Seconds that are waited where a server asks for it; more is for the person to decide."""
TRIES = 3
REMEMBERED_COUNTS = 16
PER_BYTE = 1 / 3
"""Tokens of a byte of text, until the server has said how many a prompt had: more than most texts have."""
PER_MESSAGE = 5
LONG_ENOUGH = 400
"""Bytes of a prompt from which its length says something about the next one's."""

Progress = Callable[[LoadProgress], None]


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a reply ended; `again` where all there was time for was thinking."""

    finish: str | None
    usage: Usage | None
    tokens: int
    again: bool = False


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
        self._key, self._connect, self._silence = key, connect, silence
        self._layout, self._context, self._think = layout, context, think
        self._sampling = sampling or Sampling()
        self._wire: Wire | None = None
        self._loaded: tuple[EngineInfo, Manner, Card] | None = None
        self._exchange: Exchange | None = None
        self._lock = threading.Lock()
        self._cancelled = threading.Event()
        self._closed = False
        self._counted: OrderedDict[tuple[Message, ...], int] = OrderedDict()
        self._per_byte = PER_BYTE

    # -- the protocol -------------------------------------------------------------------------------------------------

    def load(self, progress: Progress | None = None) -> EngineInfo:
        self._begin()
        return self._ready(progress)[0]

    def count_tokens(self, messages: Sequence[Message]) -> int:
        self._begin()
        _, manner, _ = self._ready()
        return self._count(manner, tuple(messages))

    def prefill(self, messages: Sequence[Message], progress: ReadProgress | None = None) -> int:
        """Nothing: a server that keeps what it has read does so by itself, and one that does not gains nothing."""
        self._begin()
        return 0

    def stream(self, messages: Sequence[Message], sampling: Sampling) -> Iterator[Piece | Thinking | Finish]:
        self._begin()
        return self._stream(tuple(messages), sampling)

    def branch(self, messages: Sequence[Message], sampling: Sampling, count: int, *, limit: int = 64) -> Branches:
        check_count(count)
        self._begin()
        started = time.monotonic()
        first: float | None = None
        usage: Usage | None = None
        ways: list[Continuation] = []
        prompt_tokens = 0
        try:
            _, manner, _ = self._ready()
            said = _said(messages, manner, self.address)
            bound = min(limit, sampling.max_tokens)
            candidates = [Candidate(number, said, bound) for number in range(count)]
            for group, drawn in _groups(candidates, manner, sampling):
                for chunk in self._grow(manner, messages, replace(drawn, max_tokens=bound), group):
                    first = first or time.monotonic()
                    usage = chunk.usage or usage
            if sampling.temperature == 0:
                candidates = candidates[:1] * count
            ways = [_continuation(candidate, bound) for candidate in candidates]
            prompt_tokens = usage.prompt if usage else self._about(manner, messages)
        except EngineCancelled:
            ways = []
        ended = time.monotonic()
        return Branches(
            continuations=() if self._cancelled.is_set() else tuple(ways),
            prompt_tokens=prompt_tokens,
            cached_tokens=usage.cached if usage else 0,
            first_ms=((first or ended) - started) * 1000,
            total_ms=(ended - started) * 1000,
            cancelled=self._cancelled.is_set(),
            steps=max((way.tokens for way in ways), default=0),
        )

    def cancel(self) -> None:
        with self._lock:
            self._cancelled.set()
            exchange = self._exchange
        if exchange:
            exchange.stop()

    def close(self) -> None:
        with self._lock:
            self._closed = True
        self.cancel()

    # -- a reply ------------------------------------------------------------------------------------------------------

    def _stream(self, messages: tuple[Message, ...], sampling: Sampling) -> Iterator[Piece | Thinking | Finish]:
        started = time.monotonic()
        first_ms: float | None = None
        reason: FinishReason = "cancelled"
        usage: Usage | None = None
        tokens = prompt_tokens = 0
        try:
            info, manner, _ = self._ready()
            said = _said(messages, manner, self.address)
            thinking = info.thinks and sampling.think_tokens > 0 and not said
            while True:
                parts = self._speak(manner, messages, sampling, thinking=thinking)
                while True:
                    try:
                        part = next(parts)
                    except StopIteration as end:
                        ended: _Ended = end.value
                        break
                    if isinstance(part, Piece):
                        first_ms = first_ms or (time.monotonic() - started) * 1000
                        tokens += 1
                    yield part
                if not ended.again:
                    break
                thinking = False
            usage, tokens = ended.usage, ended.tokens
            reason = "length" if ended.finish == "length" else "stop"
            prompt_tokens = usage.prompt if usage else self._about(manner, messages)
        except EngineCancelled:
            pass
        total_ms = (time.monotonic() - started) * 1000
        first = total_ms if first_ms is None else first_ms
        yield Finish(reason, prompt_tokens, usage.cached if usage else 0, tokens, first, total_ms)

    def _speak(
        self, manner: Manner, messages: Sequence[Message], sampling: Sampling, *, thinking: bool
    ) -> Generator[Piece | Thinking, None, _Ended]:
        """One reply. Where it is still thinking at the bound, it is let go of, and another one is to be asked for."""
        bound = sampling.think_tokens if thinking else 0
        body = self._body(manner, messages, sampling, thinking=thinking, max_tokens=sampling.max_tokens + bound)
        apart = Apart(thinking=thinking)
        thoughts: list[str] = []
        told_apart = False
        tokens = 0
        finish: str | None = None
        usage: Usage | None = None
        for chunk in self._replies(body, messages):
            usage, finish = chunk.usage or usage, chunk.finish or finish
            if chunk.thought:
                told_apart, apart.thinking = True, False
                thoughts.append(chunk.thought)
                yield Thinking(chunk.thought)
            for part in apart.feed(chunk.text):
                if isinstance(part, Piece):
                    tokens += 1
                else:
                    thoughts.append(part.text)
                yield part
            if thinking and not tokens and len(thoughts) >= bound:
                return _Ended(finish, usage, 0, again=True)
        yield from apart.close()
        if thinking and not tokens and finish == "length":
            return _Ended(finish, usage, 0, again=True)
        if thinking and not tokens and not told_apart and not apart.tagged and thoughts:
            yield Piece("".join(thoughts))  # it did not think at all: what looked like it is the reply
            tokens = len(thoughts)
        elif finish == "length" and not thoughts:
            tokens = sampling.max_tokens
        elif usage and usage.reply and not thoughts:
            tokens = usage.reply
        return _Ended(finish, usage, tokens)

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
                raise self._fault(NoAnswer("a reply that was not asked for"))
            candidate = group[chunk.index]
            parts = [*apart[chunk.index].feed(chunk.text), *(apart[chunk.index].close() if chunk.finish else ())]
            for part in parts:
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

    def _body(
        self, manner: Manner, messages: Sequence[Message], sampling: Sampling, *, thinking: bool, **fields: Any
    ) -> dict[str, Any]:
        repeats = sampling.repeat_penalty
        extra = {"top_k": sampling.top_k, "min_p": sampling.min_p}
        if repeats != 1:
            extra |= {"repetition_penalty": repeats, "repeat_penalty": repeats}  # vLLM's name, and llama.cpp's
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

    def _replies(self, body: Mapping[str, Any], messages: Sequence[Message]) -> Iterator[Chunk]:
        """What the server says, as it comes. Raises EngineCancelled, or EngineError where it ends too early."""
        exchange = self._answer(body, messages)
        begun = over = False
        try:
            with self._sensible(lambda: begun, messages):
                for data in exchange.parts():
                    if self._cancelled.is_set():
                        raise EngineCancelled
                    if data.strip() == DONE:
                        over = True
                        break
                    for chunk in chunks(data):
                        if chunk.finish == "content_filter":
                            raise EngineError(f"{self.address.name} holds the rest of this reply back (its filter).")
                        begun, over = begun or bool(chunk.text), over or chunk.finish is not None
                        if chunk.usage:
                            self._learn_length(messages, chunk.usage.prompt)
                        yield chunk
                if self._cancelled.is_set():
                    raise EngineCancelled
                if not over:
                    raise BrokenOff
        finally:
            exchange.stop()

    # -- counting -----------------------------------------------------------------------------------------------------

    def _count(self, manner: Manner, messages: tuple[Message, ...]) -> int:
        if messages not in self._counted:
            self._counted[messages] = self._counted_anew(manner, messages)
            if len(self._counted) > REMEMBERED_COUNTS:
                self._counted.popitem(last=False)
        return self._counted[messages]

    def _counted_anew(self, manner: Manner, messages: Sequence[Message]) -> int:
        body = {**manner.body(self.model, messages), **manner.thinking(False)}
        found: int | None = None
        if manner.counts == "messages":
            head, answer = self._ask("POST", f"{self.address.root}/tokenize", body)
            found = numbers(parsed(answer), "count") if head.good else None
        elif manner.counts == "template":
            head, answer = self._ask("POST", f"{self.address.root}/apply-template", body)
            prompt = parsed(answer).get("prompt") if head.good else None
            if isinstance(prompt, str):
                cut = {"content": prompt, "add_special": True, "parse_special": True}
                head, answer = self._ask("POST", f"{self.address.root}/tokenize", cut)
                tokens = parsed(answer).get("tokens") if head.good else None
                found = len(tokens) if isinstance(tokens, list) else None
        return self._estimate(messages) if found is None else found

    def _about(self, manner: Manner, messages: Sequence[Message]) -> int:
        """For what is already over: it does not fail because nobody counts."""
        try:
            return self._count(manner, tuple(messages))
        except EngineError:
            return self._estimate(messages)

    def _estimate(self, messages: Sequence[Message]) -> int:
        return math.ceil(_bytes(messages) * self._per_byte) + PER_MESSAGE * (len(messages) + 1)

    def _learn_length(self, messages: Sequence[Message], tokens: int) -> None:
        """What the server counted makes the next estimate a better one."""
        size = _bytes(messages)
        if size >= LONG_ENOUGH and tokens:
            self._per_byte = min(1.0, max(0.1, (tokens - PER_MESSAGE * (len(messages) + 1)) / size))

    # -- requests -----------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        with self._lock:
            if self._closed:
                raise EngineError("The engine is closed.")
            self._cancelled.clear()
            exchange, self._exchange = self._exchange, None
        if exchange:
            exchange.stop()  # of a reply that nobody read to its end

    def _send(self, method: str, url: str, body: Mapping[str, Any] | None) -> Exchange:
        with self._lock:
            if self._cancelled.is_set():
                raise EngineCancelled
            if self._wire is None:
                self._wire = Wire(self._key, connect=self._connect, silence=self._silence)
            self._exchange = Exchange(self._wire, method, url, body)
            return self._exchange

    def _ask(self, method: str, url: str, body: Mapping[str, Any] | None) -> tuple[Head, str]:
        """A request and its whole answer, good or not."""
        with self._sensible():
            exchange = self._send(method, url, body)
            try:
                head, answer = exchange.head(), exchange.body()
            finally:
                exchange.stop()
        if self._cancelled.is_set():
            raise EngineCancelled
        return head, answer

    def _answer(self, body: Mapping[str, Any], messages: Sequence[Message]) -> Exchange:
        """The answer to a request for a reply, which is good. A server that asks to wait a little is waited for."""
        url = f"{self.address.base}/chat/completions"
        for attempt in range(TRIES):
            with self._sensible():
                exchange = self._send("POST", url, body)
                head = exchange.head()
                if head.good:
                    return exchange
                answer = exchange.body()
            exchange.stop()
            wait = server_failures.seconds_to_wait(head.headers) if head.status == 429 else None
            if wait is None or wait > PATIENCE or attempt == TRIES - 1:
                raise self._refusal(head, answer, messages)
            if self._cancelled.wait(wait):
                raise EngineCancelled
        raise AssertionError("unreachable")

    def _refusal(self, head: Head, answer: str, messages: Sequence[Message] = ()) -> EngineError:
        if head.status >= 500 and (full := self._too_long(messages)):
            return full
        there = self._loaded[2].there if self._loaded else ()
        if head.status == 404:
            self._loaded = None  # another model may be there by now
        tokens = self._estimate(messages)
        return server_failures.of_answer(head, answer, self.address, self.model, there, tokens)

    def _too_long(self, messages: Sequence[Message]) -> ContextFull | None:
        """Some servers fail without a word where the prompt is longer than the context; the words are here."""
        tokens = self._estimate(messages)
        return (
            ContextFull(tokens, self._loaded[0].context) if self._loaded and tokens > self._loaded[0].context else None
        )

    @contextmanager
    def _sensible(self, begun: Callable[[], bool] = lambda: False, messages: Sequence[Message] = ()) -> Iterator[None]:
        """Raises EngineCancelled, or the sentence for what went wrong on the way with a prompt of `messages`."""
        try:
            yield
        except server_failures.FAULTS as fault:
            if self._cancelled.is_set():
                raise EngineCancelled from None
            if not begun() and (full := self._too_long(messages)):
                raise full from None
            if isinstance(fault, Unreachable):
                self._loaded = None  # it may come back as another
            raise self._fault(fault, begun()) from None

    def _fault(self, fault: Exception, begun: bool = False) -> EngineError:
        return server_failures.of_fault(fault, self.address, silence=self._silence, begun=begun)

    # -- getting to know the server -----------------------------------------------------------------------------------

    def _ready(self, progress: Progress | None = None) -> tuple[EngineInfo, Manner, Card]:
        if self._loaded is None:
            started = time.monotonic()
            report = progress or (lambda _: None)
            report(LoadProgress(None, 0.0, 0))
            card = self._card()
            with self._sensible():
                manner, head, answer = manners.learn(self._ask, self.address.base, self.address.root, self.model, card)
            if manner is None:
                raise self._refusal(head, answer)
            context = self._room(card)
            seconds = time.monotonic() - started
            info = EngineInfo(
                name=self.model,
                path=None,
                context=context,
                layout=self._layout.value,
                parameters=card.parameters,
                size=0,
                seconds=seconds,
                sampling=self._sampling,
                host=self.address.name,
                leaves=not self.address.local,
                thinks=self._think,
                goes_on=manner.opens is not None,
                steers=manner.opens is not None and not self._think,
                counts=manner.counts is not None,
            )
            self._loaded = info, manner, card
            report(LoadProgress(1.0, seconds, 0))
        return self._loaded

    def _card(self) -> Card:
        """What the server says about its models. Raises EngineError where it does not have this one."""
        head, answer = self._ask("GET", f"{self.address.base}/models", None)
        if head.status in {404, 405, 501}:  # not every server lists what it has
            return Card()
        if not head.good:
            raise self._refusal(head, answer)
        with self._sensible():
            card = manners.read_card(answer, self.model)
        if card.there and not {self.model, f"{self.model}:latest"} & {*card.there}:
            raise server_failures.wrong_model(self.address, self.model, card.there)
        return card

    def _room(self, card: Card) -> int:
        """Tokens of context: as the settings say, and no more than the server has."""
        has = card.context
        if has is None:
            head, answer = self._ask("GET", f"{self.address.root}/props", None)
            try:
                found = parsed(answer).get("default_generation_settings") if head.good else None
            except NoAnswer:
                found = None
            has = numbers(found, "n_ctx") if isinstance(found, dict) else None
        return min(self._context or has or USUAL_CONTEXT, has or self._context or USUAL_CONTEXT)


def _said(messages: Sequence[Message], manner: Manner, address: Address) -> str:
    """What the reply has said so far. Raises CannotGoOn where the server does not go on after it."""
    said = opened(messages)
    if said and manner.opens is None:
        raise CannotGoOn(address.name)
    return said


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


def _bytes(messages: Sequence[Message]) -> int:
    return sum(len(message.content.encode("utf-8", "replace")) for message in messages)
