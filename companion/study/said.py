"""One message of a conversation, as every source gives it, and sets of tactics as numbers.

A set of tactics is a bitmask: bit k is tactic k in the fixed order. A million replies fit into a few numpy arrays that
way, and what two turns share is one `&`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from companion.rating import Empathy
from planner.tactics import TACTICS, Tactic

WIDTH = len(TACTICS)
SETS = 1 << WIDTH
"""How many sets of tactics there are."""

BIT: dict[str, int] = {tactic.value: 1 << place for place, tactic in enumerate(TACTICS)}
UNRATED = Empathy(*[float("nan")] * 6)


def mask_of(tactics: Iterable[str]) -> int:
    """The bitmask of named tactics. Raises KeyError naming what is no tactic."""
    mask = 0
    for tactic in tactics:
        mask |= BIT[tactic]
    return mask


@lru_cache(maxsize=4096)
def mask_of_names(tactics: tuple[str, ...]) -> int:
    """The same, remembered: a log repeats its few hundred sets."""
    return mask_of(tactics)


def tactics_of(mask: int) -> tuple[Tactic, ...]:
    """The tactics in a bitmask, in the fixed order."""
    return tuple(tactic for place, tactic in enumerate(TACTICS) if mask >> place & 1)


@dataclass(frozen=True, slots=True)
class Crisis:
    """What the safety layer did at a message; never its words."""

    layers: tuple[str, ...]
    cards: int


@dataclass(frozen=True, slots=True)
class Said:
    """A message. Messages of one conversation come in their order, those of several may be mixed."""

    conversation: str
    place: int
    """Its number in the conversation, from 0, the person's messages counted."""
    supporter: bool
    text: str | None = None
    """None where the source holds labels only."""
    sentences: tuple[int, ...] | None = None
    """The tactics of each sentence; None where nobody has tagged it."""
    words: int | None = None
    """Where there is no text."""
    model: str | None = None
    condition: str | None = None
    empathy: Empathy = UNRATED
    """NaN where nobody has rated it."""
    crisis: Crisis | None = None
    repeats: tuple[int, int] = (0, 0)
    """In a conversation in which the safety layer fired before: sentences, and those that had been said before."""
