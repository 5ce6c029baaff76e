"""Ratings that somebody made already: a table with a row for each rated reply."""

from __future__ import annotations

from pathlib import Path

from companion.errors import UsageError
from companion.importing import tables
from companion.importing.reading import opened
from companion.importing.said import Bad
from companion.rating import Empathy

DIMENSIONS: tuple[str, ...] = Empathy.__slots__
"""In the order of `Empathy`."""
_KEYS = ("conversation_id", "turn_index")


def read_ratings(path: Path) -> dict[tuple[str, int], tuple[float, ...]]:
    """(conversation, place in it) -> the six dimensions, 1 to 5. Raises UsageError naming the line that is wrong.

    An empty field is a dimension that was not rated.
    """
    found: dict[tuple[str, int], tuple[float, ...]] = {}
    with opened(path) as file:
        for row in tables.rows(file):
            if isinstance(row, Bad):
                raise UsageError(f"{path}, {row}.")
            missing = [name for name in (*_KEYS, *DIMENSIONS) if name not in row.value]
            if missing:
                raise UsageError(f"{path} has no column {missing[0]}; ratings need {', '.join((*_KEYS, *DIMENSIONS))}.")
            try:
                values = tuple(float(row.value[name]) if row.value[name] else float("nan") for name in DIMENSIONS)
                if any(value < 1 or value > 5 for value in values):
                    raise ValueError(f"{min(values)} to {max(values)} is outside of 1 to 5")
                found[row.value["conversation_id"], int(row.value["turn_index"])] = values
            except (TypeError, ValueError) as error:
                raise UsageError(f"{path}, line {row.number}: not ratings from 1 to 5 ({error}).") from None
    return found
