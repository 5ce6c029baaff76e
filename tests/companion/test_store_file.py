"""The file itself: other programs' files, other versions, damage, full disks."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlite_utils import Database

from companion.errors import CompanionError
from companion.store import Empathy, Role, Store
from companion.store.schema import migrations, triggers_may_search


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "companion.db"


def run(path: Path, *statements: str) -> None:
    path.parent.mkdir(exist_ok=True)
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_database_of_the_first_version_is_brought_up_to_date(path: Path) -> None:
    path.parent.mkdir()
    old = Database(path)
    migrations.apply(old, stop_before="m002_search")
    old["sessions"].insert({"id": "abcdef", "created_at": "2001", "updated_at": "2001", "title": "Old"})
    old["turns"].insert(
        {
            "session_id": "abcdef",
            "role": "user",
            "text": "hello from before",
            "status": "complete",
            "created_at": "2001",
        }
    )
    old["turns"].insert(
        {"session_id": "abcdef", "role": "assistant", "text": "half", "status": "streaming", "created_at": "2001"}
    )
    old.close()
    with Store(path) as store:
        assert store.recover() == 1
        assert [turn.text for turn in store.turns("abcdef")] == ["hello from before", "half"]
        assert [hit.turn.text for hit in store.search("before")] == ["hello from before"]
        assert [hit.turn.text for hit in store.search("half")] == ["half"]
        assert store.check() == []


def test_opening_twice_migrates_once(path: Path) -> None:
    Store(path).close()
    with Store(path), Store(path):
        db = Database(path)
        assert [applied.name for applied in migrations.applied(db)] == [
            "m001_first_tables",
            "m002_search",
            "m003_candidates",
            "m004_chat",
            "m005_imports",
            "m006_experiments",
        ]
        db.close()


def test_a_database_of_a_newer_version_is_left_alone(path: Path) -> None:
    Store(path).close()
    run(
        path,
        "INSERT INTO _sqlite_migrations(migration_set, name, applied_at) VALUES ('companion', 'm999_later', '2099')",
    )
    with pytest.raises(CompanionError, match=r"newer version of companion \(it has 'm999_later'\).*Update companion"):
        Store(path)


def test_a_database_of_another_program_is_left_alone(path: Path) -> None:
    run(path, "CREATE TABLE bookmarks (id)")
    with pytest.raises(CompanionError, match=r"another program .*'bookmarks'"):
        Store(path)
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("bookmarks",)]
        assert other.execute("PRAGMA journal_mode").fetchone()[0] == "delete"


def test_a_file_that_is_no_database_is_named(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"Dear diary, " * 400)
    with pytest.raises(CompanionError, match=r"companion\.db is not a database"):
        Store(path)
    assert path.read_bytes() == b"Dear diary, " * 400


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TRIGGER surprise AFTER INSERT ON turns BEGIN DELETE FROM sessions; END",
        "DROP TRIGGER turn_search_delete; CREATE TRIGGER turn_search_delete AFTER DELETE ON turns BEGIN SELECT 1; END",
    ],
)
def test_a_database_with_strange_triggers_is_refused(path: Path, sql: str) -> None:
    Store(path).close()
    run(path, *sql.split("; ", 1) if sql.startswith("DROP") else [sql])
    with pytest.raises(CompanionError, match="companion did not make"):
        Store(path)


def test_a_damaged_database_is_reported(path: Path) -> None:
    with Store(path) as store:
        session = store.new_session(None)
        with store.transaction():
            for number in range(800):  # far more than the empty tables take
                store.add_turn(session.id, Role.USER, f"turn {number} " * 20)
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = b"\xff" * (len(content) - len(content) // 2)
    path.write_bytes(content)
    with Store(path) as store:
        assert store.check() != []
        with pytest.raises(CompanionError, match=r"companion\.db is damaged"):
            store.turns(session.id)


def test_trusted_schema_is_off_wherever_this_sqlite_allows_it(path: Path) -> None:
    with Store(path) as store, store.transaction() as connection:
        assert connection.execute("PRAGMA trusted_schema").fetchone()[0] == int(not triggers_may_search())


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    with pytest.raises(CompanionError, match=r"data/companion\.db could not be used: .*another data folder"):
        Store(tmp_path / "data" / "companion.db")


def test_a_folder_in_place_of_the_file_is_named(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(CompanionError, match="could not be opened"):
        Store(path)


def test_a_full_disk_is_named_and_what_was_saved_is_safe(path: Path) -> None:
    with Store(path) as store:
        session = store.new_session(None)
        store.add_user_turn(session.id, "before")
        with store.transaction() as connection:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
        store._connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(CompanionError, match=r"no space left to save to .*companion\.db"):
            store.add_user_turn(session.id, "long " * 10_000)
        assert [turn.text for turn in store.turns(session.id)] == ["before"]


def test_a_file_that_may_not_be_written_is_named(path: Path) -> None:
    with Store(path) as store:
        store._connection.execute("PRAGMA query_only = ON")
        with pytest.raises(CompanionError, match=r"companion\.db may not be written. Make it writable"):
            store.new_session(None)


def test_a_lock_that_never_ends_is_named(path: Path) -> None:
    with Store(path, busy_seconds=0.05) as store, Store(path) as other, other.transaction():
        with pytest.raises(CompanionError, match=r"Another program kept .*companion.db locked for 0\.05 seconds"):
            store.new_session(None)
        assert store.sessions() == []


def test_a_file_locked_while_it_is_opened_is_named(path: Path) -> None:
    run(path, "CREATE TABLE t (a)")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(CompanionError, match=r"locked for 0\.05 seconds"):
        Store(path, busy_seconds=0.05)
    other.close()


def _error(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("made up")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (sqlite3.SQLITE_CORRUPT, "is damaged. Keep a copy"),
        (sqlite3.SQLITE_IOERR | (3 << 8), "Check the disk"),
        (sqlite3.SQLITE_CANTOPEN, "could not be opened"),
        (sqlite3.SQLITE_ERROR, "companion doctor"),
    ],
)
def test_every_failure_has_a_sentence_with_the_next_step(path: Path, code: int, sentence: str) -> None:
    with Store(path) as store, pytest.raises(CompanionError, match=sentence) as raised, store.transaction():
        raise _error(code)
    assert str(path) in str(raised.value)


def test_errors_of_the_caller_pass_through_a_transaction(path: Path) -> None:
    with Store(path) as store, pytest.raises(FileNotFoundError), store.transaction():
        raise FileNotFoundError("the file being imported")


def test_ratings_from_before_are_kept_and_no_longer_look_wrong(path: Path) -> None:
    path.parent.mkdir()
    old = Database(path)
    migrations.apply(old, stop_before="m003_candidates")
    moment = {"created_at": "2001"}
    old["sessions"].insert({"id": "abcdef", "updated_at": "2001", "title": "Old"} | moment)
    old["turns"].insert({"session_id": "abcdef", "role": "assistant", "text": "Hi.", "status": "complete"} | moment)
    old.execute("INSERT INTO empathy VALUES (1, 3.5, 3, 3, 2, 1, 1, 'encoder')")
    old.close()
    with Store(path) as store:
        assert store.check() == []
        assert store.empathy("abcdef") == {1: (Empathy(3.5, 3, 3, 2, 1, 1, "encoder"),)}
        store.delete("abcdef")
        assert store.check() == []
