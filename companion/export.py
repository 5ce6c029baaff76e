"""Sessions as rows for other programs: stable keys, labels and numbers unless text is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

from companion.store import PlanRow, Role, Sentence, Session, Store, Turn
from planner.tactics import TACTICS


def write_jsonl(store: Store, sessions: Iterable[Session], out: TextIO, *, with_text: bool) -> int:
    """One JSON object a line and turn; returns the number of rows."""
    count = 0
    for session in sessions:
        for row in rows(store, session, with_text=with_text):
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    return count


def rows(store: Store, session: Session, *, with_text: bool) -> Iterator[dict[str, Any]]:
    """Every turn of a session, other branches included, in the order in which they were said."""
    sentences, plans = store.sentences(session.id), store.plans(session.id)
    for turn in store.turns(session.id):
        yield turn_row(session, turn, sentences.get(turn.id, ()), plans.get(turn.id), with_text=with_text)


def turn_row(
    session: Session, turn: Turn, sentences: tuple[Sentence, ...], plan: PlanRow | None, *, with_text: bool
) -> dict[str, Any]:
    """One turn. `tactics` counts sentence-tactic pairs; `sentences` lists the tactics of each in order."""
    row: dict[str, Any] = {
        "session": session.id,
        "model": session.model,
        "condition": session.condition,
        "turn": turn.id,
        "parent": turn.parent_id,
        "role": turn.role.value,
        "status": turn.status.value,
        "created_at": turn.created_at,
        "finished_at": turn.finished_at,
        "words": len(turn.text.split()),
        "tactics": None,
        "sentences": None,
        "plan": None,
        "timings": None,
    }
    if turn.role is Role.ASSISTANT:
        used = [list(sentence.tactics) for sentence in sentences]
        row["tactics"] = {t.value: n for t in TACTICS if (n := sum(t.value in tactics for tactics in used))}
        row["sentences"] = [{"tactics": tactics} for tactics in used]
        row["timings"] = {
            "prompt_tokens": turn.prompt_tokens,
            "reply_tokens": turn.reply_tokens,
            "first_ms": turn.ms_first,
            "total_ms": turn.ms_total,
        }
    if plan:
        row["plan"] = {
            "layout": plan.layout,
            "weights": dict(plan.weights),
            "targets": list(plan.targets),
            "resting": list(plan.resting),
        }
    if with_text:
        row["text"] = turn.text
        if row["sentences"] is not None:
            row["sentences"] = [
                {"text": sentence.text} | labels for sentence, labels in zip(sentences, row["sentences"], strict=True)
            ]
    return row
