"""`companion say` and `companion chat`: what is data and what is narration, what is kept, and the exit codes."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from companion import paths
from companion.cli import opening
from companion.cli.opening import new_encoder
from companion.engine.protocol import EngineDied, ModelRefused
from companion.store import Status
from planner.tactics import TACTICS
from tests.conftest import Program, said_no_more_than_a_sentence

BIDI = "\u202e\u202d\u2066\u200f"


@pytest.fixture(autouse=True)
def as_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replies are said as they come: choosing among ways to say them has a room of its own."""
    monkeypatch.setenv("COMPANION_CANDIDATES", "1")


def texts(program: Program) -> list[str]:
    with program.store() as store:
        return [turn.text for session in store.sessions() for turn in store.turns(session.id)]


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
    scores = record["sentences"][0]["scores"]
    assert set(scores) == {tactic.value for tactic in TACTICS}
    assert (scores["questioning"], scores["advice"]) == (0.9, 0.1)
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


def test_an_encoder_that_is_not_there_is_exit_code_3_and_starts_no_session(
    told: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "shipped_models", lambda: tmp_path)
    monkeypatch.setattr(opening, "new_encoder", new_encoder)
    outcome = told("say", "hello")
    assert outcome.code == 3
    assert said_no_more_than_a_sentence(outcome).endswith("is not there. `companion train encoder` makes it.")
    assert texts(told) == []


def test_ctrl_c_in_mid_reply_is_exit_code_130_and_keeps_what_was_shown(told: Program) -> None:
    def press(position: int, cancelled: threading.Event) -> None:
        if position == 2:
            raise KeyboardInterrupt

    told.says("One. Two three.", wait=press)
    assert told("say", "hello").code == 130
    with told.store() as store:
        turn = store.turns(store.sessions()[0].id)[-1]
        assert (turn.text, turn.status) == ("One.", Status.STOPPED)


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


def test_who_has_only_the_model_that_ships_is_told_of_a_real_one_once(
    told: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    (paths.user_models() / "mini.gguf").unlink()
    told("chat", "--off-record", typed="/quit\n")
    assert not (paths.state_folder() / "suggested").exists()
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    first, again = told("chat", typed="/quit\n"), told("chat", typed="/quit\n")
    lines = [line for line in first.err.splitlines() if "models get" in line]
    assert len(lines) == 1
    assert (
        "`companion models get mint-1.7b` fetches a model trained for this (4.1 GB to fetch, 1.1 GB of disk" in lines[0]
    )
    assert "models get" not in again.err


def test_a_large_machine_is_told_of_the_large_model(told: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    (paths.user_models() / "mini.gguf").unlink()
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    monkeypatch.setattr("companion.modelhub.memory.total", lambda: 8_000_000_000)
    assert "`companion models get mint-4b`" in told("chat", typed="/quit\n").err


def test_who_has_another_model_is_told_of_none(told: Program) -> None:
    assert "models get" not in told("chat", typed="/quit\n").err
