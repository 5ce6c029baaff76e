"""Turns: how a reply is kept from its beginning to its end, branches, and what is known about a turn."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from companion.errors import CompanionError, NotFound, UsageError
from companion.store import Empathy, PlanRow, Rating, RiskEvent, Role, Status, Store, Timings
from tests.companion.stores import finished
from tests.companion.stores import path as path
from tests.companion.stores import store as store

# Turns


def test_what_the_person_said_is_on_disk_when_the_call_returns(path: Path) -> None:
    with Store(path) as store:
        session = store.new_session(None)
        turn = store.add_user_turn(session.id, "hello")
        with sqlite3.connect(path) as other:
            assert other.execute("SELECT id, text, status FROM turns").fetchall() == [(turn.id, "hello", "complete")]


def test_a_reply_goes_from_streaming_to_complete(store: Store) -> None:
    session = store.new_session(None)
    asked = store.add_user_turn(session.id, "hello")
    reply = store.begin_reply(session.id, asked.id)
    assert (reply.status, reply.text, reply.role) == (Status.STREAMING, "", Role.ASSISTANT)
    store.save_partial(reply.id, "Good mor")
    assert store.turn(reply.id).text == "Good mor"
    done = store.finish_reply(
        reply.id,
        Status.COMPLETE,
        "Good morning. Slept well?",
        [("Good morning.", {}), ("Slept well?", {"questioning": 0.9, "validation": 0.6})],
        PlanRow("tail", {"questioning": 0.7, "advice": 0.3}, ("questioning",), ("advice",), "Open with a question."),
        Timings(prompt_tokens=40, reply_tokens=7, ms_first=120.5, ms_total=800.25),
        Empathy(3, 4, 3.5, 1, 1, 1, "encoder"),
    )
    assert done == store.turn(reply.id)
    assert (done.status, done.text, done.prompt_tokens, done.ms_total) == (
        Status.COMPLETE,
        "Good morning. Slept well?",
        40,
        800.25,
    )
    assert done.finished_at is not None
    said = store.sentences(session.id)[reply.id]
    assert [(s.position, s.text, s.tactics) for s in said] == [
        (0, "Good morning.", {}),
        (1, "Slept well?", {"questioning": 0.9, "validation": 0.6}),
    ]
    assert store.plans(session.id)[reply.id] == PlanRow(
        "tail", {"questioning": 0.7, "advice": 0.3}, ("questioning",), ("advice",), "Open with a question."
    )
    assert store.empathy(session.id) == {reply.id: (Empathy(3, 4, 3.5, 1, 1, 1, "encoder"),)}


@pytest.mark.parametrize("status", [Status.STOPPED, Status.FAILED, Status.INTERRUPTED])
def test_however_a_reply_ends_its_text_stays(store: Store, status: Status) -> None:
    session = store.new_session(None)
    reply = store.begin_reply(session.id, None)
    assert store.finish_reply(reply.id, status, "as far as").text == "as far as"
    assert store.turn(reply.id).status is status


def test_a_failed_finish_leaves_nothing_half_written(store: Store) -> None:
    session = store.new_session(None)
    reply = store.begin_reply(session.id, None)
    store.save_partial(reply.id, "half")
    with pytest.raises(CompanionError):
        store.finish_reply(
            reply.id,
            Status.COMPLETE,
            "whole",
            [("whole", {"advice": None})],  # type: ignore[dict-item]
        )
    assert (store.turn(reply.id).text, store.turn(reply.id).status) == ("half", Status.STREAMING)
    assert store.sentences(session.id) == {}


def test_a_finished_reply_is_never_overwritten(store: Store) -> None:
    session = store.new_session(None)
    reply = finished(store, session.id, None, "done")
    store.save_partial(reply.id, "late")
    with pytest.raises(UsageError, match="already complete"):
        store.finish_reply(reply.id, Status.COMPLETE, "again")
    assert store.turn(reply.id).text == "done"


def test_only_begin_reply_makes_a_streaming_turn(store: Store) -> None:
    session = store.new_session(None)
    reply = store.begin_reply(session.id, None)
    with pytest.raises(ValueError, match="begin_reply"):
        store.finish_reply(reply.id, Status.STREAMING, "")
    with pytest.raises(ValueError, match="begin_reply"):
        store.add_turn(session.id, Role.ASSISTANT, "", status=Status.STREAMING)


def test_turns_need_a_session_and_a_parent_that_are_there(store: Store) -> None:
    mine, other = store.new_session(None), store.new_session(None)
    theirs = store.add_user_turn(other.id, "elsewhere")
    with pytest.raises(NotFound, match="no session 'nowhere'"):
        store.add_user_turn("nowhere", "hello")
    with pytest.raises(NotFound, match="no turn 999"):
        store.add_user_turn(mine.id, "hello", 999)
    with pytest.raises(NotFound, match=f"Turn {theirs.id} is not in session"):
        store.begin_reply(mine.id, theirs.id)
    assert store.turns(mine.id) == []


def test_turn_ids_are_never_given_again(path: Path) -> None:
    with Store(path) as store:
        session = store.new_session(None)
        gone = store.add_user_turn(session.id, "one")
        store.delete(session.id)
        again = store.add_user_turn(store.new_session(None).id, "two")
    assert again.id > gone.id


def test_an_imported_turn_keeps_its_own_time(store: Store) -> None:
    session = store.new_session(None)
    turn = store.add_turn(session.id, Role.USER, "years ago", created_at="2001-02-03T04:05:06.000Z")
    assert turn.created_at == turn.finished_at == "2001-02-03T04:05:06.000Z"
    assert store.session(session.id).updated_at == session.updated_at
    store.add_turn(session.id, Role.ASSISTANT, "indeed", turn.id, status=Status.STOPPED)
    assert [t.status for t in store.branch(session.id)] == [Status.COMPLETE, Status.STOPPED]


def test_a_batch_is_committed_together_or_not_at_all(store: Store) -> None:
    session = store.new_session(None)

    def half_a_batch() -> None:
        with store.transaction():
            store.add_user_turn(session.id, "one")
            store.begin_reply(session.id, None)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half_a_batch()
    assert store.turns(session.id) == []


# Branches


def test_another_try_is_a_sibling_and_the_newest_branch_is_the_default(store: Store) -> None:
    session = store.new_session(None)
    asked = store.add_user_turn(session.id, "hello")
    first = finished(store, session.id, asked.id, "first try")
    more = store.add_user_turn(session.id, "go on", first.id)
    second = finished(store, session.id, asked.id, "second try")
    assert [turn.id for turn in store.branch(session.id)] == [asked.id, second.id]
    assert [turn.id for turn in store.branch(session.id, more.id)] == [asked.id, first.id, more.id]
    assert [turn.id for turn in store.siblings(first.id)] == [first.id, second.id]
    assert [turn.id for turn in store.children(asked.id)] == [first.id, second.id]
    assert [turn.id for turn in store.turns(session.id)] == [asked.id, first.id, more.id, second.id]


def test_an_edited_first_message_is_a_sibling_too(store: Store) -> None:
    session = store.new_session(None)
    store.add_user_turn(store.new_session(None).id, "another session")
    one, two = store.add_user_turn(session.id, "helo"), store.add_user_turn(session.id, "hello")
    assert [turn.id for turn in store.siblings(one.id)] == [one.id, two.id]
    assert [turn.text for turn in store.branch(session.id)] == ["hello"]


def test_a_branch_ends_in_its_own_session(store: Store) -> None:
    session, other = store.new_session(None), store.new_session(None)
    turn = store.add_user_turn(other.id, "elsewhere")
    assert store.branch(session.id) == []
    with pytest.raises(NotFound, match="not in session"):
        store.branch(session.id, turn.id)


# What is known about turns


def test_ratings_risks_and_empathy_belong_to_their_turns(store: Store) -> None:
    session = store.new_session(None)
    asked = store.add_user_turn(session.id, "hello")
    reply = finished(store, session.id, asked.id, "hi")
    store.risk_event(asked.id, 3, "words", True)
    store.rate(reply.id, -1)
    store.rate(reply.id, 1, "kind")
    store.add_empathy(reply.id, Empathy(1, 1, 1, 1, 1, 1, "ana"))
    store.add_empathy(reply.id, Empathy(2, 2, 2, 2, 2, 2, "ben"))
    store.add_empathy(reply.id, Empathy(5, 1, 1, 1, 1, 1, "ana"))
    assert store.risk_events(session.id) == [RiskEvent(asked.id, 3, "words", True)]
    rating = store.ratings(session.id)[reply.id]
    assert rating == Rating(1, "kind", rating.created_at)
    assert {e.rater: e.validating_emotions for e in store.empathy(session.id)[reply.id]} == {"ana": 5, "ben": 2}
    with pytest.raises(NotFound):
        store.rate(999, 1)
    with pytest.raises(NotFound):
        store.risk_event(999, 1, "words", False)


def test_sentences_tagged_again_replace_the_earlier_ones(store: Store) -> None:
    session = store.new_session(None)
    reply = finished(store, session.id, None, "One. Two.")
    store.add_sentences(reply.id, [("One. Two.", {"advice": 1.0})])
    store.add_sentences(reply.id, [("One.", {}), ("Two.", {"information": 0.7})])
    assert [(s.text, s.tactics) for s in store.sentences(session.id)[reply.id]] == [
        ("One.", {}),
        ("Two.", {"information": 0.7}),
    ]
