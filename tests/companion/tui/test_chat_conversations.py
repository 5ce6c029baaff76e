"""What can be done about conversations and replies: panel, why, feedback, sessions, search, export."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from companion.engine.scripted import Gate, ScriptedEngine
from companion.store import Store
from companion.taste import taste_of
from companion.tui.sessions import SessionsScreen
from companion.tui.tactic_panel import TacticPanel
from companion.tui.why import WhyScreen
from planner.feedback import STEP
from planner.tactics import Tactic
from tests.companion.tui.conftest import Talks

REPLIES = ["That makes sense. What happened?", "You could try a walk.", "I hear you."]


@pytest.mark.parametrize("size", [(60, 20), (200, 60)])
async def test_the_panel_shows_what_the_last_replies_did(talks: Talks, size: tuple[int, int]) -> None:
    async with talks(ScriptedEngine(REPLIES), size=size) as talk:
        await talk.say("hello")
        await talk.press("f3")
        await talk.sees("validation")
        assert talk.chat.query_one(TacticPanel).display
        await talk.press("f3")
        await talk.until(lambda: "That makes sense" in talk.shown)
        assert talk.app.focused is talk.chat.composer


async def test_why_this_reply_shows_its_plan(talks: Talks) -> None:
    async with talks(ScriptedEngine(REPLIES)) as talk:
        await talk.press("f2")
        assert "no reply yet" in talk.notices[-1]
        await talk.say("hello")
        await talk.press("f2")
        await talk.until(lambda: isinstance(talk.app.screen, WhyScreen))
        await talk.sees("aims for")
        await talk.press("escape")
        await talk.until(lambda: not isinstance(talk.app.screen, WhyScreen))


async def test_more_like_this_moves_the_taste_says_so_and_is_taken_back(talks: Talks) -> None:
    async with talks(ScriptedEngine(REPLIES)) as talk:
        await talk.say("hello")
        await talk.press("f5")
        assert talk.notices[-1] == "More like this: validation x1.25, questioning x1.25."
        assert taste_of(talk.store)[Tactic.VALIDATION] == STEP
        await talk.sees("you want more like this")
        await talk.press("f5")
        assert talk.notices[-1] == "Taken back: validation x1.00, questioning x1.00."
        assert taste_of(talk.store)[Tactic.VALIDATION] == 1
        await talk.press("f6")
        await talk.sees("you want less of this")


async def test_a_tactic_is_preferred_in_the_panel_and_reset(talks: Talks) -> None:
    async with talks(ScriptedEngine(REPLIES), size=(140, 40)) as talk:
        await talk.say("hello")
        await talk.press("f3")
        await talk.sees("validation")
        await talk.press("plus")
        await talk.until(lambda: max(taste_of(talk.store).values()) == STEP)
        await talk.press("0")
        await talk.until(lambda: max(taste_of(talk.store).values()) == 1)


async def test_judged_from_the_why_screen(talks: Talks) -> None:
    async with talks(ScriptedEngine(REPLIES)) as talk:
        await talk.say("hello")
        talk.app.push_screen(WhyScreen(talk.store, talk.turns[-1].id))
        await talk.until(lambda: isinstance(talk.app.screen, WhyScreen))
        await talk.pilot.pause()
        await talk.press("plus")
        await talk.until(lambda: taste_of(talk.store)[Tactic.VALIDATION] == STEP)


async def test_another_conversation_begins_and_the_first_is_found_again(talks: Talks) -> None:
    async with talks(ScriptedEngine(REPLIES)) as talk:
        await talk.say("about my garden")
        await talk.press("ctrl+n")
        await talk.until(lambda: talk.turns == [])
        await talk.sees("Nothing has been said here yet")
        await talk.say("about my work")
        await talk.press("f4")
        await talk.until(lambda: isinstance(talk.app.screen, SessionsScreen))
        await talk.press(*"garden")
        await talk.sees("about my garden")
        await talk.press("enter")
        await talk.until(lambda: not isinstance(talk.app.screen, SessionsScreen))
        await talk.until(lambda: talk.texts[0] == "about my garden")
        await talk.sees("about my garden")
        assert "about my work" not in talk.shown


async def test_a_place_that_was_found_is_opened_there_even_along_another_alternative(talks: Talks) -> None:
    async with talks(ScriptedEngine(["A needle here.", "Something else."])) as talk:
        await talk.say("hello")
        await talk.press("ctrl+r")
        await talk.until(lambda: talk.texts[-1] == "Something else.")
        await talk.rest()
        await talk.press("f4")
        await talk.until(lambda: isinstance(talk.app.screen, SessionsScreen))
        await talk.press(*"needle")
        await talk.sees("A needle here.")
        await talk.press("enter")
        await talk.until(lambda: talk.texts[-1] == "A needle here.")


async def test_the_open_conversation_can_be_deleted_and_another_begins(talks: Talks) -> None:
    async with talks(ScriptedEngine(REPLIES)) as talk:
        await talk.say("something private")
        gone = talk.turns[0].session_id
        await talk.press("f4")
        await talk.until(lambda: isinstance(talk.app.screen, SessionsScreen))
        await talk.sees("something private")
        await talk.press("ctrl+r")
        await talk.sees("really forgotten")
        await talk.pilot.click("#delete")
        await talk.until(lambda: talk.turns == [], "another conversation")
        await talk.press("escape")
        await talk.until(lambda: not isinstance(talk.app.screen, SessionsScreen))
        await talk.say("hello again")
        assert talk.turns[0].session_id != gone
    for file in talks.path.parent.iterdir():
        assert b"something private" not in file.read_bytes()


async def test_a_conversation_is_renamed(talks: Talks) -> None:
    async with talks(ScriptedEngine(REPLIES)) as talk:
        await talk.say("hello")
        await talk.press("f7")
        await talk.sees("Another title")
        await talk.press("ctrl+u", *"Exam", "enter")
        session = talk.turns[0].session_id
        await talk.until(lambda: talk.store.session(session).title == "Exam")


async def test_a_conversation_is_written_as_markdown_and_never_over_another_file(talks: Talks, tmp_path: Path) -> None:
    async with talks(ScriptedEngine(REPLIES), size=(120, 30)) as talk:
        await talk.press("f8")
        await talk.until(lambda: talk.notices)
        assert "nothing to write yet" in talk.notices[-1]
        await talk.say("hello")
        for expected in ("Written to", "exists already"):
            before = len(talk.notices)
            await talk.press("f8")
            await talk.sees("Everything that was said")
            talk.app.screen.query_one("Input").value = str(tmp_path / "talk.md")  # type: ignore[attr-defined]
            await talk.press("enter")
            await talk.until(lambda count=before: len(talk.notices) > count)
            assert expected in talk.notices[-1]
    written = tmp_path / "talk.md"
    assert "**You**" in written.read_text()
    assert "That makes sense. What happened?" in written.read_text()
    assert written.stat().st_mode & 0o777 == 0o600


async def test_a_conversation_is_written_as_rows(talks: Talks, tmp_path: Path) -> None:
    async with talks(ScriptedEngine(REPLIES)) as talk:
        await talk.say("hello")
        await talk.press("f9")
        await talk.sees("Everything that was said")
        talk.app.screen.query_one("Input").value = str(tmp_path / "talk.jsonl")  # type: ignore[attr-defined]
        await talk.press("enter")
        await talk.until(lambda: (tmp_path / "talk.jsonl").exists())
        await talk.until(lambda: talk.notices)
    rows = [json.loads(line) for line in (tmp_path / "talk.jsonl").read_text().splitlines()]
    assert [row["text"] for row in rows] == ["hello", "That makes sense. What happened?"]


async def test_everything_is_in_the_palette_by_name(talks: Talks) -> None:
    async with talks(ScriptedEngine(REPLIES)) as talk:
        await talk.press("ctrl+p")
        await talk.press(*"help from")
        await talk.sees("Help from people")
        names = {command.title for command in talk.app.get_system_commands(talk.chat)}
        assert {"Export as Markdown", "Export as JSONL", "Conversations", "Why this reply", "Hide", "Colours"} <= names


async def test_the_chosen_colours_are_kept_for_the_next_time(talks: Talks) -> None:
    from companion import settings

    async with talks(ScriptedEngine(REPLIES)) as talk:
        talk.app.theme = "light"
        await talk.pilot.pause()
    assert settings.load().theme == "light"


async def test_copying_says_which_way_it_went(talks: Talks, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("WAYLAND_DISPLAY", "DISPLAY", "TMUX", "TERMUX_VERSION", "WSL_DISTRO_NAME"):
        monkeypatch.delenv(variable, raising=False)
    async with talks(ScriptedEngine(REPLIES)) as talk:
        await talk.say("hello")
        await talk.press("ctrl+t")
        await talk.until(lambda: talk.notices)
        assert "OSC 52" in talk.notices[-1] or "Copied" in talk.notices[-1]
        assert talk.app.clipboard == REPLIES[0]


async def test_deleting_does_not_wait_for_a_reply_that_never_ends(talks: Talks) -> None:
    gate = Gate()
    async with talks(ScriptedEngine(REPLIES, wait=gate)) as talk:
        await talk.send("something private")
        await talk.until(lambda: talk.chat.busy == "talking")
        await talk.press("f4")
        await talk.until(lambda: isinstance(talk.app.screen, SessionsScreen))
        await talk.sees("something private")
        await talk.press("ctrl+r")
        await talk.sees("really forgotten")
        await talk.pilot.click("#delete")
        await talk.until(lambda: not talk.chat.busy and talk.turns == [])
    with Store(talks.path) as store:
        assert store.search("private") == []
