"""What follows what: entropies, transitions and chains of tactics, MINT's novelty signals, sequences of whole turns.

Conventions for sentences that carry several tactics are those of `planner.novelty`: a transition is any pair (a, b)
with a in one sentence and b in the very next one of the same turn, a chain any triple over three in a row; a sentence
without tactics makes none and is not bridged. Formulas: arXiv 2604.11742 (signals); the entropies are plain.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import log

import numpy as np

from companion.study.measures import SIZE, Floats, Measure, Units, entropy_of, mean_of, quotient, share, sums
from companion.study.said import SETS, WIDTH, tactics_of
from companion.study.table import Integers, Table
from planner.novelty import ALPHA, KL_CAP

BLOCK = 50_000
"""About how many sentences are looked at at once: what is made of them takes memory too."""
_LISTS = np.array([list(range(WIDTH))] * SETS, np.int64)
for _mask in range(SETS):
    _of = [place for place in range(WIDTH) if _mask >> place & 1]
    _LISTS[_mask, : len(_of)] = _of
_ODD = np.uint64(0x9E3779B97F4A7C15)
_COUNT = SIZE.astype(np.int64)


@dataclass(frozen=True, slots=True)
class Chains:
    """Every run of tactics over some sentences in a row: the reply, and the tactics as the digits of a number."""

    row: Integers  # (M,)
    code: Integers  # (M,) base WIDTH


def chains(table: Table, length: int, begin: int = 0, end: int | None = None) -> Chains:
    """All runs over `length` sentences in a row of the same reply, for the replies `begin` to `end`."""
    starts = table.starts[begin : None if end is None else end + 1]
    row_of = np.repeat(np.arange(begin, begin + len(starts) - 1), np.diff(starts))
    sentences = table.sentences[starts[0] : starts[-1]]
    first = np.arange(max(0, len(row_of) - length + 1))
    first = first[row_of[first] == row_of[first + length - 1]]
    code = np.zeros(len(first), np.int64)
    for offset in range(length):
        masks = sentences[first + offset]
        count = _COUNT[masks]
        again = np.repeat(np.arange(len(first)), count)
        which = np.arange(len(again)) - np.repeat(np.cumsum(count) - count, count)
        code = code[again] * WIDTH + _LISTS[masks[again], which]
        first = first[again]
    return Chains(row_of[first], code)


def pieces(table: Table) -> Iterator[tuple[int, int]]:
    """The rows (begin, end) of parts of whole conversations with about BLOCK sentences each."""
    begins = np.flatnonzero(np.diff(table.owner, prepend=-1))
    sentences = table.starts[begins]
    start = 0
    while start < len(begins):
        stop = max(start + 1, int(np.searchsorted(sentences, sentences[start] + BLOCK)))
        yield int(begins[start]), int(begins[stop]) if stop < len(begins) else len(table)
        start = stop


def counts_of(table: Table) -> Floats:
    """(N, 10): how many sentences of each reply carry each tactic."""
    found = np.zeros((len(table), WIDTH))
    for begin, end in pieces(table):
        single = chains(table, 1, begin, end)
        flat = np.bincount((single.row - begin) * WIDTH + single.code, minlength=(end - begin) * WIDTH)
        found[begin:end] = flat.reshape(-1, WIDTH)
    return found


def entropies(table: Table, units: Units) -> dict[str, Measure]:
    """In bits. `h1` of the tactics of all sentences, `h1_miller_madow` corrected for short logs (+(m - 1) / 2N),
    `htrans` of a sentence's tactic given the one before, `hturn` of a turn's dominant tactic given the turn before's;
    `h1_share` and `htrans_share` over log2 10, the most there can be.
    """
    single, double = (
        sum(
            (_sums_of(chains(table, n, *piece), units, WIDTH**n) for piece in pieces(table)),
            np.zeros((units.count, WIDTH**n)),
        )
        for n in (1, 2)
    )
    counts = counts_of(table)
    dominant = counts.argmax(axis=1)  # of equals the first in the fixed order
    rows = table.follows
    rows = rows[(counts[rows].any(axis=1)) & (counts[rows - 1].any(axis=1))]
    turns = _sums_of(Chains(rows, dominant[rows - 1] * WIDTH + dominant[rows]), units, WIDTH**2)
    total = single.sum()
    correction = (np.count_nonzero(single.sum(axis=0)) - 1) / (2 * total * log(2)) if total else 0.0
    h1, htrans = _surprise(single, 1), _surprise(double, WIDTH)
    most = np.log2(WIDTH)
    return {
        "h1": h1,
        "h1_share": Measure(h1.parts, lambda totals: quotient(totals) / most),
        "h1_miller_madow": Measure(h1.parts, lambda totals: quotient(totals) + correction),
        "htrans": htrans,
        "htrans_share": Measure(htrans.parts, lambda totals: quotient(totals) / most),
        "hturn": _surprise(turns, WIDTH),
    }


def _surprise(counts: Floats, contexts: int) -> Measure:
    """The entropy of what is counted in (units, contexts * K), given its context, as the mean of -log2 p over events.

    p is the share in all units together: a draw of units, which is sparser than they are, does not lower it.
    """
    together = counts.sum(axis=0).reshape(contexts, -1)
    p = share(together, np.broadcast_to(together.sum(axis=1, keepdims=True), together.shape))
    surprise = -np.log2(np.where(together > 0, p, 1)).ravel()
    return Measure(np.stack([counts @ surprise, counts.sum(axis=1)], axis=1), quotient)


def transitions(table: Table) -> Integers:
    """(10, 10): how often a sentence with tactic a is followed by one with b in the same turn."""
    found = np.zeros(WIDTH**2, np.int64)
    for piece in pieces(table):
        found += np.bincount(chains(table, 2, *piece).code, minlength=WIDTH**2)
    return found.reshape(WIDTH, WIDTH)


def signals(table: Table, units: Units) -> dict[str, Measure]:
    """MINT's, in nats, as means over replies: `kl` to the turn before (from the second on), `entropy` within a turn,
    `bigram_surprisal` and `trigram_surprisal` given the conversation so far. 0 for a reply with nothing to measure.
    """
    rows = table.follows
    counts = counts_of(table)
    divergence = np.zeros(len(rows))
    for start in range(0, len(rows), BLOCK):
        part = rows[start : start + BLOCK]
        divergence[start : start + BLOCK] = _kl(counts[part], counts[part - 1])
    found = {
        "kl": mean_of(divergence, units.at(rows)),
        "entropy": mean_of(np.nan_to_num(entropy_of(counts)) * log(2), units),
    }
    for name, length in (("bigram_surprisal", 2), ("trigram_surprisal", 3)):
        values = np.zeros(len(table))
        for begin, end in pieces(table):
            values[begin:end] = _surprisal(table, length, begin, end)
        found[name] = mean_of(values[rows], units.at(rows))
    return found


def runs(table: Table, units: Units) -> dict[str, Measure]:
    """How much of a conversation comes back in it: `trigram_repetition`, the share of tactic trigrams that its
    conversation has had before; `unique_sequences`, distinct sequences of moves over replies; `longest_run`, the mean
    over conversations of the longest run of turns with the same set of tactics.
    """
    repeated, all_of = np.zeros(len(table)), np.zeros(len(table))
    for begin, end in pieces(table):
        triples = chains(table, 3, begin, end)
        _, first = np.unique(table.owner[triples.row] * WIDTH**3 + triples.code, return_index=True)
        total = np.bincount(triples.row - begin, minlength=end - begin)
        all_of[begin:end] = total
        repeated[begin:end] = total - np.bincount(triples.row[first] - begin, minlength=end - begin)
    sequences = _sequences(table)
    some = np.flatnonzero(sequences != 0)
    in_conversation = sequences[some] + table.owner[some].astype(np.uint64) * _ODD
    _, first = np.unique(in_conversation, return_index=True)
    unique = np.zeros(len(some), bool)
    unique[first] = True
    return {
        "trigram_repetition": Measure(sums(units, repeated, all_of), quotient),
        "unique_sequences": mean_of(unique, units.at(some)),
        "longest_run": _longest(table, units),
    }


def top_sequences(table: Table, most: int = 10) -> list[tuple[tuple[tuple[str, ...], ...], int]]:
    """The commonest sequences of moves of a reply, equal neighbours once and sentences without tactics left out."""
    sequences = _sequences(table)
    some = np.flatnonzero(sequences != 0)
    _, first, counts = np.unique(sequences[some], return_index=True, return_counts=True)
    best = np.lexsort((first, -counts))[:most]
    found = []
    for index in best:
        row = some[first[index]]
        masks = table.sentences[table.starts[row] : table.starts[row + 1]]
        moves = [int(mask) for mask in masks if mask]
        kept = [mask for place, mask in enumerate(moves) if place == 0 or mask != moves[place - 1]]
        found.append((tuple(tuple(t.value for t in tactics_of(mask)) for mask in kept), int(counts[index])))
    return found


def _sums_of(found: Chains, units: Units, width: int) -> Floats:
    """(units, width) counts of codes."""
    flat = np.bincount(units.of[found.row] * width + found.code, minlength=units.count * width)
    return flat.reshape(units.count, width).astype(np.float64)


def _kl(current: Floats, history: Floats) -> Floats:
    """As `planner.novelty.kl`, for (M, 10) counts each."""
    q, p = ((counts + ALPHA) / (counts.sum(axis=1, keepdims=True) + ALPHA * WIDTH) for counts in (current, history))
    divergence = np.clip((q * np.log(q / p)).sum(axis=1), 0.0, KL_CAP)
    return np.where(current.any(axis=1), divergence, 0.0)


def _surprisal(table: Table, length: int, begin: int, end: int) -> Floats:
    """As `planner.novelty.bigram_surprisal` for the replies of whole conversations: mean of -log P(last | those
    before), P from earlier turns."""
    found = chains(table, length, begin, end)
    owner = table.owner[found.row]
    seen = _earlier(owner * WIDTH**length + found.code, found.row)
    context = _earlier(owner * WIDTH ** (length - 1) + found.code // WIDTH, found.row)
    surprise = np.log((context + ALPHA * WIDTH) / (seen + ALPHA))
    total, count = (
        np.bincount(found.row - begin, weights, end - begin) for weights in (surprise, np.ones(len(surprise)))
    )
    return np.nan_to_num(share(total.astype(np.float64), count.astype(np.float64)))


def _earlier(key: Integers, row: Integers) -> Integers:
    """(M,) how often each key occurs in earlier rows; rows ascend."""
    order = np.lexsort((row, key))
    new_key = np.diff(key[order], prepend=-1) != 0
    new_row = new_key | (np.diff(row[order], prepend=-1) != 0)
    at = np.arange(len(order))
    before = np.maximum.accumulate(np.where(new_row, at, 0)) - np.maximum.accumulate(np.where(new_key, at, 0))
    found = np.empty(len(order), np.int64)
    found[order] = before
    return found


def _sequences(table: Table) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """(N,) a fingerprint of each reply's moves, 0 for none: a polynomial over random numbers for the sets, mod 2^64."""
    row_of = np.repeat(np.arange(len(table)), np.diff(table.starts))
    some = np.flatnonzero(table.sentences)
    masks, rows = table.sentences[some], row_of[some]
    fresh = np.ones(len(some), bool)
    fresh[1:] = (masks[1:] != masks[:-1]) | (rows[1:] != rows[:-1])
    masks, rows = masks[fresh], rows[fresh]
    if not len(rows):
        return np.zeros(len(table), np.uint64)
    begins = np.flatnonzero(np.diff(rows, prepend=-1))
    position = np.arange(len(rows)) - np.repeat(begins, np.diff(np.append(begins, len(rows))))
    random = np.random.default_rng(0)
    values = random.integers(1, 2**63, SETS, dtype=np.uint64)
    powers = np.cumprod(np.full(int(position.max()) + 1, _ODD))
    found = np.zeros(len(table), np.uint64)
    found[rows[begins]] = np.add.reduceat(values[masks] * powers[position], begins)
    return found


def _longest(table: Table, units: Units) -> Measure:
    """Mean over conversations; where turns are drawn, over the conversations that they begin."""
    if not len(table):
        return Measure(np.zeros((units.count, 2)), quotient)
    begins = np.diff(table.owner, prepend=-1) != 0
    fresh = begins | (np.diff(table.tactics.astype(np.int64), prepend=-1) != 0)
    at = np.arange(len(table))
    length = at - np.maximum.accumulate(np.where(fresh, at, 0)) + 1
    first = np.flatnonzero(begins)
    return mean_of(np.maximum.reduceat(length, first), units.at(first))
