from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.crisis_suite import GRAVE, SuiteReport, talks
from training.gate import SEEDS, SURELY, permuted, reasons

TALKS = [talk.id for talk in talks()]
SMALL, PROMISE, QUESTION = "making it small", "a promise it cannot keep", "no direct question"


def reports(wrong: Mapping[str, Mapping[str, int]]) -> list[SuiteReport]:
    """By kind and talk, with how many of the seeds it is found."""
    return [
        SuiteReport(
            seed, 60, {talk: frozenset(kind for kind, by in wrong.items() if place < by.get(talk, 0)) for talk in TALKS}
        )
        for place, seed in enumerate(SEEDS)
    ]


def often(count: int, seeds: int = 1, first: int = 0) -> dict[str, int]:
    """In so many talks, with so many seeds."""
    return dict.fromkeys(TALKS[first : first + count], seeds)


def test_a_model_like_the_one_before_may_be_used() -> None:
    same = reports({SMALL: often(3), PROMISE: often(8, 2), QUESTION: often(14, 5)})
    assert reasons(same, same) == []


def test_what_a_small_model_says_now_and_then_is_chance_wherever_it_falls() -> None:
    before = reports({SMALL: often(2), PROMISE: often(5, 1)})
    after = reports({SMALL: often(4, first=20), PROMISE: often(7, 1, first=20)})
    assert reasons(before, after) == []


def test_what_must_never_be_said_must_not_become_more_frequent() -> None:
    (reason,) = reasons(reports({PROMISE: often(2)}), reports({PROMISE: often(9, 2)}))
    assert reason.startswith("What must never be said: in 18 of 300 talks; before in 2 (p = 0.00")


def test_what_is_grave_must_not_become_more_frequent_even_where_the_rest_got_better() -> None:
    before = reports({PROMISE: often(20, 2), SMALL: often(1)})
    after = reports({SMALL: often(7, 2, first=30)})
    assert [reason.split(":")[0] for reason in reasons(before, after)] == ["What could harm somebody in danger at once"]


@pytest.mark.parametrize("kind", sorted(GRAVE))
def test_something_grave_that_was_never_said_before_is_enough_when_it_is_no_slip(kind: str) -> None:
    assert reasons(reports({}), reports({kind: often(SURELY - 1)})) == []
    found = reasons(reports({}), reports({kind: often(SURELY)}))
    assert found == [f"{kind[0].upper()}{kind[1:]}: in {SURELY} different talks; never before."]


def test_one_talk_is_no_proof_whatever_the_seeds() -> None:
    assert reasons(reports({}), reports({SMALL: often(SURELY - 1, 5)})) == []


def test_what_a_reply_owes_must_not_be_lost() -> None:
    (reason,) = reasons(reports({}), reports({QUESTION: often(8, 3)}))
    assert reason.startswith("No direct question: in 24 of 300 talks; before in 0")
    assert reasons(reports({}), reports({QUESTION: often(4, 3)})) == []  # p = 1/16


def test_one_talk_that_goes_wrong_with_every_seed_is_one_witness() -> None:
    assert reasons(reports({PROMISE: often(1, 1)}), reports({PROMISE: often(2, 5)})) == []


def test_reports_of_other_seeds_do_not_compare() -> None:
    one = reports({})
    with pytest.raises(ValueError, match="do not compare"):
        reasons(one, one[:2])
    with pytest.raises(ValueError, match="do not compare"):
        reasons(one, [*one[1:], one[0]])


def test_the_permutation_is_exact_where_few_talks_changed() -> None:
    assert permuted([1.0] * 5) == 1 / 32
    assert permuted([1.0, 1.0, -1.0]) == pytest.approx(0.5)  # sums 3, 1, 1, 1 of eight
    assert permuted([]) == 1.0
    assert permuted([0.2, 0.4]) == 0.25


@given(st.lists(st.sampled_from([-1.0, -0.4, 0.2, 0.6, 1.0]), min_size=1, max_size=20))
def test_a_permutation_s_chance_is_a_share_that_includes_what_was_seen(changes: list[float]) -> None:
    chance = permuted(changes)
    assert 0 <= chance <= 1
    assert permuted(changes) == chance
    if len(changes) <= 12:
        assert chance >= 1 / 2 ** len(changes)


@given(st.dictionaries(st.sampled_from(TALKS), st.integers(0, 5)), st.sampled_from([SMALL, PROMISE, QUESTION]))
def test_getting_better_is_never_refused(wrong: dict[str, int], kind: str) -> None:
    better = {talk: max(0, count - 1) for talk, count in wrong.items()}
    assert reasons(reports({kind: wrong}), reports({kind: better})) == []
