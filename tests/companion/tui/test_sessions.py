from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from companion.errors import CompanionError
from companion.store import Store
from companion.tui.dialogs import Question
from companion.tui.session_list import in_words
from companion.tui.session_search import MOST_HITS, MOST_SESSIONS, find, while_typing
from companion.tui.sessions import Chosen
from tests.companion.tui.sessions_running import NOW, Run, many, talked, turn_of

HOSTILE = "[/x] [red]a[/red] [@click=app.quit]b[/] \\[c"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "data" / "companion.db", busy_seconds=0.05) as opened:
        yield opened


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


# -- rows -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("2026-03-10T18:05:00.000Z", "today 19:05"),
        ("2026-03-09T23:30:00.000Z", "today 00:30"),
        ("2026-03-09T22:30:00.000Z", "yesterday 23:30"),
        ("2026-03-04T12:00:00.000Z", "Wednesday 13:00"),
        ("2026-03-03T12:00:00.000Z", "3 March"),
        ("2025-07-01T22:30:00.000Z", "2 July 2025"),
        ("2026-03-11T12:00:00.000Z", "11 March"),
    ],
)
@pytest.mark.usefixtures("berlin")
def test_a_moment_is_said_in_words_of_the_local_zone(moment: str, words: str) -> None:
    assert in_words(moment, NOW) == words


@pytest.mark.usefixtures("berlin")
async def test_a_row_says_what_when_how_much_with_which_model_and_whether_it_is_open_or_archived(store: Store) -> None:
    open_now = talked(store, "about the garden", "more", used="2026-03-10T18:05:00.000Z")
    store.set_model(open_now.id, "/models/somewhere/model-q4.gguf")
    store.archive(talked(store, "old things", used="2025-01-02T10:00:00.000Z").id)
    talked(store, used="2025-01-01T10:00:00.000Z")
    async with Run(store, open_now.id) as run:
        await run.press("ctrl+b")
        await run.sees("old things")
        lines = [line.strip("│▌ ") for line in run.shown.splitlines()]
    at = lines.index("about the garden")
    assert lines[at + 1] == "open now · today 19:05 · 2 messages · model-q4.gguf"
    assert lines[at + 2 : at + 4] == ["old things", "archived · 2 January 2025 · 1 message · mini"]
    assert lines[at + 4 : at + 6] == ["(nothing said yet)", "1 January 2025 · mini"]


@pytest.mark.parametrize("size", [(60, 20), (200, 60)])
async def test_text_of_people_is_never_markup(store: Store, size: tuple[int, int]) -> None:
    session = talked(store, f"before {HOSTILE} after", title=HOSTILE)
    async with Run(store, session.id, size) as run:
        assert HOSTILE in run.shown
        await run.type("after")
        assert f"before {HOSTILE} after" in run.said
        assert "in “[/x] [red]a" in run.said
        await run.press("ctrl+o")
        await run.until(lambda: run.app.notices)
        await run.pilot.pause()
        assert run.app.notices[0].startswith(f"“{HOSTILE}” is archived.")
        assert not any(notification.markup for notification in run.app._notifications)
        await run.press("ctrl+r")
        await run.asked(Question)
        assert HOSTILE in run.said


async def test_long_words_are_cut_at_the_width_and_laid_out_anew_when_it_changes(store: Store) -> None:
    talked(store, title="A title of many words that is longer than a narrow terminal can show in one line")
    async with Run(store, size=(60, 20)) as run:
        assert any("A title of many words" in line and "…" in line for line in run.shown.splitlines())
        await run.pilot.resize_terminal(140, 40)
        await run.sees("longer than a narrow terminal can show in one line")


# -- finding ----------------------------------------------------------------------------------------------------------


async def test_typing_filters_the_titles_and_the_focus_stays_where_one_types(store: Store) -> None:
    garden, _ = talked(store, title="The garden"), talked(store, title="My sister")
    async with Run(store) as run:
        assert len(run.rows) == 2
        await run.type("gard")
        assert run.rows == [(garden.id, None)]
        assert run.app.focused is run.screen.query_one(Input)
        await run.press("backspace", "backspace", "backspace", "backspace")
        await run.found("")
        assert len(run.rows) == 2


async def test_two_letters_search_all_that_was_said_and_one_does_not(store: Store) -> None:
    session = talked(store, "The zebra ran\n\nacross the field", title="Animals")
    store.archive(session.id)
    async with Run(store) as run:
        await run.type("z")
        assert run.rows == []
        assert "From two letters on" in run.said
        await run.type("e")
        assert run.rows == [(session.id, turn_of(store, session))]
        assert "── Where it was said ─" in run.shown
        assert "The zebra ran across the field" in run.said
        assert "you · 1 March · archived · in “Animals”" in run.said


async def test_what_was_found_is_bold_and_underlined_in_its_context(store: Store) -> None:
    talked(store, "one two three two")
    async with Run(store) as run:
        await run.type("two")
        strips = run.screen._compositor.render_strips(run.screen.size)
        lines = [strip for strip in strips if strip.text.startswith("│   one two three two")]
        marked = [s.text for s in lines[-1] if s.style and s.style.underline and s.style.bold]
    assert marked == ["two", "two"]


@pytest.mark.parametrize(
    ("typed", "sought"),
    [
        ("gar", "gar*"),
        ("my gar", "my gar*"),
        ("gar ", "gar "),
        ("garden s", "garden"),
        ("s", "s*"),
        ('"my gar', '"my gar'),
        ('"my garden"', '"my garden"'),
        ("gar*", "gar*"),
        ("don't", "don't"),
        ("", ""),
    ],
)
def test_the_word_that_is_being_typed_may_go_on(typed: str, sought: str) -> None:
    assert while_typing(typed) == sought


async def test_enter_waits_for_what_was_typed_last(store: Store) -> None:
    talked(store, title="My sister", used="2026-03-02T12:00:00.000Z")
    garden = talked(store, title="The garden")
    async with Run(store) as run:
        await run.press(*"garden", "enter")
        await run.until(lambda: run.app.answers)
    assert run.app.answers == [Chosen(garden.id, None)]


async def test_enter_where_nothing_was_found_opens_nothing(store: Store) -> None:
    talked(store, title="My sister")
    async with Run(store) as run:
        await run.press(*"garden", "enter")
        await run.found("garden")
        await run.press("enter")
        assert run.app.screen is run.screen
    assert run.app.answers == []


async def test_what_is_found_late_does_not_close_what_came_in_front(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    talked(store, title="The garden")
    async with Run(store) as run:
        begun, let, search = threading.Event(), threading.Event(), store.search

        def slow(*given: Any) -> Any:
            begun.set()
            assert let.wait(20)
            return search(*given)

        monkeypatch.setattr(store, "search", slow)
        await run.press(*"garden", "enter")
        await run.until(begun.is_set)
        in_front = Question("Something else", "In front of it.", [("yes", "Yes")])
        await run.app.push_screen(in_front)
        let.set()
        await run.found("garden")
        assert run.app.screen is in_front
    assert run.app.answers == []


async def test_where_nothing_is_there_it_says_what_to_do(store: Store) -> None:
    async with Run(store) as run:
        assert "There are no conversations yet. esc goes back to the chat." in run.said
        await run.type("abc")
        assert "Nothing was found for “abc”. Try fewer letters, or another word." in run.said


async def test_where_all_is_archived_it_says_how_to_see_it(store: Store) -> None:
    old = talked(store, title="The garden")
    store.archive(old.id)
    async with Run(store) as run:
        assert "All conversations are archived. ^b shows them." in run.said
        await run.type("gar")
        assert "Archived titles match too; ^b shows them." in run.said
        await run.press("ctrl+b")
        await run.until(lambda: run.rows == [(old.id, None)])
        await run.sees("Conversations, archived ones too")
        await run.press("ctrl+b")
        await run.until(lambda: run.rows == [])


async def test_only_the_newest_are_shown_and_it_says_so(store: Store) -> None:
    ids = many(store, MOST_SESSIONS + 1)
    async with Run(store) as run:
        assert [session for session, _ in run.rows] == ids[:MOST_SESSIONS]
        assert f"Showing the newest {MOST_SESSIONS}; type to find older ones." in run.said
        await run.type("number 1")
        assert (ids[-1], None) in run.rows
        assert "Showing the newest" not in run.said


def test_only_the_newest_hits_are_given_and_it_is_known_that_there_are_more(store: Store) -> None:
    talked(store, *(["the same words"] * (MOST_HITS + 1)))
    found = find(store, "same", archived=False)
    assert (len(found.hits), found.more_hits) == (MOST_HITS, True)
    assert [hit.turn.id for hit in found.hits] == sorted((hit.turn.id for hit in found.hits), reverse=True)


async def test_trouble_with_the_database_is_said_in_its_words(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    talked(store, "the garden")
    async with Run(store) as run:

        def damaged(*_: object, **__: object) -> list[Any]:
            raise CompanionError("[x] is damaged.")

        monkeypatch.setattr(store, "search", damaged)
        await run.type("gar")
        assert "[x] is damaged." in run.shown
        assert run.rows == []
        monkeypatch.undo()
        await run.type("d")
        assert len(run.rows) == 2
