from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tqdm", reason="tqdm is not installed")

from companion import paths
from companion.engine.protocol import EngineError, Message, Thinking
from companion.engine.scripted import ScriptedEngine
from companion.modelhub import registry
from companion.rating import Empathy
from companion.settings import Settings
from companion.study.gather import Gatherer, Source
from tests.companion.fakes import CueEncoder, CueTagger
from tests.companion.openai_server import MODEL, Ability, Answer, Json, OpenAIServer, Say
from tests.conftest import Outcome, Program, said_no_more_than_a_sentence, with_encoder
from training import reply_tags
from training.evaluate import seed_of
from training.judge import KEYS, Judge
from training.protocol import begin, opened, read_report
from training.protocol_report import compare
from training.protocol_rows import LEND, Row, recorded, rows_of
from training.protocol_run import Stopped

REPLIES = ("That makes sense. You could try a walk.", "What happened then?", "I see.", "That makes sense to me.")


def answer(messages: Sequence[Message]) -> str:
    """One of a few replies, by how long the conversation is."""
    return REPLIES[sum(message.role == "user" for message in messages) % len(REPLIES)]


def chat(path: Path, conversations: int = 3, turns: int = 3) -> Path:
    """Conversations in which a person asks, and says that it makes sense, by turns; a last message has no reply."""
    rows = []
    for number in range(conversations):
        messages = [{"role": "user", "content": f"It is day {number}."}]
        for place in range(turns):
            said = "What is it?" if place % 2 else "That makes sense."
            messages += [{"role": "assistant", "content": said}, {"role": "user", "content": f"Line {place}."}]
        rows.append({"id": f"c{number}", "messages": messages})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def cues(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply_tags, "fingerprint", lambda folder: "cues")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return chat(tmp_path / "chat.jsonl")


def measured(
    data: Path,
    out: Path,
    engine: ScriptedEngine | None = None,
    said: Callable[[int], object] = lambda replies: None,
    stop: Callable[[], bool] = lambda: False,
    **options: Any,
) -> Any:
    speaking = engine or ScriptedEngine(answer)
    evaluation = begin("mini", data=data, out=out, encoder=CueEncoder(), engine=speaking, **options)
    evaluation.run(said, stop)
    return evaluation.report()


def kept(out: Path, condition: str) -> list[Row]:
    return rows_of(opened(out)[0], condition)


# -- the protocols ----------------------------------------------------------------------------------------------------


def test_human_history_replies_to_what_people_said_each_time_anew(data: Path, tmp_path: Path) -> None:
    engine = ScriptedEngine(["One.", "Two.", "Three."])
    measured(data, tmp_path / "run", engine, protocols=["human-history"], limit=1)
    read = [[message.content for message in heard if message.content] for heard in engine.heard]
    first = ["It is day 0."]
    assert read == [
        first,
        [*first, "That makes sense.", "Line 0."],
        [*first, "That makes sense.", "Line 0.", "What is it?", "Line 1."],
    ]
    assert [(row.place, row.reply) for row in kept(tmp_path / "run", "human-history")] == [
        (1, "One."), (3, "Two."), (5, "Three."),
    ]  # fmt: skip


def test_own_history_replies_to_every_message_and_reads_its_own_words(data: Path, tmp_path: Path) -> None:
    engine = ScriptedEngine(["One.", "", "Three.", "Four."])
    measured(data, tmp_path / "run", engine, protocols=["own-history"], limit=1)
    last = [message.content for message in engine.heard[-1] if message.content]
    assert last == ["It is day 0.", "One.", "Line 0.\n\nLine 1.", "Three.", "Line 2."]  # an empty reply is none
    assert len(kept(tmp_path / "run", "own-history")) == 4


def test_stickiness_is_against_the_person_in_one_protocol_and_against_itself_in_the_other(
    data: Path, tmp_path: Path
) -> None:
    """People validate and ask by turns. The model always asks: it never keeps what they did but once in two."""
    found = measured(data, tmp_path / "run", ScriptedEngine(lambda messages: "Why?"))
    human, own = found.figures("human-history"), found.figures("own-history")
    assert found.figures("human")["stickiness"].value == 0
    assert human["stickiness"].value == pytest.approx(0.5)  # validation is never kept, questioning always
    assert own["stickiness"].value == 1
    assert own["top_opener"].value == 1
    assert own["words_per_turn"].value == 1
    assert human["empathy"].value == 3
    assert human["stickiness"].low <= human["stickiness"].value <= human["stickiness"].high


def test_every_turn_has_a_seed_of_its_own_and_the_temperature_of_the_run(data: Path, tmp_path: Path) -> None:
    engine = ScriptedEngine(answer)
    measured(data, tmp_path / "run", engine, protocols=["human-history"], limit=1, seed=4)
    assert [sampling.seed for sampling in engine.samplings] == [seed_of(4, "c0", place) for place in (1, 3, 5)]
    assert {sampling.temperature for sampling in engine.samplings} == {0.7}


def test_a_message_that_no_prompt_can_hold_is_left_without_a_reply(tmp_path: Path) -> None:
    said = ["Hello.", "word " * 20_000, "I am back."]
    messages = [
        part for text in said for part in ({"role": "user", "content": text}, {"role": "assistant", "content": "Oh."})
    ]
    data = tmp_path / "chat.jsonl"
    data.write_text(json.dumps({"id": "c0", "messages": messages}) + "\n", "utf-8")
    evaluation = begin("mini", data=data, out=tmp_path / "run", encoder=CueEncoder(), engine=ScriptedEngine(answer))
    evaluation.run()
    assert evaluation.left_out == 3  # its own turn twice, and of its own history all that follows, which reads it
    assert [row.place for row in kept(tmp_path / "run", "human-history")] == [1, 5]
    assert [row.place for row in kept(tmp_path / "run", "own-history")] == [1]


def test_tags_of_the_source_are_used_for_its_people(tmp_path: Path) -> None:
    messages = [
        {"role": "user", "content": "One"},
        {"role": "assistant", "content": "Hm.", "sentences": [{"tactics": ["advice"]}]},
        {"role": "user", "content": "Two"},
    ]
    (tmp_path / "chat.jsonl").write_text(json.dumps({"id": "a", "messages": messages}))
    measured(tmp_path / "chat.jsonl", tmp_path / "run", limit=1)
    assert kept(tmp_path / "run", "human")[0].sentences == (frozenset({"advice"}),)


def test_the_ledger_of_a_prompt_holds_what_people_did_before(data: Path, tmp_path: Path) -> None:
    engine = ScriptedEngine(answer, layout="tail", context=20_000)
    measured(data, tmp_path / "run", engine, protocols=["human-history"], prompt="tactics+history", limit=1)
    first, second, third = (heard[0].content for heard in engine.heard)
    assert "This is the first turn" in first
    assert "Your previous turn used: validation (1)" in second
    assert "Your previous turn used: questioning (1)" in third


def test_a_verbalized_reply_is_drawn_and_asked_for_again_where_it_cannot_be_read(data: Path, tmp_path: Path) -> None:
    engine = ScriptedEngine(["hm", "0.5 | Drawn.", "no", "no", "never", "1 | Last."], layout="tail", context=20_000)
    found = measured(data, tmp_path / "run", engine, protocols=["human-history"], prompt="verbalized", limit=1)
    rows = kept(tmp_path / "run", "human-history")
    assert [(row.reply, row.as_asked) for row in rows] == [("Drawn.", True), ("never", False), ("Last.", True)]
    assert found.systems["human-history"].not_as_asked == 1


def test_a_model_that_thinks_may_and_its_thoughts_are_no_part_of_the_reply(data: Path, tmp_path: Path) -> None:
    engine = ScriptedEngine([[Thinking("It rains."), "I see."]] * 4, thinks=True, context=20_000)
    measured(data, tmp_path / "run", engine, protocols=["own-history"], limit=1)
    assert [row.reply for row in kept(tmp_path / "run", "own-history")] == ["I see."] * 4
    assert {sampling.think_tokens for sampling in engine.samplings} == {Settings().think_tokens}
    assert opened(tmp_path / "run")[1].think_tokens == Settings().think_tokens


def test_a_judge_rates_people_and_replies_in_the_place_of_the_encoder(data: Path, tmp_path: Path) -> None:
    heard: list[tuple[list[str], str]] = []

    def rate(replies: Sequence[tuple[Sequence[Message], str]]) -> list[Empathy]:
        heard.extend(([message.content for message in history], reply) for history, reply in replies)
        return [Empathy(5, 5, 5, 1, 1, 1)] * len(replies)

    found = measured(data, tmp_path / "run", judge=("a judge", rate), limit=1, protocols=["human-history"])
    assert found.figures("human")["empathy"].value == found.figures("human-history")["empathy"].value == 5
    assert (["It is day 0."], "That makes sense.") in heard
    assert found.recipe["judge"] == "a judge"


def test_a_judge_that_dies_leaves_what_it_rated(data: Path, tmp_path: Path) -> None:
    good = json.dumps(dict.fromkeys(KEYS, 4))

    def judged(*answers: Any) -> Any:
        judge = Judge("tester", [ScriptedEngine([*answers], context=100_000)])
        return measured(data, tmp_path / "run", judge=("tester", judge.rate), limit=1, protocols=["own-history"])

    with pytest.raises(EngineError, match="The judge tester does not answer"):
        judged(good, good, [EngineError("Gone.")])
    assert len(kept(tmp_path / "run", "own-history")) == 2
    found = judged("hm", "hm", "hm", good)
    assert found.figures("own-history")["empathy"].value == pytest.approx(3)
    assert found.systems["own-history"].not_rated == 1


# -- what is kept -----------------------------------------------------------------------------------------------------


def test_a_run_that_broke_off_goes_on_where_it_was(data: Path, tmp_path: Path) -> None:
    whole = measured(data, tmp_path / "whole")
    engine = ScriptedEngine([*(answer([Message("user", "x")] * turn) for turn in (1, 2)), [EngineError("It died.")]])
    with pytest.raises(EngineError, match="It died"):
        measured(data, tmp_path / "run", engine)
    rows = tmp_path / "run" / "human-history.jsonl"
    with rows.open("a") as file:
        file.write('{"conversation_id": "c0", "pl')  # cut off
    again = ScriptedEngine(answer)
    resumed = measured(data, tmp_path / "run", again)
    assert len(again.heard) == 9 + 12 - 2
    assert resumed.as_dict()["systems"] == whole.as_dict()["systems"]
    for name in ("human", "human-history", "own-history"):
        assert [row.reply for row in kept(tmp_path / "run", name)] == [
            row.reply for row in kept(tmp_path / "whole", name)
        ]


def test_a_run_that_is_stopped_keeps_what_it_has(data: Path, tmp_path: Path) -> None:
    said: list[int] = []
    with pytest.raises(Stopped, match="companion eval --resume"):
        measured(data, tmp_path / "run", said=said.append, stop=lambda: sum(said) >= 11)
    assert len(kept(tmp_path / "run", "human-history")) == 2
    engine = ScriptedEngine(answer)
    measured(data, tmp_path / "run", engine)
    measured(data, tmp_path / "run", nothing := ScriptedEngine(answer))
    assert (len(engine.heard), nothing.loads) == (19, 0)


def test_a_folder_takes_no_other_run(data: Path, tmp_path: Path) -> None:
    measured(data, tmp_path / "run", limit=1)
    for changes, words in (({"seed": 1}, "seed 0, not 1"), ({"prompt": "plan"}, "prompt plain, not plan")):
        with pytest.raises(Exception, match=words):
            measured(data, tmp_path / "run", **{"limit": 1, **changes})
    chat(data, turns=2)
    with pytest.raises(Exception, match="data_sha256"):
        measured(data, tmp_path / "run", limit=1)


def test_another_model_is_not_mixed_into_a_run(data: Path, tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        measured(data, tmp_path / "run", stop=lambda: True)

    class Other(ScriptedEngine):
        def load(self, progress: Any = None) -> Any:
            from dataclasses import replace

            return replace(super().load(progress), name="another")

    with pytest.raises(Exception, match=r"The model mini is not the one that .* began with"):
        measured(data, tmp_path / "run", Other(answer))


def test_a_study_reads_the_replies_with_tags_and_ratings(data: Path, tmp_path: Path) -> None:
    found = measured(data, tmp_path / "run")
    gathered = Gatherer(CueTagger).gather(Source("own", tmp_path / "run" / "own-history.jsonl"))
    (table,) = gathered.tables.values()
    assert gathered.tagged == 0
    assert len(table) == found.systems["own-history"].turns == 12
    assert (table.empathy == 3).all()


def test_they_can_be_imported(data: Path, tmp_path: Path, told: Program) -> None:
    measured(data, tmp_path / "run")
    outcome = told("import", str(tmp_path / "run" / "own-history.jsonl"))
    assert outcome.code == 0
    assert len(told.store().sessions()) == 3


def test_only_whole_conversations_can_be_replied_to(tmp_path: Path) -> None:
    row = {"id": "a", "messages": [{"role": "assistant", "content": "Hello."}]}
    (tmp_path / "chat.jsonl").write_text(json.dumps(row))
    with pytest.raises(Exception, match="holds no messages of a person"):
        recorded(tmp_path / "chat.jsonl")


def test_without_anybody_who_gives_support_there_is_only_own_history(tmp_path: Path) -> None:
    row = {"id": "a", "messages": [{"role": "user", "content": "Hello."}]}
    (tmp_path / "chat.jsonl").write_text(json.dumps(row))
    with pytest.raises(Exception, match="no turn of somebody who gives support"):
        measured(tmp_path / "chat.jsonl", tmp_path / "run", protocols=["human-history"])
    found = measured(tmp_path / "chat.jsonl", tmp_path / "run")
    assert list(found.systems) == ["own-history"]


def test_messages_in_a_row_are_one_and_a_greeting_is_no_reply(tmp_path: Path) -> None:
    roles = ["assistant", "user", "user", "assistant", "assistant", "user"]
    messages = [{"role": role, "content": f"m{place}"} for place, role in enumerate(roles)]
    (tmp_path / "chat.jsonl").write_text(json.dumps({"id": "a", "messages": messages}))
    (conversation,) = recorded(tmp_path / "chat.jsonl")
    (turn,) = conversation.turns
    assert [message.content for message in turn.history] == ["m0", "m1\n\nm2"]
    assert (turn.place, turn.text) == (3, "m3")
    assert conversation.lines == ["m1\n\nm2", "m5"]


# -- comparing --------------------------------------------------------------------------------------------------------


def test_a_run_is_compared_with_another_turn_by_turn(data: Path, tmp_path: Path) -> None:
    before = measured(data, tmp_path / "before", ScriptedEngine(lambda messages: "Why?"))
    after = measured(data, tmp_path / "after", limit=2)
    found = compare(before, after)
    assert list(found) == ["human-history", "own-history"]
    words = found["own-history"]["words_per_turn"]
    mean = (sum(len(reply.split()) for reply in REPLIES)) / len(REPLIES)
    assert words.value == pytest.approx(mean - 1)  # of the two conversations that both have
    assert words.turns_low < words.value < words.turns_high
    assert 0 < words.turns_p <= 1
    assert compare(after, after)["own-history"]["stickiness"].value == 0


def test_runs_without_a_turn_in_common_are_not_compared(data: Path, tmp_path: Path) -> None:
    before = measured(data, tmp_path / "before", protocols=["own-history"])
    after = measured(data, tmp_path / "after", protocols=["human-history"])
    with pytest.raises(Exception, match="have no turn of a protocol in common"):
        compare(before, after)


# -- the command ------------------------------------------------------------------------------------------------------


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


# -- the real thing ---------------------------------------------------------------------------------------------------


def test_lend_an_ear_has_the_turns_of_the_published_evaluation(shared_data: Path) -> None:
    conversations = recorded(shared_data / LEND)
    assert len(conversations) == 50
    assert sum(len(each.turns) for each in conversations) == 315
    assert sum(len(each.lines) for each in conversations) == 365


@pytest.mark.data
@pytest.mark.llama
@with_encoder
def test_the_model_that_ships_is_measured_on_recorded_conversations(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
    monkeypatch.undo()
    evaluation = begin(
        paths.shipped_models() / "mini.gguf",
        data=shared_data / LEND,
        out=tmp_path / "run",
        limit=2,
        prompt="plan",
        settings=Settings(reply_tokens=32),
    )
    evaluation.run()
    found = read_report(tmp_path / "run")
    assert {name: system.turns for name, system in found.systems.items()} == {
        "human": 11, "human-history": 11, "own-history": 13,
    }  # fmt: skip
    assert all(row.reply and row.sentences for row in kept(tmp_path / "run", "own-history"))
    assert 1 < found.figures("own-history")["empathy"].value < 5
