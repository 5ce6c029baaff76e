"""Conversations out of files of every kind that is known, as data: nothing in them is ever an instruction.

What a file is, is found out from what it holds and not from its name. Archives are never unpacked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BufferedReader
from pathlib import Path
from typing import Literal, get_args

from companion.errors import UsageError
from companion.importing import reading, tables
from companion.importing.groups import Groups
from companion.importing.said import Bad, Conversation, Message, Row
from companion.text import clean

Format = Literal["auto", "jsonl", "chat", "sharegpt", "mint", "esconv", "csv", "chatgpt", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)


def read(path: Path, form: Format = "auto") -> Iterator[Conversation | Bad]:
    """The conversations of a file in their order, and the rows that cannot be used.

    Raises NotFound or UsageError for a file that cannot be read at all, or is not of the named format.
    """
    with reading.opened(path) as file:
        kind = reading.kind_of(file, path)
        wrong_table = form not in {"auto", "mint"} and (form == "csv") != (kind == "table")
        wrong_parquet = form != "auto" and (form == "parquet") != (kind == "parquet")
        if wrong_table or wrong_parquet:
            found = {"table": "a table or plain text", "parquet": "Parquet"}.get(kind, "JSON")
            raise UsageError(f"{clean(str(path))} is {found}, not {form}; leave --format out, or name another.")
        stored = {"table": "csv", "parquet": "parquet"}.get(kind, "jsonl")
        yield from Groups(form if form not in {"csv", "parquet"} else "auto", stored).conversations(
            rows(file, path, kind)
        )


def rows(file: BufferedReader, path: Path, kind: str) -> Iterable[Row | Bad]:
    """The rows of a file of this kind (`reading.kind_of`), and those that cannot be read, in their order."""
    match kind:
        case "parquet":
            from companion.importing import parquet

            return parquet.rows(file, path)
        case "table":
            return tables.rows(file)
        case "lines":
            return reading.json_lines(file)
        case _:
            return reading.json_values(file, array=kind == "array")


__all__ = ["FORMATS", "Bad", "Conversation", "Format", "Message", "Row", "read", "rows"]
