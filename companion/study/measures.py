"""How much replies repeat each other: their moves, their openings, their length. Structures in, numbers out.

Every figure is a function of sums over conversations. A `Measure` keeps those sums apart by conversation, so that
drawing conversations again (`companion.study.bootstrap`) is a matrix product and not ten thousand recounts.

Source of stickiness: arXiv 2604.11742, evaluation. Chance correction, set repetition and openers are ours: the
published figure rises with the number of moves in a turn, however they come about.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from planner.ledger import OPENER_WORDS, words_of
from planner.tactics import TACTICS, Tactic

Floats = NDArray[np.float64]
Pair = tuple[frozenset[Tactic], frozenset[Tactic]]
"""Tactics of the turn before, and of the turn."""

_PLACE = {tactic: place for place, tactic in enumerate(TACTICS)}
_WIDTH = len(TACTICS)


@dataclass(frozen=True, slots=True)
class Turn:
    """A reply: its text, the tactics of each of its sentences, and how it is rated, where it is (1..5)."""

    text: str
    sentences: tuple[frozenset[Tactic], ...]
    empathy: float | None = None

    @property
    def tactics(self) -> frozenset[Tactic]:
        """Every tactic of the turn, once."""
        return frozenset().union(*self.sentences)


Conversations = Sequence[Sequence[Turn]]
"""The replies of each conversation, in order."""

Words = Callable[[str], list[str]]
"""How a text is taken apart into words."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure, as sums by conversation and what is made of their total. NaN where there is nothing to count."""

    parts: Floats  # (conversations, K)
    of: Callable[[Floats], Floats]  # totals (N, K) -> figures (N,)

    @property
    def value(self) -> float:
        """Over all conversations, each counted once."""
        return float(self.of(self.parts.sum(axis=0, keepdims=True))[0])


def measures(conversations: Conversations, words: Words = words_of) -> dict[str, Measure]:
    """Every figure of the replies among themselves (own history), by name."""
    pairs = own_pairs(conversations)
    return {
        **stickiness(pairs),
        "jaccard": jaccard(pairs),
        "novelty": mean([[new for new in _novelty(turns)[1:] if new is not None] for turns in conversations]),
        **openers(conversations, words),
        "words_per_turn": mean([[len(words(turn.text)) for turn in turns] for turns in conversations]),
        "tactics_per_turn": mean([[len(turn.tactics) for turn in turns] for turns in conversations]),
        "empathy": mean([[turn.empathy for turn in turns if turn.empathy is not None] for turns in conversations]),
    }


def own_pairs(conversations: Conversations) -> list[list[Pair]]:
    """Each turn after the same speaker's turn before it."""
    return [[(a.tactics, b.tactics) for a, b in pairwise(turns)] for turns in conversations]


def reference_pairs(reference: Conversations, conversations: Conversations) -> list[list[Pair]]:
    """Each turn after what the reference said one turn before, at the same place of the same conversation.

    The published protocol, where the reference is the human supporter and every reply answers the human history.
    Raises ValueError when the two differ in their number of conversations or turns.
    """
    return [
        [(a.tactics, b.tactics) for (a, _), (_, b) in pairwise(list(zip(theirs, ours, strict=True)))]
        for theirs, ours in zip(reference, conversations, strict=True)
    ]


def stickiness(pairs: Sequence[Sequence[Pair]]) -> dict[str, Measure]:
    """`stickiness` S, `chance` S0 and `kappa` = (S - S0) / (1 - S0), from the pairs of each conversation.

    S is the mean over tactics t of P(t in this turn | t in the turn before); S0 the mean over the same tactics of
    P(t in this turn). Only tactics that some turn before has are counted, both times.
    """
    owners = np.repeat(np.arange(len(pairs)), [len(part) for part in pairs])
    before = _incidence([a for a, _ in chain.from_iterable(pairs)])
    now = _incidence([b for _, b in chain.from_iterable(pairs)])
    columns = np.hstack([before * now, before, now, np.ones((len(now), 1))])
    parts = np.zeros((len(pairs), columns.shape[1]))
    np.add.at(parts, owners, columns)
    return {
        "stickiness": Measure(parts, _kept),
        "chance": Measure(parts, _chance),
        "kappa": Measure(parts, lambda totals: _share(_kept(totals) - _chance(totals), 1 - _chance(totals))),
    }


def jaccard(pairs: Sequence[Sequence[Pair]]) -> Measure:
    """|A n B| / |A u B| of each turn and the one before, on average, leaving out where neither has any tactic."""
    return mean([[len(a & b) / len(a | b) for a, b in part if a | b] for part in pairs])


def novelty_by_turn(conversations: Conversations) -> list[Measure]:
    """For each place in a conversation, the share of a turn's tactics that no earlier turn of it had."""
    found = [_novelty(turns) for turns in conversations]
    return [
        mean([[new for new in part[place : place + 1] if new is not None] for part in found])
        for place in range(max(map(len, found), default=0))
    ]


def openers(conversations: Conversations, words: Words = words_of) -> dict[str, Measure]:
    """`top_opener`, the share of the commonest first three words, and `opener_entropy` in bits.

    Both are of all replies together, whatever their conversation; replies without words are left out. The parts are
    (conversations, distinct openers). A draw of conversations holds fewer distinct openers than there are: the interval
    of the entropy lies low, that of the share high.
    """
    opened = [
        [" ".join(first) for turn in turns if (first := words(turn.text)[:OPENER_WORDS])] for turns in conversations
    ]
    places = {opener: place for place, opener in enumerate(dict.fromkeys(chain.from_iterable(opened)))}
    parts = np.zeros((len(opened), len(places)))
    for row, part in enumerate(opened):
        for opener in part:
            parts[row, places[opener]] += 1
    return {"top_opener": Measure(parts, _top), "opener_entropy": Measure(parts, _entropy)}


def mean(values: Sequence[Sequence[float]]) -> Measure:
    """The mean of the values of all conversations together."""
    parts = np.array([[sum(part), len(part)] for part in values], np.float64).reshape(-1, 2)
    return Measure(parts, lambda totals: _share(totals[:, 0], totals[:, 1]))


def _novelty(turns: Sequence[Turn]) -> list[float | None]:
    """Share of each turn's tactics that are new in the conversation; None for a turn without any."""
    seen: set[Tactic] = set()
    found = []
    for turn in turns:
        tactics = turn.tactics
        found.append(len(tactics - seen) / len(tactics) if tactics else None)
        seen |= tactics
    return found


def _incidence(sets: Sequence[frozenset[Tactic]]) -> Floats:
    """(N, 10), 1 where the tactic is there."""
    found = np.zeros((len(sets), _WIDTH))
    for row, tactics in enumerate(sets):
        found[row, [_PLACE[tactic] for tactic in tactics]] = 1
    return found


def _kept(totals: Floats) -> Floats:
    kept, met = totals[:, :_WIDTH], totals[:, _WIDTH : 2 * _WIDTH]
    return _mean_where(met > 0, kept / np.maximum(met, 1))


def _chance(totals: Floats) -> Floats:
    met, now, pairs = totals[:, _WIDTH : 2 * _WIDTH], totals[:, 2 * _WIDTH : -1], totals[:, -1:]
    return _mean_where(met > 0, now / np.maximum(pairs, 1))


def _mean_where(counted: NDArray[np.bool_], values: Floats) -> Floats:
    """Row means of the values that count."""
    return _share(np.where(counted, values, 0).sum(axis=1), counted.sum(axis=1).astype(np.float64))


def _top(totals: Floats) -> Floats:
    commonest: Floats = totals.max(axis=1, initial=0)
    return _share(commonest, totals.sum(axis=1))


def _entropy(totals: Floats) -> Floats:
    """In bits; log2(n) - sum(x log2 x) / n."""
    count: Floats = totals.sum(axis=1)
    spread: Floats = (totals * np.log2(np.maximum(totals, 1))).sum(axis=1)
    most: Floats = np.log2(np.maximum(count, 1))
    return most - _share(spread, count)


def _share(part: Floats, whole: Floats) -> Floats:
    """Quotients; NaN where the whole is 0."""
    shares: Floats = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole != 0)
    return shares
