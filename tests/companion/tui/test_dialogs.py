"""Questions: their text can be read to its end with the keys."""

from __future__ import annotations

from textual.app import App
from textual.widgets import Button

from companion.tui.dialogs import Question, Readable

LONG = "\n".join(f"line {number}" for number in range(60))
ANSWERS = [("yes", "Yes"), ("no", "No")]


class Host(App[None]):
    """Nothing but what is pushed onto it."""


async def test_a_long_text_is_reached_with_tab_and_scrolled_with_the_keys() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(Question("A long one", LONG, ANSWERS))
        await pilot.pause()
        assert isinstance(app.focused, Button)
        await pilot.press("shift+tab")
        text = app.screen.query_one(Readable)
        assert app.focused is text
        await pilot.press("end")
        await pilot.pause(0.5)
        assert text.scroll_y == text.max_scroll_y > 0


async def test_tab_passes_a_short_text_by() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(Question("A short one", "line 1", ANSWERS))
        await pilot.pause()
        for _ in range(4):
            assert isinstance(app.focused, Button)
            await pilot.press("tab")
