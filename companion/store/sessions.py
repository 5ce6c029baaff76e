"""Sessions, what the person likes, and the numbers about it all."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any, Literal

from companion.errors import NotFound, UsageError
from companion.store.connection import SIDE_FILES, Connection, now
from companion.store.rows import Session, Stats

LETTERS = "abcdefghjkmnpqrstuvwxyz"
LETTERS_AND_DIGITS = LETTERS + "23456789"  # without 0, 1, i, l and o, which are easily taken for each other
ID_LENGTH = 6
TITLE_LENGTH = 60

SESSION_COLUMNS = """s.id, s.title, s.created_at, s.updated_at, s.archived, s.model, s.condition, s.settings,
    (SELECT count(*) FROM turns WHERE session_id = s.id)"""


def session_of(row: tuple[Any, ...]) -> Session:
    """A session from the columns of `SESSION_COLUMNS`."""
    identity, title, created_at, updated_at, archived, model, condition, settings, turns = row
    return Session(
        identity, title, created_at, updated_at, bool(archived), model, condition, json.loads(settings), turns
    )


def title_of(text: str) -> str:
    """The first words of `text`, in at most `TITLE_LENGTH` characters."""
    line = " ".join(text.split())
    if len(line) <= TITLE_LENGTH:
        return line
    cut = line[: TITLE_LENGTH - 1]
    at_word = cut.rpartition(" ")[0] if line[TITLE_LENGTH - 1] != " " else cut
    return (at_word if len(at_word) > TITLE_LENGTH // 2 else cut).rstrip() + "…"


class Sessions(Connection):
    def new_session(
        self,
        model: str | None,
        *,
        condition: str | None = None,
        title: str | None = None,
        settings: Mapping[str, object] | None = None,
    ) -> Session:
        """An empty session. Without a title it takes one from the first words the person says."""
        moment = now()
        with self.transaction() as connection:
            while True:
                identity = secrets.choice(LETTERS) + "".join(
                    secrets.choice(LETTERS_AND_DIGITS) for _ in range(ID_LENGTH - 1)
                )
                made = connection.execute(
                    "INSERT OR IGNORE INTO sessions"
                    "(id, title, created_at, updated_at, model, condition, settings) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (identity, title, moment, moment, model, condition, json.dumps(dict(settings or {}))),
                )
                if made.rowcount:
                    break
        return self.session(identity)

    def session(self, id_or_prefix: str) -> Session:
        """The session with this id, or the only one whose id begins so. Raises `NotFound` or `UsageError`."""
        wanted = id_or_prefix.strip().lower()
        if not wanted.isascii():  # no id is; and some text that is not could not even be asked for
            wanted = ""
        rows = self._rows(
            f"SELECT {SESSION_COLUMNS} FROM sessions s WHERE s.id >= ? AND s.id < ? ORDER BY s.id LIMIT 9",
            (wanted, wanted + "\U0010ffff"),
        )
        if not wanted or not rows:
            raise NotFound(f"There is no session {id_or_prefix!r}. `companion sessions list` shows their ids.")
        if len(rows) > 1 and rows[0][0] != wanted:
            ids = ", ".join(row[0] for row in rows[:8]) + (", ..." if len(rows) > 8 else "")
            raise UsageError(f"{id_or_prefix!r} begins several session ids: {ids}. Give one more character.")
        return session_of(rows[0])

    def sessions(
        self, *, archived: bool | None = False, title: str = "", limit: int | None = None, offset: int = 0
    ) -> list[Session]:
        """The sessions whose title has `title` in it, last used first; `archived` None gives both kinds."""
        title = title.encode(errors="replace").decode()  # half a surrogate pair could not be asked for
        where = "" if archived is None else f"AND s.archived = {int(archived)}"
        rows = self._rows(
            f"SELECT {SESSION_COLUMNS} FROM sessions s WHERE (? = '' OR instr(lower(s.title), lower(?))) {where} "
            "ORDER BY s.updated_at DESC, s.rowid DESC LIMIT ? OFFSET ?",
            (title, title, -1 if limit is None else limit, offset),
        )
        return [session_of(row) for row in rows]

    def discard_if_empty(self, session_id: str) -> None:
        """Removes a session in which nothing was said; there are no words in it that would have to be scrubbed.

        That of a participant of an experiment stays: it holds that they took part, and what they answered.
        """
        with self.transaction() as connection:
            connection.execute(
                "DELETE FROM sessions WHERE id = ? AND NOT EXISTS (SELECT 1 FROM turns WHERE session_id = sessions.id) "
                "AND NOT EXISTS (SELECT 1 FROM participants WHERE session_id = sessions.id)",
                (session_id,),
            )

    def rename(self, id_or_prefix: str, title: str) -> Session:
        return self._change(id_or_prefix, "title", title)

    def archive(self, id_or_prefix: str) -> Session:
        return self._change(id_or_prefix, "archived", 1)

    def unarchive(self, id_or_prefix: str) -> Session:
        return self._change(id_or_prefix, "archived", 0)

    def set_leaf(self, session_id: str, turn_id: int) -> None:
        """Where the conversation goes on: after this turn."""
        with self.transaction() as connection:
            connection.execute("UPDATE sessions SET leaf = ? WHERE id = ?", (turn_id, session_id))

    def add_mood(self, session_id: str, moment: Literal["before", "after"], value: int) -> None:
        """How the person feels, 1 (very bad) to 7 (very good)."""
        with self.transaction() as connection:
            connection.execute(
                "INSERT INTO moods(session_id, moment, value, created_at) VALUES (?, ?, ?, ?)",
                (session_id, moment, value, now()),
            )

    def set_model(self, id_or_prefix: str, model: str) -> Session:
        return self._change(id_or_prefix, "model", model)

    def _change(self, id_or_prefix: str, column: str, value: object) -> Session:
        with self.transaction() as connection:
            session = self.session(id_or_prefix)
            connection.execute(f"UPDATE sessions SET {column} = ? WHERE id = ?", (value, session.id))
            return self.session(session.id)

    def taste(self) -> dict[str, float]:
        """The learned multiplier of each tactic that has one."""
        return dict(self._rows("SELECT tactic, multiplier FROM taste ORDER BY tactic"))

    def set_taste(self, multipliers: Mapping[str, float]) -> None:
        """Stores these multipliers; those of other tactics stay."""
        moment = now()
        with self.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO taste(tactic, multiplier, updated_at) VALUES (?, ?, ?)",
                [(str(tactic), multiplier, moment) for tactic, multiplier in multipliers.items()],
            )

    def reset_taste(self) -> None:
        with self.transaction() as connection:
            connection.execute("DELETE FROM taste")

    def stats(self) -> Stats:
        sessions, archived, turns, sentences, ratings, risk_events, first_at, last_at = self._rows(
            "SELECT (SELECT count(*) FROM sessions), (SELECT count(*) FROM sessions WHERE archived), "
            "(SELECT count(*) FROM turns), (SELECT count(*) FROM sentences), (SELECT count(*) FROM ratings), "
            "(SELECT count(*) FROM risk_events), (SELECT min(created_at) FROM sessions), "
            "(SELECT max(updated_at) FROM sessions)"
        )[0]
        files = [] if self.path is None else [self.path.with_name(self.path.name + side) for side in SIDE_FILES]
        size = sum(file.stat().st_size for file in files if file.exists())
        return Stats(sessions, archived, turns, sentences, ratings, risk_events, size, first_at, last_at)
