"""A small private file: written whole or not at all, for its owner alone; off the record only in memory."""

from __future__ import annotations

import os
import stat
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

from companion import paths
from companion.errors import CompanionError

MOST_BYTES = 1024 * 1024
"""A file above this size was not written here."""


class PrivateFile:
    """One text. With `keep=False` an existing file is read, and what changes stays in memory until the program ends."""

    def __init__(self, path: Path, *, keep: bool = True) -> None:
        self.path, self.keep = path, keep
        self._text: str | None = None
        """What changed in memory; None while the file counts."""
        self._lock = threading.Lock()

    def read(self) -> str:
        """The text, or "" where there is none. Raises CompanionError where the file cannot be read."""
        if self._text is not None:
            return self._text
        try:
            about = self.path.stat()
            if not stat.S_ISREG(about.st_mode) or about.st_size > MOST_BYTES:
                raise CompanionError(f"{self.path} is not a file that was written here.")
            return self.path.read_text("utf-8")
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise CompanionError(f"{self.path} cannot be read: {reason}.") from None

    def write(self, text: str) -> None:
        """Keep this text from now on, with mode 0600. Raises CompanionError where the file cannot be written; what
        was in it is untouched then, and the text stays in memory."""
        with self._lock:
            self._text = text
            if not self.keep:
                return
            folder = paths.private_folder(self.path.parent)
            try:
                handle, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=folder)  # mode 0600
                try:
                    with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
                        file.write(text)
                        file.flush()
                        os.fsync(file.fileno())
                    os.replace(name, self.path)
                except BaseException:
                    with suppress(OSError):
                        os.unlink(name)
                    raise
            except OSError as error:
                raise CompanionError(f"{self.path} cannot be written: {error.strerror}.") from None
            self._text = None

    def forget(self) -> None:
        """No text any more, in memory or in the file. Raises CompanionError where the file cannot be removed."""
        with self._lock:
            self._text = None if self.keep else ""
            if self.keep:
                try:
                    self.path.unlink(missing_ok=True)
                except OSError as error:
                    raise CompanionError(f"{self.path} cannot be removed: {error.strerror}.") from None

    def set_aside(self) -> None:
        """Keep what is in the file under another name, where it cannot be understood."""
        if self.keep:
            with suppress(OSError):
                os.replace(self.path, self.path.with_name(f"{self.path.name}.unreadable"))
