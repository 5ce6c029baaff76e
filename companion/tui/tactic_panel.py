"""The tactic panel: what the last replies did, what the next one aims for and why, and the person's taste."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.events import MouseDown
from textual.message import Message
from textual.reactive import reactive
from textual.style import Style
from textual.widgets import Static

from companion.tui.bars import Fitted, bar, cut, flow
from companion.tui.keys import key
from planner.feedback import LEAST, MOST, Feedback, bounded
from planner.ledger import TurnRecord
from planner.policy import Factor, Plan
from planner.tactics import TACTICS, Tactic

LONGEST = max(len(tactic.label) for tactic in TACTICS)
SHOWN = 12
"""Replies in the heat map, at most."""
BAR = 24
"""Cells of the longest bar, at most."""

NOTHING_YET = "Nothing to show yet. After the first reply this shows what each reply did."
NO_NEXT = "Nothing is planned yet."
PLANNER_OFF = "The planner is off."
HOW_TO_READ = "A digit: so many sentences of the reply did this; · none."
TEN = " +: ten or more."
LEGEND = (
    "● aimed for  ○ resting  × closed\n"
    "need: what people do next at such a point. taste: what you asked for. rested: held back, because it was used. "
    "What one tactic loses goes to the others. What you write next may still change the plan."
)
AIMED, RESTING, CLOSED = "●", "○", "×"


class HeatMap(Fitted):
    """Ten rows, a column for each of the last replies, the newest at the right: a digit on a shade."""

    COMPONENT_CLASSES = {"heat-map--none", "heat-map--one", "heat-map--two", "heat-map--more"}

    DEFAULT_CSS = """
    HeatMap {
        & > .heat-map--none { color: $foreground; }
        & > .heat-map--one { color: $text; background: $primary 15%; }
        & > .heat-map--two { color: $text; background: $primary 35%; text-style: bold; }
        & > .heat-map--more { color: $foreground; text-style: bold; }
        &:ansi > .heat-map--one { color: ansi_default; background: transparent; }
        &:ansi > .heat-map--two { color: ansi_default; background: transparent; }
        &:ansi > .heat-map--more { color: ansi_default; background: transparent; }
    }
    """

    turns: reactive[tuple[TurnRecord, ...]] = reactive((), layout=True)
    """Oldest first."""

    def columns(self, width: int) -> tuple[int, int, int]:
        """How many replies there is room for, the cells of each, and the cells of the labels."""
        labels = min(LONGEST, max(8, width - 9))
        room = max(1, width - labels - 1)
        shown = min(SHOWN, len(self.turns), room)
        return shown, 2 if 2 * shown <= room else 1, labels

    def fitted(self, width: int) -> Content:
        if not self.turns:
            return Content(NOTHING_YET)
        shown, cell, labels = self.columns(width)
        counts = [turn.counts() for turn in self.turns[-shown:]]
        lines = [Content.styled("The last reply" if shown == 1 else f"The last {shown} replies, newest right", "bold")]
        for tactic in TACTICS:
            cells = [Content.styled(digit(count[tactic]).ljust(cell), self._shade(count[tactic])) for count in counts]
            lines.append(Content.assemble(cut(tactic.label, labels), " ", *cells))
        many = any(number > 9 for count in counts for number in count.values())
        lines.append(Content(HOW_TO_READ + (TEN if many else "")))
        return Content("\n").join(lines)

    def _shade(self, count: int) -> Style:
        """The more sentences, the stronger. Component styles do not carry `reverse`."""
        style = self.get_visual_style(f"heat-map--{('none', 'one', 'two', 'more')[min(count, 3)]}")
        return style + Style(reverse=True) if count >= 3 else style


def digit(count: int) -> str:
    """A number of sentences in one cell."""
    return "·" if not count else str(count) if count <= 9 else "+"


class TacticRow(Fitted):
    """One tactic in the next plan: its share as a bar, what raised or lowered it, and how the person likes it."""

    COMPONENT_CLASSES = {"tactic-row--bar", "tactic-row--name"}

    DEFAULT_CSS = """
    TacticRow {
        & > .tactic-row--bar { color: $text-primary; }
        & > .tactic-row--name { color: $foreground; text-style: bold; }
        &:ansi > .tactic-row--bar { color: ansi_default; }
    }
    """

    chosen: reactive[bool] = reactive(False, layout=True)
    """Whether the keys for feedback go to this row now."""

    @dataclass
    class Asked(Message):
        """Something was clicked in the row: the row itself, more, less or reset."""

        row: TacticRow
        what: str

    def __init__(self, tactic: Tactic) -> None:
        super().__init__()
        self.tactic = tactic
        self._factor: Factor | None = None
        self._mark = ""
        self._heaviest = 1.0
        self._taste = 1.0

    def update(self, plan: Plan | None, taste: float) -> None:
        """Show the tactic's part in a plan, or only the taste where there is none."""
        self._taste, self._factor, self._mark = taste, None, ""
        if plan is not None:
            self._factor = next(factor for factor in plan.factors if factor.tactic is self.tactic)
            self._heaviest = max(plan.weights.values())
            self._mark = (
                AIMED if self.tactic in plan.targets
                else RESTING if self.tactic in plan.resting
                else "" if self._factor.gate
                else CLOSED
            )  # fmt: skip
        self.refresh(layout=True)

    def fitted(self, width: int) -> Content:
        return Content("\n").join([self._first_line(width), *map(Content, self._reasons(width)), *self._keys()])

    def _first_line(self, width: int) -> Content:
        labels = min(LONGEST, max(8, width - 9))
        start = f"{'›' if self.chosen else ' '}{self._mark or ' '} "
        name = Content.styled(
            cut(self.tactic.label, labels), ".tactic-row--name" if self.chosen or self._mark == AIMED else ""
        )
        if self._factor is None:
            return Content.assemble(start, name)
        room = max(0, min(BAR, width - len(start) - labels - 6))
        share = self._factor.weight
        drawn = Content.styled(bar(share / self._heaviest, room), ".tactic-row--bar")
        return Content.assemble(start, name, " ", drawn, f"{share:>5.0%}")

    def _reasons(self, width: int) -> list[str]:
        return flow(list(self._words()), width, "   ")

    def _words(self) -> Iterator[str]:
        """The parts of the second line."""
        factor = self._factor
        if factor:
            if self._mark == AIMED:
                yield "aimed for"
            if self._mark == CLOSED:
                yield "closed"
            yield f"need {factor.need:.0%}"
        if abs(self._taste - 1) > 0.005:
            bound = " (most)" if self._taste >= MOST else " (least)" if self._taste <= LEAST else ""
            yield f"{'▲' if self._taste > 1 else '▼'} taste {self._taste:.2f}{bound}"
        if factor and factor.novelty < 0.995:
            yield f"▼ {'resting' if self._mark == RESTING else 'rested'} {factor.novelty:.2f}"

    def _keys(self) -> list[Content]:
        """What can be done with the row, to be read and to be clicked."""
        if not self.chosen:
            return []
        bound = {each.binding.id: each.binding for each in reversed(self.screen.active_bindings.values())}
        parts: list[Content] = []
        for name, what, words in (
            ("tactic-more", "more", "more"),
            ("tactic-less", "less", "less"),
            ("tactic-reset", "reset", "as it was"),
            ("taste-reset", "", "all"),
        ):
            shown = self.app.get_key_display(bound[name]) if name in bound else ""
            style = Style.from_meta({"@click": f"ask('{what}')"}) if what else ""  # a slip must not undo everything
            parts.append(Content.styled(f"{shown} {words}".strip(), style))
        return [Content.assemble("   ", Content("   ").join(parts))]

    def action_ask(self, what: str) -> None:
        self.post_message(self.Asked(self, what))

    @on(MouseDown)
    def _pressed(self) -> None:
        """Not on a click: with the focus another row grows by a line first, and what is clicked is elsewhere."""
        self.post_message(self.Asked(self, "row"))


class TacticPanel(Vertical, can_focus=True):
    """Shows what it is given; the person's feedback on a tactic goes out as a message.

    One stop for the Tab key: Up and Down choose the tactic that the other keys are about.
    """

    DEFAULT_CSS = """
    TacticPanel {
        width: 44;
        height: 1fr;
        padding-left: 1;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        color: $foreground;
        border-left: blank;
        &:focus { border-left: outer $primary; }
        & > * { padding-right: 1; }
        & > Static { height: auto; }
        & > .title { text-style: bold; margin-top: 1; }
        & > #reason { margin-bottom: 1; }
        & > #legend { margin-top: 1; }
    }
    """

    BINDINGS = [
        key("tactic-above", "up,k", "step(-1)", "Tactic above", "Go to the tactic above."),
        key("tactic-below", "down,j", "step(1)", "Tactic below", "Go to the tactic below."),
        key("tactic-first", "home", "step(-10)", "First tactic", "Go to the first tactic."),
        key("tactic-last", "end", "step(10)", "Last tactic", "Go to the last tactic."),
        key("tactic-more", "plus,equals_sign", "prefer('more')", "More of it", "More of this tactic from now on."),
        key("tactic-less", "minus", "prefer('less')", "Less of it", "Less of this tactic from now on."),
        key("tactic-reset", "0", "reset", "As it was", "Forget what you said about this tactic."),
        key("taste-reset", "R", "reset_all", "All as they were", "Forget what you said about all tactics."),
    ]  # fmt: skip

    @dataclass
    class Preferred(Message):
        """The person wants more or less of a tactic."""

        tactic: Tactic
        feedback: Feedback

    @dataclass
    class TasteReset(Message):
        """The taste of a tactic, or of all where it is None, is to be as it was at the beginning."""

        tactic: Tactic | None

    at: reactive[int] = reactive(0)
    """The chosen tactic, as its place in the fixed order."""

    def compose(self) -> ComposeResult:
        yield HeatMap()
        yield Static("The next reply", classes="title", markup=False)
        yield Static(NO_NEXT, id="reason", markup=False)
        for tactic in TACTICS:
            yield TacticRow(tactic)
        yield Static(id="legend", markup=False)

    @property
    def rows(self) -> list[TacticRow]:
        """One for each tactic, in the fixed order."""
        return list(self.query(TacticRow))

    def show(self, recent: Sequence[TurnRecord], plan: Plan | None, taste: Mapping[Tactic, float]) -> None:
        """What the replies did, oldest first; the next plan, None where the planner is off; the person's taste."""
        self.query_one(HeatMap).turns = tuple(recent[-SHOWN:])
        self.query_one("#reason", Static).update(plan.reason if plan else PLANNER_OFF)
        self.query_one("#legend", Static).update(LEGEND if plan else "")
        liked = bounded(taste)
        for row in self.rows:
            row.update(plan, liked[row.tactic])

    def watch_at(self) -> None:
        self._mark_row()
        self.call_after_refresh(self._keep_in_view)

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self._mark_row()

    def _mark_row(self) -> None:
        for number, row in enumerate(self.rows):
            row.chosen = self.has_focus and number == self.at

    def _keep_in_view(self) -> None:
        """Up from the first tactic is what stands above it, down from the last what stands below."""
        if self.at == 0:
            self.scroll_home(animate=False)
        elif self.at == len(TACTICS) - 1:
            self.scroll_end(animate=False)
        else:
            self.scroll_to_widget(self.rows[self.at], animate=False)

    def action_step(self, step: int) -> None:
        self.at = min(len(TACTICS) - 1, max(0, self.at + step))

    def action_prefer(self, word: str) -> None:
        self.post_message(self.Preferred(TACTICS[self.at], Feedback(word)))

    def action_reset(self) -> None:
        self.post_message(self.TasteReset(TACTICS[self.at]))

    def action_reset_all(self) -> None:
        self.post_message(self.TasteReset(None))

    @on(TacticRow.Asked)
    def _row_asked(self, event: TacticRow.Asked) -> None:
        event.stop()
        self.focus()
        self.at = self.rows.index(event.row)
        if event.what == "reset":
            self.action_reset()
        elif event.what != "row":
            self.action_prefer(event.what)
