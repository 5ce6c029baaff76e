"""Percentile intervals by drawing whole conversations again, with replacement.

Turns of one conversation are not independent; conversations are. Every figure of one call is computed on the same
draws, and a difference is taken within each draw, so that what two conditions share does not widen its interval.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from companion.study.measures import Floats, Measure

RESAMPLES = 10_000
LEVEL = 0.95
CELLS = 4_000_000
"""Entries of a block of draws: 32 MB."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its interval; NaN where it is not defined."""

    value: float
    low: float
    high: float


def estimates(measures: Mapping[str, Measure], resamples: int = RESAMPLES, seed: int = 0) -> dict[str, Estimate]:
    """Each measure with its interval. All must be of the same conversations."""
    drawn = _drawn(measures, resamples, seed)
    return {name: _estimate(measure.value, drawn[name]) for name, measure in measures.items()}


def differences(
    ours: Mapping[str, Measure], theirs: Mapping[str, Measure], resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, Estimate]:
    """Ours minus theirs for the measures that both have, where row k of both is conversation k (paired).

    Raises ValueError when the numbers of conversations differ.
    """
    names = [name for name in ours if name in theirs]
    both = {f"+{name}": ours[name] for name in names} | {f"-{name}": theirs[name] for name in names}
    drawn = _drawn(both, resamples, seed)
    return {
        name: _estimate(ours[name].value - theirs[name].value, drawn[f"+{name}"] - drawn[f"-{name}"]) for name in names
    }


def draws(conversations: int, resamples: int, seed: int) -> Iterator[Floats]:
    """Blocks of (draws, conversations): how often each conversation is in each draw."""
    random = np.random.default_rng(seed)
    most = max(1, CELLS // max(conversations, 1))
    for start in range(0, resamples, most):
        rows = min(most, resamples - start)
        drawn = random.integers(0, conversations, (rows, conversations))
        drawn += np.arange(rows)[:, None] * conversations
        yield np.bincount(drawn.ravel(), minlength=rows * conversations).reshape(rows, conversations).astype(np.float64)


def _drawn(measures: Mapping[str, Measure], resamples: int, seed: int) -> dict[str, Floats]:
    """The value of each measure in each draw: (resamples,)."""
    sizes = {len(measure.parts) for measure in measures.values()}
    if len(sizes) > 1:
        raise ValueError(f"The measures are of different numbers of conversations: {sorted(sizes)}.")
    conversations = sizes.pop() if sizes else 0
    if not conversations:
        return {name: np.full(resamples, np.nan) for name in measures}
    found: dict[str, list[Floats]] = {name: [] for name in measures}
    for counts in draws(conversations, resamples, seed):
        for name, measure in measures.items():
            found[name].append(measure.of(counts @ measure.parts))
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _estimate(value: float, drawn: Floats) -> Estimate:
    """Draws in which the figure is not defined are left out."""
    defined = drawn[~np.isnan(drawn)]
    if np.isnan(value) or not len(defined):
        return Estimate(value, np.nan, np.nan)
    low, high = np.quantile(defined, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(value, float(low), float(high))
