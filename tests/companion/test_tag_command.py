from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from companion import cli, paths
from companion.cli import scale
from companion.cli import tag as tag_command
from companion.errors import UsageError
from companion.tag_stream import CHUNK, as_text, tagged, units
from planner.tactics import TACTICS, Tactic
from tests.conftest import Program, said_no_more_than_a_sentence, with_encoder


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
    monkeypatch.setattr(tag_command, "new_encoder", lambda: None)
    monkeypatch.setattr(scale, "EncoderTagger", lambda _: tagger)


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


@pytest.mark.parametrize("text", ["a diary\nof mine", "a diary of mine", '{"id": 1}\n', '["a", "b"]\n'])
def test_a_file_that_is_no_output_is_refused_and_left_alone(
    fake: FakeTagger, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    source, output = tmp_path / "in.txt", tmp_path / "out.jsonl"
    source.write_text("Why?\nYes.\n", "utf-8")
    output.write_text(text, "utf-8")
    assert cli.run(["tag", str(source), "--json", "-o", str(output), "--resume"]) == 2
    assert "does not end in rows of tags" in capsys.readouterr().err
    assert output.read_text("utf-8") == text


@pytest.mark.parametrize("size", [0, 3, 40, 400])
def test_a_call_that_was_killed_in_its_first_row_is_finished_by_resuming(
    fake: FakeTagger, tmp_path: Path, size: int
) -> None:
    source, whole, output = tmp_path / "in.txt", tmp_path / "whole.jsonl", tmp_path / "out.jsonl"
    source.write_text("Why?\nYes.\n", "utf-8")
    assert cli.run(["tag", str(source), "--json", "-o", str(whole)]) == 0
    output.write_bytes(whole.read_bytes()[:size])
    assert cli.run(["tag", str(source), "--json", "-o", str(output), "--resume"]) == 0
    assert output.read_bytes() == whole.read_bytes()


def test_what_is_read_is_never_written_over(
    fake: FakeTagger, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "in.txt"
    source.write_text("Why?", "utf-8")
    (tmp_path / "link").symlink_to(source)
    for output in (source, tmp_path / "link"):
        for more in ([], ["--resume"]):
            assert cli.run(["tag", str(source), "--json", "-o", str(output), *more]) == 2
    assert "is what is read" in capsys.readouterr().err
    assert source.read_text("utf-8") == "Why?"


def test_without_an_encoder_nothing_is_touched_and_the_sentence_says_what_makes_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(paths, "shipped_models", lambda: tmp_path)
    source, output = tmp_path / "in.txt", tmp_path / "out.jsonl"
    source.write_text("Why?\n", "utf-8")
    output.write_text("mine", "utf-8")
    assert cli.run(["tag", str(source), "--json", "-o", str(output)]) == 3
    assert "`companion train encoder` makes it." in capsys.readouterr().err
    assert output.read_text("utf-8") == "mine"


@with_encoder
def test_the_shipped_encoder_tags_a_file_the_same_whole_and_in_two_goes(tmp_path: Path) -> None:
    source, whole, output = tmp_path / "in.txt", tmp_path / "whole.jsonl", tmp_path / "out.jsonl"
    source.write_text("".join(f"I am sorry. What happened on day {n}?\n" for n in range(CHUNK + 9)), "utf-8")
    assert cli.run(["tag", str(source), "--json", "-o", str(whole)]) == 0
    assert rows_of(whole.read_text("utf-8"))[0]["tactics"]["questioning"] == 1
    output.write_bytes(b"".join(whole.read_bytes().splitlines(keepends=True)[:CHUNK]) + b'{"id": nu')
    assert cli.run(["tag", str(source), "--json", "-o", str(output), "--resume"]) == 0
    assert output.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("arguments", [["--resume"], ["--resume", "--json"], ["--resume", "-o", "x"]])
def test_resume_needs_a_file_of_json_lines(
    fake: FakeTagger, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["tag", *arguments]) == 2
    assert "give it with -o" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_an_exit_of_3(fake: FakeTagger, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["tag", "nowhere.txt"]) == 3
    assert "nowhere.txt cannot be read" in capsys.readouterr().err


def parquet_of(path: Path, rows: list[dict[str, Any]]) -> Path:
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    from pyarrow import parquet

    parquet.write_table(pa.Table.from_pylist(rows), path)
    return path


def test_rows_of_parquet_are_tagged_as_lines_of_json_are(program: Program, fake: FakeTagger, tmp_path: Path) -> None:
    messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "So?"}]
    for rows in ([{"id": 1, "text": "Why? Well."}, {"id": 2, "text": "Hm."}], [{"id": "c", "messages": messages}]):
        table = program("tag", "--json", str(parquet_of(tmp_path / "in", rows)))
        (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        assert table.code == 0
        assert table.out == program("tag", "--json", str(tmp_path / "in.jsonl")).out != ""


def test_a_row_of_parquet_that_cannot_be_used_is_named(program: Program, fake: FakeTagger, tmp_path: Path) -> None:
    outcome = program("tag", str(parquet_of(tmp_path / "in", [{"id": 1, "text": "Well."}, {"id": 2, "text": None}])))
    assert outcome.code == 2
    assert said_no_more_than_a_sentence(outcome).startswith("Row 2 has neither")
    (tmp_path / "cut").write_bytes((tmp_path / "in").read_bytes()[:40])
    outcome = program("tag", str(tmp_path / "cut"))
    assert "is not a Parquet file that can be read" in said_no_more_than_a_sentence(outcome)


def test_a_line_that_is_nested_too_deep_is_a_sentence() -> None:
    with pytest.raises(UsageError, match="Line 1 is nested too deep"):
        list(units(['{"a":' * 100_000]))
