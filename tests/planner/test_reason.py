from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from planner.ledger import Ledger, TurnRecord
from planner.policy import plan
from planner.reading import Reading
from planner.reason import explain, listed
from planner.tactics import TACTICS, Tactic

V, Q, A, P = Tactic.VALIDATION, Tactic.QUESTIONING, Tactic.ADVICE, Tactic.PARAPHRASING


def after(*turns: set[Tactic]) -> Ledger:
    return Ledger(tuple(TurnRecord((frozenset(tactics),)) for tactics in turns))


def test_tactics_are_listed_as_english_does() -> None:
    assert listed([A]) == "advice"
    assert listed([A, Tactic.EMOTIONAL_EXPRESSION]) == "advice and emotional expression"
    assert listed([A, V, Q], "or") == "advice, validation or questioning"


def test_the_first_reply_says_that_the_conversation_has_just_begun() -> None:
    assert explain(Ledger(), Reading(), [Q, V], [], crisis=False) == (
        "The conversation has just begun, so this reply aims for questioning and validation."
    )


def test_a_plan_names_what_is_new_and_what_rests_and_why() -> None:
    assert explain(after({V, Q}), Reading(), [P, A], [V, Q], crisis=False) == (
        "This reply aims for paraphrasing and advice; no reply has used advice or paraphrasing so far. "
        "Validation and questioning rest, because the last reply used them."
    )


def test_what_earlier_replies_used_is_not_laid_to_the_last_one() -> None:
    assert explain(after({V, P}, {Q}), Reading(), [P, Q], [V], crisis=False) == (
        "This reply aims for paraphrasing and questioning, out of what fits now and has not been used much "
        "of late. Validation rests, because recent replies used it."
    )


def test_a_request_for_advice_is_the_reason_when_advice_is_aimed_at() -> None:
    asked = Reading(asks_advice=True)
    assert explain(Ledger(), asked, [A, Q], [], crisis=False) == (
        "You asked for advice, so this reply aims for advice and questioning."
    )
    assert "asked" not in explain(Ledger(), asked, [V, Q], [], crisis=False)


def test_a_goodbye_is_a_reason() -> None:
    assert explain(after({V}), Reading(farewell=True), [P], [], crisis=False) == (
        "You are about to go, so this reply aims for paraphrasing, and asks nothing more."
    )


def test_in_a_crisis_the_reason_is_calm_and_shows_no_level() -> None:
    assert explain(after({V}), Reading(risk=4, asks_advice=True), [Q], [V], crisis=True) == (
        "What you wrote sounds serious, so this reply stays simple and aims for questioning. "
        "Validation rests, because the last reply used it."
    )


@given(
    st.lists(st.sets(st.sampled_from(TACTICS), max_size=4), max_size=5),
    st.builds(Reading, st.integers(0, 5), *[st.booleans()] * 4),
)
def test_every_plan_has_a_reason_of_one_or_two_sentences_that_names_its_targets(
    turns: list[set[Tactic]], reading: Reading
) -> None:
    made = plan(after(*turns), reading)
    assert made.reason.count(".") == 1 + bool(made.resting)
    assert all(target.label in made.reason for target in made.targets)
