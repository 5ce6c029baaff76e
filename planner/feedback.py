"""Taste: what a person's "more like this" and "less of this" do to the weights. Pure: the caller keeps it.

A taste is a multiplier per tactic, 1 where nothing was said. It stays within bounds, so that no amount of
feedback silences a tactic for good or lets one crowd out the rest; gates are not moved by taste at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from planner.tactics import TACTICS, Tactic

LEAST, MOST = 0.5, 2.0
STEP = 1.25

Taste = Mapping[Tactic, float]


class Feedback(StrEnum):
    """What the person said about a tactic."""

    MORE = "more"
    LESS = "less"


def bounded(taste: Taste | None = None) -> dict[Tactic, float]:
    """A whole taste: all ten tactics, 1 where none is given, within LEAST and MOST."""
    given = taste or {}
    return {tactic: min(MOST, max(LEAST, given.get(tactic, 1.0))) for tactic in TACTICS}


def learn(taste: Taste, tactic: Tactic, feedback: Feedback) -> dict[Tactic, float]:
    """The taste after one step of feedback: the multiplier times STEP, or divided by it, within bounds."""
    before = bounded(taste)
    factor = STEP if feedback is Feedback.MORE else 1 / STEP
    return bounded({**before, tactic: before[tactic] * factor})


def reset(taste: Taste, tactic: Tactic | None = None) -> dict[Tactic, float]:
    """The taste with one tactic, or all of them, back at 1."""
    return bounded({} if tactic is None else {**taste, tactic: 1.0})
