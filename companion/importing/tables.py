"""CSV: our own exports with their guards taken away, Lend-an-Ear's tables, and any table of messages."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from io import BufferedReader
from typing import Any

from companion.export.columns import PLAN_KEYS, TIMING_KEYS
from companion.export.csv_table import GUARD, GUARDED
from companion.importing.reading import LONGEST, not_utf8, raw_lines
from companion.importing.said import Bad, Row
from planner.tactics import TACTICS

_INTEGERS = ("turn", "parent", "rating")
_PREFIXES = ("tactics_", "plan_", "timings_")


def rows(file: BufferedReader) -> Iterator[Row | Bad]:
    """Every row as an object; a row of our own export in the shape that it has in JSON lines."""
    before = csv.field_size_limit(LONGEST)
    try:
        yield from _rows(_Lines(file))
    finally:
        csv.field_size_limit(before)


class _Lines:
    """Lines of a table. Counts what went into the row at hand, since a quotation mark may open the rest of the file."""

    def __init__(self, file: BufferedReader) -> None:
        self._file = file
        self._first = True
        self.size = 0
        self.number = 0
        self.bad: list[Bad] = []

    def __iter__(self) -> Iterator[str]:
        for number, raw in raw_lines(self._file):
            self.number = number
            if isinstance(raw, Bad):
                self.bad.append(raw)
                continue
            self.size += len(raw)
            if self.size > LONGEST:
                raise csv.Error(f"a row of more than {LONGEST >> 20} MB; is a quotation mark left open?")
            yield raw.decode("utf-8-sig" if number == 1 else "utf-8", "surrogateescape")


def _rows(lines: _Lines) -> Iterator[Row | Bad]:
    found = iter(lines)
    header = next(found, "")
    yield from lines.bad
    lines.bad.clear()
    try:
        names = next(csv.reader([header], delimiter=(delimiter := _delimiter(header))), [])
        for cells in csv.reader(found, delimiter=delimiter):
            yield from lines.bad
            lines.bad.clear()
            size, lines.size = lines.size, 0
            if not cells:
                continue
            row: dict[str, Any] = dict(zip(names, cells, strict=False))
            if len(cells) != len(names):
                yield Bad("line", lines.number, f"{len(cells)} cells in a table of {len(names)} columns")
            elif not_utf8("".join(cells)):
                yield Bad("line", lines.number, "not UTF-8 text")
            else:
                yield _made(Row("line", lines.number, row, size))
    except csv.Error as error:
        yield Bad("line", lines.number, f"not a table ({error}); reading ended there")
    yield from lines.bad


def _delimiter(header: str) -> str:
    return next((sign for sign in ",;\t" if sign in header), ",")


def _made(row: Row) -> Row | Bad:
    if not {"session", GUARDED} <= set(row.value):
        if "session" in row.value:  # a table of somebody else's, whose rows are not our turns
            row.value["conversation_id"] = row.value.pop("session")
        return row
    if "role" not in row.value:
        return row
    try:
        return Row(row.what, row.number, _own(row.value), row.size)
    except RecursionError:
        return Bad(row.what, row.number, "nested too deep")
    except ValueError as error:
        return Bad(row.what, row.number, f"a cell is not what it should be ({error})")


def _own(cells: dict[str, str]) -> dict[str, Any]:
    """The cells of a row of our export, back in shape. Raises ValueError, and RecursionError for JSON in a cell."""
    for name in filter(None, cells.pop(GUARDED).split(";")):
        cells[name] = cells.get(name, "").removeprefix(GUARD)
    row: dict[str, Any] = {
        name: cell or None for name, cell in cells.items() if not name.startswith(_PREFIXES) and name != "text"
    }
    if "text" in cells:
        row["text"] = cells["text"]
    for name in _INTEGERS:
        row[name] = int(cells[name]) if cells.get(name) else None
    row["crisis"] = cells.get("crisis") == "true"
    row["tactics"] = {t.value: cells.get(f"tactics_{t.value}") for t in TACTICS}
    for name in ("sentences", "empathy"):
        row[name] = json.loads(cells[name]) if cells.get(name) else None
    layout, weights, targets, resting = (cells.get(f"plan_{key}") or "" for key in PLAN_KEYS)
    row["plan"] = None
    if layout:
        row["plan"] = {
            "layout": layout,
            "weights": json.loads(weights or "{}"),
            "targets": [*filter(None, targets.split(";"))],
            "resting": [*filter(None, resting.split(";"))],
        }
    row["timings"] = {
        key: (int(cell) if kind == "integer" else float(cell)) if (cell := cells.get(f"timings_{key}")) else None
        for key, kind in TIMING_KEYS.items()
    }
    return row
