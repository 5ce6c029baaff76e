"""What people do next: base weights over the tactics, estimated from human supporters (`training.need`).

    b_t = share(t | stage) * product over the message's cues of lift(t | cue) * follow(t | previous turn)

share: how many supporter turns at this stage used t. lift: how much more (or less) often than that when the
message had the cue. follow: how much more often than that after a turn that used some other tactic, the
strongest of them; never below 1, and 1 for what a tactic does to itself. So a tactic used in the last turn
can gain others some weight but never itself: whether to repeat is the business of the usage factor alone
(`planner.policy`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from math import inf
from types import MappingProxyType
from typing import Any

from planner.ledger import Ledger
from planner.reading import Reading
from planner.tactics import TACTICS, Tactic


class Stage(StrEnum):
    """Where in the conversation the coming turn is."""

    OPENING = "opening"
    MIDDLE = "middle"
    LATE = "late"


LATE_FROM = 4


def stage_of(turns_before: int) -> Stage:
    """The stage of a turn by how many of the supporter's turns came before it: 0, 1 to 3, or more."""
    if turns_before == 0:
        return Stage.OPENING
    return Stage.MIDDLE if turns_before < LATE_FROM else Stage.LATE


CUES: Mapping[str, Callable[[Reading], bool]] = MappingProxyType(
    {
        "question": lambda reading: reading.question,
        "asks_advice": lambda reading: reading.asks_advice,
        "distress": lambda reading: reading.distress,
    }
)
"""The cues of a reading that the table is conditioned on."""


@dataclass(frozen=True, slots=True)
class NeedTable:
    """The table: shares per stage, lifts per cue, and per previous tactic the lifts of those that follow it.

    share and cue hold all ten tactics; follow holds only what is above 1. Every number is above zero.
    """

    share: Mapping[Stage, Mapping[Tactic, float]]
    cue: Mapping[str, Mapping[Tactic, float]]
    follow: Mapping[Tactic, Mapping[Tactic, float]]

    def __post_init__(self) -> None:
        complete = [*(self.share[stage] for stage in Stage), *(self.cue[name] for name in CUES)]
        if any(set(row) != set(TACTICS) or not all(0 < n < inf for n in row.values()) for row in complete):
            raise ValueError("a need table has a number above zero for every tactic at every stage and cue")
        if any(row.get(previous, 1.0) > 1 or min(row.values(), default=1) < 1 for previous, row in self.follow.items()):
            raise ValueError("in a need table what follows a tactic has a lift of 1 or more, and is not itself")

    @classmethod
    def from_json(cls, text: str) -> NeedTable:
        """The table in the format that `training.need` writes. Raises ValueError or KeyError otherwise."""
        data = json.loads(text)
        return cls(
            share={stage: _row(data["share"][stage]) for stage in Stage},
            cue={name: _row(data["cue"][name]) for name in CUES},
            follow={Tactic(previous): _row(row) for previous, row in data["follow"].items()},
        )

    def base(self, ledger: Ledger, reading: Reading) -> dict[Tactic, float]:
        """b_t for the turn that comes after `ledger` and answers `reading`; sums to 1 over the ten."""
        share = self.share[stage_of(len(ledger.turns))]
        cues = [self.cue[name] for name, holds in CUES.items() if holds(reading)]
        previous = ledger.last.tactics if ledger.last else frozenset()
        raw = {}
        for tactic in TACTICS:
            raw[tactic] = share[tactic] * self._follow(previous, tactic)
            for lift in cues:
                raw[tactic] *= lift[tactic]
        total = sum(raw.values())
        return {tactic: value / total for tactic, value in raw.items()}

    def _follow(self, previous: frozenset[Tactic], tactic: Tactic) -> float:
        return max((self.follow.get(used, {}).get(tactic, 1.0) for used in previous), default=1.0)


def _row(data: Mapping[str, Any]) -> dict[Tactic, float]:
    return {Tactic(name): float(value) for name, value in data.items()}


@cache
def shipped() -> NeedTable:
    """The table that ships with the package, read once. The only file that the planner reads."""
    return NeedTable.from_json(files("planner").joinpath("need.json").read_text(encoding="utf-8"))
