"""MINT's novelty signals over tactic counts, in nats (arXiv 2604.11742); 0 where there is nothing to measure.

Conventions for sentences that carry several tactics. Counts are sentence-tactic pairs. A transition is any
pair (a, b) with a in one sentence and b in the very next one, a chain any triple over three sentences in a
row: a sentence with two tactics followed by one with three makes six transitions. A sentence without tactics
makes none and is not bridged, and nothing is counted across turns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from math import log

from planner.ledger import TurnRecord
from planner.tactics import TACTICS, Tactic

ALPHA = 0.1
"""Laplace smoothing: added to the count of each of the ten tactics."""

KL_CAP = 5.0

Counts = Mapping[Tactic, int]


def kl(current: Counts, history: Counts) -> float:
    """KL(Q || P) in nats, Q the current counts and P the history's, both with +ALPHA on each of ten tactics.

    MINT takes the counts of the *last* turn as history. 0 for a reply without tactics, at most KL_CAP.
    """
    if not any(current.values()):
        return 0.0
    q, p = _smoothed(current), _smoothed(history)
    divergence = sum(q[t] * log(q[t] / p[t]) for t in TACTICS)
    return min(KL_CAP, max(0.0, divergence))  # equal distributions may sum to -1e-17


def entropy(counts: Counts) -> float:
    """H = -sum p log p over the tactics of a reply, in nats, without smoothing; from 0 to log 10."""
    total = sum(counts.values())
    return sum(count / total * log(total / count) for count in counts.values() if count)


def bigram_surprisal(turn: TurnRecord, history: Sequence[TurnRecord]) -> float:
    """Mean of -log P(b | a) over the transitions of a turn; P from the history's, with +ALPHA on each b."""
    return _surprisal(turn, history, length=2)


def trigram_surprisal(turn: TurnRecord, history: Sequence[TurnRecord]) -> float:
    """Mean of -log P(c | a, b) over the chains of a turn; P from the history's, with +ALPHA on each c."""
    return _surprisal(turn, history, length=3)


def _smoothed(counts: Counts) -> dict[Tactic, float]:
    total = sum(counts.values()) + ALPHA * len(TACTICS)
    return {tactic: (counts.get(tactic, 0) + ALPHA) / total for tactic in TACTICS}


def _chains(turn: TurnRecord, length: int) -> Iterator[tuple[Tactic, ...]]:
    """Every run of tactics over `length` sentences in a row; sets are read in the fixed order."""
    ordered = [[t for t in TACTICS if t in sentence] for sentence in turn.sentences]
    for start in range(len(ordered) - length + 1):
        yield from product(*ordered[start : start + length])


def _surprisal(turn: TurnRecord, history: Iterable[TurnRecord], length: int) -> float:
    seen = Counter(chain for past in history for chain in _chains(past, length))
    context = Counter[tuple[Tactic, ...]]()
    for chain, count in seen.items():
        context[chain[:-1]] += count
    surprisals = [
        log((context[chain[:-1]] + ALPHA * len(TACTICS)) / (seen[chain] + ALPHA)) for chain in _chains(turn, length)
    ]
    return sum(surprisals) / len(surprisals) if surprisals else 0.0
