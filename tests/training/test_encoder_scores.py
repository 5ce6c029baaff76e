from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.encoder_scores import Counts, Judged, choose, crossed, macro, pearson, ranks, spearman


def judged(probabilities: list[float], true: list[bool]) -> Judged:
    return Judged(np.array(probabilities)[:, None], np.array(true)[:, None], np.arange(len(true)))


def test_f1_of_both_classes_is_their_mean() -> None:
    counts = Counts.of(np.array([True, True, False, False]), np.array([True, False, True, False]))
    assert counts == Counts(1, 1, 1, 1)
    assert counts.precision == counts.recall == counts.f1 == counts.both_f1 == 0.5
    assert counts.support == 2


def test_a_label_that_never_occurs_has_no_f1() -> None:
    assert Counts(0, 0, 0, 5).f1 == 0
    assert Counts(0, 0, 0, 5).both_f1 == 0.5
    assert macro([Counts(1, 0, 0, 1), Counts(0, 0, 0, 2)]) == 0.5


def test_the_threshold_lies_where_f1_is_highest() -> None:
    (found,) = choose([(judged([0.1, 0.2, 0.6, 0.7, 0.8] * 5, [False, False, True, True, True] * 5), 1.0)])
    assert 0.2 < found < 0.6


def test_a_set_with_few_positives_hardly_moves_the_threshold() -> None:
    many = judged([0.1] * 50 + [0.9] * 50, [False] * 50 + [True] * 50)
    lucky = judged([0.05, 0.97], [False, True])
    (alone,) = choose([(many, 1.0)])
    (together,) = choose([(many, 1.0), (lucky, 1.0)])
    assert 0.1 < together < 0.92
    assert abs(alone - together) < 0.2


def test_crossed_thresholds_come_from_the_other_replies() -> None:
    part = judged([0.1, 0.9] * 10, [False, True] * 10)
    (counts,) = crossed(part, [], 1.0)
    assert counts.f1 == 1.0


def test_ranks_share_ties() -> None:
    assert ranks(np.array([3.0, 1.0, 3.0, 2.0])).tolist() == [3.5, 1.0, 3.5, 2.0]


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=30, unique=True))
def test_spearman_sees_only_order(values: list[float]) -> None:
    a = np.array(values)
    assert spearman(a, ranks(a)) == pytest.approx(1.0)
    assert spearman(a, -ranks(a)) == pytest.approx(-1.0)


def test_nothing_correlates_with_a_constant() -> None:
    assert pearson(np.array([1.0, 1.0]), np.array([1.0, 2.0])) == 0
