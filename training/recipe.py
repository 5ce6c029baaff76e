"""Recipes: small TOML files checked by frozen models before anything is loaded."""

from __future__ import annotations

import json
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from companion.errors import NotFound, UsageError


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Shape(_Frozen):
    """A Qwen3 network; sizes in units, not bytes."""

    hidden: int = Field(gt=0)
    layers: int = Field(gt=0)
    heads: int = Field(gt=0)
    kv_heads: int = Field(gt=0)
    head_size: int = Field(gt=0)
    feed_forward: int = Field(gt=0)

    @model_validator(mode="after")
    def _whole_groups(self) -> Shape:
        if self.heads % self.kv_heads:
            raise ValueError(f"heads ({self.heads}) must be a multiple of kv_heads ({self.kv_heads})")
        return self

    @model_validator(mode="after")
    def _can_be_written(self) -> Shape:
        if self.head_size % 2:
            raise ValueError(f"head_size ({self.head_size}) must be even: positions rotate pairs")
        rows = {
            "hidden": self.hidden,
            "feed_forward": self.feed_forward,
            "heads * head_size": self.heads * self.head_size,
        }
        for name, size in rows.items():
            if size % 32:
                raise ValueError(f"{name} ({size}) must be a multiple of 32, the block in which Q8_0 stores weights")
        return self


class Stage(_Frozen):
    """One stretch of training on one mix of sources."""

    name: str
    tokens: int = Field(gt=0)
    block: int = Field(gt=1)
    rows: int = Field(gt=0)
    lr: float = Field(gt=0, allow_inf_nan=False)
    warmup: int = Field(ge=0)
    decay: float = Field(ge=0, le=1)
    passes: dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = Field(min_length=1)

    @property
    def steps(self) -> int:
        """Optimiser steps in the stage."""
        return max(1, self.tokens // (self.block * self.rows))

    def rate(self, step: int) -> float:
        """Learning rate at `step` of this stage: linear warm-up, constant, linear fall to a twentieth."""
        warm = min(1.0, (step + 1) / self.warmup) if self.warmup else 1.0
        tail = self.steps * self.decay
        left = (self.steps - step) / tail if tail else 1.0
        return self.lr * warm * max(0.05, min(1.0, left))


class MiniRecipe(_Frozen):
    """A small language model from scratch (`companion train mini`)."""

    name: Literal["mini"]
    seed: int
    vocabulary: int = Field(ge=512, le=65536)
    context: int = Field(ge=128)
    model: Shape
    stages: tuple[Stage, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _blocks_fit(self) -> MiniRecipe:
        for stage in self.stages:
            if stage.block > self.context:
                raise ValueError(f"stage {stage.name}: block ({stage.block}) exceeds context ({self.context})")
        return self

    @property
    def steps(self) -> int:
        """Optimiser steps in the whole run."""
        return sum(stage.steps for stage in self.stages)

    def at(self, step: int) -> tuple[int, int]:
        """Stage index and step within that stage for a step of the run."""
        for index, stage in enumerate(self.stages):
            if step < stage.steps:
                return index, step
            step -= stage.steps
        raise IndexError(step)


Recipe = TypeVar("Recipe", bound=BaseModel)


def available() -> list[str]:
    """Names of the recipes that ship."""
    return sorted(
        path.name.removesuffix(".toml") for path in files("training.recipes").iterdir() if path.name.endswith(".toml")
    )


def read_recipe(name: str, changes: tuple[str, ...] = ()) -> dict[str, Any]:
    """The values of a shipped recipe, a TOML file or a run's recipe.json, with `key=value` changes applied.

    Raises NotFound for an unknown recipe, UsageError for a file that is none or a change that names no existing key.
    """
    path = Path(name)
    if path.suffix in (".toml", ".json"):
        if not path.is_file():
            raise NotFound(f"There is no recipe file {name}.")
        text = path.read_text("utf-8")
    elif name in available():
        text = (files("training.recipes") / f"{name}.toml").read_text("utf-8")
    else:
        raise NotFound(
            f"There is no recipe {name!r}. Recipes: {', '.join(available())}; or give a path to a .toml file."
        )
    try:
        values: dict[str, Any] = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except ValueError as error:
        raise UsageError(f"{name} is not valid {path.suffix[1:].upper()}: {error}.") from None
    for change in changes:
        apply(values, change)
    return values


def apply(values: dict[str, Any], change: str) -> None:
    """Apply one `key=value` to the values of a recipe. Raises UsageError where there is no such key."""
    key, equals, raw = change.partition("=")
    if not equals:
        raise UsageError(f"--set {change}: write it as key=value, for example --set stages.0.tokens=100000.")
    try:
        value = tomllib.loads(f"value = {raw}")["value"]
    except tomllib.TOMLDecodeError:
        value = raw
    target: Any = values
    parts = key.split(".")
    for depth, part in enumerate(parts, 1):
        match target:
            case dict():
                known = list(target)
            case list():
                known = [str(index) for index in range(len(target))]
            case _:
                raise UsageError(f"--set {key}: {'.'.join(parts[: depth - 1])} is one value, {target!r}.")
        if part not in known:
            raise UsageError(f"--set {key}: the recipe has no {part!r} there; it has {', '.join(known)}.")
        step = int(part) if isinstance(target, list) else part
        if depth == len(parts):
            target[step] = value
        else:
            target = target[step]


def check(kind: type[Recipe], values: dict[str, Any]) -> Recipe:
    """A checked recipe. Raises UsageError with every reason."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        reasons = "; ".join(_reason(item["type"], item["loc"], item["msg"], item["input"]) for item in error.errors())
        raise UsageError(f"The recipe cannot be used: {reasons}.") from None


def _reason(kind: str, where: tuple[int | str, ...], message: str, value: object) -> str:
    """Key, what is wrong, and the value, unless that is a whole table."""
    key = ".".join(map(str, where)) or "recipe"
    if kind == "extra_forbidden":
        return f"{key}: there is no such key"
    given = "" if isinstance(value, dict | list) else f" (it is {value!r})"
    return f"{key}: {message.removeprefix('Value error, ')}{given}"
