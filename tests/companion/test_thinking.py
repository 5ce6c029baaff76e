"""What a model thinks before its reply: told apart, bounded, shown folded, and kept nowhere."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.conversation import Conversation
from companion.engine.client import LlamaEngine
from companion.engine.profile import Profile
from companion.engine.protocol import Finish, Message, Piece, Sampling, Thinking
from companion.engine.scripted import Gate, ScriptedEngine
from companion.engine.template import render
from companion.engine.thinking import Apart
from companion.events import Event, Finished, Remarked, Stopped, Thought, Token
from companion.export import write_session
from companion.plain import PlainChat
from companion.settings import Settings
from companion.speaking.checked import Guard
from companion.speaking.thoughts import Thoughts
from companion.store import Store
from planner.layouts import thoughtful
from tests.companion.fakes import CueTagger

HELLO = [Message("user", "hello there")]
THOUGHTS = [Thinking("They are tired. "), Thinking("I ask.")]
THINKS = Profile(thinks=True)
SILENT = Profile(empty_think=True)


# -- telling it apart -------------------------------------------------------------------------------------------------

TEXT = st.text(st.sampled_from("ab<>/think \n"), max_size=12)
TAGGED = st.lists(st.one_of(TEXT, st.sampled_from(["<think>", "</think>"]))).map("".join)


def parts_of(pieces: Sequence[str], *, thinking: bool = False) -> tuple[str, str]:
    apart = Apart(thinking=thinking)
    found = [part for piece in pieces for part in apart.feed(piece)] + list(apart.close())
    return tuple("".join(part.text for part in found if isinstance(part, kind)) for kind in (Thinking, Piece))  # type: ignore[return-value]


@given(TAGGED, st.booleans())
def test_however_it_is_cut_the_parts_are_the_same(text: str, thinking: bool) -> None:
    assert parts_of(list(text), thinking=thinking) == parts_of([text], thinking=thinking)


@given(TAGGED)
def test_nothing_behind_a_tag_that_is_not_closed_comes_out_as_a_reply(text: str) -> None:
    thought, said = parts_of([text])
    head, opened, rest = text.partition("<think>")
    if opened and "</think>" not in rest:
        assert said == head.replace("</think>", "")
    assert len(thought) + len(said) + 7 * text.count("<think>") + 8 * text.count("</think>") == len(text)


# -- the prompt -------------------------------------------------------------------------------------------------------


def spelled(messages: Sequence[Message], profile: Profile, **how: bool) -> str:
    return "".join(part.text for part in render(messages, profile, **how))


def test_the_block_is_left_open_where_there_is_to_be_thinking_and_only_there() -> None:
    reply = "<|im_start|>assistant\n"
    assert spelled(HELLO, THINKS, think=True).endswith(f"{reply}<think>\n")
    assert spelled(HELLO, THINKS).endswith(f"{reply}<think>\n\n</think>\n\n")
    assert spelled(HELLO, SILENT, think=True).endswith(f"{reply}<think>\n\n</think>\n\n")
    assert spelled(HELLO, Profile(), think=True).endswith(reply)
    begun = [*HELLO, Message("assistant", "I see")]
    assert spelled(begun, THINKS, think=True).endswith(f"{reply}<think>\n\n</think>\n\nI see")


def test_what_was_thought_stands_before_what_was_said() -> None:
    for thought in ("So.", "So.\n"):
        prompt = thoughtful([*HELLO, Message("assistant", "I see")], thought)
        assert spelled(prompt, THINKS).endswith("<|im_start|>assistant\n<think>\nSo.\n</think>\n\nI see")


def test_earlier_replies_of_a_model_that_thinks_have_no_block() -> None:
    talk = [*HELLO, Message("assistant", "I see"), Message("user", "and?")]
    assert spelled(talk, THINKS, think=True).count("<think>") == 1
    assert spelled(talk, SILENT).count("<think>") == 2


# -- the model on this machine ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def thinker_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
    pytest.importorskip("gguf", reason="gguf is not installed: it writes the models of the engine tests")
    from tests.companion import tiny_gguf

    folder = tmp_path_factory.mktemp("models")
    return tiny_gguf.write(folder / "thinker.gguf", plan_controls=False, replies="anything", seed=3)


@pytest.fixture(params=[True, False], ids=["thinks", "does not think"])
def thinker(request: pytest.FixtureRequest, thinker_file: Path) -> Iterator[LlamaEngine]:
    engine = LlamaEngine(thinker_file, think=request.param)
    yield engine
    engine.close()


def heard(engine: LlamaEngine, messages: Sequence[Message], sampling: Sampling) -> tuple[str, str, Finish]:
    *items, finish = engine.stream(messages, sampling)
    assert isinstance(finish, Finish)
    thought, said = ("".join(each.text for each in items if isinstance(each, kind)) for kind in (Thinking, Piece))
    return thought, said, finish


@pytest.mark.llama
def test_a_model_thinks_within_its_bound_and_then_replies_without_a_tag(thinker: LlamaEngine) -> None:
    thinks = thinker.load().thinks
    for seed in range(8):
        sampling = Sampling(temperature=1.5, max_tokens=20, seed=seed, think_tokens=12)
        thought, said, finish = heard(thinker, HELLO, sampling)
        assert bool(thought) is thinks
        assert "think>" not in thought + said
        assert finish.reply_tokens <= 20
        assert (finish.prompt_tokens < thinker.count_tokens(HELLO)) is thinks  # while the block is open


@pytest.mark.llama
def test_what_was_thought_is_in_the_prompts_after_it_and_is_not_read_twice(thinker_file: Path) -> None:
    engine = LlamaEngine(thinker_file, think=True)
    sampling = Sampling(max_tokens=6, seed=1, think_tokens=12)
    thought, said, _ = heard(engine, HELLO, sampling)
    prompt = thoughtful(HELLO, thought)
    again, said_again, finish = heard(engine, prompt, sampling)
    assert (again, said_again) == ("", said)
    assert finish.cached_tokens == finish.prompt_tokens - 1
    alone, nothing, ended = heard(engine, HELLO, Sampling(max_tokens=0, seed=1, think_tokens=12))
    assert (alone, nothing, ended.reply_tokens) == (thought, "", 0)
    branches = engine.branch(prompt, sampling, 2)
    assert branches.prompt_tokens == finish.prompt_tokens
    assert branches.cached_tokens >= branches.prompt_tokens - 5  # the block is closed, and that is all
    engine.close()


@pytest.mark.llama
def test_thinking_that_would_fill_the_context_ends_in_time(thinker_file: Path) -> None:
    engine = LlamaEngine(thinker_file, think=True, context=256)
    thought, _, finish = heard(engine, HELLO, Sampling(seed=2, max_tokens=500, think_tokens=5000))
    assert thought
    assert finish.reason in {"length", "stop"}
    assert heard(engine, HELLO, Sampling(seed=2, max_tokens=5, think_tokens=5))[1]
    engine.close()


@pytest.mark.llama
def test_thinking_can_be_stopped(thinker_file: Path) -> None:
    engine = LlamaEngine(thinker_file, think=True)
    stream = engine.stream(HELLO, Sampling(max_tokens=50, think_tokens=1500))
    assert isinstance(next(stream), Thinking)
    engine.cancel()
    *_, finish = stream
    assert isinstance(finish, Finish)
    assert finish.reason in {"cancelled", "stop", "length"}
    engine.close()


# -- the conversation -------------------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "companion.db") as store:
        yield store


def talking(store: Store, engine: ScriptedEngine, **settings: Any) -> Conversation:
    return Conversation(store, engine, CueTagger(), store.new_session("mini"), Settings(**settings))


def said(events: Sequence[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Token))


REPLIES = [[*THOUGHTS, "That makes sense.", " What happened?"], [*THOUGHTS, "Go on."]]


@pytest.mark.parametrize("candidates", [1, 4])
def test_thoughts_are_told_first_and_kept_nowhere(store: Store, tmp_path: Path, candidates: int) -> None:
    engine = ScriptedEngine(REPLIES, thinks=True)
    conversation = talking(store, engine, candidates=candidates, think_tokens=64)
    events = [*conversation.say("hello")]
    told = [event for event in events if isinstance(event, Thought | Token)]
    assert "".join(event.text for event in told if isinstance(event, Thought)) == "They are tired. I ask."
    assert [type(event) for event in told] == sorted(map(type, told), key=lambda kind: kind is Token)
    end = events[-1]
    assert isinstance(end, Finished)
    assert end.reply.text == said(events) == "That makes sense. What happened?"
    assert all("tired" not in sentence.text for sentence in end.reply.sentences)
    assert {sampling.think_tokens for sampling in engine.samplings} == {64}
    if candidates > 1:
        assert engine.branched[0][0][-1].thought == "They are tired. I ask."
    list(conversation.say("and?"))
    assert all("tired" not in message.content for prompt in engine.heard for message in prompt)
    write_session(store, conversation.session, tmp_path / "out.jsonl", "jsonl")
    store.close()
    assert all(b"tired" not in file.read_bytes() for file in tmp_path.iterdir())


def test_a_model_that_does_not_think_is_not_asked_to(store: Store) -> None:
    engine = ScriptedEngine(REPLIES)
    events = list(talking(store, engine, candidates=1).say("hello"))
    assert not any(isinstance(event, Thought) for event in events)
    assert engine.samplings[0].think_tokens == 0


def test_a_reply_that_goes_on_is_not_thought_about_again(store: Store) -> None:
    engine = ScriptedEngine(REPLIES, thinks=True)
    conversation = talking(store, engine, candidates=1)
    *_, end = conversation.say("hello")
    assert isinstance(end, Finished)
    assert not any(isinstance(event, Thought) for event in conversation.go_on(end.reply.turn_id))


def test_a_stop_while_it_thinks_leaves_an_empty_reply(store: Store) -> None:
    gate = Gate()
    engine = ScriptedEngine(REPLIES, thinks=True, wait=gate)
    conversation = talking(store, engine, candidates=4)
    gate.open()
    events: list[Event] = []
    for event in conversation.say("hello"):
        events.append(event)
        if isinstance(event, Thought):
            conversation.stop()
    assert isinstance(events[-1], Stopped)
    assert said(events) == ""


def test_where_a_server_begins_anew_that_is_said_and_done(store: Store) -> None:
    engine = ScriptedEngine(["One.", "Two."], goes_on=False)
    conversation = talking(store, engine, candidates=4)
    *_, end = conversation.say("hello")
    assert isinstance(end, Finished)
    assert engine.branched == []
    first, *events = conversation.go_on(end.reply.turn_id)
    assert isinstance(first, Remarked)
    assert "cannot go on in the middle of a reply" in first.text
    assert said(events) == "Two."


def test_a_thought_that_may_not_be_shown_is_not_and_neither_is_a_control_character() -> None:
    thoughts = Thoughts(Guard())
    text = "They\x1b[2J are tired. The lethal dose is 40 pills. I will not say that. So"
    shown = "".join(map(thoughts.feed, text)) + thoughts.close()
    assert "lethal" not in shown
    assert shown.startswith("They are tired.")
    assert shown.endswith("I will not say that. So")


def test_the_plain_chat_says_how_long_it_thought_and_shows_it_when_asked(store: Store) -> None:
    conversation = talking(store, ScriptedEngine(REPLIES, thinks=True), candidates=1)
    out = io.StringIO()
    PlainChat(conversation, lines=io.StringIO("hello\n/thoughts\n"), out=out).run()
    assert out.getvalue().startswith(
        "Thinking.\nThought for less than a second; /thoughts shows it.\nCompanion: That makes sense. What happened?\n"
        "They are tired. I ask.\n"
    )


def test_the_plain_chat_has_no_thoughts_of_a_model_that_has_none(store: Store) -> None:
    out = io.StringIO()
    conversation = talking(store, ScriptedEngine(["Yes."]), candidates=1)
    PlainChat(conversation, lines=io.StringIO("hello\n/thoughts\n"), out=out).run()
    assert "Nothing was thought before the last reply." in out.getvalue()
