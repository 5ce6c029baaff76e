"""Encrypted databases for tests."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from companion.store import Store, encrypted
from companion.store.converting import convert
from tests.companion.test_forget import TRACES, other_session, secret_session

PASSPHRASE = "it's four words, Grüße"
needs_library = pytest.mark.skipif(
    find_spec("sqlcipher3") is None, reason="sqlcipher3 is not installed (companion-chat[encrypted])"
)

HOLDER = """
import sys
from pathlib import Path
from companion.store import Store, encrypted
path, passphrase = Path(sys.argv[1]), sys.argv[2]
if passphrase:
    encrypted.remember(path, passphrase)
store = Store(path)
print("open", flush=True)
sys.stdin.readline()
store.add_user_turn(store.new_session(None).id, "said meanwhile")
store.close()
"""
"""A program that has the database open until a line comes, then writes to it."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "companion.db"


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """No passphrase of another test."""
    monkeypatch.setattr(encrypted, "_passphrases", {})


def traces(folder: Path) -> list[str]:
    """The files under `folder` with the word in them, in any spelling that the store keeps."""
    return [
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file()
        for trace in TRACES
        if trace in file.read_bytes()
    ]


def filled(path: Path) -> str:
    with Store(path) as store:
        other_session(store)
        return secret_session(store)


def locked(path: Path, passphrase: str = PASSPHRASE) -> str:
    """An encrypted database whose passphrase this program does not know any more."""
    secret = filled(path)
    convert(path, passphrase)
    encrypted.forget_passphrase(path)
    return secret
