"""Encryption at rest: which databases are encrypted, their passphrases while this program runs, and SQLCipher.

SQLCipher through the `sqlcipher3` package, because that speaks the DB-API that the store and sqlite-utils' migrations
speak; apsw-sqlite3mc is as alive and has an interface of its own. Every page of the database, its log and its journal
is encrypted (AES-256-CBC) and authenticated (HMAC-SHA512). The key comes from the passphrase by SQLCipher's own KDF,
PBKDF2-HMAC-SHA512 with 256,000 rounds and a random salt in each file.
"""

from __future__ import annotations

import fcntl
import importlib
import os
import sqlite3
import sys
import threading
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from companion.errors import CompanionError, Refused, UsageError
from companion.store import owners

EXTRA = 'pip install "companion-chat[encrypted]"'
MOVING = ".moving"
"""What the name of a copy ends with while a database is moved (`converting`)."""

_LIBRARY = "sqlcipher3.dbapi2"
_PLAIN = b"SQLite format 3\0"
_PAGE = 4096


class PassphraseNeeded(Refused):
    """The database at `path` is encrypted, and no passphrase for it is known.

    A front end asks for one, calls `remember(error.path, passphrase)` and opens again.
    """

    def __init__(self, path: Path, sentence: str = "") -> None:
        super().__init__(
            sentence
            or f"{path} is encrypted and opens with its passphrase: `companion chat --plain` asks for it in a "
            "terminal; scripts name a file that holds it in COMPANION_PASSPHRASE_FILE."
        )
        self.path = path


class WrongPassphrase(PassphraseNeeded):
    """The passphrase that was given does not open the database; it is not remembered any longer."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            path,
            f"The passphrase does not open {path}. Try it again; if it is surely the right one, the file is damaged or "
            "no database of companion, and a backup has to take its place.",
        )


# -- passphrases --------------------------------------------------------------------------------------------------

_passphrases: dict[str, str] = {}


def remember(path: Path, passphrase: str) -> None:
    """Keeps the passphrase of the database at `path` for as long as this process lives, in memory only.

    Raises UsageError for one that cannot be used.
    """
    _passphrases[os.path.realpath(path)] = usable(passphrase)


def passphrase_of(path: Path) -> str | None:
    """What was remembered for this database."""
    return _passphrases.get(os.path.realpath(path))


def forget_passphrase(path: Path) -> None:
    """Whoever wants to open the database is asked again."""
    _passphrases.pop(os.path.realpath(path), None)


def usable(passphrase: str) -> str:
    """`passphrase` in composed form (NFC), so that the keyboard it is typed on makes no difference."""
    if not passphrase:
        raise UsageError("The passphrase is empty. Give one, or leave with Ctrl-C.")
    if "\0" in passphrase:
        raise UsageError("The passphrase has a NUL character in it, which nobody can type. Choose another.")
    return unicodedata.normalize("NFC", passphrase)


# -- which databases are encrypted --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Held:
    """A database file that this process has open: (device, inode) and what it is."""

    identity: tuple[int, int]
    encrypted: bool

    def is_still_at(self, path: Path) -> bool:
        """Whether no other file has taken its place."""
        try:
            return _identity(path) == self.identity
        except FileNotFoundError:
            return False


_held: dict[tuple[int, int], list[Held]] = {}
_held_lock = threading.Lock()


def hold(path: Path) -> Held:
    """Says what the file is, and notes that it is open until `release`. Raises OSError.

    Its first bytes are read only while nothing in this process has it open: closing any descriptor of a file gives up
    the POSIX locks that SQLite holds on it (sqlite.org/howtocorrupt.html, 2.2).
    """
    with _held_lock:
        identity = _identity(path)
        known = _held.setdefault(identity, [])
        held = Held(identity, known[0].encrypted if known else _looks_encrypted(path))
        known.append(held)
        return held


def release(held: Held) -> None:
    """The file is closed."""
    with _held_lock:
        known = _held[held.identity]
        known.remove(held)
        if not known:
            del _held[held.identity]


def is_open_here(path: Path) -> bool:
    """Whether something in this process has the file open."""
    with _held_lock:
        return _identity(path) in _held


def is_encrypted(path: Path) -> bool:
    """Whether the file is an encrypted database, as far as can be told without its passphrase; no file is not."""
    try:
        held = hold(path)
    except FileNotFoundError:
        return False
    release(held)
    return held.encrypted


def _identity(path: Path) -> tuple[int, int]:
    there = path.stat()
    return there.st_dev, there.st_ino


def _looks_encrypted(path: Path) -> bool:
    """Whole pages that do not begin as a plain database does: SQLCipher's files begin with their salt."""
    size = path.stat().st_size
    if not path.is_file() or not size or size % _PAGE:
        return False
    with path.open("rb") as file:
        return file.read(len(_PLAIN)) != _PLAIN


# -- SQLCipher ----------------------------------------------------------------------------------------------------


def library(path: Path) -> Any:
    """The DB-API module. Raises CompanionError that names the extra where it is not installed."""
    try:
        return importlib.import_module(_LIBRARY)
    except ImportError:
        raise CompanionError(f"Encryption needs one more package to use {path}: {EXTRA}.") from None


def connect(path: Path, passphrase: str | None, *, seconds: float, mode: str = "rw") -> sqlite3.Connection:
    """A connection to the file; `passphrase` None opens a plain one. Nothing is read yet, so a wrong one shows later.

    The connection has the interface of `sqlite3`; its errors are among `errors()`.
    """
    connection: sqlite3.Connection = library(path).connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=seconds,
        check_same_thread=False,
        isolation_level=None,
    )
    try:
        connection.execute("PRAGMA cipher_log_level = NONE")  # it would write to standard error
        if passphrase is not None:
            connection.set_key(passphrase)  # type: ignore[attr-defined]  # sqlcipher3's own
        if not connection.execute("PRAGMA cipher_version").fetchone():
            raise CompanionError(
                f"The package sqlcipher3 that is installed has no encryption in it, so {path} is left alone: "
                f"{EXTRA} brings the right one."
            )
    except BaseException:
        connection.close()
        raise
    return connection


def connect_to_read(path: Path, *, seconds: float = 10.0) -> sqlite3.Connection:
    """A connection that cannot write, to a database of either kind, opened with the care that one of somebody else
    needs. Raises PassphraseNeeded for a locked one."""
    if is_encrypted(path):
        passphrase = passphrase_of(path)
        if passphrase is None:
            library(path)
            raise PassphraseNeeded(path)
        connection = connect(path, passphrase, seconds=seconds, mode="ro")
    else:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=seconds)
    for pragma in ("trusted_schema=OFF", "cell_size_check=ON", "query_only=ON", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def errors() -> tuple[type[Exception], ...]:
    """What the libraries raise that may be in use: sqlcipher3's errors are no subclasses of sqlite3's."""
    loaded: Any = sys.modules.get(_LIBRARY)
    return (sqlite3.Error, loaded.Error) if loaded else (sqlite3.Error,)


def sweep(path: Path) -> None:
    """Removes the copy that an interrupted move left beside the database; one that is being made stays."""
    copy = path.with_name(path.name + MOVING)
    try:
        handle = os.open(copy, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for side in ("-journal", "-wal", "-shm", ""):
            copy.with_name(copy.name + side).unlink(missing_ok=True)
    except BlockingIOError:
        pass
    finally:
        os.close(handle)


def remove(path: Path) -> None:
    """Removes an encrypted database and the files beside it: without the passphrase their bytes say nothing."""
    sweep(path)
    owners.sweep(path.parent)
    for side in ("-journal", "-wal", "-shm", ""):
        path.with_name(path.name + side).unlink(missing_ok=True)
    forget_passphrase(path)
