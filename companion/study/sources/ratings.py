"""Ratings that somebody made already: a table with a row for each rated reply."""

from __future__ import annotations

import csv
from io import TextIOWrapper
from pathlib import Path

from companion.errors import UsageError
from companion.rating import Empathy
from companion.study.sources.limits import LONGEST, opened

DIMENSIONS: tuple[str, ...] = Empathy.__slots__
"""In the order of `Empathy`."""
_KEYS = ("conversation_id", "turn_index")


def read_ratings(path: Path) -> dict[tuple[str, int], tuple[float, ...]]:
    """(conversation, place in it) -> the six dimensions, 1 to 5. Raises UsageError naming the line that is wrong.

    An empty field is a dimension that was not rated.
    """
    csv.field_size_limit(LONGEST)
    found: dict[tuple[str, int], tuple[float, ...]] = {}
    with opened(path) as file:
        table = csv.DictReader(TextIOWrapper(file, "utf-8-sig", "replace", newline=""))
        try:
            missing = [name for name in (*_KEYS, *DIMENSIONS) if name not in (table.fieldnames or ())]
            if missing:
                raise UsageError(f"{path} has no column {missing[0]}; ratings need {', '.join((*_KEYS, *DIMENSIONS))}.")
            for row in table:
                values = tuple(float(row[name]) if row[name] else float("nan") for name in DIMENSIONS)
                if any(value < 1 or value > 5 for value in values):
                    raise ValueError(f"{min(values)} to {max(values)} is outside of 1 to 5")
                found[row["conversation_id"], int(row["turn_index"])] = values
        except (TypeError, ValueError, csv.Error) as error:
            raise UsageError(f"{path}, line {table.line_num}: not ratings from 1 to 5 ({error}).") from None
    return found
