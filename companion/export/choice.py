"""What of a database goes into an export, and under which names."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import PurePath

from companion.store import Record, Role, Session, Store

CRISIS = 3
"""The level of a risk event from which on a turn is left out (S21)."""
PSEUDONYM = re.compile(r"s-[0-9a-f]{16}")


def pseudonym(key: bytes, session_id: str) -> str:
    """The same for the same session and key; without the key it says nothing about the session."""
    return "s-" + blake2b(session_id.encode(), key=key, digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class Choice:
    """The default is what a person takes out of their own history: everything but the words."""

    with_text: bool = False
    with_crisis: bool = True
    """Also turns of level CRISIS or more, and their replies; each turn then says which it is."""
    key: bytes | None = None
    """Of the pseudonyms (`Store.pseudonym_key`); None for real ids and models as they are named here."""

    def name(self, store: Store, session: Session) -> str:
        """The id under which the session is exported. One that came with a pseudonym keeps it."""
        if self.key is None:
            return session.id
        came = store.imported(session.id)
        return came[0] if came and came[0] else pseudonym(self.key, session.id)

    def model(self, session: Session) -> str | None:
        """The model; under pseudonyms without the folder, which may tell who its owner is."""
        if self.key is None or session.model is None:
            return session.model
        return PurePath(session.model).name or session.model


@dataclass(frozen=True, slots=True)
class Chosen:
    """A turn that is exported. `number` counts those of its session from 1; `parent` is the number it answers."""

    record: Record
    number: int
    parent: int | None
    crisis: bool


class Chooser:
    """The turns of one session that are exported, and how many are not.

    An answer to a turn that is left out becomes an answer to what was before it. Beside the turn at hand this holds
    8 bytes for each turn, so that sessions may be of any length.
    """

    def __init__(self, choice: Choice) -> None:
        self._choice = choice
        self._kept = array("q")
        self._crisis: set[int] = set()
        self._instead: dict[int, int | None] = {}
        self.title_is_safe = True
        """Whether every turn was kept: a title may be the words of one that was not."""

    @property
    def kept(self) -> int:
        return len(self._kept)

    @property
    def left_out(self) -> int:
        return len(self._instead)

    def choose(self, records: Iterable[Record]) -> Iterator[Chosen]:
        for record in records:
            turn, parent = record.turn, record.turn.parent_id
            crisis = record.risk >= CRISIS
            if crisis and turn.role is Role.USER:
                self._crisis.add(turn.id)
            crisis = crisis or (turn.role is Role.ASSISTANT and parent in self._crisis)
            answered = parent if parent is None else self._instead.get(parent, parent)
            if crisis and not self._choice.with_crisis:
                self._instead[turn.id] = answered
                self.title_is_safe = False
                continue
            self._kept.append(turn.id)
            yield Chosen(record, len(self._kept), None if answered is None else self._number(answered), crisis)

    def _number(self, turn_id: int) -> int:
        return bisect_left(self._kept, turn_id) + 1
