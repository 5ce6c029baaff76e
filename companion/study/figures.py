"""Every measure of one table, by the name it has in the report (`own_history.kappa`), ready to be drawn again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from zlib import crc32

import numpy as np

from companion.study.bootstrap import GROUPS
from companion.study.measures import (
    BITS,
    SIZE,
    Floats,
    Measure,
    Units,
    by_tactic,
    by_turn,
    jaccard_of,
    mean_of,
    novelty,
    openers_of,
    quotient,
    stickiness_of,
    sums,
)
from companion.study.said import BIT
from companion.study.sequences import counts_of, entropies, runs, signals
from companion.study.sources.ratings import DIMENSIONS
from companion.study.table import Integers, Masks, Table
from companion.study.template import Template, template_measures
from planner.tactics import TACTICS, Tactic

Resample = Literal["conversations", "turns"]
Protocol = Literal["both", "human-history", "own-history"]
Measures = dict[str, Measure]

TURNS = 20
"""Places in a conversation that are told apart."""
LISTENING = (Tactic.VALIDATION, Tactic.PARAPHRASING, Tactic.QUESTIONING)


@dataclass(frozen=True, slots=True)
class Frame:
    """A table with what is drawn again: its conversations or its turns, in at most GROUPS groups."""

    table: Table
    resample: Resample

    @property
    def conversations(self) -> Units:
        """Of the rows of `table.conversations`."""
        count = len(self.table.conversations)
        if count <= GROUPS:
            return Units(np.arange(count), count)
        return Units(np.array([crc32(name.encode()) for name in self.table.conversations], np.int64) % GROUPS, GROUPS)

    @property
    def turns(self) -> Units:
        """Of the replies."""
        if self.resample == "conversations":
            return self.conversations.at(self.table.owner)
        return _numbered(len(self.table))

    def pairs(self, rows: Integers) -> Units:
        """Of replies with the turn before them."""
        return self.turns.at(rows) if self.resample == "conversations" else _numbered(len(rows))


def _numbered(count: int) -> Units:
    return Units(np.arange(count) % GROUPS, min(count, GROUPS))


def figures(frame: Frame, reference: Table | None, protocol: Protocol, template: Template, matched: int) -> Measures:
    """All but what depends on the texts. `reference` holds the turns before in the human-history protocol, `matched`
    is the number of sentences that the rows of matched length are cut to.
    """
    table, turns = frame.table, frame.turns
    found = {
        "words_per_turn": mean_of(table.words, turns),
        "sentences_per_turn": mean_of(np.diff(table.starts), turns),
        "tactics_per_turn": mean_of(SIZE[table.tactics], turns),
    }
    found |= _named("prevalence", {t.value: mean_of(BITS[table.tactics, k], turns) for k, t in enumerate(TACTICS)})
    if reference is not None and protocol != "own-history":
        found |= _named("human_history", human_history(frame, reference))
    if protocol != "human-history":
        found |= _named("own_history", own_history(frame))
    found |= _named("entropy", entropies(table, turns))
    found |= _named("template", template_measures(template, table, turns))
    found |= _named("sequences", runs(table, turns))
    found |= _named("openers", _openers(table, turns))
    found |= _named("closers", _closers(table, turns))
    found |= _named("balance", balance(frame))
    found |= _named("empathy", empathy(table, turns))
    return found | _named("matched_length", _matched(frame, reference, protocol, matched))


def own_history(frame: Frame) -> Measures:
    """Against the speaker's own turn before."""
    table, rows = frame.table, frame.table.follows
    units = frame.pairs(rows)
    found = _pairs(table.tactics[rows - 1], table.tactics[rows], units)
    new = novelty(table)
    return {
        **found,
        "novelty": mean_of(new[rows], units),
        **signals(table, frame.turns),
        **_named("by_tactic", _by_tactic(found)),
        **_named("novelty_by_turn", _listed(by_turn(new, table, frame.turns, TURNS))),
        **_named("reused_by_turn", _listed(by_turn(_reused(new, table), table, frame.turns, TURNS))),
    }


def human_history(frame: Frame, reference: Table) -> Measures:
    """Against the turn before of the reference (arXiv 2604.11742, evaluation)."""
    rows, before = reference_rows(frame.table, reference)
    found = _pairs(reference.tactics[before], frame.table.tactics[rows], frame.pairs(rows))
    return found | _named("by_tactic", _by_tactic(found))


def reference_rows(table: Table, reference: Table) -> tuple[Integers, Integers]:
    """Replies, and for each the reference's last turn before it in the same conversation."""
    numbers = {name: number for number, name in enumerate(reference.conversations)}
    theirs = np.array([numbers.get(name, -1) for name in table.conversations], np.int64)[table.owner]
    if not len(table) or not len(reference):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    step = int(max(table.place.max(), reference.place.max())) + 1
    keys = reference.owner * step + reference.place
    before = np.searchsorted(keys, theirs * step + table.place) - 1
    there = (theirs >= 0) & (before >= 0)
    there[there] = reference.owner[before[there]] == theirs[there]
    return np.flatnonzero(there), before[there]


def _pairs(before: Masks, now: Masks, units: Units) -> Measures:
    return {**stickiness_of(before, now, units), "jaccard": jaccard_of(before, now, units)}


def _by_tactic(found: Measures) -> Measures:
    parts = found["stickiness"].parts
    return {
        f"{tactic}.{name}": one for tactic, of_tactic in by_tactic(parts).items() for name, one in of_tactic.items()
    }


def _reused(new: Floats, table: Table) -> Floats:
    """(N,) tactics of each turn that its conversation has had before."""
    reused: Floats = SIZE[table.tactics] * (1 - np.where(np.isnan(new), 1, new))
    return reused


def _openers(table: Table, turns: Units) -> Measures:
    """As written, and with curly apostrophes made straight."""
    written, folded = openers_of(table.openers, turns), openers_of(table.folded, turns)
    return {
        "top_opener": written["top_opener"],
        "opener_entropy": written["opener_entropy"],
        "top_opener_folded": folded["top_opener"],
        "opener_entropy_folded": folded["opener_entropy"],
    }


def _closers(table: Table, turns: Units) -> Measures:
    """Replies whose last sentence asks, or offers."""
    rows = np.flatnonzero(np.diff(table.starts) > 0)
    last = table.sentences[table.starts[1:][rows] - 1]
    return {
        name: mean_of((last & BIT[tactic.value]) != 0, turns.at(rows))
        for name, tactic in (("question", Tactic.QUESTIONING), ("offer", Tactic.ASSISTANCE))
    }


def balance(frame: Frame) -> Measures:
    """`advice_before_listening`: of the conversations with advice, those in which it comes before anything is
    validated, given back or asked; `questions_per_turn`: sentences that ask; `self_disclosure`: turns with any;
    `crisis_repeats`: sentences of replies after the safety layer fired that had been said before.
    """
    table, turns = frame.table, frame.turns
    owner = np.repeat(table.owner, np.diff(table.starts))
    listening = sum(BIT[tactic.value] for tactic in LISTENING)
    advice, heard = (_first(table, owner, mask) for mask in (BIT[Tactic.ADVICE.value], listening))
    advised = np.flatnonzero(advice >= 0)
    early = (heard[advised] < 0) | (advice[advised] < heard[advised])
    by = frame.conversations.at(advised)
    questions = counts_of(table)[:, TACTICS.index(Tactic.QUESTIONING)]
    repeats = table.repeats
    return {
        "advice_before_listening": mean_of(early, by),
        "questions_per_turn": mean_of(questions, turns),
        "self_disclosure": mean_of(BITS[table.tactics, TACTICS.index(Tactic.SELF_DISCLOSURE)], turns),
        "crisis_repeats": Measure(sums(turns, repeats[:, 1], repeats[:, 0]), quotient),
    }


def _first(table: Table, owner: Integers, mask: int) -> Integers:
    """(conversations,) the first sentence with any of these tactics; -1 without one."""
    found = np.full(len(table.conversations), -1, np.int64)
    at = np.flatnonzero(table.sentences & mask)
    owners, first = np.unique(owner[at], return_index=True)
    found[owners] = at[first]
    return found


def empathy(table: Table, turns: Units) -> Measures:
    """The six dimensions and `aggregate`, their mean with the last three reversed (6 - x)."""
    rated = table.empathy.astype(np.float64)
    aggregate = (rated[:, :3].sum(axis=1) + (6 - rated[:, 3:]).sum(axis=1)) / 6
    return {
        "aggregate": mean_of(aggregate, turns),
        **{name: mean_of(rated[:, column], turns) for column, name in enumerate(DIMENSIONS)},
    }


def _matched(frame: Frame, reference: Table | None, protocol: Protocol, sentences: int) -> Measures:
    """The figures that grow with length, of replies cut to the same number of sentences."""
    cut = Frame(frame.table.cut(sentences), frame.resample)
    found = {"tactics_per_turn": mean_of(SIZE[cut.table.tactics], cut.turns)}
    if reference is not None and protocol != "own-history":
        rows, before = reference_rows(cut.table, reference)
        found |= _named("human_history", _pairs(reference.tactics[before], cut.table.tactics[rows], cut.pairs(rows)))
    if protocol != "human-history":
        rows = cut.table.follows
        found |= _named("own_history", _pairs(cut.table.tactics[rows - 1], cut.table.tactics[rows], cut.pairs(rows)))
    return found


def _named(group: str, measures: Measures) -> Measures:
    return {f"{group}.{name}": measure for name, measure in measures.items()}


def _listed(measures: list[Measure]) -> Measures:
    return {f"{place:03}": measure for place, measure in enumerate(measures)}
