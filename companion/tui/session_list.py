"""The rows of the sessions screen: conversations, and places where something was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Literal

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual.content import Content
from textual.strip import Strip
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from companion.store import Role, SearchHit, Session
from companion.tui.session_search import in_one_line

UNTITLED = "(nothing said yet)"
HERE, AWAY = "▌ ", "  "
"""What stands in front of the row that Enter opens, and in front of the others."""
REVERSED = RichStyle(reverse=True)
"""Not a text style of the theme: Textual takes `reverse` out of those. It shows without colours too."""
MATCH = "bold underline"
BREAKS = str.maketrans("\n\t", "  ")


@dataclass(frozen=True, slots=True)
class Row:
    """A session, or with `hit` a place in it."""

    session: Session
    hit: SearchHit | None = None

    @property
    def id(self) -> str:
        return f"turn-{self.hit.turn.id}" if self.hit else f"session-{self.session.id}"


class SessionList(OptionList, can_focus=False):
    """Never has the focus: the keys come from the line above it, in which the person types."""

    DEFAULT_CSS = """
    SessionList {
        height: 1fr;
        padding: 0;
        border: none;
        background: $surface;
        scrollbar-gutter: stable;
        & > .option-list--option-disabled { color: $foreground; }
        & > .option-list--option-hover { background: $surface; text-style: bold; }
        & > .option-list--option-highlighted {
            color: $foreground;
            background: $surface;
            text-style: none;
        }
    }
    """

    def __init__(self, current: str | None) -> None:
        """`current` is the session that is open in the chat."""
        super().__init__(markup=False)
        self._current = current
        self._sessions: Sequence[Row] = ()
        self._hits: Sequence[Row] = ()
        self._rows: dict[str, Row] = {}
        self._now = datetime.now(UTC)
        self._width = 0

    @property
    def row(self) -> Row | None:
        """The row that Enter opens."""
        option = self.highlighted_option
        return self.row_of(option) if option else None

    def row_of(self, option: Option) -> Row | None:
        return self._rows.get(option.id or "")

    def show(self, sessions: Sequence[Row], hits: Sequence[Row], now: datetime, *, stay: bool) -> None:
        """These rows, with headings where there are hits. `stay` keeps to the row, or else to its place."""
        self._sessions, self._hits, self._now = sessions, hits, now
        before, place = self.highlighted_option, self.highlighted
        self._rows = {row.id: row for row in (*sessions, *hits)}
        self._lay_out()
        if not stay or before is None or place is None:
            self.action_first()
        elif before.id in self._rows:
            self.highlighted = self.get_option_index(before.id)
        else:
            after = (at for at in range(place, self.option_count) if not self.options[at].disabled)
            self.highlighted = next(after, self.option_count - 1)

    def on_resize(self) -> None:
        if self._room() != self._width:
            place = self.highlighted
            self._lay_out()
            if place is None:
                self.action_first()
            else:
                self.highlighted = place

    def _room(self) -> int:
        """Cells for the text of a row."""
        return self.scrollable_content_region.width - self._get_left_gutter_width()

    def _lay_out(self) -> None:
        self._width = self._room()
        width = max(1, self._width)
        options = []
        for heading, rows in (("In the title", self._sessions), ("Where it was said", self._hits)):
            if rows and self._hits:
                rule = "─" * width
                options.append(Option(Content(f"── {heading} {rule}").truncate(width), disabled=True))
            options += [Option(content_of(row, self._current, self._now, width), row.id) for row in rows]
        self.set_options(options)

    def watch_highlighted(self, highlighted: int | None) -> None:
        super().watch_highlighted(highlighted)
        if highlighted is not None and all(option.disabled for option in self.options[:highlighted]):
            self.scroll_home(animate=False)  # the heading above the first row is part of it

    def action_other_part(self) -> None:
        """From the sessions to the first hit, or back to the first session."""
        row = self.row
        part = self._hits if row and row.hit is None else self._sessions
        if part:
            self.highlighted = self.get_option_index(part[0].id)

    def _move_page(self, direction: Literal[-1, 1]) -> None:
        super()._move_page(direction)
        if self.highlighted is None:  # the page ended on a heading with nothing beyond it
            self.action_first() if direction < 0 else self.action_last()

    def _get_left_gutter_width(self) -> int:
        return len(HERE)

    def render_line(self, y: int) -> Strip:
        line = super().render_line(y)
        place = self.scroll_offset.y + y
        if place >= len(self._lines):
            return line
        here = self._lines[place][0] == self.highlighted
        style = next((segment.style for segment in line), None)
        strip = Strip([Segment(HERE if here else AWAY, style), *line])
        return strip.apply_style(REVERSED) if here else strip


def content_of(row: Row, current: str | None, now: datetime, width: int) -> Content:
    """Two lines at most for a session; a hit shows all of its words, then where and when they were said."""
    session = row.session
    title = in_one_line(session.title or "") or UNTITLED
    marks = ["open now"] * (session.id == current) + ["archived"] * session.archived
    if row.hit is None:
        first = Content.styled(title, "bold").truncate(width, ellipsis=True)
        about = [*marks, in_words(session.updated_at, now)]
        if session.turns:
            about.append(messages(session.turns))
        if session.model:
            about.append(PurePath(session.model).name)
    else:
        first = Content(row.hit.snippet.translate(BREAKS))
        for start, end in row.hit.matches:
            first = first.stylize(MATCH, start, end)
        who = "you" if row.hit.turn.role is Role.USER else "companion"
        about = [who, in_words(row.hit.turn.created_at, now), *marks, f"in “{title}”"]
    return Content("\n").join([first, Content("  " + " · ".join(about)).truncate(width, ellipsis=True)])


def messages(count: int) -> str:
    return "1 message" if count == 1 else f"{count:,} messages"


def in_words(moment: str, now: datetime) -> str:
    """A stored moment (ISO 8601, UTC) as a day and a time in the local zone, seen from `now`."""
    then, today = datetime.fromisoformat(moment).astimezone(), now.astimezone().date()
    days = (today - then.date()).days
    match days:
        case 0:
            return f"today {then:%H:%M}"
        case 1:
            return f"yesterday {then:%H:%M}"
        case 2 | 3 | 4 | 5 | 6:
            return f"{then:%A} {then:%H:%M}"
        case _:
            year = "" if then.year == today.year else f" {then.year}"
            return f"{then.day} {then:%B}{year}"
