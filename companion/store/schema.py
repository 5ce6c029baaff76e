"""The tables, from the first version on. A migration that was ever released is never edited: add another."""

from __future__ import annotations

import sqlite3
from functools import cache
from typing import Any

from sqlite_utils import Database, Migrations

migrations = Migrations("companion")

# Deleting a long session must not recurse through its parent links (SQLite stops at 1,000 levels), so that key
# only checks, and only at commit. AUTOINCREMENT keeps the id of a deleted turn from being given to another.
_FIRST_TABLES = (
    """CREATE TABLE sessions (
        id TEXT PRIMARY KEY,
        title TEXT,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL,
        archived INTEGER NOT NULL DEFAULT 0 CHECK (archived IN (0, 1)),
        model TEXT,
        condition TEXT,
        settings TEXT NOT NULL DEFAULT '{}'
    )""",
    """CREATE TABLE turns (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        session_id TEXT NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
        parent_id INTEGER REFERENCES turns(id) DEFERRABLE INITIALLY DEFERRED,
        role TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
        text TEXT NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('streaming', 'complete', 'stopped', 'failed', 'interrupted')),
        created_at TEXT NOT NULL,
        finished_at TEXT,
        prompt_tokens INTEGER,
        reply_tokens INTEGER,
        ms_first REAL,
        ms_total REAL,
        owner TEXT
    )""",
    "CREATE INDEX turns_of_session ON turns(session_id, id)",
    "CREATE INDEX turns_of_parent ON turns(parent_id)",
    "CREATE INDEX turns_streaming ON turns(owner) WHERE status = 'streaming'",
    """CREATE TABLE sentences (
        id INTEGER PRIMARY KEY,
        turn_id INTEGER NOT NULL REFERENCES turns(id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        text TEXT NOT NULL,
        UNIQUE (turn_id, position)
    )""",
    """CREATE TABLE sentence_tactics (
        sentence_id INTEGER NOT NULL REFERENCES sentences(id) ON DELETE CASCADE,
        tactic TEXT NOT NULL,
        score REAL NOT NULL,
        PRIMARY KEY (sentence_id, tactic)
    ) WITHOUT ROWID""",
    """CREATE TABLE plans (
        turn_id INTEGER PRIMARY KEY REFERENCES turns(id) ON DELETE CASCADE,
        layout TEXT NOT NULL,
        weights TEXT NOT NULL,
        targets TEXT NOT NULL,
        resting TEXT NOT NULL,
        reason TEXT NOT NULL
    )""",
    """CREATE TABLE ratings (
        turn_id INTEGER PRIMARY KEY REFERENCES turns(id) ON DELETE CASCADE,
        value INTEGER NOT NULL,
        note TEXT,
        created_at TEXT NOT NULL
    )""",
    """CREATE TABLE empathy (
        turn_id INTEGER NOT NULL REFERENCES turns(id) ON DELETE CASCADE,
        validating_emotions REAL NOT NULL,
        encouraging_elaboration REAL NOT NULL,
        demonstrating_understanding REAL NOT NULL,
        unsolicited_advice REAL NOT NULL,
        self_orientation REAL NOT NULL,
        dismissing_emotions REAL NOT NULL,
        rater TEXT NOT NULL,
        PRIMARY KEY (turn_id, rater)
    ) WITHOUT ROWID""",
    """CREATE TABLE risk_events (
        turn_id INTEGER NOT NULL REFERENCES turns(id) ON DELETE CASCADE,
        level INTEGER NOT NULL,
        layer TEXT NOT NULL,
        card_shown INTEGER NOT NULL CHECK (card_shown IN (0, 1))
    )""",
    "CREATE INDEX risk_events_of_turn ON risk_events(turn_id)",
    """CREATE TABLE taste (
        tactic TEXT PRIMARY KEY,
        multiplier REAL NOT NULL,
        updated_at TEXT NOT NULL
    ) WITHOUT ROWID""",
)

# A reply that is still arriving is saved twice a second; it is indexed once, when it is finished. The view lets
# the index be checked and rebuilt by the same rule. Without the prefix index a search for a common beginning reads
# every turn that has it (0.3 s in a million turns); it costs a quarter more space and 0.1 ms more for a reply.
_SEARCH = (
    "CREATE VIEW finished_turns AS SELECT id, text FROM turns WHERE status <> 'streaming'",
    """CREATE VIRTUAL TABLE turn_search USING fts5(
        text, content='finished_turns', content_rowid='id', columnsize=0, prefix='2 3 4',
        tokenize='unicode61 remove_diacritics 2'
    )""",
    """CREATE TRIGGER turn_search_insert AFTER INSERT ON turns WHEN new.status <> 'streaming' BEGIN
        INSERT INTO turn_search(rowid, text) VALUES (new.id, new.text);
    END""",
    """CREATE TRIGGER turn_search_delete AFTER DELETE ON turns WHEN old.status <> 'streaming' BEGIN
        INSERT INTO turn_search(turn_search, rowid, text) VALUES ('delete', old.id, old.text);
    END""",
    # One trigger, because the order of two is undefined and the old words must go first.
    """CREATE TRIGGER turn_search_update AFTER UPDATE OF text, status ON turns BEGIN
        INSERT INTO turn_search(turn_search, rowid, text)
            SELECT 'delete', old.id, old.text WHERE old.status <> 'streaming';
        INSERT INTO turn_search(rowid, text) SELECT new.id, new.text WHERE new.status <> 'streaming';
    END""",
)


def _run(db: Database, statements: tuple[str, ...]) -> None:
    for statement in statements:
        db.execute(statement)


# sqlite-utils gives the decorator no complete type.
@migrations()  # type: ignore[untyped-decorator]
def m001_first_tables(db: Any) -> None:
    _run(db, _FIRST_TABLES)


@migrations()  # type: ignore[untyped-decorator]
def m002_search(db: Any) -> None:
    _run(db, _SEARCH)
    db.execute("INSERT INTO turn_search(turn_search) VALUES ('rebuild')")


# `empathy` was made WITHOUT ROWID, with a column of its key behind others: SQLite 3.40's check takes such values for
# missing ones.
_CANDIDATES = (
    "ALTER TABLE empathy RENAME TO empathy_before",
    """CREATE TABLE empathy (
        turn_id INTEGER NOT NULL REFERENCES turns(id) ON DELETE CASCADE,
        validating_emotions REAL NOT NULL,
        encouraging_elaboration REAL NOT NULL,
        demonstrating_understanding REAL NOT NULL,
        unsolicited_advice REAL NOT NULL,
        self_orientation REAL NOT NULL,
        dismissing_emotions REAL NOT NULL,
        rater TEXT NOT NULL,
        PRIMARY KEY (turn_id, rater)
    )""",
    "INSERT INTO empathy SELECT * FROM empathy_before",
    "DROP TABLE empathy_before",
    """CREATE TABLE candidates (
        turn_id INTEGER NOT NULL REFERENCES turns(id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        number INTEGER NOT NULL,
        text TEXT NOT NULL,
        tactics TEXT NOT NULL,
        score TEXT NOT NULL,
        veto TEXT NOT NULL,
        kept INTEGER NOT NULL CHECK (kept IN (0, 1)),
        PRIMARY KEY (turn_id, position, number)
    ) WITHOUT ROWID""",
)


@migrations()  # type: ignore[untyped-decorator]
def m003_candidates(db: Any) -> None:
    _run(db, _CANDIDATES)


# `leaf` is the turn that the person last saw at the end of the conversation; NULL is the newest one.
_CHAT = (
    "ALTER TABLE sessions ADD COLUMN leaf INTEGER",
    "ALTER TABLE plans ADD COLUMN factors TEXT NOT NULL DEFAULT '[]'",
    """CREATE TABLE moods (
        session_id TEXT NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
        moment TEXT NOT NULL CHECK (moment IN ('before', 'after')),
        value INTEGER NOT NULL CHECK (value BETWEEN 1 AND 7),
        created_at TEXT NOT NULL
    )""",
    "CREATE INDEX moods_of_session ON moods(session_id)",
)


@migrations()  # type: ignore[untyped-decorator]
def m004_chat(db: Any) -> None:
    _run(db, _CHAT)


# `hash` tells what was imported before; it goes with its session, so that nothing of a deleted text stays. `name` is
# the pseudonym that another database gave the session: it is exported under it again. `keys` holds what makes
# pseudonyms: whoever has it can tell whose they are, so it never leaves the database.
_IMPORTS = (
    """CREATE TABLE imports (
        hash BLOB PRIMARY KEY,
        session_id TEXT NOT NULL UNIQUE REFERENCES sessions(id) ON DELETE CASCADE,
        name TEXT,
        format TEXT NOT NULL,
        imported_at TEXT NOT NULL
    )""",
    "CREATE INDEX imports_of_name ON imports(name)",
    """CREATE TABLE keys (
        name TEXT PRIMARY KEY,
        value BLOB NOT NULL
    )""",
)


@migrations()  # type: ignore[untyped-decorator]
def m005_imports(db: Any) -> None:
    _run(db, _IMPORTS)


# All of a participant is deleted with their session. How many each arm was given stays, so that the next one gets the
# arm that follows.
_EXPERIMENTS = (
    """CREATE TABLE experiments (
        name TEXT PRIMARY KEY,
        design TEXT NOT NULL,
        created_at TEXT NOT NULL
    )""",
    """CREATE TABLE experiment_arms (
        experiment TEXT NOT NULL REFERENCES experiments(name) ON DELETE CASCADE,
        arm TEXT NOT NULL,
        assigned INTEGER NOT NULL DEFAULT 0,
        withdrawn INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (experiment, arm)
    )""",
    """CREATE TABLE participants (
        code TEXT PRIMARY KEY,
        experiment TEXT NOT NULL REFERENCES experiments(name) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        session_id TEXT NOT NULL UNIQUE REFERENCES sessions(id) ON DELETE CASCADE,
        consented_at TEXT NOT NULL,
        finished_at TEXT
    )""",
    "CREATE INDEX participants_of_experiment ON participants(experiment, number)",
    """CREATE TABLE answers (
        code TEXT NOT NULL REFERENCES participants(code) ON DELETE CASCADE,
        moment TEXT NOT NULL CHECK (moment IN ('before', 'reply', 'after')),
        turn_id INTEGER REFERENCES turns(id) ON DELETE CASCADE,
        question TEXT NOT NULL,
        value TEXT NOT NULL,
        created_at TEXT NOT NULL
    )""",
    "CREATE INDEX answers_of_participant ON answers(code)",
    "CREATE INDEX answers_of_turn ON answers(turn_id)",
)


@migrations()  # type: ignore[untyped-decorator]
def m006_experiments(db: Any) -> None:
    _run(db, _EXPERIMENTS)


@cache
def known() -> frozenset[str]:
    """The names of all migrations of this version."""
    with Database(memory=True, execute_plugins=False) as empty:
        return frozenset(migration.name for migration in migrations.pending(empty))


def state(db: Database) -> tuple[list[str], list[str]]:
    """(the migrations that `db` still needs, those it has that this version does not know)."""
    needed = [migration.name for migration in migrations.pending(db)]
    return needed, [applied.name for applied in migrations.applied(db) if applied.name not in known()]


def strange_parts(connection: sqlite3.Connection) -> list[str]:
    """The names of triggers that are not ours, and of search parts that are not as we made them."""
    ours = {_words(statement) for statement in _SEARCH}
    return [
        name
        for name, sql in connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' OR name IN ('finished_turns', 'turn_search')"
        )
        if _words(sql) not in ours
    ]


def _words(sql: str) -> str:
    return " ".join(sql.split())


@cache
def triggers_may_search() -> bool:
    """Whether this SQLite lets a trigger write to FTS5 while `trusted_schema` is off; 3.40 does not."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.executescript(
            "PRAGMA trusted_schema=OFF; CREATE TABLE a(b); CREATE VIRTUAL TABLE c USING fts5(b); "
            "CREATE TRIGGER d AFTER INSERT ON a BEGIN INSERT INTO c(b) VALUES (new.b); END; "
            "INSERT INTO a VALUES ('e');"
        )
    except sqlite3.OperationalError:
        return False
    finally:
        connection.close()
    return True
