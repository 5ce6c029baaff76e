"""The report of `companion study`: every figure with its interval, as values that can be written as JSON.

A report is a plain dict, because its keys are what other programs read: they are added to, never renamed. Every
estimate is {"value", "low", "high"}, None where there is nothing to count.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np

from companion.errors import UsageError
from companion.study.bootstrap import GROUPS, LEVEL, RESAMPLES, Drawn, Estimate, drawn
from companion.study.figures import Frame, Measures, Protocol, Resample, figures, reference_rows
from companion.study.null import human_null, own_null
from companion.study.sequences import top_sequences, transitions
from companion.study.surface import (
    BYTES,
    DOCUMENTS,
    HALVES,
    REPLIES,
    TOKENS,
    VOCABULARY,
    Budgeted,
    Sample,
    budget_used,
    budgeted,
    surface_measures,
)
from companion.study.table import UNKNOWN, Table
from companion.study.template import R0, Template
from companion.text import clean
from planner.tactics import TACTICS

Report = dict[str, Any]

HUMAN_SENTENCES = 2
"""Of a supporter in Lend-an-Ear, 1.8 on average, rounded up: what a log alone is cut to in rows of matched length."""
HUMAN_PREVALENCE = {
    "questioning": 0.42, "paraphrasing": 0.34, "validation": 0.29, "advice": 0.24, "emotional_expression": 0.23,
    "empowerment": 0.15, "reappraisal": 0.11, "assistance": 0.10, "self_disclosure": 0.05, "information": 0.03,
}  # fmt: skip
"""Share of the turns of the human supporters in 50 Lend-an-Ear conversations, by the tags of arXiv 2604.11742."""
TOP = 10
GROUPS_OF_FIGURES = ("human_history", "own_history")


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for."""

    reference: str | None = None
    baseline: str | None = None
    protocol: Protocol = "both"
    resample: Resample = "conversations"
    resamples: int = RESAMPLES
    seed: int = 0
    template: str = R0
    method: Mapping[str, Any] = field(default_factory=dict)
    """What the caller knows of sources and tagger, for the method notes."""


@dataclass(frozen=True, slots=True)
class _System:
    """One source with everything that a comparison needs again."""

    frame: Frame
    measures: Measures
    drawn: Drawn
    budgeted: dict[str, Budgeted]


def report(tables: Mapping[str, Table], options: Options) -> Report:
    """The report of tables by name. Raises UsageError for a reference or a baseline that is none of them."""
    reference = _one_of(tables, options.reference, "reference")
    _one_of(tables, options.baseline, "baseline")
    if options.protocol == "human-history" and reference is None:
        raise UsageError("The human-history protocol needs the turns of a person: name their source with --reference.")
    maker = _Maker(tables, options, reference)
    systems = {name: maker.system(name, table) for name, table in tables.items()}
    if reference is not None and not any(len(reference_rows(table, reference)[0]) for table in tables.values()):
        raise UsageError(f"No conversation of {options.reference} has two turns, or none is in another source too.")
    found: Report = {"systems": {}, "method": maker.method()}
    for name, system in systems.items():
        found["systems"][name] = maker.described(tables[name], system)
        if options.baseline is not None:
            same = name == options.baseline
            found["systems"][name]["differences"] = None if same else maker.differences(system, systems)
    written: Report = plain(found)
    return written


def _one_of(tables: Mapping[str, Table], name: str | None, what: str) -> Table | None:
    if name is not None and name not in tables:
        raise UsageError(f"The {what} {name!r} is none of the sources; they are {', '.join(tables)}.")
    return None if name is None else tables[name]


class _Maker:
    """Makes the parts of one report."""

    def __init__(self, tables: Mapping[str, Table], options: Options, reference: Table | None) -> None:
        self._options, self._reference = options, reference
        self._template = Template.parse(options.template)
        lengths = [len(table.sentences) / len(table) for table in tables.values() if len(table)]
        shortest = math.ceil(min(lengths, default=1)) if len(lengths) > 1 else HUMAN_SENTENCES
        self._matched = max(1, shortest)

    def system(self, name: str, table: Table, seed: int | None = None) -> _System:
        options = self._options
        frame = Frame(table, options.resample)
        measures = figures(frame, self._reference, options.protocol, self._template, self._matched)
        sample = Sample.of(table, frame.conversations, options.seed)
        measures |= {f"surface.{key}": measure for key, measure in surface_measures(sample).items()}
        found = drawn(measures, options.resamples, options.seed if seed is None else seed)
        of_budget = {f"surface.{key}": one for key, one in budgeted(sample, options.seed).items()}
        return _System(frame, measures, found, of_budget)

    def described(self, table: Table, system: _System) -> Report:
        """One system's figures and facts."""
        options = self._options
        words = table.words[table.words != UNKNOWN]
        flat: dict[str, Any] = {
            "conversations": len(table.conversations),
            "turns": len(table),
            "sentences": len(table.sentences),
            "words": int(words.sum()) if len(words) else None,
            "left_out": table.left_out,
        }
        single = len(table.conversations) < 2 and options.resample == "conversations"
        for key, estimate in system.drawn.estimates().items():
            flat[key] = Estimate(estimate.value, math.nan, math.nan) if single else estimate
        flat |= {key: one.estimate() for key, one in system.budgeted.items()}
        flat["surface.budget"] = budget_used(Sample.of(table, system.frame.conversations, options.seed))
        rows = table.follows
        if options.protocol != "human-history":
            flat["own_history.pairs"] = len(rows)
            flat["own_history.null"] = own_null(table, options.seed)
        if self._reference is not None and options.protocol != "own-history":
            ours, before = reference_rows(table, self._reference)
            flat["human_history.pairs"] = len(ours)
            flat["human_history.null"] = human_null(self._reference, before, table, ours, options.seed)
        flat["transitions.counts"] = transitions(table).tolist()
        flat["sequences.top"] = [{"moves": moves, "replies": count} for moves, count in top_sequences(table, TOP)]
        flat["openers.different"], flat["openers.top"] = _openers(table)
        flat["safety"] = {"messages": table.safety.messages, "cards": table.safety.cards,
                          "layers": dict(table.safety.layers)}  # fmt: skip
        found = nested(flat)
        for group in GROUPS_OF_FIGURES:
            found.setdefault(group, None)
        return found

    def differences(self, system: _System, systems: Mapping[str, _System]) -> Report:
        """From the baseline, on the conversations (or turns) of both where there are any, else of two samples."""
        baseline = self._options.baseline or ""
        base, paired = systems[baseline], True
        if not _alike(system.frame, base.frame):
            common = set(system.frame.table.conversations) & set(base.frame.table.conversations)
            paired = len(common) > 1 and self._options.resample == "conversations"
            if paired:
                system, base = (self.system("", each.frame.table.only(common)) for each in (system, base))
            else:  # of nothing that both have: each is drawn by itself
                base = self.system("", base.frame.table, self._options.seed + 1)
        difference = system.drawn.minus(base.drawn)
        flat: dict[str, Any] = {
            "baseline": baseline,
            "paired": paired,
            "conversations": len(system.frame.table.conversations),
        }
        for key in difference.values:
            if "by_tactic" not in key and "_by_turn" not in key:
                flat[key] = asdict(difference.estimate(key)) | {"p": difference.p_value(key)}
        for key, one in system.budgeted.items():
            if key in base.budgeted:
                estimate, p = one.minus(base.budgeted[key])
                flat[key] = asdict(estimate) | {"p": p}
        return nested(flat)

    def method(self) -> Report:
        options = self._options
        return {
            "protocol": options.protocol,
            "reference": options.reference,
            "baseline": options.baseline,
            "interval": LEVEL,
            "resamples": options.resamples,
            "resampled": options.resample,
            "groups": GROUPS,
            "halves": HALVES,
            "seed": options.seed,
            "tactics": [tactic.value for tactic in TACTICS],
            "template": {"pattern": self._template.pattern, "approximate": self._template.pattern == R0},
            "matched_length": {"sentences": self._matched},
            "budgets": {"tokens": TOKENS, "bytes": BYTES, "documents": DOCUMENTS, "replies": REPLIES,
                        "vocabulary": VOCABULARY},
            "human_prevalence": HUMAN_PREVALENCE,
            **options.method,
        }  # fmt: skip


def _alike(ours: Frame, theirs: Frame) -> bool:
    """Whether row k of the sums of both is the same conversation (or turn)."""
    if ours.table.conversations != theirs.table.conversations:
        return False
    if ours.resample == "conversations":
        return True
    return np.array_equal(ours.table.owner, theirs.table.owner) and np.array_equal(ours.table.place, theirs.table.place)


def _openers(table: Table) -> tuple[int, list[Report]]:
    """How many different ones there are, and the commonest; apostrophes alike."""
    known = table.folded.of[table.folded.of != UNKNOWN]
    numbers, counts = np.unique(known, return_counts=True)
    best = np.lexsort((numbers, -counts))[:TOP]
    top = [
        {"words": clean(table.folded.names[numbers[at]]), "replies": int(counts[at]), "share": counts[at] / len(known)}
        for at in best
    ]
    return len(numbers), top


def nested(flat: Mapping[str, Any]) -> Report:
    """`{"a.b": 1}` as `{"a": {"b": 1}}`; a level of numbers becomes a list."""
    found: Report = {}
    for path, value in flat.items():
        at = found
        *groups, last = path.split(".")
        for group in groups:
            at = at.setdefault(group, {})
        at[last] = value
    return {key: _lists(value) for key, value in found.items()}


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inside = {key: _lists(part) for key, part in value.items()}
    return list(inside.values()) if inside and all(key.isdigit() for key in inside) else inside


def plain(value: Any) -> Any:
    """Dataclasses as dicts, NaN and infinities as None, numbers of numpy as Python's."""
    if is_dataclass(value) and not isinstance(value, type):
        return {part.name: plain(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value
