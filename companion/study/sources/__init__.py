"""Conversations from anywhere: files of several formats and the database, one message at a time.

What a file is, is found out from what it holds and not from its name. Nothing is kept but the conversation that is
being read. Text comes as it is in the file; whoever shows it cleans it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from companion.errors import NotFound, UsageError
from companion.store import encrypted
from companion.study.said import Said
from companion.study.sources import csv_files, database, rows
from companion.study.sources.limits import opened

SUFFIXES = frozenset({".json", ".jsonl", ".ndjson", ".csv", ".db", ".sqlite"})
"""Of files that are read when a folder is named."""


def read(path: Path) -> Iterator[Said]:
    """Every message of a file, or of all files in a folder and below it.

    Raises NotFound for what is not there, UsageError naming file and row for what cannot be used.
    """
    for file in files_of(path):
        yield from _read_file(file)


def files_of(path: Path) -> list[Path]:
    """The file, or those in the folder that have one of the SUFFIXES, in the order of their names."""
    if path.is_dir():
        found = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
        if not found:
            raise NotFound(f"There is no file in {path} that could be read; looked for {', '.join(sorted(SUFFIXES))}.")
        return found
    if not path.exists():
        raise NotFound(f"There is no {path}.")
    return [path]


def _read_file(path: Path) -> Iterator[Said]:
    with opened(path) as file:
        start = file.peek(64)[:64]
        if start.startswith(database.MAGIC) or encrypted.passphrase_of(path) is not None:
            yield from database.read(path)
            return
        if start.startswith((b"\xff\xfe", b"\xfe\xff")) or (b"\0" in start):
            raise UsageError(f"{path} is not UTF-8 text; save it as UTF-8.")
        first = start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
        if first in (b"[", b"{"):
            yield from rows.read(file, path, array=first == b"[")
        elif first:
            yield from csv_files.read(file, path)
