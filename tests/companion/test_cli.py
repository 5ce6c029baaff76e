"""Every command at its edge: help, wrong usage, failures in one sentence, and the program as a real process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from companion import __version__, paths
from companion.cli import COMMANDS, run
from companion.engine.protocol import EngineError
from companion.store import Role, Store
from tests.conftest import Program, said_no_more_than_a_sentence, with_encoder

# -- the edge ---------------------------------------------------------------------------------------------------------


def test_help_lists_every_command_and_version_is_the_packages(program: Program) -> None:
    shown = program("--help")
    assert shown.code == 0
    assert all(f"  {name} " in shown.out for name in COMMANDS)
    assert program("--version").out == f"companion, version {__version__}\n"


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)])
def test_every_command_explains_itself(program: Program, command: list[str]) -> None:
    outcome = program(*command, "--help")
    assert outcome.code == 0
    assert outcome.out.startswith("Usage: companion")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nope"], "No such command 'nope'. See `companion --help`."),
        (["say"], "Missing argument 'TEXT'. See `companion say --help`."),
        (["sessions", "list", "--limit", "x"], "'x' is not a valid integer. See `companion sessions list --help`."),
        (["export", "--format", "xml"], "See `companion export --help`."),
        (["chat", "--nope"], "See `companion chat --help`."),
    ],
)
def test_wrong_usage_is_exit_code_2_and_one_sentence_that_says_where_to_look(
    program: Program, arguments: list[str], sentence: str
) -> None:
    outcome = program(*arguments)
    assert outcome.code == 2
    assert said_no_more_than_a_sentence(outcome).endswith(sentence)


def test_a_fault_in_the_program_is_a_sentence_too_unless_its_trace_is_asked_for(
    told: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(position: int, cancelled: threading.Event) -> None:
        raise ZeroDivisionError("with words that were said")

    told.says("Yes.", wait=broken)
    outcome = told("say", "hello")
    assert outcome.code == 1
    assert "A fault in the program (ZeroDivisionError)" in said_no_more_than_a_sentence(outcome)
    monkeypatch.setenv("COMPANION_DEBUG", "1")
    told.says("Yes.", wait=broken)
    with pytest.raises(ZeroDivisionError):
        run(["say", "hello"])


def test_too_little_memory_is_a_sentence(told: Program) -> None:
    def out_of_memory(position: int, cancelled: threading.Event) -> None:
        raise MemoryError

    told.says("Yes.", wait=out_of_memory)
    assert "not enough memory" in said_no_more_than_a_sentence(told("say", "hello"))


def test_an_engine_that_cannot_load_is_one_sentence(told: Program) -> None:
    told.says(load_error=EngineError("mini.gguf is damaged: get it again."))
    outcome = told("say", "hello")
    assert outcome.code == 1
    assert outcome.err.splitlines()[-1] == "companion: mini.gguf is damaged: get it again."


# -- real processes ---------------------------------------------------------------------------------------------------


def companion(*arguments: str | bytes, shell: str = '"$@"', **options: Any) -> subprocess.CompletedProcess[bytes]:
    """The program as a person starts it; `shell` may close or redirect its streams."""
    command = ["sh", "-c", shell, "sh", sys.executable, "-m", "companion", *arguments]
    return subprocess.run(command, capture_output=True, check=False, **options)


@pytest.fixture
def rows_in_the_database() -> None:
    with Store(paths.database()) as store:
        session = store.new_session("mini")
        with store.transaction():
            for number in range(2000):
                store.add_turn(session.id, Role.USER, f"message {number}")


@pytest.mark.usefixtures("rows_in_the_database")
@pytest.mark.parametrize("lines", [0, 1])
def test_a_reader_that_has_enough_ends_the_program_quietly(lines: int) -> None:
    ran = companion("export", shell=f'"$@" | head -n {lines}')
    assert b"Traceback" not in ran.stderr
    assert b"Exception" not in ran.stderr
    assert len(ran.stdout.splitlines()) == lines


@pytest.mark.usefixtures("rows_in_the_database")
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is not here")
@pytest.mark.parametrize("command", ["export", "sessions", "config"])
def test_an_output_that_is_full_is_a_sentence(command: str) -> None:
    ran = companion(command, shell='"$@" > /dev/full')
    assert ran.returncode == 1
    assert ran.stderr.endswith(b"companion: The output cannot be read or written: No space left on device.\n")
    assert b"Traceback" not in ran.stderr
    assert b"Exception" not in ran.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_do_no_harm(closed: str) -> None:
    ran = companion("say", "-", shell=f'"$@" {closed}', stdin=subprocess.DEVNULL)
    assert ran.returncode == 2
    assert b"Traceback" not in ran.stderr


@with_encoder
def test_a_chat_with_its_input_closed_ends_at_once(tmp_path: Path) -> None:
    model = tmp_path / "page.gguf"
    model.write_text("<html>404</html>", encoding="utf-8")
    ran = companion("chat", "--model", str(model), shell='"$@" <&-')
    assert (ran.returncode, b"Traceback" in ran.stderr) == (0, False)
    assert b"Note: page.gguf is not a GGUF file" in ran.stdout


@with_encoder
def test_bytes_that_are_not_utf_8_do_not_end_a_chat(tmp_path: Path) -> None:
    model = tmp_path / "page.gguf"
    model.write_text("<html>404</html>", encoding="utf-8")
    typed = b"caf\xe9\n\xed\xa0\x80\x00\x1b[2Jx\n" + "\u202ey\n".encode()
    for encoding in ({"LC_ALL": "C.UTF-8"}, {"LC_ALL": "POSIX"}, {"PYTHONIOENCODING": "utf-8:strict"}):
        ran = companion("chat", "--model", str(model), input=typed, env={**os.environ, **encoding})
        assert (ran.returncode, ran.stderr.count(b"Traceback")) == (0, 0)
        assert b"\x1b" not in ran.stdout
    with Store(paths.database()) as store:
        kept = [[turn.text for turn in store.turns(s.id) if turn.text] for s in store.sessions()]
    assert kept == [["caf\ufffd", "\ufffd\ufffd\ufffdx", "y"]] * 3


def test_a_terminal_that_cannot_show_a_character_shows_a_mark_instead() -> None:
    with Store(paths.database()) as store:
        store.new_session("mini", title="café 🙂")
    ran = companion("sessions", env={**os.environ, "PYTHONIOENCODING": "latin-1:strict"})
    assert ran.returncode == 0
    assert ran.stdout.endswith(b"caf\xe9 ?\n")


@with_encoder
def test_what_it_writes_is_for_its_owner_alone(tmp_path: Path, own_home: Path) -> None:
    model = tmp_path / "page.gguf"
    model.write_text("<html>404</html>", encoding="utf-8")
    ran = companion("say", "--model", str(model), "hello", shell='umask 022; "$@"')
    assert ran.returncode == 1
    written = [path for path in own_home.rglob("*") if not path.is_dir()]
    assert {path.name for path in written} >= {"companion.db", "notice"}
    assert [path for path in (*written, paths.data_folder()) if path.stat().st_mode & 0o077] == []


@pytest.mark.llama
def test_doctor_is_content_with_a_model_that_works(tiny_model: Path) -> None:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
    ran = companion("doctor", "--json", env={**os.environ, "COMPANION_MODEL": str(tiny_model), "LC_ALL": "C.UTF-8"})
    found = {row["name"]: row for row in map(json.loads, ran.stdout.splitlines())}
    assert [name for name, row in found.items() if not row["right"]] == []
    assert ran.returncode == 0
    assert "reads 2,048 tokens, layout mini" in found["engine"]["found"]


@with_encoder
def test_a_failure_is_one_line_beside_the_json(tmp_path: Path) -> None:
    model = tmp_path / "model.bin"
    model.write_bytes(b"pickled")
    ran = companion("say", "--json", "--model", str(model), "hello")
    assert ran.returncode == 4
    record = json.loads(ran.stdout)
    assert (record["status"], record["reply"], record["sentences"]) == ("failed", "", [])
    assert b"model.bin is a pickle file" in ran.stderr.splitlines()[-1]
