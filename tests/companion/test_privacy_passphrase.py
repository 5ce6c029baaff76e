"""P2 and P16: where a passphrase comes from, and the commands that need one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from companion import paths
from companion.cli.opening import open_store
from companion.store import Store, encrypted
from companion.store.converting import convert
from companion.store.encrypted import PassphraseNeeded
from tests.companion.locked import PASSPHRASE, locked, needs_library, traces
from tests.companion.locked import nothing_remembered as nothing_remembered
from tests.companion.locked import path as path
from tests.companion.terminal import Terminal
from tests.companion.test_forget import WORD, secret_session
from tests.conftest import Program, said_no_more_than_a_sentence


@pytest.fixture
def passphrase_file(tmp_path: Path) -> Path:
    file = tmp_path / "passphrase"
    file.write_text(f"{PASSPHRASE}\n", "utf-8")
    file.chmod(0o600)
    return file


def forget_everything() -> None:
    """As if the next command ran in a program of its own."""
    encrypted._passphrases.clear()


@needs_library
def test_p2_the_commands_encrypt_say_so_and_decrypt(
    program: Program, passphrase_file: Path, monkeypatch: pytest.MonkeyPatch, own_home: Path
) -> None:
    with program.store() as store:
        secret_session(store)
    assert "not encrypted)" in program("data").out
    assert program("data", "status", "--json").rows[0]["encrypted"] is False
    monkeypatch.setenv("COMPANION_PASSPHRASE_FILE", str(passphrase_file))
    outcome = program("data", "encrypt")
    assert outcome.code == 0
    assert "Without the passphrase nobody can read" in outcome.err
    assert traces(own_home) == []
    forget_everything()
    assert ", encrypted)" in program("data").out
    forget_everything()
    assert program("data", "status", "--json").rows[0]["encrypted"] is True
    assert program("data", "encrypt").code == 4
    forget_everything()
    assert len(program("sessions", "search", WORD).out.splitlines()) == 2
    forget_everything()
    backup = own_home / "backup.db"
    assert "encrypted with the same passphrase" in program("data", "backup", str(backup)).err
    assert traces(own_home) == []
    forget_everything()
    assert program("data", "decrypt").code == 0
    assert program("data", "decrypt").code == 4
    monkeypatch.delenv("COMPANION_PASSPHRASE_FILE")
    assert "not encrypted)" in program("data").out


@needs_library
def test_talking_exporting_and_forgetting_leave_nothing_plain_beside_an_encrypted_database(
    told: Program, own_home: Path
) -> None:
    told.store().close()
    convert(paths.database(), PASSPHRASE)
    told.says(f"You said {WORD}.")
    assert told("say", f"my {WORD}").code == 0
    told.says(f"{WORD} again.")
    assert told("chat", "--plain", "--resume", "last", typed=f"{WORD}\n").code == 0
    assert len(told("export").rows) == 4
    assert traces(own_home) == []
    with told.store() as store:
        assert store.encrypted
        (session,) = store.sessions()
        assert store.stats().turns == 4
    assert told("data", "forget", session.id, "--yes").code == 0
    assert traces(own_home) == []


@needs_library
def test_the_passphrase_is_changed_from_a_file(
    program: Program, passphrase_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    locked(paths.database())
    monkeypatch.setenv("COMPANION_PASSPHRASE_FILE", str(passphrase_file))
    fresh = tmp_path / "fresh"
    fresh.write_text("something else entirely")
    fresh.chmod(0o600)
    assert program("data", "passphrase", "--new-file", str(fresh)).code == 0
    forget_everything()
    outcome = program("sessions")
    assert outcome.code == 4
    assert "does not open" in said_no_more_than_a_sentence(outcome)
    monkeypatch.setenv("COMPANION_PASSPHRASE_FILE", str(fresh))
    assert program("sessions").code == 0


@needs_library
def test_a_descriptor_can_hold_the_passphrase(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    locked(paths.database())
    reading, writing = os.pipe()
    os.write(writing, f"{PASSPHRASE}\n".encode())
    os.close(writing)
    monkeypatch.setenv("COMPANION_PASSPHRASE_FILE", f"/dev/fd/{reading}")
    assert program("sessions").code == 0
    os.close(reading)


@needs_library
def test_a_passphrase_file_that_is_no_good_is_a_sentence(
    program: Program, passphrase_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    locked(paths.database())
    monkeypatch.setenv("COMPANION_PASSPHRASE_FILE", str(tmp_path / "nowhere"))
    outcome = program("sessions")
    assert (outcome.code, "cannot be read: No such file" in said_no_more_than_a_sentence(outcome)) == (2, True)
    monkeypatch.setenv("COMPANION_PASSPHRASE_FILE", str(passphrase_file))
    passphrase_file.chmod(0o640)
    outcome = program("sessions")
    assert (outcome.code, "chmod 600" in said_no_more_than_a_sentence(outcome)) == (4, True)
    passphrase_file.chmod(0o600)
    passphrase_file.write_bytes(b"\xff\xfe")
    assert program("sessions").code == 2


@needs_library
def test_a_short_passphrase_is_refused_and_nothing_is_changed(
    program: Program, passphrase_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.store().close()
    passphrase_file.write_text("seven77")
    monkeypatch.setenv("COMPANION_PASSPHRASE_FILE", str(passphrase_file))
    outcome = program("data", "encrypt")
    assert (outcome.code, "at least 8 characters" in outcome.err) == (2, True)
    assert not encrypted.is_encrypted(paths.database())


@needs_library
def test_who_has_lost_the_passphrase_can_wipe_and_begin_again(program: Program) -> None:
    locked(paths.database())
    assert program("data", "wipe", "--yes").code == 0
    assert not list(paths.data_folder().glob("companion.db*"))
    assert program("sessions").code == 0


@needs_library
def test_a_front_end_is_told_and_answers_by_itself(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    locked(paths.database())
    monkeypatch.setattr("companion.cli.passphrase.asked", lambda _: pytest.fail("asked on the front end's terminal"))
    notes: list[str] = []
    with pytest.raises(PassphraseNeeded) as raised:
        open_store(note=notes.append)
    encrypted.remember(raised.value.path, PASSPHRASE)
    with open_store(note=notes.append) as store:
        assert store.encrypted


@needs_library
def test_p2_the_passphrase_is_asked_for_on_the_terminal_and_never_shown(own_home: Path) -> None:
    with Store(paths.database()) as store:
        secret_session(store)
    with Terminal("data", "encrypt") as terminal:
        for prompt in ("New passphrase: ", "The same again: "):
            terminal.until(prompt)
            terminal.type(f"{PASSPHRASE}\n")
        terminal.until("is encrypted.")
        assert terminal.end() == 0
        assert PASSPHRASE not in terminal.shown
        assert terminal.attributes() == terminal.before
    assert traces(own_home) == []
    with Terminal("sessions", "list") as terminal:
        terminal.until("Passphrase: ")
        terminal.type("not this one\n")
        terminal.until("does not open it.")
        terminal.until("Passphrase: ")
        terminal.type(f"{PASSPHRASE}\n")
        terminal.until(WORD)
        assert terminal.end() == 0
        assert PASSPHRASE not in terminal.shown


@needs_library
def test_three_wrong_passphrases_are_the_end(own_home: Path) -> None:
    locked(paths.database())
    with Terminal("sessions", "list") as terminal:
        for _ in range(3):
            terminal.until("Passphrase: ")
            terminal.type("not this one\n")
        terminal.until("The passphrase does not open")
        assert terminal.end() == 4


@needs_library
def test_two_different_new_passphrases_change_nothing(own_home: Path) -> None:
    Store(paths.database()).close()
    with Terminal("data", "encrypt") as terminal:
        terminal.until("New passphrase: ")
        terminal.type(f"{PASSPHRASE}\n")
        terminal.until("The same again: ")
        terminal.type("something else\n")
        terminal.until("The two were not the same")
        assert terminal.end() == 2
    assert not encrypted.is_encrypted(paths.database())


@needs_library
def test_without_a_terminal_or_a_file_an_encrypted_database_stays_closed(own_home: Path) -> None:
    locked(paths.database())
    before = paths.database().read_bytes()
    ran = subprocess.run(
        [sys.executable, "-m", "companion", "sessions"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
    )
    assert (ran.returncode, ran.stdout) == (4, "")
    assert "COMPANION_PASSPHRASE_FILE" in ran.stderr
    assert paths.database().read_bytes() == before


def test_a_folder_that_is_copied_elsewhere_is_pointed_out(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert program("data").err == ""
    shared = tmp_path / "Dropbox (Personal)" / "home"
    monkeypatch.setenv("COMPANION_HOME", str(shared))
    assert "looks like a folder that is copied to other computers" in program("data").err
    shutil.rmtree(shared.parent)
    marked = tmp_path / "syncing"
    (marked / ".stfolder").mkdir(parents=True)
    monkeypatch.setenv("COMPANION_HOME", str(marked / "home"))
    assert str(marked) in program("data").err
