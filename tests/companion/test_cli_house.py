"""The commands that keep house: sessions, data, config and doctor."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest

from companion import paths
from tests.conftest import Outcome, Program, said_no_more_than_a_sentence

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
    (sentence,) = rows[1]["sentences"]
    assert sentence == {"text": "That makes sense.", "tactics": {"validation": pytest.approx(0.9)}}


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
        "program", "settings", "model", "llama.cpp", "engine", "computing", "sampling", "thinking", "encoder",
        "risk", "database", "privacy", "terminal",
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
