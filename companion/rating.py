"""How a reply would be judged: the six dimensions of the Lend-an-Ear study, 1 to 5, by the encoder that ships."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from companion.encoder import Encoder


@dataclass(frozen=True, slots=True)
class Empathy:
    """Ratings from 1 to 5. More of the first three is kinder, more of the last three is not."""

    validating_emotions: float
    encouraging_elaboration: float
    demonstrating_understanding: float
    advice_giving: float
    """Advice nobody asked for."""
    self_oriented: float
    dismissing_emotions: float

    @property
    def aggregate(self) -> float:
        """The mean with the last three reversed (6 - x); source: arXiv 2604.11742, evaluation."""
        values: tuple[float, ...] = astuple(self)
        return (sum(values[:3]) + sum(6 - value for value in values[3:])) / 6


class Rater:
    """Rates replies to messages."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    def rate(self, exchanges: Sequence[tuple[str, str]]) -> list[Empathy]:
        """For each (message, reply) its ratings. The message may be empty; the ratings are less sure then."""
        return [Empathy(*(float(value) for value in row)) for row in self._encoder.empathy(exchanges)]
