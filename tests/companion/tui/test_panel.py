from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.content import Content
from textual.message import Message
from textual.pilot import Pilot
from textual.widgets import Input

from companion import taste
from companion.engine.scripted import ScriptedEngine
from companion.store import Store
from companion.tui.bars import bar, cut, flow
from companion.tui.tactic_panel import NOTHING_YET, PLANNER_OFF, HeatMap, TacticPanel
from companion.tui.themes import THEMES, use_themes
from planner.feedback import Feedback
from planner.ledger import Ledger, TurnRecord
from planner.policy import Plan, plan
from planner.reading import Reading
from planner.tactics import TACTICS, Tactic
from tests.companion.test_conversation_steered import talking
from tests.companion.tui.legible import hard_to_read
from tests.companion.tui.waiting import text_of, wait_until

V, Q, A, P = Tactic.VALIDATION, Tactic.QUESTIONING, Tactic.ADVICE, Tactic.PARAPHRASING
EMOTION = Tactic.EMOTIONAL_EXPRESSION
REPLIES = ["That makes sense. It makes sense. What happened?", "You could try to rest.", "It makes sense. Why?"]

asynchronous = pytest.mark.asyncio
Host = Callable[..., "PanelHost"]


class PanelHost(App[None]):
    """A panel beside a line to write in."""

    CSS = "Input { width: 1fr; } Screen { layout: horizontal; }"

    def __init__(self, width: int = 44, keys: dict[str, str] | None = None) -> None:
        super().__init__()
        self.width, self.keys = width, keys or {}
        self.asked: list[Message] = []

    def on_load(self) -> None:
        self.set_keymap(self.keys)

    def compose(self) -> ComposeResult:
        yield Input()
        yield TacticPanel()

    def on_mount(self) -> None:
        self.panel = self.query_one(TacticPanel)
        self.panel.styles.width = self.width
        if self.width >= self.size.width:
            self.query_one(Input).display = False

    def on_tactic_panel_preferred(self, event: TacticPanel.Preferred) -> None:
        self.asked.append(event)

    def on_tactic_panel_taste_reset(self, event: TacticPanel.TasteReset) -> None:
        self.asked.append(event)

    async def lines(self, pilot: Pilot[Any]) -> list[str]:
        """What the panel shows, once everything has been drawn."""
        await pilot.pause()
        left = self.panel.region.x + 2
        return [line[left:] for line in text_of(pilot).splitlines()]


def record(*sentences: set[Tactic]) -> TurnRecord:
    return TurnRecord(tuple(frozenset(each) for each in sentences))


def planned(*turns: TurnRecord, liked: dict[Tactic, float] | None = None) -> Plan:
    return plan(Ledger(turns), Reading(), taste=liked)


def cells(lines: list[str], tactic: Tactic) -> str:
    """A tactic's row of the heat map, without blanks."""
    row = next(line for line in lines if line.startswith(tactic.label) and not line.endswith("%"))
    return row.removeprefix(tactic.label).replace(" ", "").replace("▌", "")


@pytest.fixture
def store() -> Iterator[Store]:
    with Store(None) as store:
        yield store


# -- the last replies ------------------------------------------------------------------------------------------------


@asynchronous
async def test_before_anything_is_known_it_says_so_calmly() -> None:
    app = PanelHost()
    async with app.run_test(size=(100, 50)) as pilot:
        shown = " ".join(" ".join(await app.lines(pilot)).split())
        assert NOTHING_YET in shown
        assert "Nothing is planned yet." in shown
        app.panel.show((), planned(), {})
        shown = " ".join(" ".join(await app.lines(pilot)).split())
        assert NOTHING_YET in shown
        assert "The conversation has just begun, so this reply aims for" in shown


@asynchronous
async def test_a_conversation_is_shown_as_digits_the_newest_reply_at_the_right(store: Store) -> None:
    conversation = talking(store, ScriptedEngine(REPLIES), candidates=1)
    for text in ("hello", "I am tired", "so tired"):
        list(conversation.say(text))
    app = PanelHost()
    async with app.run_test(size=(100, 60)) as pilot:
        app.panel.show(conversation.ledger(conversation.turns()).turns, conversation.next_plan(), taste.taste_of(store))
        lines = await app.lines(pilot)
        assert lines[0] == "The last 3 replies, newest right"
        assert [line.split("  ")[0].strip(" ·0123456789") for line in lines[1:11]] == [t.label for t in TACTICS]
        assert cells(lines, V) == "2·1"
        assert cells(lines, Q) == "1·1"
        assert cells(lines, A) == "·1·"
        assert cells(lines, EMOTION) == "···"
        assert "A digit: so many sentences of the reply" in lines[11]


@asynchronous
@pytest.mark.parametrize(("width", "shown"), [(60, 12), (44, 12), (28, 8), (20, 8)])
async def test_twelve_replies_are_shown_and_fewer_where_it_is_narrow(width: int, shown: int) -> None:
    turns = [record({Q})] * 19 + [record({V}, {V})]
    app = PanelHost(width)
    async with app.run_test(size=(60, 80)) as pilot:
        app.panel.show(turns, planned(*turns), {})
        lines = await app.lines(pilot)
        row = next(line for line in lines if line.startswith("valid")).split("▌")[0]
        assert row.replace(" ", "").endswith("·" * (shown - 1) + "2")
        assert row.count("·") == shown - 1


@asynchronous
async def test_ten_sentences_and_more_take_one_cell_and_are_explained() -> None:
    app = PanelHost()
    async with app.run_test(size=(100, 60)) as pilot:
        app.panel.show([record(*[{V}] * 9)], None, {})
        lines = await app.lines(pilot)
        assert cells(lines, V) == "9"
        assert "ten or more" not in " ".join(lines)
        app.panel.show([record(*[{V}] * 10)], None, {})
        lines = await app.lines(pilot)
        assert cells(lines, V) == "+"
        assert "+: ten or more." in " ".join(lines)


@asynchronous
@pytest.mark.parametrize("theme", [theme.name for theme in THEMES])
async def test_more_sentences_make_another_shade(theme: str) -> None:
    app = PanelHost()
    async with app.run_test(size=(100, 60)) as pilot:
        use_themes(app, "dark")
        app.theme = theme
        app.panel.show([record(), record({V}), record({V}, {V}), record(*[{V}] * 3)], None, {})
        await pilot.pause()
        heat = app.query_one(HeatMap)
        row = heat.render_line(1 + TACTICS.index(V))
        styles = [segment.style for segment in row if segment.text.strip() in {"·", "1", "2", "3"}]
        assert len(styles) == 4
        if theme.startswith("ansi"):
            assert [(bool(style.bold), bool(style.reverse)) for style in styles if style] == [
                (False, False), (False, False), (True, False), (True, True),
            ]  # fmt: skip
        else:
            assert len({(style.color, style.bgcolor, style.reverse) for style in styles if style}) == 4


# -- the next plan ---------------------------------------------------------------------------------------------------


@asynchronous
async def test_a_plan_is_a_bar_for_each_tactic_with_what_it_aims_for_rests_and_closes() -> None:
    turns = (record({V}, {V}, {Q}), record({V}, {Q}, {P}))
    made = planned(*turns)
    assert made.targets
    assert V in made.resting
    app = PanelHost()
    async with app.run_test(size=(100, 70)) as pilot:
        app.panel.show(turns, made, {})
        lines = await app.lines(pilot)
        assert made.reason in " ".join(" ".join(lines).split())
        drawn = {}
        for factor in made.factors:
            number = next(n for n, line in enumerate(lines) if line[3:].startswith(factor.tactic.label) and "%" in line)
            first, second = lines[number], lines[number + 1]
            assert first.split()[-1] == f"{factor.weight:.0%}"
            assert f"need {factor.need:.0%}" in second
            drawn[factor.tactic] = sum(map(first.count, "▏▎▍▌▋▊▉█"))
            sign = "●" if factor.tactic in made.targets else "○" if factor.tactic in made.resting else " "
            assert first[1] == (sign if factor.gate else "×")
            assert ("aimed for" in second) == (factor.tactic in made.targets)
            assert ("closed" in second) == (not factor.gate)
            lowered = f"▼ {'resting' if factor.tactic in made.resting else 'rested'} {factor.novelty:.2f}"
            assert (lowered in second) == (factor.usage > 0)
        by_weight = sorted(made.weights, key=lambda tactic: made.weights[tactic])
        assert [drawn[tactic] for tactic in by_weight] == sorted(drawn.values())
        assert drawn[made.targets[0]] == 12
        assert drawn[Tactic.SELF_DISCLOSURE] == 0


@asynchronous
async def test_taste_is_shown_where_it_is_not_one_and_at_its_ends() -> None:
    liked = {V: 1.25, Q: 0.8, EMOTION: 2.0, A: 0.5}
    app = PanelHost()
    async with app.run_test(size=(100, 70)) as pilot:
        app.panel.show((), planned(liked=liked), liked)
        shown = "\n".join(await app.lines(pilot))
        assert "▲ taste 1.25\n" in shown
        assert "▼ taste 0.80\n" in shown
        assert "▲ taste 2.00 (most)" in shown
        assert "▼ taste 0.50 (least)" in shown
        assert shown.count("▲ taste") + shown.count("▼ taste") == 4


@asynchronous
async def test_with_the_planner_off_it_says_so_and_still_shows_the_taste() -> None:
    app = PanelHost()
    async with app.run_test(size=(100, 70)) as pilot:
        app.panel.show([record({V})], None, {Q: 1.25})
        lines = await app.lines(pilot)
        assert PLANNER_OFF in lines
        assert "need" not in "\n".join(lines)
        assert "%" not in "\n".join(lines)
        assert lines[lines.index(f"   {Q.label}") + 1] == "   ▲ taste 1.25"


@asynchronous
@pytest.mark.parametrize("size", [(60, 20), (200, 60), (28, 14)])
async def test_nothing_is_cut_off_at_the_side(size: tuple[int, int]) -> None:
    turns = [record({V}, {Q}, {P})] * 12
    made = planned(*turns, liked=dict.fromkeys(TACTICS, 2.0))
    app = PanelHost(44 if size[0] > 100 else size[0])
    async with app.run_test(size=size) as pilot:
        app.panel.show(turns, made, dict.fromkeys(TACTICS, 2.0))
        await pilot.pause()
        assert app.panel.max_scroll_x == 0
        room = app.panel.scrollable_content_region.width
        for row in app.panel.rows:
            assert row.outer_size.width == room
            lines = str(row.fitted(row.size.width)).splitlines()
            assert max(map(len, lines)) <= row.size.width
            assert row.size.height == len(lines)


# -- feedback --------------------------------------------------------------------------------------------------------


@asynchronous
async def test_feedback_goes_to_the_tactic_that_the_arrows_chose() -> None:
    app = PanelHost()
    async with app.run_test(size=(100, 40)) as pilot:
        app.panel.show((), planned(), {})
        app.panel.focus()
        await pilot.press(
            "down", "down", "down", "plus", "up", "minus", "end", "0", "down", "equals_sign", "home", "minus"
        )
        await pilot.press("up", "R")
        assert app.asked == [
            TacticPanel.Preferred(V, Feedback.MORE),
            TacticPanel.Preferred(A, Feedback.LESS),
            TacticPanel.TasteReset(Tactic.EMPOWERMENT),
            TacticPanel.Preferred(Tactic.EMPOWERMENT, Feedback.MORE),
            TacticPanel.Preferred(Tactic.INFORMATION, Feedback.LESS),
            TacticPanel.TasteReset(None),
        ]


@asynchronous
async def test_feedback_moves_the_next_plan_and_can_be_taken_back(store: Store) -> None:
    conversation = talking(store, ScriptedEngine(REPLIES), candidates=1)
    list(conversation.say("hello"))

    class Wired(PanelHost):
        def fresh(self) -> None:
            turns = conversation.ledger(conversation.turns()).turns
            self.panel.show(turns, conversation.next_plan(), taste.taste_of(store))

        def on_tactic_panel_preferred(self, event: TacticPanel.Preferred) -> None:
            taste.prefer(store, event.tactic, event.feedback)
            self.fresh()

        def on_tactic_panel_taste_reset(self, event: TacticPanel.TasteReset) -> None:
            store.reset_taste()
            self.fresh()

    app = Wired()
    async with app.run_test(size=(100, 70)) as pilot:
        app.fresh()

        async def share() -> int:
            lines = await app.lines(pilot)
            return next(int(line.split()[-1][:-1]) for line in lines if "%" in line and line[3:].startswith("reapp"))

        before = await share()
        app.panel.focus()
        await pilot.press("end", "up", "plus", "plus")
        assert "▲ taste 1.56" in "\n".join(await app.lines(pilot))
        assert await share() > before
        await pilot.press("R")
        assert "taste 1" not in "\n".join(await app.lines(pilot))
        assert await share() == before


@asynchronous
async def test_only_the_chosen_row_of_a_focused_panel_is_marked_and_names_its_keys() -> None:
    app = PanelHost(keys={"tactic-more": "m"})
    async with app.run_test(size=(100, 70)) as pilot:
        app.panel.show((), planned(), {})
        app.query_one(Input).focus()
        assert "›" not in "\n".join(await app.lines(pilot))
        app.panel.focus()
        await pilot.press("down")
        lines = await app.lines(pilot)
        (number,) = [n for n, line in enumerate(lines) if line.startswith("›")]
        assert lines[number][3:].startswith(Tactic.ASSISTANCE.label)
        assert lines[number + 2].strip() == "m more   - less   0 as it was   R all"
        await pilot.press("plus", "m")
        assert app.asked == [TacticPanel.Preferred(Tactic.ASSISTANCE, Feedback.MORE)]


@asynchronous
async def test_a_click_chooses_a_row_and_its_words_can_be_clicked() -> None:
    app = PanelHost()
    async with app.run_test(size=(100, 70)) as pilot:
        app.panel.show((), planned(), {})
        app.query_one(Input).focus()
        await pilot.pause()
        row = app.panel.rows[TACTICS.index(Q)]
        await pilot.click(row, offset=(5, 0))
        assert app.panel.has_focus
        assert app.panel.at == TACTICS.index(Q)
        await pilot.pause()
        hint = str(row.fitted(row.size.width)).splitlines()[-1]
        for word in ("more", "less", "as it was"):
            await pilot.click(row, offset=(hint.index(word), row.size.height - 1))
        await pilot.pause()
        assert app.asked == [
            TacticPanel.Preferred(Q, Feedback.MORE),
            TacticPanel.Preferred(Q, Feedback.LESS),
            TacticPanel.TasteReset(Q),
        ]


@asynchronous
async def test_on_a_small_screen_the_arrows_reach_everything() -> None:
    turns = [record({V}, {Q})] * 3
    app = PanelHost(60)
    async with app.run_test(size=(60, 14)) as pilot:
        app.panel.show(turns, planned(*turns), {})
        app.panel.focus()
        for number, tactic in enumerate(TACTICS[1:], start=1):
            await pilot.press("down")
            await wait_until(pilot, lambda at=number: visible(app, at), f"{tactic} in view")  # type: ignore[misc]
        await wait_until(pilot, lambda: "still change the plan." in text_of(pilot), "the legend")
        await pilot.press("home")
        await wait_until(pilot, lambda: "The last 3 replies" in text_of(pilot), "the first line")


def visible(app: PanelHost, number: int) -> bool:
    row = app.panel.rows[number]
    return row.chosen and app.panel.region.contains_region(row.region)


@asynchronous
@pytest.mark.parametrize("theme", [theme.name for theme in THEMES])
async def test_everything_can_be_read_in_every_theme(theme: str) -> None:
    turns = [record({V}), record({V}, {V}), record(*[{V, Q}] * 3)]
    app = PanelHost(100)
    async with app.run_test(size=(100, 60)) as pilot:
        use_themes(app, "dark")
        app.theme = theme
        app.panel.show(turns, planned(*turns, liked={P: 1.25}), {P: 1.25})
        app.panel.focus()
        await app.lines(pilot)
        assert hard_to_read(pilot) == []


def test_every_key_has_a_name_a_label_and_an_explanation() -> None:
    names = [binding.id for binding in TacticPanel.BINDINGS]  # type: ignore[union-attr]
    assert len(set(names)) == len(names) == 8
    assert all(binding.description and binding.tooltip for binding in TacticPanel.BINDINGS)  # type: ignore[union-attr]


# -- drawing ---------------------------------------------------------------------------------------------------------


@given(st.floats(-1, 2), st.floats(-1, 2), st.integers(0, 40))
def test_a_bar_has_its_width_and_grows_with_its_share(one: float, other: float, width: int) -> None:
    less, more = (bar(share, width) for share in sorted((one, other)))
    assert len(less) == len(more) == Content(more).cell_length == width
    assert filled(less) <= filled(more)


def filled(drawn: str) -> int:
    return sum(" ▏▎▍▌▋▊▉█".index(character) for character in drawn)


def test_the_ends_of_a_bar() -> None:
    assert [bar(share, 2) for share in (0, 0.001, 0.25, 0.5, 1)] == ["  ", "▏ ", "▌ ", "█ ", "██"]


@given(st.lists(st.text("ab c", min_size=1, max_size=12).map(str.strip).filter(bool)), st.integers(15, 40))
def test_lines_break_between_parts_only(parts: list[str], width: int) -> None:
    lines = flow(parts, width, "   ")
    assert all(len(line) <= width for line in lines)
    assert "  ".join(line[3:] for line in lines) == "  ".join(parts)


def test_a_name_that_is_too_long_ends_in_an_ellipsis() -> None:
    assert [cut("validation", width) for width in (12, 10, 5, 1, 0)] == ["validation  ", "validation", "vali…", "…", ""]
