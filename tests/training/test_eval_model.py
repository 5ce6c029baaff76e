"""`companion eval --model`: the command, with a model of ours and with servers."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tqdm", reason="tqdm is not installed")

from companion.engine.protocol import EngineError
from companion.engine.scripted import ScriptedEngine
from companion.modelhub import registry
from tests.companion.openai_server import MODEL, Ability, Answer, Json, OpenAIServer, Say
from tests.conftest import Outcome, Program, said_no_more_than_a_sentence
from tests.training.recorded_talk import answer, kept
from tests.training.recorded_talk import cues as cues
from tests.training.recorded_talk import data as data
from training.judge import KEYS


@pytest.fixture
def evaluation(program: Program, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`companion eval` with these arguments, on a fresh engine; a first `--data` is the test's."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str, engine: ScriptedEngine | None = None) -> Outcome:
        program.engine = engine or ScriptedEngine(answer)
        return program("eval", "--data", str(data), *arguments)

    return call


def test_the_command_prints_people_and_both_protocols(evaluation: Any, tmp_path: Path) -> None:
    outcome = evaluation("--model", "mini", "-o", "run")
    assert outcome.code == 0, outcome.err
    for words in ("# mini, prompt plain", "| measure | human (9) | human-history (9) | own-history (12) |",
                  "| stickiness |", "| top opener |"):  # fmt: skip
        assert words in outcome.out
    assert "30/30" in outcome.err  # the bar
    assert "companion study human=run/human.jsonl human-history=run/human-history.jsonl" in outcome.err
    assert "nan" not in outcome.out


def test_figures_as_json_have_intervals_and_differences(evaluation: Any) -> None:
    evaluation("-o", "before")
    outcome = evaluation("-o", "after", "--prompt", "plan", "--against", "before", "--json")
    found = json.loads(outcome.out)
    estimate = found["systems"]["own-history"]["stickiness"]
    assert estimate["low"] <= estimate["value"] <= estimate["high"]
    assert found["method"]["prompt"] == "plan"
    difference = found["differences"]["systems"]["own-history"]["words_per_turn"]
    assert set(difference) == {"value", "low", "high", "p", "turns_low", "turns_high", "turns_p"}
    assert difference["value"] == 0  # the script knows no plan


def test_differences_are_a_table_of_their_own(evaluation: Any) -> None:
    evaluation("-o", "before", "--protocol", "own-history")
    outcome = evaluation("-o", "after", "--protocol", "own-history", "--against", "before")
    assert "## own-history: difference to mini, prompt plain" in outcome.out
    assert "human-history" not in outcome.out.split("Numbers of replies")[0]


def test_the_command_goes_on_with_a_run(evaluation: Any, tmp_path: Path) -> None:
    broken = evaluation("-o", "run", engine=ScriptedEngine(["One.", [EngineError("It died.")]]))
    assert broken.code == 1
    assert "It died. Replies that ended are kept: go on with --resume run." in broken.err
    (tmp_path / "elsewhere.jsonl").write_bytes((tmp_path / "chat.jsonl").read_bytes())
    resumed = evaluation("--resume", "run")
    assert resumed.code == 0, resumed.err
    assert "10 of them there already" in resumed.err
    assert evaluation("--resume", "run", "--seed", "1").code == 2


def test_an_interrupt_says_how_to_go_on(evaluation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Asked:
        requested = True

        def __enter__(self) -> Asked:
            return self

        def __exit__(self, *_: object) -> None:
            return None

    monkeypatch.setattr("training.run.Interrupt", Asked)
    outcome = evaluation("-o", "run")
    assert (outcome.code, outcome.out) == (130, "")
    assert "Continue: companion eval --resume run" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--model", "nobody"], 3, "There is no model 'nobody'"),
        (["--data", "nowhere"], 3, "There is no nowhere"),
        (["--resume", "nowhere"], 3, "nowhere holds no run"),
        (["--against", "nowhere"], 3, "nowhere holds no run"),
        (["--prompt", "tactics"], 2, "mini reads no instructions"),
        (["--prompt", "loud"], 2, "'loud' is not one of"),
        (["--limit", "0"], 2, "0 is not in the range"),
    ],
)
def test_a_mistake_ends_in_one_sentence(evaluation: Any, arguments: list[str], code: int, words: str) -> None:
    outcome = evaluation(*arguments)
    assert outcome.code == code
    assert words in said_no_more_than_a_sentence(outcome)


def test_rows_that_are_none_are_an_error(evaluation: Any, tmp_path: Path) -> None:
    evaluation("-o", "run")
    (tmp_path / "run" / "own-history.jsonl").write_text("{}\n")
    outcome = evaluation("--resume", "run")
    assert outcome.code == 1
    assert "has a row that cannot be read" in outcome.err


# -- servers ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def serve() -> Iterator[Callable[[Say], OpenAIServer]]:
    servers: list[OpenAIServer] = []

    def make(say: Say) -> OpenAIServer:
        servers.append(OpenAIServer(say, Ability(context=100_000)))
        return servers[-1]

    yield make
    for server in servers:
        server.close()


def test_a_model_on_a_server_is_measured_like_any_other(
    evaluation: Any, serve: Callable[[Say], OpenAIServer], tmp_path: Path
) -> None:
    server = serve(lambda body: "Why?")
    registry.add(registry.Entry(name="there", engine="openai", base_url=server.url, model_id=MODEL))
    outcome = evaluation("--model", "there", "--prompt", "tactics+history", "-o", "run")
    assert outcome.code == 0, outcome.err
    assert [row.reply for row in kept(tmp_path / "run", "own-history")] == ["Why?"] * 12
    assert {body["temperature"] for body in server.asked} == {0.7}
    assert any("Your previous turn used" in body["messages"][0]["content"] for body in server.asked)


def test_a_server_is_asked_for_several_replies_at_once(
    evaluation: Any, serve: Callable[[Say], OpenAIServer], tmp_path: Path
) -> None:
    together = threading.Barrier(3)  # of three conversations the first turns come at the same time, or never

    def say(body: Json) -> str:
        together.wait(30)
        return body["messages"][-1]["content"]

    registry.add(registry.Entry(name="there", engine="openai", base_url=serve(say).url, model_id=MODEL))
    assert evaluation("--model", "there", "--protocol", "own-history", "-o", "run").code == 0
    rows = kept(tmp_path / "run", "own-history")
    assert [row.reply for row in rows] == [row.history[-1].content for row in rows]  # each to its own prompt


def test_a_judge_on_a_server_rates_and_a_dead_one_ends_the_run_with_the_way_on(
    evaluation: Any, serve: Callable[[Say], OpenAIServer]
) -> None:
    dead = False

    def say(body: Json) -> str | Answer:
        return Answer(404, {"error": {"message": "no such model"}}) if dead else json.dumps(dict.fromkeys(KEYS, 4))

    server = serve(say)
    judge = ("--judge", server.url, "--judge-model", MODEL)
    outcome = evaluation("-o", "run", "--protocol", "own-history", "--limit", "1", *judge, "--json")
    found = json.loads(outcome.out)
    assert found["systems"]["own-history"]["empathy"]["value"] == pytest.approx(3)
    assert found["method"]["judge"] == f"{server.url} {MODEL}"
    assert len(server.asked) == 4
    dead = True
    outcome = evaluation("-o", "other", "--limit", "1", *judge)
    assert outcome.code == 1
    assert f"The judge {server.url} {MODEL} does not answer" in outcome.err
    assert "go on with --resume other." in outcome.err
    dead = False
    resumed = evaluation("--resume", "other")
    assert resumed.code == 0, resumed.err
    assert "empathy is rated by the judge" in resumed.out
    dead = True
    assert evaluation("--resume", "other").out == resumed.out  # what is finished needs no judge


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--judge", "http://127.0.0.1:9"], 2, "needs --judge-model"),
        (["--judge", "http://a b", "--judge-model", "x"], 2, "--judge: 'http://a b' has characters in it"),
        (["--judge", "http://127.0.0.1:9", "--judge-model", "x"], 1, "The judge http://127.0.0.1:9 x does not answer"),
        (["--judge", "mini"], 2, "mini reads no instructions, so it cannot judge"),
        (["--judge", "nobody"], 3, "There is no model 'nobody'"),
    ],
)
def test_a_judge_that_is_none_is_a_sentence_before_anything_is_asked(
    evaluation: Any, tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    outcome = evaluation("-o", "run", *arguments)
    assert outcome.code == code
    assert words in said_no_more_than_a_sentence(outcome)
    assert not (tmp_path / "run").exists()
