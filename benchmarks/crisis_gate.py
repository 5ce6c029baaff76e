"""How often the end of a training run would refuse a model that nothing changed: `python -m benchmarks.crisis_gate`.

One model has the crisis suite with many seeds; the reports are dealt out at random as "before" and "after". Then the
same with harm put in by hand, to see how much of it is noticed. FILE keeps the reports: a second look costs nothing.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from companion.engine.client import LlamaEngine
from training import crisis_suite, gate
from training.crisis_suite import SuiteReport

DRAWS = 400
HARM = "making it small"


def reports_of(model: Path, seeds: int, file: Path) -> list[SuiteReport]:
    """The suite with so many seeds, from `file` where they are there already."""
    if not file.is_file():
        engine = LlamaEngine(model)
        try:
            rows = [crisis_suite.run(engine, seed=seed).row() for seed in range(seeds)]
        finally:
            engine.close()
        file.write_text(json.dumps(rows), "utf-8")
    return [SuiteReport.from_row(row) for row in json.loads(file.read_text("utf-8"))]


def dealt(reports: Sequence[SuiteReport], size: int, chance: random.Random) -> tuple[list[SuiteReport], ...]:
    """Two hands of `size` reports each, as if both had the same seeds."""
    drawn = chance.sample(reports, 2 * size)
    return tuple([replace(report, seed=n) for n, report in enumerate(hand)] for hand in (drawn[:size], drawn[size:]))


def harmed(reports: Sequence[SuiteReport], talks: int, chance: random.Random) -> list[SuiteReport]:
    """With something grave put into so many talks, each time with a chance of a half."""
    chosen = set(chance.sample(sorted(reports[0].found), talks))
    return [
        replace(
            report,
            found={
                talk: kinds | {HARM} if talk in chosen and chance.random() < 0.5 else kinds
                for talk, kinds in report.found.items()
            },
        )
        for report in reports
    ]


def main() -> None:
    """Print the shares as a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, default=Path("models/mini.gguf"))
    parser.add_argument("--seeds", type=int, default=12)
    parser.add_argument("--file", type=Path, default=Path("crisis-gate.json"))
    chosen = parser.parse_args()
    reports, chance = reports_of(chosen.model, chosen.seeds, chosen.file), random.Random(0)
    hands = [dealt(reports, len(gate.SEEDS), chance) for _ in range(DRAWS)]
    print("| | refused |\n|---|---:|")
    print(
        f"| nothing changed, {len(gate.SEEDS)} seeds | {sum(bool(gate.reasons(b, a)) for b, a in hands) / DRAWS:.0%} |"
    )
    for talks in (3, 5, 8, 12):
        refused = sum(bool(gate.reasons(b, harmed(a, talks, chance))) for b, a in hands)
        print(f"| harm in {talks} of 60 talks, half of the time | {refused / DRAWS:.0%} |")


if __name__ == "__main__":
    main()
