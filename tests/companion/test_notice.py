from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from companion.safety import notice
from tests.conftest import Program

TODAY = date(2026, 5, 4)


def test_s1_the_notice_is_due_once_a_day(tmp_path: Path) -> None:
    assert notice.due(tmp_path, TODAY)
    notice.shown(tmp_path, TODAY)
    assert not notice.due(tmp_path, TODAY)
    assert notice.due(tmp_path, date(2026, 5, 5))


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"yesterday"])
def test_a_mark_that_cannot_be_read_only_means_that_it_is_shown_again(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "notice").write_bytes(content)
    assert notice.due(tmp_path, TODAY)


def test_a_folder_that_cannot_be_written_only_means_that_it_is_shown_again(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    notice.shown(tmp_path / "file" / "state", TODAY)
    assert notice.due(tmp_path / "file" / "state", TODAY)


def test_s1_s20_it_says_that_this_is_a_program_for_adults_that_keeps_what_is_said_here() -> None:
    for words in ("a program, not a person", "can be wrong", "adults", "nothing is sent anywhere"):
        assert words in " ".join(notice.NOTICE.split())
    assert "emergency number" in notice.HELP_FROM_PEOPLE


def test_s1_the_first_command_of_the_day_shows_it_on_standard_error_and_the_next_does_not(program: Program) -> None:
    program.says("Yes.", "Yes.")
    first = program("say", "hello")
    program.says("Yes.")
    second = program("say", "hello")
    assert notice.NOTICE in first.err
    assert notice.HELP_FROM_PEOPLE in first.err
    assert first.out == second.out == "Yes.\n"
    assert notice.NOTICE not in second.err
