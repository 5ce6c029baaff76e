"""`companion experiment`: begun, taken part in by plain lines, counted, exported, withdrawn from."""

from __future__ import annotations

import csv
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from companion import paths
from companion.engine import consent
from companion.engine.address import Address
from companion.engine.protocol import EngineError
from companion.engine.scripted import ScriptedEngine
from companion.experiment.assignment import arm_of
from companion.experiment.sitting import DECLINED, ENOUGH, TROUBLE, WITHDRAWN
from companion.modelhub import registry
from companion.store import Role, Status
from tests.companion.experiments import DESIGN, design_file
from tests.conftest import Outcome, Program, said_no_more_than_a_sentence

ARM = arm_of(["planned", "loose"], 4, 0)
"""What the first participant gets."""


@pytest.fixture
def study(told: Program, tmp_path: Path) -> Program:
    """An experiment that has begun."""
    assert told("experiment", "new", "study", str(design_file(tmp_path))).code == 0
    return told


def take_part(program: Program, typed: str, *replies: Any, **options: Any) -> Outcome:
    program.says(*replies or ["I hear you."] * 9, **options)
    return program("experiment", "run", "study", "--plain", typed=typed)


WHOLE = "yes\n3\nhello\n4\nagain\n5\n/finish\n6\n2\nIt was fine.\n"
"""Consent, mood, a message, its rating, another one, its rating, mood, a choice, words."""


def test_a_participant_comes_from_consent_to_the_end(study: Program) -> None:
    outcome = take_part(study, WHOLE, "That makes sense.", "What happened?")
    assert outcome.code == 0, outcome.err
    for words in (
        "A small study", "You will write with a program.", "This is a program, not a person.", "How do you feel?",
        "1 is bad, 7 is good.", "Companion: That makes sense.", "Did it fit?", "How do you feel now?", "2  no",
        "It was about plans.", "Your code is ",
    ):  # fmt: skip
        assert words in outcome.out
    with study.store() as store:
        (participant,) = store.participants("study")
        assert participant.arm == ARM
        assert participant.finished_at
        turns = store.branch(participant.session_id)
        assert [turn.text for turn in turns] == ["hello", "That makes sense.", "again", "What happened?"]
        answers = [(each.moment, each.question, each.value, each.turn_id) for each in store.answers(participant.code)]
        assert answers == [
            ("before", "mood", 3, None), ("reply", "fit", 4, turns[1].id), ("reply", "fit", 5, turns[3].id),
            ("after", "mood", 6, None), ("after", "again", "no", None), ("after", "remarks", "It was fine.", None),
        ]  # fmt: skip
        assert participant.code in outcome.out


@pytest.mark.parametrize("typed", ["no\n", "", "perhaps\nNO\n"])
def test_who_declines_leaves_no_trace(study: Program, typed: str) -> None:
    before = {file: file.read_bytes() for file in paths.data_folder().iterdir() if file.suffix == ".db"}
    outcome = take_part(study, typed)
    assert outcome.code == 0
    assert DECLINED in outcome.out
    assert {file: file.read_bytes() for file in before} == before
    assert study("experiment", "status", "--json").rows[0]["arms"][0]["assigned"] == 0
    assert study.engine.loads == 0


def test_nothing_shows_which_arm_it_is(study: Program) -> None:
    for _ in range(2):
        outcome = take_part(study, "yes\n\nhello\n\n/why\n/help\n/finish\n\n\n\n", wait=None, layout="mini")
        for words in ("planned", "loose", "mini", "aims for", "model"):
            assert words not in outcome.out
        assert "There is no command /why here." in outcome.out
    arms = [arm["assigned"] for arm in study("experiment", "status", "study", "--json").rows[0]["arms"]]
    assert arms == [1, 1]


def test_the_arm_decides_the_plan(study: Program) -> None:
    heard = {}
    for _ in range(2):
        take_part(study, "yes\n\nhello\n\n/finish\n\n\n\n")
        with study.store() as store:
            participant = store.participants("study")[-1]
            reply = store.branch(participant.session_id)[-1]
            heard[participant.arm] = reply.id in store.plans(participant.session_id)
            assert any(message.controls for message in study.engine.heard[0]) is heard[participant.arm]
    assert heard == {"planned": True, "loose": False}


def test_what_the_owner_likes_moves_nothing(study: Program) -> None:
    weights = []
    for liked in ({}, {"questioning": 2.0, "advice": 0.5}):
        with study.store() as store:
            store.set_taste(liked)
        for _ in range(2):
            take_part(study, "yes\n\nhello\n\n/finish\n\n\n\n")
        with study.store() as store:
            planned = [each for each in store.participants("study") if each.arm == "planned"][-1]
            weights += [dict(plan.weights) for plan in store.plans(planned.session_id).values()]
    assert weights[0] == weights[1]


def test_any_question_may_be_left_out_and_what_is_no_answer_is_asked_again(study: Program) -> None:
    outcome = take_part(study, "yes\n8\nx\n0\n2\nhello\n\n/finish\n\n3\n1\n\n")
    assert outcome.out.count("That is not a number from 1 to 7.") == 3
    assert "That is not a number from 1 to 2." in outcome.out
    with study.store() as store:
        (participant,) = store.participants("study")
        answers = [(each.moment, each.question, each.value) for each in store.answers(participant.code)]
    assert answers == [("before", "mood", 2), ("after", "again", "yes")]


def test_after_enough_messages_they_are_told_once(study: Program) -> None:
    outcome = take_part(study, "yes\n\none\n\ntwo\n\nthree\n\n/finish\n\n\n\n")
    assert outcome.out.count(ENOUGH) == 1


def test_withdrawing_in_the_middle_deletes_everything(study: Program) -> None:
    outcome = take_part(
        study, "yes\n3\nmy hamster Bartholomew\n4\n/withdraw\nno\nstill here\n\n/withdraw\nyes\n", "Ah.", "Oh."
    )
    assert outcome.code == 0
    assert "You are still taking part." in outcome.out
    assert outcome.out.endswith(f"{WITHDRAWN}\n")
    assert b"Bartholomew" not in b"".join(file.read_bytes() for file in paths.data_folder().glob("companion.db*"))
    with study.store() as store:
        assert store.participants("study") == []
        assert sum(count.withdrawn for count in store.arm_counts("study")) == 1
        assert store.stats().sessions == 0


def test_who_just_leaves_is_kept_and_has_not_finished(study: Program) -> None:
    outcome = take_part(study, "yes\n3\nhello\n")
    assert "Your code is " in outcome.out
    arms = study("experiment", "status", "--json").rows[0]["arms"]
    assert [(arm["assigned"], arm["finished"]) for arm in sorted(arms, key=lambda arm: -arm["assigned"])] == [
        (1, 0), (0, 0),
    ]  # fmt: skip


def test_help_comes_before_anything_else_in_every_arm_and_is_not_to_be_rated(study: Program) -> None:
    for _ in range(2):
        outcome = take_part(study, "yes\n\nI want to kill myself\nhello\n\n/finish\n\n\n\n")
        card = outcome.out.index("findahelpline.com", outcome.out.index("The conversation begins"))
        assert card < outcome.out.index("Companion:")
        assert outcome.out.count("Did it fit?") == 1  # of the reply to hello


def test_a_failure_names_no_model(study: Program) -> None:
    failure = [EngineError("mini.gguf is damaged.")]
    outcome = take_part(study, "yes\n\nhello\nagain\n\n/finish\n\n\n\n", failure, "I hear you.")
    assert f"Note: {TROUBLE}" in outcome.out
    assert "mini" not in outcome.out
    with study.store() as store:
        (participant,) = store.participants("study")
        replies = [turn for turn in store.branch(participant.session_id) if turn.role is Role.ASSISTANT]
    assert [reply.status for reply in replies] == [Status.FAILED, Status.COMPLETE]
    assert outcome.out.count("Did it fit?") == 1  # not of a reply without words


def test_a_model_that_cannot_be_loaded_is_not_named_either(study: Program) -> None:
    outcome = take_part(study, "yes\n\n/finish\n\n\n\n", load_error=EngineError("mini.gguf is damaged."))
    assert f"Note: {TROUBLE}" in outcome.out
    assert "mini" not in outcome.out + outcome.err


def test_a_model_that_is_missing_is_found_before_anybody_consents(study: Program) -> None:
    (paths.user_models() / "mini.gguf").unlink()
    (paths.user_models() / "other.gguf").touch()
    study.says()
    paths.config_file().parent.mkdir(exist_ok=True)
    paths.config_file().write_text('model = "nobody"\n')
    outcome = study("experiment", "run", "study", "--plain", typed="yes\n")
    assert outcome.code == 3
    assert "There is no model 'nobody'" in said_no_more_than_a_sentence(outcome)


SERVER = """
[there]
engine = "openai"
base_url = "https://models.example.org/v1"
model_id = "big"
"""


def test_where_words_go_is_said_before_anybody_consents_and_the_same_in_every_arm(
    told: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.models_file().write_text(SERVER)
    design = design_file(tmp_path, DESIGN.replace('model = "mini"', 'model = "there"'))
    refused = told("experiment", "new", "study", str(design))
    assert refused.code == 4  # whoever runs it has to agree first
    consent.give(Address.parse("https://models.example.org/v1"), paths.private_folder(paths.state_folder()))
    assert told("experiment", "new", "study", str(design)).code == 0
    monkeypatch.setattr("companion.modelhub.on_server.engine_for", lambda *_, **__: told.engine)
    for _ in range(2):
        outcome = take_part(told, "yes\n\nhello\n\n/finish\n\n\n\n")
        before, after = outcome.out.split("Do you want to take part?")
        for shown in (before, after):
            assert "leaves this machine for models.example.org:443" in " ".join(shown.split())
        assert "nothing is sent anywhere" not in outcome.out
    assert [arm["assigned"] for arm in told("experiment", "status", "--json").rows[0]["arms"]] == [1, 1]


# -- the one who runs it ----------------------------------------------------------------------------------------------


def test_the_example_is_a_design_that_can_be_begun(told: Program, tmp_path: Path) -> None:
    printed = told("experiment", "new", "--example").out
    assert told("experiment", "new", "first", str(design_file(tmp_path, printed))).code == 0
    assert told("experiment", "status").out == (
        "first\n    plan     0 began, 0 finished, 0 withdrew\n    no plan  0 began, 0 finished, 0 withdrew\n"
    )


def test_a_design_stays_as_it_was_begun(study: Program, tmp_path: Path) -> None:
    changed = design_file(tmp_path, DESIGN.replace("A small study", "Another one"))
    again = study("experiment", "new", "study", str(changed))
    assert again.code == 2
    assert "There is an experiment 'study' already" in said_no_more_than_a_sentence(again)
    assert "A small study" in take_part(study, "no\n").out


def test_without_experiments_status_says_how_to_begin_one(told: Program) -> None:
    outcome = told("experiment")
    assert (outcome.code, outcome.out) == (0, "")
    assert "companion experiment new" in outcome.err


def test_an_export_reveals_the_arm_and_neither_words_nor_codes(study: Program) -> None:
    take_part(study, WHOLE, "That makes sense.", "What happened?")
    with study.store() as store:
        (participant,) = store.participants("study")
    outcome = study("experiment", "export", "study")
    (row,) = outcome.rows
    assert (row["arm"], row["planner"], row["number"], row["messages"]) == (ARM, ARM == "planned", 1, 2)
    assert (row["before"], row["after"]) == ({"mood": 3}, {"mood": 6, "again": "no"})
    assert row["replies"] == [{"turn": 2, "fit": 4}, {"turn": 4, "fit": 5}]
    for private in (participant.code, participant.session_id, "It was fine", "hello", "makes sense"):
        assert private not in outcome.out
    with_text = study("experiment", "export", "study", "--with-text").rows[0]
    assert with_text["after"]["remarks"] == "It was fine."


def test_an_export_into_a_folder_has_tables_turns_and_a_codebook(study: Program, tmp_path: Path) -> None:
    take_part(study, WHOLE.replace("It was fine.", "=1+1"), "That makes sense.", "What happened?")
    take_part(study, "yes\n2\nhello\n1\n/finish\n\n1\n\n")
    folder = tmp_path / "out"
    assert study("experiment", "export", "study", "--with-text", "-o", str(folder)).code == 0
    with (folder / "participants.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["arm"] for row in rows} == {"planned", "loose"}
    assert [(row["before_mood"], row["after_again"], row["after_remarks"], row["guarded"]) for row in rows] == [
        ("3", "no", "'=1+1", "after_remarks"), ("2", "yes", "", ""),
    ]  # fmt: skip
    with (folder / "replies.csv").open(newline="") as file:
        replies = [(row["participant"], row["turn"], row["fit"]) for row in csv.DictReader(file)]
    names = [row["participant"] for row in rows]
    assert replies == [(names[0], "2", "4"), (names[0], "4", "5"), (names[1], "2", "1")]
    turns = [json.loads(line) for line in (folder / "turns.jsonl").read_text().splitlines()]
    assert {(turn["session"], turn["condition"]) for turn in turns} == {
        (row["participant"], row["arm"]) for row in rows
    }
    book = json.loads((folder / "codebook.json").read_text())
    assert set(book["columns"]) >= set(rows[0]) - set(book["questions"])
    assert book["questions"]["before_mood"]["text"] == "How do you feel?"
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in folder.iterdir())
    again = study("experiment", "export", "study", "-o", str(folder))
    assert (again.code, "exists already" in said_no_more_than_a_sentence(again)) == (2, True)


def test_a_study_compares_the_arms_of_an_export(study: Program, tmp_path: Path) -> None:
    for _ in range(2):
        take_part(study, "yes\n\none\n\ntwo\n\n/finish\n\n\n\n", "That makes sense.", "Why?")
    study("experiment", "export", "study", "-o", str(tmp_path / "out"))
    outcome = study(
        "study", "--json", "--bootstrap", "10", "--by", "condition", f"s={tmp_path / 'out' / 'turns.jsonl'}"
    )
    assert set(json.loads(outcome.out)["systems"]) == {"s: planned", "s: loose"}


def test_turns_of_a_crisis_and_their_ratings_stay_out_unless_asked_for(study: Program) -> None:
    take_part(study, "yes\n\nI want to kill myself\nhello\n\n/finish\n\n\n\n")
    outcome = study("experiment", "export", "study")
    assert "turns of crises are left out" in outcome.err
    assert outcome.rows[0]["messages"] < study("experiment", "export", "study", "--with-crisis").rows[0]["messages"]


def test_a_code_withdraws_later_and_only_once(study: Program) -> None:
    take_part(study, WHOLE)
    with study.store() as store:
        code = store.participants("study")[0].code
    assert study("experiment", "withdraw", code, typed="n\n").code == 130
    assert study("experiment", "withdraw", code, typed="y\n").err.endswith("Deleted.\n")
    again = study("experiment", "withdraw", code, "--yes")
    assert again.code == 3
    assert "perhaps they have withdrawn already" in said_no_more_than_a_sentence(again)
    assert study("experiment", "export", "study").rows == []


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["new"], 2, "--example prints a design"),
        (["new", "x", "nowhere.toml"], 3, "nowhere.toml cannot be read"),
        (["new", "../x", "nowhere.toml"], 2, "'../x' is no name"),
        (["run", "nobody", "--plain"], 3, "There is no experiment 'nobody'"),
        (["status", "nobody"], 3, "There is no experiment 'nobody'"),
        (["export", "nobody"], 3, "There is no experiment 'nobody'"),
        (["withdraw", "zzzzzz"], 3, "no participant with the code 'zzzzzz'"),
    ],
)
def test_a_mistake_ends_in_one_sentence(told: Program, arguments: list[str], code: int, words: str) -> None:
    outcome = told("experiment", *arguments)
    assert outcome.code == code
    assert words in said_no_more_than_a_sentence(outcome)


def test_an_arm_with_a_model_that_is_not_there_is_not_begun(told: Program, tmp_path: Path) -> None:
    outcome = told(
        "experiment", "new", "study", str(design_file(tmp_path, DESIGN.replace('model = "mini"', 'model = "nobody"')))
    )
    assert outcome.code == 3
    assert told("experiment", "status", "--json").rows == []


def test_the_engine_of_a_sitting_is_let_go(study: Program) -> None:
    take_part(study, WHOLE)
    engine = study.engine
    assert isinstance(engine, ScriptedEngine)
    assert engine._closed
