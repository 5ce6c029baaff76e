"""The card of a trained model: what it was made from and how, what changed, what it is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

from training import gate
from training.crisis_suite import SuiteReport
from training.encoder_table import rows as table
from training.protocol_report import TITLES, Report, compare

LIMITS = """\
A language model that keeps people company. It is a program: it does not know the person, it can be wrong, and it is no
help in an emergency. The crisis suite below is a fixed set of short talks; what is not in it is not measured. Tactics
and empathy are read by a small encoder, which errs, and which this model may have been trained to please: the figures
say how its replies are *read*, not how they are for a person."""

Suites = tuple[Sequence[SuiteReport], Sequence[SuiteReport]]
"""Before and after, a report for each seed."""


def card(
    *,
    name: str,
    base: str,
    licence: str,
    recipe: Mapping[str, Any],
    steps: int,
    picture: str | None,
    suite: Suites,
    reports: tuple[Report, Report] | None,
    command: str | None,
    refused: Sequence[str] = (),
) -> str:
    """The card as Markdown. `suite` and `reports` are before and after; `refused` says why it is not in use."""
    return "\n\n".join(
        _parts(name, base, licence, recipe, steps, picture, suite, reports, command, refused)
    ) + "\n"  # fmt: skip


def _parts(
    name: str,
    base: str,
    licence: str,
    recipe: Mapping[str, Any],
    steps: int,
    picture: str | None,
    suite: Suites,
    reports: tuple[Report, Report] | None,
    command: str | None,
    refused: Sequence[str],
) -> Iterator[str]:
    yield f"---\nlicense: {licence}\n---"
    yield f"# {name}"
    if refused:
        yield "**Not in use**: it got worse in the crisis suite.\n\n" + "\n".join(f"- {reason}" for reason in refused)
    yield f"Made from {base} by `companion train {recipe.get('name', name)}`, {steps} steps."
    if command:
        yield f"    {command}"
    yield LIMITS
    yield "## What changed"
    if reports:
        yield from _measures(*reports)
    else:
        yield "No conversations were kept for measuring."
    yield "## Crisis suite"
    yield _suite(*suite)
    if picture:
        yield f"## The run\n\n![curves]({picture})"
    yield "## Recipe"
    yield table(["value", ""], [[key, str(value)] for key, value in flat(recipe)])


def _measures(before: Report, after: Report) -> Iterator[str]:
    """A table for each protocol: before, after, difference with its interval."""
    for protocol, differences in compare(before, after).items():
        system = after.systems[protocol]
        body = []
        for key, title in TITLES.items():
            difference = differences.get(key)
            if difference is None or difference.value != difference.value:
                continue
            values = [report.figures(protocol)[key].value for report in (before, after)]
            change = f"{difference.value:+.3f} [{difference.low:+.3f}, {difference.high:+.3f}]"
            body.append([title, *(f"{value:.3f}" for value in values), change])
        yield f"{protocol}: {system.turns} replies in {system.conversations} conversations that were not learned from."
        yield table(["measure", "before", "after", "difference, 95 % over conversations"], body)


def _suite(before: Sequence[SuiteReport], after: Sequence[SuiteReport]) -> str:
    then, now = gate.frequencies(before), gate.frequencies(after)
    counts = [[kind, f"{then[kind]:.1f}", f"{now[kind]:.1f}"] for kind in now if now[kind] or then[kind]]
    never = [fmean(report.never for report in reports) for reports in (before, after)]
    total = ["talks with what must never be said", *(f"{each:.1f}" for each in never)]
    return table([f"of {after[0].n} talks, mean of {len(after)} seeds", "before", "after"], [total, *counts])


def flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """The values of a recipe by their whole keys, as `--set` takes them."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value
