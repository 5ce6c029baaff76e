from __future__ import annotations

import math

import numpy as np
import pytest

from companion.study.bootstrap import differences, draws, estimates
from companion.study.measures import Measure, Turn, mean, measures
from planner.tactics import Tactic

A, B = Tactic.ADVICE, Tactic.QUESTIONING


def sample(conversations: int, seed: int) -> list[list[float]]:
    return np.random.default_rng(seed).normal(size=(conversations, 4)).tolist()


def test_a_draw_has_as_many_conversations_as_there_are() -> None:
    blocks = list(draws(7, 100, seed=1))
    counts = np.concatenate(blocks)
    assert counts.shape == (100, 7)
    assert (counts.sum(axis=1) == 7).all()
    assert counts.max() > 1


def test_draws_come_in_blocks_that_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("companion.study.bootstrap.CELLS", 21)
    assert [block.shape for block in draws(7, 8, seed=1)] == [(3, 7), (3, 7), (2, 7)]


def test_the_same_seed_gives_the_same_interval() -> None:
    figures = {"mean": mean(sample(20, 1))}
    assert estimates(figures, 500, seed=3) == estimates(figures, 500, seed=3)
    assert estimates(figures, 500, seed=3) != estimates(figures, 500, seed=4)


def test_the_interval_of_a_mean_is_that_of_the_normal_law() -> None:
    values = sample(200, 2)
    found = estimates({"mean": mean(values)})["mean"]
    by_conversation = np.array(values).mean(axis=1)
    half = 1.96 * by_conversation.std() / math.sqrt(200)
    assert found.value == pytest.approx(by_conversation.mean())
    assert (found.low, found.high) == pytest.approx((found.value - half, found.value + half), abs=0.1 * half)


def test_turns_of_a_conversation_are_drawn_together() -> None:
    whole = estimates({"mean": mean([[0.0] * 10, [1.0] * 10])}, 500)["mean"]
    assert (whole.value, whole.low, whole.high) == (0.5, 0, 1)


def test_what_conditions_share_does_not_widen_their_difference() -> None:
    theirs = sample(30, 3)
    ours = [[value + 1 for value in part] for part in theirs]
    found = differences({"mean": mean(ours)}, {"mean": mean(theirs)}, 500)["mean"]
    assert (found.value, found.low, found.high) == pytest.approx((1, 1, 1))


def test_only_measures_of_both_are_compared() -> None:
    one, other = {"a": mean([[1.0]]), "b": mean([[1.0]])}, {"b": mean([[3.0]])}
    found = differences(one, other, 10)
    assert list(found) == ["b"]
    assert found["b"].value == -2


def test_conversations_must_pair_up() -> None:
    with pytest.raises(ValueError, match="different numbers"):
        differences({"a": mean([[1.0]])}, {"a": mean([[1.0], [2.0]])})


def test_a_figure_that_is_not_defined_has_no_interval() -> None:
    for figures in ({"a": mean([])}, {"a": mean([[], []])}):
        found = estimates(figures, 10)["a"]
        assert all(math.isnan(value) for value in (found.value, found.low, found.high))


def test_draws_without_the_figure_are_left_out() -> None:
    found = estimates({"a": mean([[], [5.0]])}, 200)["a"]
    assert (found.value, found.low, found.high) == (5, 5, 5)


def test_every_measure_of_turns_has_an_interval_around_it() -> None:
    random = np.random.default_rng(5)
    tactics = list(Tactic)
    drawn = [
        [
            Turn(f"{random.integers(9)} {random.integers(2)} go", (frozenset(random.choice(tactics, 3)),), 3.0)
            for _ in range(8)
        ]
        for _ in range(40)
    ]
    figures = {
        name: measure for name, measure in measures(drawn).items() if name not in ("top_opener", "opener_entropy")
    }
    for name, found in estimates(figures, 1000).items():
        assert found.low <= found.value <= found.high, name


def test_a_difference_of_sets_is_taken_within_each_draw() -> None:
    """The totals of a draw hold a conversation as often as it was drawn."""
    parts = Measure(np.array([[1.0], [2.0]]), lambda totals: totals[:, 0])
    found = estimates({"sum": parts}, 400)["sum"]
    assert (found.value, found.low, found.high) == (3, 2, 4)
