"""Faults that happen to real programs, for a minute; `make faults` does it for ten. And what that has found so far."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from companion.engine.client import LlamaEngine
from companion.engine.model_file import Header, check_model_file
from companion.engine.protocol import EngineError
from companion.engine.scripted import ScriptedEngine
from companion.errors import CompanionError
from companion.speaking.ahead import ReadAhead
from companion.store import Store, owners
from planner.layouts import Message
from tests.conftest import with_encoder
from tests.faults.__main__ import report
from tests.faults.harness import run
from tests.faults.kinds import KINDS
from tests.faults.room import MODEL
from tests.faults.witness import Witness

SECONDS = 60
"""How long faults are made; a trial that was begun is brought to its end."""


@pytest.mark.llama
@with_encoder
@pytest.mark.timeout(600)
@pytest.mark.skipif(not MODEL.is_file(), reason="models/mini.gguf is not here")
def test_a_minute_of_faults_loses_nothing_and_hangs_nothing() -> None:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
    tally = run(SECONDS, seed=6)
    print(report(tally, SECONDS))
    assert tally.clean, report(tally, SECONDS)
    assert tally.kills > 0
    assert tally.committed > 0
    assert set(tally.faults) & set(KINDS)


TURNS = [(1, "user", "hello", "complete"), (2, "assistant", "I hear you.", "complete")]


def witness() -> Witness:
    seen = Witness(sent={"hello"})
    seen.hear({"saved": 1, "text": "hello"})
    seen.hear({"shown": 2, "text": "I hear "})
    seen.hear({"ended": 2, "text": "I hear you.", "status": "complete"})
    seen.see(["hello"], "New session a.\nCompanion: I hear you.\nNote: so much for that.\nGoodbye.\n")
    return seen


def test_a_database_with_all_that_was_acknowledged_has_nothing_missing() -> None:
    assert witness().committed == 3
    assert witness().missing(TURNS) == []
    assert witness().strange(TURNS) == []


@pytest.mark.parametrize(
    ("turns", "missing", "strange"),
    [
        ([], 5, 0),
        (TURNS[1:], 2, 0),
        (TURNS[:1], 3, 0),
        ([(1, "user", "hell", "complete"), TURNS[1]], 2, 1),
        ([TURNS[0], (2, "assistant", "I hear", "interrupted")], 2, 0),
        ([TURNS[0], (2, "assistant", "I hear you.", "streaming")], 2, 1),
        ([TURNS[0], (2, "assistant", "I see you.", "complete")], 3, 0),
        ([*TURNS, (3, "user", "never said", "complete")], 0, 1),
    ],
)
def test_what_is_lost_changed_or_added_is_noticed(
    turns: list[tuple[int, str, str, str]], missing: int, strange: int
) -> None:
    assert len(witness().missing(turns)) == missing
    assert len(witness().strange(turns)) == strange


def test_reading_ahead_leaves_trouble_with_the_database_to_the_next_reply() -> None:
    def prompt() -> list[Message]:
        raise CompanionError("The database is damaged.")

    raised: list[object] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("threading.excepthook", raised.append)
        ahead = ReadAhead(ScriptedEngine())
        ahead.start(prompt)
        ahead.wait()
    assert raised == []


def test_a_writers_mark_that_cannot_be_read_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(folder: Path, token: str) -> bool:
        raise OSError(errno.EROFS, "Read-only file system")

    with Store(tmp_path / "companion.db") as store:
        store.begin_reply(store.new_session(None).id, None)
    monkeypatch.setattr(owners, "is_alive", unreadable)
    with Store(tmp_path / "companion.db") as store, pytest.raises(CompanionError, match="Read-only file system"):
        store.recover()


def test_a_piece_that_comes_after_the_database_was_closed_is_a_sentence(tmp_path: Path) -> None:
    store = Store(tmp_path / "companion.db")
    reply = store.begin_reply(store.new_session(None).id, None)
    store.close()
    with pytest.raises(CompanionError, match="could not be used"):
        store.save_partial(reply.id, "too late")


def test_a_model_that_is_taken_away_between_two_looks_is_a_sentence(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "model.gguf"
    model.write_bytes(tiny_model.read_bytes())

    def checked(path: Path) -> Header:
        header = check_model_file(path)
        path.unlink()
        return header

    monkeypatch.setattr("companion.engine.client.check_model_file", checked)
    with pytest.raises(EngineError, match=r"model\.gguf cannot be read: No such file"):
        LlamaEngine(model, memory=lambda: None).load()
