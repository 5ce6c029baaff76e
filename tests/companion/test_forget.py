from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest

from companion.errors import CompanionError, NotFound, Refused
from companion.store import Empathy, PlanRow, Role, Status, StillInUse, Store

WORD = "Qzxwvmarker"
TRACES = [WORD.encode(), WORD.lower().encode(), WORD[1:].encode(), b"zxwv", b"qzxw"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "companion.db"


def traces(folder: Path) -> list[str]:
    """The files that still hold the word, or what the search index makes of it."""
    return [file.name for file in folder.iterdir() for trace in TRACES if trace in file.read_bytes()]


def secret_session(store: Store) -> str:
    """A session with the word in every column that can hold text."""
    session = store.new_session(WORD, condition=WORD, settings={"note": WORD})
    asked = store.add_user_turn(session.id, f"I said {WORD} " * 40)
    reply = store.begin_reply(session.id, asked.id)
    store.save_partial(reply.id, f"You said {WORD}")
    store.finish_reply(
        reply.id,
        Status.COMPLETE,
        f"You said {WORD}. " * 400,
        [(f"You said {WORD}.", {"paraphrasing": 0.9})],
        PlanRow("tail", {"paraphrasing": 1.0}, reason=WORD),
        empathy=Empathy(1, 1, 1, 1, 1, 1, WORD),
    )
    store.rate(reply.id, 1, WORD)
    store.risk_event(asked.id, 1, WORD, False)
    return session.id


def other_session(store: Store) -> str:
    session = store.new_session(None)
    parent = None
    for number in range(60):
        parent = store.add_turn(session.id, Role.USER, f"ordinary talk number {number}", parent).id
    return session.id


def test_deleted_text_is_gone_from_every_file(path: Path) -> None:
    with Store(path) as store:
        kept = other_session(store)
        secret = secret_session(store)
        other_session(store)
        assert traces(path.parent) != []
        assert store.delete(secret[:6]) == 1
        assert traces(path.parent) == []
        assert store.search(WORD) == []
        assert len(store.search("ordinary", limit=100)) == 100
        assert len(store.turns(kept)) == 60
        assert store.check() == []
    assert traces(path.parent) == []


def test_text_deleted_long_after_it_was_written_is_gone_too(path: Path) -> None:
    with Store(path) as store:
        secret = secret_session(store)
    with Store(path) as store:
        other_session(store)
        store.delete(secret)
        assert traces(path.parent) == []


def test_text_is_gone_although_another_program_has_the_database_open(path: Path) -> None:
    with Store(path) as store, Store(path) as other:
        secret = secret_session(store)
        assert other.search(WORD) != []
        store.delete(secret)
        assert traces(path.parent) == []
        assert other.search(WORD) == []
        assert other.sessions() == []


def test_a_reader_that_holds_on_to_old_text_is_reported_and_the_work_is_finished_later(path: Path) -> None:
    with Store(path, busy_seconds=0.05) as store:
        secret = secret_session(store)
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM turns").fetchone()
        with pytest.raises(StillInUse, match=r"The text is deleted, but another program still reads .*companion\.db"):
            store.delete(secret)
        assert store.sessions() == []
        assert traces(path.parent) != []
        assert store.recover() == 0  # quietly: a program starts although the other one still reads
        assert traces(path.parent) != []
        reader.close()
    with Store(path) as store:
        assert store.recover() == 0
        assert traces(path.parent) == []
        assert store.recover() == 0


def test_a_writer_that_keeps_the_database_locked_is_reported_too(path: Path) -> None:
    with Store(path, busy_seconds=0.05) as store, Store(path) as other:
        secret_session(store)
        with other.transaction(), pytest.raises(CompanionError, match="still reads"):
            store.scrub()


def test_several_sessions_are_deleted_together_or_not_at_all(path: Path) -> None:
    with Store(path) as store:
        first, second = store.new_session(None).id, store.new_session(None).id
        with pytest.raises(NotFound):
            store.delete(first, "zzzzzz")
        assert len(store.sessions()) == 2
        assert store.delete(first, second, first) == 2
        assert store.sessions() == []


def test_a_very_long_session_can_be_deleted() -> None:
    with Store(None) as store:
        session = store.new_session(None)
        parent = None
        with store.transaction():
            for number in range(3000):
                parent = store.add_turn(session.id, Role.USER, f"turn {number}", parent).id
        store.delete(session.id)
        assert store.stats().turns == 0


def test_forgetting_everything_keeps_nothing(path: Path) -> None:
    with Store(path) as store:
        secret_session(store)
        other_session(store)
        store.set_taste({WORD: 1.5})
        assert store.forget_all() == 2
        assert store.taste() == {}
        assert traces(path.parent) == []
        assert store.stats().turns == 0


def test_wiping_removes_the_files(path: Path) -> None:
    store = Store(path)
    secret_session(store)
    store.wipe()
    assert list(path.parent.iterdir()) == []


def test_the_disk_failing_while_text_is_removed_is_not_taken_for_another_program(path: Path) -> None:
    with Store(path) as store:
        secret_session(store)
        store._connection.execute("PRAGMA query_only = ON")
        with pytest.raises(CompanionError, match="may not be written"):
            store.scrub()


# Backups


def test_a_backup_is_one_complete_private_file(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    with Store(path) as store:
        session_id = other_session(store)
        store.backup(copy)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["copy.db"]
    with Store(copy) as store:
        assert len(store.branch(session_id)) == 60
        assert len(store.search("ordinary")) == 20
        assert store.check() == []


def test_a_backup_overwrites_nothing(path: Path, tmp_path: Path) -> None:
    there = tmp_path / "there.db"
    there.write_text("precious")
    with Store(path) as store:
        with pytest.raises(Refused, match=r"there\.db exists already"):
            store.backup(there)
        with pytest.raises(CompanionError, match=r"nowhere/x\.db could not be made"):
            store.backup(tmp_path / "nowhere" / "x.db")
    assert there.read_text() == "precious"


def test_a_backup_that_fails_leaves_no_file(path: Path, tmp_path: Path) -> None:
    store = Store(path)
    store.close()
    with pytest.raises(CompanionError):
        store.backup(tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


# Checks


def test_a_search_index_that_does_not_fit_is_found_and_rebuilt(path: Path) -> None:
    with Store(path) as store:
        other_session(store)
        with store.transaction() as connection:
            connection.execute("INSERT INTO turn_search(rowid, text) VALUES (999, 'nobody said this')")
        assert store.check() == ["the search index does not fit the turns"]
        store.rebuild_search()
        assert store.check() == []


def test_rows_that_belong_to_nothing_are_found(path: Path) -> None:
    Store(path).close()
    with sqlite3.connect(path) as other:
        other.execute("INSERT INTO risk_events VALUES (999, 1, 'words', 0)")
    with Store(path) as store:
        assert store.check() == ["risk_events row 1 points to a missing row of turns"]


def test_other_failures_of_a_check_are_not_hidden(path: Path) -> None:
    with Store(path) as store:
        store._connection.execute("PRAGMA query_only = ON")
        with pytest.raises(CompanionError, match="may not be written"):
            store.check()
