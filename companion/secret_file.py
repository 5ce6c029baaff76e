"""A secret in a file of its own: a passphrase, a key. Never from the command line, which other programs can read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from companion.errors import Refused, UsageError


def read(path: Path, what: str) -> str:
    """The first line of a file, or of a descriptor as /dev/fd/3; `what` it holds, for the sentences.

    Raises Refused where others may read it too, and UsageError where it cannot be read.
    """
    try:
        with path.open(encoding="utf-8") as file:
            there = os.fstat(file.fileno())
            if stat.S_ISREG(there.st_mode) and there.st_mode & 0o077:
                raise Refused(f"Others may read the {what} in {path}. Run `chmod 600 {path}`, or use another file.")
            return file.readline().rstrip("\r\n")
    except OSError as error:
        raise UsageError(f"The {what} file {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise UsageError(f"The {what} file {path} holds bytes that are not UTF-8 text.") from None
