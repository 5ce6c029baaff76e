from __future__ import annotations

from collections.abc import Sequence

import pytest

from companion.rating import Empathy, Rater
from companion.speaking.choice import Chooser
from planner.ledger import Ledger, TurnRecord
from planner.policy import plan
from planner.reading import Reading
from planner.steering import SteeringWeights
from planner.tactics import Tactic
from tests.companion.fakes import CueEncoder, CueTagger

V, Q, A = Tactic.VALIDATION, Tactic.QUESTIONING, Tactic.ADVICE


class LikesLong(Rater):
    """The more words a reply has, the better."""

    def __init__(self) -> None:
        super().__init__(CueEncoder())
        self.rated: list[tuple[str, str]] = []

    def rate(self, exchanges: Sequence[tuple[str, str]]) -> list[Empathy]:
        self.rated += exchanges
        return [Empathy(min(5.0, len(reply.split())), 3, 3, 3, 3, 3) for _, reply in exchanges]


def chooser(
    ledger: Ledger | None = None, rater: Rater | None = None, earlier: tuple[str, ...] = (), **weights: float
) -> Chooser:
    turns = ledger or Ledger()
    made = plan(turns, Reading())
    return Chooser(CueTagger(), rater, made, turns, SteeringWeights(**weights), "I am so tired.", earlier)


def test_the_tactic_that_was_just_used_loses_to_another() -> None:
    heavy = Ledger((TurnRecord((frozenset({V}), frozenset({V}))),))
    choice = chooser(heavy).choose(["That makes sense.", "What happened?"])
    assert choice.kept == 1
    assert [each.tactics for each in choice.considered] == [(V,), (Q,)]
    light = Ledger((TurnRecord((frozenset({Q}), frozenset({Q}))),))
    assert chooser(light).choose(["That makes sense.", "What happened?"]).kept == 0


def test_each_tactic_used_in_this_reply_makes_the_next_use_worth_less() -> None:
    reply = chooser()
    first = reply.choose(["What happened?"])
    reply.take(first.considered[0])
    second = reply.choose(["What then?"])
    assert second.considered[0].score.plan == pytest.approx(first.considered[0].score.plan / 2)


def test_a_sentence_of_this_reply_or_of_an_earlier_one_is_not_said_again() -> None:
    said = chooser(earlier=("It has been a very long week for you.",))
    choice = said.choose(["It has been a very long week.", "The week took a lot out of you."])
    assert choice.kept == 1
    assert "repeats least" in choice.reason
    own = chooser()
    own.take(own.choose(["The nights are the worst part."]).considered[0])
    assert own.choose(["The nights are the worst part.", "The days go by somehow."]).kept == 1


def test_the_rater_reads_the_reply_so_far_with_each_way_on() -> None:
    rater = LikesLong()
    reply = chooser(rater=rater)
    reply.take(reply.choose(["Short."]).considered[0])
    choice = reply.choose(["And this is longer.", "No."])
    assert rater.rated[-2:] == [("I am so tired.", "Short. And this is longer."), ("I am so tired.", "Short. No.")]
    assert choice.kept == 0
    assert choice.considered[0].score.quality > choice.considered[1].score.quality
    assert "rated highest" in choice.reason


def test_without_a_rater_quality_is_nothing() -> None:
    assert chooser().choose(["Yes."]).considered[0].score.quality == 0


def test_what_must_not_be_said_is_not_kept_however_good() -> None:
    choice = chooser(rater=LikesLong()).choose(["I will always be here for you, whatever comes.", "Yes."])
    assert choice.kept == 1
    assert choice.considered[0].veto == "a promise it cannot keep"
    assert choice.reason == "the only way that could be said"


def test_where_nothing_may_be_said_nothing_is_kept() -> None:
    choice = chooser().choose(["I love you.", "My mom died too."])
    assert choice.kept is None
    assert choice.reason == "none of the ways was fit to be said"


def test_an_opening_of_late_is_avoided() -> None:
    ledger = Ledger((TurnRecord((frozenset(),), opener="it sounds like"),))
    choice = chooser(ledger).choose(["It sounds like rain.", "There is rain in that."])
    assert choice.kept == 1
    assert "opens unlike recent replies" in choice.reason


def test_a_weight_of_nothing_takes_its_part_out() -> None:
    ledger = Ledger((TurnRecord((frozenset(),), opener="it sounds like"),))
    choice = chooser(ledger, opener=0.0).choose(["It sounds like rain.", "There is rain in that."])
    assert choice.considered[0].score.opener == 1.0
    assert choice.kept == 0
