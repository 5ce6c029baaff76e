"""Parquet, read in small pieces and under a limit: a few bytes of it may stand for any amount of text."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any

from companion.errors import UsageError
from companion.export.parquet import arrow
from companion.importing.said import Bad, Row
from companion.text import clean

BATCH = 64
"""Rows that are unpacked at once."""
MOST_MEMORY = 512 << 20
"""Bytes that unpacking may take beyond what the program has."""
MOST_UNPACKED = 200
"""How many times its own size a file may hold; of the kind of text that people write a twentieth is much."""
_ALLOWANCE = 64 << 20
_METADATA = 32 << 20
_SIZE = Path("/proc/self/statm")


def rows(file: BufferedReader, path: Path) -> Iterator[Row | Bad]:
    """Every row as an object. Raises UsageError for a file that is damaged or unpacks to far more than it is."""
    pa = arrow()
    name = clean(str(path))
    room = MOST_UNPACKED * path.stat().st_size + _ALLOWANCE
    number = 0
    try:
        with _limited_memory():
            table = pa.parquet.ParquetFile(
                file, thrift_string_size_limit=_METADATA, thrift_container_size_limit=1_000_000, pre_buffer=False
            )
            batches = table.iter_batches(batch_size=BATCH, use_threads=False)
        while True:
            with _limited_memory():
                batch = next(batches, None)
                if batch is None:
                    return
                values = batch.to_pylist()
            for value in values:
                number += 1
                size = _size(value)
                room -= size
                if room < 0:
                    yield Bad("row", number, "the file unpacks to far more than it is; reading ended there")
                    return
                yield Row("row", number, _without_nulls(value), size)
    except MemoryError:
        yield Bad("row", number + 1, f"needs more than {MOST_MEMORY >> 20} MB to unpack; reading ended there")
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, pa.ArrowMemoryError) or "malloc" in str(error) or "bad_alloc" in str(error):
            yield Bad("row", number + 1, f"needs more than {MOST_MEMORY >> 20} MB to unpack; reading ended there")
            return
        raise UsageError(f"{name} is not a Parquet file that can be read ({type(error).__name__}).") from None


def _size(value: Any) -> int:
    """Characters of a value, and a few for everything else; a text that the file holds once may be in every row."""
    if isinstance(value, str | bytes):
        return len(value)
    if isinstance(value, dict):
        return sum(map(_size, value.values())) + 8
    return sum(map(_size, value)) + 8 if isinstance(value, list) else 8


def _without_nulls(row: dict[str, Any]) -> dict[str, Any]:
    """The row without what only the types of the columns bring in: a null for each key of other rows' objects."""
    for key in ("messages", "conversation", "conversations", "dialog"):
        if isinstance(row.get(key), list):
            row[key] = [
                {name: cell for name, cell in each.items() if cell is not None} if isinstance(each, dict) else each
                for each in row[key]
            ]
    return row


@contextmanager
def _limited_memory() -> Iterator[None]:
    """Within it the program may not grow by more than MOST_MEMORY, where the system can say how large it is."""
    if not _SIZE.exists():
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = int(_SIZE.read_text(encoding="ascii").split()[0]) * resource.getpagesize() + MOST_MEMORY
    if soft != resource.RLIM_INFINITY:
        limit = min(limit, soft)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
