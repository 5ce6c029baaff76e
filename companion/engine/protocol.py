"""The `Engine` protocol: synchronous, one call at a time; `cancel` and `close` from any thread.

The last of the messages may be an assistant message with content: an open reply. Its content, to the last space, is
what the reply has said so far, and the model goes on right after it. There is no call that keeps one of several
continuations: what the next prompt says is what was kept, and an engine finds again what it has read of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from companion.engine.address import Address
from companion.errors import CompanionError, NotFound, Refused
from planner.layouts import Message

__all__ = [
    "MOST_CANDIDATES",
    "Branches",
    "CannotGoOn",
    "ContextFull",
    "Continuation",
    "ContinuationEnd",
    "Engine",
    "EngineCancelled",
    "EngineDied",
    "EngineError",
    "EngineInfo",
    "Finish",
    "FinishReason",
    "LoadProgress",
    "Message",
    "ModelMissing",
    "ModelRefused",
    "Piece",
    "ReadProgress",
    "Sampling",
    "Thinking",
]


class EngineError(CompanionError):
    """An engine could not do what was asked; the next call may try again."""


class EngineDied(EngineError):
    """The engine stopped in the middle of a call. The next call starts it again."""

    def __init__(self, how: str) -> None:
        super().__init__(
            f"The model process stopped unexpectedly ({how}). "
            "Your conversation is saved; the next message starts it again."
        )


class EngineCancelled(EngineError):
    """A call was cancelled before the model was ready."""

    def __init__(self) -> None:
        super().__init__("Stopped before the model was ready.")


class ContextFull(EngineError):
    """The prompt does not fit; the caller drops the oldest exchanges (`count_tokens`) and tries again."""

    def __init__(self, tokens: int, context: int) -> None:
        super().__init__(
            f"The conversation is {tokens} tokens long and the model reads {context}: "
            "leave out the oldest exchanges, or choose a model with a longer context."
        )
        self.tokens = tokens
        self.context = context


class CannotGoOn(EngineError):
    """A reply that has begun is to go on, and this server only begins anew."""

    def __init__(self, host: str) -> None:
        super().__init__(f"{host} cannot go on in the middle of a reply: ask for another reply instead.")


class ModelMissing(EngineError, NotFound):
    """There is no model file at the path."""


class ModelRefused(EngineError, Refused):
    """A file that could run code when opened."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen. `temperature` 0 is greedy; `seed` None is a new one for every reply."""

    temperature: float = 0.8
    top_k: int = 40
    top_p: float = 0.95
    min_p: float = 0.05
    repeat_penalty: float = 1.0
    max_tokens: int = 512
    """Of the reply; 0 ends after the thinking."""
    seed: int | None = None
    think_tokens: int = 0
    """The most tokens of thinking before the reply, for a model that was loaded to think."""


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What was loaded. `context` is in tokens, `size` in bytes, `seconds` what loading took."""

    name: str
    path: str | None
    context: int
    layout: str
    parameters: int
    size: int
    seconds: float
    sampling: Sampling = field(default_factory=Sampling)
    """What the model recommends."""
    step_seconds: float = 0.0
    """What one step of decoding took, right after loading."""
    threads: int = 0
    """Processor threads it computes with at the moment; 0 where that is elsewhere."""
    gpu: bool = False
    """Whether the library it runs on can use a graphics card."""
    plain_weights: bool = False
    """Whether repacked weights crash on this machine, so that it does without."""
    can_think: bool = False
    """Whether it could think before it replies, as far as is known."""
    thinks: bool = False
    """Whether it thinks before it replies."""
    goes_on: bool = True
    """Whether an open reply is gone on with; if not, `branch` and `stream` refuse one that has begun."""
    steers: bool = True
    """Whether `branch` goes on after what was said and thought, so that a reply can be made sentence by sentence."""
    counts: bool = True
    """Whether `count_tokens` counts; else it estimates."""


@dataclass(frozen=True, slots=True)
class LoadProgress:
    """`fraction` is None until the library reports one; `size` is that of the model file in bytes."""

    fraction: float | None
    seconds: float
    size: int


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text of the reply, one or more tokens long, never half a character."""

    text: str


@dataclass(frozen=True, slots=True)
class Thinking:
    """Some text of what the model thinks before it replies. It is no part of the reply."""

    text: str


FinishReason = Literal["stop", "length", "cancelled"]


@dataclass(frozen=True, slots=True)
class Finish:
    """How a reply ended. Of `prompt_tokens`, `cached_tokens` did not have to be read again. Thinking is not counted.

    `first_ms` and `total_ms` run from the start of the call, loading included; without text they are equal.
    """

    reason: FinishReason
    prompt_tokens: int
    cached_tokens: int
    reply_tokens: int
    first_ms: float
    total_ms: float


MOST_CANDIDATES = 4
"""Continuations that can be made side by side."""

ContinuationEnd = Literal["sentence", "stop", "length", "cut"]
"""sentence: a sentence, or a line, is complete. stop: the model ends the reply after this text, which may be empty.
length: a bound, or the end of the context, was reached. cut: abandoned, because the others had ended long before.
"""


@dataclass(frozen=True, slots=True)
class Continuation:
    """One way on, up to the end of a sentence, with the white space that its last token brought; `tokens` long."""

    text: str
    tokens: int
    end: ContinuationEnd


@dataclass(frozen=True, slots=True)
class Branches:
    """Ways on from one prompt; none where the call was cancelled.

    `first_ms` is when the prompt had been read, `total_ms` when the last continuation ended, both from the start of
    the call, loading included. In between `steps` steps of decoding were made, each of one token for every
    continuation that had not ended. Of `prompt_tokens`, `cached_tokens` did not have to be read again.
    """

    continuations: tuple[Continuation, ...]
    prompt_tokens: int
    cached_tokens: int
    first_ms: float
    total_ms: float
    cancelled: bool = False
    steps: int = 0


def check_count(count: int) -> None:
    """Raises ValueError for a number of continuations that no engine makes."""
    if not 1 <= count <= MOST_CANDIDATES:
        raise ValueError(f"an engine offers 1 to {MOST_CANDIDATES} continuations, not {count}")


ReadProgress = Callable[[int, int], None]
"""Called now and then while a prompt is read, with the number of tokens read so far and of all tokens."""


@runtime_checkable
class Engine(Protocol):
    """A model that can be talked to. Every method that talks to the model loads it first if need be."""

    @property
    def address(self) -> Address | None:
        """The server that reads the conversation; None where it stays in this program and its child."""
        ...

    def load(self, progress: Callable[[LoadProgress], None] | None = None) -> EngineInfo:
        """Make the model ready. Raises EngineError, or EngineCancelled after `cancel`."""
        ...

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """The length of the prompt that `stream` or `branch` would read."""
        ...

    def prefill(self, messages: Sequence[Message], progress: ReadProgress | None = None) -> int:
        """Read the conversation ahead, to where the next words will go; the number of tokens newly read."""
        ...

    def stream(self, messages: Sequence[Message], sampling: Sampling) -> Iterator[Piece | Thinking | Finish]:
        """The reply as it comes, after what is thought about it, ended by exactly one Finish or by an EngineError.

        There is thinking where the model was loaded to think, `sampling.think_tokens` allows some, and the reply has
        neither begun nor a thought.
        """
        ...

    def branch(self, messages: Sequence[Message], sampling: Sampling, count: int, *, limit: int = 64) -> Branches:
        """`count` ways on to the end of a sentence, each of at most `limit` tokens, and `sampling.max_tokens`.

        With a seed the same ones come again, and the first of them is how `stream` would begin. Raises EngineError,
        or ValueError for a count that is not 1 to MOST_CANDIDATES.
        """
        ...

    def cancel(self) -> None:
        """End the call in progress soon, if there is one: loading, reading or replying."""
        ...

    def close(self) -> None:
        """Let go of the model. A reply in progress ends as cancelled; later calls raise EngineError."""
        ...
