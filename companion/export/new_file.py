"""A file that is there whole or not at all, for its owner alone, and never through a link."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from companion.errors import CompanionError, Refused


def check(path: Path, *, force: bool) -> None:
    """Raises Refused where `path` is there and not to be replaced, CompanionError where it may never be."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise _unwritable(path, error) from None
    if not force:
        raise Refused(f"{path} is there already; choose another name, or give --force to replace it.")
    if not stat.S_ISREG(found.st_mode):
        raise CompanionError(f"{path} is not an ordinary file and is not replaced; choose another name.")


@contextmanager
def new_file(path: Path, *, force: bool = False) -> Iterator[BinaryIO]:
    """`path` for writing: it appears, 0600, when the block has ended well. Raises as `check` does.

    The bytes go into a file beside it first, so that one that is replaced stays whole until then, and other names of
    the same file keep what they had.
    """
    check(path, force=force)
    part = path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}.part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            _put(part, path, force=force)
        except OSError as error:
            raise _unwritable(path, error) from None
    finally:
        part.unlink(missing_ok=True)


def _put(part: Path, path: Path, *, force: bool) -> None:
    check(path, force=force)
    if force:
        part.replace(path)
        return
    try:
        os.link(part, path)  # unlike a rename it cannot replace what came meanwhile
    except FileExistsError:
        check(path, force=False)
    except OSError:  # a file system without links
        part.rename(path)


def _unwritable(path: Path, error: OSError) -> CompanionError:
    return CompanionError(f"{path} cannot be written: {error.strerror or error}.")
