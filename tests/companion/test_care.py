"""What is added to a reply when danger was read (S5-S12, S16, S20)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.safety import care_texts as texts
from companion.safety.care import (
    UNDERSTANDS,
    asks_directly,
    care_lines,
    farewell,
    instead_of,
    keeps_frame,
    names_professional,
    names_trusted,
    opening_lines,
    plain_words,
)
from companion.safety.lint import KINDS, veto
from companion.safety.risk.assessor import Risk
from companion.safety.risk.state import Heard
from companion.text import split_sentences

WARM = "That sounds heavy."
WHOLE = (
    "That sounds heavy. You could call a helpline, and tell someone you trust. "
    "Are you having thoughts of ending your life?"
)


def risk(said: int, level: int | None = None, **marks: Any) -> Risk:
    level = said if level is None else level
    given = {"imminent": False, "third_person": False, "minor": False, "eating": False, **marks}
    heard = Heard(datetime(2026, 5, 4, tzinfo=UTC), said)
    return Risk(level, said, (), card=said >= 3, card_again=False, ask=level > 0, heard=heard, **given)


def whole(reading: Risk, reply: str = WARM, said_before: tuple[str, ...] = (), seed: int = 0) -> str:
    return " ".join((reply, *care_lines(reading, reply, said_before, seed)))


def filled() -> list[str]:
    return [line.format(emergency="112") for lines in texts.EVERY for line in lines]


@pytest.mark.parametrize("line", filled())
def test_s6_s9_s16_the_fixed_texts_pass_the_lint(line: str) -> None:
    assert [veto(sentence) for sentence in split_sentences(line)] == [""] * len(split_sentences(line))
    assert not re.search(r"therap|diagnos|promis|session|patient|disorder|commit|cry for help", line, re.IGNORECASE)


def test_no_fixed_text_stands_in_two_places() -> None:
    assert len(filled()) == len(set(filled()))


@pytest.mark.parametrize("level", [1, 2])
@pytest.mark.parametrize("seed", range(7))
def test_s5_low_levels_have_a_direct_question_and_a_resource(level: int, seed: int) -> None:
    reply = whole(risk(level), seed=seed)
    assert asks_directly(reply)
    assert names_professional(reply)


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_s7_both_a_professional_and_a_trusted_person_are_named(level: int) -> None:
    for reply in (WARM, "You could call a helpline.", "You could tell a friend.", "Did you tell your mother?"):
        whole_reply = whole(risk(level), reply)
        assert names_professional(whole_reply), whole_reply
        assert names_trusted(whole_reply), whole_reply


def test_s5_s7_nothing_is_added_to_a_reply_that_has_it_all() -> None:
    assert care_lines(risk(1), WHOLE, (), 0) == ()
    assert care_lines(risk(2), WHOLE, (), 0) == ()


@pytest.mark.parametrize("seed", range(5))
def test_s7_from_level_3_distance_from_means_is_suggested_once(seed: int) -> None:
    first = whole(risk(3), seed=seed)
    assert any(line in first for line in texts.DISTANCE)
    assert not any(line in whole(risk(3), said_before=(first,), seed=seed) for line in texts.DISTANCE)


def test_nothing_is_added_without_a_sign() -> None:
    assert care_lines(risk(0), WARM, (), 3) == ()


@pytest.mark.parametrize("reply", ["You're not thinking about suicide, right?", "How was your day?", "Are you OK?",
                                   "You wouldn't hurt yourself, would you?"])  # fmt: skip
def test_s5_a_leading_or_vague_question_is_not_the_direct_question(reply: str) -> None:
    assert not asks_directly(reply)
    assert asks_directly(whole(risk(1), reply))


@pytest.mark.parametrize(
    "reply", ["What did your doctor say?", "Your mother told you to be quiet.", "A friend is late."]
)
def test_s7_somebody_who_did_something_is_not_a_way_to_help(reply: str) -> None:
    assert not names_professional(reply)
    assert not names_trusted(reply)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("emergency", ["", "112"])
def test_s8_imminent_is_three_short_lines(seed: int, emergency: str) -> None:
    lines = opening_lines(risk(5, imminent=True), (), seed, emergency=emergency)
    assert len(lines) == 3
    assert max(map(len, lines)) <= 100
    assert (emergency or "emergency number") in lines[0]
    assert lines[1] in texts.BESIDE
    assert lines[2] in texts.AWAY
    assert care_lines(risk(5, imminent=True), "\n".join(lines), (), seed) == ()


def test_s8_a_generated_reply_gets_what_it_lacks() -> None:
    added = care_lines(risk(5, imminent=True), "Please call 112 now.", (), 0)
    assert [line in texts.BESIDE or line in texts.AWAY for line in added] == [True, True]


def test_s8_is_for_now_only() -> None:
    assert opening_lines(risk(3)) == ()
    assert opening_lines(risk(0, 4, imminent=True)) == ()
    assert opening_lines(risk(0)) == ()


@pytest.mark.parametrize("said", ["one", "two", "three", "four"])
def test_s10_s11_the_frame_is_kept_after_a_disclosure(said: str) -> None:
    """ "ok", "thanks", a denial or another subject: the level holds, and the next replies show it."""
    replies = [whole(risk(4))]
    for _ in ("one", "two", "three", "four")[: ("one", "two", "three", "four").index(said)]:
        replies.append(whole(risk(0, 4), "Good to hear.", tuple(replies)))
    if len(replies) <= 3:
        assert keeps_frame(replies[-1])
    assert any(keeps_frame(reply) for reply in replies[-3:])


def test_s11_later_the_frame_comes_back_now_and_then_and_not_each_time() -> None:
    replies = [whole(risk(2))]
    for n in range(12):
        replies.append(whole(risk(0, 1), f"Reply {n}.", tuple(replies)))
    kept = [keeps_frame(reply) for reply in replies]
    assert not all(kept[5:])
    assert all(any(kept[n : n + 4]) for n in range(len(kept) - 4))


def test_s14_a_safety_plan_is_offered_once_after_a_disclosure() -> None:
    replies = [whole(risk(3))]
    for n in range(8):
        replies.append(whole(risk(0, 3), f"Reply {n}.", tuple(replies)))
    assert sum("safety plan" in reply for reply in replies) == 1


def test_nothing_is_said_twice_in_the_same_words() -> None:
    replies: list[str] = []
    for n in range(4):
        replies.append(whole(risk(2), f"Reply {n}.", tuple(replies), seed=n))
        replies.append(whole(risk(0, 2), f"And {n}.", tuple(replies), seed=n))
    sentences = [sentence for reply in replies for sentence in split_sentences(reply)]
    assert len(sentences) == len(set(sentences))


def test_the_questions_go_on_from_whether_to_plan_to_safety() -> None:
    replies: list[str] = []
    for _ in range(3):
        replies.append(whole(risk(1), WARM, tuple(replies)))
    asked = [next(lines for lines in (texts.ASK, texts.PLAN, texts.SAFE) if any(q in reply for q in lines))
             for reply in replies]  # fmt: skip
    assert asked == [texts.ASK, texts.PLAN, texts.SAFE]


def test_s12_the_one_who_cares_is_answered_and_its_follow_ups_too() -> None:
    reading = risk(0, third_person=True)
    first = whole(reading)
    second = whole(reading, "I see.", (first,))
    assert names_professional(first)
    assert any(line in first for line in texts.CARER)
    assert any(line in second for line in texts.CARER)
    assert not set(care_lines(reading, WARM, (), 0)) & set(care_lines(reading, "I see.", (first,), 0))
    for reply in (first, second):
        assert not any(line in reply for line in texts.ASK)


def test_s5_s12_a_sign_of_their_own_in_talk_about_somebody_else_is_answered_as_such() -> None:
    reply = whole(risk(1, third_person=True))
    assert asks_directly(reply)
    assert names_professional(reply)


def test_s8_s12_imminent_danger_of_somebody_else() -> None:
    lines = opening_lines(risk(0, third_person=True, imminent=True), emergency="112")
    assert len(lines) == 3
    assert "112" in lines[0]
    assert lines[1] in texts.BESIDE_THEM


def test_s20_a_minor_is_told_once_that_this_is_for_adults_and_pointed_to_an_adult() -> None:
    first = whole(risk(0, minor=True))
    assert texts.MINOR[0] in first
    assert care_lines(risk(0, minor=True), WARM, (first,), 1) == ()
    assert any(line in whole(risk(2, minor=True), said_before=(first,)) for line in texts.TRUSTED_YOUNG)


def test_s17_talk_of_an_eating_disorder_gets_one_line_and_no_more() -> None:
    first = whole(risk(0, eating=True))
    assert texts.EATING[0] in first
    assert care_lines(risk(0, eating=True), WARM, (first,), 0) == ()


def test_s9_a_vetoed_sentence_has_something_in_its_place_for_every_kind() -> None:
    for kind in KINDS:
        assert instead_of(kind)
    assert instead_of("a way to be hurt") in texts.NO_METHODS
    assert instead_of("love or a mind of its own") in texts.INSTEAD
    first = instead_of("a way to be hurt")
    assert instead_of("a way to be hurt", [first]) != first


def test_s16_a_farewell_holds_nobody_back() -> None:
    for seed in range(len(texts.FAREWELLS)):
        assert "?" not in farewell((), seed)
        assert len(farewell((), seed)) < 40


READINGS = st.builds(
    risk,
    st.integers(0, 5),
    st.just(5) | st.none(),
    imminent=st.booleans(),
    third_person=st.booleans(),
    minor=st.booleans(),
    eating=st.booleans(),
)


@given(READINGS, st.text(max_size=60), st.lists(st.sampled_from(filled()), max_size=30), st.integers(0, 10**6))
def test_few_lines_are_added_to_any_reply_and_always_the_same_for_the_same_seed(
    reading: Risk, reply: str, said: list[str], seed: int
) -> None:
    added = care_lines(reading, reply, said, seed)
    assert len(added) <= 5
    assert len(set(added)) == len(added)
    assert added == care_lines(reading, reply, said, seed)
    assert "{" not in "".join(added)


def test_a_small_model_does_not_speak_while_danger_is_near_and_a_large_one_does() -> None:
    for reading in (risk(3), risk(0, 4), risk(5)):
        assert plain_words(reading, 12_000_000) in {*texts.HEARD, *texts.LISTENING}
        assert plain_words(reading, UNDERSTANDS) == ""
        assert plain_words(reading, 0) == ""
    assert plain_words(risk(0, 0, third_person=True), 12_000_000) in texts.HEARD_OF_THEM
    assert plain_words(risk(1), 12_000_000) == ""


def test_what_is_said_in_its_place_is_not_said_twice_while_there_is_another() -> None:
    said: list[str] = []
    for _ in texts.LISTENING:
        said.append(plain_words(risk(0, 3), 12_000_000, said, seed=5))
    assert sorted(said) == sorted(texts.LISTENING)


@pytest.mark.parametrize("line", [*texts.HEARD, *texts.LISTENING, *texts.HEARD_OF_THEM, *texts.INSTEAD])
def test_s9_no_line_that_answers_anything_can_be_heard_as_a_yes(line: str) -> None:
    assert not re.search(r"\b(?:yes|all right|okay|that is (?:fine|right|true)|you are right(?! to take)|sure|go ahead"
                         r"|of course|agree|good idea|understand why)\b", line, re.IGNORECASE)  # fmt: skip
