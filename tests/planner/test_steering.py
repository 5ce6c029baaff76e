from __future__ import annotations

from dataclasses import asdict
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.ledger import Ledger, TurnRecord, opener_of
from planner.novelty import KL_CAP, kl
from planner.policy import PlanSettings, plan
from planner.reading import Reading
from planner.steering import (
    WORN_OPENERS,
    Candidate,
    Draft,
    Score,
    SteeringWeights,
    choose,
    echo_part,
    novelty_part,
    opener_part,
    plan_part,
    run_on_part,
    score,
)
from planner.tactics import TACTICS, Tactic

V, Q, A, P = Tactic.VALIDATION, Tactic.QUESTIONING, Tactic.ADVICE, Tactic.PARAPHRASING

PLAN = plan(Ledger(), Reading())  # questioning first; advice and self-disclosure closed
SETS = st.frozensets(st.sampled_from(TACTICS), max_size=3)
CANDIDATES = st.builds(Candidate, st.text(max_size=80), SETS, st.none() | st.floats(0, 1), vetoed=st.booleans())
DRAFTS = st.builds(Draft, st.lists(SETS, max_size=3).map(tuple), st.lists(st.text(max_size=40), max_size=2).map(tuple))


def saying(*tactics: Tactic, text: str = "Go on.") -> Candidate:
    return Candidate(text, frozenset(tactics))


def test_the_heaviest_target_scores_one_on_the_plan_and_the_mean_counts() -> None:
    assert plan_part(saying(Q), PLAN, Draft()) == 1.0
    second = PLAN.weights[P] / PLAN.weights[Q]
    assert plan_part(saying(P), PLAN, Draft()) == pytest.approx(second)
    assert plan_part(saying(Q, P), PLAN, Draft()) == pytest.approx((1 + second) / 2)
    assert plan_part(saying(), PLAN, Draft()) == 0.0


def test_a_closed_tactic_costs_as_much_as_the_best_open_one_brings() -> None:
    assert plan_part(saying(Q, A), PLAN, Draft()) == -1.0


def test_what_this_reply_did_already_is_worth_half_each_time() -> None:
    said = Draft(sentences=(frozenset({Q}), frozenset({Q, V})))
    assert plan_part(saying(Q), PLAN, said) == pytest.approx(0.25)


def test_novelty_is_the_kl_of_the_whole_reply_so_far_against_the_last() -> None:
    ledger = Ledger((TurnRecord((frozenset({V}),)),))
    draft = Draft(sentences=(frozenset({Q}),))
    assert novelty_part(saying(V), ledger, draft) == pytest.approx(kl({Q: 1, V: 1}, {V: 1}) / KL_CAP)
    assert novelty_part(saying(Q), ledger, Draft()) > novelty_part(saying(V), ledger, Draft())
    assert novelty_part(saying(Q), Ledger(), draft) == 0.0


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("It sounds like rain.", 1),
        ("It sounds hard.", 2 / 3),
        ("It was late.", 1 / 3),
        ("So it sounds like", 0),
    ],
)
def test_an_opener_is_penalised_by_the_words_it_repeats(text: str, share: float) -> None:
    assert opener_part(text, ["i hear you", "it sounds like"]) == pytest.approx(share)
    assert opener_part(text, []) == 0.0


def test_only_the_first_sentence_of_a_reply_can_repeat_an_opener() -> None:
    ledger = Ledger((TurnRecord((frozenset({V}),), opener="it sounds like"),))
    made = plan(ledger, Reading())
    candidate = saying(Q, text="It sounds like rain.")
    assert score(candidate, made, ledger).opener == 1.0
    assert score(candidate, made, ledger, Draft(sentences=(frozenset(),))).opener == 0.0


def test_a_sentence_runs_on_from_thirty_words_and_wholly_so_at_sixty() -> None:
    assert [run_on_part("word " * count, room=90) for count in (1, 30, 45, 60, 90)] == [0, 0, 0.5, 1, 1]


def test_an_echo_is_the_share_of_four_word_runs_said_before() -> None:
    said = ["That must have been a very long day."]
    assert echo_part("That must have been a very long day!", said) == 1.0
    assert echo_part("That must have been hard.", said) == 0.5  # one run of two
    assert echo_part("A long day, then.", said) == 0.0
    assert echo_part("Long day.", said) == 1.0  # shorter than four words: one run of two
    assert echo_part("…", said) == 0.0


def test_the_total_is_the_weighted_sum_of_the_parts() -> None:
    ledger = Ledger((TurnRecord((frozenset({V}),), opener="it sounds like"),))
    candidate = Candidate("It sounds like " + "word " * 42, frozenset({Q}), quality=0.5)
    weights = SteeringWeights(plan=1, novelty=2, quality=4, opener=8, run_on=16, echo=32)
    got = score(candidate, plan(ledger, Reading()), ledger, Draft(said=("word word word word",)), weights)
    assert (got.quality, got.opener, got.run_on) == (0.5, 1.0, 0.5)
    assert got.echo == pytest.approx(39 / 42)
    assert got.total == pytest.approx(got.plan + 2 * got.novelty + 4 * 0.5 - 8 * 1.0 - 16 * 0.5 - 32 * 39 / 42)


def test_without_a_rater_quality_counts_nothing() -> None:
    assert score(saying(Q), PLAN, Ledger()).quality == 0.0


@given(CANDIDATES, DRAFTS)
def test_every_part_is_bounded_and_only_a_veto_makes_a_candidate_ineligible(candidate: Candidate, draft: Draft) -> None:
    ledger = Ledger((TurnRecord((frozenset({V}),), opener="i hear you"),))
    got = score(candidate, plan(ledger, Reading()), ledger, draft)
    parts = asdict(got)
    total = parts.pop("total")
    assert -1 <= parts.pop("plan") <= 1
    assert all(0 <= part <= 1 for part in parts.values())
    assert got.eligible is not candidate.vetoed
    assert (total == -inf) is candidate.vetoed


def totalling(total: float) -> Score:
    return Score(0, 0, 0, 0, 0, 0, total)


def test_the_best_is_chosen_and_the_first_of_equals() -> None:
    assert choose([totalling(1), totalling(3), totalling(3), totalling(-inf)]) == 1
    assert choose([totalling(-inf), totalling(-9)]) == 1


def test_nothing_is_chosen_when_everything_is_vetoed() -> None:
    assert choose([totalling(-inf), totalling(-inf)]) is None
    assert choose([]) is None


@pytest.mark.parametrize("quality", [-0.1, 1.1, float("nan")])
def test_a_quality_out_of_range_is_refused(quality: float) -> None:
    with pytest.raises(ValueError, match="quality is a number from 0 to 1"):
        Candidate("Hm.", frozenset(), quality)


def test_a_worn_opening_counts_less_until_this_conversation_has_heard_it() -> None:
    candidate = saying(V, text="It sounds like a lot.")
    assert score(candidate, plan(Ledger(), Reading()), Ledger()).opener == 0.6
    heard = Ledger((TurnRecord((frozenset({V}),), opener="it sounds like"),))
    assert score(candidate, plan(heard, Reading()), heard).opener == 1.0
    assert all(len(opener.split()) == 3 and opener == opener_of(opener) for opener in WORN_OPENERS)


def test_a_sentence_runs_on_where_the_reply_would_be_longer_than_planned() -> None:
    assert [run_on_part("word " * 20, room=room) for room in (90, 20, 5, -10, -90)] == [0, 0, 0.5, 1, 1]
    made = plan(Ledger(), Reading(), settings=PlanSettings(words=40))
    assert score(saying(Q, text="word " * 20), made, Ledger(), Draft(words=35)).run_on == 0.5


@pytest.mark.parametrize("value", [-1, inf, float("nan")])
def test_a_weight_is_a_number_from_zero_on(value: float) -> None:
    with pytest.raises(ValueError, match="the weight echo is a number from 0 on"):
        SteeringWeights(echo=value)
