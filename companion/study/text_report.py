"""The report for a terminal: tables in columns, wrapped to the width there is."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from companion.study.grids import Grid, Report
from companion.study.sections import method_notes, sections

TEXT_WIDTH = 100
"""Of the sentences between tables."""


def text_report(report: Report, width: int | None) -> str:
    """All sections. `width` in columns; None does not wrap tables."""
    return "\n".join(_lines(report, width)) + "\n"


def _lines(report: Report, width: int | None) -> Iterator[str]:
    narrow = min(width or TEXT_WIDTH, TEXT_WIDTH)
    for section in sections(report):
        yield section.title
        yield "=" * len(section.title)
        yield from textwrap.wrap(section.how, narrow)
        for grid in section.grids:
            yield ""
            if len(section.grids) > 1:
                yield from textwrap.wrap(grid.caption, narrow)
            yield from columns(grid, width)
        yield ""
    yield "How it was counted"
    yield "=================="
    for note in method_notes(report):
        yield from textwrap.wrap(note, narrow, initial_indent="- ", subsequent_indent="  ")


def columns(grid: Grid, width: int | None) -> Iterator[str]:
    """A table in aligned columns; what does not fit beside the first column goes below, with it again."""
    table = [grid.header, *grid.rows]
    widths = [max(len(row[place]) for row in table) for place in range(len(grid.header))]
    first, rest = widths[0], list(range(1, len(widths)))
    while True:
        taken: list[int] = []
        used = first
        while rest and (width is None or not taken or used + 2 + widths[rest[0]] <= width):
            used += 2 + widths[rest[0]]
            taken.append(rest.pop(0))
        for number, row in enumerate(table):
            yield (row[0].ljust(first) + "".join(f"  {row[place]:>{widths[place]}}" for place in taken)).rstrip()
            if number == 0:
                yield "-" * used
        if not rest:
            return
        yield ""
