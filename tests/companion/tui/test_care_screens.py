"""The help card, the safety plan and the letter on the screen (S3, S14, S15, S20)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from textual import on
from textual.app import App
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input, TextArea

from companion import paths
from companion.safety.cards import card
from companion.safety.letter import STATES, WISHES, LetterBox
from companion.safety.plan import FILE, SECTIONS, PlanBook, SafetyPlan
from companion.tui.help_card import HelpCard
from companion.tui.letter import CHANGED, LetterScreen, Tick
from companion.tui.safety_plan import SafetyPlanScreen
from companion.tui.themes import use_themes
from tests.companion.tui.legible import hard_to_read
from tests.companion.tui.waiting import text_of, wait_until

DAY = date(2026, 11, 21)
SIZES = [(60, 20), (80, 24), (200, 60)]


class Host(App[None]):
    def __init__(self, first: Screen[Any], theme: str = "dark") -> None:
        super().__init__()
        self._first, self._theme = first, theme
        self.copied: list[str] = []

    def on_load(self) -> None:
        use_themes(self, self._theme)

    def on_mount(self) -> None:
        self.push_screen(self._first)

    @on(SafetyPlanScreen.CopyWanted)
    @on(LetterScreen.CopyWanted)
    def _copy(self, event: SafetyPlanScreen.CopyWanted | LetterScreen.CopyWanted) -> None:
        self.copied.append(event.text)


@asynccontextmanager
async def hosted(
    screen: Screen[Any], size: tuple[int, int] = (80, 40), theme: str = "dark"
) -> AsyncIterator[tuple[Host, Pilot[None]]]:
    app = Host(screen, theme)
    async with app.run_test(size=size) as pilot:
        await wait_until(pilot, lambda: app.screen is screen and screen.is_mounted)
        await pilot.pause()
        yield app, pilot


def plan_on_disk() -> SafetyPlan:
    return PlanBook().read()


async def typed(pilot: Pilot[None], text: str) -> None:
    for letter in text:
        await pilot.press(letter)


# -- the card ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("theme", ["dark", "light", "contrast-dark", "ansi-light"])
async def test_s3_the_card_is_shown_with_nothing_there_to_read(
    size: tuple[int, int], theme: str, own_home: Path
) -> None:
    async with hosted(HelpCard(), size, theme) as (_, pilot):
        seen = text_of(pilot)
        assert "If you may be in danger" in seen
        assert "Safety plan (p)" in seen
        assert "Write to someone (l)" in seen
        assert "Escape goes back" in seen
        assert hard_to_read(pilot) == []
    assert not own_home.exists()


async def test_s3_s19_the_card_of_a_country() -> None:
    async with hosted(HelpCard(card("IE", today=DAY, imminent=True))) as (_, pilot):
        seen = text_of(pilot)
        assert "Please call your local emergency number, 112, now." in seen
        assert "116 123" in seen


async def test_s19_what_the_person_s_own_file_says_is_never_markup(own_home: Path) -> None:
    file = own_home / "config" / "resources.toml"
    file.parent.mkdir(parents=True)
    file.write_text(
        '[[line]]\ncountry = "IE"\nname = "[/x] [red]"\nhow = "call"\nnumber = "5"\nsource = "me"\n'
        "verified_on = 2026-11-20\n"
    )
    async with hosted(HelpCard(card("IE", today=DAY))) as (_, pilot):
        assert "[/x] [red]: call 5." in text_of(pilot)


@pytest.mark.parametrize(("press", "kind"), [("p", SafetyPlanScreen), ("l", LetterScreen)])
async def test_s14_one_key_from_the_card_and_escape_back(press: str, kind: type[Screen[None]]) -> None:
    help_card = HelpCard()
    async with hosted(help_card) as (app, pilot):
        await pilot.press(press)
        await wait_until(pilot, lambda: isinstance(app.screen, kind))
        await pilot.press("escape")
        await wait_until(pilot, lambda: app.screen is help_card)
        await pilot.click("#safety-plan" if press == "p" else "#letter")
        await wait_until(pilot, lambda: isinstance(app.screen, kind))


async def test_s14_a_home_that_cannot_be_found_leaves_the_card_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANION_HOME", "~nobody-of-that-name/x")
    help_card = HelpCard()
    async with hosted(help_card) as (app, pilot):
        await pilot.press("p")
        await pilot.press("l")
        await pilot.pause()
        assert app.screen is help_card
        assert app._notifications


# -- the safety plan --------------------------------------------------------------------------------------------------


async def test_s14_what_is_typed_is_saved_as_it_is_typed() -> None:
    async with hosted(SafetyPlanScreen(PlanBook())) as (_, pilot):
        await typed(pilot, "[red] late")
        await wait_until(pilot, lambda: plan_on_disk().text("signs") == "[red] late")
        await pilot.press("tab")
        await typed(pilot, "tea")
        await wait_until(pilot, lambda: plan_on_disk().text("alone") == "tea")


async def test_s14_leaving_at_once_loses_nothing() -> None:
    async with hosted(SafetyPlanScreen(PlanBook())) as (_, pilot):
        await pilot.press(*"walk", "escape")
    assert plan_on_disk().text("signs") == "walk"


async def test_s14_the_plan_is_there_when_it_is_opened_again() -> None:
    PlanBook().write(SafetyPlan().with_text("people", "Ana [/x] 555"))
    async with hosted(SafetyPlanScreen(PlanBook()), (80, 60)) as (app, pilot):
        assert app.screen.query_one("#people", TextArea).text == "Ana [/x] 555"
        assert "Ana [/x] 555" in text_of(pilot)


async def test_s14_off_the_record_it_says_so_and_nothing_touches_the_disk(own_home: Path) -> None:
    book = PlanBook(keep=False)
    async with hosted(SafetyPlanScreen(book), (60, 20)) as (_, pilot):
        await typed(pilot, "walk")
        await wait_until(pilot, lambda: book.read().text("signs") == "walk")
        assert "off the record" in text_of(pilot)
    async with hosted(SafetyPlanScreen(book)) as (app, _):
        assert app.screen.query_one("#signs", TextArea).text == "walk"
    assert not own_home.exists()


async def test_s14_a_disk_that_cannot_be_written_is_said_and_one_can_go_on(own_home: Path) -> None:
    own_home.mkdir()
    (own_home / "data").touch()
    book = PlanBook()
    async with hosted(SafetyPlanScreen(book), (80, 24)) as (_, pilot):
        await typed(pilot, "walk")
        await wait_until(pilot, lambda: "cannot be used" in text_of(pilot))
        await typed(pilot, "ing")
        await wait_until(pilot, lambda: book.read().text("signs") == "walking")


async def test_s14_a_plan_that_is_not_understood_is_said() -> None:
    file = paths.data_folder() / FILE
    file.parent.mkdir(parents=True)
    file.write_text("{")
    async with hosted(SafetyPlanScreen(PlanBook())) as (_, pilot):
        assert "was not understood" in text_of(pilot)


async def test_s14_the_plan_can_be_copied() -> None:
    PlanBook().write(SafetyPlan().with_text("signs", "late"))
    async with hosted(SafetyPlanScreen(PlanBook())) as (app, pilot):
        await pilot.press("ctrl+t")
        await wait_until(pilot, lambda: app.copied == [f"{SECTIONS[0].title}\nlate"])


@pytest.mark.parametrize(("answer", "gone"), [("#no", False), ("#yes", True)])
async def test_s14_the_plan_is_deleted_only_when_that_is_confirmed(answer: str, gone: bool) -> None:
    PlanBook().write(SafetyPlan().with_text("signs", "late"))
    screen = SafetyPlanScreen(PlanBook())
    async with hosted(screen) as (app, pilot):
        await pilot.click("#delete")
        await wait_until(pilot, lambda: app.screen is not screen)
        await pilot.click(answer)
        await wait_until(pilot, lambda: app.screen is screen or gone)
        if gone:
            await wait_until(pilot, lambda: not (paths.data_folder() / FILE).exists())
    assert plan_on_disk().empty is gone


async def test_s15_the_question_is_asked_once_and_the_answer_kept_here() -> None:
    async with hosted(SafetyPlanScreen(PlanBook())) as (app, pilot):
        app.screen.query_one("#readiness", Input).focus()
        await pilot.press("1", "1", "enter")
        await pilot.pause()
        assert plan_on_disk().readiness is None
        await pilot.press("backspace", "backspace", "7", "enter")
        await wait_until(pilot, lambda: plan_on_disk().readiness)
        await wait_until(pilot, lambda: not app.screen.query("#readiness"))
    async with hosted(SafetyPlanScreen(PlanBook()), (80, 60)) as (app, pilot):
        assert not app.screen.query("#readiness")
        assert "you said 7 of 10" in text_of(pilot)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("theme", ["dark", "light", "contrast-light", "ansi-dark"])
async def test_the_plan_can_be_read_at_any_size(size: tuple[int, int], theme: str) -> None:
    async with hosted(SafetyPlanScreen(PlanBook()), size, theme) as (_, pilot):
        for words in ("In your own words.", "is saved", SECTIONS[0].title, "Back", "Delete"):
            assert words in text_of(pilot)
        assert hard_to_read(pilot) == []


# -- the letter -------------------------------------------------------------------------------------------------------


def letter_of(app: Host) -> str:
    return app.screen.query_one("#letter", TextArea).text


async def test_s14_the_letter_follows_the_answers_by_keyboard_alone(own_home: Path) -> None:
    async with hosted(LetterScreen(LetterBox())) as (app, pilot):
        await typed(pilot, "Ana")
        await pilot.press("tab", "space")  # the first tick
        await wait_until(pilot, lambda: letter_of(app).startswith("Hi Ana,"))
        await wait_until(pilot, lambda: STATES["hard"][1] in letter_of(app))
        await pilot.press("enter")
        await wait_until(pilot, lambda: STATES["hard"][1] not in letter_of(app))
        app.screen.query_one("#wish-call", Tick).focus()
        await pilot.press("space")
        await wait_until(pilot, lambda: WISHES["call"][1] in letter_of(app))
        await pilot.press("escape")
    assert not own_home.exists()


async def test_s14_only_one_time_is_ticked() -> None:
    async with hosted(LetterScreen(LetterBox())) as (app, pilot):
        app.screen.query_one("#time-today", Tick).focus()
        await pilot.press("space", "space")
        await wait_until(pilot, lambda: "could be today" in letter_of(app))
        assert [tick.key_name for tick in app.screen.query(Tick) if tick.on_now] == ["today"]


async def test_s14_a_letter_that_was_changed_by_hand_stays_as_it_is() -> None:
    async with hosted(LetterScreen(LetterBox()), (80, 80)) as (app, pilot):
        app.screen.query_one("#letter", TextArea).focus()
        await pilot.press("X")
        await wait_until(pilot, lambda: CHANGED in text_of(pilot))
        app.screen.query_one("#state-hard", Tick).focus()
        await pilot.press("space")
        await pilot.pause()
        assert STATES["hard"][1] not in letter_of(app)
        await pilot.click("#anew")
        await wait_until(pilot, lambda: STATES["hard"][1] in letter_of(app))
        assert "X" not in letter_of(app)


async def test_s14_the_letter_is_copied_and_never_sent() -> None:
    async with hosted(LetterScreen(LetterBox())) as (app, pilot):
        await pilot.press(*"Ana")
        await wait_until(pilot, lambda: "Ana" in letter_of(app))
        await pilot.press("ctrl+t")
        await wait_until(pilot, lambda: app.copied == [letter_of(app)])


async def test_s14_the_letter_is_kept_and_forgotten_when_the_person_says_so() -> None:
    async with hosted(LetterScreen(LetterBox())) as (app, pilot):
        await typed(pilot, "Ana")
        await wait_until(pilot, lambda: "Ana" in letter_of(app))
        await pilot.click("#keep")
        await wait_until(pilot, lambda: LetterBox().read() == letter_of(app))
    async with hosted(LetterScreen(LetterBox())) as (app, pilot):
        assert letter_of(app).startswith("Hi Ana,")
        await pilot.click("#forget")
        await wait_until(pilot, lambda: LetterBox().read() == "")


async def test_s14_off_the_record_a_letter_cannot_be_kept() -> None:
    async with hosted(LetterScreen(LetterBox(keep=False))) as (app, _):
        assert not app.screen.query_one("#keep").display


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("theme", ["dark", "light", "contrast-light", "ansi-dark"])
async def test_the_letter_can_be_read_at_any_size(size: tuple[int, int], theme: str) -> None:
    async with hosted(LetterScreen(LetterBox()), size, theme) as (_, pilot):
        seen = text_of(pilot)
        for words in ("Nothing is sent", "Who is it to?", "Copy", "Draft anew", "Keep", "Back"):
            assert words in seen
        assert hard_to_read(pilot) == []
