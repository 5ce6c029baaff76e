"""How many ways on can be tried for a sentence, so that it still appears soon enough."""

from __future__ import annotations

SLOWER_PER_ROW = 0.45
"""One more candidate makes a step of decoding about this much slower (2.4 times for four)."""
USUAL_SENTENCE = 20.0
"""Tokens of a sentence, until some were seen."""
WEIGHT = 0.3
"""Share of the newest measurement in a running mean."""


class Pace:
    """Measured speed, and the number of candidates it allows."""

    def __init__(self, most: int, seconds: float) -> None:
        """At most `most` candidates; a sentence should take at most `seconds`."""
        self.most, self.seconds = most, seconds
        self._step: float | None = None  # seconds of a step with one candidate
        self._tokens = USUAL_SENTENCE

    @property
    def measured(self) -> bool:
        return self._step is not None

    def note(self, candidates: int, steps: int, seconds: float) -> None:
        """`steps` steps of decoding with so many candidates took so long.

        One figure serves all numbers of candidates: one of a number that is no longer tried would never change.
        """
        if steps > 0:
            latest = seconds / steps / _slower(candidates)
            before = latest if self._step is None else self._step
            self._step = before + WEIGHT * (latest - before)

    def note_sentence(self, steps: int) -> None:
        """The longest candidate of a sentence took so many steps."""
        self._tokens += WEIGHT * (steps - self._tokens)

    def sentence(self, candidates: int) -> float:
        """Seconds a sentence is expected to take with so many candidates; 0 before anything was measured."""
        return self._tokens * (self._step or 0.0) * _slower(candidates)

    @property
    def candidates(self) -> int:
        """As many as keep a sentence within the bound, at least one."""
        return next((count for count in range(self.most, 1, -1) if self.sentence(count) <= self.seconds), 1)


def _slower(candidates: int) -> float:
    return 1 + SLOWER_PER_ROW * (candidates - 1)
