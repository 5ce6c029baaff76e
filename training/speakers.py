"""What gives replies when a model is measured: an engine, or a checkpoint of transformers (`training.checkpoint`)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeVar

from companion.engine.protocol import Engine, EngineCancelled, EngineInfo, Finish, Piece, Sampling
from companion.modelhub import registry
from planner.layouts import Layout, Message
from training.run import digest, sha256_of

Item = TypeVar("Item")
Made = TypeVar("Made")

AT_A_SERVER = 4
"""Requests that a server is given at a time."""


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
    def thinks(self) -> bool:
        """Whether it thinks before it replies."""

    @property
    def identity(self) -> str:
        """SHA-256 of the weights; the name of a model whose weights are elsewhere."""

    def count(self, messages: Sequence[Message]) -> int:
        """The length of a prompt in tokens."""

    def say(self, prompts: Sequence[Prompt], temperature: float, most: int, thought: int = 0) -> list[Spoken]:
        """A reply to each, of at most `most` tokens, after at most `thought` tokens of thinking for one that thinks.

        Raises EngineError when the model fails."""

    def close(self) -> None: ...


class EngineSpeaker:
    """An engine, one prompt after the other; or several for one server, side by side.

    What the model recommends holds but for the temperature.
    """

    def __init__(self, engines: Sequence[Engine], adapter: Path | None = None) -> None:
        """`adapter` is what the engine lays on the model's file, if it does."""
        self._engines, self._adapter = engines, adapter
        self.together = len(engines)

    @property
    def _info(self) -> EngineInfo:
        return self._engines[0].load()

    @property
    def layout(self) -> Layout:
        return Layout(self._info.layout)

    @property
    def context(self) -> int:
        return self._info.context

    @property
    def thinks(self) -> bool:
        return self._info.thinks

    @property
    def identity(self) -> str:
        info = self._info
        if info.path is None:
            return info.name
        return digest_of(Path(info.path)) + (digest_of(self._adapter) if self._adapter else "")

    def count(self, messages: Sequence[Message]) -> int:
        return self._engines[0].count_tokens(messages)

    def say(self, prompts: Sequence[Prompt], temperature: float, most: int, thought: int = 0) -> list[Spoken]:
        sampling = replace(self._info.sampling, temperature=temperature, max_tokens=most, think_tokens=thought)

        def one(engine: Engine, prompt: Prompt) -> Spoken:
            return spoken(engine, prompt.messages, replace(sampling, seed=prompt.seed))

        return side_by_side(one, self._engines, prompts)

    def close(self) -> None:
        for engine in self._engines:
            engine.close()


def side_by_side(work: Callable[[Engine, Item], Made], engines: Sequence[Engine], items: Sequence[Item]) -> list[Made]:
    """What `work` makes of each item, as many at a time as there are engines; an engine does one thing at a time."""
    if len(engines) == 1:
        return [work(engines[0], item) for item in items]
    made: list[Made] = []
    with ThreadPoolExecutor(len(engines)) as pool:
        for start in range(0, len(items), len(engines)):
            made += pool.map(work, engines, items[start : start + len(engines)])
    return made


def for_one(engine: Engine, another: Callable[[], Engine]) -> list[Engine]:
    """The engine, and more like it where it talks to a server, which answers several at once."""
    return [engine, *(another() for _ in range(AT_A_SERVER - 1))] if engine.address else [engine]


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
    return EngineSpeaker(for_one(new_engine(), new_engine), registry.find(str(model)).adapter)


def digest_of(path: Path) -> str:
    """SHA-256 of a model's file, or of the weights, settings and vocabulary in its folder."""
    if path.is_file():
        return sha256_of(path)
    files = sorted(file for file in path.iterdir() if file.suffix in {".safetensors", ".json"})
    return digest(sha256_of(file) for file in files)
