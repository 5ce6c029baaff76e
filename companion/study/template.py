"""How many replies follow a template, and how much of a reply it covers.

A template is a row of units, each a set of tactics: `[PV]` one sentence, `[PV]+` one or more, `[PV]?` one or none. It
is run over sentences that may carry several tactics: a sentence serves every unit whose tactics it has, one after the
other if need be, so that a sentence that paraphrases and advises can be both. Sentences without tactics are passed
over.

`R0` is the shape on which independent notes about arXiv 2604.08479 agree; its printed pattern was not to be had, so
that figures with it are approximate.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from companion.errors import UsageError
from companion.study.measures import Floats, Measure, Units, mean_of, share
from companion.study.said import SETS, WIDTH
from companion.study.sequences import pieces
from companion.study.table import Integers, Masks, Table
from planner.tactics import TACTICS, Tactic

LETTERS = {
    Tactic.INFORMATION: "I",
    Tactic.ASSISTANCE: "S",
    Tactic.ADVICE: "A",
    Tactic.VALIDATION: "V",
    Tactic.EMOTIONAL_EXPRESSION: "E",
    Tactic.PARAPHRASING: "P",
    Tactic.SELF_DISCLOSURE: "D",
    Tactic.QUESTIONING: "Q",
    Tactic.REAPPRAISAL: "F",
    Tactic.EMPOWERMENT: "M",
}
ORDER = "".join(LETTERS[tactic] for tactic in TACTICS)
R0 = "E?[PV]+M?[AP]+[VF]?"
MOST_UNITS = 10
FITTED = 20_000
"""Replies that a search looks at: a longer log has nothing to add."""
BEAM, LONGEST = 3, 6
"""Of the search: patterns that are kept at each length, and units of the longest."""

_UNIT = re.compile(r"(?:\[([A-Z]+)\]|([A-Z]))([+?]?)")


@dataclass(frozen=True, slots=True)
class Unit:
    """A set of letters, and how often it may come."""

    letters: str
    times: str  # "", "+" or "?"

    def __str__(self) -> str:
        return (f"[{self.letters}]" if len(self.letters) > 1 else self.letters) + self.times


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled pattern: `step[s, m]` are the states after a sentence with tactics m in the states s (a bitmask)."""

    pattern: str
    step: NDArray[np.uint16]  # (2 ** (units + 1), SETS)
    accepting: int

    @classmethod
    def parse(cls, pattern: str) -> Template:
        """Raises UsageError for what is no pattern."""
        units, at = [], 0
        for found in _UNIT.finditer(pattern):
            if found.start() != at:
                break
            units.append(Unit(found[1] or found[2], found[3]))
            at = found.end()
        letters = set("".join(unit.letters for unit in units))
        if at != len(pattern) or not units or not letters <= set(ORDER):
            raise UsageError(
                f"{pattern!r} is no template. It is made of units like A, [PV]+ and E?; the letters are "
                + ", ".join(f"{LETTERS[t]} {t.label}" for t in TACTICS) + "."
            )  # fmt: skip
        if len(units) > MOST_UNITS or all(unit.times == "?" for unit in units):
            raise UsageError(
                f"A template has 1 to {MOST_UNITS} units, one of them at least without '?'; not {pattern!r}."
            )
        return cls.of(units)

    @classmethod
    def of(cls, units: list[Unit]) -> Template:
        """State 0 is before the first unit, state k after unit k - 1."""
        count = len(units)
        reach = np.zeros((count + 1, SETS), np.uint16)
        has = [np.flatnonzero(np.arange(SETS) >> letter & 1) for letter in range(WIDTH)]
        for state in range(count, -1, -1):
            targets = [state - 1] if state and units[state - 1].times == "+" else []
            for unit in range(state, count):
                targets.append(unit)
                if units[unit].times != "?":
                    break
            for unit in targets:
                further = reach[unit + 1] if unit + 1 > state else np.zeros(SETS, np.uint16)
                for letter in units[unit].letters:
                    sets = has[ORDER.index(letter)]
                    reach[state, sets] |= np.uint16(1 << (unit + 1)) | further[sets]
        step = np.zeros((1 << (count + 1), SETS), np.uint16)
        for states in range(1, len(step)):
            lowest = (states & -states).bit_length() - 1
            step[states] = step[states & (states - 1)] | reach[lowest]
        accepting = 0
        for state in range(count, 0, -1):
            accepting |= 1 << state
            if units[state - 1].times != "?":
                break
        return cls("".join(map(str, units)), step, accepting)


def spans(template: Template, sentences: Masks, left: Integers) -> Integers:
    """(S,) sentences of the longest match from each sentence on; `left` are those to the end of its reply."""
    best = np.zeros(len(sentences), np.int64)
    at = np.arange(len(sentences))
    states = np.ones(len(sentences), np.uint16)
    length = 0
    while len(at):
        states = template.step[states, sentences[at + length]]
        length += 1
        best[at[(states & template.accepting) != 0]] = length
        going = (states != 0) & (left[at] > length)
        at, states = at[going], states[going]
    return best


def covered(template: Template, table: Table) -> Floats:
    """(N,) the share of a reply's sentences that the longest match covers, those without tactics left out; 0: none."""
    found = np.zeros(len(table))
    for begin, end in pieces(table):
        starts = table.starts[begin : end + 1]
        row_of = np.repeat(np.arange(end - begin), np.diff(starts))
        sentences = table.sentences[starts[0] : starts[-1]]
        some = sentences != 0
        sentences, row_of = sentences[some], row_of[some]
        if not len(sentences):
            continue
        count = np.bincount(row_of, minlength=end - begin)
        left = np.cumsum(count)[row_of] - np.arange(len(sentences))
        first = np.flatnonzero(np.diff(row_of, prepend=-1))
        rows = row_of[first]
        found[begin + rows] = np.maximum.reduceat(spans(template, sentences, left), first) / count[rows]
    return found


def template_measures(template: Template, table: Table, units: Units) -> dict[str, Measure]:
    """`match` M, the share of replies with a match anywhere; `coverage` C, the mean share of a matched reply that the
    longest one covers; `harmonic`, the harmonic mean of both."""
    found = covered(template, table)
    rows = np.flatnonzero(found > 0)
    match, coverage = mean_of(found > 0, units), mean_of(found[rows], units.at(rows))
    return {
        "match": match,
        "coverage": coverage,
        "harmonic": Measure(
            np.hstack([match.parts, coverage.parts]),
            lambda totals: harmonic(share(totals[:, 0], totals[:, 1]), share(totals[:, 2], totals[:, 3])),
        ),
    }


def harmonic(a: Floats, b: Floats) -> Floats:
    return share(2 * a * b, a + b)


def score(template: Template, table: Table) -> tuple[float, float, float]:
    """(M, C, their harmonic mean)."""
    found = covered(template, table)
    matched = found[found > 0]
    if not len(matched):
        return 0.0, 0.0, 0.0
    match, coverage = len(matched) / len(found), float(matched.mean())
    return match, coverage, 2 * match * coverage / (match + coverage)


def fit(table: Table, told: Callable[[int], object] = lambda tried: None) -> Template:
    """The template with the highest harmonic mean of M and C that a beam search finds (beam 3, at most 6 units).

    Units are single tactics and pairs. `told` hears of every round how many patterns it tried. Raises UsageError where
    no sentence has a tactic.
    """
    common = [letter for place, letter in enumerate(ORDER) if _has(table, place)]
    if not common:
        raise UsageError("No sentence carries a tactic, so there is no template to find.")
    choices = [
        Unit("".join(letters), times)
        for size in (1, 2)
        for letters in combinations(common, size)
        for times in ("", "+", "?")
    ]
    best: tuple[float, list[Unit]] = (-1.0, [])
    beam: list[list[Unit]] = [[]]
    for _ in range(LONGEST):
        tried = [(_value(units, table), units) for units in _longer(beam, choices)]
        told(len(tried))
        tried.sort(key=lambda found: (-found[0], "".join(map(str, found[1]))))
        beam = [units for _, units in tried[:BEAM]]
        if tried[0][0] > best[0] + 1e-9:
            best = tried[0]
    return Template.of(best[1])


@dataclass(frozen=True, slots=True)
class Fitted:
    """A learnt template, and how well it does on conversations that it was not learnt on."""

    pattern: str
    fitted_on: int
    checked_on: int
    match: float
    coverage: float
    harmonic: float

    def as_dict(self) -> dict[str, float | int | str]:
        return {name: getattr(self, name) for name in self.__slots__}

    def sentence(self) -> str:
        """How well it does, in words."""
        where = f"on {self.checked_on} others" if self.checked_on else "on the same ones, for want of others"
        return f"{where} it matches {self.match:.0%} of the replies and covers {self.coverage:.0%} of each"


def fit_and_check(table: Table, seed: int) -> Fitted:
    """`fit` on a random half of the conversations and at most FITTED replies, counted on the other half."""
    random = np.random.default_rng(seed)
    order = [table.conversations[number] for number in random.permutation(len(table.conversations))]
    half = (len(order) + 1) // 2 if len(order) > 1 else len(order)
    each = max(1, len(table) // max(1, len(order)))
    learnt = order[: min(half, max(1, FITTED // each))]
    rest = order[half:][: max(1, FITTED // each)]
    template = fit(table.only(set(learnt)))
    found = score(template, table.only(set(rest or learnt)))
    return Fitted(template.pattern, len(learnt), len(rest), *found)


def _longer(beam: list[list[Unit]], choices: list[Unit]) -> Iterator[list[Unit]]:
    for units in beam:
        for unit in choices:
            if units and units[-1].letters == unit.letters and "+" in units[-1].times + unit.times:
                continue  # says no more than one of the two
            yield [*units, unit]


def _value(units: list[Unit], table: Table) -> float:
    if all(unit.times == "?" for unit in units):
        return 0.0
    return score(Template.of(units), table)[2]


def _has(table: Table, place: int) -> bool:
    """Whether 1 % of the replies or more have the tactic."""
    return bool((table.tactics >> place & 1).mean() >= 0.01) if len(table) else False
