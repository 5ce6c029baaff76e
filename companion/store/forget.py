"""Forgetting, backing up and checking. What is forgotten leaves every file, not only the tables.

Deleted rows stay readable in the log until it is emptied, deleted words in the search index until it is merged.
So after the rows go: merge the index, rewrite the database, empty the log. FTS5's own secure-delete would need a
file format that SQLite before 3.42 cannot read.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from companion.errors import CompanionError, Refused
from companion.store import encrypted, owners
from companion.store.connection import SIDE_FILES, primary_code
from companion.store.turns import Turns

# Kept in `user_version`, from the commit that deletes until the last file is clean.
_SCRUB_PENDING = 1


class StillInUse(CompanionError):
    """Deleted text may remain in the file until another program lets go of it."""


class Forget(Turns):
    def delete(self, *ids_or_prefixes: str) -> int:
        """Deletes sessions, and their words from every file; returns how many.

        Raises `StillInUse` when another program kept the old words in use: the sessions are gone then,
        but `scrub` has to run again (`recover` does so).
        """
        count = self.delete_rows(*ids_or_prefixes)
        self.scrub()
        return count

    def delete_rows(self, *ids_or_prefixes: str) -> int:
        """Deletes sessions from the tables; `scrub` has to follow, and does at the next start if nobody else calls
        it. Returns how many."""
        with self.transaction() as connection:
            ids = {self.session(identity).id for identity in ids_or_prefixes}
            connection.executemany("DELETE FROM sessions WHERE id = ?", [(identity,) for identity in ids])
            connection.execute(f"PRAGMA user_version = {_SCRUB_PENDING}")
        return len(ids)

    def forget_all(self) -> int:
        """Deletes every session and the learned taste, from every file; returns how many sessions."""
        with self.transaction() as connection:
            count: int = connection.execute("DELETE FROM sessions").rowcount
            connection.execute("DELETE FROM taste")
            connection.execute(f"PRAGMA user_version = {_SCRUB_PENDING}")
        self.scrub()
        return count

    def wipe(self) -> None:
        """Forgets everything, closes the store and removes its files."""
        with self._lock:
            self.forget_all()
            self.close()
            if self.path is not None:
                with self._file_errors():
                    owners.sweep(self.path.parent)
                    encrypted.sweep(self.path)
                    for side in SIDE_FILES:
                        self.path.with_name(self.path.name + side).unlink(missing_ok=True)

    def scrub(self) -> None:
        """Removes deleted text from the index, the database and the log. Raises as `delete` does."""
        with self._lock, self._errors():
            connection = self._connection
            try:
                connection.execute("INSERT INTO turn_search(turn_search) VALUES ('optimize')")
                connection.execute("VACUUM")
                emptied = self._empty_log()
            except encrypted.errors() as error:
                if primary_code(error) not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                    raise
                emptied = False
            if not emptied:
                raise StillInUse(
                    f"The text is deleted, but another program still reads {self.path}, so the words may remain "
                    "in that file. Close the other program and start companion again; that finishes the work."
                )
            connection.execute("PRAGMA user_version = 0")

    def recover(self) -> int:
        """Also finishes a deletion that another program had kept from completing, if it can without waiting."""
        count = super().recover()
        with self._lock:
            if self._rows("PRAGMA user_version")[0][0] == _SCRUB_PENDING:
                self._connection.execute("PRAGMA busy_timeout = 0")
                try:
                    self.scrub()
                except StillInUse:
                    pass
                finally:
                    self._connection.execute(f"PRAGMA busy_timeout = {int(self.busy_seconds * 1000)}")
        return count

    def _empty_log(self) -> bool:
        busy: int = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        return not busy

    def backup(self, path: Path) -> None:
        """A complete copy in a new file, 0600, while others may write. `Refused` if `path` exists.

        The copy of an encrypted database is encrypted, with the same passphrase.
        """
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            raise Refused(f"{path} exists already and is not overwritten. Give another name.") from None
        except OSError as error:
            raise CompanionError(f"{path} could not be made: {error.strerror}. Give another place.") from error
        try:
            with self._lock, self._errors():
                copy = self._connect_to(path)
                try:
                    self._connection.backup(copy)
                    # One file that can be carried away: no log beside it.
                    copy.execute("PRAGMA journal_mode=DELETE")
                finally:
                    copy.close()
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def check(self) -> list[str]:
        """What is wrong with the database, in SQLite's words; empty when it is sound. Reads all of it."""
        checks = (
            ("PRAGMA quick_check", lambda row: row[0]),
            ("PRAGMA foreign_key_check", lambda row: f"{row[0]} row {row[1]} points to a missing row of {row[2]}"),
            ("INSERT INTO turn_search(turn_search, rank) VALUES ('integrity-check', 1)", str),
        )
        problems: list[str] = []
        with self._lock, self._errors():
            for sql, described in checks:
                try:
                    problems += [described(row) for row in self._connection.execute(sql)]
                except encrypted.errors() as error:
                    if primary_code(error) != sqlite3.SQLITE_CORRUPT:
                        raise
                    problems.append("the search index does not fit the turns" if "turn_search" in sql else str(error))
                    if self.encrypted:
                        break  # after a page that was not authentic SQLCipher answers nothing any more
        return [problem for problem in problems if problem != "ok"]

    def rebuild_search(self) -> None:
        """Makes the search index anew from the turns."""
        with self.transaction() as connection:
            connection.execute("INSERT INTO turn_search(turn_search) VALUES ('rebuild')")
