"""What an experiment leaves for its analysis: a row for each participant and each rated reply, arms revealed."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from io import StringIO
from typing import Any

from companion.experiment.design import Design, Question
from companion.export import Choice, Tally
from companion.export.choice import Chooser
from companion.export.csv_table import GUARD, GUARDED, is_formula
from companion.store import Answer, Participant, Role, Store

Row = dict[str, Any]


def participant_rows(store: Store, experiment: str, choice: Choice, tally: Tally) -> Iterator[Row]:
    """Everybody who took part and has not withdrawn, under the pseudonym of their session; codes stay here.

    Answers in words are text, and left out without `choice.with_text`. `replies` are those that were exported and
    rated, by the number they have in the export of turns.
    """
    design = Design.model_validate_json(store.experiment(experiment).design)
    for participant in store.participants(experiment):
        session, answers = store.session(participant.session_id), store.answers(participant.code)
        arm = design.arm(participant.arm)
        chooser = Chooser(choice)
        numbers, messages = {}, 0
        for chosen in chooser.choose(store.records(session.id)):
            turn = chosen.record.turn
            numbers[turn.id] = chosen.number
            messages += turn.role is Role.USER
        tally.sessions += 1
        tally.left_out += chooser.left_out
        yield {
            "participant": choice.name(store, session),
            "experiment": experiment,
            "number": participant.number + 1,
            "arm": participant.arm,
            "model": choice.model(session),
            "planner": arm.planner,
            "candidates": arm.candidates,
            "consented_at": participant.consented_at,
            "finished_at": participant.finished_at,
            "messages": messages,
            "before": _of(design.before, answers, "before", choice),
            "after": _of(design.after, answers, "after", choice),
            "replies": _replies(design, participant, answers, numbers, choice),
        }


def _of(
    questions: Sequence[Question], answers: Sequence[Answer], moment: str, choice: Choice, turn: int | None = None
) -> Row:
    """Every question with its answer, null where it was left out."""
    given = {each.question: each.value for each in answers if each.moment == moment and each.turn_id == turn}
    asked = [question for question in questions if question.kind != "text" or choice.with_text]
    return {question.id: given.get(question.id) for question in asked}


def _replies(
    design: Design, participant: Participant, answers: Sequence[Answer], numbers: dict[int, int], choice: Choice
) -> list[Row]:
    rated = dict.fromkeys(each.turn_id for each in answers if each.turn_id in numbers and each.turn_id is not None)
    return [{"turn": numbers[turn], **_of(design.reply, answers, "reply", choice, turn)} for turn in rated]


def participants_csv(rows: Sequence[Row], design: Design, *, with_text: bool) -> str:
    """A line for each participant; the answers are columns `before_ID` and `after_ID`."""
    plain = [key for key in _PLAIN if key != "replies"]
    asked = [
        (moment, question.id)
        for moment, questions in (("before", design.before), ("after", design.after))
        for question in questions
        if question.kind != "text" or with_text
    ]
    header = [*plain, *(f"{moment}_{name}" for moment, name in asked)]
    return _table(header, [[*(row[key] for key in plain), *(row[m][name] for m, name in asked)] for row in rows])


def replies_csv(rows: Sequence[Row], design: Design, *, with_text: bool) -> str:
    """A line for each rated reply."""
    asked = [question.id for question in design.reply if question.kind != "text" or with_text]
    lines = [
        [row["participant"], row["arm"], reply["turn"], *(reply[name] for name in asked)]
        for row in rows
        for reply in row["replies"]
    ]
    return _table(["participant", "arm", "turn", *asked], lines)


_PLAIN = (
    "participant", "experiment", "number", "arm", "model", "planner", "candidates", "consented_at", "finished_at",
    "messages",
)  # fmt: skip
MEANINGS = {
    "participant": "A pseudonym, the same as `session` in turns.jsonl and in every export of this database.",
    "experiment": "The name of the experiment.",
    "number": "Which participant, from 1, those counted who have withdrawn.",
    "arm": "The arm they were given; `condition` in turns.jsonl.",
    "model": "The model they talked with.",
    "planner": "Whether replies were planned in this arm.",
    "candidates": "Ways each sentence could go that were compared in this arm; empty where the settings said.",
    "consented_at": "When they consented, UTC.",
    "finished_at": "When they came to the end, UTC; empty where they did not.",
    "messages": "Messages of theirs that are exported.",
    "turn": "The number of the rated reply in turns.jsonl.",
    GUARDED: "Columns of this row whose text begins like a formula and has a ' in front.",
}


def codebook(design: Design, *, with_text: bool) -> str:
    """What each column of the tables is, the questions as they were asked, and the design."""
    questions = {
        f"{prefix}{question.id}": {"text": question.text, "kind": question.kind, "answers": list(question.answers),
                                   "ends": question.ends}
        for prefix, asked in (("before_", design.before), ("", design.reply), ("after_", design.after))
        for question in asked
        if question.kind != "text" or with_text
    }  # fmt: skip
    book = {"columns": MEANINGS, "questions": questions, "design": design.model_dump(mode="json")}
    return json.dumps(book, ensure_ascii=False, indent=2) + "\n"


def _table(header: Sequence[str], lines: Sequence[Sequence[Any]]) -> str:
    out = StringIO()
    table = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    table.writerow([*header, GUARDED])
    for line in lines:
        cells = [str(value).lower() if isinstance(value, bool) else value for value in line]
        guarded = [place for place, cell in enumerate(cells) if isinstance(cell, str) and is_formula(cell)]
        for place in guarded:
            cells[place] = GUARD + cells[place]
        table.writerow([*cells, ";".join(header[place] for place in guarded)])
    return out.getvalue()
