"""The file that the child's standard output and error go to. No text of a conversation is ever in it."""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path

from companion.engine.protocol import EngineError

LIMIT = 256_000  # bytes; a longer log is begun anew


class ChildLog:
    """With `path` None nothing is kept."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._start = 0

    def open(self) -> int:
        """A descriptor for a new child; the caller closes it if it is not negative. Raises EngineError."""
        if self._path is None:
            return subprocess.DEVNULL
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._path.exists() and self._path.stat().st_size > LIMIT:
                self._path.unlink()
            log = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            self._start = os.fstat(log).st_size
            return log
        except OSError as error:
            raise EngineError(f"The log {self._path} cannot be opened ({error.strerror}).") from None

    def last_words(self) -> str:
        """What the latest child has written."""
        if self._path is None:
            return ""
        with contextlib.suppress(OSError), self._path.open("rb") as log:
            log.seek(self._start)
            return log.read(LIMIT).decode("utf-8", "replace")
        return ""
