"""Every key is listed as it is bound now, and keys that cannot work are refused."""

from __future__ import annotations

from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.pilot import Pilot
from textual.widgets import Input, Static

from companion.errors import UsageError
from companion.tui.keys import Place, check_keymap, key, spelled
from companion.tui.keys_screen import KeyList, KeysScreen
from companion.tui.themes import THEMES, use_themes
from tests.companion.tui.contrast import worst
from tests.companion.tui.waiting import text_of, wait_until

EVERYWHERE = [
    key("help", "ctrl+g", "help", "Help from people", "Where to find help from people.", priority=True),
    key("quit", "ctrl+q", "quit", "Leave", "Leave; everything is saved.", priority=True),
]
CHAT = [
    key("stop", "escape", "stop", "Stop", "Stop the reply that is arriving; what has arrived is kept."),
    key("regenerate", "ctrl+r", "regenerate", "Another reply", "Ask for another [/x] [red] reply."),
    key("send", "enter", "send", "Send", "Send what is written.", priority=True),
]
LIST = [
    key("delete", "d", "delete", "Delete", "Delete this conversation, after asking."),
    key("cancel", "escape", "cancel", "Back", "Go back."),
]
PLACES: list[Place] = [("Anywhere", EVERYWHERE), ("In the chat", CHAT), ("In the list", LIST)]


class Host(App[None]):
    BINDINGS = [key("keys", "f1", "keys", "Keys", "All keys.")]

    def __init__(self, keys: dict[str, str] | None = None, places: list[Place] | None = None) -> None:
        super().__init__()
        self._keys, self.places = keys or {}, places or PLACES

    def on_load(self) -> None:
        self.set_keymap(self._keys)
        use_themes(self, "dark")

    def compose(self) -> ComposeResult:
        yield Static("underneath")

    def action_keys(self) -> None:
        self.push_screen(KeysScreen(self.places))


async def shown(pilot: Pilot[Any]) -> str:
    await pilot.press("f1")
    await wait_until(pilot, lambda: "Keys" in text_of(pilot) and "Anywhere" in text_of(pilot))
    return text_of(pilot)


def list_of(app: App[Any]) -> str:
    return str(app.screen.query_one(KeyList).render())


async def test_every_key_is_listed_by_where_it_works() -> None:
    app = Host()
    async with app.run_test(size=(100, 60)) as pilot:
        text = await shown(pilot)
        for place, bindings in PLACES:
            assert place in text
            for binding in bindings:
                assert spelled(binding.key) in text
                assert f"{binding.description} [{binding.id}]" in text
                assert binding.tooltip in text
        assert text.index("Anywhere") < text.index("Ctrl+G") < text.index("In the chat") < text.index("Ctrl+R")


@pytest.mark.parametrize("size", [(60, 20), (200, 60)])
async def test_at_any_size_nothing_of_the_list_is_cut_off(size: tuple[int, int]) -> None:
    app = Host()
    async with app.run_test(size=size) as pilot:
        await shown(pilot)
        widget = app.screen.query_one(KeyList)
        lines = list_of(app).splitlines()
        assert max(map(len, lines)) <= widget.content_size.width
        assert widget.size.height == len(lines)
        for word in ("Ctrl+R", "after asking.", "config.toml is."):
            assert any(word in line for line in lines)


async def test_a_key_that_was_set_anew_is_listed_as_it_is_now() -> None:
    app = Host({"regenerate": "ctrl+x,f12"})
    async with app.run_test(size=(100, 60)) as pilot:
        text = await shown(pilot)
        row = next(line for line in text.splitlines() if "[regenerate]" in line)
        assert "Ctrl+X or F12" in row
        assert "Ctrl+R" not in row


async def test_typing_narrows_the_list() -> None:
    app = Host()
    async with app.run_test(size=(100, 60)) as pilot:
        await shown(pilot)
        await pilot.press(*"asking delete")
        await wait_until(pilot, lambda: "[help]" not in list_of(app))
        assert "[delete]" in list_of(app)
        assert "In the list" in list_of(app)
        assert "Anywhere" not in list_of(app)
        app.screen.query_one(Input).value = "ctrl+g"
        await wait_until(pilot, lambda: "[help]" in list_of(app))
        assert "[delete]" not in list_of(app)
        app.screen.query_one(Input).value = "zebra"
        await wait_until(pilot, lambda: "No key fits" in list_of(app))
        assert "[keys]" in list_of(app)


async def test_the_arrow_keys_move_the_list_while_one_types() -> None:
    app = Host()
    async with app.run_test(size=(60, 20)) as pilot:
        await shown(pilot)
        await pilot.press("pagedown", "pagedown", "pagedown", "pagedown")
        await wait_until(pilot, lambda: "config.toml is" in text_of(pilot))
        assert app.screen.query_one(Input).has_focus
        await pilot.press("pageup", "pageup", "pageup", "pageup", "up")
        await wait_until(pilot, lambda: "Ctrl+G" in text_of(pilot))


async def test_escape_goes_back() -> None:
    app = Host()
    async with app.run_test(size=(60, 20)) as pilot:
        await shown(pilot)
        await pilot.press("escape")
        await wait_until(pilot, lambda: "underneath" in text_of(pilot))


@pytest.mark.parametrize("theme", [theme.name for theme in THEMES])
async def test_the_list_can_be_read_in_every_theme(theme: str) -> None:
    app = Host()
    async with app.run_test(size=(80, 40)) as pilot:
        app.theme = theme
        await shown(pilot)
        assert worst(app)[0] >= (7.0 if "contrast" in theme else 4.5), worst(app)


async def test_the_same_key_of_two_questions_is_listed_once() -> None:
    back = [
        key("cancel", "escape", "a", "Leave it", "Close it."),
        key("cancel", "escape", "b", "Leave it", "Close it."),
    ]
    app = Host(places=[("Anywhere", EVERYWHERE), ("In questions", back)])
    async with app.run_test(size=(100, 60)) as pilot:
        assert (await shown(pilot)).count("[cancel]") == 1


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("ctrl+j,shift+enter", "Ctrl+J or Shift+Enter"),
        ("f1", "F1"),
        ("less_than_sign,left", "< or Left"),
        ("minus", "-"),
        ("k", "k"),
        ("pagedown", "Page down"),
        ("ctrl+home", "Ctrl+Home"),
    ],
)
def test_keys_are_spelled_as_people_say_them(keys: str, words: str) -> None:
    assert spelled(keys) == words


# -- what cannot be used ----------------------------------------------------------------------------------------------


def refused(keys: dict[str, str], known: list[Any] = PLACES) -> str:
    with pytest.raises(UsageError) as error:
        check_keymap(keys, known)
    return str(error.value)


def test_an_unknown_name_is_answered_with_the_nearest_one() -> None:
    assert "'regenrate'" in refused({"regenrate": "f12"})
    assert "'regenerate'" in refused({"regenrate": "f12"})
    assert "F1" in refused({"xyz": "f12"})


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("ctrl-x", "'ctrl+x'"),
        ("control+x", "'ctrl+x'"),
        ("F2", "'f2'"),
        ("return", "'"),
        ("Ctrl+X", "'ctrl+x'"),
        ("", "'"),
        ("ctrl+", "'"),
        ("nosuchkeyatall", "'ctrl+x', 'f2' or 'x'"),
        ("ctrl+X", "'ctrl+x'"),
        ("shift+ctrl+x", "'ctrl+shift+x'"),
        ("shift+a", "'A'"),
    ],
)
def test_a_key_that_there_is_not_is_answered_with_one_that_there_is(given: str, hint: str) -> None:
    said = refused({"delete": given})
    assert f"delete = {given!r}" in said
    assert hint in said


@pytest.mark.parametrize("given", ["x", "space", "question_mark", "?"])
def test_a_key_that_writes_something_is_not_taken_from_who_writes(given: str) -> None:
    assert "write" in refused({"help": given})
    if given != "?":
        check_keymap({"delete": given}, PLACES)


def test_two_names_for_one_key_at_the_same_place_are_refused() -> None:
    assert "stop" in refused({"regenerate": "escape"})
    both = refused({"stop": "f12", "regenerate": "f11, f12"})
    assert "stop" in both
    assert "regenerate" in both


def test_a_key_that_works_everywhere_is_refused_at_every_place() -> None:
    assert "help" in refused({"delete": "ctrl+g"})
    assert "delete" in refused({"help": "f12", "delete": "f12"})


def test_one_character_and_its_name_are_the_same_key() -> None:
    assert "cancel" in refused({"delete": "?", "cancel": "question_mark"})


def test_the_same_key_at_different_places_and_a_swap_are_taken() -> None:
    check_keymap({"delete": "ctrl+r"}, PLACES)
    check_keymap({"stop": "ctrl+r", "regenerate": "escape"}, PLACES)
    check_keymap({}, PLACES)
    check_keymap({"delete": "+, ctrl+x, f24"}, PLACES)


def test_bindings_that_come_alone_are_checked_by_name_and_key() -> None:
    alone: list[Binding] = [*EVERYWHERE, *CHAT, *LIST]
    check_keymap({"delete": "escape"}, alone)
    assert "'delete'" in refused({"delet": "x"}, alone)
