"""What stays of earlier messages: a disclosure is not cleared by "ok", "thanks", a denial or another subject.

Pure: time and signs come in, a new state goes out. A level that was said holds whole for some turns, then falls a step
at a time, over turns and over days; on the day of a card it never falls to nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

CARD = 3
"""From this step on the help card is shown."""

HOLD_TURNS = 6
"""Turns of the person's for which a level holds whole after it was last said."""
STEP_TURNS = 4
"""Turns after which it falls by one more step."""
HOLD = timedelta(days=1)
"""Time for which a level holds whole, and after which it falls by one more step."""
FRAME_TURNS = 8
"""Turns for which the talk stays about somebody else, once it was about their danger."""
CARD_TURNS = 8
"""Turns in which a card counts as shown lately."""


MARKS = ("third_person", "imminent", "minor", "eating")
"""What is kept of a turn beside its level and the layers that fired."""


@dataclass(frozen=True, slots=True)
class RiskState:
    """What is known from the person's earlier turns."""

    said: int = 0
    """The step of the ladder that was last said, or a higher one that still held then."""
    at: datetime | None = None
    """When that was."""
    turns: int = 0
    """The person's turns since then."""
    third_turns: int | None = None
    """The person's turns since somebody else's danger was spoken of."""
    card_turns: int | None = None
    """The person's turns since a card was shown."""
    imminent: bool = False
    minor: bool = False
    eating: bool = False

    def level(self, now: datetime) -> int:
        """The step that still holds at `now`, for a message without a sign of its own."""
        if not self.said or self.at is None:
            return 0
        passed = max(now - self.at, timedelta())
        steps = max(0, -((HOLD_TURNS - self.turns) // STEP_TURNS)) + max(0, passed // HOLD)
        lowest = 1 if self.said >= CARD and passed < HOLD else 0
        return max(lowest, self.said - steps)

    @property
    def third_person(self) -> bool:
        """Whether the talk is about somebody else's danger."""
        return self.third_turns is not None and self.third_turns < FRAME_TURNS

    @property
    def card_lately(self) -> bool:
        """Whether a card was shown a few turns ago."""
        return self.card_turns is not None and self.card_turns < CARD_TURNS

    def after(self, heard: Heard) -> RiskState:
        """The state after one more turn of the person's."""
        held = self.level(heard.at)
        state = replace(
            self,
            turns=self.turns + 1,
            third_turns=None if self.third_turns is None else self.third_turns + 1,
            card_turns=None if self.card_turns is None else self.card_turns + 1,
            minor=self.minor or heard.minor,
            eating=self.eating or heard.eating,
        )
        if heard.said:
            state = replace(
                state, said=max(heard.said, held), at=heard.at, turns=0, imminent=heard.imminent or self.imminent
            )
        if heard.third_person:
            state = replace(state, third_turns=0)
        if heard.card:
            state = replace(state, card_turns=0)
        return state


@dataclass(frozen=True, slots=True)
class Heard:
    """What one message said by itself: what `store.risk_events` keeps of a turn, with the turn's time."""

    at: datetime
    said: int = 0
    card: bool = False
    third_person: bool = False
    imminent: bool = False
    minor: bool = False
    eating: bool = False

    @classmethod
    def stored(cls, at: datetime, level: int, layer: str, card_shown: bool) -> Heard:
        """From a row of `risk_events` and the time of its turn. `layer` is what `Risk.layer` gave."""
        marks = set(layer.split("+"))
        return cls(at, level, card_shown, **{mark: mark in marks for mark in MARKS})


def replay(heard: Iterable[Heard]) -> RiskState:
    """The state after these turns of the person's, oldest first; a turn without an event is `Heard(its time)`."""
    state = RiskState()
    for each in heard:
        state = state.after(each)
    return state
