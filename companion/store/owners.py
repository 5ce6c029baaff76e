"""Who is writing a reply right now. A process holds a lock on its own small file for as long as it lives, however
it ends; a pid would be given out again, and means nothing in another container on the same folder."""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path

PREFIX = "writer-"


class Owner:
    """This process's mark beside the database. `token` goes into the rows it is writing."""

    def __init__(self, folder: Path) -> None:
        while True:
            self.token = secrets.token_hex(8)
            self._path = _file(folder, self.token)
            self._handle = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
            if _lock(self._handle) and self._path.exists():
                return
            os.close(self._handle)  # a sweep took the new file for a left-over one

    def release(self) -> None:
        self._path.unlink(missing_ok=True)
        os.close(self._handle)


def is_alive(folder: Path, token: str) -> bool:
    """Whether the process that wrote `token` still runs."""
    return token.isalnum() and _held(_file(folder, token))


def sweep(folder: Path) -> None:
    """Removes the marks of processes that have ended."""
    for file in folder.glob(f"{PREFIX}*.lock"):
        _held(file, remove=True)


def _held(file: Path, remove: bool = False) -> bool:
    try:
        handle = os.open(file, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        if not _lock(handle):
            return True
        if remove:  # under the lock, so that a process about to take this file notices
            file.unlink(missing_ok=True)
        return False
    finally:
        os.close(handle)


def _file(folder: Path, token: str) -> Path:
    return folder / f"{PREFIX}{token}.lock"


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
