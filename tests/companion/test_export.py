"""The export: what is in a row, and that no word of what was said is in it unless it is asked for."""

from __future__ import annotations

import io
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from companion.conversation import Conversation
from companion.engine.protocol import EngineDied
from companion.engine.scripted import ScriptedEngine
from companion.export import rows, write_jsonl
from companion.settings import Settings
from companion.store import Store
from planner.tactics import TACTICS
from tests.companion.fakes import CueTagger
from tests.conftest import Program

SAID = ("My hamster Bartholomew died", "Should I bury him?")
REPLIES = ("What happened? That makes sense.", ["It sounds lik", EngineDied("signal 9")])
KEYS = [
    "session", "model", "condition", "turn", "parent", "role", "status", "created_at", "finished_at", "words",
    "tactics", "sentences", "plan", "timings", "empathy", "rating", "crisis",
]  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "companion.db") as store:
        yield store


def talk(store: Store, **settings: Any) -> str:
    session = store.new_session("mini", condition="arm a", title="A title")
    conversation = Conversation(
        store, ScriptedEngine(REPLIES), CueTagger(), session, Settings(**{"candidates": 1} | settings)
    )
    for text in SAID:
        list(conversation.say(text))
    return session.id


def exported(store: Store, *, with_text: bool = False) -> list[dict[str, Any]]:
    out = io.StringIO()
    sessions = store.sessions()
    assert write_jsonl(store, sessions, out, with_text=with_text) == len(out.getvalue().splitlines())
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_row_names_its_session_turn_role_and_status(store: Store) -> None:
    session = talk(store)
    found = exported(store)
    assert [list(row) for row in found] == [KEYS] * 4
    assert [(row["role"], row["status"]) for row in found] == [
        ("user", "complete"),
        ("assistant", "complete"),
        ("user", "complete"),
        ("assistant", "failed"),
    ]
    assert [row["parent"] for row in found] == [None, *(row["turn"] for row in found[:-1])]
    assert {(row["session"], row["model"], row["condition"]) for row in found} == {(session, "mini", "arm a")}
    assert [row["words"] for row in found] == [4, 5, 4, 3]


def test_a_reply_lists_its_tactics_plan_and_timings(store: Store) -> None:
    talk(store)
    person, reply, _, failed = exported(store)
    assert (person["tactics"], person["sentences"], person["plan"], person["timings"]) == (None, None, None, None)
    assert reply["tactics"] == {"validation": 1, "questioning": 1}
    assert [sentence["tactics"] for sentence in reply["sentences"]] == [["questioning"], ["validation"]]
    assert [len(sentence["scores"]) for sentence in reply["sentences"]] == [1, 1]
    assert list(reply["plan"]) == ["layout", "weights", "targets", "resting"]
    assert set(reply["plan"]["weights"]) == {tactic.value for tactic in TACTICS}
    assert sum(reply["plan"]["weights"].values()) == pytest.approx(1)
    assert reply["timings"]["reply_tokens"] == 5
    assert failed["plan"]["resting"]
    assert failed["tactics"] == {}


def test_a_reply_without_a_plan_says_so(store: Store) -> None:
    talk(store, planner=False)
    assert exported(store)[1]["plan"] is None


def test_no_word_that_was_said_is_in_an_export_unless_text_is_asked_for(store: Store) -> None:
    talk(store)
    plain = json.dumps(exported(store)).casefold()
    words = {
        word.strip("?.").casefold() for text in (*SAID, "What happened? That makes sense.") for word in text.split()
    }
    assert not [word for word in words if len(word) > 3 and word in plain]
    assert "title" not in plain
    full = exported(store, with_text=True)
    assert [row["text"] for row in full] == [SAID[0], REPLIES[0], SAID[1], "It sounds lik"]
    first = full[1]["sentences"][0]
    assert (first["text"], first["tactics"]) == ("What happened?", ["questioning"])


def test_replies_that_were_made_again_are_rows_of_their_own(store: Store) -> None:
    session = talk(store)
    first = store.turns(session)[0]
    again = store.begin_reply(session, first.id)
    row = list(rows(store, store.session(session), with_text=False))[-1]
    assert (row["turn"], row["parent"], row["status"]) == (again.id, first.id, "streaming")


# -- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def talked(program: Program) -> Program:
    program.says("What happened?")
    program("say", "hello Bartholomew")
    program.says("It makes sense.")
    program("say", "hello again")
    return program


def test_the_command_writes_json_lines_to_standard_output_and_narrates_beside_it(talked: Program) -> None:
    outcome = talked("export")
    assert outcome.code == 0
    assert [row["role"] for row in outcome.rows] == ["user", "assistant"] * 2
    assert outcome.err == "Exported 4 turns of 2 sessions, without what was said.\n"
    assert "Bartholomew" not in outcome.out + outcome.err


def test_one_session_can_be_exported_by_the_beginning_of_its_id(talked: Program) -> None:
    session = talked("export", "--real-ids").rows[0]["session"]
    outcome = talked("export", "--session", session[:5], "--with-text", "--real-ids")
    assert {row["session"] for row in outcome.rows} == {session}
    assert talked("export", "--session", "zzzzzz").code == 3


def test_archived_sessions_are_exported_too(talked: Program) -> None:
    talked("sessions", "archive", talked("export", "--real-ids").rows[0]["session"])
    assert len(talked("export").rows) == 4


def test_a_file_is_made_for_its_owner_alone(talked: Program, tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    outcome = talked("export", "--with-text", "-o", str(file))
    assert (outcome.code, outcome.out) == (0, "")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    texts = [json.loads(line)["text"] for line in file.read_text(encoding="utf-8").splitlines()]
    assert "hello Bartholomew" in texts


def test_a_file_that_is_there_is_not_replaced_unless_it_is_forced_and_is_private_then(
    talked: Program, tmp_path: Path
) -> None:
    file = tmp_path / "out.jsonl"
    file.write_text("mine", encoding="utf-8")
    file.chmod(0o644)
    refused = talked("export", "-o", str(file))
    assert refused.code == 4
    assert refused.err == f"companion: {file} is there already; choose another name, or give --force to replace it.\n"
    assert file.read_text(encoding="utf-8") == "mine"
    assert talked("export", "-o", str(file), "--force").code == 0
    assert len(file.read_text(encoding="utf-8").splitlines()) == 4
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_link_is_never_followed(talked: Program, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("mine", encoding="utf-8")
    os.symlink(target, tmp_path / "link")
    assert talked("export", "-o", str(tmp_path / "link"), "--force").code == 1
    assert target.read_text(encoding="utf-8") == "mine"


def test_a_place_that_cannot_be_written_is_one_sentence(talked: Program, tmp_path: Path) -> None:
    outcome = talked("export", "-o", str(tmp_path / "no folder" / "out.jsonl"))
    assert outcome.code == 1
    assert outcome.err.startswith("companion: ")
    assert outcome.err.endswith("out.jsonl cannot be written: No such file or directory.\n")
