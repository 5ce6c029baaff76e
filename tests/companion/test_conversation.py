"""The turn loop: what is saved when, what the engine reads, and what the next turn knows."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.context import alternating, history_of
from companion.engine.protocol import Message
from companion.engine.scripted import ScriptedEngine
from companion.errors import UsageError
from companion.events import Failed, Finished, Planned, ReplyBegun, Token, Trimmed, UserSaved
from companion.store import Role, Status, Store, Turn
from companion.text import clean
from planner.layouts import TAIL_SYSTEM
from planner.tactics import Tactic
from tests.companion.conversations import WatchedEngine, kept, reply_of, shown, talking
from tests.companion.conversations import path as path
from tests.companion.conversations import store as store


def on_disk(path: Path) -> list[tuple[str, str, str]]:
    """What another program finds in the file."""
    other = sqlite3.connect(path)
    try:
        return other.execute("SELECT role, text, status FROM turns ORDER BY id").fetchall()
    finally:
        other.close()


# -- one turn ---------------------------------------------------------------------------------------------------------


def test_a_turn_is_saved_then_planned_then_spoken_then_finished(store: Store) -> None:
    events = list(talking(store, ScriptedEngine(["I hear you. What happened?"])).say("I am tired"))
    kinds = [type(event) for event in events]
    assert kinds == [UserSaved, ReplyBegun, Planned, Token, Token, Finished]
    assert shown(events) == "I hear you. What happened?"


def test_the_message_is_on_the_disk_before_the_model_is_loaded(store: Store, path: Path) -> None:
    found: list[Any] = []
    engine = WatchedEngine(["Yes."], at_load=lambda: found.extend(on_disk(path)[:1]))
    list(talking(store, engine).say("keep this"))
    assert found[0] == ("user", "keep this", "complete")


def test_the_message_is_on_the_disk_before_it_is_planned_for(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("companion.briefing.plan", broken)
    with pytest.raises(ZeroDivisionError):
        list(talking(store, ScriptedEngine()).say("keep this"))
    assert on_disk(path) == [("user", "keep this", "complete"), ("assistant", "", "failed")]


def test_what_is_arriving_is_on_the_disk_sentence_by_sentence(store: Store, path: Path) -> None:
    so_far = ""
    for event in talking(store, ScriptedEngine(["One. Two. Three."])).say("count"):
        if isinstance(event, Token):
            so_far += event.text
            assert on_disk(path)[-1] == ("assistant", so_far, "streaming")
    assert so_far == "One. Two. Three."


def test_what_is_stored_of_a_reply_is_what_the_events_said(store: Store) -> None:
    conversation = talking(store, ScriptedEngine(["That makes sense. What happened then?"]))
    events = list(conversation.say("I quit my job"))
    reply = reply_of(events)
    session = conversation.session.id
    turn = store.turn(reply.turn_id)
    plan = store.plans(session)[turn.id]
    assert events[0] == UserSaved(turn.parent_id or 0, "I quit my job")
    assert (turn.text, turn.status) == (reply.text, Status.COMPLETE)
    assert [(s.text, dict(s.tactics)) for s in store.sentences(session)[turn.id]] == [
        (s.text, {tactic.value: s.scores[tactic] for tactic in s.tactics}) for s in reply.sentences
    ]
    assert [s.tactics for s in reply.sentences] == [(Tactic.VALIDATION,), (Tactic.QUESTIONING,)]
    assert reply.plan is not None
    assert events[1] == ReplyBegun(turn.id, turn.parent_id or 0)
    assert events[2] == Planned(reply.plan)
    assert dict(plan.weights) == {tactic.value: weight for tactic, weight in reply.plan.weights.items()}
    assert (plan.targets, plan.resting) == (reply.plan.targets, reply.plan.resting)
    assert (plan.reason, plan.layout) == (reply.plan.reason, "mini")
    timings = reply.timings
    assert (turn.prompt_tokens, turn.reply_tokens) == (timings.prompt_tokens, timings.reply_tokens)
    assert (turn.ms_first, turn.ms_total) == (timings.first_ms, timings.total_ms)
    assert timings.reply_tokens == 6


def test_without_the_planner_there_is_no_plan_anywhere(store: Store) -> None:
    engine = ScriptedEngine(["Yes."])
    conversation = talking(store, engine, planner=False)
    events = list(conversation.say("hello"))
    assert not any(isinstance(event, Planned) for event in events)
    assert reply_of(events).plan is None
    assert store.plans(conversation.session.id) == {}
    assert engine.heard[0][-1].controls == ()


def test_the_engine_samples_as_the_settings_say(store: Store) -> None:
    engine = ScriptedEngine(["Yes."])
    list(talking(store, engine, temperature=0.3, top_p=0.5, seed=7, reply_tokens=40).say("hello"))
    sampling = engine.samplings[0]
    assert (sampling.temperature, sampling.top_p, sampling.seed, sampling.max_tokens) == (0.3, 0.5, 7, 40)


def test_what_the_settings_leave_open_is_as_the_model_recommends(store: Store) -> None:
    engine = ScriptedEngine(["Yes."])
    list(talking(store, engine).say("hello"))
    advised = engine.load().sampling
    assert (engine.samplings[0].temperature, engine.samplings[0].top_p) == (advised.temperature, advised.top_p)


def test_a_reply_may_take_a_quarter_of_what_the_model_reads_and_no_more(store: Store) -> None:
    engine = ScriptedEngine(["Yes."], context=100)
    list(talking(store, engine, reply_tokens=300).say("hello"))
    assert engine.samplings[0].max_tokens == 25


@pytest.mark.parametrize("nothing", ["", "  \n\t", "\x1b[31m\x1b[0m", "\u202e\u200b", "\x00"])
def test_a_message_of_which_nothing_is_left_is_refused_and_not_kept(store: Store, nothing: str) -> None:
    conversation = talking(store, ScriptedEngine())
    with pytest.raises(UsageError, match="nothing to say"):
        list(conversation.say(nothing))
    assert kept(store, conversation) == []


def test_nothing_that_steers_a_terminal_is_kept_of_what_was_said(store: Store, path: Path) -> None:
    engine = ScriptedEngine(["Yes."])
    conversation = talking(store, engine)
    events = list(conversation.say("a\x1b[2Jb\x07c\u202ed\x00e\ud800f"))
    assert events[0] == UserSaved(1, "abcde\ufffdf")
    assert engine.heard[0][0].content == "abcde\ufffdf"
    assert on_disk(path)[0][1] == "abcde\ufffdf"


@given(
    st.lists(st.sampled_from(["a", "b ", "\x1b", "[31m", "]0;x\x07", "\u202e", "\n", " ", "\ud83d", "c."]), max_size=12)
)
def test_however_a_reply_is_cut_into_pieces_what_is_shown_is_what_is_kept_and_clean(pieces: list[str]) -> None:
    with Store(None) as store:
        conversation = talking(store, ScriptedEngine([pieces]))
        events = list(conversation.say("go on"))
        text = clean("".join(pieces)).strip()
        assert reply_of(events).text == store.branch(conversation.session.id)[-1].text == text
        assert shown(events).rstrip() == text


# -- the next turn ----------------------------------------------------------------------------------------------------


def test_what_the_first_reply_did_weighs_less_in_the_second_plan_than_it_would_have(store: Store) -> None:
    plans = []
    for variety in (1.5, 0.0):
        engine = ScriptedEngine(["What happened? That makes sense.", "Go on."])
        conversation = talking(store, engine, variety=variety)
        first = reply_of(list(conversation.say("My boss yelled at me.")))
        assert {tactic for s in first.sentences for tactic in s.tactics} == {Tactic.QUESTIONING, Tactic.VALIDATION}
        second = reply_of(list(conversation.say("It was in front of everyone."))).plan
        assert second is not None
        plans.append(second)
    rested, unrested = plans
    for tactic in (Tactic.QUESTIONING, Tactic.VALIDATION):
        assert rested.weights[tactic] < unrested.weights[tactic]
    assert rested.weights[Tactic.EMPOWERMENT] > unrested.weights[Tactic.EMPOWERMENT]
    assert rested.avoid_openers == ("what happened that",)


def test_taste_raises_the_weight_of_what_the_person_likes(store: Store) -> None:
    def weight() -> float:
        plan = reply_of(list(talking(store, ScriptedEngine(["Yes."])).say("hello"))).plan
        assert plan is not None
        return plan.weights[Tactic.QUESTIONING]

    before = weight()
    store.set_taste({"questioning": 1.5})
    assert weight() > before


@pytest.mark.parametrize("layout", ["mini", "tail", "mint"])
def test_the_plans_text_never_enters_the_history(store: Store, layout: str) -> None:
    engine = ScriptedEngine(["What happened?", "I see.", "Go on."], layout=layout)
    conversation = talking(store, engine)
    said = ["one", "two", "three"]
    for text in said:
        list(conversation.say(text))
    last = engine.heard[-1]
    talk = [m.content for m in last if m.role != "system" and m.content]
    assert talk == ["one", "What happened?", "two", "I see.", "three"]
    assert [m for m in last if m.controls and m != last[-1]] == []
    if layout == "tail":
        notes = [m.content for m in last if m.role == "system" and m.content != TAIL_SYSTEM]
        assert len(notes) == 1
        assert last[-2].content == notes[0]


def test_a_conversation_that_is_resumed_sees_what_was_said_before(path: Path) -> None:
    with Store(path) as store:
        first = talking(store, ScriptedEngine(["What happened?"]))
        list(first.say("I lost my job"))
        session = first.session.id
    with Store(path) as store:
        engine = ScriptedEngine(["I see."])
        events = list(talking(store, engine, store.session(session)).say("last week"))
    assert [m.content for m in engine.heard[0] if m.content] == ["I lost my job", "What happened?", "last week"]
    plan = reply_of(events).plan
    assert plan is not None
    assert Tactic.QUESTIONING in plan.resting or Tactic.QUESTIONING not in plan.targets
    assert plan.avoid_openers == ("what happened",)


def test_two_conversations_in_one_database_do_not_hear_each_other(store: Store) -> None:
    list(talking(store, ScriptedEngine(["Yes."])).say("secret"))
    engine = ScriptedEngine(["Yes."])
    list(talking(store, engine).say("hello"))
    assert [m.content for m in engine.heard[0]] == ["hello", ""]


# -- more than the model can read -------------------------------------------------------------------------------------


def test_a_conversation_too_long_for_the_model_loses_its_oldest_whole_exchanges(store: Store) -> None:
    engine = ScriptedEngine(lambda messages: "one two three four five six", context=60)
    conversation = talking(store, engine)
    trimmed = []
    for number in range(8):
        for event in conversation.say(f"message {number} with six words"):
            if isinstance(event, Trimmed):
                trimmed.append(event.messages)
    last = [m for m in engine.heard[-1] if m.content]
    assert last[0].role == "user"
    assert last[0].content != "message 0 with six words"
    assert last[-1].content == "message 7 with six words"
    assert [m.role for m in last] == ["user", "assistant"] * (len(last) // 2) + ["user"]
    assert trimmed[-1] + len(last) == 15
    assert trimmed == sorted(trimmed)
    assert engine.count_tokens(engine.heard[-1]) <= 60 - 15
    assert len(store.branch(conversation.session.id)) == 16


def test_one_message_too_long_for_the_model_is_saved_and_answered_with_a_sentence(store: Store) -> None:
    conversation = talking(store, ScriptedEngine(["Yes."], context=100))
    long = "word " * 99 + "end"
    events = list(conversation.say(long))
    assert isinstance(events[-1], Failed)
    assert "reads 75 at a time" in events[-1].message
    assert "It is saved; please send it again in shorter parts." in events[-1].message
    assert kept(store, conversation) == [(long, Status.COMPLETE), ("", Status.FAILED)]


def test_after_a_message_too_long_the_next_one_is_answered(store: Store) -> None:
    engine = ScriptedEngine(["Yes."], context=100)
    conversation = talking(store, engine)
    list(conversation.say("word " * 200))
    events = list(conversation.say("in short: help"))
    assert isinstance(events[-1], Finished)
    assert [m.content for m in engine.heard[-1]] == ["in short: help", ""]
    assert Trimmed(1) in events


def test_the_context_setting_limits_what_the_model_looks_back_on(store: Store) -> None:
    engine = ScriptedEngine(lambda messages: "yes " * 60)
    conversation = talking(store, engine, context=256)
    for _ in range(6):
        list(conversation.say("word " * 30))
    assert engine.count_tokens(engine.heard[-1]) <= 256 - 64
    assert engine.samplings[-1].max_tokens == 64


# -- off the record, and the history ----------------------------------------------------------------------------------


def test_off_the_record_no_file_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Store(None) as store:
        conversation = talking(store, ScriptedEngine(["Yes.", "No."]))
        list(conversation.say("between us"))
        assert isinstance(list(conversation.say("and this"))[-1], Finished)
        assert len(kept(store, conversation)) == 4
    assert list(tmp_path.rglob("*")) == []


def turn(role: Role, text: str) -> Turn:
    return Turn(1, "s", None, role, text, Status.COMPLETE, "")


def test_the_history_leaves_out_replies_of_which_nothing_came() -> None:
    turns = [turn(Role.USER, "a"), turn(Role.ASSISTANT, ""), turn(Role.USER, "b"), turn(Role.ASSISTANT, "c")]
    assert history_of(turns) == [Message("user", "a"), Message("user", "b"), Message("assistant", "c")]


def test_messages_of_one_side_in_a_row_are_read_as_one() -> None:
    history = [Message("user", "a"), Message("user", "b"), Message("assistant", "c"), Message("user", "d")]
    assert alternating(history) == [Message("user", "a\n\nb"), Message("assistant", "c"), Message("user", "d")]


def test_a_reply_that_a_crash_cut_off_counts_in_the_plan_although_it_was_never_tagged(store: Store) -> None:
    session = store.new_session("mini")
    said = store.add_user_turn(session.id, "I failed")
    broken = store.begin_reply(session.id, said.id)
    store.save_partial(broken.id, "What happened then? What did she say?")
    conversation = talking(store, ScriptedEngine(["Go on."]), session)
    made = next(event.plan for event in conversation.say("well") if isinstance(event, Planned))
    assert next(factor.usage for factor in made.factors if factor.tactic is Tactic.QUESTIONING) == pytest.approx(1.0)


def test_a_conversation_in_which_nothing_was_said_leaves_no_session(path: Path) -> None:
    talking(Store(path), ScriptedEngine()).close()
    spoken = talking(Store(path), ScriptedEngine(["Hello."]))
    list(spoken.say("hello"))
    spoken.close()
    with Store(path) as store:
        assert [session.title for session in store.sessions()] == ["hello"]
