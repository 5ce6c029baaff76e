"""Every format against a golden file, its codebook, and who is left out of it."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from companion.export import Choice, Tally, write
from companion.export.choice import PSEUDONYM
from companion.export.columns import OF
from companion.export.csv_table import header, is_formula
from companion.store import Role, Status, Store, records
from tests.conftest import Program

GOLDEN = Path(__file__).parent / "golden" / "export"
WITH_TEXT = "--with-text"


@pytest.fixture
def golden(program: Program) -> Program:
    """The sessions of the golden files."""
    assert program("import", str(GOLDEN / "turns.jsonl")).code == 0
    return program


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("turns.jsonl", [WITH_TEXT]),
        ("turns-labels.jsonl", []),
        ("turns.csv", ["--format", "csv", WITH_TEXT]),
        ("turns-labels.csv", ["--format", "csv"]),
        ("sentences.jsonl", ["--what", "sentences", WITH_TEXT]),
        ("sentences.csv", ["--format", "csv", "--what", "sentences", WITH_TEXT]),
        ("sessions.jsonl", ["--what", "sessions", WITH_TEXT]),
        ("sessions.csv", ["--format", "csv", "--what", "sessions", WITH_TEXT]),
        ("markdown.golden", ["--format", "markdown", WITH_TEXT]),
        ("markdown-labels.golden", ["--format", "markdown"]),
        ("chat.golden", ["--format", "chat", WITH_TEXT]),
        ("chat-labels.golden", ["--format", "chat"]),
        ("sharegpt.golden", ["--format", "sharegpt", WITH_TEXT]),
        ("sharegpt-labels.golden", ["--format", "sharegpt"]),
    ],
)
def test_a_format_is_as_its_golden_file(golden: Program, name: str, arguments: list[str]) -> None:
    outcome = golden("export", *arguments)
    assert outcome.code == 0
    assert outcome.out == (GOLDEN / name).read_bytes().decode()


@pytest.mark.parametrize("what", ["turns", "sentences", "sessions"])
def test_parquet_has_the_types_and_rows_of_its_golden_file(golden: Program, tmp_path: Path, what: str) -> None:
    pq = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    file = tmp_path / "out.parquet"
    assert golden("export", "--format", "parquet", "--what", what, WITH_TEXT, "-o", str(file)).code == 0
    table = pq.read_table(file)
    wanted = json.loads((GOLDEN / f"{what}.parquet.json").read_text(encoding="utf-8"))
    assert str(table.schema).split("\n") == wanted["schema"]
    assert table.to_pylist() == wanted["rows"]


def test_the_codebook_lies_beside_the_file_and_names_every_column(golden: Program, tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    assert golden("export", "--format", "csv", WITH_TEXT, "-o", str(file)).code == 0
    beside = tmp_path / "out.csv.codebook.json"
    assert beside.read_bytes() == (GOLDEN / "turns.csv.codebook.json").read_bytes()
    assert stat.S_IMODE(beside.stat().st_mode) == 0o600
    names = next(csv.reader(io.StringIO(file.read_text(encoding="utf-8"))))
    assert (
        names == header("turns", with_text=True) == [each["name"] for each in json.loads(beside.read_text())["columns"]]
    )


@pytest.mark.parametrize("what", list(OF))
def test_the_keys_of_a_row_are_the_documented_columns(golden: Program, what: str) -> None:
    row = golden("export", "--what", what, WITH_TEXT).rows[0]
    assert list(row) == [column.key for column in OF[what]]  # type: ignore[index]  (a parameter is a str)
    labels = golden("export", "--what", what).rows[0]
    assert list(labels) == [column.key for column in OF[what] if not column.only_with_text]  # type: ignore[index]


def test_a_refused_codebook_leaves_no_half_export(golden: Program, tmp_path: Path) -> None:
    (tmp_path / "out.jsonl.codebook.json").write_text("mine", encoding="utf-8")
    assert golden("export", "-o", str(tmp_path / "out.jsonl")).code == 4
    assert [file.name for file in tmp_path.iterdir() if "out" in file.name] == ["out.jsonl.codebook.json"]


@pytest.mark.parametrize("form", ["markdown", "chat", "sharegpt"])
def test_conversations_are_not_tables(golden: Program, form: str) -> None:
    outcome = golden("export", "--format", form, "--what", "sessions")
    assert (outcome.code, outcome.out) == (2, "")
    assert "choose jsonl, csv or parquet" in outcome.err


def test_parquet_is_not_written_to_a_terminal(golden: Program) -> None:
    assert golden("export", "--format", "parquet").code == 2


# -- P8, P9 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@a", "\tx", "\rx", "\0x", " =1", "\n=1", "＝1", "|x"])
def test_p9_a_text_that_a_spreadsheet_might_run_is_a_formula(cell: str) -> None:
    assert is_formula(cell)


@pytest.mark.parametrize("cell", ["", "a=1", "'quoted", "1", "(-1)"])
def test_p9_other_text_is_none(cell: str) -> None:
    assert not is_formula(cell)


def test_p9_no_text_cell_of_a_table_begins_like_a_formula(program: Program) -> None:
    with program.store() as store:
        session = store.new_session("=model", condition="@arm", title="+title")
        for text in ("=1+1", "-x", "+y", "@z", "\tq", "fine"):
            store.add_user_turn(session.id, text)
    for arguments in (["--what", "turns"], ["--what", "sessions"]):
        out = program("export", "--format", "csv", WITH_TEXT, *arguments).out
        rows = list(csv.DictReader(io.StringIO(out)))
        assert rows
        assert not [cell for row in rows for cell in row.values() if is_formula(cell)]
        assert rows[0]["guarded"]


def test_p8_another_name_of_a_replaced_file_keeps_what_it_had(golden: Program, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("mine", encoding="utf-8")
    os.link(tmp_path / "other", tmp_path / "out.jsonl")
    assert golden("export", "-o", str(tmp_path / "out.jsonl"), "--force").code == 0
    assert (tmp_path / "other").read_text(encoding="utf-8") == "mine"


def test_p8_what_is_no_file_is_never_replaced(golden: Program, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert golden("export", "-o", str(tmp_path / "pipe"), "--force").code == 1
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_an_export_that_fails_leaves_the_old_file_whole_and_nothing_beside_it(
    golden: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "out" / "a.jsonl"
    file.parent.mkdir()
    file.write_text("mine", encoding="utf-8")

    def broken(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("companion.export.table_rows.turn_row", broken)
    outcome = golden("export", "-o", str(file), "--force")
    assert (outcome.code, outcome.err) == (1, f"companion: {file} cannot be written: No space left on device.\n")
    assert [each.name for each in file.parent.iterdir()] == ["a.jsonl"]
    assert file.read_text(encoding="utf-8") == "mine"


# -- P14, S21 ---------------------------------------------------------------------------------------------------------


def spoken(store: Store, *texts: str, model: str = "mini", risky: tuple[str, ...] = ()) -> str:
    """A session in which each of the person's messages has a reply of its words backwards."""
    session, parent = store.new_session(model), None
    for text in texts:
        said = store.add_user_turn(session.id, text, parent)
        if text in risky:
            store.risk_event(said.id, 3, "phrases", True)
        reply = store.begin_reply(session.id, said.id)
        store.finish_reply(reply.id, Status.COMPLETE, text[::-1], [(text[::-1], {"validation": 1.0})])
        parent = reply.id
    return session.id


def test_p14_sessions_have_pseudonyms_that_stay_and_differ_between_databases(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with program.store() as store:
        ids = {spoken(store, "one"), spoken(store, "two")}
    first = [row["session"] for row in program("export").rows]
    assert all(PSEUDONYM.fullmatch(name) for name in first)
    assert len(set(first)) == 2
    assert [row["session"] for row in program("export", "--what", "sentences").rows] == first[::2]
    assert [row["session"] for row in program("export").rows] == first
    assert {row["session"] for row in program("export", "--real-ids").rows} == ids
    copy = tmp_path / "elsewhere" / "data"
    copy.mkdir(parents=True)
    monkeypatch.setenv("COMPANION_HOME", str(copy.parent))
    with program.store() as other:
        other._connection.execute("INSERT INTO sessions SELECT ?, NULL, '', '', 0, NULL, NULL, '{}', NULL", (min(ids),))
        other.add_user_turn(min(ids), "one")
    assert program("export").rows[0]["session"] not in first


def test_p14_a_model_is_named_without_the_folder_it_lies_in(program: Program) -> None:
    with program.store() as store:
        spoken(store, "one", model="/home/somebody/models/a.gguf")
    assert {row["model"] for row in program("export").rows} == {"a.gguf"}
    assert {row["model"] for row in program("export", "--real-ids").rows} == {"/home/somebody/models/a.gguf"}


def test_p14_text_comes_after_a_plain_warning(golden: Program) -> None:
    assert "Warning" not in golden("export").err
    assert golden("export", WITH_TEXT).err.startswith("Warning: this export holds what was said.")


def test_p14_no_format_has_a_word_of_what_was_said_unless_asked(program: Program, tmp_path: Path) -> None:
    with program.store() as store:
        spoken(store, "Bartholomew sings")
        store.rate(2, 1, "Bartholomew again")
    for form in ("jsonl", "csv", "markdown", "chat", "sharegpt"):
        for what in ("turns", "sentences", "sessions"):
            if form in {"jsonl", "csv"} or what == "turns":
                out = program("export", "--format", form, "--what", what).out
                assert out
                assert "Bartholomew" not in out
                assert "sgnis" not in out


def test_s21_crises_and_the_replies_to_them_are_left_out_unless_asked_for(program: Program) -> None:
    with program.store() as store:
        session = spoken(store, "dangerous words", "second", "third", risky=("dangerous words",))
        store.risk_event(store.turns(session)[2].id, 2, "words", False)  # below
    outcome = program("export", WITH_TEXT)
    assert [row["text"] for row in outcome.rows] == ["second", "dnoces", "third", "driht"]
    assert [(row["turn"], row["parent"]) for row in outcome.rows] == [(1, None), (2, 1), (3, 2), (4, 3)]
    assert {row["crisis"] for row in outcome.rows} == {None}
    assert outcome.err.endswith("2 turns of crises are left out; --with-crisis has them.\n")
    full = program("export", WITH_TEXT, "--with-crisis")
    assert [row["crisis"] for row in full.rows] == [True, True, False, False, False, False]
    assert "left out" not in full.err


def test_s21_nothing_of_a_crisis_is_in_any_format_its_title_neither(program: Program) -> None:
    with program.store() as store:
        spoken(store, "dangerous words", "second", risky=("dangerous words",))
    for form in ("jsonl", "csv", "markdown", "chat", "sharegpt"):
        for what in ("turns", "sentences", "sessions") if form in {"jsonl", "csv"} else ("turns",):
            out = program("export", "--format", form, "--what", what, WITH_TEXT).out
            assert out
            assert "dangerous" not in out
            assert "suoregnad" not in out
            assert (
                "dangerous" in program("export", "--format", form, "--what", what, WITH_TEXT, "--with-crisis").out
                or what == "sentences"
            )


def test_s21_an_answer_to_a_turn_that_is_left_out_follows_what_was_before_it(program: Program) -> None:
    with program.store() as store:
        spoken(store, "first", "dangerous words", "third", risky=("dangerous words",))
    rows = program("export", WITH_TEXT).rows
    assert [(row["text"], row["parent"]) for row in rows] == [("first", None), ("tsrif", 1), ("third", 2), ("driht", 3)]


# -- memory -----------------------------------------------------------------------------------------------------------


class Nowhere(io.RawIOBase):
    """Takes bytes and counts them."""

    size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.size += len(data)
        return len(data)


def peak(store: Store, form: str) -> int:
    """Bytes that an export takes at most."""
    write(store, store.each_session(), io.BufferedWriter(Nowhere()), form, "turns", Choice(True), Tally())  # type: ignore[arg-type]
    tracemalloc.start()
    write(store, store.each_session(), io.BufferedWriter(Nowhere()), form, "turns", Choice(True), Tally())  # type: ignore[arg-type]
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return taken


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_memory_does_not_grow_with_the_length_of_a_session(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "CHUNK", 50)
    with Store(None) as store:
        session = store.new_session("mini")
        sizes = []
        for _ in range(2):
            with store.transaction():
                for number in range(600):
                    turn = store.add_turn(session.id, Role.ASSISTANT, f"{number} {'word ' * 100}")
                    store.add_sentences(turn.id, [("a sentence", {"validation": 1.0})])
            sizes.append(peak(store, form))
    assert sizes[1] < 1.2 * sizes[0]
    assert sizes[1] < 1200 * 500  # less than the texts alone


def test_what_is_read_in_pieces_is_what_is_read_at_once(golden: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = golden("export", WITH_TEXT).out
    monkeypatch.setattr(records, "CHUNK", 1)
    assert golden("export", WITH_TEXT).out == whole


def test_an_export_is_of_one_moment(golden: Program) -> None:
    with golden.store() as reading, golden.store() as writing, reading.snapshot():
        before = [session.id for session in reading.each_session()]
        writing.add_user_turn(writing.new_session("mini").id, "meanwhile")
        assert [session.id for session in reading.each_session()] == before


def test_without_pyarrow_parquet_is_a_sentence_that_names_the_extra(
    golden: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    outcome = golden("export", "--format", "parquet", "-o", str(tmp_path / "a.parquet"))
    assert outcome.code == 1
    assert "companion-chat[tables]" in outcome.err
    assert not (tmp_path / "a.parquet").exists()
