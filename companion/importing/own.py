"""Rows of our own export, a row a turn, however they were written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from companion.export.columns import EMPATHY_KEYS
from companion.importing.said import Message, Unusable
from companion.importing.values import (
    count_of,
    list_of,
    name_of,
    number_of,
    object_of,
    role_of,
    sentences_of,
    tactics_of,
    text_of,
    time_of,
    weights_of,
)
from companion.store import Empathy, PlanRow, Role, Status, Timings

_LONGEST_TIME = 1e12


def is_turn(row: Mapping[str, Any]) -> bool:
    return "session" in row and "role" in row


def is_other_row(row: Mapping[str, Any]) -> bool:
    """Whether it is a row of `export --what sentences` or `--what sessions`."""
    return "session" in row and ("position" in row or "user_turns" in row)


def message(row: Mapping[str, Any]) -> Message:
    """The turn of a row. Raises Unusable."""
    role = role_of(row["role"])
    if role is None:
        raise Unusable("a turn of nobody")
    try:
        status = Status(row.get("status") or "complete")
    except ValueError:
        raise Unusable("the status is none of complete, stopped, failed and interrupted") from None
    number = count_of(row.get("turn"), "turn")
    found = Message(
        role,
        text_of(row.get("text")),
        number,
        count_of(row.get("parent"), "parent"),
        linked=number is not None and "parent" in row,
        status=Status.INTERRUPTED if status is Status.STREAMING else status,
        created_at=time_of(row.get("created_at"), "created_at"),
        finished_at=time_of(row.get("finished_at"), "finished_at"),
        crisis=row.get("crisis") is True,
    )
    if row.get("rating") is not None:
        found.rating = int(number_of(row["rating"], "rating", -100, 100))
        found.note = text_of(row.get("rating_note"), "rating_note")
    if role is Role.ASSISTANT:
        found.sentences = sentences_of(row["sentences"]) if row.get("sentences") else ()
        found.plan = _plan(object_of(row["plan"])) if row.get("plan") else None
        found.timings = _timings(object_of(row["timings"])) if row.get("timings") else Timings()
        found.empathy = tuple(_empathy(object_of(each)) for each in list_of(row.get("empathy") or [], "empathy"))
    return found


def _plan(row: Mapping[str, Any]) -> PlanRow | None:
    if row.get("layout") is None:  # Parquet gives a plan of nothing for no plan
        return None
    return PlanRow(
        name_of(row["layout"]) or "",
        weights_of(row.get("weights") or {}),
        tuple(tactics_of(row.get("targets") or [])),
        tuple(tactics_of(row.get("resting") or [])),
    )


def _timings(row: Mapping[str, Any]) -> Timings:
    spent = [row.get(key) for key in ("first_ms", "total_ms")]
    first, total = (None if value is None else number_of(value, "a time", 0, _LONGEST_TIME) for value in spent)
    return Timings(
        count_of(row.get("prompt_tokens"), "prompt_tokens"), count_of(row.get("reply_tokens"), "reply_tokens"), first,
        total,
    )  # fmt: skip


def _empathy(row: Mapping[str, Any]) -> Empathy:
    *dimensions, rater = EMPATHY_KEYS
    values = {key: number_of(row.get(key), key, 0, 10) for key in dimensions}
    return Empathy(**values, rater=name_of(row.get(rater)) or "imported")
