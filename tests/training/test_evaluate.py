from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tqdm", reason="tqdm is not installed")

from companion.engine.protocol import EngineError, Message
from companion.engine.scripted import ScriptedEngine
from companion.rating import Rater
from companion.settings import Settings
from tests.companion.fakes import CueEncoder, CueTagger
from tests.conftest import Outcome, Program, said_no_more_than_a_sentence
from training import reply_tags
from training.evaluate import ROWS, Condition, Recipe, Talk, Talks, conditions, seed_of
from training.role_cards import Card
from training.seekers import CARDS, LEND, Heard, Recorded, Simulated

REPLIES = ("That makes sense. You could try a walk.", "What happened then?", "I see.", "That makes sense to me.")
CARD = Card("simulated/1", "Debt", feelings=("sad", "angry"))


def answer(messages: Sequence[Message]) -> str:
    """One of a few replies, by how long the conversation is."""
    return REPLIES[sum(message.role == "user" for message in messages) % len(REPLIES)]


def talks(engine: ScriptedEngine, **changes: Any) -> Talks:
    return Talks(engine, CueTagger(), Rater(CueEncoder()), Settings(**changes), seed=5)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two seekers of each kind, in words of ours."""
    for path in (LEND, CARDS):
        (tmp_path / "data" / path).parent.mkdir(parents=True)
    with (tmp_path / "data" / LEND).open("w", encoding="utf-8", newline="") as file:
        rows = [[n, f"Seeker: It is day {n}.\nSupporter: Yes?\nSeeker: It rains."] for n in (1, 2)]
        csv.writer(file).writerows([["conversation_id", "full_conversation"], *rows])
    card = dict.fromkeys(("role", "final_persona", "life_events", "behavioral_traits"), "")
    lines = [json.dumps(card | {"pid": str(n), "challenge": f"Debt {n}"}) for n in (1, 2)]
    (tmp_path / "data" / CARDS).write_text("\n".join(lines))
    return tmp_path / "data"


@pytest.fixture
def evaluation(program: Program, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`companion eval repetition` with these arguments, on a fresh engine; its folder is `run`."""
    monkeypatch.setattr(reply_tags, "fingerprint", lambda folder: "cues")
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str, engine: ScriptedEngine | None = None) -> Outcome:
        program.engine = engine or ScriptedEngine(answer)
        return program("eval", "repetition", "--data", str(data), *arguments)

    return call


def test_conditions_are_no_plan_a_plan_and_several_candidates() -> None:
    assert conditions(3) == [Condition("no plan", False, 1), Condition("plan", True, 1),
                             Condition("plan and N=3", True, 3)]  # fmt: skip
    assert [condition.name for condition in conditions(1)] == ["no plan", "plan"]
    assert [condition.name for condition in conditions(4, no_plan=True)] == ["no plan"]


def test_the_model_reads_its_own_replies_and_the_seekers_next_words() -> None:
    engine = ScriptedEngine(["First.", "Second."])
    (talk,) = talks(engine).run([Recorded("lend/a", ("one", "two"))], conditions(1, no_plan=True))
    assert [(each.message, each.reply) for each in talk.exchanges] == [("one", "First."), ("two", "Second.")]
    second = [message.content for message in engine.heard[1] if message.content]
    assert second == ["one", "First.", "two"]


def test_a_simulated_seeker_hears_what_was_said() -> None:
    seeker = Simulated(CARD)
    (talk,) = talks(ScriptedEngine(answer)).run([seeker], conditions(1, no_plan=True))
    heard = [Heard(each.reply, each.sentences) for each in talk.exchanges]
    assert [each.message for each in talk.exchanges] == [seeker.line(heard[:turn]) for turn in range(seeker.turns)]


def test_replies_are_tagged_and_rated() -> None:
    engine = ScriptedEngine(["That makes sense. Why?"])
    (talk,) = talks(engine).run([Recorded("lend/a", ("one",))], conditions(1, no_plan=True))
    (exchange,) = talk.exchanges
    assert exchange.sentences == (frozenset({"validation"}), frozenset({"questioning"}))
    assert exchange.empathy is not None
    assert exchange.empathy.aggregate == 3
    assert exchange.turn_ms >= 0


def test_each_condition_talks_in_its_own_way() -> None:
    engine = ScriptedEngine(answer)
    seeker = Recorded("lend/a", ("one",))
    list(talks(engine, candidates=2).run([seeker], conditions(3)))
    plain, planned = engine.heard
    assert not any(message.controls for message in plain)
    assert any(message.controls for message in planned)
    assert {count for _, count in engine.branched} == {3}


def test_seeds_differ_by_turn_and_not_by_condition() -> None:
    engine = ScriptedEngine(answer)
    found = list(talks(engine).run([Recorded("lend/a", ("one", "two"))], conditions(1)))
    seeds = [[each.seed for each in talk.exchanges] for talk in found]
    assert seeds[0] == seeds[1] == [seed_of(5, "lend/a", 0), seed_of(5, "lend/a", 1)]
    assert seeds[0][0] != seeds[0][1]
    assert [sampling.seed for sampling in engine.samplings] == [*seeds[0], *seeds[1]]


def test_what_is_done_is_not_done_again() -> None:
    seekers = [Recorded("lend/a", ("one",)), Recorded("lend/b", ("one",))]
    done = list(talks(ScriptedEngine(answer)).run(seekers[:1], conditions(1)))
    engine = ScriptedEngine(answer)
    said: list[int] = []
    found = list(talks(engine).run(seekers, conditions(1), done, said.append))
    assert [(talk.seeker, talk.condition) for talk in found] == [("lend/b", "no plan"), ("lend/b", "plan")]
    assert sum(said) == 4


def test_a_stop_leaves_the_conversation_out() -> None:
    said: list[int] = []
    seekers = [Recorded("lend/a", ("one", "two"))]
    found = talks(ScriptedEngine(answer)).run(seekers, conditions(1), (), said.append, lambda: sum(said) == 3)
    assert [talk.condition for talk in found] == ["no plan"]


def test_a_talk_is_read_as_it_was_written() -> None:
    (talk,) = talks(ScriptedEngine(["Yes.\u2028Why? That makes sense.", ""])).run(
        [Recorded("lend/a", ("one \x85", "two"))], conditions(1, no_plan=True)
    )
    assert "\n" not in talk.line()
    assert Talk.read(talk.line()) == talk


def test_seekers_come_by_turns_and_no_more_than_asked() -> None:
    recipe = Recipe("m", "", "", 4, False, ("lend", "simulated"), 2, 0, {})
    seekers = [*(Recorded(f"lend/{n}", ("x",)) for n in range(3)), Simulated(CARD)]
    assert [seeker.id for seeker in recipe.chosen(seekers)] == ["lend/0", "simulated/1", "lend/1"]


def test_a_run_prints_every_set_and_every_difference(evaluation: Any, tmp_path: Path) -> None:
    outcome = evaluation("--candidates", "2", "-o", "run")
    assert outcome.code == 0
    for words in (
        "## All seekers: 4 conversations, 20 replies",
        "## Lend-an-Ear seekers: 2",
        "## Simulated seekers: 2",
        "| measure | no plan | plan | plan and N=2 |",
        "### Difference to no plan",
        "| Jaccard |",
    ):
        assert words in outcome.out
    assert "nan" not in outcome.out
    assert "60/60" in outcome.err  # the bar
    assert len((tmp_path / "run" / ROWS).read_text().splitlines()) == 12
    recipe = json.loads((tmp_path / "run" / "recipe.json").read_text())
    assert (recipe["candidates"], recipe["seekers"]) == (2, ["lend", "simulated"])


def test_figures_as_json_have_intervals(evaluation: Any) -> None:
    outcome = evaluation("--candidates", "1", "--seekers", "lend", "--json", "--seed", "3")
    found = json.loads(outcome.out)
    assert list(found["sets"]) == ["lend"]
    assert set(found["sets"]["lend"]["conditions"]) == {"no plan", "plan"}
    words = found["sets"]["lend"]["conditions"]["plan"]["words_per_turn"]
    assert words["low"] <= words["value"] <= words["high"]
    assert found["sets"]["lend"]["differences"]["plan"]["words_per_turn"]["value"] == 0  # the script knows no plan
    assert found["method"]["seed"] == 3


def test_no_plan_runs_that_alone(evaluation: Any) -> None:
    outcome = evaluation("--no-plan", "--limit", "1", "--json")
    found = json.loads(outcome.out)["sets"]["all"]
    assert list(found["conditions"]) == ["no plan"]
    assert found["differences"] == {}
    assert found["conversations"] == 2


def test_a_run_that_broke_off_goes_on_where_it_was(evaluation: Any, tmp_path: Path) -> None:
    whole = evaluation("--candidates", "1", "-o", "whole")
    replies = [answer([Message("user", "x")] * turn) for turn in (1, 2, 1)]
    broken = evaluation("--candidates", "1", "-o", "run", engine=ScriptedEngine([*replies, [EngineError("It died.")]]))
    assert broken.code == 1
    assert "It died. Conversations that ended are kept: go on with --resume run." in broken.err
    rows = tmp_path / "run" / ROWS
    assert len(rows.read_text().splitlines()) == 1
    with rows.open("a") as file:
        file.write('{"condition": "plan", "seek')  # cut off
    resumed = evaluation("--resume", "run")
    assert resumed.code == 0
    assert "8 conversations, 1 of them there already" in resumed.err
    assert resumed.out == whole.out
    assert len(rows.read_text().splitlines()) == 8


def test_a_finished_run_is_only_reported(evaluation: Any) -> None:
    first = evaluation("--candidates", "1", "--seekers", "lend", "-o", "run")
    engine = ScriptedEngine(answer)
    again = evaluation("--resume", "run", engine=engine)
    assert again.out == first.out
    assert engine.loads == 0


def test_an_interrupt_says_how_to_go_on(evaluation: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Asked:
        requested = True

        def __enter__(self) -> Asked:
            return self

        def __exit__(self, *_: object) -> None:
            return None

    monkeypatch.setattr("training.run.Interrupt", Asked)
    outcome = evaluation("-o", "run")
    assert outcome.code == 130
    assert outcome.out == ""
    assert "Continue: companion eval repetition --resume run" in outcome.err
    assert not (tmp_path / "run" / ROWS).exists()


def test_a_run_is_not_resumed_with_something_else(evaluation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluation("--candidates", "1", "--seekers", "lend", "-o", "run")
    outcome = evaluation("--resume", "run", "--seed", "4")
    assert (outcome.code, "goes on as the run began" in outcome.err) == (2, True)
    monkeypatch.setattr(reply_tags, "fingerprint", lambda folder: "other")
    outcome = evaluation("--resume", "run")
    assert outcome.code == 2
    assert "The encoder is not the one that run began with (cues, other)." in outcome.err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--model", "nobody"], 3, "There is no model 'nobody'"),
        (["--data", "nowhere"], 3, "There is no data folder nowhere"),
        (["--resume", "nowhere"], 3, "nowhere holds no run"),
        (["--candidates", "5"], 2, "5 is not in the range"),
        (["-o", "data"], 2, "data exists already"),
    ],
)
def test_a_mistake_ends_in_one_sentence(evaluation: Any, arguments: list[str], code: int, words: str) -> None:
    outcome = evaluation(*arguments)
    assert outcome.code == code
    assert words in said_no_more_than_a_sentence(outcome)


def test_rows_that_are_none_are_an_error(evaluation: Any, tmp_path: Path) -> None:
    evaluation("--candidates", "1", "--seekers", "lend", "-o", "run")
    (tmp_path / "run" / ROWS).write_text("{}\n")
    outcome = evaluation("--resume", "run")
    assert outcome.code == 1
    assert "has a row that cannot be read" in outcome.err
