"""Several programs on one database, and programs that are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from companion.store import Role, Status, Store, owners

ROOT = Path(__file__).parents[2]

WRITER = """
import sys
from pathlib import Path
from companion.store import Store
store = Store(Path(sys.argv[1]))
session = store.new_session("mini")
asked = store.add_user_turn(session.id, "hello")
reply = store.begin_reply(session.id, asked.id)
store.save_partial(reply.id, "as far as it")
print(session.id, flush=True)
sys.stdin.read()
"""

HAMMER = """
import sys
from pathlib import Path
from companion.store import Status, Store
for round in range(6):
    with Store(Path(sys.argv[1])) as store:
        store.recover()
        session = store.new_session("mini")
        parent = None
        for number in range(10):
            parent = store.add_user_turn(session.id, f"message {number}", parent).id
            parent = store.begin_reply(session.id, parent).id
            store.save_partial(parent, "so f")
            done = store.finish_reply(parent, Status.COMPLETE, "so far", [("so far", {"validation": 1.0})])
            assert done.status is Status.COMPLETE
            assert len(store.branch(session.id)) == 2 * (number + 1)
            store.search("message")
"""


def start(program: str, path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "companion.db"


@pytest.fixture
def writer(path: Path) -> Iterator[subprocess.Popen[str]]:
    process = start(WRITER, path)
    yield process
    process.kill()
    process.communicate()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_killed_program_leaves_the_text_that_had_arrived(path: Path, writer: subprocess.Popen[str]) -> None:
    session_id = first_line(writer)
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    with Store(path) as store:
        assert store.recover() == 1
        assert [(turn.text, turn.status) for turn in store.branch(session_id)] == [
            ("hello", Status.COMPLETE),
            ("as far as it", Status.INTERRUPTED),
        ]
        assert [hit.turn.status for hit in store.search('"far as it"')] == [Status.INTERRUPTED]
        assert store.recover() == 0
    assert [file.name for file in path.parent.iterdir()] == ["companion.db"]


def test_the_reply_of_a_living_program_is_left_alone(path: Path, writer: subprocess.Popen[str]) -> None:
    session_id = first_line(writer)
    with Store(path) as store:
        mine = store.begin_reply(session_id, None)
        assert store.recover() == 0
        assert store.branch(session_id, mine.id - 1)[-1].status is Status.STREAMING
        assert store.turn(mine.id).status is Status.STREAMING


def test_a_store_closed_in_the_middle_of_a_reply_leaves_it_to_recover(path: Path) -> None:
    with Store(path) as store:
        reply = store.begin_reply(store.new_session(None).id, None)
    with Store(path) as store:
        assert store.recover() == 1
        assert store.finish_reply(reply.id, Status.COMPLETE, "after all").text == "after all"


def test_two_programs_write_at_once_without_an_error(path: Path) -> None:
    programs = [start(HAMMER, path) for _ in range(2)]
    for program in programs:
        _, narration = program.communicate()
        assert (program.returncode, narration) == (0, "")
    with Store(path) as store:
        stats = store.stats()
        assert (stats.sessions, stats.turns, stats.sentences) == (12, 240, 120)
        assert {turn.status for session in store.sessions() for turn in store.turns(session.id)} == {Status.COMPLETE}
        assert {turn.role for session in store.sessions() for turn in store.turns(session.id)} == set(Role)
        assert store.check() == []


def test_a_mark_is_alive_until_it_is_released(tmp_path: Path) -> None:
    owner = owners.Owner(tmp_path)
    assert owners.is_alive(tmp_path, owner.token)
    owners.sweep(tmp_path)
    assert owners.is_alive(tmp_path, owner.token)
    owner.release()
    assert not owners.is_alive(tmp_path, owner.token)
    assert list(tmp_path.iterdir()) == []


def test_a_left_over_mark_is_swept_away(tmp_path: Path) -> None:
    (tmp_path / f"{owners.PREFIX}abc.lock").touch()
    assert not owners.is_alive(tmp_path, "abc")
    owners.sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_token_that_is_a_path_is_nobody(tmp_path: Path) -> None:
    assert not owners.is_alive(tmp_path, "../x")


def test_a_mark_swept_away_while_it_is_made_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock, taken = owners._lock, []

    def swept_first(handle: int) -> bool:
        if not taken:
            taken.append(handle)
            for file in tmp_path.iterdir():
                file.unlink()
        return lock(handle)

    monkeypatch.setattr(owners, "_lock", swept_first)
    owner = owners.Owner(tmp_path)
    assert owners.is_alive(tmp_path, owner.token)
    owner.release()
