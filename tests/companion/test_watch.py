"""Danger is read before the model is asked, kept, and held over turns, paths and restarts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from companion.conversation import Conversation
from companion.engine.scripted import ScriptedEngine
from companion.events import Event, Planned, ReplyBegun, RiskRaised, Token
from companion.safety.risk.assessor import RiskAssessor
from companion.settings import Settings
from companion.store import Session, Store
from planner.policy import CRISIS_TACTICS
from tests.companion.fakes import CueTagger

DISCLOSURE = "I want to kill myself tonight"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "companion.db") as store:
        yield store


def talking(store: Store, session: Session | None = None) -> Conversation:
    return Conversation(
        store,
        ScriptedEngine(["I hear you."] * 9),
        CueTagger(),
        session or store.new_session("mini"),
        Settings(candidates=1),
        assessor=RiskAssessor(),
    )


def raised(events: list[Event]) -> RiskRaised | None:
    return next((event for event in events if isinstance(event, RiskRaised)), None)


def targets(events: list[Event]) -> set[str]:
    return {tactic for event in events if isinstance(event, Planned) for tactic in event.plan.targets}


def test_s5_the_card_is_wanted_before_any_generated_text(store: Store) -> None:
    events = list(talking(store).say(DISCLOSURE))
    kinds = [type(event) for event in events]
    assert kinds.index(RiskRaised) < kinds.index(ReplyBegun) < kinds.index(Token)
    found = raised(events)
    assert found is not None
    assert found.risk.card
    assert targets(events) <= CRISIS_TACTICS


def test_s13_ordinary_talk_raises_nothing(store: Store) -> None:
    conversation = talking(store)
    assert raised(list(conversation.say("my boss is killing me with these deadlines"))) is None
    assert store.risk_events(conversation.session.id) == []


@pytest.mark.parametrize("answer", ["ok", "thanks", "I am fine, forget it", "what is the weather like"])
def test_s10_s11_what_was_said_is_held_over_the_next_turn(store: Store, answer: str) -> None:
    conversation = talking(store)
    list(conversation.say(DISCLOSURE))
    events = list(conversation.say(answer))
    found = raised(events)
    assert found is not None
    assert found.risk.level >= 3
    assert targets(events) <= CRISIS_TACTICS


def test_s10_a_message_that_was_edited_away_was_still_said(store: Store) -> None:
    conversation = talking(store)
    events = list(conversation.say(DISCLOSURE))
    said = next(event.turn_id for event in events if isinstance(event, RiskRaised))
    found = raised(list(conversation.edit(said, "hello")))
    assert found is not None
    assert found.risk.level >= 3


def test_s10_a_restart_forgets_nothing(store: Store) -> None:
    conversation = talking(store)
    list(conversation.say(DISCLOSURE))
    again = talking(store, store.session(conversation.session.id))
    plan = again.next_plan()
    assert plan is not None
    assert set(plan.targets) <= CRISIS_TACTICS
    found = raised(list(again.say("ok")))
    assert found is not None
    assert found.risk.level >= 3


def test_what_fired_is_kept_with_the_message(store: Store) -> None:
    conversation = talking(store)
    list(conversation.say(DISCLOSURE))
    event = store.risk_events(conversation.session.id)[0]
    assert event.card_shown
    assert "phrases" in event.layer


def test_another_session_begins_without_it(store: Store) -> None:
    conversation = talking(store)
    list(conversation.say(DISCLOSURE))
    conversation.open(store.new_session("mini"))
    assert raised(list(conversation.say("hello"))) is None


def reply_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Token))


def test_s8_when_it_is_now_three_short_lines_are_said_and_the_model_is_not_asked(store: Store) -> None:
    conversation = talking(store)
    engine = conversation.engine
    assert isinstance(engine, ScriptedEngine)
    reply = reply_of(list(conversation.say("I have the pills in my hand and I am ending it tonight")))
    assert engine.heard == []
    assert len(reply.split("\n\n")) == 3
    assert conversation.turns()[-1].text == reply


def test_s5_s7_a_reply_to_a_wish_to_be_dead_asks_and_names_people(store: Store) -> None:
    conversation = talking(store)
    reply = reply_of(list(conversation.say("sometimes I wish I would not wake up")))
    assert reply.startswith("I hear you.")
    assert "?" in reply
    assert len(reply) > len("I hear you. ") + 20


def test_s6_what_has_to_be_said_is_said_although_the_model_breaks(store: Store) -> None:
    from companion.engine.protocol import EngineDied
    from companion.events import Failed

    conversation = Conversation(
        store,
        ScriptedEngine([[EngineDied("signal 9")]]),
        CueTagger(),
        store.new_session("mini"),
        Settings(candidates=1),
        assessor=RiskAssessor(),
    )
    events = list(conversation.say("sometimes I wish I would not wake up"))
    assert isinstance(events[-1], Failed)
    assert "?" in conversation.turns()[-1].text


def test_another_reply_after_a_restart_knows_what_the_message_said(store: Store) -> None:
    conversation = talking(store)
    list(conversation.say("sometimes I wish I would not wake up"))
    again = talking(store, store.session(conversation.session.id))
    reply = reply_of(list(again.regenerate(conversation.turns()[-1].id)))
    assert "?" in reply
    assert len(store.risk_events(conversation.session.id)) == 1


def test_ordinary_replies_are_left_as_they_are(store: Store) -> None:
    assert reply_of(list(talking(store).say("my cat is ill"))) == "I hear you."
