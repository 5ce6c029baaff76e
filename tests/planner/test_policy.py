from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.feedback import Feedback, learn
from planner.ledger import Ledger, TurnRecord
from planner.policy import CRISIS_TACTICS, PlanSettings, has_been_heard, open_tactics, plan
from planner.reading import Reading
from planner.tactics import TACTICS, Tactic

V, Q, A, P = Tactic.VALIDATION, Tactic.QUESTIONING, Tactic.ADVICE, Tactic.PARAPHRASING

ONE_TACTIC = st.sampled_from(TACTICS)
SENTENCES = st.lists(st.frozensets(ONE_TACTIC, max_size=3), max_size=5).map(tuple)
TURNS = st.builds(TurnRecord, SENTENCES, st.sampled_from(["", "it sounds like", "i hear you"]))
LEDGERS = st.builds(Ledger, st.lists(TURNS, max_size=6).map(tuple))
READINGS = st.builds(Reading, st.integers(0, 5), *[st.booleans()] * 4)
TASTES = st.dictionaries(ONE_TACTIC, st.floats(0.1, 10))
SETTINGS = st.builds(
    PlanSettings,
    gamma=st.floats(0, 0.99),
    strength=st.floats(0, 100),
    targets=st.integers(1, 12),
    self_disclosure=st.booleans(),
)


def turn(*sentences: set[Tactic], opener: str = "") -> TurnRecord:
    return TurnRecord(tuple(frozenset(sentence) for sentence in sentences), opener)


@st.composite
def the_same_but_more_of_one(draw: st.DrawFn) -> tuple[Ledger, Ledger, Tactic]:
    """Two ledgers of equal length; the second uses one tactic more often in one turn: in sentences that were
    there, in new ones, or both."""
    ledger = draw(LEDGERS.filter(lambda ledger: ledger.turns != ()))
    tactic = draw(ONE_TACTIC)
    at = draw(st.integers(0, len(ledger.turns) - 1))
    before = ledger.turns[at]
    also = draw(st.lists(st.booleans(), min_size=len(before.sentences), max_size=len(before.sentences)))
    sentences = [s | {tactic} if more else s for s, more in zip(before.sentences, also, strict=True)]
    sentences += [frozenset({tactic})] * draw(st.integers(0, 3))
    changed = replace(before, sentences=tuple(sentences))
    return ledger, Ledger((*ledger.turns[:at], changed, *ledger.turns[at + 1 :])), tactic


@given(LEDGERS, READINGS, TASTES, SETTINGS)
def test_weights_sum_to_one_at_every_step(
    ledger: Ledger, reading: Reading, taste: dict[Tactic, float], settings: PlanSettings
) -> None:
    made = plan(ledger, reading, taste=taste, settings=settings)
    assert tuple(made.weights) == TACTICS == tuple(factor.tactic for factor in made.factors)
    assert made.weights == {factor.tactic: factor.weight for factor in made.factors}
    for step in ("need", "after_taste", "after_novelty", "weight"):
        assert sum(getattr(factor, step) for factor in made.factors) == pytest.approx(1)


@given(the_same_but_more_of_one(), READINGS, TASTES, SETTINGS)
def test_using_a_tactic_more_never_raises_its_own_weight(
    ledgers: tuple[Ledger, Ledger, Tactic],
    reading: Reading,
    taste: dict[Tactic, float],
    settings: PlanSettings,
) -> None:
    less, more, tactic = ledgers
    before = plan(less, reading, taste=taste, settings=settings).weights[tactic]
    after = plan(more, reading, taste=taste, settings=settings).weights[tactic]
    assert after <= before + 1e-12


@given(LEDGERS, READINGS, TASTES, SETTINGS)
def test_no_gate_leaks_and_one_is_always_open(
    ledger: Ledger, reading: Reading, taste: dict[Tactic, float], settings: PlanSettings
) -> None:
    made = plan(ledger, reading, taste=taste, settings=settings)
    allowed = open_tactics(ledger, reading, settings)
    assert allowed
    assert set(made.closed) == set(TACTICS) - allowed
    assert all(made.weights[tactic] == 0.0 for tactic in made.closed)
    assert allowed.issuperset(made.targets)
    assert allowed.issuperset(made.resting)
    assert len(made.targets) == min(settings.targets, len(allowed))
    assert not set(made.targets) & set(made.resting)


@given(LEDGERS, READINGS, TASTES, SETTINGS)
def test_a_plan_is_a_pure_function(
    ledger: Ledger, reading: Reading, taste: dict[Tactic, float], settings: PlanSettings
) -> None:
    inputs = deepcopy((ledger, reading, taste, settings))
    assert plan(ledger, reading, taste=taste, settings=settings) == plan(
        inputs[0], inputs[1], taste=inputs[2], settings=inputs[3]
    )
    assert (ledger, reading, taste, settings) == inputs


@given(LEDGERS, READINGS)
def test_targets_are_the_heaviest_open_tactics(ledger: Ledger, reading: Reading) -> None:
    made = plan(ledger, reading)
    lightest = min(made.weights[target] for target in made.targets)
    assert list(made.targets) == sorted(made.targets, key=lambda target: -made.weights[target])
    assert all(w <= lightest for tactic, w in made.weights.items() if tactic not in made.targets)


@given(LEDGERS, st.integers(3, 5), st.booleans())
def test_in_a_crisis_only_five_tactics_are_open_whatever_is_asked(ledger: Ledger, risk: int, asks_advice: bool) -> None:
    settings = PlanSettings(self_disclosure=True)
    reading = Reading(risk=risk, asks_advice=asks_advice, farewell=True)
    assert open_tactics(ledger, reading, settings) == CRISIS_TACTICS


def test_advice_waits_until_the_person_has_been_heard() -> None:
    ledger = Ledger()
    for sentences, heard in (([{V}], False), ([{A}], True)):
        assert A in plan(ledger, Reading()).closed
        ledger = ledger.add(turn(*sentences))
        assert has_been_heard(ledger) is heard
    assert A not in plan(ledger, Reading()).closed
    assert not has_been_heard(Ledger((turn({A}), turn({Tactic.EMPOWERMENT}), turn(set()))))


def test_advice_that_is_asked_for_is_given_at_once() -> None:
    made = plan(Ledger((turn({V}),)), Reading(asks_advice=True, question=True))
    assert A in made.targets
    assert made.reason.startswith("You asked for advice, so this reply aims for")


def test_who_is_about_to_go_is_asked_nothing_and_not_advised() -> None:
    heard = Ledger((turn({V}), turn({Q})))
    assert {A, Q} <= set(plan(heard, Reading(farewell=True)).closed)
    assert A not in plan(heard, Reading(farewell=True, asks_advice=True)).closed


def test_s18_a_program_tells_nothing_of_its_own_life_unless_the_settings_say_so() -> None:
    assert Tactic.SELF_DISCLOSURE in plan(Ledger(), Reading()).closed
    allowed = plan(Ledger(), Reading(), settings=PlanSettings(self_disclosure=True))
    assert Tactic.SELF_DISCLOSURE not in allowed.closed
    assert allowed.weights[Tactic.SELF_DISCLOSURE] > 0


def test_every_factor_moves_the_weight_as_the_formula_says() -> None:
    ledger = Ledger((turn({V}, {Q}), turn({Q}, {P})))
    made = plan(ledger, Reading(), taste={V: 2.0}, settings=PlanSettings(strength=1.0, gamma=0.5))
    by_tactic = {factor.tactic: factor for factor in made.factors}
    products = {t: f.need * f.taste * f.novelty * f.gate for t, f in by_tactic.items()}
    total = sum(products.values())
    assert made.weights == pytest.approx({t: product / total for t, product in products.items()})
    assert by_tactic[Q].usage == pytest.approx(0.75)
    assert by_tactic[Q].novelty == pytest.approx(0.472366552741)  # exp(-0.75)
    assert by_tactic[V].taste == 2.0


def test_taste_moves_a_weight_up_and_down() -> None:
    weights = [
        plan(Ledger(), Reading(), taste=taste).weights[V]
        for taste in (learn({}, V, Feedback.LESS), {}, learn({}, V, Feedback.MORE))
    ]
    assert weights == sorted(set(weights))


def test_what_was_used_much_of_late_rests_the_most_used_first() -> None:
    made = plan(Ledger((turn({V}), turn({P}, {P}, {V}))), Reading())
    assert made.resting == (V, P)  # usage 0.6 + 1/3 and 2/3


def test_recent_openers_are_to_be_avoided() -> None:
    ledger = Ledger(tuple(turn({V}, opener=opener) for opener in ("a b c", "d e f", "g h i", "d e f")))
    assert plan(ledger, Reading(), settings=PlanSettings(openers=3)).avoid_openers == ("d e f", "g h i")
    assert plan(ledger, Reading()).avoid_openers == ("d e f", "g h i", "a b c")
    assert plan(ledger, Reading(), settings=PlanSettings(openers=1)).avoid_openers == ("d e f",)


@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ({"gamma": 1.0}, "gamma"),
        ({"strength": -1.0}, "strength"),
        ({"targets": 0}, "target"),
        ({"openers": -1}, "openings"),
        ({"words": 0}, "word"),
    ],
)
def test_a_setting_out_of_range_is_refused_by_name(setting: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        PlanSettings(**setting)
