"""The real screens can be read in every theme, at every size, and without colours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from rich.color import ColorType
from rich.style import Style
from textual.pilot import Pilot
from textual.theme import Theme

from companion.errors import CompanionError
from companion.tui.app import CompanionApp
from companion.tui.check_in import CheckIn
from companion.tui.dialogs import Ask, Question
from companion.tui.hidden import HiddenScreen
from companion.tui.themes import THEMES
from tests.companion.fakes import CueTagger
from tests.companion.tui import scenes
from tests.companion.tui.conftest import Talks
from tests.companion.tui.contrast import worst
from tests.companion.tui.waiting import text_of, wait_until

SIZES = [(60, 20), (100, 30), (200, 60)]
HELP = "Ctrl+G help · F1 keys"


@asynccontextmanager
async def running(app: CompanionApp, size: tuple[int, int]) -> AsyncIterator[Pilot[int]]:
    async with app.run_test(size=size, notifications=True) as pilot:
        try:
            yield pilot
        finally:
            if app.screen_stack and app.chat.conversation is not None:
                await asyncio.to_thread(app.chat.conversation.stop)


@pytest.fixture
def new_app(tmp_path: Path, own_home: Path) -> Callable[..., CompanionApp]:
    return lambda theme="dark", **options: scenes.new_app(tmp_path / "companion.db", CueTagger(), theme, **options)


async def screens(app: CompanionApp, pilot: Pilot[int]) -> AsyncIterator[str]:
    """Everything that can stand on the screen, one after the other."""
    await scenes.chat(pilot)
    yield "the conversation"
    for box in app.chat.transcript.boxes[-2:]:
        box.focus()
        await pilot.pause()
        yield f"a message of {box.turn.role}, chosen"
    app.chat.composer.focus()
    app.chat.composer.edit_earlier(app.chat.transcript.turns[0].id, "something else")
    await pilot.pause()
    yield "an edit"
    app.chat.composer.leave_editing()
    await app.chat.transcript.remark("A sentence of the program's own.")
    app.chat._waiting.append("what waits")
    app.chat._show_waiting()
    app.chat._progress("Loading mini: 50% of 13 MB, 3 s. Escape leaves it for later.")
    for severity in ("information", "warning", "error"):
        app.notify("Something in passing.", title=severity, severity=severity, timeout=600)
    await wait_until(pilot, lambda: "error" in text_of(pilot) and "Waiting to be said" in text_of(pilot), "notices")
    yield "all that comes and goes"
    app.clear_notifications()
    app.chat.take_back()
    app.chat.composer.clear()
    app.chat._progress("")
    await pilot.press("f3")
    await wait_until(pilot, lambda: "The next reply" in text_of(pilot) or "newest right" in text_of(pilot), "the panel")
    await pilot.pause()
    yield "the panel"
    await pilot.press("end")
    await pilot.pause()
    yield "the end of the panel"
    await pilot.press("f3")
    for key, words in {
        "f2": "The plan", "f4": "Conversations", "ctrl+g": "findahelpline.com", "f1": "Anywhere",
        "ctrl+p": "Another reply", "f7": "Another title", "f8": "goes into this file",
    }.items():  # fmt: skip
        await pilot.press(key)
        await wait_until(pilot, lambda words=words: words in text_of(pilot), words)
        await pilot.pause()
        yield key
        await pilot.press("escape")
        await wait_until(pilot, lambda: app.screen is app.chat, f"the chat after {key}")
    for screen in (
        CheckIn("before"),
        Question("Delete this conversation?", "It will be forgotten.", [("keep", "Keep it"), ("delete", "Delete it")]),
        Ask("Rename", "Another title for this conversation:", "a title"),
        HiddenScreen(),
    ):
        await app.push_screen(screen)
        await pilot.pause()
        yield type(screen).__name__
        await pilot.press("escape")
        await wait_until(pilot, lambda: app.screen is app.chat, "the chat")


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
async def test_every_word_on_every_screen_can_be_read(theme: Theme, new_app: Callable[..., CompanionApp]) -> None:
    app = new_app(theme.name)
    enough = 7.0 if theme.name.startswith("contrast") else 4.5
    async with running(app, (100, 40)) as pilot:
        async for state in screens(app, pilot):
            ratio, what = worst(app)
            assert ratio >= enough, f"{state}: {what} has {ratio:.2f}:1"


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_every_screen_shows_what_has_to_be_seen(
    size: tuple[int, int], new_app: Callable[..., CompanionApp]
) -> None:
    app = new_app(off_record=True)
    must = {
        "f2": ("Why this reply", "Escape goes back", "More like this", "Less of this", "Copy", "Back"),
        "f4": ("Conversations", "Enter open", "delete", "Escape back"),
        "ctrl+g": ("findahelpline.com", "Escape goes back"),
        "f1": ("Keys", "Ctrl+G", "Escape goes back"),
        "CheckIn": ("how do you feel", "1", "7", "Not now"),
        "Question": ("Delete this conversation?", "Keep it", "Delete it"),
        "Ask": ("Another title", "a title"),
        "HiddenScreen": ("Enter goes on.",),
    }
    async with running(app, size) as pilot:
        async for state in screens(app, pilot):
            shown = text_of(pilot)
            assert all(len(line) <= size[0] for line in shown.splitlines())
            for words in must.get(state, ("OFF THE RECORD", HELP, "╰") if app.screen is app.chat else ()):
                assert words in shown, f"{state}: {words!r} is not to be seen\n{shown}"


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_composer_says_what_to_do_and_stays_on_the_screen_however_much_is_written(
    size: tuple[int, int], new_app: Callable[..., CompanionApp]
) -> None:
    app = new_app()
    async with running(app, size) as pilot:
        await scenes.chat(pilot)
        assert "Say what is on your mind. Enter sends; Ctrl+J: new line." in text_of(pilot)
        app.chat.composer.load_text("\n".join(f"line {number}" for number in range(200)))
        app.chat.composer.move_cursor(app.chat.composer.document.end)
        await wait_until(pilot, lambda: "line 199" in text_of(pilot), "the end of what is written")
        assert HELP in text_of(pilot)
        assert app.chat.transcript.region.height >= size[1] // 3


async def test_a_conversation_follows_its_end_when_the_window_changes(new_app: Callable[..., CompanionApp]) -> None:
    app = new_app()
    async with running(app, (100, 30)) as pilot:
        await scenes.chat(pilot)
        last = app.chat.transcript.turns[-1].text.split()[-1]
        for size in ((60, 20), (200, 60), (40, 12), (100, 30)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            view = app.chat.transcript.region
            await wait_until(pilot, lambda view=view: last in text_of(pilot).splitlines()[view.bottom - 2], f"{size}")


async def test_only_what_has_the_focus_looks_like_it(new_app: Callable[..., CompanionApp]) -> None:
    app = new_app()
    async with running(app, (120, 40)) as pilot:
        await scenes.panel(pilot)
        composer = app.chat.composer
        assert composer.styles.border_top[1] != app.theme_variables["primary"]
        beside = composer.styles.border_top[1]
        await pilot.press("f3")
        await pilot.pause()
        assert composer.has_focus
        assert composer.styles.border_top[1] != beside


async def test_without_colours_every_screen_has_the_same_words_and_none_of_the_colours(
    new_app: Callable[..., CompanionApp], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = new_app()
    async with running(app, (100, 40)) as pilot:
        async for state in screens(app, pilot):
            assert text_of(pilot).strip()
            for strip in app.screen._compositor.render_strips(app.screen.size):
                for segment in strip:
                    style = segment.style or Style()
                    assert all(
                        colour is None or colour.type is ColorType.DEFAULT for colour in (style.color, style.bgcolor)
                    ), f"{state}: {segment}"


async def test_an_error_that_keeps_the_chat_from_opening_can_be_read_on_a_small_screen(talks: Talks) -> None:
    long = "The database companion.db is damaged. " * 12
    async with talks(ready=False, failures=[CompanionError(long)], size=(60, 20)) as talk:
        await talk.sees("Talk off the record")
        for words in ("Your conversations cannot be opened", "Try again", "Leave"):
            assert words in talk.shown
