"""The figures of an evaluation, by the measures of `companion.study`, and what two runs differ by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from companion.errors import UsageError
from companion.study.bootstrap import LEVEL, RESAMPLES, Drawn, Estimate, drawn
from companion.study.figures import Frame, Resample, figures
from companion.study.report import plain
from companion.study.sources.ratings import DIMENSIONS
from companion.study.table import Table
from companion.study.template import R0, Template
from training.encoder_table import rows as markdown
from training.protocol_rows import HUMAN, Row, file_of, table

SHARED = {
    "words_per_turn": "words_per_turn",
    "tactics_per_turn": "tactics_per_turn",
    "top_opener": "openers.top_opener_folded",
    "opener_entropy": "openers.opener_entropy_folded",
    "empathy": "empathy.aggregate",
    **{name: f"empathy.{name}" for name in DIMENSIONS},
}
PAIRED = ("stickiness", "chance", "kappa", "jaccard")
TITLES = {
    "stickiness": "stickiness",
    "chance": "chance S0",
    "kappa": "kappa",
    "jaccard": "Jaccard",
    "tactics_per_turn": "tactics per turn",
    "words_per_turn": "words per turn",
    "top_opener": "top opener",
    "opener_entropy": "opener entropy, bits",
    "empathy": "empathy, 1 to 5",
    **{name: name.replace("_", " ") for name in DIMENSIONS},
}
"""In the order in which they are shown."""

Figures = Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class System:
    """What was said under one protocol, or by people, counted."""

    conversations: int
    turns: int
    figures: Figures
    """By the keys of TITLES."""
    not_as_asked: int
    """Replies that were to be drawn from several and were not."""
    not_rated: int
    """Replies with words and without ratings."""


@dataclass(frozen=True, slots=True)
class Difference(Estimate):
    """A paired difference: value, interval and p over conversations, interval and p over turns (the published way)."""

    p: float
    turns_low: float
    turns_high: float
    turns_p: float


@dataclass(frozen=True, slots=True)
class Report:
    """A run's figures by protocol; `human` are the people whose turns the human-history protocol compares with."""

    folder: Path
    recipe: Mapping[str, Any]
    systems: Mapping[str, System]
    rows: Mapping[str, Sequence[Row]]

    def figures(self, protocol: str) -> Figures:
        """Of a protocol that was run. Raises KeyError for another."""
        return self.systems[protocol].figures

    def as_dict(self) -> dict[str, Any]:
        """As JSON-ready values; every estimate is {"value", "low", "high"}, None where there is nothing to count."""
        found: dict[str, Any] = plain(
            {
                "folder": str(self.folder),
                "systems": {
                    name: {
                        "conversations": system.conversations,
                        "turns": system.turns,
                        "not_as_asked": system.not_as_asked,
                        "not_rated": system.not_rated,
                        **system.figures,
                    }
                    for name, system in self.systems.items()
                },
                "method": {"interval": LEVEL, "resamples": RESAMPLES, "resampled": "conversations", **self.recipe},
            }
        )
        return found


def report(folder: Path, recipe: Mapping[str, Any], rows: Mapping[str, Sequence[Row]]) -> Report:
    """The figures of what is there; a protocol without a reply yet is left out."""
    there = {name: part for name, part in rows.items() if part}
    seed = int(recipe["seed"])
    reference = table(there[HUMAN]) if HUMAN in there else None
    systems = {}
    for name, part in there.items():
        replies = table(part)
        found = _drawn(name, replies, reference, "conversations", seed)
        systems[name] = System(
            len(replies.conversations), len(replies), _single(replies, found.estimates()),
            sum(not row.as_asked for row in part), sum(bool(row.reply) and row.empathy is None for row in part),
        )  # fmt: skip
    return Report(folder, recipe, systems, there)


def _drawn(name: str, replies: Table, reference: Table | None, resample: Resample, seed: int) -> Drawn:
    protocol = "own-history" if name == "own-history" else "human-history"
    every = figures(Frame(replies, resample), reference, "both", Template.parse(R0), 1)
    group = protocol.replace("-", "_")
    keys = {key: f"{group}.{key}" for key in PAIRED if f"{group}.{key}" in every} | SHARED
    return drawn({key: every[keys[key]] for key in TITLES if key in keys}, RESAMPLES, seed)


def _single(replies: Table, found: Figures) -> Figures:
    """One conversation says nothing about others: no intervals."""
    if len(replies.conversations) > 1:
        return found
    return {key: Estimate(each.value, np.nan, np.nan) for key, each in found.items()}


def compare(before: Report, after: Report) -> dict[str, dict[str, Difference]]:
    """After minus before for each protocol that both have, on the turns that both have.

    Raises UsageError where they have none in common.
    """
    found = {}
    for name in after.systems.keys() & before.systems.keys() - {HUMAN}:
        common = {(row.conversation, row.place) for row in before.rows[name]} & {
            (row.conversation, row.place) for row in after.rows[name]
        }
        if common:
            found[name] = _differences(name, before, after, common)
    if not found:
        raise UsageError(
            f"{before.folder} and {after.folder} have no turn of a protocol in common: measure both with the same "
            "protocol on the same conversations."
        )
    return {name: found[name] for name in after.systems if name in found}


def _differences(name: str, before: Report, after: Report, common: set[tuple[str, int]]) -> dict[str, Difference]:
    human = after.rows.get(HUMAN)
    reference = table(human) if human else None
    tables = [
        table(row for row in each.rows[name] if (row.conversation, row.place) in common) for each in (after, before)
    ]
    seed = int(after.recipe["seed"])
    ways: list[Drawn] = []
    for resample in ("conversations", "turns"):
        ours, theirs = (_drawn(name, replies, reference, resample, seed) for replies in tables)
        ways.append(ours.minus(theirs))
    by_conversation, by_turn = ways
    found = {}
    for key in by_conversation.values:
        wide, narrow = by_conversation.estimate(key), by_turn.estimate(key)
        found[key] = Difference(
            wide.value, wide.low, wide.high, by_conversation.p_value(key), narrow.low, narrow.high, by_turn.p_value(key)
        )
    return found


def terminal(found: Report, against: Report | None = None) -> str:
    """The report as Markdown tables."""
    return "\n\n".join(_parts(found, against))


def _parts(found: Report, against: Report | None) -> Iterator[str]:
    recipe = found.recipe
    yield f"# {recipe['model']}, prompt {recipe['prompt']}"
    names = list(found.systems)
    head = ["measure", *(f"{name} ({system.turns})" for name, system in found.systems.items())]
    body = [[title, *(_cell(found.systems[name].figures.get(key)) for name in names)] for key, title in TITLES.items()]
    yield markdown(head, [row for row in body if any(row[1:])])
    if against is not None:
        for name, differences in compare(against, found).items():
            yield f"## {name}: difference to {against.recipe['model']}, prompt {against.recipe['prompt']}"
            yield markdown(
                ["measure", "difference", "p", "over turns", "p"],
                [[TITLES[key], *_change(each)] for key, each in differences.items()],
            )
    unread = sum(system.not_as_asked for system in found.systems.values())
    unrated = sum(system.not_rated for system in found.systems.values())
    rater = f"the judge {recipe['judge']}" if recipe["judge"] else "the encoder"
    yield (
        f"Numbers of replies in brackets in the head; {LEVEL:.0%} intervals over conversations ({RESAMPLES:,} "
        f"resamples) in those of the table. Stickiness, kappa and Jaccard are against the turn before: the person's "
        "who gave support (human, human-history), the model's own (own-history). Tactics are read by encoder "
        f"{recipe['encoder']}, empathy is rated by {rater}; temperature {recipe['temperature']}, seed {recipe['seed']}."
        + (f" Replies that were not given as asked, and count as they came: {unread}." if unread else "")
        + (f" Replies that the judge did not rate: {unrated}." if unrated else "")
    )


def _cell(estimate: Estimate | None) -> str | None:
    if estimate is None or np.isnan(estimate.value):
        return None
    interval = "" if np.isnan(estimate.low) else f" [{estimate.low:.2f}, {estimate.high:.2f}]"
    return f"{estimate.value:.2f}{interval}"


def _change(each: Difference) -> list[str | None]:
    if np.isnan(each.value):
        return [None] * 4
    return [
        f"{each.value:+.2f} [{each.low:+.2f}, {each.high:+.2f}]",
        f"{each.p:.4f}",
        f"[{each.turns_low:+.2f}, {each.turns_high:+.2f}]",
        f"{each.turns_p:.4f}",
    ]


def differences_as_dict(before: Report, after: Report) -> dict[str, Any]:
    """`compare` as JSON-ready values, with the folder that is compared with."""
    found: dict[str, Any] = plain({"against": str(before.folder), "systems": compare(before, after)})
    return found


def study_command(found: Report) -> str:
    """What shows every other measure of the same replies."""
    sources = [f"{name}={found.folder / file_of(name)}" for name in found.systems]
    reference = [f"--reference {HUMAN}"] if HUMAN in found.systems else []
    return " ".join(["companion study", *sources, *reference])
