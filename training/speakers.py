"""What gives replies when a model is measured: an engine, or a checkpoint of transformers (`training.checkpoint`)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from companion.engine.protocol import Engine, EngineCancelled, Finish, Piece, Sampling
from planner.layouts import Layout, Message
from training.evaluate import sha256_of
from training.run import digest


@dataclass(frozen=True, slots=True)
class Prompt:
    """Messages and the seed of the reply to them."""

    messages: Sequence[Message]
    seed: int


@dataclass(frozen=True, slots=True)
class Spoken:
    """A reply as it was made. Milliseconds are its share of what all replies of a call took."""

    text: str
    prompt_tokens: int
    reply_tokens: int
    ms: float


class Speaker(Protocol):
    """A model that replies to prompts, several at a time."""

    together: int
    """Prompts that are best given in one call."""

    @property
    def layout(self) -> Layout: ...

    @property
    def context(self) -> int:
        """Tokens of prompt and reply together."""

    @property
    def identity(self) -> str:
        """SHA-256 of the weights; the name of a model whose weights are elsewhere."""

    def count(self, messages: Sequence[Message]) -> int:
        """The length of a prompt in tokens."""

    def say(self, prompts: Sequence[Prompt], temperature: float, most: int) -> list[Spoken]:
        """A reply to each, of at most `most` tokens. Raises EngineError when the model fails."""

    def close(self) -> None: ...


class EngineSpeaker:
    """An engine, one prompt after the other. What the model recommends holds but for the temperature."""

    together = 1

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def layout(self) -> Layout:
        return Layout(self._engine.load().layout)

    @property
    def context(self) -> int:
        return self._engine.load().context

    @property
    def identity(self) -> str:
        info = self._engine.load()
        return digest_of(Path(info.path)) if info.path else info.name

    def count(self, messages: Sequence[Message]) -> int:
        return self._engine.count_tokens(messages)

    def say(self, prompts: Sequence[Prompt], temperature: float, most: int) -> list[Spoken]:
        advised = self._engine.load().sampling
        sampling = replace(advised, temperature=temperature, max_tokens=most)
        return [spoken(self._engine, each.messages, replace(sampling, seed=each.seed)) for each in prompts]

    def close(self) -> None:
        self._engine.close()


def spoken(engine: Engine, messages: Sequence[Message], sampling: Sampling) -> Spoken:
    """The whole reply. Raises EngineError, EngineCancelled where it was broken off."""
    started = time.monotonic()
    text, finish = "", None
    for item in engine.stream(messages, sampling):
        if isinstance(item, Piece):
            text += item.text
        elif isinstance(item, Finish):
            finish = item
    if finish is None or finish.reason == "cancelled":
        raise EngineCancelled
    ms = (time.monotonic() - started) * 1000
    return Spoken(text, finish.prompt_tokens, finish.reply_tokens, round(ms, 1))


def is_checkpoint(model: str | Path) -> bool:
    """Whether it is the folder of a model, or of an adapter, that transformers has saved."""
    folder = Path(model).expanduser()
    return any((folder / name).is_file() for name in ("config.json", "adapter_config.json"))


def speaker_of(model: str | Path, new_engine: Callable[[], Engine]) -> Speaker:
    """A checkpoint's folder speaks through transformers, anything else through the engine."""
    if is_checkpoint(model):
        from training.checkpoint import Checkpoint  # torch, which no engine needs

        return Checkpoint(Path(model).expanduser())
    return EngineSpeaker(new_engine())


def digest_of(path: Path) -> str:
    """SHA-256 of a model's file, or of the weights, settings and vocabulary in its folder."""
    if path.is_file():
        return sha256_of(path)
    files = sorted(file for file in path.iterdir() if file.suffix in {".safetensors", ".json"})
    return digest(sha256_of(file) for file in files)
