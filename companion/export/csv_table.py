"""Rows as a table that opens in any program: what is nested becomes columns of its own, or JSON in a cell.

A spreadsheet runs a cell that begins like a formula (CWE-1236), so such a text gets a ' in front. `guarded` names the
columns of the row that have one: a reader that knows takes it away again, and a text that begins with ' stays as it is.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from typing import Any, TextIO

from companion.export.columns import PLAN_KEYS, TIMING_KEYS, Column, What, columns
from planner.tactics import TACTICS

GUARD = "'"
GUARDED = "guarded"
_STARTS_A_FORMULA = frozenset("=+-@\t\r\n\0|%＝＋－＠")
_AS_JSON = frozenset({"sentences", "empathy", "tactic_weights", "scores"})


def header(what: What, *, with_text: bool) -> list[str]:
    """The names of the table's columns."""
    names: list[str] = []
    for column in columns(what, with_text=with_text):
        names += [column.key] if (inner := inner_names(column)) is None else inner
    return [*names, GUARDED]


def inner_names(column: Column) -> list[str] | None:
    """The columns of the table into which a nested one falls, None for one that stays one cell."""
    match column.kind:
        case "tactic_counts":
            return [f"{column.key}_{tactic.value}" for tactic in TACTICS]
        case "plan":
            return [f"{column.key}_{key}" for key in PLAN_KEYS]
        case "timings":
            return [f"{column.key}_{key}" for key in TIMING_KEYS]
    return None


def write_csv(rows: Iterable[Mapping[str, Any]], out: TextIO, what: What, *, with_text: bool) -> int:
    """A header and a line for each row; returns the number of rows. Text is quoted, numbers are not."""
    table = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    table.writerow(header(what, with_text=with_text))
    chosen = columns(what, with_text=with_text)
    count = 0
    for row in rows:
        cells: dict[str, Any] = {}
        for column in chosen:
            cells |= _cells(column, row[column.key])
        guarded = [name for name, cell in cells.items() if isinstance(cell, str) and is_formula(cell)]
        for name in guarded:
            cells[name] = GUARD + cells[name]
        table.writerow([*cells.values(), ";".join(guarded)])
        count += 1
    return count


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet might run it; white space before the sign does not help."""
    return cell[:1] in _STARTS_A_FORMULA or cell.lstrip()[:1] in _STARTS_A_FORMULA if cell else False


def _cells(column: Column, value: Any) -> dict[str, Any]:
    inner = inner_names(column)
    if inner is None:
        return {column.key: _cell(column.kind, value)}
    if value is None:
        return dict.fromkeys(inner)
    match column.kind:
        case "tactic_counts":
            return {name: value.get(tactic.value, 0) for name, tactic in zip(inner, TACTICS, strict=True)}
        case "plan":
            cells = (value["layout"], _json(value["weights"]), ";".join(value["targets"]), ";".join(value["resting"]))
            return dict(zip(inner, cells, strict=True))
        case _:
            return {name: value[key] for name, key in zip(inner, TIMING_KEYS, strict=True)}


def _cell(kind: str, value: Any) -> Any:
    if value is None:
        return None
    if kind in _AS_JSON:
        return _json(value)
    if kind == "tactics":
        return ";".join(value)
    if kind == "flag":
        return str(value).lower()
    return value


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
