"""Tables of a report, and how figures are written in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Report = dict[str, Any]
Row = list[str]
Column = tuple[str, str, Callable[[Any], str]]
"""Title, path in a system's figures, and how what is found there is written."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table. The first column names the row."""

    caption: str
    header: Row
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Section:
    """`key` is a stable name; `how` says how to read it."""

    key: str
    title: str
    how: str
    grids: list[Grid]


def estimate(found: Any, digits: int = 2, *, percent: bool = False, sign: bool = False) -> str:
    """`0.51 [0.47, 0.56]`, or `-` where there is none."""
    if found is None or found["value"] is None:
        return "-"
    places, unit, scale = (0, "%", 100) if percent else (digits, "", 1)

    def written(value: float) -> str:
        return f"{round(value * scale, places) + 0.0:{'+' if sign else ''}.{places}f}"  # + 0.0: no -0.00

    value, low, high = (found[key] for key in ("value", "low", "high"))
    return written(value) + unit + ("" if low is None else f" [{written(low)}, {written(high)}]")


def number(value: float | None, digits: int = 2, *, percent: bool = False) -> str:
    if value is None:
        return "-"
    return f"{value * 100:.0f}" if percent else f"{round(value, digits) + 0.0:.{digits}f}"


def table(caption: str, systems: Report, columns: Sequence[Column]) -> Grid:
    """A row a system."""
    header = ["system", *(title for title, _, _ in columns)]
    rows = [[name, *(form(at(system, path)) for _, path, form in columns)] for name, system in systems.items()]
    return Grid(caption, header, rows)


def at(system: Report, path: str) -> Any:
    """What a dotted path leads to; None where it ends early."""
    found: Any = system
    for key in path.split("."):
        if not isinstance(found, dict):
            return None
        found = found.get(key)
    return found


def percent(found: Any) -> str:
    return estimate(found, percent=True)


def tenths(found: Any) -> str:
    return estimate(found, 1)


def thousandths(found: Any) -> str:
    return estimate(found, 3)


def whole(found: Any) -> str:
    return "-" if found is None else f"{found:,}"
