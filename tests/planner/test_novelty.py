from __future__ import annotations

from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.ledger import TurnRecord
from planner.novelty import KL_CAP, bigram_surprisal, entropy, kl, trigram_surprisal
from planner.tactics import TACTICS, Tactic

V, Q, A, E = Tactic.VALIDATION, Tactic.QUESTIONING, Tactic.ADVICE, Tactic.EMPOWERMENT

COUNTS = st.dictionaries(st.sampled_from(TACTICS), st.integers(0, 500))


def turn(*sentences: set[Tactic]) -> TurnRecord:
    return TurnRecord(tuple(frozenset(sentence) for sentence in sentences))


def test_kl_against_a_first_turn_is_against_the_uniform() -> None:
    # Q: one tactic at 1.1/2, nine at 0.1/2; P: ten at 1/10
    assert kl({Q: 1}, {}) == pytest.approx(0.55 * log(5.5) + 9 * 0.05 * log(0.5))
    assert kl({Q: 1}, {}) == pytest.approx(0.6257, abs=1e-4)


def test_kl_of_one_tactic_against_another() -> None:
    # 0.55 and 0.05 swap places: (0.55 - 0.05) * ln(0.55 / 0.05)
    assert kl({Q: 1}, {V: 1}) == pytest.approx(0.5 * log(11))


def test_kl_is_capped() -> None:
    assert kl({Q: 100}, {V: 100}) == KL_CAP == 5.0


def test_a_reply_without_tactics_has_no_kl() -> None:
    assert kl({}, {V: 3}) == 0.0
    assert kl(dict.fromkeys(TACTICS, 0), {V: 3}) == 0.0


@given(COUNTS, COUNTS)
def test_kl_stays_between_zero_and_its_cap(current: dict[Tactic, int], history: dict[Tactic, int]) -> None:
    assert 0.0 <= kl(current, history) <= KL_CAP


@given(COUNTS)
def test_kl_of_equal_counts_is_zero(counts: dict[Tactic, int]) -> None:
    assert kl(counts, counts) == 0.0


def test_entropy_by_hand() -> None:
    assert entropy({}) == 0.0
    assert entropy({V: 7}) == 0.0
    assert entropy({V: 1, Q: 1}) == pytest.approx(log(2))
    assert entropy({V: 2, Q: 1, A: 1}) == pytest.approx(1.5 * log(2))  # 1/2 ln 2 + 2 * 1/4 ln 4


@given(COUNTS)
def test_entropy_stays_between_zero_and_that_of_ten_equal_tactics(counts: dict[Tactic, int]) -> None:
    assert 0.0 <= entropy(counts) <= log(10) + 1e-12


PAST = [turn({V}, {Q}, {V}, {Q})]  # V>Q twice, Q>V once; V>Q>V once, Q>V>Q once


def test_a_transition_seen_before_surprises_less_than_a_new_one() -> None:
    assert bigram_surprisal(turn({V}, {Q}), PAST) == pytest.approx(log(3 / 2.1))  # (2 + 0.1) / (2 + 1)
    assert bigram_surprisal(turn({Q}, {Q}), PAST) == pytest.approx(log(2 / 0.1))  # (0 + 0.1) / (1 + 1)
    assert bigram_surprisal(turn({Q}, {Q}), []) == pytest.approx(log(10))


def test_sentences_with_several_tactics_make_every_pair() -> None:
    # V>Q as above, E>Q from a context never seen
    assert bigram_surprisal(turn({V, E}, {Q}), PAST) == pytest.approx((log(3 / 2.1) + log(10)) / 2)
    # each of the four pairs once: P(b | a) = 1.1 / 3
    assert bigram_surprisal(turn({V}, {E}), [turn({V, Q}, {E, A})]) == pytest.approx(log(3 / 1.1))


def test_trigrams_by_hand() -> None:
    assert trigram_surprisal(turn({V}, {Q}, {V}), PAST) == pytest.approx(log(2 / 1.1))
    assert trigram_surprisal(turn({V}, {Q}, {A}), PAST) == pytest.approx(log(2 / 0.1))


def test_a_sentence_without_tactics_is_not_bridged() -> None:
    assert bigram_surprisal(turn({V}, set(), {Q}), PAST) == 0.0
    assert trigram_surprisal(turn({V}, {Q}), PAST) == 0.0


def test_nothing_is_counted_across_turns() -> None:
    assert bigram_surprisal(turn({V}, {Q}), [turn({V}), turn({Q})]) == pytest.approx(log(10))
