"""Moving a database to a passphrase, to another one, or to none.

A copy is made beside the database, checked, and put in its place by one rename: whenever the program ends, what lies
there is the whole old database or the whole new one. SQLCipher cannot encrypt a file in place, and its backup call
copies only between files of one kind. Nobody else can use the database meanwhile.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from companion.errors import CompanionError, Refused
from companion.store import encrypted
from companion.store.connection import SIDE_FILES, primary_code, sentence

_PATIENCE = 1.0  # seconds that another program has to let go
_BLOCK = bytes(1 << 20)


def convert(path: Path, passphrase: str | None) -> None:
    """Gives the database at `path` this passphrase; None makes it a plain file.

    What it is now is found out; where it is encrypted, `encrypted.remember` was called with its passphrase. Afterwards
    the new one is remembered. The old file is filled with zeros before it is let go, as far as the file system writes
    where it is told to.

    Raises `Refused` where something else uses the database, `WrongPassphrase`, and `CompanionError`; the database is
    as it was then.
    """
    path = path.resolve()
    new = None if passphrase is None else encrypted.usable(passphrase)
    with _sentences(path):
        if encrypted.is_open_here(path):
            raise _in_use(path)
        before = None
        if encrypted.is_encrypted(path):
            before = encrypted.passphrase_of(path)
            if before is None:
                raise encrypted.PassphraseNeeded(path)
        with closing(encrypted.connect(path, before, seconds=_PATIENCE)) as source:
            _use_alone(source, path)
            encrypted.sweep(path)
            copy = path.with_name(path.name + encrypted.MOVING)
            # The lock on it tells `encrypted.sweep` that this is no left-over. It is closed after SQLite is done: to
            # close a file gives up the locks that this process has on it.
            handle = os.open(copy, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                _copy(source, copy, new)
                _check(source, copy, new)
                os.fsync(handle)
                _put_in_place(copy, path)
            except BaseException:
                for side in reversed(SIDE_FILES):
                    copy.with_name(copy.name + side).unlink(missing_ok=True)
                raise
            finally:
                os.close(handle)
    if new is None:
        encrypted.forget_passphrase(path)
    else:
        encrypted.remember(path, new)


def _use_alone(source: sqlite3.Connection, path: Path) -> None:
    """Empties and removes the log, and keeps everybody else out until `source` is closed."""
    try:
        source.execute("PRAGMA journal_mode=DELETE").fetchone()  # not possible while anybody has the file open
        source.execute("PRAGMA main.locking_mode=EXCLUSIVE").fetchone()
        source.execute("BEGIN EXCLUSIVE")
        source.execute("COMMIT")
        alone = source.execute("PRAGMA main.journal_mode").fetchone()[0] == "delete"
    except encrypted.errors() as error:
        if primary_code(error) == sqlite3.SQLITE_NOTADB:
            encrypted.forget_passphrase(path)
            raise encrypted.WrongPassphrase(path) from None
        if primary_code(error) not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise
        alone = False
    if not alone or any(path.with_name(path.name + side).exists() for side in SIDE_FILES if side):
        raise _in_use(path)


def _copy(source: sqlite3.Connection, copy: Path, passphrase: str | None) -> None:
    source.execute("ATTACH DATABASE ? AS copy KEY ?", (str(copy), passphrase or ""))
    source.execute("PRAGMA copy.journal_mode=OFF")  # nothing plain in one more file; a copy that fails is removed
    source.execute("PRAGMA copy.synchronous=OFF")  # once, at the end
    source.execute("SELECT sqlcipher_export('copy')")
    pending = source.execute("PRAGMA main.user_version").fetchone()[0]  # a deletion that has to be finished
    source.execute(f"PRAGMA copy.user_version = {pending}")
    source.execute("DETACH DATABASE copy")


def _check(source: sqlite3.Connection, copy: Path, passphrase: str | None) -> None:
    """Opens the copy as it will be opened, and counts. It is left in WAL mode: nobody makes a journal beside it."""
    with closing(encrypted.connect(copy, passphrase, seconds=_PATIENCE)) as fresh:
        found = fresh.execute("PRAGMA integrity_check").fetchone()[0]
        if found != "ok" or _rows(fresh) != _rows(source):
            raise CompanionError(
                f"The copy was not like the original, which is left as it was ({found}). `companion doctor` checks it."
            )
        fresh.execute("PRAGMA journal_mode=WAL")


def _rows(connection: sqlite3.Connection) -> dict[str, int]:
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
    return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for (name,) in names}


def _put_in_place(copy: Path, path: Path) -> None:
    """The one step that counts; then the old file is emptied of what it held.

    It is filled and not cut off: a program that has just opened it, and waits, then sees that it is no database any
    more. In an empty one it would make new tables, and lose what it writes there.
    """
    old = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        os.replace(copy, path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        there = os.fstat(old)
        if there.st_nlink == 0:  # else it has another name, whose owner did not ask for this
            with suppress(OSError):  # the new database is in its place whatever becomes of this
                for start in range(0, there.st_size, len(_BLOCK)):
                    os.pwrite(old, _BLOCK[: there.st_size - start], start)
                os.fsync(old)
    finally:
        os.close(old)


def _in_use(path: Path) -> Refused:
    return Refused(
        f"Another program uses {path}, so it is left as it was. Close every chat and everything else that reads it, "
        "then try again."
    )


@contextmanager
def _sentences(path: Path) -> Iterator[None]:
    try:
        yield
    except encrypted.errors() as error:
        raise CompanionError(sentence(error, str(path), _PATIENCE)) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise CompanionError(
            f"{path} could not be moved: {reason}. Nothing is lost; see to that, look at `companion data`, then again."
        ) from error
