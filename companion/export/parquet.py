"""Rows as a Parquet file, with types and nested columns. pyarrow is an extra, imported when it is needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, BinaryIO

from companion.errors import CompanionError
from companion.export.columns import EMPATHY_KEYS, TIMING_KEYS, Column, What, columns
from planner.tactics import TACTICS

GROUP = 4096
"""Rows that are held at once, and that make a row group."""


def arrow() -> Any:
    """pyarrow. Raises CompanionError with how to get it."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise CompanionError(
            "Parquet needs pyarrow, which is not installed: pip install 'companion-chat[tables]'. "
            "The other formats work without it."
        ) from None
    return pyarrow


def schema_of(what: What, *, with_text: bool) -> Any:
    """The pyarrow schema. A tactic that is in no sentence counts 0; whatever can be missing is null then."""
    pa = arrow()
    return pa.schema([(column.key, _type(column, with_text)) for column in columns(what, with_text=with_text)])


def write_parquet(rows: Iterable[Mapping[str, Any]], out: BinaryIO, what: What, *, with_text: bool) -> int:
    """Writes row groups of GROUP rows, zstd-compressed; returns the number of rows."""
    pa = arrow()
    schema = schema_of(what, with_text=with_text)
    counted = {column.key for column in columns(what, with_text=with_text) if column.kind == "tactic_counts"}
    count = 0
    found = iter(rows)
    with pa.parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        while group := list(islice(_with_zeros(found, counted), GROUP)):
            writer.write_table(pa.Table.from_pylist(group, schema=schema), row_group_size=GROUP)
            count += len(group)
    return count


def _with_zeros(rows: Iterator[Mapping[str, Any]], counted: set[str]) -> Iterator[Mapping[str, Any]]:
    none = {tactic.value: 0 for tactic in TACTICS}
    for row in rows:
        yield {**row} | {key: none | row[key] for key in counted if row[key] is not None}


def _type(column: Column, with_text: bool) -> Any:
    pa = arrow()
    string, real = pa.string(), pa.float64()
    tactics = pa.list_(string)
    numbers = {"integer": pa.int64(), "number": real}
    match column.kind:
        case "name" | "text" | "time":
            return string
        case "integer" | "number":
            return numbers[column.kind]
        case "flag":
            return pa.bool_()
        case "tactic_counts":
            return pa.struct([(tactic.value, pa.int64()) for tactic in TACTICS])
        case "tactics":
            return tactics
        case "scores":
            return pa.list_(real)
        case "sentences":
            labels = [("tactics", tactics), ("scores", pa.list_(real))]
            return pa.list_(pa.struct([("text", string), *labels] if with_text else labels))
        case "plan":
            weights = pa.struct([(tactic.value, real) for tactic in TACTICS])
            return pa.struct([("layout", string), ("weights", weights), ("targets", tactics), ("resting", tactics)])
        case "timings":
            return pa.struct([(key, numbers[kind]) for key, kind in TIMING_KEYS.items()])
        case "empathy":
            return pa.list_(pa.struct([(key, string if key == "rater" else real) for key in EMPATHY_KEYS]))
    raise AssertionError(column.kind)
