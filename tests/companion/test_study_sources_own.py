"""A study of our own conversations: the database, and every export of it, are read alike."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from companion.errors import CompanionError, UsageError
from companion.export import Choice, Tally, write, write_jsonl
from companion.store import Role, Status, Store
from companion.study.said import Said
from companion.study.sources import read
from tests.companion.studied import A, Q, replies


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "companion.db")


def say(store: Store, session: str, parent: int | None, text: str) -> int:
    return store.add_turn(session, Role.USER, text, parent).id


def answer(store: Store, session: str, parent: int, *sentences: tuple[str, tuple[str, ...]]) -> int:
    turn = store.add_turn(session, Role.ASSISTANT, " ".join(text for text, _ in sentences), parent)
    store.add_sentences(turn.id, [(text, dict.fromkeys(tactics, 0.9)) for text, tactics in sentences])
    return turn.id


def branched(store: Store) -> tuple[str, int, int]:
    """A session with two answers to one message; (its id, the older answer, the newer one)."""
    session = store.new_session("mini", condition="plan").id
    asked = say(store, session, None, "Hello")
    older = answer(store, session, asked, ("Rest.", ("advice",)))
    newer = answer(store, session, asked, ("Why?", ("questioning",)), ("Hm.", ()))
    return session, older, newer


def exported(store: Store, path: Path, *, with_text: bool) -> Path:
    with path.open("w", encoding="utf-8") as out:
        write_jsonl(store, store.sessions(archived=None), out, with_text=with_text)
    return path


@pytest.mark.parametrize("with_text", [True, False])
def test_an_export_is_read_along_its_newest_branch(store: Store, tmp_path: Path, with_text: bool) -> None:
    session, _, _ = branched(store)
    found = list(read(exported(store, tmp_path / "out.jsonl", with_text=with_text)))
    assert [(said.conversation, said.place, said.supporter) for said in found] == [
        (session, 0, False),
        (session, 1, True),
    ]
    assert found[1].sentences == (Q, 0)
    assert found[1].text == ("Why? Hm." if with_text else None)
    assert (found[1].words, found[1].model, found[1].condition) == (2, "mini", "plan")


def test_the_database_is_read_as_its_export_is(store: Store, tmp_path: Path) -> None:
    for _ in range(3):
        branched(store)
    from_file = replies(exported(store, tmp_path / "out.jsonl", with_text=True))
    assert sorted(replies(tmp_path / "companion.db")) == sorted(from_file)
    assert len(from_file) == 3


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet", "chat", "sharegpt"])
def test_the_database_is_read_as_its_export_in_any_format(store: Store, tmp_path: Path, form: Any) -> None:
    if form == "parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    for number in range(3):
        session = store.new_session("mini", condition="plan").id
        asked = say(store, session, None, f"Hello {number}")
        first = answer(store, session, asked, ("=Rest.", ("advice",)), ("Why?", ("questioning", "validation")))
        answer(store, session, say(store, session, first, "So, \u201cyes\u201d"), ("Hm.", ()))
        with store.transaction() as connection:
            connection.execute("INSERT INTO empathy VALUES (?, 1, 2, 3, 4, 5, 1, 'encoder')", (first,))
    file = tmp_path / f"out.{form}"
    with file.open("wb") as out:
        write(store, store.sessions(), out, form, "turns", Choice(with_text=True), Tally())
    found, wanted = sorted(read(file), key=place), sorted(read(tmp_path / "companion.db"), key=place)
    if form in {"chat", "sharegpt"}:  # have no ratings
        wanted = [replace(said, empathy=unrated) for said in wanted]
    assert [repr(replace(said, words=None)) for said in found] == [repr(said) for said in wanted]


unrated = Said("", 0, True).empathy


def place(said: Said) -> tuple[str, int]:
    return said.conversation, said.place


def test_the_database_is_read_where_the_person_was(store: Store, tmp_path: Path) -> None:
    session, older, _ = branched(store)
    store.set_leaf(session, older)
    assert replies(tmp_path / "companion.db") == [(session, 1, (A,))]


def test_a_reply_that_was_not_finished_has_no_tags(store: Store, tmp_path: Path) -> None:
    session = store.new_session("mini").id
    asked = say(store, session, None, "Hello")
    turn = store.begin_reply(session, asked)
    store.finish_reply(turn.id, Status.FAILED, "Half a", [("Half a", {"advice": 0.9})])
    assert replies(tmp_path / "companion.db") == [(session, 1, None)]
    assert [said.text for said in read(tmp_path / "companion.db")] == ["Hello", None]  # nor can it be given any
    assert replies(exported(store, tmp_path / "out.jsonl", with_text=True)) == [(session, 1, None)]


def test_ratings_and_safety_events_come_with_the_database(store: Store, tmp_path: Path) -> None:
    session = store.new_session("mini").id
    asked = say(store, session, None, "I do not want to be here")
    with store.transaction() as connection:
        connection.execute("INSERT INTO risk_events VALUES (?, 3, 'words', 1)", (asked,))
        connection.execute("INSERT INTO risk_events VALUES (?, 3, 'encoder', 0)", (asked,))
    first = answer(store, session, asked, ("Are you safe right now?", ("questioning",)))
    with store.transaction() as connection:
        connection.execute("INSERT INTO empathy VALUES (?, 1, 2, 3, 4, 5, 1, 'encoder')", (first,))
    again = say(store, session, first, "Yes")
    answer(store, session, again, ("Are you safe, right now?", ("questioning",)), ("I am with you in this.", ()))
    found = list(read(tmp_path / "companion.db"))
    assert found[0].crisis is not None
    assert (found[0].crisis.layers, found[0].crisis.cards) == (("words", "encoder"), 1)
    assert found[1].empathy.self_oriented == 5
    assert [said.repeats for said in found] == [(0, 0), (1, 0), (0, 0), (2, 1)]


def test_reading_a_database_does_not_change_it(store: Store, tmp_path: Path) -> None:
    branched(store)
    store.close()
    before = (tmp_path / "companion.db").read_bytes()
    assert replies(tmp_path / "companion.db")
    assert (tmp_path / "companion.db").read_bytes() == before


def test_a_database_of_somebody_else_is_a_sentence(tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.execute("CREATE TABLE a(b)")
    with pytest.raises(UsageError, match="another program"):
        list(read(tmp_path / "other.db"))
    (tmp_path / "cut.db").write_bytes((tmp_path / "other.db").read_bytes()[:50])
    with pytest.raises(CompanionError, match="cannot be read"):
        list(read(tmp_path / "cut.db"))
