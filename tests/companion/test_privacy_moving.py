"""P2: encrypting and decrypting a database: nothing plain is left, and whenever it stops one of the two is whole."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from companion.errors import CompanionError, Refused
from companion.store import Store, converting, encrypted
from companion.store.converting import convert
from companion.store.encrypted import WrongPassphrase
from tests.companion.locked import HOLDER, PASSPHRASE, filled, needs_library, traces
from tests.companion.locked import nothing_remembered as nothing_remembered
from tests.companion.locked import path as path
from tests.companion.test_forget import WORD, secret_session


@needs_library
def test_p2_encrypting_keeps_everything_and_leaves_nothing_plain_in_the_folder(path: Path) -> None:
    secret = filled(path)
    with Store(path) as store:
        before = (store.stats(), store.branch(secret), store.sentences(secret), store.search(WORD))
    assert traces(path.parent) != []
    convert(path, PASSPHRASE)
    assert os.listdir(path.parent) == ["companion.db"]
    assert traces(path.parent) == []
    assert b"CREATE TABLE" not in path.read_bytes()
    with Store(path) as store:
        assert store.encrypted
        after = (store.stats(), store.branch(secret), store.sentences(secret), store.search(WORD))
        assert after[1:] == before[1:]
        assert after[0].turns == before[0].turns
        assert store.check() == []


@needs_library
def test_p2_what_is_said_to_an_encrypted_database_is_plain_in_none_of_its_files(path: Path) -> None:
    Store(path).close()
    convert(path, PASSPHRASE)
    with Store(path) as store:
        secret_session(store)
        assert {file.name for file in path.parent.iterdir()} >= {"companion.db", "companion.db-wal"}
        assert traces(path.parent) == []
        assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}
        assert len(store.search(WORD)) == 2
    assert traces(path.parent) == []


@needs_library
def test_decrypting_gives_the_same_database_back(path: Path) -> None:
    secret = filled(path)
    with Store(path) as store:
        store.set_taste({"advice": 0.5})
        before = (store.branch(secret), store.sessions(), store.taste())
    convert(path, PASSPHRASE)
    convert(path, None)
    assert encrypted.passphrase_of(path) is None
    assert os.listdir(path.parent) == ["companion.db"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with Store(path) as store:
        assert not store.encrypted
        assert (store.branch(secret), store.sessions(), store.taste()) == before
        assert store.check() == []


@needs_library
def test_another_passphrase_takes_the_place_of_the_first(path: Path) -> None:
    secret = filled(path)
    convert(path, PASSPHRASE)
    convert(path, "another one")
    assert traces(path.parent) == []
    encrypted.remember(path, PASSPHRASE)
    with pytest.raises(WrongPassphrase):
        Store(path)
    encrypted.remember(path, "another one")
    with Store(path) as store:
        assert store.turns(secret) != []


@needs_library
def test_the_bytes_of_the_old_file_are_overwritten(path: Path) -> None:
    filled(path)
    with path.open("rb") as old:
        assert WORD.encode() in old.read()
        convert(path, PASSPHRASE)
        old.seek(0)
        assert set(old.read()) == {0}


@needs_library
def test_a_file_with_a_second_name_is_left_as_it_is_under_that_name(path: Path) -> None:
    filled(path)
    copy = path.with_name("by-hand.db")
    os.link(path, copy)
    convert(path, PASSPHRASE)
    with Store(copy) as store:
        assert store.search(WORD) != []


@needs_library
def test_a_database_behind_a_link_is_moved_where_it_lies(path: Path, tmp_path: Path) -> None:
    filled(path)
    link = tmp_path / "link.db"
    link.symlink_to(path)
    convert(link, PASSPHRASE)
    assert link.is_symlink()
    assert encrypted.is_encrypted(path)
    assert traces(tmp_path) == []


@needs_library
def test_a_deletion_that_was_not_finished_is_finished_after_the_move(path: Path) -> None:
    with Store(path, busy_seconds=0.05) as store:
        secret = secret_session(store)
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM turns").fetchone()
        with pytest.raises(CompanionError, match="still reads"):
            store.delete(secret)
        reader.close()
    convert(path, PASSPHRASE)
    with Store(path) as store, store.transaction() as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == 1
    with Store(path) as store:
        store.recover()
    convert(path, None)
    assert traces(path.parent) == []


@needs_library
@pytest.mark.parametrize("passphrase", ["", PASSPHRASE])
def test_nothing_is_moved_while_another_program_has_the_database_open(path: Path, passphrase: str) -> None:
    filled(path)
    if passphrase:
        convert(path, passphrase)
    before = path.read_bytes()
    command = [sys.executable, "-c", HOLDER, str(path), passphrase]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(Refused, match=r"Another program uses .*companion\.db.*Close every chat"):
            convert(path, None if passphrase else PASSPHRASE)
        assert path.read_bytes() == before
        assert encrypted.MOVING not in "".join(os.listdir(path.parent))
        other.communicate("go on\n")
        assert other.returncode == 0
    with Store(path) as store:
        assert [hit.turn.text for hit in store.search("meanwhile")] == ["said meanwhile"]


@needs_library
def test_nothing_is_moved_while_this_program_has_it_open(path: Path) -> None:
    filled(path)
    with Store(path), pytest.raises(Refused, match="Another program uses"):
        convert(path, PASSPHRASE)
    assert not encrypted.is_encrypted(path)


@needs_library
def test_a_copy_that_is_not_like_the_original_does_not_take_its_place(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(path)
    counts = iter([{"turns": 1}, {"turns": 2}])
    monkeypatch.setattr(converting, "_rows", lambda _: next(counts))
    with pytest.raises(CompanionError, match="The copy was not like the original, which is left as it was"):
        convert(path, PASSPHRASE)
    assert os.listdir(path.parent) == ["companion.db"]
    assert not encrypted.is_encrypted(path)


@needs_library
def test_a_full_disk_while_moving_is_a_sentence_and_leaves_the_old_one(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(path)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(CompanionError, match=r"companion\.db could not be moved: No space left on device"):
            convert(path, PASSPHRASE)
    assert os.listdir(path.parent) == ["companion.db"]
    with Store(path) as store:
        assert store.check() == []


@needs_library
def test_a_left_over_copy_is_removed_and_one_that_is_being_made_is_not(path: Path) -> None:
    filled(path)
    copy = path.with_name(path.name + encrypted.MOVING)
    copy.write_bytes(WORD.encode())
    with copy.open("rb+") as being_made:
        fcntl.flock(being_made, fcntl.LOCK_EX)
        Store(path).close()
        assert copy.exists()
    Store(path).close()
    assert not copy.exists()


KILLED_AT_EVERY_STEP = """
# In a child for each step: converts, and is killed at the n-th call that companion/store/converting.py makes.
# The KDF is quick here: there are some hundred openings.
import os, shutil, signal, sys
from pathlib import Path
from companion.store import Store, converting, encrypted

encrypted.library(Path()).connect(":memory:").execute("PRAGMA cipher_default_kdf_iter = 1000").fetchall()
original, folder, old, new = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] or None, sys.argv[4] or None
path, word = folder / "companion.db", sys.argv[5].encode()
states = {"old": 0, "new": 0}
step = 0
if old:
    converting.convert(original, old)
while True:
    step += 1
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    shutil.copy(original, path)
    child = os.fork()
    if child == 0:
        seen = 0
        def count(frame, event, argument):
            global seen
            if frame.f_code.co_filename == converting.__file__ and event == "c_call":
                seen += 1
                if seen == step:
                    os.kill(os.getpid(), signal.SIGKILL)
        if old:
            encrypted.remember(path, old)
        sys.setprofile(count)
        converting.convert(path, new)
        sys.setprofile(None)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    is_new = encrypted.is_encrypted(path) == bool(new)
    passphrase = new if is_new else old
    if passphrase:
        encrypted.remember(path, passphrase)
    with Store(path) as store:
        assert store.encrypted == bool(passphrase), step
        assert store.stats().turns == 63 - 1, (step, store.stats())
        assert store.check() == [], step
    if passphrase:
        assert not any(word in file.read_bytes() for file in folder.iterdir()), step
    if not is_new:  # and it can be tried again
        converting.convert(path, new)
    assert os.listdir(folder) == ["companion.db"], (step, os.listdir(folder))
    assert (word in path.read_bytes()) == (not new), step
    encrypted.forget_passphrase(path)
    states["new" if is_new else "old"] += 1
    if not os.WIFSIGNALED(status):
        assert os.WEXITSTATUS(status) == 0 and is_new, (step, status)
        break
print(states["old"], states["new"])
"""


@needs_library
@pytest.mark.parametrize(("old", "new"), [("", PASSPHRASE), (PASSPHRASE, "")])
def test_p2_killed_at_any_step_the_old_or_the_new_database_is_whole(path: Path, old: str, new: str) -> None:
    filled(path)
    command = [sys.executable, "-c", KILLED_AT_EVERY_STEP, str(path), str(path.parent / "x"), old, new, WORD]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-2000:]
    times_old, times_new = map(int, ran.stdout.split())
    assert times_old > 10
    assert times_new > 3
