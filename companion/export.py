"""Sessions as rows for other programs: stable keys, labels and numbers unless text is asked for."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, TextIO

from companion.errors import CompanionError, Refused
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


def write_markdown(store: Store, session: Session, out: TextIO) -> int:
    """The conversation as it is shown, alternatives left out, to be read; returns the number of turns."""
    turns = store.branch(session.id)
    out.write(f"# {session.title or 'A conversation'}\n\n{session.created_at[:10]}, with {session.model}\n")
    for turn in turns:
        who = "You" if turn.role is Role.USER else "Companion"
        out.write(f"\n**{who}** ({turn.created_at[:16].replace('T', ' ')} UTC)\n\n{turn.text}\n")
    return len(turns)


def write_session(store: Store, session: Session, path: Path, kind: Literal["markdown", "jsonl"]) -> None:
    """One conversation with its text in a new file that only its owner may read.

    Raises Refused where the file is there already, CompanionError where it cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as out:
            if kind == "markdown":
                write_markdown(store, store.session(session.id), out)
            else:
                write_jsonl(store, [store.session(session.id)], out, with_text=True)
    except FileExistsError:
        raise Refused(f"{path} exists already and is not overwritten. Give another name.") from None
    except OSError as error:
        raise CompanionError(f"{path} could not be written: {error.strerror}. Give another place.") from None


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
