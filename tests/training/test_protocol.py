from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tqdm", reason="tqdm is not installed")

from companion import paths
from companion.engine.protocol import EngineError, Message, Thinking
from companion.engine.scripted import ScriptedEngine
from companion.rating import Empathy
from companion.settings import Settings
from companion.study.gather import Gatherer, Source
from tests.companion.fakes import CueEncoder, CueTagger
from tests.conftest import Program, with_encoder
from tests.training.recorded_talk import REPLIES, answer, chat, kept
from tests.training.recorded_talk import cues as cues
from tests.training.recorded_talk import data as data
from training.evaluate import seed_of
from training.judge import KEYS, Judge
from training.protocol import begin, opened, read_report
from training.protocol_report import compare
from training.protocol_rows import LEND, recorded
from training.protocol_run import Stopped


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
