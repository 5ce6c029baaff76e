"""Regenerate, edit, go on, select: every path stays, and the one that was looked at last is the one that goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from companion.conversation import Conversation
from companion.engine.scripted import Gate, ScriptedEngine
from companion.errors import UsageError
from companion.events import Event, Finished, ReplyBegun, Token, UserSaved
from companion.settings import Settings
from companion.store import Role, Status, Store
from tests.companion.fakes import CueTagger


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "companion.db") as store:
        yield store


def talking(store: Store, *replies: str, **settings: Any) -> Conversation:
    return Conversation(
        store, ScriptedEngine(replies), CueTagger(), store.new_session("mini"), Settings(**{"candidates": 1} | settings)
    )


def shown(conversation: Conversation) -> list[str]:
    return [turn.text for turn in conversation.turns()]


def reply_id(events: list[Event]) -> int:
    return next(event.turn_id for event in events if isinstance(event, ReplyBegun))


def test_another_reply_stands_beside_the_first_and_is_shown(store: Store) -> None:
    conversation = talking(store, "First.", "Second.")
    first = reply_id(list(conversation.say("hello")))
    second = reply_id(list(conversation.regenerate(first)))
    assert shown(conversation) == ["hello", "Second."]
    assert [turn.text for turn in store.siblings(second)] == ["First.", "Second."]
    assert store.alternatives(conversation.session.id) == {first: (first, second), second: (first, second)}


def test_the_planner_does_not_hold_the_other_reply_against_this_one(store: Store) -> None:
    conversation = talking(store, "It makes sense.", "What happened?")
    first = reply_id(list(conversation.say("hello")))
    list(conversation.regenerate(first))
    ledger = conversation.ledger(conversation.turns())
    assert len(ledger.turns) == 1
    assert ledger.turns[0].opener == "what happened"


def test_a_message_without_a_reply_gets_one(store: Store) -> None:
    conversation = talking(store, "Here I am.")
    said = store.add_user_turn(conversation.session.id, "hello")
    list(conversation.regenerate(said.id))
    assert shown(conversation) == ["hello", "Here I am."]


def test_an_edited_message_leaves_the_old_one_with_all_that_followed(store: Store) -> None:
    conversation = talking(store, "One.", "Two.", "Three.")
    begun = list(conversation.say("first"))
    list(conversation.say("second"))
    said = next(event.turn_id for event in begun if isinstance(event, UserSaved))
    list(conversation.edit(said, "first, but better"))
    assert shown(conversation) == ["first, but better", "Three."]
    assert [turn.text for turn in conversation.select(said)] == ["first", "One.", "second", "Two."]
    assert len(store.turns(conversation.session.id)) == 6


def test_an_alternative_that_was_chosen_is_still_chosen_after_a_restart(store: Store) -> None:
    conversation = talking(store, "First.", "Second.", "Third.")
    first = reply_id(list(conversation.say("hello")))
    list(conversation.regenerate(first))
    conversation.select(first)
    again = Conversation(
        store, ScriptedEngine(["Third."]), CueTagger(), store.session(conversation.session.id), Settings(candidates=1)
    )
    assert shown(again) == ["hello", "First."]
    list(again.say("and then"))
    assert shown(again) == ["hello", "First.", "and then", "Third."]


def test_a_stopped_reply_goes_on_after_its_last_word_and_stays_as_it_was(store: Store) -> None:
    gate = Gate()
    engine = ScriptedEngine(["I hear you. Tell me more."], wait=gate)
    conversation = Conversation(store, engine, CueTagger(), store.new_session("mini"), Settings(candidates=1))
    gate.open(4)
    events = []
    for event in conversation.say("hello"):
        events.append(event)
        if isinstance(event, Token):
            conversation.stop()
    stopped = reply_id(events)
    assert store.turn(stopped).text == "I hear you. Tell"
    gate.open(9)
    events = list(conversation.go_on(stopped))
    whole = store.turn(reply_id(events))
    assert whole.text == "I hear you. Tell me more."
    assert events[0] == ReplyBegun(whole.id, whole.parent_id or 0, "I hear you. Tell")
    assert "".join(event.text for event in events if isinstance(event, Token)) == " me more."
    assert store.turn(stopped).status is Status.STOPPED
    assert engine.heard[-1][-1].role == "assistant"
    assert engine.heard[-1][-1].content == "I hear you. Tell"


def test_a_steered_reply_goes_on_too_and_knows_what_it_has_done(store: Store) -> None:
    engine = ScriptedEngine(branches=[["I hear you."], [""], ["What happened then?"], [""]])
    conversation = Conversation(store, engine, CueTagger(), store.new_session("mini"), Settings(candidates=2))
    first = reply_id(list(conversation.say("hello")))
    assert store.turn(first).text == "I hear you."
    events = list(conversation.go_on(first))
    assert isinstance(events[-1], Finished)
    assert events[-1].reply.text.startswith("I hear you.")
    assert events[-1].reply.text.endswith("What happened then?")


def test_another_session_starts_with_nothing_of_the_last_one(store: Store) -> None:
    conversation = talking(store, "One.", "Two.")
    list(conversation.say("first"))
    other = store.new_session("mini")
    conversation.open(other)
    list(conversation.say("second"))
    assert shown(conversation) == ["second", "Two."]
    assert len(conversation.ledger(conversation.turns()).turns) == 1


def test_an_empty_session_that_is_left_is_not_kept(store: Store) -> None:
    conversation = talking(store)
    empty, other = conversation.session.id, store.new_session("mini")
    conversation.open(other)
    assert empty not in [session.id for session in store.sessions()]


def test_turns_of_other_conversations_and_roles_are_refused(store: Store) -> None:
    conversation, other = talking(store, "One."), talking(store, "Two.")
    begun = list(other.say("elsewhere"))
    theirs = reply_id(begun)
    for wish in (conversation.regenerate(theirs), conversation.go_on(theirs), conversation.edit(theirs, "x")):
        with pytest.raises(UsageError, match=f"Turn {theirs} is not"):
            next(iter(wish))
    with pytest.raises(UsageError, match="not a message of yours"):
        next(iter(other.edit(theirs, "x")))
    with pytest.raises(UsageError):
        conversation.select(theirs)


def test_the_ledger_reads_a_long_session_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    conversation = talking(store, *["It makes sense."] * 3)
    list(conversation.say("one"))
    asked: list[int] = []
    sentences = store.sentences
    monkeypatch.setattr(store, "sentences", lambda session, after=0: asked.append(after) or sentences(session, after))
    list(conversation.say("two"))
    list(conversation.say("three"))
    last = [turn.id for turn in conversation.turns() if turn.role is Role.ASSISTANT]
    assert asked == [last[0] - 1, last[1] - 1]
