"""Conversations from anywhere: files of every format that can be imported, and the database, one message at a time.

What a file is, is found out from what it holds and not from its name. Nothing is kept but the conversation that is
being read. Text comes as it is in the file; whoever shows it cleans it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from companion import importing
from companion.errors import NotFound
from companion.importing.reading import kind_of, opened
from companion.store import encrypted
from companion.study.said import Said
from companion.study.sources import database, rows

SUFFIXES = frozenset({".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".parquet", ".db", ".sqlite"})
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
        start = file.peek(len(database.MAGIC))
        if start.startswith(database.MAGIC) or encrypted.passphrase_of(path) is not None:
            yield from database.read(path)
        elif start:
            yield from rows.read(importing.rows(file, path, kind_of(file, path)), path)
