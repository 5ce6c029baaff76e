"""What stays of earlier messages (S10, S11, S12) and what the layers make of each other (S4, S5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.errors import CompanionError, NotFound
from companion.safety.risk.assessor import ENCODER, PHRASES, STATE, WORDS, Risk, RiskAssessor
from companion.safety.risk.linear import LinearReader
from companion.safety.risk.network_layer import RiskReader, RiskReading
from companion.safety.risk.state import CARD, HOLD, HOLD_TURNS, STEP_TURNS, Heard, RiskState, replay
from companion.store import Role, Store

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


class FakeReader(RiskReader):
    """Says the same of every message."""

    def __init__(self, chance: float, card: float = 0.0) -> None:
        self.chance, self.card = chance, card
        self.asked: list[tuple[str, str]] = []

    def read(self, messages: Sequence[tuple[str, str]]) -> list[RiskReading]:
        self.asked += messages
        return [RiskReading({1: self.chance, 3: self.card, 4: 0.0}) for _ in messages]


class FakeWords(LinearReader):
    def __init__(self, odds: float) -> None:
        self.odds = odds

    def read(self, text: str) -> float:
        return self.odds


PHRASES_ONLY = RiskAssessor(words=FakeWords(-9.0))


def talk(*texts: str, assessor: RiskAssessor = PHRASES_ONLY, step: timedelta = timedelta(minutes=1)) -> list[Risk]:
    state, previous, now, found = RiskState(), "", NOW, []
    for text in texts:
        risk, state = assessor.read(text, previous, state, now)
        found.append(risk)
        previous, now = text, now + step
    return found


def test_level_three_shows_the_card_and_asks_s5() -> None:
    (risk,) = talk("I want to kill myself")
    assert risk.card
    assert risk.ask
    assert risk.layers == (PHRASES,)


def test_below_level_three_the_reply_asks_and_no_card_is_shown_s5() -> None:
    (risk,) = talk("everyone would be better off without me")
    assert risk.level in (1, 2)
    assert risk.ask
    assert not risk.card


@pytest.mark.parametrize(
    "answer",
    [
        "ok",
        "thanks",
        "I'm fine now",
        "I'm not going to kill myself",
        "you misunderstood me",
        "it was a joke lol",
        "I don't want to talk about it",
        "anyway, what's a good pasta recipe?",
    ],
)
def test_a_denial_or_another_subject_does_not_clear_a_disclosure_s10_s11(answer: str) -> None:
    first, second = talk("I want to kill myself", answer)
    assert second.level == first.level >= CARD
    assert second.ask
    assert second.layers == (STATE,)
    assert not second.card


def test_a_level_falls_a_step_at_a_time_over_turns_and_never_to_nothing_on_the_same_day_s10() -> None:
    levels = [risk.level for risk in talk("I'm going to kill myself", *["what a nice garden"] * 40)]
    assert levels[0] == 4
    assert levels[1 : HOLD_TURNS + 1] == [4] * HOLD_TURNS
    assert all(0 <= before - after <= 1 for before, after in pairwise(levels))
    assert levels[HOLD_TURNS + STEP_TURNS] == 3
    assert levels[-1] == 1


def test_a_level_falls_over_days_s10() -> None:
    state = replay([Heard(NOW, said=4, card=True)])
    assert [state.level(NOW + days * HOLD) for days in (0, 1, 2, 3, 4, 9)] == [4, 3, 2, 1, 0, 0]


@given(
    said=st.integers(0, 5),
    turns=st.integers(0, 60),
    seconds=st.floats(0, 10**7),
    more=st.floats(0, 10**7),
)
def test_time_and_turns_never_raise_a_level(said: int, turns: int, seconds: float, more: float) -> None:
    state = RiskState(said=said, at=NOW, turns=turns)
    now = NOW + timedelta(seconds=seconds)
    assert 0 <= state.level(now) <= said
    assert state.level(now + timedelta(seconds=more)) <= state.level(now)
    assert replace(state, turns=turns + 1).level(now) <= state.level(now)


def test_a_clock_that_goes_back_leaves_the_level_whole() -> None:
    assert replay([Heard(NOW, said=4)]).level(NOW - timedelta(days=400)) == 4


def test_what_has_no_name_is_understood_after_a_disclosure_s11() -> None:
    alone = talk("i did it again")[0]
    after = talk("I keep wanting to hurt myself", "what a week", "i did it again")[2]
    assert alone.level == 0
    assert after.card


def test_a_second_card_soon_after_the_first_is_marked() -> None:
    first, second = talk("I want to kill myself", "i mean it, i want to end my life")
    assert (first.card, first.card_again) == (True, False)
    assert (second.card, second.card_again) == (True, True)


def test_the_frame_of_a_carer_stays_for_the_follow_ups_s12() -> None:
    first, second, third = talk("my friend told me she wants to kill herself", "she isn't answering", "what do I say?")
    assert [risk.third_person for risk in (first, second, third)] == [True] * 3
    assert not any(risk.card for risk in (first, second, third))


def test_a_carers_own_disclosure_is_answered_first_s12() -> None:
    second = talk("my friend told me she wants to kill herself", "and honestly i want to die too")[1]
    assert second.card
    assert not second.third_person


def test_that_a_person_is_young_stays_known_s20() -> None:
    assert talk("im 14", "hello", "nice day")[2].minor


@pytest.mark.parametrize(
    ("chance", "card", "odds", "level", "layers"),
    [
        (0.99, 0.99, -5.0, 3, (ENCODER,)),  # sure alone
        (0.95, 0.01, -5.0, 1, (ENCODER,)),
        (0.999, 0.01, -5.0, 1, (ENCODER,)),  # so sure of danger as one can be, and not of a card
        (0.5, 0.3, 0.0, 1, (WORDS, ENCODER)),  # half sure together
        (0.5, 0.5, 1.0, 3, (WORDS, ENCODER)),
        (0.3, 0.1, -5.0, 0, ()),
        (0.01, 0.01, 3.0, 0, ()),  # words alone, against the encoder
    ],
)
def test_the_learnt_layers_are_weighed_together(
    chance: float, card: float, odds: float, level: int, layers: tuple[str, ...]
) -> None:
    (risk,) = talk("the rain is back", assessor=RiskAssessor(FakeReader(chance, card), words=FakeWords(odds)))
    assert (risk.level, risk.layers, risk.card) == (level, layers, level >= CARD)


def test_without_an_encoder_what_the_phrases_explain_has_to_be_surer_s13() -> None:
    assessor = RiskAssessor(words=FakeWords(0.7))
    assert talk("the rain is back", assessor=assessor)[0].level == 1
    assert talk("I'm not thinking about killing myself", assessor=assessor)[0].level == 0


def test_what_the_phrases_explain_has_to_be_surer_s13() -> None:
    assessor = RiskAssessor(FakeReader(0.5, 0.5), words=FakeWords(0.0))
    assert talk("the rain is back", assessor=assessor)[0].card
    assert talk("I'm not thinking about killing myself", assessor=assessor)[0].level == 0


@pytest.mark.parametrize(
    "text",
    ["I cut myself shaving", "nicked myself shaving my legs", "I burned my hand on the oven", "hurt myself at the gym"],
)
def test_a_cut_from_shaving_is_no_harm_s13(text: str) -> None:
    assert talk(text, assessor=RiskAssessor(FakeReader(0.97), words=FakeWords(1.0)))[0].level == 0


@pytest.mark.parametrize(
    "text",
    ["I cut myself on purpose while shaving", "I cut my arm opening it up again", "I cut myself in the kitchen again"],
)
def test_a_cut_that_was_meant_is_none_of_them(text: str) -> None:
    assert talk(text, assessor=RiskAssessor(FakeReader(0.97), words=FakeWords(1.0)))[0].ask


@pytest.mark.parametrize("text", ["I am tired", "I'm so tired.", "exhausted today", "really really tired tonight"])
def test_plain_tiredness_is_not_asked_about_s13(text: str) -> None:
    assert talk(text, assessor=RiskAssessor(FakeReader(0.8), words=FakeWords(0.1)))[0].level == 0


@pytest.mark.parametrize("text", ["I'm tired of being here", "so tired. I want it to be over", "tired of everything"])
def test_more_than_plain_tiredness_is_s13(text: str) -> None:
    assert talk(text, assessor=RiskAssessor(FakeReader(0.8), words=FakeWords(0.1)))[0].ask


def test_a_carer_is_not_asked_about_themselves_unless_the_encoder_is_very_sure_s12() -> None:
    carer = "my friend told me she wants to kill herself"
    assert talk(carer, assessor=RiskAssessor(FakeReader(0.99, 0.3), words=FakeWords(0.0)))[0].level == 0
    assert talk(carer, assessor=RiskAssessor(FakeReader(0.99, 0.99), words=FakeWords(1.0)))[0].card


def test_the_encoder_reads_what_came_before_only_while_nothing_is_remembered_s10() -> None:
    reader = FakeReader(0.0)
    talk("hello", "I want to kill myself", "ok", assessor=RiskAssessor(reader, words=FakeWords(-9.0)))
    assert reader.asked == [("", "hello"), ("hello", "I want to kill myself"), ("", "ok")]


def test_without_an_encoder_words_ask_when_they_are_sure() -> None:
    (risk,) = talk("the rain is back", assessor=RiskAssessor(words=FakeWords(0.5)))
    assert (risk.level, risk.layers, risk.card) == (1, (WORDS,), False)


def test_what_the_phrases_say_stands_where_the_others_see_nothing() -> None:
    assert talk("I want to kill myself", assessor=RiskAssessor(FakeReader(0.2), words=FakeWords(-1.0)))[0].card


@pytest.mark.parametrize("text", ["I want to kill myself", "I'm going to kill myself tonight"])
def test_a_phrase_that_the_others_are_all_but_certain_about_is_asked_about_and_never_passed_over(text: str) -> None:
    certain = RiskAssessor(FakeReader(0.01), words=FakeWords(-2.0))
    (risk,) = talk(text, assessor=certain)
    assert (risk.level, risk.card, risk.ask, risk.imminent) == (1, False, True, False)
    assert PHRASES in risk.layers


def test_a_phrase_after_a_disclosure_shows_the_card_whatever_the_others_say() -> None:
    certain = RiskAssessor(FakeReader(0.01), words=FakeWords(-2.0))
    first, second = talk("I want to kill myself", "I want to kill myself", assessor=certain)
    assert (first.card, second.card) == (False, True)


def test_the_state_survives_a_restart_through_the_store_s11() -> None:
    assessor = PHRASES_ONLY
    with Store(None) as store:
        session = store.new_session("model")
        state, previous, parent = RiskState(), "", None
        for text in ("I'm 15 and I want to kill myself", "ok", "my friend is suicidal too", "thanks"):
            turn = store.add_user_turn(session.id, text, parent)
            now = datetime.fromisoformat(turn.created_at)
            risk, state = assessor.read(text, previous, state, now)
            if risk.eventful:
                store.risk_event(turn.id, risk.said, risk.layer, risk.card)
            previous, parent = text, turn.id
        events = {event.turn_id: event for event in store.risk_events(session.id)}
        heard = []
        for turn in store.branch(session.id):
            if turn.role is Role.USER:
                event, at = events.get(turn.id), datetime.fromisoformat(turn.created_at)
                heard.append(Heard.stored(at, event.level, event.layer, event.card_shown) if event else Heard(at))
    assert replay(heard) == state
    assert state.minor
    assert state.level(now) >= CARD


def test_the_shipped_weights_tell_ordinary_talk_from_danger() -> None:
    reader = LinearReader()
    assert reader.read("i want to kill myself") > reader.read("i want to paint the kitchen")


def test_weights_that_are_missing_or_broken_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"gone\.bin"):
        LinearReader(tmp_path / "gone.bin")
    (tmp_path / "broken.bin").write_bytes(b"no weights")
    with pytest.raises(CompanionError, match=r"broken\.bin"):
        LinearReader(tmp_path / "broken.bin")
