"""How many ways on can be tried for a sentence, so that it still appears soon enough."""

from __future__ import annotations

SLOWER_PER_ROW = 0.45
"""One more candidate makes a step of decoding about this much slower (2.4 times for four), until it is measured."""
USUAL_SENTENCE = 20.0
"""Tokens of a sentence, until some were seen."""
WEIGHT = 0.3
"""Share of the newest measurement in a running mean."""


class Pace:
    """Measured speed, and the number of candidates it allows."""

    def __init__(self, most: int, seconds: float) -> None:
        """At most `most` candidates; a sentence should take at most `seconds`."""
        self.most, self.seconds = most, seconds
        self._step: dict[int, float] = {}
        self._tokens = USUAL_SENTENCE

    @property
    def measured(self) -> bool:
        return bool(self._step)

    def note(self, candidates: int, steps: int, seconds: float) -> None:
        """`steps` steps of decoding with so many candidates took so long."""
        if steps > 0:
            latest = seconds / steps
            self._step[candidates] = latest + (1 - WEIGHT) * (self._step.get(candidates, latest) - latest)

    def note_sentence(self, steps: int) -> None:
        """The longest candidate of a sentence took so many steps."""
        self._tokens += WEIGHT * (steps - self._tokens)

    def sentence(self, candidates: int) -> float:
        """Seconds a sentence is expected to take with so many candidates; 0 before anything was measured."""
        if not self._step:
            return 0.0
        nearest = min(self._step, key=lambda known: abs(known - candidates))
        slower = _slower(candidates) / _slower(nearest)
        return self._tokens * self._step[nearest] * slower

    @property
    def candidates(self) -> int:
        """As many as keep a sentence within the bound, at least one."""
        return next((count for count in range(self.most, 1, -1) if self.sentence(count) <= self.seconds), 1)


def _slower(candidates: int) -> float:
    return 1 + SLOWER_PER_ROW * (candidates - 1)
