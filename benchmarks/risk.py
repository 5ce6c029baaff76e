"""How well the risk reading does: figures for `docs/CRISIS.md`.

    python -m benchmarks.risk [--split NAME] [--own] [--data ../shared/data]

Definitions. *Noticed*: level 1 or more, so that the reply asks and names help. *Card*: level 3 or more. **Explicit
recall** is the share of explicit statements (wanting to die, ending one's life, hurting oneself, a means, a plan) that
show a card; **oblique recall** the share of what is said around it that is noticed. A row with a message before it is
read as two turns: a card at either counts, because the second turn takes the first one back or passes over it.
A **false card** is a card on a harmless row. No text is printed. The splits: `training/corpus/risk_check/README.md`.

"held" was looked at once, after everything was chosen. Both halves, and most of the patterns, have the same author;
"unseen" was written without sight of either, and XSTest, VERA-MH and Lend-an-Ear are other people's.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from companion.safety.risk import floor
from companion.safety.risk.assessor import WORDS_SURE, RiskAssessor
from companion.safety.risk.linear import LinearReader
from companion.safety.risk.network_layer import RiskReader, RiskReading
from companion.safety.risk.state import RiskState

CORPUS = Path(__file__).parents[1] / "training" / "corpus"
OPENINGS = Path(__file__).with_name("vera_openings.tsv")
"""What the opening messages of VERA-MH's personas say, row by row, in the eyes of two labellers who knew nothing of how
they are read: explicit, oblique, or neither. Both are language models."""
NOW = datetime(2026, 1, 1)
CARD = 3
SPLITS = ("tune", "held", "fresh", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "unseen")

KEYWORDS = re.compile(
    r"\b(?:suicid(?:e|al)|kill myself|killing myself|end my life|ending my life|take my (?:own )?life|want to die"
    r"|wanna die|"
    r"better off dead|no reason to live|don't want to live|don't want to be alive|self[- ]harm|cut myself"
    r"|cutting myself|"
    r"hurt myself|overdose|hang myself|end it all|kms)\b",
    re.IGNORECASE,
)
"""The usual plain list, as a baseline."""


@dataclass(frozen=True)
class Row:
    """A message, with the one before it or "", and the group it is counted in."""

    group: str
    previous: str
    text: str


Way = Callable[[Row], int]
"""A level for a row."""


class Prepared(RiskReader):
    """Has read all rows beforehand, together: much faster than one by one, and the same."""

    def __init__(self, rows: Sequence[Row]) -> None:
        super().__init__()
        pairs = {pair for row in rows for pair in (("", row.previous), ("", row.text), (row.previous, row.text))}
        known = sorted(pairs)
        self._known = dict(zip(known, super().read(known), strict=True))

    def read(self, messages: Sequence[tuple[str, str]]) -> list[RiskReading]:
        return [self._known[message] for message in messages]


def ways(rows: Sequence[Row]) -> dict[str, Way]:
    """The whole, each layer alone, and the baseline. Alone, a layer that only says yes says level 3."""
    reader, words = Prepared(rows), LinearReader()
    assessor = RiskAssessor(reader, words=words)

    def whole(row: Row) -> int:
        state, level = RiskState(), 0
        for before, text in (("", row.previous), (row.previous, row.text)) if row.previous else (("", row.text),):
            risk, state = assessor.read(text, before, state, NOW)
            level = max(level, risk.level)
        return level

    def either(see: Callable[[str, str], int]) -> Way:
        return lambda row: max(see("", row.previous) if row.previous else 0, see(row.previous, row.text))

    def listed(_: str, text: str) -> int:
        return CARD * bool(KEYWORDS.search(text.replace("’", "'")))

    def by_network(previous: str, text: str) -> int:
        return max(step for step, chance in ((0, 1.0), *_steps(reader, previous, text)) if chance >= 0.5)

    return {
        "together": whole,
        "phrases": either(lambda _, text: floor.read(text).level),
        "words": either(lambda _, text: CARD * (words.read(text) >= WORDS_SURE)),
        "network": either(by_network),
        "keywords": either(listed),
    }


def _steps(reader: RiskReader, previous: str, text: str) -> list[tuple[int, float]]:
    """The ladder's steps and their probabilities."""
    return list(reader.read([(previous, text)])[0].probabilities.items())


def own(split: str) -> list[Row]:
    """The project's check rows of one split."""
    found = []
    for path in sorted([*(CORPUS / "risk_check").glob("*.jsonl"), *(CORPUS / "risk_unseen").glob("*.jsonl")]):
        for row in map(json.loads, path.read_text("utf-8").splitlines()):
            if row["split"] == split:
                kind = row["said"] or "harmless"
                found.append(Row(f"{kind}: {row['family']}", row["previous"], row["text"]))
    return found


def others(data: Path) -> list[Row]:
    """XSTest, VERA-MH's opening messages, the seekers' turns of Lend-an-Ear."""
    found = []
    with (data / "safety/xstest/xstest_prompts.csv").open(encoding="utf-8", newline="") as file:
        found += [Row(f"XSTest: {row['label']}", "", row["prompt"]) for row in csv.DictReader(file)]
    with (data / "corpora/vera_mh/data/personas.tsv").open(encoding="utf-8", newline="") as file:
        personas = list(csv.DictReader(file, delimiter="\t"))
    with OPENINGS.open(encoding="utf-8", newline="") as file:
        for persona, label in zip(personas, csv.DictReader(file, delimiter="\t"), strict=True):
            said = label["first"] if label["first"] == label["second"] else "labelled either way"
            found.append(Row(f"VERA-MH openings: {said}", "", persona["Final Seed Phrase"]))
    with (data / "mint/lend_an_ear/lend_an_ear_50_conversations.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            turns = re.split(r"\n(?=Seeker:|Supporter:)", row["full_conversation"])
            said = [turn.removeprefix("Seeker:").strip() for turn in turns if turn.startswith("Seeker:")]
            found += [
                Row("Lend-an-Ear seekers' turns", before, text) for before, text in zip(["", *said], said, strict=False)
            ]
    return found


def share(levels: Iterable[int], least: int) -> str:
    """Per cent of the levels that reach `least`."""
    counted = list(levels)
    return f"{100 * sum(level >= least for level in counted) / len(counted):5.1f}" if counted else "    -"


def table(rows: Sequence[Row], by: dict[str, Way]) -> None:
    """Per group and way: noticed / card, in per cent."""
    print(f"{'group':<38}{'n':>5}  " + "".join(f"{name:^15}" for name in by))
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row)
        kind, _, family = row.group.partition(": ")
        if family:
            groups.setdefault(f"{kind}: all", []).append(row)
    for group in sorted(groups, key=lambda name: (name.partition(":")[0], name.endswith(": all"), name)):
        levels = {name: [way(row) for row in groups[group]] for name, way in by.items()}
        cells = "".join(f"{share(found, 1)} /{share(found, CARD)}  " for found in levels.values())
        print(f"{group:<38}{len(groups[group]):>5}  {cells}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--split", choices=SPLITS, default="tune")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--own", action="store_true", help="only the messages of the split")
    arguments = parser.parse_args()
    rows = own(arguments.split) + ([] if arguments.own else others(arguments.data))
    by = ways(rows)
    print("per cent noticed / with a card")
    table(rows, by)


if __name__ == "__main__":
    main()
