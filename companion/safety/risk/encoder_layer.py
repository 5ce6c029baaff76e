"""The encoder's view of how much danger a message speaks of: one signal among several, never the only one.

The ladder is the C-SSRS screener's, collapsed to what a small model can learn (safety_and_measures.md, 1.3): 0 none,
1 a wish to be dead or thoughts of it, 3 said in so many words or with a method, 4 intent or a plan. It must not be
shown to the person as a score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from companion.encoder import Encoder


@dataclass(frozen=True, slots=True)
class RiskReading:
    """The highest step of the ladder whose probability reaches its threshold, and all of them."""

    level: int
    probabilities: dict[int, float]
    """For each step, the probability of this level or a higher one."""
    weighed: bool = True
    """Whether the head was taught ordinary talk, too (`training.risk_head`): only then it is weighed."""


class RiskReader:
    """Reads messages with what was said before them."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    def read(self, messages: Sequence[tuple[str, str]]) -> list[RiskReading]:
        """For each (previous message or "", message) its reading."""
        card = self._encoder.card
        found = []
        for row in self._encoder.risk(messages):
            reached = [
                level
                for level, value, threshold in zip(card.risk_levels, row, card.risk_thresholds, strict=True)
                if value >= threshold
            ]
            probabilities = {level: float(value) for level, value in zip(card.risk_levels, row, strict=True)}
            found.append(RiskReading(max(reached, default=0), probabilities, card.risk_weighed))
        return found
