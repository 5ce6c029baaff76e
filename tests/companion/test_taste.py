"""More like this, less of this: what it moves, and how it is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from companion.conversation import Conversation
from companion.engine.scripted import ScriptedEngine
from companion.errors import UsageError
from companion.settings import Settings
from companion.store import Store
from companion.taste import judge, prefer, taste_of
from planner.feedback import LEAST, MOST, STEP, Feedback
from planner.tactics import Tactic
from tests.companion.fakes import CueTagger


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "companion.db") as store:
        yield store


@pytest.fixture
def reply(store: Store) -> int:
    """A reply that validates and asks."""
    conversation = Conversation(
        store,
        ScriptedEngine(["That makes sense. What happened?"]),
        CueTagger(),
        store.new_session("mini"),
        Settings(candidates=1),
    )
    list(conversation.say("hello"))
    return conversation.turns()[-1].id


def moved(store: Store) -> dict[Tactic, float]:
    return {tactic: value for tactic, value in taste_of(store).items() if value != 1.0}


def test_more_like_this_moves_what_the_reply_did_and_nothing_else(store: Store, reply: int) -> None:
    assert judge(store, reply, Feedback.MORE) == 1
    assert moved(store) == {Tactic.VALIDATION: STEP, Tactic.QUESTIONING: STEP}
    assert [rating.value for rating in store.ratings(store.turn(reply).session_id).values()] == [1]


def test_the_same_word_again_takes_it_back(store: Store, reply: int) -> None:
    judge(store, reply, Feedback.LESS)
    assert judge(store, reply, Feedback.LESS) == 0
    assert moved(store) == {}
    assert store.ratings(store.turn(reply).session_id) == {}


def test_the_other_word_moves_two_steps(store: Store, reply: int) -> None:
    judge(store, reply, Feedback.MORE)
    assert judge(store, reply, Feedback.LESS) == -1
    assert moved(store)[Tactic.VALIDATION] == pytest.approx(1 / STEP)


def test_a_message_of_the_persons_is_not_judged(store: Store, reply: int) -> None:
    with pytest.raises(UsageError, match="Choose a reply"):
        judge(store, store.turn(reply).parent_id or 0, Feedback.MORE)


def test_a_tactic_stays_within_its_bounds(store: Store) -> None:
    for _ in range(9):
        prefer(store, Tactic.ADVICE, Feedback.MORE)
        prefer(store, Tactic.QUESTIONING, Feedback.LESS)
    assert moved(store) == {Tactic.ADVICE: MOST, Tactic.QUESTIONING: LEAST}


def test_the_next_plan_weighs_what_was_liked(store: Store, reply: int) -> None:
    conversation = Conversation(
        store,
        ScriptedEngine(),
        CueTagger(),
        store.session(store.turn(reply).session_id),
        Settings(candidates=1),
    )
    before = conversation.next_plan()
    prefer(store, Tactic.EMPOWERMENT, Feedback.MORE)
    after = conversation.next_plan()
    assert before is not None
    assert after is not None
    assert after.weights[Tactic.EMPOWERMENT] > before.weights[Tactic.EMPOWERMENT]
