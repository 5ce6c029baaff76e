"""Why this reply: the plan behind it, the ways its sentences could have gone, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Static

from companion import explain
from companion.errors import CompanionError
from companion.store import Candidate, FactorRow, PlanRow, Sentence, Store
from companion.tui.bars import Fitted, bar, cut
from companion.tui.keys import key
from planner.feedback import Feedback

SIGNS = {"aimed for": "●", "closed": "×", "": " "}
SIGNS_MEAN = "● aimed for  × closed"
READING = "Reading what was kept of this reply."
NAME = 20
"""Cells of a tactic's name."""
COLUMNS = 50
"""Cells of the table without its bars."""
WITH_BARS = 64
"""Cells from which on there is room for bars."""


class PlanTable(Fitted):
    """The weights of a plan, the heaviest first, with what raised or lowered each."""

    COMPONENT_CLASSES = {"plan-table--bar", "plan-table--aim"}

    DEFAULT_CSS = """
    PlanTable {
        & > .plan-table--bar { color: $text-primary; }
        & > .plan-table--aim { color: $foreground; text-style: bold; }
        &:ansi > .plan-table--bar { color: ansi_default; }
    }
    """

    def __init__(self, made: PlanRow) -> None:
        super().__init__()
        self._made = made

    def fitted(self, width: int) -> Content:
        heaviest = max(self._made.weights.values(), default=0) or 1
        if not self._made.factors:
            head = f"  {'tactic':<{NAME}}{'weight':>8}"
            rows = [
                Content.assemble(
                    f"  {cut(explain.label(tactic), NAME)}{weight:>8.0%}", self._bar(weight / heaviest, width)
                )
                for tactic, weight in explain.by_weight(self._made)
            ]
            return Content("\n").join([Content.styled(head, "bold"), *rows])
        head = f"  {'tactic':<{NAME}}{'need':>5}{'taste':>7}{'rested':>8}{'weight':>8}"
        rows = [self._row(factor, heaviest, width) for factor in explain.heaviest_first(self._made)]
        return Content("\n").join([Content.styled(head, "bold"), *rows])

    def _row(self, factor: FactorRow, heaviest: float, width: int) -> Content:
        sign = SIGNS[explain.mark(factor, self._made)]
        return Content.assemble(
            (
                f"{sign} {cut(explain.label(factor.tactic), NAME)}",
                ".plan-table--aim" if factor.tactic in self._made.targets else "",
            ),
            f"{factor.need:>5.0%}{f'x{factor.taste:.2f}':>7}{f'x{factor.novelty:.2f}':>8}{factor.weight:>8.0%}",
            self._bar(factor.weight / heaviest, width),
        )

    def _bar(self, share: float, width: int) -> Content:
        """What the space beside the table is good for."""
        if width < WITH_BARS:
            return Content("")
        return Content.assemble("  ", Content.styled(bar(share, width - COLUMNS - 2), ".plan-table--bar"))


class WhyScreen(ModalScreen[None]):
    """Everything that is known of how one reply came about. Feedback and copying go out as messages."""

    AUTO_FOCUS = "VerticalScroll"

    DEFAULT_CSS = """
    WhyScreen {
        align: center middle;
        & > Vertical {
            width: 92;
            max-width: 96%;
            height: 96%;
            padding: 0 1;
            color: $foreground;
            background: $background;
            border: round $primary;
            border-title-style: bold;
            border-subtitle-color: $foreground;
            border-title-color: $foreground;
        }
        & VerticalScroll {
            height: 1fr;
            scrollbar-size-vertical: 1;
            & > * { padding-right: 1; }
        }
        & Static { height: auto; }
        & .title { text-style: bold; margin-top: 1; }
        & .title.-first { margin-top: 0; }
        & .ways { padding-left: 3; }
        & #judgement { margin-top: 1; max-height: 4; }
        & Horizontal { height: 1; margin-top: 1; }
        & Button { width: auto; min-width: 0; margin-right: 1; padding: 0 1; }
    }
    """

    BINDINGS = [
        key("why-close", "escape,f2,q", "dismiss", "Back", "Go back to the conversation."),
        key("why-more", "plus,equals_sign", "judge('more')", "More like this", "More of it; again: take that back."),
        key("why-less", "minus", "judge('less')", "Less of this", "Less of it; again: take that back."),
        key("why-copy", "c,y", "copy", "Copy", "Copy all of this as plain text."),
    ]

    @dataclass
    class Judged(Message):
        """The person wants more, or less, like this reply. Whoever sees to that calls `refresh_rating` then."""

        turn_id: int
        feedback: Feedback

    @dataclass
    class CopyWanted(Message):
        """The explanation is to be copied."""

        text: str

    @dataclass
    class Known(Message):
        """What was kept of the reply, or why that cannot be shown."""

        known: explain.Account | str

    def __init__(self, store: Store, turn_id: int) -> None:
        super().__init__()
        self._store, self._turn_id = store, turn_id

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "Why this reply"
            box.border_subtitle = "Escape goes back"
            with VerticalScroll():
                yield Static(READING, id="reading", markup=False)
            yield Static(id="judgement", markup=False)
            with Horizontal():
                for name, words in (
                    ("more", "More like this"),
                    ("less", "Less of this"),
                    ("copy", "Copy"),
                    ("back", "Back"),
                ):
                    yield Button(words, id=name, compact=True)

    def on_mount(self) -> None:
        self._read()

    def refresh_rating(self) -> None:
        """Read again what the person said of the reply, and show it."""
        self._read()

    @work(thread=True, exclusive=True, group="read")
    def _read(self) -> None:
        """Not in passing: to find one reply in a long conversation takes a while."""
        try:
            self.post_message(self.Known(explain.account_of(self._store, self._turn_id)))
        except CompanionError as error:
            self.post_message(self.Known(str(error)))

    @on(Known)
    async def _show(self, event: Known) -> None:
        event.stop()
        reading = self.query("#reading")
        if isinstance(event.known, str):
            for line in reading.results(Static):
                line.update(event.known)
            return
        if reading:
            await reading.remove()
            await self.query_one(VerticalScroll).mount_all(sections(event.known))
        self.query_one("#judgement", Static).update(explain.explain_judgement(event.known))

    def action_judge(self, word: str) -> None:
        self.post_message(self.Judged(self._turn_id, Feedback(word)))

    @work(thread=True, exclusive=True, group="copy")
    def action_copy(self) -> None:
        try:
            self.post_message(self.CopyWanted(explain.explain_reply(self._store, self._turn_id)))
        except CompanionError as error:
            self.post_message(self.Known(str(error)))

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        match event.button.id:
            case "copy":
                self.action_copy()
            case "back":
                self.dismiss()
            case word:
                self.action_judge(str(word))


def sections(known: explain.Account) -> Iterator[Widget]:
    """Plan, sentences with the ways they could have gone, ratings and timings, one under the other."""
    yield Static("The plan", classes="title -first", markup=False)
    if known.plan is None:
        yield Static(explain.NO_PLAN, markup=False)
    else:
        yield Static(f"{known.plan.reason}\n", markup=False)
        yield PlanTable(known.plan)
        if known.plan.factors:
            yield Static(f"{SIGNS_MEAN}\n{explain.LEGEND}", markup=False)
    yield Static("Sentence by sentence", classes="title", markup=False)
    if not known.choices:
        yield Static(explain.AS_IT_CAME, markup=False)
    if not known.sentences:
        yield Static(explain.NOT_READ, markup=False)
    for number, (sentence, ways) in enumerate(explain.with_choices(known.sentences, known.choices), start=1):
        yield from _sentence(number, sentence, ways)
    if known.choices:
        yield Static(explain.PARTS, markup=False)
    if not known.empathy:
        yield Static(explain.RATED, classes="title", markup=False)
        yield Static(explain.NOT_RATED, markup=False)
    for rated in known.empathy:
        yield Static(f"{explain.RATED} ({rated.rater})", classes="title", markup=False)
        yield Static(f"{explain.empathy_table(rated)}\n{explain.GUESS}", markup=False)
    yield Static("Timings", classes="title", markup=False)
    yield Static(explain.timing_words(known.turn), markup=False)


def _sentence(number: int, sentence: Sentence | None, ways: Sequence[Candidate]) -> Iterator[Widget]:
    """A sentence with its tactics, and below it the ways it could have gone."""
    if sentence is not None:
        yield Static(
            Content.assemble((f"{number}. {sentence.text}", "bold"), f"\n   {explain.tactic_scores(sentence)}")
        )
    else:
        yield Static("Considered, and nothing of it said:", markup=False)
    if ways:
        yield Static(
            Content("\n").join([Content(f"{explain.reason_kept(ways)}."), *map(_way, explain.kept_first(ways))]),
            classes="ways",
        )


def _way(each: Candidate) -> Content:
    said = f"{'▶ said' if each.kept else '○ not said'}: {each.text}  [{explain.listed_tactics(each.tactics)}]"
    return Content.assemble((said, "bold" if each.kept else ""), f"\n  {explain.score_words(each)}")
