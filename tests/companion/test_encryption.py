"""P2: an encrypted database: closed without its passphrase, and like any other with it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from companion import paths
from companion.errors import CompanionError, UsageError
from companion.store import Store, encrypted
from companion.store.converting import convert
from companion.store.encrypted import PassphraseNeeded, WrongPassphrase
from tests.companion.locked import HOLDER, PASSPHRASE, filled, locked, needs_library, traces
from tests.companion.locked import nothing_remembered as nothing_remembered
from tests.companion.locked import path as path
from tests.companion.test_forget import WORD, secret_session
from tests.conftest import Program, said_no_more_than_a_sentence


@needs_library
def test_p2_a_wrong_passphrase_fails_closed_and_changes_nothing(path: Path) -> None:
    secret = locked(path)
    before = path.read_bytes()
    with pytest.raises(PassphraseNeeded, match=r"companion\.db is encrypted"):
        Store(path)
    encrypted.remember(path, "not this one")
    with pytest.raises(WrongPassphrase, match="does not open"):
        Store(path)
    with pytest.raises(PassphraseNeeded):
        convert(path, None)
    encrypted.remember(path, "not this one either")
    with pytest.raises(WrongPassphrase):
        convert(path, None)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == ["companion.db"]
    encrypted.remember(path, PASSPHRASE)
    with Store(path) as store:
        assert store.turns(secret) != []


@needs_library
def test_a_passphrase_is_the_same_however_its_letters_are_composed(path: Path) -> None:
    locked(path, "Grüße aus Köln")
    encrypted.remember(path, "Gru\u0308ße aus Ko\u0308ln")
    Store(path).close()


@pytest.mark.parametrize("nothing", ["", "a\0b"])
def test_a_passphrase_that_cannot_be_typed_is_refused(path: Path, nothing: str) -> None:
    with pytest.raises(UsageError, match="passphrase"):
        encrypted.remember(path, nothing)


@needs_library
def test_a_passphrase_that_looks_like_a_raw_key_opens_what_it_locked(path: Path) -> None:
    raw = f"x'{'0f' * 32}'"
    locked(path, raw)
    encrypted.remember(path, raw)
    Store(path).close()


@needs_library
def test_damage_to_an_encrypted_page_is_noticed(path: Path) -> None:
    locked(path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    encrypted.remember(path, PASSPHRASE)
    with Store(path) as store:
        assert store.check() == ["database disk image is malformed"]
        with pytest.raises(CompanionError, match=r"companion\.db is damaged"):
            store.sessions()


@needs_library
def test_two_programs_write_to_one_encrypted_database(path: Path) -> None:
    Store(path).close()
    convert(path, PASSPHRASE)
    with Store(path) as store:
        command = [sys.executable, "-c", HOLDER, str(path), PASSPHRASE]
        subprocess.run(command, input="go on\n", text=True, check=True, capture_output=True)
        store.add_user_turn(store.new_session(None).id, "said here")
        assert len(store.search("said")) == 2
        assert store.check() == []


@needs_library
def test_a_store_that_is_opened_twice_here_is_never_read_past_sqlite(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked(path)
    encrypted.remember(path, PASSPHRASE)
    with Store(path):
        monkeypatch.setattr(encrypted, "_looks_encrypted", lambda _: pytest.fail("the file was opened and closed"))
        with Store(path) as second:
            assert second.encrypted
    assert encrypted._held == {}


@needs_library
def test_an_old_encrypted_database_is_brought_up_to_date(path: Path) -> None:
    from sqlite_utils import Database

    from companion.store.schema import migrations

    path.parent.mkdir(mode=0o700)
    old = Database(path, execute_plugins=False)
    migrations.apply(old, stop_before="m003_candidates")
    old.close()
    convert(path, PASSPHRASE)
    with Store(path) as store:
        assert store.check() == []
        secret_session(store)
        assert len(store.search(WORD)) == 2


@needs_library
def test_deleting_from_and_forgetting_all_of_an_encrypted_database_work_as_ever(path: Path) -> None:
    secret = locked(path)
    encrypted.remember(path, PASSPHRASE)
    with Store(path) as store:
        store.delete(secret)
        assert store.search(WORD) == []
        store.forget_all()
        assert store.stats().turns == 0
        store.wipe()
    assert os.listdir(path.parent) == []


@needs_library
def test_p17_an_encrypted_database_is_opened_with_the_same_care(path: Path) -> None:
    locked(path)
    encrypted.remember(path, PASSPHRASE)
    with Store(path) as store, store.transaction() as connection:
        for pragma, value in (("trusted_schema", 0), ("cell_size_check", 1), ("secure_delete", 1), ("synchronous", 2)):
            assert connection.execute(f"PRAGMA {pragma}").fetchone()[0] == value
        assert connection.execute("PRAGMA kdf_iter").fetchone()[0] in {256000, "256000"}


@needs_library
def test_p17_either_kind_can_be_opened_to_be_read_only(path: Path) -> None:
    filled(path)
    for passphrase in ("", PASSPHRASE):
        if passphrase:
            convert(path, passphrase)
        with closing(encrypted.connect_to_read(path)) as connection:
            assert connection.execute("SELECT count(*) FROM turns").fetchone() == (62,)
            assert connection.execute("PRAGMA cell_size_check").fetchone()[0] == 1
            with pytest.raises(encrypted.errors(), match="readonly"):
                connection.execute("DELETE FROM taste")
    encrypted.forget_passphrase(path)
    with pytest.raises(PassphraseNeeded):
        encrypted.connect_to_read(path)


@needs_library
def test_a_backup_of_an_encrypted_database_is_encrypted_too(path: Path, tmp_path: Path) -> None:
    secret = locked(path)
    encrypted.remember(path, PASSPHRASE)
    copy = tmp_path / "copies" / "copy.db"
    copy.parent.mkdir()
    with Store(path) as store:
        store.backup(copy)
    assert traces(tmp_path) == []
    assert os.listdir(copy.parent) == ["copy.db"]
    with pytest.raises(PassphraseNeeded):
        Store(copy)
    encrypted.remember(copy, PASSPHRASE)
    with Store(copy) as store:
        assert store.turns(secret) != []
        assert store.check() == []


def test_without_the_package_an_encrypted_file_is_a_sentence_that_names_it(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sqlcipher3.dbapi2", None)
    paths.private_folder(paths.data_folder())
    paths.database().write_bytes(b"\x8f" * 8192)
    for arguments in (["sessions"], ["say", "hello"], ["data", "encrypt"], ["data", "decrypt"]):
        outcome = program(*arguments)
        assert outcome.code in {1, 4}
        if arguments != ["data", "encrypt"]:
            assert 'pip install "companion-chat[encrypted]"' in said_no_more_than_a_sentence(outcome)
    assert paths.database().read_bytes() == b"\x8f" * 8192


def test_a_library_without_encryption_is_not_used(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = type("Plain", (sqlite3.Connection,), {"set_key": lambda self, key: None})
    monkeypatch.setattr(
        encrypted,
        "library",
        lambda _: type(
            "Module", (), {"connect": staticmethod(lambda *a, **k: sqlite3.connect(*a, factory=plain, **k))}
        ),
    )
    Store(path).close()
    with pytest.raises(CompanionError, match="has no encryption in it"):
        convert(path, PASSPHRASE)
    assert os.listdir(path.parent) == ["companion.db"]
