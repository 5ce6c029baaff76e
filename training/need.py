"""Estimate the planner's need table: `python -m training.need LEND_AN_EAR -o planner/need.json`.

LEND_AN_EAR is the folder of the Lend-an-Ear files released with MINT (MIT): conversations, and human tactic
tags per supporter turn. Only counts leave it. What is estimated, for each of the ten tactics t (a turn uses t
or not):

    overall(t)     = (n(t) + 1/2) / (n + 1)                               n turns in all
    share(t|stage) = (n(t, stage) + K * overall(t)) / (n(stage) + K)      shrunk to the overall share
    lift(t|x)      = (observed + K * prior) / (expected + K)              over turns with x, shrunk to prior

prior is 1, but for what a message asks for in so many words (PRIOR): too few seekers here ask. observed is
how many of the turns with x use t, expected how many would if only the stage mattered (the sum of their
shares). x is a surface cue of the seeker's message (`planner.reading.read`) or a tactic of the supporter's
previous turn; of the latter only lifts above 1 are kept, and none of a tactic on itself (`planner.need` says
why).
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planner.need import CUES, Stage, stage_of
from planner.reading import Reading, read
from planner.tactics import TACTICS, Tactic

K = 5.0
"""Smoothing: so many turns at the overall share, so many expected uses at the prior lift."""

PRIOR: Mapping[str, Mapping[Tactic, float]] = {
    "question": {Tactic.INFORMATION: 3.0},
    "asks_advice": {Tactic.ADVICE: 3.0},
}
"""Our judgement, kept apart from the data: who asks is worth an answer. Every other lift has prior 1."""

METHOD = (
    "share: part of the supporter turns at a stage that use a tactic, shrunk to the overall part. "
    "cue, follow: (observed + k * prior) / (expected given the stage + k), over the turns whose seeker "
    "message has the cue, or that come after a turn with the tactic; of follow only lifts above 1, and none "
    "on the tactic itself. A prior is 1 or as stated, which is judgement. Counts only, no text."
)

CONVERSATIONS = "lend_an_ear_50_conversations.csv"
TURNS = "turn_level_tactics.csv"

_SPEAKER = re.compile(r"^(Seeker|Supporter):", re.MULTILINE)

Row = dict[Tactic, float]


@dataclass(frozen=True, slots=True)
class Observation:
    """One supporter turn: where it stands, what it answers, what the turn before it used, what it uses."""

    conversation: str
    stage: Stage
    reading: Reading
    previous: frozenset[Tactic]
    tactics: frozenset[Tactic]


def observe(folder: Path) -> list[Observation]:
    """Every supporter turn of the folder, in a fixed order; ValueError where text and tags disagree."""
    tagged: dict[str, dict[int, frozenset[Tactic]]] = {}
    for row in _rows(folder / TURNS):
        turns = tagged.setdefault(row["conversation_id"], {})
        turns[int(row["supporter_turn_index"])] = frozenset(t for t in TACTICS if int(row[t]) > 0)
    observations: list[Observation] = []
    for row in sorted(_rows(folder / CONVERSATIONS), key=lambda row: row["conversation_id"]):
        name = row["conversation_id"]
        messages = answered(row["full_conversation"])
        turns = tagged.get(name, {})
        if sorted(turns) != list(range(1, len(messages) + 1)):
            raise ValueError(f"conversation {name} has {len(messages)} supporter turns, but tags for {len(turns)}")
        previous: frozenset[Tactic] = frozenset()
        for index, message in enumerate(messages):
            tactics = turns[index + 1]
            observations.append(Observation(name, stage_of(index), read(message), previous, tactics))
            previous = tactics
    return observations


def answered(conversation: str) -> list[str]:
    """The seeker's message before each supporter turn of a "Seeker: … Supporter: …" text; "" for none."""
    _, *parts = _SPEAKER.split(conversation)
    messages: list[str] = []
    heard = ""
    for speaker, text in zip(parts[::2], parts[1::2], strict=True):
        if speaker == "Supporter":
            messages.append(heard)
        heard = text.strip() if speaker == "Seeker" else ""
    return messages


def estimate(observations: Sequence[Observation]) -> dict[str, Any]:
    """The table as the JSON document that `planner.need.NeedTable.from_json` reads, provenance included."""
    overall = {t: (_uses(observations, t) + 0.5) / (len(observations) + 1) for t in TACTICS}
    by_stage = {stage: [o for o in observations if o.stage is stage] for stage in Stage}
    by_cue = {name: [o for o in observations if holds(o.reading)] for name, holds in CUES.items()}
    by_previous = {t: [o for o in observations if t in o.previous] for t in TACTICS}
    share = {
        stage: {t: (_uses(turns, t) + K * overall[t]) / (len(turns) + K) for t in TACTICS}
        for stage, turns in by_stage.items()
    }
    return {
        "source": "Lend-an-Ear conversations with human tactic tags, released with MINT (arXiv 2604.11742)",
        "licence": "MIT, Copyright (c) 2026 Hongli Zhan",
        "made_by": "python -m training.need",
        "method": METHOD,
        "k": K,
        "prior": PRIOR,
        "counts": {
            "conversations": len({o.conversation for o in observations}),
            "turns": len(observations),
            "stage": {stage: len(turns) for stage, turns in by_stage.items()},
            "cue": {name: len(turns) for name, turns in by_cue.items()},
            "previous": {t: len(turns) for t, turns in by_previous.items()},
            "tactic": {t: _uses(observations, t) for t in TACTICS},
        },
        "share": {stage: _rounded(row) for stage, row in share.items()},
        "cue": {name: _lifts(turns, share, PRIOR.get(name, {})) for name, turns in by_cue.items()},
        "follow": {t: _raised(_lifts(turns, share, {}), besides=t) for t, turns in by_previous.items()},
    }


def _lifts(turns: Sequence[Observation], share: Mapping[Stage, Row], prior: Mapping[Tactic, float]) -> Row:
    expected = {t: sum(share[o.stage][t] for o in turns) for t in TACTICS}
    return _rounded({t: (_uses(turns, t) + K * prior.get(t, 1.0)) / (expected[t] + K) for t in TACTICS})


def _raised(lifts: Row, *, besides: Tactic) -> Row:
    return {t: lift for t, lift in lifts.items() if lift > 1 and t is not besides}


def _uses(turns: Iterable[Observation], tactic: Tactic) -> int:
    return sum(tactic in o.tactics for o in turns)


def _rounded(row: Row) -> Row:
    return {t: round(value, 3) for t, value in row.items()}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main(argv: Sequence[str] | None = None) -> None:
    """Write the table of a folder to a file, or to stdout."""
    parser = argparse.ArgumentParser(prog="python -m training.need", description="Estimate the planner's need table.")
    parser.add_argument("folder", type=Path, help=f"folder with {CONVERSATIONS} and {TURNS}")
    parser.add_argument("-o", "--output", type=Path, help="file to write; stdout without it")
    arguments = parser.parse_args(argv)
    try:
        observations = observe(arguments.folder)
    except FileNotFoundError as error:
        parser.error(f"{error.filename} is not there; name the lend_an_ear folder of the MINT data")
    document = json.dumps(estimate(observations), indent=1) + "\n"
    if arguments.output:
        arguments.output.write_text(document, encoding="utf-8", newline="\n")
    else:
        sys.stdout.write(document)


if __name__ == "__main__":
    main()
