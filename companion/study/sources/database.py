"""The database: of every session the conversation that the person last saw, with its labels, ratings and safety
events.

Read through a connection that cannot write, and from one state of the file: who is chatting meanwhile is not in the
way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from companion.errors import CompanionError, UsageError
from companion.rating import Empathy
from companion.store import encrypted
from companion.study.said import Crisis, Said, mask_of_names
from companion.text import split_sentences
from planner.ledger import words_of

MAGIC = b"SQLite format 3\0"
_FINISHED = frozenset({"complete", "stopped"})
_LONG_ENOUGH = 4
"""Words of a sentence that counts as said again: shorter ones are what anybody says."""

_TURNS = "SELECT id, parent_id, role, text, status FROM turns WHERE session_id = ? ORDER BY id"
_LABELS = """SELECT s.turn_id, group_concat(a.tactic) FROM turns t JOIN sentences s ON s.turn_id = t.id
    LEFT JOIN sentence_tactics a ON a.sentence_id = s.id
    WHERE t.session_id = ? GROUP BY s.id ORDER BY s.turn_id, s.position"""
_RATINGS = """SELECT e.turn_id, e.validating_emotions, e.encouraging_elaboration, e.demonstrating_understanding,
    e.unsolicited_advice, e.self_orientation, e.dismissing_emotions
    FROM turns t JOIN empathy e ON e.turn_id = t.id WHERE t.session_id = ? ORDER BY e.rater DESC"""
_EVENTS = """SELECT r.turn_id, r.layer, r.card_shown FROM turns t JOIN risk_events r ON r.turn_id = t.id
    WHERE t.session_id = ? ORDER BY r.rowid"""


def read(path: Path) -> Iterator[Said]:
    """Every message of every session, archived ones too. Raises CompanionError for a file that is not ours."""
    try:
        with closing(encrypted.connect_to_read(path)) as connection:
            connection.execute("BEGIN")
            columns = {row[1] for row in connection.execute("PRAGMA table_info(sessions)")}
            if not {"id", "model", "condition"} <= columns:
                raise UsageError(f"{path} is a database of another program: it has no sessions of companion.")
            leaf = "leaf" if "leaf" in columns else "NULL"
            sessions = connection.execute(f"SELECT id, model, condition, {leaf} FROM sessions ORDER BY rowid")
            for session in sessions:
                yield from _session(connection, *session)
    except encrypted.errors() as error:
        raise CompanionError(f"{path} cannot be read: {error}.") from None


def _session(
    connection: sqlite3.Connection, session: str, model: str | None, condition: str | None, leaf: int | None
) -> Iterator[Said]:
    def rows(sql: str) -> list[tuple[Any, ...]]:
        return connection.execute(sql, (session,)).fetchall()

    turns = {row[0]: row for row in rows(_TURNS)}
    if not turns:
        return
    labels: dict[int, list[int]] = {}
    for turn, names in rows(_LABELS):
        labels.setdefault(turn, []).append(mask_of_names(tuple(names.split(","))) if names else 0)
    ratings = {turn: Empathy(*values) for turn, *values in rows(_RATINGS)}
    events = _events(rows(_EVENTS))
    branch, at = [], leaf if leaf in turns else max(turns)
    while at is not None:
        branch.append(turns[at])
        at = turns[at][1]
    before: set[str] | None = set() if events else None
    fired = False
    for place, (turn, _, role, text, status) in enumerate(reversed(branch)):
        supporter = role == "assistant"
        tagged = labels.get(turn) if status in _FINISHED else None
        repeats = (0, 0)
        fired = fired or turn in events
        if supporter and before is not None:
            repeats = _repeats(text, before, fired)
        said = Said(
            session, place, supporter, text if not supporter or status in _FINISHED else None,
            tuple(tagged) if tagged else None, None, model, condition, crisis=events.get(turn), repeats=repeats,
        )  # fmt: skip
        yield replace(said, empathy=ratings[turn]) if turn in ratings else said


def _events(rows: Sequence[tuple[Any, ...]]) -> dict[int, Crisis]:
    found: dict[int, Crisis] = {}
    for turn, layer, shown in rows:
        before = found.get(turn, Crisis((), 0))
        found[turn] = Crisis((*before.layers, layer), before.cards + int(shown))
    return found


def _repeats(text: str, before: set[str], fired: bool) -> tuple[int, int]:
    """(sentences, those said before in this conversation), of a reply after the safety layer fired; then remembers."""
    said = [" ".join(words) for sentence in split_sentences(text) if len(words := words_of(sentence)) >= _LONG_ENOUGH]
    repeated = sum(sentence in before for sentence in said)
    before.update(said)
    return (len(said), repeated) if fired else (0, 0)
