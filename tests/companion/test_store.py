"""Sessions, the store as a whole, and its file."""

from __future__ import annotations

import json
import sqlite3
import stat
import threading
from dataclasses import FrozenInstanceError
from itertools import pairwise
from pathlib import Path

import pytest

from companion.errors import NotFound, UsageError
from companion.store import PlanRow, Status, Store
from companion.store.sessions import TITLE_LENGTH, title_of
from tests.companion.stores import finished
from tests.companion.stores import path as path
from tests.companion.stores import store as store

# Sessions


def test_a_new_session_keeps_what_it_was_given(store: Store) -> None:
    session = store.new_session("mini", condition="plain", title="First", settings={"candidates": 4})
    again = store.session(session.id)
    assert (again.model, again.condition, again.title, again.settings) == ("mini", "plain", "First", {"candidates": 4})
    assert (again.turns, again.archived) == (0, False)
    assert again.created_at.endswith("Z")


def test_session_ids_are_short_and_easy_to_type(store: Store) -> None:
    ids = {store.new_session(None).id for _ in range(50)}
    assert len(ids) == 50
    assert all(len(name) == 6 and name[0].isalpha() and name.isalnum() and name.islower() for name in ids)
    assert not set("".join(ids)) & set("01ilo")


def test_a_session_is_found_by_any_prefix_that_is_its_own(store: Store) -> None:
    session = store.new_session(None)
    assert store.session(session.id[:3]).id == session.id
    assert store.session(f" {session.id.upper()} ").id == session.id


def test_an_unknown_session_is_named_with_the_next_step(store: Store) -> None:
    with pytest.raises(NotFound, match=r"no session 'zzzzzz'.*companion sessions list"):
        store.session("zzzzzz")
    with pytest.raises(NotFound):
        store.session("")


def test_a_prefix_of_several_sessions_lists_them(store: Store) -> None:
    ids = sorted(store.new_session(None).id for _ in range(120))
    shared = next(a[0] for a, b in pairwise(ids) if a[0] == b[0])
    with pytest.raises(UsageError, match=rf"'{shared}' begins several session ids: {shared}"):
        store.session(shared)


def test_an_id_that_begins_another_is_still_found(store: Store) -> None:
    with store.transaction() as connection:
        connection.executemany(
            "INSERT INTO sessions(id, created_at, updated_at) VALUES (?, '', '')", [("abc",), ("abcd",)]
        )
    assert store.session("abc").id == "abc"


def test_sessions_come_last_used_first(store: Store) -> None:
    first, second, third = (store.new_session(None).id for _ in range(3))
    with store.transaction() as connection:
        connection.execute("UPDATE sessions SET updated_at = '9' WHERE id = ?", (first,))
    assert [session.id for session in store.sessions()] == [first, third, second]
    assert [session.id for session in store.sessions(limit=1, offset=1)] == [third]


def test_archived_sessions_are_listed_only_when_asked_for(store: Store) -> None:
    kept, put_away = store.new_session(None).id, store.new_session(None).id
    assert store.archive(put_away[:6]).archived
    assert [session.id for session in store.sessions()] == [kept]
    assert [session.id for session in store.sessions(archived=True)] == [put_away]
    assert len(store.sessions(archived=None)) == 2
    assert not store.unarchive(put_away).archived


def test_a_session_can_be_renamed_and_given_a_model(store: Store) -> None:
    session = store.new_session(None)
    assert store.rename(session.id, "The move").title == "The move"
    assert store.set_model(session.id, "mini").model == "mini"


def test_a_session_takes_its_title_from_the_first_words(store: Store) -> None:
    session = store.new_session(None)
    first = store.add_user_turn(session.id, "I could\nnot sleep")
    store.add_user_turn(session.id, "again", first.id)
    assert store.session(session.id).title == "I could not sleep"


def test_a_given_title_stays(store: Store) -> None:
    session = store.new_session(None, title="Mine")
    store.add_user_turn(session.id, "hello")
    assert store.session(session.id).title == "Mine"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("short", "short"),
        ("word " * 20, " ".join(["word"] * 12) + "…"),
        ("x" * 100, "x" * 59 + "…"),
        ("y" * 59 + " z", "y" * 59 + "…"),
        ("  ", ""),
    ],
)
def test_titles_are_cut_between_words(text: str, title: str) -> None:
    assert title_of(text) == title
    assert len(title) <= TITLE_LENGTH


# The store as a whole


def test_taste_is_kept_shown_and_reset(path: Path) -> None:
    with Store(path) as store:
        store.set_taste({"advice": 0.5, "validation": 1.5})
        store.set_taste({"advice": 0.7})
    with Store(path) as store:
        assert store.taste() == {"advice": 0.7, "validation": 1.5}
        store.reset_taste()
        assert store.taste() == {}


def test_rows_cannot_be_changed(store: Store) -> None:
    session = store.new_session(None)
    with pytest.raises(FrozenInstanceError):
        session.title = "x"  # type: ignore[misc]


def test_stats_count_everything(store: Store) -> None:
    empty = store.stats()
    assert (empty.sessions, empty.turns, empty.first_at) == (0, 0, None)
    session = store.new_session(None)
    store.archive(store.new_session(None).id)
    reply = finished(store, session.id, None, "hi")
    store.add_sentences(reply.id, [("hi", {})])
    store.rate(reply.id, 1)
    store.risk_event(reply.id, 1, "words", False)
    stats = store.stats()
    assert (stats.sessions, stats.archived, stats.turns, stats.sentences) == (2, 1, 1, 1)
    assert (stats.ratings, stats.risk_events) == (1, 1)
    assert stats.first_at is not None
    assert (stats.bytes > 0) == (store.path is not None)


def test_threads_share_one_store(store: Store) -> None:
    session = store.new_session(None)
    failures: list[BaseException] = []

    def talk() -> None:
        try:
            for number in range(20):
                asked = store.add_user_turn(session.id, f"message {number}")
                reply = store.begin_reply(session.id, asked.id)
                store.save_partial(reply.id, "so f")
                store.finish_reply(reply.id, Status.COMPLETE, "so far", [("so far", {"validation": 1.0})])
                store.search("message")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=talk) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert store.stats().turns == 160
    assert store.check() == []


# The file


def modes(folder: Path) -> dict[str, int]:
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


def test_every_file_is_for_its_owner_only(path: Path) -> None:
    with Store(path) as store:
        store.begin_reply(store.new_session(None).id, None)
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert len(modes(path.parent)) == 4
        assert set(modes(path.parent).values()) == {0o600}
    assert set(modes(path.parent)) == {"companion.db"}


def test_loose_modes_are_repaired_on_opening(path: Path) -> None:
    Store(path).close()
    path.parent.chmod(0o755)
    path.chmod(0o644)
    with Store(path) as store:
        store.new_session(None)
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert set(modes(path.parent).values()) == {0o600}


def test_a_folder_shared_by_everyone_is_left_as_it_is(path: Path) -> None:
    path.parent.mkdir()
    path.parent.chmod(0o1777)
    Store(path).close()
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o1777


def test_off_the_record_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Store(None) as store:
        session = store.new_session(None)
        store.begin_reply(session.id, None)
        assert store.recover() == 0
        assert store.stats().bytes == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("foreign_keys", 1),
        ("secure_delete", 1),
        ("synchronous", 2),
        ("cell_size_check", 1),
        ("temp_store", 2),
        ("busy_timeout", 10_000),
    ],
)
def test_the_database_is_opened_with_care(path: Path, pragma: str, value: object) -> None:
    with Store(path) as store:
        store.save_partial(store.begin_reply(store.new_session(None).id, None).id, "x")
        with store.transaction() as connection:
            assert connection.execute(f"PRAGMA {pragma}").fetchone()[0] == value


def test_what_was_saved_is_there_after_reopening(path: Path) -> None:
    with Store(path) as store:
        session = store.new_session("mini", settings={"language": "português"})
        store.add_user_turn(session.id, "olá 🌿")
    with Store(path) as store:
        assert [turn.text for turn in store.branch(session.id)] == ["olá 🌿"]
        assert store.session(session.id).settings == {"language": "português"}


def test_json_columns_are_readable_by_other_programs(path: Path) -> None:
    with Store(path) as store:
        session = store.new_session(None, settings={"a": 1})
        reply = store.begin_reply(session.id, None)
        store.finish_reply(reply.id, Status.COMPLETE, "x", plan=PlanRow("tail", {"advice": 1.0}, ("advice",)))
    with sqlite3.connect(path) as other:
        weights, targets = other.execute("SELECT weights, targets FROM plans").fetchone()
    assert (json.loads(weights), json.loads(targets)) == ({"advice": 1.0}, ["advice"])
