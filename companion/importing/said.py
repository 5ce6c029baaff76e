"""What every reader gives: conversations as they stand in a file, and rows that cannot be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from companion.store import Empathy, PlanRow, Role, Status, Timings


class Unusable(Exception):
    """A row cannot be used; the message is the reason, in words and without what was said."""


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that is left out."""

    what: str
    """line, item, row or file."""
    number: int
    """From 1; 0 for the file as a whole."""
    reason: str

    def __str__(self) -> str:
        return f"{self.what} {self.number}: {self.reason}" if self.number else self.reason


@dataclass(frozen=True, slots=True)
class Row:
    """A value out of a file. `size` is how long it was there, in characters."""

    what: str
    number: int
    value: Any
    size: int


@dataclass(slots=True)
class Message:
    """One message. Text comes as it is in the file."""

    role: Role
    text: str | None
    """None where the file holds labels only."""
    number: int | None = None
    """Its name in the file, if it has one."""
    parent: int | None = None
    """The number of what it answers; without `linked` it answers the message before it."""
    linked: bool = False
    status: Status = Status.COMPLETE
    created_at: str | None = None
    finished_at: str | None = None
    timings: Timings = field(default_factory=Timings)
    sentences: tuple[tuple[str | None, Mapping[str, float]], ...] = ()
    """(text, None where it is not given; the tactics and their scores)."""
    plan: PlanRow | None = None
    empathy: tuple[Empathy, ...] = ()
    rating: int | None = None
    note: str | None = None
    crisis: bool = False


@dataclass(slots=True)
class Conversation:
    """The messages of one conversation in an order in which each stands behind what it answers."""

    form: str
    row: Row
    """Where it begins."""
    messages: list[Message]
    name: str | None = None
    """What the file calls it."""
    model: str | None = None
    condition: str | None = None
    title: str | None = None
    leaf: int | None = None
    """The place of the last message of the branch that was shown; None for the newest."""
    parents: list[int | None] = field(default_factory=list)
    """For each message the place of the one it answers."""

    def link(self) -> None:
        """Finds the parents: by number where there are numbers, else each message answers the one before it."""
        places: dict[int, int] = {}
        for place, message in enumerate(self.messages):
            before = place - 1 if place else None
            if not message.linked:
                self.parents.append(before)
            elif message.parent is None:
                self.parents.append(None)
            else:  # what it answered may have been left out
                self.parents.append(places.get(message.parent, before))
            if message.number is not None:
                places[message.number] = place
