"""The commands: what is data and what is narration, what a failure says, and the exit codes."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from companion import __version__, paths
from companion.cli import COMMANDS, run
from companion.engine.protocol import EngineDied, EngineError, ModelRefused
from companion.safety import notice
from companion.store import Role, Status, Store
from planner.tactics import TACTICS
from tests.conftest import Outcome, Program

BIDI = "\u202e\u202d\u2066\u200f"


def said_no_more_than_a_sentence(outcome: Outcome) -> str:
    """The sentence on standard error, where there is one and nothing else."""
    assert outcome.out == ""
    assert outcome.err.startswith("companion: ")
    assert outcome.err.count("\n") == 1
    assert "Traceback" not in outcome.err
    return outcome.err.removeprefix("companion: ").strip()


def texts(program: Program) -> list[str]:
    with program.store() as store:
        return [turn.text for session in store.sessions() for turn in store.turns(session.id)]


@pytest.fixture
def told(program: Program) -> Program:
    """The notice of the day has been shown."""
    notice.shown(paths.state_folder(), date.today())
    return program


# -- say --------------------------------------------------------------------------------------------------------------


def test_say_prints_the_reply_alone_and_the_session_beside_it(told: Program) -> None:
    told.says("I hear you.")
    outcome = told("say", "I am tired")
    assert (outcome.code, outcome.out) == (0, "I hear you.\n")
    assert outcome.err.startswith("session ")
    assert texts(told) == ["I am tired", "I hear you."]


def test_say_as_json_has_the_keys_that_others_rely_on(told: Program) -> None:
    told.says("What happened? That makes sense.")
    outcome = told("say", "--json", "I am tired")
    (record,) = outcome.rows
    assert outcome.err == ""
    assert set(record) >= {"session", "reply", "status", "sentences", "plan", "timings"}
    assert (record["reply"], record["status"]) == ("What happened? That makes sense.", "complete")
    assert [sentence["text"] for sentence in record["sentences"]] == ["What happened?", "That makes sense."]
    assert record["sentences"][0]["tactics"] == ["questioning"]
    assert set(record["sentences"][0]["scores"]) == {tactic.value for tactic in TACTICS}
    assert set(record["plan"]) >= {"weights", "targets", "resting", "reason"}
    assert sum(record["plan"]["weights"].values()) == pytest.approx(1, abs=1e-4)
    assert record["timings"]["reply_tokens"] == 5
    with told.store() as store:
        assert store.session(record["session"]).turns == 2


def test_say_reads_standard_input(told: Program) -> None:
    told.says("Yes.")
    assert told("say", "-", typed="two\r\nlines\n").code == 0
    assert texts(told)[0] == "two\nlines"


def test_say_goes_on_with_a_session_and_rests_what_its_last_reply_did(told: Program) -> None:
    told.says("What happened?")
    first = told("say", "--json", "I am sad").rows[0]
    engine = told.says("Tell me more.")
    second = told("say", "--json", "--session", first["session"][:5], "my boss yelled").rows[0]
    told.says("Tell me more.")
    fresh = told("say", "--json", "my boss yelled").rows[0]
    assert second["session"] == first["session"] != fresh["session"]
    assert [m.content for m in engine.heard[0] if m.content] == ["I am sad", "What happened?", "my boss yelled"]
    assert second["plan"]["weights"]["questioning"] < fresh["plan"]["weights"]["questioning"]
    assert "questioning" in second["plan"]["resting"] or "questioning" not in second["plan"]["targets"]
    assert second["plan"]["avoid_openers"] == ["what happened"]


def test_say_without_a_plan_says_so_in_the_json(told: Program) -> None:
    engine = told.says("Yes.")
    assert told("say", "--json", "--no-plan", "hello").rows[0]["plan"] is None
    assert engine.heard[0][-1].controls == ()


def test_a_reply_that_fails_is_exit_code_1_with_what_had_arrived_and_the_session(told: Program) -> None:
    told.says(["Half ", EngineDied("signal 9")])
    outcome = told("say", "hello")
    assert (outcome.code, outcome.out) == (1, "Half \n")
    session, sentence = outcome.err.splitlines()
    assert session.startswith("session ")
    assert sentence.startswith("companion: The model process stopped unexpectedly (signal 9).")
    told.says(["Half ", EngineDied("signal 9")])
    outcome = told("say", "--json", "hello")
    assert (outcome.code, outcome.rows[0]["status"], outcome.rows[0]["reply"]) == (1, "failed", "Half")


def test_a_model_that_is_refused_is_exit_code_4_and_the_message_is_kept(told: Program) -> None:
    told.says(load_error=ModelRefused("model.bin is a pickle file."))
    assert told("say", "hello").code == 4
    assert texts(told) == ["hello", ""]


def test_a_model_that_is_not_there_is_exit_code_3_and_starts_no_session(told: Program) -> None:
    outcome = told("say", "--model", "nope", "hello")
    assert outcome.code == 3
    assert said_no_more_than_a_sentence(outcome).startswith("There is no model 'nope'. Known models: mini")
    assert texts(told) == []


def test_ctrl_c_in_mid_reply_is_exit_code_130_and_keeps_what_had_arrived(told: Program) -> None:
    def press(position: int, cancelled: threading.Event) -> None:
        if position == 1:
            raise KeyboardInterrupt

    told.says("one two", wait=press)
    assert told("say", "hello").code == 130
    with told.store() as store:
        turn = store.turns(store.sessions()[0].id)[-1]
        assert (turn.text, turn.status) == ("one", Status.STOPPED)


@pytest.mark.parametrize("nothing", ["", "   ", "\x1b[2J", BIDI])
def test_nothing_to_say_is_exit_code_2_and_starts_no_session(told: Program, nothing: str) -> None:
    outcome = told("say", nothing)
    assert outcome.code == 2
    assert said_no_more_than_a_sentence(outcome).startswith("There is nothing to say")
    assert told("say", "-", typed=nothing).code == 2
    with told.store() as store:
        assert store.sessions() == []


STRANGE = [
    pytest.param(b"a\x00b", "ab", id="NUL"),
    pytest.param(b"a\x1b[31mb\x1b]0;t\x07c\x9b", "abc\ufffd", id="escapes"),
    pytest.param(f"a{BIDI}b".encode(), "ab", id="bidi"),
    pytest.param(b"a\xed\xa0\x80b\xff", "a\ufffd\ufffd\ufffdb\ufffd", id="not UTF-8"),
    pytest.param("🧑\u200d🚀 ok".encode(), "🧑\u200d🚀 ok", id="emoji"),
    pytest.param(b"x" * 10_000, "x" * 10_000, id="no space"),
    pytest.param(b"\r\n a\rb \r\n", "a\nb", id="line ends"),
]


@pytest.mark.parametrize(("given", "kept"), STRANGE)
def test_strange_text_on_standard_input_is_kept_clean(told: Program, given: bytes, kept: str) -> None:
    told.says("Yes.")
    outcome = told("say", "--json", "-", typed=given)
    assert (outcome.code, outcome.rows[0]["reply"]) == (0, "Yes.")
    assert texts(told) == [kept, "Yes."]


def test_an_argument_that_is_not_utf_8_is_kept_with_a_mark_where_it_was_not(told: Program) -> None:
    told.says("Yes.")
    assert told("say", os.fsdecode(b"caf\xe9 au lait")).code == 0
    assert texts(told)[0] == "caf\ufffd au lait"


def test_a_megabyte_is_kept_and_answered_with_what_to_do(told: Program) -> None:
    told.says("never")
    outcome = told("say", "-", typed=b"word " * 200_000)
    assert outcome.code == 1
    assert "tokens long and this model reads 3,776 at a time. It is saved; please send it again" in outcome.err
    assert len(texts(told)[0]) == 999_999


def test_nothing_that_steers_a_terminal_comes_out_of_a_model(told: Program) -> None:
    told.says(["ok\x1b", "[31m\x1b]8;;http://x\x07link", BIDI, "\x9b1m."])
    outcome = told("say", "hello")
    assert outcome.out == "oklink.\n"
    assert texts(told)[1] == "oklink."


def test_off_the_record_no_file_is_written_at_all(program: Program, own_home: Path) -> None:
    before = set(own_home.rglob("*"))
    program.says("Yes.")
    outcome = program("say", "--off-record", "between us")
    assert (outcome.code, outcome.out) == (0, "Yes.\n")
    program.says("Yes.")
    assert program("chat", "--off-record", "--plain", typed="between us\n").code == 0
    assert set(own_home.rglob("*")) == before
    assert program.state_dirs == [None, None]


def test_off_the_record_there_is_nothing_to_go_on_with(told: Program) -> None:
    for arguments in (["chat", "--off-record", "--resume", "last"], ["say", "--off-record", "--session", "abc", "hi"]):
        outcome = told(*arguments)
        assert outcome.code == 2
        assert "off the record is not kept" in said_no_more_than_a_sentence(outcome)


# -- chat -------------------------------------------------------------------------------------------------------------


def test_chat_is_what_companion_does_by_itself(told: Program) -> None:
    told.says("I hear you.")
    outcome = told("--plain", typed="hello\n")
    assert outcome.code == 0
    assert "with mini. /help for help, /quit to leave.\nCompanion: I hear you.\n" in outcome.out


def test_chat_goes_on_with_the_last_session_in_which_something_was_said(told: Program) -> None:
    told.says("What happened?")
    told("chat", typed="my hamster died\n")
    told("chat", typed="/quit\n")
    engine = told.says("I see.")
    outcome = told("chat", "--resume", "last", typed="yesterday\n")
    assert ": my hamster died. /help for help" in outcome.out
    assert [m.content for m in engine.heard[0] if m.content] == ["my hamster died", "What happened?", "yesterday"]


def test_a_session_to_resume_that_is_not_there_is_exit_code_3(told: Program) -> None:
    outcome = told("chat", "--resume", "zzzzzz")
    assert outcome.code == 3
    assert "There is no session 'zzzzzz'" in said_no_more_than_a_sentence(outcome)


def test_chat_says_what_a_crash_left_behind_and_goes_on_from_there(told: Program) -> None:
    with told.store() as store:
        session = store.new_session("mini")
        asked = store.add_user_turn(session.id, "hello")
        store.save_partial(store.begin_reply(session.id, asked.id).id, "as far as")
    engine = told.says("And on.")
    outcome = told("chat", "--resume", session.id, typed="go on\n")
    assert outcome.err == "Note: 1 unfinished reply kept as interrupted.\n"
    assert [m.content for m in engine.heard[0] if m.content] == ["hello", "as far as", "go on"]


# -- sessions ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def history(told: Program) -> tuple[Program, str, str]:
    """Two sessions, an older and a newer one."""
    ids = []
    for text, reply in (("my hamster died", "That makes sense."), ("my exam is tomorrow", "What is hard about it?")):
        told.says(reply)
        ids.append(told("say", "--json", text).rows[0]["session"])
    return told, ids[0], ids[1]


def test_sessions_are_listed_newest_first(history: tuple[Program, str, str]) -> None:
    program, older, newer = history
    lines = program("sessions").out.splitlines()
    assert [line.split()[0] for line in lines] == [newer, older]
    assert lines[0].endswith("    2  my exam is tomorrow")
    rows = program("sessions", "list", "--json", "--limit", "1").rows
    assert [(row["id"], row["turns"], row["model"]) for row in rows] == [(newer, 2, "mini")]


def test_without_sessions_the_list_says_how_to_start_one(told: Program) -> None:
    outcome = told("sessions")
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err == "No sessions yet. `companion chat` starts one.\n"


def test_a_session_is_shown_with_its_tactics_where_they_are_asked_for(history: tuple[Program, str, str]) -> None:
    program, older, _ = history
    plain = program("sessions", "show", older).out
    assert plain.endswith("\nYou: my hamster died\n\nCompanion: That makes sense.\n")
    assert "    [validation] That makes sense.\n" in program("sessions", "show", older, "--tactics").out
    rows = program("sessions", "show", older, "--json").rows
    assert [row["text"] for row in rows] == ["my hamster died", "That makes sense."]
    assert rows[1]["sentences"] == [{"text": "That makes sense.", "tactics": {"validation": 1.0}}]


def test_search_finds_words_anywhere_and_together_where_they_were_quoted(history: tuple[Program, str, str]) -> None:
    program, older, newer = history
    assert program("sessions", "search", "hamster", "my").out.startswith(f"{older}  ")
    assert [row["session"] for row in program("sessions", "search", "--json", "my").rows] == [newer, older]
    assert program("sessions", "search", "my exam").out.startswith(newer)
    nothing = program("sessions", "search", "exam my")
    assert (nothing.code, nothing.out, nothing.err) == (0, "", "Nothing found for 'exam my'.\n")


def test_a_session_is_renamed_archived_and_brought_back(history: tuple[Program, str, str]) -> None:
    program, older, newer = history
    assert program("sessions", "rename", older, " Bart\x1b[2J\n the hamster ").err == f"{older}: Bart the hamster\n"
    assert program("sessions", "archive", newer).code == 0
    assert [row["title"] for row in program("sessions", "--json").rows] == ["Bart the hamster"]
    assert [row["id"] for row in program("sessions", "list", "--json", "--archived").rows] == [newer]
    program("sessions", "archive", newer, "--undo")
    assert len(program("sessions", "--json").rows) == 2


def test_a_session_is_deleted_only_after_a_yes(history: tuple[Program, str, str]) -> None:
    program, older, newer = history
    for answer in ("n\n", ""):
        assert program("sessions", "delete", older, typed=answer).code == 130
        assert len(program("sessions", "--json").rows) == 2
    assert program("sessions", "delete", older, typed="y\n").err.endswith("Deleted 1 session.\n")
    assert [row["id"] for row in program("sessions", "--json").rows] == [newer]
    assert b"hamster" not in b"".join(file.read_bytes() for file in paths.data_folder().glob("companion.db*"))


@pytest.mark.parametrize("verb", ["show", "archive", "delete"])
def test_a_session_that_is_not_there_is_exit_code_3(told: Program, verb: str) -> None:
    outcome = told("sessions", verb, "zzzzzz")
    assert outcome.code == 3
    assert "There is no session 'zzzzzz'" in said_no_more_than_a_sentence(outcome)


def test_an_id_that_is_not_utf_8_is_a_sentence(told: Program) -> None:
    outcome = told("sessions", "show", os.fsdecode(b"\xff"))
    assert outcome.code in {2, 3}
    said_no_more_than_a_sentence(outcome)


# -- data -------------------------------------------------------------------------------------------------------------


def test_data_says_where_it_lies_and_how_much_there_is(history: tuple[Program, str, str]) -> None:
    program, _, _ = history
    assert program("data", "path").out == f"{paths.database()}\n"
    status = program("data", "status", "--json").rows[0]
    assert (status["path"], status["sessions"], status["turns"]) == (str(paths.database()), 2, 4)
    assert status["bytes"] > 0
    assert "sessions      2\n" in program("data").out


def test_a_backup_is_a_whole_private_copy_that_replaces_nothing(
    history: tuple[Program, str, str], tmp_path: Path
) -> None:
    program, _, _ = history
    copy = tmp_path / "copy.db"
    assert program("data", "backup", str(copy)).code == 0
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with sqlite3.connect(copy) as connection:
        assert connection.execute("SELECT count(*) FROM turns").fetchone() == (4,)
    again = program("data", "backup", str(copy))
    assert again.code != 0
    assert f"{copy} exists already" in said_no_more_than_a_sentence(again)


def test_forgetting_takes_sessions_by_id_or_by_age(history: tuple[Program, str, str]) -> None:
    program, older, newer = history
    assert program("data", "forget", "--before", "2020-01-01", "--yes").err == "There is no such session.\n"
    assert program("data", "forget", older, "--yes").code == 0
    assert [row["id"] for row in program("sessions", "--json").rows] == [newer]
    assert program("data", "forget", "--before", "2999-01-01", "--yes").code == 0
    assert program("sessions", "--json").rows == []


@pytest.mark.parametrize("arguments", [[], ["abc", "--before", "2020-01-01"], ["--before", "yesterday"]])
def test_what_to_forget_has_to_be_said_in_one_way(told: Program, arguments: list[str]) -> None:
    assert told("data", "forget", *arguments).code == 2


def test_a_wipe_leaves_no_file_of_the_database(history: tuple[Program, str, str]) -> None:
    program, _, _ = history
    assert program("data", "wipe", typed="n\n").code == 130
    assert paths.database().exists()
    assert program("data", "wipe", "--yes").code == 0
    assert list(paths.data_folder().glob("companion.db*")) == []
    assert program("data", "wipe", "--yes").err == "There is nothing to wipe.\n"


def test_a_file_that_is_no_database_is_a_sentence_and_left_alone(told: Program) -> None:
    paths.database().write_bytes(b"not a database, but mine" * 100)
    outcome = told("sessions")
    assert outcome.code == 1
    assert "is not a database" in said_no_more_than_a_sentence(outcome)
    assert paths.database().read_bytes().startswith(b"not a database, but mine")


def test_a_data_folder_that_cannot_be_made_is_a_sentence(
    told: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("COMPANION_HOME", str(tmp_path / "file"))
    for arguments in (["sessions"], ["export"], ["data", "status"]):
        outcome = told(*arguments)
        assert outcome.code == 1
        assert "cannot be used: Not a directory." in said_no_more_than_a_sentence(outcome)


# -- config and doctor ------------------------------------------------------------------------------------------------


def test_config_shows_every_setting_with_its_source(told: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANION_SEED", "7")
    shown = told("config", "show", "--json").rows[0]
    assert shown["seed"] == {"value": 7, "source": "COMPANION_SEED"}
    assert shown["model"] == {"value": "mini", "source": "default"}
    assert "seed = 7  [COMPANION_SEED]\n    A fixed number" in told("config").out
    assert told("config", "path").out == f"{paths.config_file()}\n"


def test_config_check_is_exit_code_0_where_all_is_right_and_2_where_not(told: Program) -> None:
    assert told("config", "check").err == f"There is no {paths.config_file()}; the defaults are in force.\n"
    paths.config_file().parent.mkdir()
    paths.config_file().write_text("seed = 7\n", encoding="utf-8")
    right = told("config", "check")
    assert (right.code, right.err) == (0, f"{paths.config_file()} is right.\n")
    paths.config_file().write_text("sed = 7\n", encoding="utf-8")
    wrong = told("config", "check")
    assert wrong.code == 2
    assert "there is no setting 'sed'. Did you mean 'seed'?" in said_no_more_than_a_sentence(wrong)


@pytest.mark.parametrize("arguments", [["say", "hi"], ["chat"], ["config", "show"]])
def test_wrong_settings_are_exit_code_2_whatever_is_run(
    told: Program, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("COMPANION_TEMPERATURE", "hot")
    outcome = told(*arguments)
    assert outcome.code == 2
    assert said_no_more_than_a_sentence(outcome).startswith("COMPANION_TEMPERATURE: temperature = 'hot' cannot be used")


def findings(outcome: Outcome) -> dict[str, Any]:
    return {row["name"]: row for row in outcome.rows}


def test_doctor_finds_a_model_that_is_missing_and_goes_on_looking(
    told: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "shipped_models", lambda: tmp_path)
    outcome = told("doctor", "--json")
    assert set(findings(outcome)) == {
        "program", "settings", "model", "llama.cpp", "engine", "database", "privacy", "terminal",
    }  # fmt: skip
    (paths.user_models() / "mini.gguf").unlink()
    outcome = told("doctor", "--json")
    found = findings(outcome)
    assert outcome.code == 1
    assert not found["model"]["right"]
    assert "There is no model 'mini'" in found["model"]["found"]
    assert found["settings"]["right"]
    assert found["database"]["right"]
    assert told("doctor").code == 1


def test_doctor_sees_wrong_settings_a_broken_database_and_open_files(
    told: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths.database().write_bytes(b"not a database" * 100)
    paths.database().chmod(0o644)
    monkeypatch.setenv("COMPANION_SEED", "x")
    found = findings(told("doctor", "--json"))
    assert [name for name in ("settings", "database", "privacy") if found[name]["right"]] == []
    assert found["privacy"]["fix"].startswith("Run `chmod -R go= ")


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


def test_a_chat_with_its_input_closed_ends_at_once(tmp_path: Path) -> None:
    model = tmp_path / "page.gguf"
    model.write_text("<html>404</html>", encoding="utf-8")
    ran = companion("chat", "--model", str(model), shell='"$@" <&-')
    assert (ran.returncode, b"Traceback" in ran.stderr) == (0, False)
    assert b"Note: page.gguf is not a GGUF file" in ran.stdout


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


def test_a_failure_is_one_line_beside_the_json(tmp_path: Path) -> None:
    model = tmp_path / "model.bin"
    model.write_bytes(b"pickled")
    ran = companion("say", "--json", "--model", str(model), "hello")
    assert ran.returncode == 4
    record = json.loads(ran.stdout)
    assert (record["status"], record["reply"], record["sentences"]) == ("failed", "", [])
    assert b"model.bin is a pickle file" in ran.stderr.splitlines()[-1]
