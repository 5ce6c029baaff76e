"""What a command reads: a file, or standard input."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO

from companion.errors import NotFound


def open_source(source: str) -> IO[bytes]:
    """The bytes of a file, or of standard input for `-`. Raises NotFound for what cannot be read."""
    if source == "-":
        return sys.stdin.buffer
    try:
        return Path(source).open("rb")
    except OSError as error:
        raise NotFound(f"{source} cannot be read: {error.strerror}.") from None
