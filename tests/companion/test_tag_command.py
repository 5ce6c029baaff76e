from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from companion import cli
from companion.cli import tag as tag_command
from companion.errors import UsageError
from companion.tag_stream import CHUNK, as_text, tagged, units
from planner.tactics import TACTICS, Tactic


class FakeTagger:
    """A question mark is questioning; everything else is nothing."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.sizes: list[int] = []
        self._stop_after = stop_after

    def tag_replies(self, replies: Sequence[Sequence[str]]) -> list[list[dict[Tactic, float]]]:
        self.sizes.append(len(replies))
        if self._stop_after is not None and sum(self.sizes) > self._stop_after:
            raise KeyboardInterrupt
        return [
            [{tactic: 0.9 if tactic is Tactic.QUESTIONING and "?" in s else 0.1 for tactic in TACTICS} for s in reply]
            for reply in replies
        ]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeTagger:
    tagger = FakeTagger()
    use(monkeypatch, tagger)
    return tagger


def use(monkeypatch: pytest.MonkeyPatch, tagger: FakeTagger) -> None:
    monkeypatch.setattr(tag_command, "_encoder", lambda: None)
    monkeypatch.setattr(tag_command, "EncoderTagger", lambda _: tagger)


def rows_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_plain_text_is_one_reply_a_line() -> None:
    assert [u.sentences for u in units(["Hello there. Why?\n", "\n", "Fine.\n"])] == [
        ("Hello there.", "Why?"),
        ("Fine.",),
    ]


def test_sentences_are_tagged_as_given() -> None:
    (unit,) = units(['{"id": 7, "sentences": ["One. Two.", "Three."]}'])
    assert (unit.id, unit.sentences) == (7, ("One. Two.", "Three."))


def test_each_reply_among_messages_is_a_row() -> None:
    line = json.dumps(
        {
            "id": "c",
            "messages": [
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "content": "Hello."},
                {"role": "user", "content": "So"},
                {"role": "assistant", "content": "Yes?"},
            ],
        }
    )
    assert [(u.id, u.turn, u.sentences) for u in units([line])] == [("c", 1, ("Hello.",)), ("c", 3, ("Yes?",))]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (['{"text": "a"}', "plain"], "Line 2 is not JSON"),
        (['{"words": "a"}'], "Line 1 has neither"),
        (['{"messages": [{"role": "wizard", "content": "a"}]}'], "the role 'wizard'"),
        (['{"messages": [{"role": "assistant"}]}'], "no text in content"),
        (['{"text": "a"}', "[1]"], "Line 2 is a list"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(lines: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        list(units(lines))


def test_a_row_has_scores_for_every_tactic_and_counts_of_the_used() -> None:
    (row,) = tagged(units(["Why? How? Well."]), FakeTagger())
    assert list(row) == ["id", "sentences", "tactics"]
    assert row["tactics"] == {"questioning": 2}
    assert [s["tactics"] for s in row["sentences"]] == [["questioning"], ["questioning"], []]
    assert list(row["sentences"][0]["scores"]) == [tactic.value for tactic in TACTICS]


def test_an_empty_reply_is_a_row_without_sentences() -> None:
    (row,) = tagged(units(['{"id": 1, "text": ""}']), FakeTagger())
    assert row == {"id": 1, "sentences": [], "tactics": {}}


def test_only_a_chunk_is_read_ahead() -> None:
    taken: list[int] = []

    def lines() -> Any:
        for number in range(10 * CHUNK):
            taken.append(number)
            yield "Well.\n"

    rows = tagged(units(lines()), FakeTagger())
    next(rows)
    assert len(taken) == CHUNK


def test_text_for_reading_keeps_a_sentence_on_one_line() -> None:
    (row,) = tagged(units(['{"sentences": ["Why\\nnot?"]}']), FakeTagger())
    assert as_text(row) == "questioning\tWhy not?\n"


def test_standard_input_is_tagged_as_json(
    fake: FakeTagger, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"id": "x", "text": "Why? Yes."}\n')))
    assert cli.run(["tag", "--json"]) == 0
    (row,) = rows_of(capsys.readouterr().out)
    assert row["id"] == "x"
    assert row["tactics"] == {"questioning": 1}


def test_escape_sequences_do_not_reach_the_output(
    fake: FakeTagger, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in.txt").write_text("Well\x1b[31m red.\n", "utf-8")
    assert cli.run(["tag", str(tmp_path / "in.txt")]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_an_interrupted_file_is_finished_by_resuming(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, output, whole = tmp_path / "in.jsonl", tmp_path / "out.jsonl", tmp_path / "whole.jsonl"
    source.write_text("".join(f'{{"id": {n}, "text": "Number {n}. Why?"}}\n' for n in range(3 * CHUNK)), "utf-8")
    use(monkeypatch, FakeTagger())
    assert cli.run(["tag", str(source), "--json", "-o", str(whole)]) == 0
    use(monkeypatch, FakeTagger(stop_after=CHUNK))
    assert cli.run(["tag", str(source), "--json", "-o", str(output)]) == 130
    assert "Continue with --resume" in capsys.readouterr().err
    assert len(rows_of(output.read_text("utf-8"))) == CHUNK
    with output.open("a", encoding="utf-8") as file:
        file.write('{"id": 128, "sent')  # a row that a crash cut off
    use(monkeypatch, FakeTagger())
    assert cli.run(["tag", str(source), "--json", "-o", str(output), "--resume"]) == 0
    assert output.read_bytes() == whole.read_bytes()


def test_resuming_a_finished_file_adds_nothing(fake: FakeTagger, tmp_path: Path) -> None:
    source, output = tmp_path / "in.txt", tmp_path / "out.jsonl"
    source.write_text("Why?\nYes.\n", "utf-8")
    arguments = ["tag", str(source), "--json", "-o", str(output)]
    assert cli.run(arguments) == 0
    before = output.read_bytes()
    assert cli.run([*arguments, "--resume"]) == 0
    assert output.read_bytes() == before


def test_another_files_output_is_refused(fake: FakeTagger, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, output = tmp_path / "in.txt", tmp_path / "out.jsonl"
    source.write_text("Why?\n", "utf-8")
    assert cli.run(["tag", str(source), "--json", "-o", str(output)]) == 0
    source.write_text("Something else.\n", "utf-8")
    assert cli.run(["tag", str(source), "--json", "-o", str(output), "--resume"]) == 2
    assert "do not belong together" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--resume"], ["--resume", "--json"], ["--resume", "-o", "x"]])
def test_resume_needs_a_file_of_json_lines(
    fake: FakeTagger, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["tag", *arguments]) == 2
    assert "give it with -o" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_an_exit_of_3(fake: FakeTagger, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["tag", "nowhere.txt"]) == 3
    assert "nowhere.txt cannot be read" in capsys.readouterr().err
