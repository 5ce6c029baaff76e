from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from companion import cli
from companion.cli import safety as safety_command
from tests.companion.fakes import CalmReader


@pytest.fixture(autouse=True)
def _without_an_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safety_command, "new_risk_reader", CalmReader)


def rows(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_each_line_of_text_is_a_message_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in.txt").write_text("I want to kill myself\n\nthanks\n", "utf-8")
    assert cli.run(["safety", "check", str(tmp_path / "in.txt"), "--json"]) == 0
    first, second = rows(capsys)
    assert (first["id"], first["level"], first["layers"], first["card"]) == (1, 3, ["phrases", "words"], True)
    assert (second["id"], second["level"], second["layers"], second["card"]) == (3, 0, [], False)


def test_a_conversation_is_read_turn_by_turn_with_its_state_s11(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    messages = [
        {"role": "user", "content": "I want to kill myself"},
        {"role": "assistant", "content": "You could kill yourself, says nobody here."},
        {"role": "user", "content": "ok thanks"},
    ]
    (tmp_path / "in.jsonl").write_text(json.dumps({"id": "c7", "messages": messages}), "utf-8")
    assert cli.run(["safety", "check", str(tmp_path / "in.jsonl"), "--json"]) == 0
    (row,) = rows(capsys)
    assert (row["id"], row["level"], row["layers"], row["card"]) == ("c7", 3, ["phrases", "words", "state"], True)
    assert [(turn["level"], turn["card"]) for turn in row["turns"]] == [(3, True), (3, False)]


def test_standard_input_is_read_and_every_answer_comes_before_the_next_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lines() -> Any:
        yield b'{"id": "a", "text": "hello"}\n'
        assert json.loads(capsys.readouterr().out)["id"] == "a"
        yield b'{"text": "my friend wants to kill herself"}\n'

    class Stream(io.BytesIO):
        def __iter__(self) -> Any:
            return lines()

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Stream()))
    assert cli.run(["safety", "check", "--json"]) == 0
    (row,) = rows(capsys)
    assert (row["id"], row["level"], row["third_person"], row["card"]) == (2, 0, True, False)


def test_the_table_shows_no_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in.txt").write_text("I want to kill myself\nhello\nim fourteen\n", "utf-8")
    assert cli.run(["safety", "check", str(tmp_path / "in.txt")]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[1].startswith("yes")
    assert "under 18" in out
    assert not any(character.isdigit() for character in out.replace("under 18", ""))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"id": 1}\n', 'line 1 has neither "text" (a string) nor "messages" (a list); it has id.'),
        ('{"text": "hello"}\n{"text"\n', "line 2 is not JSON"),
        ('{"text": "hello"}\n[1]\n', "line 2 is a list, not an object."),
        ('{"messages": ["hello"]}\n', "line 1, message 0: a message is an object"),
        ('{"messages": [{"role": "ghost", "content": "x"}]}\n', "line 1, message 0: the role 'ghost'"),
        ('{"messages": [{"role": "user"}]}\n', "line 1, message 0: there is no text"),
    ],
)
def test_an_error_names_file_line_and_reason(
    content: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in.jsonl").write_text(content, "utf-8")
    assert cli.run(["safety", "check", str(tmp_path / "in.jsonl"), "--json"]) == 2
    error = capsys.readouterr().err
    assert str(tmp_path / "in.jsonl") in error
    assert said in error


def test_a_file_that_is_not_there_is_not_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["safety", "check", str(tmp_path / "gone.txt")]) == 3
    assert "gone.txt" in capsys.readouterr().err


def test_an_empty_conversation_is_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in.jsonl").write_text('{"messages": []}\n', "utf-8")
    assert cli.run(["safety", "check", str(tmp_path / "in.jsonl"), "--json"]) == 0
    (row,) = rows(capsys)
    assert (row["level"], row["layers"], row["card"], row["turns"]) == (0, [], False, [])
