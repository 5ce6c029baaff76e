"""The last line: which model, how full its view is, how fast it writes, what the planner is about."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

BADGE = " OFF THE RECORD "
SEPARATOR = "  "


class StatusLine(Widget):
    """One line. Where it is too long, what matters least goes first; the badges and the way to help stay."""

    DEFAULT_CSS = """
    StatusLine {
        height: 1;
        padding: 0 1;
        color: $foreground;
    }
    """

    model: reactive[str] = reactive("")
    context: reactive[str] = reactive("")
    """Tokens in the model's view, of how many."""
    speed: reactive[str] = reactive("")
    planner: reactive[str] = reactive("")
    whereto: reactive[str] = reactive("")
    """The server that what is said goes to, if it goes to one."""
    off_record: reactive[bool] = reactive(False)
    blind: reactive[bool] = reactive(False)
    """Say nothing but how to get help: who takes part in an experiment is not to know their arm."""
    keys: reactive[str] = reactive("")
    """How to get help and the list of keys."""

    def render(self) -> Content:
        badge = Content.styled(BADGE, "reverse bold") if self.off_record else Content("")
        if self.whereto and not self.blind:
            badge = Content.assemble(badge, Content.styled(f" {self.whereto} ", "reverse"))
        room = self.size.width - badge.cell_length - Content(self.keys).cell_length - 2 * len(SEPARATOR)
        shown = () if self.blind else (self.model, self.planner, self.context, self.speed)
        parts = [part for part in shown if part]
        while parts and sum(map(len, parts)) + len(SEPARATOR) * (len(parts) - 1) > room:
            parts.pop()
        left = Content(SEPARATOR.join(parts))
        if badge.cell_length:
            left = Content.assemble(badge, SEPARATOR if parts else "", left)
        gap = max(1, self.size.width - left.cell_length - Content(self.keys).cell_length)
        return Content.assemble(left, " " * gap, self.keys)
