"""While hidden, nothing of the conversation is to be seen, taken or brought back without a key."""

from __future__ import annotations

from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.drivers.headless_driver import HeadlessDriver
from textual.pilot import Pilot
from textual.widgets import Input, Static

from companion.tui.hidden import CLEAR_SCROLLBACK, KEEP_TITLE, OLD_TITLE, SET_TITLE, HiddenScreen, neutral_title
from companion.tui.keys import key
from companion.tui.themes import THEMES, use_themes
from tests.companion.tui.contrast import worst
from tests.companion.tui.waiting import text_of, wait_until

SECRET = "what nobody else may read"


class Host(App[None]):
    TITLE = SECRET
    BINDINGS = [key("hide", "ctrl+l", "hide", "Hide", "Clear the screen.", priority=True)]

    def on_load(self) -> None:
        use_themes(self, "dark")

    def on_mount(self) -> None:
        neutral_title(self)

    def compose(self) -> ComposeResult:
        yield Static(SECRET)
        yield Input()

    def action_hide(self) -> None:
        if not isinstance(self.screen, HiddenScreen):
            self.push_screen(HiddenScreen())


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """All that goes to the terminal besides what is drawn."""
    sequences: list[str] = []
    monkeypatch.setattr(HeadlessDriver, "write", lambda self, data: sequences.append(data))
    return sequences


def hidden(app: App[Any]) -> bool:
    return isinstance(app.screen, HiddenScreen)


async def hide(app: Host, pilot: Pilot[None]) -> None:
    await wait_until(pilot, lambda: SECRET in text_of(pilot))
    await pilot.press("ctrl+l")
    await wait_until(pilot, lambda: hidden(app) and "Enter" in text_of(pilot))


@pytest.mark.parametrize("size", [(60, 20), (200, 60)])
async def test_the_screen_is_blank_but_for_the_way_back(size: tuple[int, int]) -> None:
    app = Host()
    async with app.run_test(size=size) as pilot:
        await hide(app, pilot)
        assert text_of(pilot).split() == ["Enter", "goes", "on."]


@pytest.mark.parametrize("pressed", ["enter", "escape"])
async def test_a_key_brings_the_conversation_back(pressed: str) -> None:
    app = Host()
    async with app.run_test() as pilot:
        await hide(app, pilot)
        await pilot.press(pressed)
        await wait_until(pilot, lambda: SECRET in text_of(pilot))
        assert app.query_one(Input).has_focus


async def test_the_mouse_and_other_keys_do_not() -> None:
    app = Host()
    async with app.run_test() as pilot:
        await hide(app, pilot)
        await pilot.hover(offset=(5, 0))
        await pilot.hover(offset=(30, 10))
        await pilot.click(offset=(5, 0))
        await pilot.click(offset=(30, 10))
        await pilot.press("a", "space", "tab", "down", "q", "ctrl+l")
        await pilot.pause()
        assert hidden(app)
        assert SECRET not in text_of(pilot)
        assert len(app.screen_stack) == 2


async def test_nothing_that_lies_beneath_can_be_marked_or_copied() -> None:
    app = Host()
    async with app.run_test() as pilot:
        await wait_until(pilot, lambda: SECRET in text_of(pilot))
        app.screen.text_select_all()
        await hide(app, pilot)
        await pilot.mouse_down(offset=(0, 0))
        await pilot.hover(offset=(40, 5))
        await pilot.mouse_up(offset=(40, 5))
        app.screen.text_select_all()
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert SECRET not in (app.screen.get_selected_text() or "")
        assert SECRET not in app.clipboard


async def test_what_is_typed_meanwhile_is_not_written_beneath() -> None:
    app = Host()
    async with app.run_test() as pilot:
        await hide(app, pilot)
        await pilot.press(*"words")
        await pilot.press("escape")
        await wait_until(pilot, lambda: not hidden(app))
        assert app.query_one(Input).value == ""


async def test_notices_are_not_shown_meanwhile() -> None:
    app = Host()
    async with app.run_test(notifications=True) as pilot:
        app.notify(f"before: {SECRET}", timeout=600)
        await wait_until(pilot, lambda: "before" in text_of(pilot))
        await hide(app, pilot)
        assert SECRET not in text_of(pilot)
        app.notify(f"meanwhile: {SECRET}", timeout=600)
        await wait_until(pilot, lambda: app.screen.query("Toast"))
        await pilot.pause()
        assert SECRET not in text_of(pilot)


async def test_the_scrollback_is_cleared_once_the_blank_screen_is_drawn(
    written: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []
    app = Host()
    async with app.run_test() as pilot:
        monkeypatch.setattr(
            HeadlessDriver,
            "write",
            lambda self, data: (
                (written.append(data), drawn.append(text_of(pilot))) if CLEAR_SCROLLBACK in data else None
            ),
        )
        await hide(app, pilot)
        await wait_until(pilot, lambda: drawn)
        assert not any(SECRET in text for text in drawn)
        assert CLEAR_SCROLLBACK in "".join(written)


async def test_the_title_of_the_window_says_nothing_and_the_one_before_comes_back(written: list[str]) -> None:
    app = Host()
    async with app.run_test() as pilot:
        await wait_until(pilot, lambda: SECRET in text_of(pilot))
        assert "".join(written).count(KEEP_TITLE + SET_TITLE) == 1
        assert OLD_TITLE not in "".join(written)
        assert SECRET not in SET_TITLE
    assert "".join(written).count(OLD_TITLE) == 1


async def test_the_old_title_comes_back_while_the_app_is_set_aside(written: list[str]) -> None:
    app = Host()
    async with app.run_test() as pilot:
        await wait_until(pilot, lambda: SET_TITLE in "".join(written))
        assert app._driver is not None
        app._driver.suspend_application_mode()
        assert written[-1].endswith(OLD_TITLE)
        app._driver.resume_application_mode()
        await wait_until(pilot, lambda: written[-1].endswith(SET_TITLE))


@pytest.mark.parametrize("theme", [theme.name for theme in THEMES])
async def test_the_way_back_can_be_read_in_every_theme(theme: str) -> None:
    app = Host()
    async with app.run_test() as pilot:
        app.theme = theme
        await hide(app, pilot)
        assert worst(app)[0] >= 4.5
