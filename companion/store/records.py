"""Whole sessions, read piece by piece: what an export needs, in memory that does not grow with the history."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from companion.store.history import EMPATHY_COLUMNS, PLAN_COLUMNS, TURN_COLUMNS, History, plan_of, turn_of
from companion.store.rows import Empathy, Rating, Record, Sentence, Session
from companion.store.sessions import SESSION_COLUMNS, session_of

CHUNK = 500
"""Turns, and sessions, that are held at once."""


class Records(History):
    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything read inside is of one moment; other programs write meanwhile. This program's threads wait."""
        with self._lock, self._errors():
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.execute("COMMIT")

    def each_session(self) -> Iterator[Session]:
        """Every session, archived ones too, in the order in which they were made here."""
        after = 0
        while rows := self._rows(
            f"SELECT {SESSION_COLUMNS}, s.rowid FROM sessions s WHERE s.rowid > ? ORDER BY s.rowid LIMIT ?",
            (after, CHUNK),
        ):
            for row in rows:
                yield session_of(row[:-1])
            after = rows[-1][-1]

    def records(self, session_id: str) -> Iterator[Record]:
        """Every turn of a session, all branches, oldest first, with what is known about it."""
        after = 0
        while rows := self._rows(
            f"SELECT {TURN_COLUMNS} FROM turns t WHERE t.session_id = ? AND t.id > ? ORDER BY t.id LIMIT ?",
            (session_id, after, CHUNK),
        ):
            span = (session_id, after, rows[-1][0])
            sentences = self._sentences_in(span)
            plans = {row[0]: plan_of(row[1:]) for row in self._in(PLAN_COLUMNS, "plans", span)}
            ratings = {row[0]: Rating(*row[1:]) for row in self._in("p.value, p.note, p.created_at", "ratings", span)}
            empathy: dict[int, tuple[Empathy, ...]] = {}
            for turn_id, *values in self._in(EMPATHY_COLUMNS, "empathy", span, "p.rater"):
                empathy[turn_id] = (*empathy.get(turn_id, ()), Empathy(*values))
            risks: dict[int, int] = {}
            for turn_id, level in self._in("p.level", "risk_events", span):
                risks[turn_id] = max(level, risks.get(turn_id, 0))
            for turn in map(turn_of, rows):
                yield Record(
                    turn,
                    sentences.get(turn.id, ()),
                    plans.get(turn.id),
                    empathy.get(turn.id, ()),
                    ratings.get(turn.id),
                    risks.get(turn.id, 0),
                )
            after = rows[-1][0]

    def _sentences_in(self, span: tuple[str, int, int]) -> dict[int, tuple[Sentence, ...]]:
        found: dict[int, dict[int, Sentence]] = {}
        for turn_id, sentence_id, position, text, tactic, score in self._rows(
            "SELECT s.turn_id, s.id, s.position, s.text, a.tactic, a.score FROM turns t "
            "JOIN sentences s ON s.turn_id = t.id LEFT JOIN sentence_tactics a ON a.sentence_id = s.id "
            "WHERE t.session_id = ? AND t.id > ? AND t.id <= ? ORDER BY s.turn_id, s.position, a.tactic",
            span,
        ):
            of_turn = found.setdefault(turn_id, {})
            before = of_turn.get(position)
            tactics = {**before.tactics} if before else {}
            if tactic is not None:
                tactics[tactic] = score
            of_turn[position] = Sentence(sentence_id, turn_id, position, text, tactics)
        return {turn_id: tuple(sentences.values()) for turn_id, sentences in found.items()}

    def _in(
        self, columns: str, table: str, span: tuple[str, int, int], order: str = "p.rowid"
    ) -> list[tuple[Any, ...]]:
        return self._rows(
            f"SELECT p.turn_id, {columns} FROM turns t JOIN {table} p ON p.turn_id = t.id "
            f"WHERE t.session_id = ? AND t.id > ? AND t.id <= ? ORDER BY t.id, {order}",
            span,
        )
