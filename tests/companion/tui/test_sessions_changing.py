from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.widgets import Button, Input

from companion.errors import CompanionError
from companion.store import Store
from companion.tui.dialogs import Ask, Question
from companion.tui.sessions import SessionsScreen
from tests.companion.tui.sessions_running import Run, Under, many, talked, turn_of


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "data" / "companion.db", busy_seconds=0.05) as opened:
        yield opened


# -- changing ---------------------------------------------------------------------------------------------------------


async def test_renaming_begins_with_the_title_and_shows_the_new_one(store: Store) -> None:
    talked(store, title="Newer", used="2026-03-02T12:00:00.000Z")
    session = talked(store, title="The old title")
    async with Run(store) as run:
        await run.press("down", "ctrl+t")
        await run.asked(Ask)
        assert run.app.screen.query_one(Input).value == "The old title"
        run.app.screen.query_one(Input).value = "  The\x1b[31m  new\u202e title [/x] "
        await run.press("enter")
        await run.sees("The new title [/x]")
        assert run.here == (session.id, None)
    assert store.session(session.id).title == "The new title [/x]"


async def test_renaming_that_is_left_changes_nothing(store: Store) -> None:
    session = talked(store, title="The title")
    async with Run(store) as run:
        await run.press("f2")
        await run.asked(Ask)
        await run.press("x", "escape")
        await run.asked(SessionsScreen)
    assert store.session(session.id).title == "The title"


async def test_archiving_puts_away_and_brings_back(store: Store) -> None:
    ids = many(store, 3)
    async with Run(store) as run:
        await run.press("down", "ctrl+o")
        await run.until(lambda: run.rows == [(ids[0], None), (ids[2], None)])
        assert run.here == (ids[2], None)
        assert run.app.notices == ["“number 2” is archived. ^b shows archived ones."]
        await run.press("ctrl+b")
        await run.until(lambda: len(run.rows) == 3)
        await run.press("up", "ctrl+o")
        await run.until(lambda: not store.session(ids[1]).archived)
        await run.until(lambda: "“number 2” is back in the list." in run.app.notices)


async def test_a_session_that_another_program_deleted_is_missed_politely(store: Store) -> None:
    session = talked(store, title="Gone soon")
    async with Run(store) as run:
        store.delete(session.id)
        await run.press("ctrl+t")
        await run.until(lambda: run.app.notices == ["This conversation is not there any more."])
        await run.until(lambda: run.rows == [])


async def test_keys_that_need_a_conversation_do_nothing_without_one(store: Store) -> None:
    async with Run(store) as run:
        await run.press("enter", "ctrl+t", "ctrl+o", "ctrl+r", "tab", "up", "pagedown", "ctrl+end")
        await run.pilot.pause()
        assert run.app.screen is run.screen
        assert run.app.notices == []


# -- forgetting -------------------------------------------------------------------------------------------------------


def bytes_of(store: Store) -> bytes:
    assert store.path is not None
    return b"".join(file.read_bytes() for file in store.path.parent.iterdir() if file.is_file())


async def confirm(run: Run) -> None:
    await run.press("ctrl+r")
    await run.asked(Question)
    await run.press("tab", "enter")


async def test_deleting_asks_with_title_and_number_and_keeps_unless_told(store: Store) -> None:
    session = talked(store, "one", "two", "three", title="The garden")
    async with Run(store, session.id) as run:
        await run.press("shift+delete")
        await run.asked(Question)
        assert "“The garden”, 3 messages, will be really forgotten" in run.said
        assert "out of every file" in run.said
        assert "It is the conversation that is open now." in run.said
        assert isinstance(run.app.focused, Button)
        assert str(run.app.focused.label) == "Keep it"
        await run.press("enter")
        await run.asked(SessionsScreen)
        await run.pilot.pause()
    assert store.session(session.id).turns == 3
    assert run.app.under.gone == []


async def test_what_is_deleted_is_gone_from_every_file_and_the_chat_is_told(store: Store) -> None:
    kept = talked(store, "stays quokka", title="Kept", used="2025-01-01T10:00:00.000Z")
    session = talked(store, "leaves wombat", title="Secret platypus")
    assert all(word in bytes_of(store) for word in (b"wombat", b"platypus", b"quokka"))
    async with Run(store, session.id) as run:
        await confirm(run)
        await run.until(lambda: run.app.under.gone == [session.id])
        await run.until(lambda: run.rows == [(kept.id, None)])
        await run.until(lambda: "“Secret platypus” is forgotten." in run.app.notices)
        assert "Forgetting" not in run.shown
        left = bytes_of(store)
    assert b"quokka" in left
    assert b"wombat" not in left
    assert b"platypus" not in left


async def test_a_session_is_deleted_from_a_hit_with_all_its_hits(store: Store) -> None:
    session = talked(store, "wombat one", "wombat two", title="Animals")
    other = talked(store, "a wombat too", title="Others")
    async with Run(store) as run:
        await run.type("wombat")
        assert len(run.rows) == 3
        await run.press("down")
        assert run.here is not None
        assert run.here[0] == session.id
        await confirm(run)
        await run.until(lambda: run.app.under.gone == [session.id])
        await run.until(lambda: run.rows == [(other.id, turn_of(store, other))])


class Held:
    """A deletion that goes on until the test lets it, and keeps the database busy meanwhile, as it really does."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.let = threading.Event(), threading.Event()
        delete = store.delete

        def slow(*ids: str) -> int:
            with store._lock:
                self.begun.set()
                assert self.let.wait(20)
                return delete(*ids)

        monkeypatch.setattr(store, "delete", slow)


async def test_while_it_forgets_it_says_so_and_one_can_go_on_typing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    garden = talked(store, title="The garden", used="2025-01-01T10:00:00.000Z")
    session = talked(store, "some words", title="Secret [/x]")
    held = Held(store, monkeypatch)
    async with Run(store) as run:
        await confirm(run)
        await run.until(held.begun.is_set)
        await run.until(lambda: run.rows == [(garden.id, None)])
        assert "Forgetting “Secret [/x]”: every file is written anew. This can take a while." in run.said
        await run.press(*"gar")
        assert run.typed == "gar"
        assert run.rows == [(garden.id, None)]
        held.let.set()
        await run.until(lambda: run.app.under.gone == [session.id])
        await run.until(lambda: "Forgetting" not in run.shown)
        await run.found("gar")
        assert run.rows == [(garden.id, None)]


async def test_leaving_while_it_forgets_does_not_stop_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    session = talked(store, "some words", title="Secret")
    held = Held(store, monkeypatch)
    async with Run(store) as run:
        await confirm(run)
        await run.until(held.begun.is_set)
        await run.asked(SessionsScreen)
        await run.press("escape")
        await run.asked(Under)
        assert run.app.under.gone == []
        held.let.set()
        await run.until(lambda: run.app.under.gone == [session.id])
        await run.until(lambda: run.app.notices == ["“Secret” is forgotten."])
    assert store.sessions(archived=None) == []


async def test_words_that_another_program_still_reads_are_reported(store: Store) -> None:
    session = talked(store, "some words", title="Secret")
    assert store.path is not None
    other = sqlite3.connect(store.path)
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM turns").fetchone()
    try:
        async with Run(store) as run:
            await confirm(run)
            await run.until(lambda: run.app.under.gone == [session.id])
            await run.until(lambda: run.app.notices)
            assert "another program still reads" in run.app.notices[0]
            await run.until(lambda: run.rows == [])
    finally:
        other.close()


async def test_a_deletion_that_fails_is_said_and_the_session_stays(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = talked(store, "some words", title="Secret")

    def locked(*_: str) -> int:
        raise CompanionError("Another program kept [it] locked.")

    monkeypatch.setattr(store, "delete", locked)
    async with Run(store) as run:
        await confirm(run)
        await run.until(lambda: run.app.notices == ["Another program kept [it] locked."])
        await run.until(lambda: run.rows == [(session.id, None)])
        await run.pilot.pause()
    assert run.app.under.gone == []


async def test_off_the_record_it_works_the_same() -> None:
    with Store(None) as store:
        session = talked(store, "some words", title="Secret")
        async with Run(store, session.id) as run:
            await confirm(run)
            await run.until(lambda: run.app.under.gone == [session.id])
            await run.until(lambda: run.rows == [])


async def test_a_session_that_went_while_the_question_stood_there_is_gone_all_the_same(store: Store) -> None:
    session = talked(store, "some words", title="Secret")
    async with Run(store, session.id) as run:
        await run.press("ctrl+r")
        await run.asked(Question)
        store.delete(session.id)
        await run.press("tab", "enter")
        await run.until(lambda: run.app.under.gone == [session.id])
        await run.until(lambda: run.app.notices == ["“Secret” is forgotten."])
        await run.until(lambda: run.rows == [])
