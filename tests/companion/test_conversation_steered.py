from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from companion.conversation import Conversation
from companion.engine.protocol import EngineDied, Message, ReadProgress
from companion.engine.scripted import ScriptedEngine
from companion.events import Event, Failed, Finished, SentenceChosen, Stopped, Token
from companion.rating import Rater
from companion.settings import Settings
from companion.store import Session, Store
from tests.companion.fakes import CueEncoder, CueTagger

WAYS = [["That makes sense.", "What happened?"], [" Try to rest.", " It makes sense."], ["", " More."]]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "companion.db") as store:
        yield store


def talking(
    store: Store, engine: ScriptedEngine, session: Session | None = None, *, resting: bool = False, **settings: Any
) -> Conversation:
    return Conversation(
        store,
        engine,
        CueTagger(),
        session or store.new_session("mini"),
        Settings(**settings),
        rater=Rater(CueEncoder()),
        resting=resting,
    )


def said(events: Sequence[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Token))


def test_each_choice_is_told_before_its_sentence_and_kept_with_the_reply(store: Store) -> None:
    conversation = talking(store, ScriptedEngine(branches=WAYS))
    events = list(conversation.say("hello"))
    end = events[-1]
    assert isinstance(end, Finished)
    assert end.reply.text == said(events)
    kinds = [type(event) for event in events if isinstance(event, SentenceChosen | Token)]
    assert kinds == [SentenceChosen, Token] * 2
    assert len(end.reply.choices) == 2
    kept = store.candidates(end.reply.turn_id)
    assert [[row.text for row in rows] for rows in kept] == [
        ["That makes sense.", "What happened?"],
        ["Try to rest.", "It makes sense."],
    ]
    assert [sum(row.kept for row in rows) for rows in kept] == [1, 1]
    assert " ".join(row.text for rows in kept for row in rows if row.kept) == end.reply.text
    assert {"plan", "novelty", "quality", "opener", "run_on", "echo", "total"} == set(kept[0][0].score)


def test_what_a_rater_thinks_of_the_reply_is_kept(store: Store) -> None:
    conversation = talking(store, ScriptedEngine(["Hello there."]), candidates=1)
    end = list(conversation.say("hello"))[-1]
    assert isinstance(end, Finished)
    assert end.reply.empathy is not None
    assert end.reply.empathy.aggregate == 3
    (rated,) = store.empathy(conversation.session.id)[end.reply.turn_id]
    assert (rated.validating_emotions, rated.unsolicited_advice, rated.rater) == (3, 3, "encoder")


def test_one_candidate_is_plain_streaming(store: Store) -> None:
    engine = ScriptedEngine(["That makes sense."])
    events = list(talking(store, engine, candidates=1).say("hello"))
    assert not engine.branched
    assert not any(isinstance(event, SentenceChosen) for event in events)


def test_without_a_plan_there_is_nothing_to_choose_by(store: Store) -> None:
    engine = ScriptedEngine(["That makes sense."])
    list(talking(store, engine, planner=False).say("hello"))
    assert not engine.branched


def test_a_sentence_that_was_not_said_is_forgotten_with_its_session(store: Store) -> None:
    conversation = talking(store, ScriptedEngine(branches=[["Yes.", "A heliotrope mongoose."], [""]]))
    list(conversation.say("hello"))
    assert store.path is not None
    store.delete(conversation.session.id)
    for file in store.path.parent.iterdir():
        assert b"mongoose" not in file.read_bytes()


def test_a_death_in_a_branching_keeps_what_was_said(store: Store) -> None:
    engine = ScriptedEngine(branches=[["One."], [EngineDied("killed")], ["Hello again."], [""]])
    conversation = talking(store, engine)
    end = list(conversation.say("hello"))[-1]
    assert isinstance(end, Failed)
    assert end.reply.text == "One."
    assert len(end.reply.choices) == 1
    again = list(conversation.say("still there?"))[-1]
    assert isinstance(again, Finished)
    assert again.reply.text == "Hello again."


def test_a_stop_between_sentences_keeps_what_was_said(store: Store) -> None:
    conversation = talking(store, ScriptedEngine(["One. Two. Three."]))
    events: list[Event] = []
    for event in conversation.say("hello"):
        events.append(event)
        if isinstance(event, Token):
            conversation.stop()
    assert isinstance(events[-1], Stopped)
    assert events[-1].reply.text == "One."


# -- reading ahead ---------------------------------------------------------------------------------------------------


def waited(conversation: Conversation) -> None:
    assert conversation._ahead is not None
    conversation._ahead.wait()


@pytest.mark.parametrize("layout", ["mini", "tail", "mint"])
def test_after_a_reply_the_next_prompt_is_read_up_to_the_persons_words(store: Store, layout: str) -> None:
    engine = ScriptedEngine(["Hello there.", "Good to hear."], layout=layout)
    conversation = talking(store, engine, resting=True, candidates=1)
    list(conversation.say("hello"))
    waited(conversation)
    (ahead,) = engine.read_ahead
    assert [message.content for message in ahead if message.role != "system"] == ["hello", "Hello there."]
    list(conversation.say("I slept well"))
    prompt = engine.heard[-1]
    assert prompt[: len(ahead)] == ahead  # the plan that was expected is the one that came
    conversation.close()


def test_a_mint_prompt_that_needs_another_plan_is_not_the_one_that_was_read(store: Store) -> None:
    engine = ScriptedEngine(["Hello there.", "You could rest."], layout="mint")
    conversation = talking(store, engine, resting=True, candidates=1)
    list(conversation.say("hello"))
    waited(conversation)
    list(conversation.say("what should I do about my boss?"))
    assert engine.heard[-1][0] != engine.read_ahead[0][0]
    assert "Leave out for now: Advice" not in engine.heard[-1][0].content
    conversation.close()


def test_what_the_person_does_comes_first(store: Store) -> None:
    begun = threading.Event()

    class Slow(ScriptedEngine):
        def prefill(self, messages: Sequence[Message], progress: ReadProgress | None = None) -> int:
            self._begin()
            begun.set()
            self._cancelled.wait(30)
            return 0

    engine = Slow(["Hello there.", "Yes."])
    conversation = talking(store, engine, resting=True, candidates=1)
    list(conversation.say("hello"))
    assert begun.wait(5)
    events = list(conversation.say("and now this"))
    assert isinstance(events[-1], Finished)
    conversation.close()
    assert all(thread.name != "read ahead" for thread in threading.enumerate())


def test_nothing_is_read_ahead_unless_it_is_wanted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for resting, settings in ((False, {}), (True, {"read_ahead": False})):
        engine = ScriptedEngine(["Hello there."])
        conversation = talking(store, engine, resting=resting, candidates=1, **settings)
        list(conversation.say("hello"))
        assert conversation._ahead is None
    monkeypatch.setattr("companion.conversation.battery", lambda: 20)
    engine = ScriptedEngine(["Hello there.", "Yes."])
    low = talking(store, engine, resting=True, candidates=1)
    list(low.say("hello"))
    waited(low)
    assert not engine.read_ahead
    monkeypatch.setattr("companion.conversation.battery", lambda: 30)
    list(low.say("still here"))
    waited(low)
    assert len(engine.read_ahead) == 1


def test_a_session_that_is_resumed_is_read_before_the_first_message(store: Store) -> None:
    session = store.new_session("mini")
    first = talking(store, ScriptedEngine(["Hello there."]), session, candidates=1)
    list(first.say("hello"))
    engine = ScriptedEngine(["Yes."])
    again = talking(store, engine, session, resting=True, candidates=1)
    again.rest()
    waited(again)
    assert [message.content for message in engine.read_ahead[0]] == ["hello", "Hello there."]
    again.close()
