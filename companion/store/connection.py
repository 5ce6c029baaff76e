"""The database file: opening it safely, one connection for all threads, and errors a person can act on.

Python's sqlite3 is used directly on the hot path; sqlite-utils brings the migrations and nested transactions.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from sqlite_utils import Database

from companion.errors import CompanionError
from companion.store import encrypted, schema

SIDE_FILES = ("", "-wal", "-shm", "-journal")


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Connection:
    """One SQLite connection, shared by the threads of this process under a lock.

    `path` None keeps everything in memory: nothing is written anywhere. `busy_seconds` is how long a write
    waits for another program's. Raises `CompanionError` when the file cannot be used, and `PassphraseNeeded` when it
    is encrypted and `encrypted.remember` was not called with its passphrase.
    """

    def __init__(self, path: Path | None, *, busy_seconds: float = 10.0) -> None:
        self.path = path
        self.busy_seconds = busy_seconds
        self._lock = threading.RLock()
        self._held: encrypted.Held | None = None
        if path is not None:
            with self._file_errors():
                encrypted.sweep(path)
                _prepare(path)
        self._db = self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with self._lock:
            self._db.close()
            self._let_go()

    @property
    def encrypted(self) -> bool:
        """Whether the file is encrypted; what is kept in memory alone is not."""
        return self._held is not None and self._held.encrypted

    def _open(self) -> Database:
        deadline = time.monotonic() + self.busy_seconds
        with self._errors():
            while True:
                connection = self._connect()
                try:
                    return self._set_up(connection)
                except encrypted.errors() as error:
                    moved = self._was_moved()
                    wrong = self.encrypted and not moved and primary_code(error) == sqlite3.SQLITE_NOTADB
                    connection.close()
                    self._let_go()
                    if wrong and self.path:
                        encrypted.forget_passphrase(self.path)
                        raise encrypted.WrongPassphrase(self.path) from None
                    # A program that is opening, closing or moving the file can be reported at once, without the wait.
                    busy = moved or primary_code(error) == sqlite3.SQLITE_BUSY
                    if not busy or time.monotonic() > deadline:
                        raise
                    time.sleep(0.02)
                except BaseException:
                    connection.close()
                    self._let_go()
                    raise

    def _connect(self) -> sqlite3.Connection:
        if self.path is None:
            return _plain_connection("file::memory:", self.busy_seconds)
        with self._file_errors():
            self._held = encrypted.hold(self.path)
        try:
            return self._connect_to(self.path)
        except BaseException:
            self._let_go()
            raise

    def _connect_to(self, path: Path) -> sqlite3.Connection:
        """A connection to a file of the same kind as this database, and with the same passphrase."""
        if self.path is None or not self.encrypted:
            return _plain_connection(f"{path.absolute().as_uri()}?mode=rw", self.busy_seconds)
        encrypted.library(path)
        passphrase = encrypted.passphrase_of(self.path)
        if passphrase is None:
            raise encrypted.PassphraseNeeded(path)
        return encrypted.connect(path, passphrase, seconds=self.busy_seconds)

    def _was_moved(self) -> bool:
        """Whether another file has come to lie where this one was: encrypted since, or no longer."""
        return self.path is not None and self._held is not None and not self._held.is_still_at(self.path)

    def _let_go(self) -> None:
        held, self._held = self._held, None
        if held:
            encrypted.release(held)

    def _set_up(self, connection: sqlite3.Connection) -> Database:
        for pragma in (
            "trusted_schema=OFF",
            "cell_size_check=ON",
            "temp_store=MEMORY",
            "secure_delete=ON",
            "foreign_keys=ON",
            "cache_size=-16000",
            "synchronous=FULL",
        ):
            connection.execute(f"PRAGMA {pragma}")
        # Plugins of sqlite-utils are other people's code; they have no business in a private database.
        db = Database(connection, execute_plugins=False)
        needed, unknown = schema.state(db)
        if unknown:
            raise CompanionError(
                f"{self.path} was written by a newer version of companion (it has {unknown[-1]!r}). "
                "Update companion, or choose another data folder."
            )
        self._check_ours(db)
        if connection.execute("PRAGMA journal_mode").fetchone()[0] not in {"wal", "memory"}:
            connection.execute("PRAGMA journal_mode=WAL")
        if needed:
            connection.execute("BEGIN IMMEDIATE")
            try:
                schema.migrations.apply(db)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        strange = schema.strange_parts(connection) + _foreign_parts(connection)
        if strange:
            raise CompanionError(
                f"{self.path} holds something companion did not make ({strange[0]!r}) that would run by itself. "
                "Do not open this file; put a backup in its place, or choose another data folder."
            )
        # SQLCipher's SQLite is new enough for the triggers to search without it.
        if not self.encrypted and not schema.triggers_may_search():
            connection.execute("PRAGMA trusted_schema=ON")  # only for the triggers just compared
        return db

    def _check_ours(self, db: Database) -> None:
        tables = set(db.table_names())
        if tables and schema.migrations.migrations_table not in tables:
            raise CompanionError(
                f"{self.path} is a database of another program (it has the table {min(tables)!r}). "
                "Choose another file for companion's data."
            )

    @property
    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection = self._db.conn
        return connection

    def _rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._lock, self._errors():
            return self._connection.execute(sql, parameters).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything inside is committed together, or not at all. Of nested blocks the outermost commits."""
        with self._lock, self._errors():
            if self._connection.in_transaction:
                with self._db.atomic():
                    yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _relaxed(self) -> Iterator[sqlite3.Connection]:
        """A transaction that survives the end of the program, but whose last words a power cut may take."""
        with self._lock, self._errors():  # also for the pragma: to obey it, SQLite reads the schema
            if self._connection.in_transaction:
                with self.transaction() as connection:
                    yield connection
                return
            self._connection.execute("PRAGMA synchronous=NORMAL")
            try:
                with self.transaction() as connection:
                    yield connection
            finally:
                self._connection.execute("PRAGMA synchronous=FULL")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except encrypted.errors() as error:
            raise CompanionError(sentence(error, str(self.path or "the chat in memory"), self.busy_seconds)) from error

    @contextmanager
    def _file_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or str(error)
            raise CompanionError(
                f"The data at {self.path} could not be used: {reason}. "
                "Check who owns it, or choose another data folder."
            ) from error


def sentence(error: Exception, where: str, busy_seconds: float) -> str:
    """What a person is told about a failure of SQLite, with the next step."""
    match primary_code(error):
        case sqlite3.SQLITE_FULL:
            return f"There is no space left to save to {where}. Free some space; what was saved is safe."
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return f"{where} may not be written. Make it writable for you, or choose another data folder."
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return f"Another program kept {where} locked for {busy_seconds:g} seconds. Close it, or try again."
        case sqlite3.SQLITE_NOTADB:
            return f"{where} is not a database. Move it away, or choose another data folder."
        case sqlite3.SQLITE_CORRUPT:
            return f"{where} is damaged. Keep a copy of it, then put a backup in its place."
        case sqlite3.SQLITE_CANTOPEN:
            return f"{where} could not be opened. Check that its folder is there, is yours, and can be written to."
        case sqlite3.SQLITE_IOERR:
            return f"{where} could not be read or written ({error}). Check the disk."
        case _:
            return f"{where} could not be used ({error}). `companion doctor` looks for the cause."


def primary_code(error: Exception) -> int:
    """The primary result code, without the extended part; 0 where sqlite3 gives none."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF


def _plain_connection(where: str, busy_seconds: float) -> sqlite3.Connection:
    return sqlite3.connect(where, uri=True, timeout=busy_seconds, check_same_thread=False, isolation_level=None)


def _foreign_parts(connection: sqlite3.Connection) -> list[str]:
    """Views and virtual tables that are not ours: reading them runs what somebody else wrote."""
    return [
        name
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE name NOT IN ('finished_turns', 'turn_search') "
            "AND (type = 'view' OR sql LIKE 'CREATE VIRTUAL%')"
        )
    ]


def _prepare(path: Path) -> None:
    """The folder 0700 and the file 0600 before SQLite sees them; its side files take the file's mode."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = path.parent.stat()
    shared = folder.st_mode & stat.S_ISVTX or path.parent.resolve() == Path.home()
    if folder.st_uid == os.getuid() and folder.st_mode & 0o077 and not shared:
        path.parent.chmod(0o700)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        for side in SIDE_FILES:
            file = path.with_name(path.name + side)
            if file.exists() and file.stat().st_mode & 0o077 and file.stat().st_uid == os.getuid():
                file.chmod(file.stat().st_mode & 0o700)
