"""Measures of a reader: F1 and thresholds, rank correlation. Arrays in, numbers out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

GRID = np.concatenate([np.arange(0.02, 0.1, 0.01), np.arange(0.1, 0.96, 0.02)])
"""Thresholds that are tried."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one label: true and false positives, false and true negatives."""

    tp: int
    fp: int
    fn: int
    tn: int

    @classmethod
    def of(cls, said: Bools, true: Bools) -> Counts:
        return cls(int((said & true).sum()), int((said & ~true).sum()), int((~said & true).sum()),
                   int((~said & ~true).sum()))  # fmt: skip

    @property
    def precision(self) -> float:
        return _share(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        return _share(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float:
        """Of the positive class; 0 where nothing is true and nothing was said."""
        return _share(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def both_f1(self) -> float:
        """Mean of the positive and the negative class's F1."""
        return (self.f1 + _share(2 * self.tn, 2 * self.tn + self.fp + self.fn)) / 2

    @property
    def support(self) -> int:
        return self.tp + self.fn


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


@dataclass(frozen=True, slots=True)
class Judged:
    """Probabilities and truth of some sentences for every label, and which group (a reply) each belongs to."""

    probabilities: Floats  # (N, labels)
    true: Bools  # (N, labels)
    groups: NDArray[np.int64]  # (N,)

    def counts(self, thresholds: Sequence[float]) -> list[Counts]:
        said = self.probabilities >= np.asarray(thresholds)
        return [Counts.of(said[:, k], self.true[:, k]) for k in range(self.true.shape[1])]

    def curve(self, label: int) -> Floats:
        """F1 of one label at every threshold of the grid."""
        said = self.probabilities[:, label][None, :] >= GRID[:, None]
        true = self.true[:, label][None, :]
        both = (said & true).sum(1)
        return np.asarray(2 * both / np.maximum(said.sum(1) + true.sum(1), 1), np.float64)


def macro(counts: Sequence[Counts]) -> float:
    """Mean F1 of the positive class."""
    return float(np.mean([count.f1 for count in counts]))


def choose(judged: Sequence[tuple[Judged, float]], trusted: float = 20.0) -> list[float]:
    """A threshold for each label: where the weighted mean of the F1 curves is highest, its plateau's middle.

    `judged` holds validation sets with a weight each. A set counts for a label by its weight and by how many
    positives it has (n / (n + trusted)): the threshold of a rare tactic is not decided by two sentences.
    """
    labels = judged[0][0].true.shape[1]
    chosen = []
    for label in range(labels):
        total = np.zeros(len(GRID))
        for part, weight in judged:
            positives = int(part.true[:, label].sum())
            if positives:
                total += weight * positives / (positives + trusted) * _smooth(part.curve(label))
        best = np.flatnonzero(total >= total.max() - 0.002)
        chosen.append(float(GRID[best[len(best) // 2]]))
    return chosen


def _smooth(curve: Floats) -> Floats:
    """The mean over neighbouring thresholds, so that one lucky sentence makes no peak."""
    padded = np.pad(curve, 2, mode="edge")
    return np.convolve(padded, np.ones(5) / 5, mode="valid")


def crossed(
    human: Judged, others: Sequence[tuple[Judged, float]], weight: float, trusted: float = 20.0, folds: int = 5
) -> list[Counts]:
    """Counts on `human` where each reply is judged with thresholds chosen without its fold."""
    groups = np.unique(human.groups)
    said = np.zeros_like(human.true)
    for fold in range(folds):
        inside = np.isin(human.groups, groups[fold::folds])
        rest = Judged(human.probabilities[~inside], human.true[~inside], human.groups[~inside])
        said[inside] = human.probabilities[inside] >= np.asarray(choose([(rest, weight), *others], trusted))
    return [Counts.of(said[:, k], human.true[:, k]) for k in range(human.true.shape[1])]


def ranks(values: Floats) -> Floats:
    """Ranks from 1, equal values sharing the mean rank."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    ends = np.r_[starts[1:], len(values)]
    found = np.empty(len(values))
    for start, end in zip(starts, ends, strict=True):
        found[order[start:end]] = (start + end + 1) / 2
    return found


def pearson(a: Floats, b: Floats) -> float:
    """Linear correlation; 0 where one side does not vary."""
    x, y = a - a.mean(), b - b.mean()
    length = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / length if length else 0.0


def spearman(a: Floats, b: Floats) -> float:
    """Rank correlation."""
    return pearson(ranks(np.asarray(a, np.float64)), ranks(np.asarray(b, np.float64)))
