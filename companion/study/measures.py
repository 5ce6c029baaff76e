"""How much replies repeat each other: their moves, their openings, their length. Structures in, numbers out.

Every figure is a function of sums over conversations. A `Measure` keeps those sums apart by conversation (or by turn,
or by group of conversations: by unit), so that drawing units again (`companion.study.bootstrap`) is a matrix product
and not ten thousand recounts.

Source of stickiness: arXiv 2604.11742, evaluation. Chance correction, set repetition and openers are ours: the
published figure rises with the number of moves in a turn, however they come about.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from companion.study.said import SETS, WIDTH, Said, mask_of
from companion.study.table import UNKNOWN, Integers, Masks, Openers, Table, Words, table_of
from planner.ledger import words_of
from planner.tactics import TACTICS, Tactic

Floats = NDArray[np.float64]
Pair = tuple[frozenset[Tactic], frozenset[Tactic]]
"""Tactics of the turn before, and of the turn."""

BITS = (np.arange(SETS)[:, None] >> np.arange(WIDTH) & 1).astype(np.float64)
"""(SETS, 10): whether set m has tactic t."""
SIZE = BITS.sum(axis=1)
"""(SETS,): how many tactics a set has."""
KAPPA, KEPT, CHANCE, LIFT = "kappa", "stickiness", "chance", "lift"


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


@dataclass(frozen=True, slots=True)
class Units:
    """What is drawn again: `of` says to which of `count` units each row belongs."""

    of: Integers  # (N,) of rows
    count: int

    def at(self, rows: Integers) -> Units:
        """The units of some of the rows."""
        return Units(self.of[rows], self.count)


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure, as sums by unit and what is made of their total. NaN where there is nothing to count."""

    parts: Floats  # (units, K)
    of: Callable[[Floats], Floats]  # totals (N, K) -> figures (N,)

    @property
    def value(self) -> float:
        """Over all units, each counted once."""
        return float(self.of(self.parts.sum(axis=0, keepdims=True))[0])


# -- from conversations at hand ---------------------------------------------------------------------------------------


def measures(conversations: Conversations, words: Words = words_of) -> dict[str, Measure]:
    """Every figure of the replies among themselves (own history), by name."""
    table = table_from(conversations, words)
    units = Units(table.owner, len(table.conversations))
    rows = table.follows
    found = novelty(table)
    rated = [[turn.empathy for turn in turns if turn.empathy is not None] for turns in conversations]
    return {
        **stickiness(own_pairs(conversations)),
        "jaccard": jaccard_of(table.tactics[rows - 1], table.tactics[rows], units.at(rows)),
        "novelty": mean_of(found[rows], units.at(rows)),
        **openers_of(table.openers, units),
        "words_per_turn": mean_of(table.words, units),
        "tactics_per_turn": mean_of(SIZE[table.tactics], units),
        "empathy": mean(rated),
    }


def table_from(conversations: Conversations, words: Words = words_of) -> Table:
    """The table of conversations at hand; row k of its conversations is conversation k."""
    digits = len(str(len(conversations)))
    said = [
        Said(f"{number:0{digits}}", place, True, turn.text, tuple(mask_of(tactics) for tactics in turn.sentences))
        for number, turns in enumerate(conversations)
        for place, turn in enumerate(turns)
    ]
    table = table_of(said, words=words)
    if len(table.conversations) == len(conversations):
        return table
    names = tuple(f"{number:0{digits}}" for number in range(len(conversations)))  # with those nobody spoke in
    owner = np.array([int(name) for name in table.conversations], np.int64)[table.owner]
    return Table(**{name: getattr(table, name) for name in Table.__slots__} | {"conversations": names, "owner": owner})


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
    """`stickiness_of` for the pairs of each conversation."""
    both = list(chain.from_iterable(pairs))
    before, now = (np.array([mask_of(pair[side]) for pair in both], np.uint16) for side in (0, 1))
    owner = np.repeat(np.arange(len(pairs)), [len(part) for part in pairs])
    found = stickiness_of(before, now, Units(owner, len(pairs)))
    return {name: found[name] for name in (KEPT, CHANCE, KAPPA)}


def jaccard(pairs: Sequence[Sequence[Pair]]) -> Measure:
    """|A n B| / |A u B| of each turn and the one before, on average, leaving out where neither has any tactic."""
    return mean([[len(a & b) / len(a | b) for a, b in part if a | b] for part in pairs])


def novelty_by_turn(conversations: Conversations) -> list[Measure]:
    """For each place in a conversation, the share of a turn's tactics that no earlier turn of it had."""
    table = table_from(conversations)
    return by_turn(novelty(table), table, Units(table.owner, len(table.conversations)))


def openers(conversations: Conversations, words: Words = words_of) -> dict[str, Measure]:
    """`openers_of` for conversations at hand."""
    table = table_from(conversations, words)
    return openers_of(table.openers, Units(table.owner, len(table.conversations)))


def mean(values: Sequence[Sequence[float]]) -> Measure:
    """The mean of the values of all conversations together."""
    parts = np.array([[sum(part), len(part)] for part in values], np.float64).reshape(-1, 2)
    return Measure(parts, quotient)


# -- from a table -----------------------------------------------------------------------------------------------------


def sums(units: Units, *columns: Floats | NDArray[np.bool_] | Integers) -> Floats:
    """(units, columns): the columns' sums by unit."""
    return np.stack([np.bincount(units.of, column, units.count) for column in columns], axis=1).astype(np.float64)


def mean_of(values: Floats | Integers | NDArray[np.bool_], units: Units) -> Measure:
    """The mean of (N,) values of rows; NaN and UNKNOWN are left out."""
    known = values != UNKNOWN if values.dtype == np.int64 else ~np.isnan(values.astype(np.float64))
    return Measure(sums(units, np.where(known, values, 0), known), quotient)


def stickiness_of(before: Masks, now: Masks, units: Units) -> dict[str, Measure]:
    """S, S0, lift = S / S0 and kappa = (S - S0) / (1 - S0), from (P,) tactics of the turn before and of the turn.

    S is the mean over tactics t of P(t in this turn | t in the turn before); S0 the mean over the same tactics of
    P(t in this turn). Only tactics that some turn before has are counted, both times. `by_tactic` gives the shares
    of single tactics from the same sums.
    """
    a, b = BITS[before], BITS[now]
    columns = [(a * b)[:, t] for t in range(WIDTH)] + [a[:, t] for t in range(WIDTH)] + [b[:, t] for t in range(WIDTH)]
    parts = sums(units, *columns, np.ones(len(now)))
    return {
        KEPT: Measure(parts, _kept),
        CHANCE: Measure(parts, _chance),
        LIFT: Measure(parts, lambda totals: share(_kept(totals), _chance(totals))),
        KAPPA: Measure(parts, lambda totals: share(_kept(totals) - _chance(totals), 1 - _chance(totals))),
    }


def by_tactic(parts: Floats) -> dict[str, dict[str, Measure]]:
    """Of the sums of `stickiness_of`: for each tactic, how often it is kept, met, and both corrected for chance."""
    return {
        tactic.value: {
            KEPT: Measure(parts, partial(_kept_of, tactic=t)),
            CHANCE: Measure(parts, partial(_chance_of, tactic=t)),
            KAPPA: Measure(parts, partial(_kappa_of, tactic=t)),
        }
        for t, tactic in enumerate(TACTICS)
    }


def jaccard_of(before: Masks, now: Masks, units: Units) -> Measure:
    """|A n B| / |A u B| over (P,) pairs, on average, leaving out where neither has any tactic."""
    either = SIZE[before | now]
    return mean_of(share(SIZE[before & now], either), units)


def novelty(table: Table) -> Floats:
    """(N,) |A \\ H| / |A|: share of each turn's tactics that are new in the conversation; NaN without any."""
    turn = table.turn
    order = np.argsort(turn, kind="stable")
    ends = np.searchsorted(turn[order], np.arange(1, int(turn.max(initial=-1)) + 2))
    seen = np.zeros(len(table.conversations), np.uint16)
    new = np.zeros(len(table), np.uint16)
    start = 0
    for end in ends:  # one turn of every conversation at a time
        rows = order[start:end]
        owners, tactics = table.owner[rows], table.tactics[rows]
        new[rows] = tactics & ~seen[owners]
        seen[owners] |= tactics
        start = end
    return share(SIZE[new], SIZE[table.tactics])


def by_turn(values: Floats, table: Table, units: Units, most: int | None = None) -> list[Measure]:
    """The mean of (N,) values at each place in a conversation, at most `most` of them."""
    turn = table.turn
    places = int(turn.max(initial=-1)) + 1
    found = []
    for place in range(places if most is None else min(most, places)):
        rows = np.flatnonzero(turn == place)
        found.append(mean_of(values[rows], units.at(rows)))
    return found


def openers_of(openers: Openers, units: Units) -> dict[str, Measure]:
    """`top_opener`, the share of the commonest first three words, and `opener_entropy` in bits.

    Both are of all replies together, whatever their conversation; replies without words are left out. The entropy is
    the mean of -log2 p over replies, p the share of the reply's opener among all: sums of two columns, however many
    openers there are, and a draw, which holds fewer different ones, does not lower it.
    """
    known = openers.of != UNKNOWN
    rows = np.flatnonzero(known)
    counts = np.bincount(openers.of[rows], minlength=max(len(openers.names), 1)).astype(np.float64)
    top = int(counts.argmax())
    surprise = np.log2(max(len(rows), 1)) - np.log2(counts[openers.of[rows]])
    of_rows = units.at(rows)
    return {"top_opener": mean_of(openers.of[rows] == top, of_rows), "opener_entropy": mean_of(surprise, of_rows)}


def entropy_of(counts: Floats) -> Floats:
    """In bits, of each row of (N, K) counts; log2(n) - sum(x log2 x) / n."""
    count: Floats = counts.sum(axis=1)
    spread: Floats = (counts * np.log2(np.maximum(counts, 1e-300))).sum(axis=1)
    return np.log2(np.maximum(count, 1e-300)) - share(spread, count)


def _kept(totals: Floats) -> Floats:
    kept, met = totals[:, :WIDTH], totals[:, WIDTH : 2 * WIDTH]
    return _mean_where(met > 0, kept / np.where(met > 0, met, 1))


def _chance(totals: Floats) -> Floats:
    met, now, pairs = totals[:, WIDTH : 2 * WIDTH], totals[:, 2 * WIDTH : -1], totals[:, -1:]
    return _mean_where(met > 0, now / np.maximum(pairs, 1))


def _kept_of(totals: Floats, tactic: int) -> Floats:
    return share(totals[:, tactic], totals[:, WIDTH + tactic])


def _chance_of(totals: Floats, tactic: int) -> Floats:
    return share(totals[:, 2 * WIDTH + tactic], totals[:, -1])


def _kappa_of(totals: Floats, tactic: int) -> Floats:
    chance = _chance_of(totals, tactic)
    return share(_kept_of(totals, tactic) - chance, 1 - chance)


def _mean_where(counted: NDArray[np.bool_], values: Floats) -> Floats:
    """Row means of the values that count."""
    return share(np.where(counted, values, 0).sum(axis=1), counted.sum(axis=1).astype(np.float64))


def quotient(totals: Floats) -> Floats:
    return share(totals[:, 0], totals[:, 1])


def share(part: Floats, whole: Floats) -> Floats:
    """Quotients; NaN where the whole is 0."""
    shares: Floats = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole != 0)
    return shares
