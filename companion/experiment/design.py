"""What an experiment is: its consent, its arms, its questions. Read once, from a TOML file, and kept as it was read."""

from __future__ import annotations

import difflib
import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from companion.errors import NotFound, UsageError
from companion.settings import Settings
from companion.text import clean

NAME = re.compile(r"[a-z0-9][a-z0-9 ._-]{0,39}")
ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
LONG = 3600.0
"""Seconds a sentence may take: an arm compares as many candidates as it says, whatever the machine."""

Line = Annotated[str, Field(min_length=1, max_length=2000)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _can_be_shown(cls, value: Any) -> Any:
        return clean(value).strip() if isinstance(value, str) else value


class Arm(_Part):
    """A condition. What is not said is as in the settings."""

    name: str
    model: str | None = None
    planner: bool = True
    candidates: int | None = Field(default=None, ge=1, le=4)

    @field_validator("name")
    @classmethod
    def _is_a_name(cls, name: str) -> str:
        if not NAME.fullmatch(name):
            raise ValueError("a name has up to 40 small letters, digits, spaces, dots, dashes and underscores")
        return name

    def settings(self, chosen: Settings) -> Settings:
        """The settings of a conversation in this arm."""
        return chosen.changed(model=self.model, planner=self.planner, candidates=self.candidates, sentence_seconds=LONG)


class Question(_Part):
    """A question. Any may be left out by who is asked."""

    id: str
    text: Line
    kind: Literal["scale", "choice", "text"] = "scale"
    most: int = Field(default=7, ge=2, le=9)
    """Of a scale, which begins at 1."""
    low: str = ""
    high: str = ""
    """What the ends of a scale mean."""
    options: tuple[Line, ...] = Field(default=(), max_length=9)
    """Of a choice."""

    @field_validator("id")
    @classmethod
    def _is_an_id(cls, name: str) -> str:
        if not ID.fullmatch(name):
            raise ValueError("an id has up to 40 small letters, digits and underscores, and begins with a letter")
        return name

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Question:
        if self.kind == "choice" and len(self.options) < 2:
            raise ValueError(f"the choice {self.id} needs two options or more")
        if self.kind != "choice" and self.options:
            raise ValueError(f"{self.id} has options but is no choice")
        return self

    @property
    def answers(self) -> tuple[str, ...]:
        """What there is to choose from, the first with the number 1; none for words of one's own."""
        if self.kind == "scale":
            return tuple(map(str, range(1, self.most + 1)))
        return self.options

    @property
    def ends(self) -> str:
        """What the numbers of a scale mean, where that is said."""
        ends = [f"{number} is {end}" for number, end in ((1, self.low), (self.most, self.high)) if end]
        return f"{', '.join(ends)}." if self.kind == "scale" and ends else ""

    def value(self, chosen: int) -> int | str:
        """What is kept of answer number `chosen`, from 1."""
        return chosen if self.kind == "scale" else self.options[chosen - 1]


class Design(_Part):
    """An experiment."""

    title: Line
    consent: str = Field(min_length=1, max_length=20_000)
    """Shown before anything else, and before anything is kept."""
    thanks: str = ""
    """Shown at the end."""
    seed: int = Field(default=0, ge=0)
    """Of the assignment."""
    messages: int = Field(default=6, ge=1)
    """After so many messages the participant is told that they may finish."""
    arms: tuple[Arm, ...] = Field(min_length=2, max_length=20)
    before: tuple[Question, ...] = ()
    reply: tuple[Question, ...] = ()
    """After every reply."""
    after: tuple[Question, ...] = ()

    @model_validator(mode="after")
    def _names_are_names(self) -> Design:
        for what, names in (
            ("arms are called", [arm.name for arm in self.arms]),
            ("questions before have the id", [question.id for question in self.before]),
            ("questions about a reply have the id", [question.id for question in self.reply]),
            ("questions after have the id", [question.id for question in self.after]),
        ):
            twice = next((name for name in names if names.count(name) > 1), None)
            if twice is not None:
                raise ValueError(f"two {what} {twice!r}")
        return self

    def arm(self, name: str) -> Arm:
        """Raises KeyError for one that is none of them."""
        return {arm.name: arm for arm in self.arms}[name]


def read_design(path: Path) -> Design:
    """Raises NotFound where there is no file, UsageError naming what is wrong in it."""
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}. Correct that line.") from None
    try:
        return Design.model_validate(values)
    except ValidationError as error:
        raise UsageError(f"{path}: {_sentence(error)}") from None


def example() -> str:
    """A design to begin with."""
    return resources.files("companion.experiment").joinpath("example.toml").read_text("utf-8")


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    *_, key = place = [f"number {part + 1}" if isinstance(part, int) else part for part in first["loc"]] or [""]
    where = ", ".join(place)
    if first["type"] == "missing":
        return f"{where} is missing. `companion experiment new --example` shows a whole design."
    if first["type"] == "extra_forbidden":
        kind = Question if len(place) == 3 and place[0] != "arms" else Arm if len(place) == 3 else Design
        near = difflib.get_close_matches(key, kind.model_fields, 1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(kind.model_fields)}."
        return f"there is no key {where}. {hint}"
    message = first["msg"].removeprefix("Value error, ")
    given = first["input"]
    shown = f" = {given!r}" if isinstance(given, str | int | float) and len(str(given)) < 60 else ""
    return f"{where}{shown} cannot be used: {message[:1].lower()}{message[1:]}." if where else f"{message}."
