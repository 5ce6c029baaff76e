from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.feedback import LEAST, MOST, Feedback, bounded, learn, reset
from planner.tactics import TACTICS, Tactic

TASTES = st.dictionaries(st.sampled_from(TACTICS), st.floats())


@given(TASTES, st.lists(st.tuples(st.sampled_from(TACTICS), st.sampled_from(Feedback)), max_size=12))
def test_no_feedback_and_no_stored_value_leaves_the_bounds(
    taste: dict[Tactic, float], steps: list[tuple[Tactic, Feedback]]
) -> None:
    for tactic, feedback in steps:
        taste = learn(taste, tactic, feedback)
    assert tuple(bounded(taste)) == TACTICS
    assert all(LEAST <= multiplier <= MOST for multiplier in bounded(taste).values())


def test_more_and_less_move_one_tactic_and_undo_each_other() -> None:
    more = learn({}, Tactic.ADVICE, Feedback.MORE)
    assert more == {**bounded(), Tactic.ADVICE: 1.25}
    assert learn({}, Tactic.ADVICE, Feedback.LESS)[Tactic.ADVICE] == pytest.approx(0.8)
    assert learn(more, Tactic.ADVICE, Feedback.LESS)[Tactic.ADVICE] == pytest.approx(1.0)


def test_taste_is_reset_one_by_one_or_as_a_whole() -> None:
    taste = {Tactic.ADVICE: 0.5, Tactic.QUESTIONING: 2.0}
    assert reset(taste, Tactic.ADVICE) == {**bounded(), Tactic.QUESTIONING: 2.0}
    assert reset(taste) == bounded() == dict.fromkeys(TACTICS, 1.0)
    assert taste == {Tactic.ADVICE: 0.5, Tactic.QUESTIONING: 2.0}
