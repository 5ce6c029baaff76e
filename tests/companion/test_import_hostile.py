"""Files that mean harm, or are broken: a sentence, whatever is good in them, and never much memory or disk."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import zipfile
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from companion.errors import CompanionError
from companion.importing import read, reading
from companion.store import Store
from tests.conftest import Program, said_no_more_than_a_sentence

GOOD = b'{"messages": [{"role": "user", "content": "hello"}]}\n'
GIGABYTE = 1 << 30

# The reading and storing of a file, in a program of its own; the most memory it had goes to standard output. Linux
# hands ru_maxrss on through fork and exec, so that a large parent would count; VmHWM begins anew.
PROGRAM = """
import re, resource, sys
from pathlib import Path
from companion.cli import run
code = run(["import", sys.argv[1]])
if sys.platform == "linux":
    most = int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024
else:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(code, most)
"""


def alone(file: Path) -> tuple[int, int, str]:
    """(exit code, bytes of memory at most, what was said) of an import in a program of its own."""
    ran = subprocess.run([sys.executable, "-c", PROGRAM, str(file)], capture_output=True, text=True, env={**os.environ})
    assert "Traceback" not in ran.stderr
    code, memory = ran.stdout.split()
    return int(code), int(memory), ran.stderr


def sessions(program: Program) -> int:
    with program.store() as store:
        return len(list(store.each_session()))


def repeated_text(path: Path, size: int, rows: int) -> None:
    """A small Parquet file in which every row has the same long text."""
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    import pyarrow.parquet as pq

    texts = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array(["x" * size]))
    pq.write_table(pa.table({"session": ["s"] * rows, "role": ["user"] * rows, "text": texts}), path)


@pytest.mark.parametrize("name", ["long.jsonl", "long.json", "long.csv", "dense.jsonl", "quote.csv", "bomb.parquet"])
def test_no_file_takes_a_gigabyte(tmp_path: Path, program: Program, name: str) -> None:
    file = tmp_path / name
    long = b'{"messages": [{"role": "user", "content": "' + b"a" * (100 << 20) + b'"}]}'
    good_comes_in = True
    match name:
        case "long.jsonl":
            file.write_bytes(long + b"\n" + GOOD)
        case "long.json":
            file.write_bytes(b"[" + long + b"," + GOOD + b"]")
            good_comes_in = False  # where the next item begins cannot be told
        case "long.csv":
            file.write_bytes(b"role,text\nuser," + b"a" * (100 << 20) + b"\nuser,hello\n")
        case "dense.jsonl":
            file.write_bytes(b'{"x": [' + b"{}," * (5 << 20) + b"{}]}\n" + GOOD)
        case "quote.csv":
            file.write_bytes(b'role,text\nuser,"hello\n' + b"assistant,yes\n" * (2 << 20))
            good_comes_in = False
        case _:
            repeated_text(file, 50 << 20, 500)
            good_comes_in = False
    code, memory, said = alone(file)
    assert memory < GIGABYTE
    assert code == (0 if good_comes_in else 2)
    assert f"{file}, " in said
    assert sessions(program) == good_comes_in


def test_a_parquet_file_that_unpacks_to_far_more_than_it_is_is_left(tmp_path: Path, program: Program) -> None:
    file = tmp_path / "bomb.parquet"
    repeated_text(file, 900_000, 2000)
    assert file.stat().st_size < 100_000
    outcome = program("import", str(file))
    assert outcome.code == 2
    assert "the file unpacks to far more than it is; reading ended there." in outcome.err
    assert sessions(program) == 0


@pytest.mark.parametrize("cut", [4, 100, -4])
def test_a_damaged_parquet_file_is_one_sentence(tmp_path: Path, program: Program, cut: int) -> None:
    file = tmp_path / "a.parquet"
    repeated_text(file, 10, 10)
    file.write_bytes(file.read_bytes()[:cut])
    assert "is not a Parquet file that can be read" in said_no_more_than_a_sentence(program("import", str(file)))


def archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("../../conversations.json", b"\0" * (20 << 20))


FILES: dict[str, tuple[bytes, str]] = {
    "zip": (b"", "is a zip archive; unpack it"),
    "gzip": (gzip.compress(b"\0" * (20 << 20)), "is packed with gzip; unpack it"),
    "xz": (b"\xfd7zXZ\0...", "is packed with xz"),
    "zstd": (b"\x28\xb5\x2f\xfd...", "is packed with zstd"),
    "database": (b"SQLite format 3\0....", "is a database"),
    "utf-16": (json.dumps([{"messages": []}]).encode("utf-16"), "is not UTF-8 text; save it as UTF-8"),
    "utf-16 without a mark": (GOOD.decode().encode("utf-16-le"), "is not UTF-8 text"),
    "nothing but zeros": (b"\0" * 1000, "is not UTF-8 text"),
    "nothing": (b"", "is empty"),
    "white space": (b" \n\n", "is empty"),
}


@pytest.mark.parametrize("name", list(FILES))
def test_a_file_of_another_kind_is_one_sentence(tmp_path: Path, program: Program, name: str) -> None:
    content, sentence = FILES[name]
    file = tmp_path / "file"
    if name == "zip":
        archive(file)
    else:
        file.write_bytes(content)
    outcome = program("import", str(file))
    assert sentence in said_no_more_than_a_sentence(outcome)
    assert outcome.code == 2


def test_what_is_not_a_file_is_one_sentence(tmp_path: Path, program: Program) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, code in ((tmp_path, 2), (tmp_path / "pipe", 2), (Path("/dev/zero"), 2), (tmp_path / "none", 3)):
        outcome = program("import", str(path))
        assert said_no_more_than_a_sentence(outcome)
        assert outcome.code == code


def test_a_name_cannot_steer_the_terminal(tmp_path: Path, program: Program) -> None:
    file = tmp_path / "a\x1b]0;owned\x07b.jsonl"
    file.write_bytes(GOOD + b"5\n")
    outcome = program("import", str(file), "--json")
    assert "\x1b" not in outcome.out + outcome.err
    assert "/ab.jsonl, line 2: not an object.\n" in outcome.err


DEEP = 10_000
ROWS: dict[str, tuple[bytes, str]] = {
    "nested arrays": (b'{"messages": ' + b"[" * DEEP + b"]" * DEEP + b"}", "nested too deep"),
    "nested objects": (b'{"a":' * DEEP + b"1" + b"}" * DEEP, "nested too deep"),
    "not UTF-8": (b'{"messages": [{"role": "user", "content": "\xe9"}]}', "not UTF-8 text"),
    "a raw zero byte": (b'{"messages": [{"role": "user", "content": "a' + b"\0" + b'"}]}', "not JSON"),
    "a number of 5,000 digits": (b'{"session": "s", "role": "user", "turn": ' + b"9" * 5000 + b"}", "not JSON"),
    "100,001 messages": (b'{"messages": [' + b"5," * 100_000 + b"5]}", "more than 100,000 messages"),
    "a message of a million characters and one": (
        b'{"messages": [{"role": "user", "content": "' + b"a" * 1_000_001 + b'"}]}',
        "message 1: the text is longer than 1,000,000 characters",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", list(ROWS))
def test_a_hostile_line_is_left_out_and_the_next_comes_in(tmp_path: Path, program: Program, name: str) -> None:
    row, reason = ROWS[name]
    (tmp_path / "in").write_bytes(GOOD + row + b"\n" + GOOD)
    outcome = program("import", str(tmp_path / "in"))
    assert outcome.code == 0
    assert f"in, line 2: {reason}" in outcome.err
    assert sessions(program) == 2


@pytest.mark.parametrize("name", ["nested arrays", "not UTF-8", "100,001 messages"])
def test_a_hostile_item_of_an_array_ends_in_a_sentence(tmp_path: Path, program: Program, name: str) -> None:
    row, reason = ROWS[name]
    (tmp_path / "in").write_bytes(b"[" + GOOD + b"," + row + b"]")
    outcome = program("import", str(tmp_path / "in"))
    assert outcome.code == 0
    assert f"in, item 2: {reason}" in outcome.err
    assert sessions(program) == 1


def test_a_conversation_of_too_many_rows_is_left_out_as_a_whole(
    tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("companion.importing.groups.MOST_MESSAGES", 5)
    rows = [
        {"session": name, "role": "user", "text": f"{n}"} for name, most in (("a", 9), ("b", 5)) for n in range(most)
    ]
    (tmp_path / "in").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    outcome = program("import", str(tmp_path / "in"))
    assert "line 6: its conversation has more than" in outcome.err
    with program.store() as store:
        assert [session.turns for session in store.each_session()] == [5]


def test_a_cell_of_nested_json_is_left_out(tmp_path: Path, program: Program) -> None:
    cells = {"session": "s", "turn": "1", "role": "assistant", "guarded": "", "text": "a", "sentences": "[" * DEEP}
    table = [",".join(cells), ",".join(cells.values()), "s,2,user,,b,"]
    (tmp_path / "in.csv").write_text("\n".join(table), encoding="utf-8")
    outcome = program("import", str(tmp_path / "in.csv"))
    assert (outcome.code, "line 2: nested too deep." in outcome.err) == (0, True)


def test_formulas_come_back_as_they_were_said_and_run_nowhere(tmp_path: Path, program: Program) -> None:
    said = ["=cmd|' /C calc'!A0", "'=1", "''", "@SUM(1)", "\t=1", "-2+3", "＝1", "plain"]
    with program.store() as store:
        session = store.new_session("mini")
        for text in said:
            store.add_user_turn(session.id, text)
    file = tmp_path / "a.csv"
    program("export", "--format", "csv", "--with-text", "-o", str(file))
    (found,) = read(file)
    assert [message.text for message in found.messages] == said  # type: ignore[union-attr]  (a bad row fails here)


def test_an_import_stops_before_the_disk_is_full(
    tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = SimpleNamespace(free=1 << 20)
    monkeypatch.setattr("companion.importing.taking.shutil.disk_usage", lambda _: usage)
    (tmp_path / "in").write_bytes(GOOD)
    outcome = program("import", str(tmp_path / "in"))
    assert outcome.code == 1
    assert "left on the disk, so the import stopped after 0 conversations" in outcome.err
    assert sessions(program) == 0


def test_a_line_without_an_end_is_not_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LONGEST", 100)
    monkeypatch.setattr(reading, "MOST_SKIPPED", 1000)
    file = io.BufferedReader(io.BytesIO(b"a" * (3 << 20) + b"\n" + GOOD))  # type: ignore[arg-type]  (raw enough)
    ((number, bad),) = reading.raw_lines(file)
    assert (number, str(bad)) == (1, "line 1: longer than 0 GB; reading ended there")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(
            ["messages", "conversations", "dialog", "mapping", "role", "content", "from", "value", "session", "turn",
             "parent", "text", "sentences", "tactics", "scores", "plan", "timings", "empathy", "author", "message",
             "parts", "model_response", "sentence_tactics", "conversation_history", "id", "status", "created_at"]
        ) | st.text(max_size=3), inner, max_size=6,
    ),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(JSON, max_size=4), array=st.booleans())
def test_any_json_ends_in_conversations_or_reasons(tmp_path: Path, rows: list[Any], array: bool) -> None:
    from companion.importing.taking import Taking

    file = tmp_path / "any"
    file.write_text(json.dumps(rows) if array else "\n".join(map(json.dumps, rows)), encoding="utf-8")
    with Store(None) as store:
        with suppress(CompanionError):  # nothing in it, or another kind of file
            report = Taking(store, "2026-01-01T00:00:00.000Z").take(read(file))
            assert report.sessions == len(list(store.each_session()))
        assert store.check() == []


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_end_in_conversations_or_reasons(tmp_path: Path, content: bytes) -> None:
    for start in (b"", b"PAR1", b"role,text\n", b"[", b'{"messages": ['):
        file = tmp_path / "any"
        file.write_bytes(start + content)
        with suppress(CompanionError):
            assert all(str(found) for found in read(file))
