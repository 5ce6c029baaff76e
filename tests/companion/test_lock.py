"""P15: what opens a locked chat, and what is written while it is locked."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from companion.safety.lock import CHOOSE, FORGOTTEN, Lock
from companion.store import encrypted


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "companion.db"


def test_p15_only_the_code_opens_it() -> None:
    lock = Lock("four horses")
    assert lock.opens("four horses")
    for wrong in ("", "four horse", "four horses ", "FOUR HORSES", "\udcff"):
        assert not lock.opens(wrong)


def test_p15_the_keyboard_makes_no_difference() -> None:
    assert Lock(unicodedata.normalize("NFD", "café où")).opens(unicodedata.normalize("NFC", "café où"))


def test_p15_where_the_database_has_a_passphrase_that_is_what_opens_it(path: Path) -> None:
    encrypted.remember(path, "a long passphrase")
    try:
        lock = Lock.of(path)
        assert lock is not None
        assert "passphrase" in lock.sentence
        assert lock.opens("a long passphrase")
        assert not lock.opens("another")
    finally:
        encrypted.forget_passphrase(path)


def test_p15_without_one_a_code_is_to_be_chosen_and_what_it_is_worth_is_said(path: Path) -> None:
    assert Lock.of(path) is None
    assert Lock.of(None) is None
    assert "without one, Enter brings the chat back" in CHOOSE
    assert "starting it again opens the chat without it" in FORGOTTEN
