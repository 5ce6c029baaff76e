"""Sessions from elsewhere, what is known of where they came from, and the key of the pseudonyms."""

from __future__ import annotations

import json
import secrets
import sqlite3

from companion.store.connection import now
from companion.store.rows import NewSession, NewTurn, Role
from companion.store.sessions import ID_LENGTH, LETTERS, LETTERS_AND_DIGITS, title_of
from companion.store.turns import Turns

_KEY = "pseudonyms"


class Imports(Turns):
    def pseudonym_key(self) -> bytes:
        """32 random bytes that stay in this database: the same session has the same pseudonym in every export."""
        with self.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO keys(name, value) VALUES (?, ?)", (_KEY, secrets.token_bytes(32)))
            key: bytes = connection.execute("SELECT value FROM keys WHERE name = ?", (_KEY,)).fetchone()[0]
            return key

    def imported(self, session_id: str) -> tuple[str | None, str] | None:
        """(the pseudonym it came with, the format it came in) of an imported session, None for any other."""
        rows = self._rows("SELECT name, format FROM imports WHERE session_id = ?", (session_id,))
        return rows[0] if rows else None

    def is_imported(self, content: bytes) -> bool:
        """Whether a session of this hash is here."""
        return bool(self._rows("SELECT 1 FROM imports WHERE hash = ?", (content,)))

    def add_import(self, new: NewSession) -> str:
        """Stores it, marked as imported, in one transaction; returns the id of the session."""
        first, last = new.turns[0].created_at, max(turn.created_at for turn in new.turns)
        words = next((turn.text for turn in new.turns if turn.role is Role.USER), "")
        title = title_of(new.title or "") or title_of(words) or None
        with self.transaction() as connection:
            session_id = self._free_id(connection, new.id)
            connection.execute(
                "INSERT INTO sessions(id, title, created_at, updated_at, model, condition, settings) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (session_id, title, first, last, new.model, new.condition, json.dumps({"imported": new.format})),
            )
            ids: list[int] = []
            for turn in new.turns:
                ids.append(
                    self._add_new(connection, session_id, None if turn.parent is None else ids[turn.parent], turn)
                )
            if new.leaf is not None:
                connection.execute("UPDATE sessions SET leaf = ? WHERE id = ?", (ids[new.leaf], session_id))
            taken = connection.execute("SELECT 1 FROM imports WHERE name = ?", (new.name,)).fetchone()
            connection.execute(
                "INSERT INTO imports(hash, session_id, name, format, imported_at) VALUES (?, ?, ?, ?, ?)",
                (new.hash, session_id, None if taken else new.name, new.format, now()),
            )
        return session_id

    def _add_new(self, connection: sqlite3.Connection, session_id: str, parent_id: int | None, turn: NewTurn) -> int:
        spent = turn.timings
        made = connection.execute(
            "INSERT INTO turns(session_id, parent_id, role, text, status, created_at, finished_at, "
            "prompt_tokens, reply_tokens, ms_first, ms_total) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                session_id, parent_id, turn.role, turn.text, turn.status, turn.created_at, turn.finished_at,
                spent.prompt_tokens, spent.reply_tokens, spent.ms_first, spent.ms_total,
            ),
        )  # fmt: skip
        turn_id = made.lastrowid
        assert turn_id is not None
        if turn.sentences:
            self.add_sentences(turn_id, turn.sentences)
        if turn.plan is not None:
            self.add_plan(turn_id, turn.plan)
        for empathy in turn.empathy:
            self.add_empathy(turn_id, empathy)
        if turn.rating is not None:
            connection.execute(
                "INSERT INTO ratings(turn_id, value, note, created_at) VALUES (?, ?, ?, ?)",
                (turn_id, turn.rating, turn.note, turn.finished_at or turn.created_at),
            )
        if turn.risk is not None:
            connection.execute(
                "INSERT INTO risk_events(turn_id, level, layer, card_shown) VALUES (?, ?, ?, 0)", (turn_id, *turn.risk)
            )
        return turn_id

    @staticmethod
    def _free_id(connection: sqlite3.Connection, wanted: str | None) -> str:
        while True:
            identity = wanted or secrets.choice(LETTERS) + "".join(
                secrets.choice(LETTERS_AND_DIGITS) for _ in range(ID_LENGTH - 1)
            )
            if not connection.execute("SELECT 1 FROM sessions WHERE id = ?", (identity,)).fetchone():
                return identity
            wanted = None
