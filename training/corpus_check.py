"""Check the project's own corpora and count them: `python -m training.corpus_check [FOLDER]`.

FOLDER holds `support/*.jsonl`, `letters/*.jsonl` and `risk/*.jsonl`; without it, `training/corpus`. The counts go to
stdout. Each fault goes to stderr as `file:line: reason`, and any fault makes the exit code 1.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from planner.tactics import TACTICS
from training.corpus_schema import HIGHEST_LEVEL, Family, Line, RiskMessage, SupportReply

CORPUS = Path(__file__).parent / "corpus"
REPLIES = ("support", "letters")
"""Folders of labelled replies: short ones, and long ones in the manner of letters."""
Kind = TypeVar("Kind", bound=Line)


@dataclass(frozen=True, slots=True)
class Minimums:
    """How much of everything there must be at least."""

    replies: int = 600
    sentences: int = 3000
    sentences_per_tactic: int = 250
    risk_messages: int = 600


@dataclass(frozen=True, slots=True)
class Report:
    """What was read, and what is wrong with it."""

    replies: list[SupportReply] = field(default_factory=list)
    messages: list[RiskMessage] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def check(folder: Path, minimums: Minimums | None = None) -> Report:
    """Every line of both corpora; a faulty line is reported and left out of the counts."""
    report = Report()
    ids: dict[str, str] = {}
    for name in REPLIES:
        for place, reply in read(folder / name, SupportReply, report.faults):
            report.faults.extend(repeated(reply.id, place, ids))
            report.replies.append(reply)
    for place, message in read(folder / "risk", RiskMessage, report.faults):
        report.faults.extend(repeated(message.id, place, ids))
        report.messages.append(message)
    report.faults.extend(shortfalls(report, minimums or Minimums()))
    return report


def read(folder: Path, kind: type[Kind], faults: list[str]) -> Iterator[tuple[str, Kind]]:
    """The valid lines of a folder, each with its `file:line`; the reasons of the others go to `faults`."""
    for path in sorted(folder.glob("*.jsonl")):
        # bytes, so that what is not UTF-8 is a fault of its line and U+2028 in a text does not end one
        for number, line in enumerate(path.read_bytes().removesuffix(b"\n").split(b"\n"), start=1):
            place = f"{path}:{number}"
            try:
                yield place, kind.model_validate_json(line)
            except ValidationError as error:
                faults.extend(f"{place}: {reason}" for reason in reasons(error))


def reasons(error: ValidationError) -> Iterator[str]:
    """One sentence for each thing that pydantic found, led by where it is: `sentences.2.text: ...`."""
    for fault in error.errors(include_url=False):
        where = ".".join(str(part) for part in fault["loc"])
        what = fault["msg"].removeprefix("Value error, ")
        yield f"{where}: {what}" if where else what


def repeated(name: str, place: str, ids: dict[str, str]) -> Iterator[str]:
    """A fault if the id was seen before; remembers where each was."""
    if name in ids:
        yield f"{place}: id {name!r} is already in {ids[name]}"
    ids.setdefault(name, place)


def shortfalls(report: Report, minimums: Minimums) -> Iterator[str]:
    """What there is too little of."""
    per_tactic = tactic_counts(report.replies)
    wanted = [
        ("replies", len(report.replies), minimums.replies),
        ("sentences", sum(len(reply.sentences) for reply in report.replies), minimums.sentences),
        *((f"{tactic} sentences", per_tactic[tactic], minimums.sentences_per_tactic) for tactic in TACTICS),
        ("risk: messages", len(report.messages), minimums.risk_messages),
    ]
    for what, found, needed in wanted:
        if found < needed:
            yield f"{what}: {found}, at least {needed} are needed"


def tactic_counts(replies: Iterable[SupportReply]) -> Counter[str]:
    """How many sentences carry out each tactic."""
    return Counter(tactic.value for reply in replies for sentence in reply.sentences for tactic in sentence.tactics)


def tables(report: Report) -> Iterator[str]:
    """The counts, line by line."""
    sentences = [sentence for reply in report.replies for sentence in reply.sentences]
    per_tactic = tactic_counts(report.replies)
    yield f"{'replies':<26}{'sentences':>10}"
    for tactic in TACTICS:
        yield f"{tactic.label:<26}{per_tactic[tactic]:>10}"
    yield f"{'no tactic':<26}{sum(not sentence.tactics for sentence in sentences):>10}"
    yield f"{f'all, in {len(report.replies)} replies':<26}{len(sentences):>10}"
    yield ""
    levels = range(HIGHEST_LEVEL + 1)
    cells = Counter((message.family, message.level) for message in report.messages)
    yield f"{'risk level':<26}" + "".join(f"{level:>6}" for level in levels) + f"{'all':>6}"
    for family in Family:
        row = [cells[family, level] for level in levels]
        yield f"{family.replace('_', ' '):<26}" + "".join(f"{count:>6}" for count in (*row, sum(row)))
    columns = [sum(cells[family, level] for family in Family) for level in levels]
    yield f"{'all':<26}" + "".join(f"{count:>6}" for count in (*columns, sum(columns)))


def main(argv: Sequence[str] | None = None) -> int:
    """Print the counts; 1 if anything is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m training.corpus_check", description="Check and count the project's own corpora."
    )
    parser.add_argument("folder", type=Path, nargs="?", default=CORPUS, help="folder with support/, letters/ and risk/")
    report = check(parser.parse_args(argv).folder)
    print("\n".join(tables(report)))
    for fault in report.faults:
        print(fault, file=sys.stderr)
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
