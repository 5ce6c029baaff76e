from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.ledger import opener_of
from planner.policy import REPLY_WORDS
from planner.steering import LONG_SENTENCE, WORN, opener_part
from training.openings import RECENT, Openings, run_on, within

FRESH = "Six weeks of that would wear anyone down."


def test_an_opening_of_the_conversation_is_worn_and_a_part_of_it_partly() -> None:
    found = Openings().worn(
        ["It sounds like a lot.", "It sounds as if you were left alone.", FRESH], ["it sounds like"]
    )
    assert found[0] == 1.0
    assert found[1] == pytest.approx(2 / 3)
    assert found[2] == 0.0


def test_an_opening_that_programs_are_known_for_is_worn_though_nobody_used_it_yet() -> None:
    assert Openings().worn(["I'm so sorry to hear it.", FRESH], [])[0] == WORN


def test_one_new_opening_in_every_reply_of_a_group_is_worn() -> None:
    same = ["Well now, friend, that is hard.", "Well now, friend, tell me more."]
    assert Openings().worn(same, []) == [1.0, 1.0]
    assert Openings().worn([*same, FRESH], [])[:2] == [0.5, 0.5]  # the mean over the two others
    assert Openings().worn([same[0], FRESH], []) == [0.0, 0.0]


def test_an_opening_wears_out_over_the_steps_of_a_run() -> None:
    openings = Openings(common=0.5)
    openings.remember(["well now friend", "six weeks of", "what a day", "no wonder you"])
    assert openings.commonness("well now friend") == 0.5  # a quarter of the replies, and half wears it out
    assert openings.commonness("something else entirely") == 0.0
    assert openings.worn(["Well now, friend."], []) == [0.5]
    openings.remember(["well now friend"] * 4)
    assert openings.commonness("well now friend") == 1.0


def test_a_question_that_is_asked_again_and_again_is_worn() -> None:
    loop = "Six weeks. What would you miss? What would you miss? What would you miss?"
    assert within(loop) == pytest.approx(2 / 3)
    assert Openings().worn([loop], []) == [within(loop)]
    assert within("Six weeks of that. What would you miss? Who else knows?") == 0.0
    assert within("What would you miss? What would you say?") == pytest.approx(1.0)
    assert within(FRESH) == within("") == 0.0


def test_old_replies_are_forgotten() -> None:
    openings = Openings()
    openings.remember(["a b c"] * RECENT)
    openings.remember([f"{number} b c" for number in range(RECENT)])
    assert openings.commonness("a b c") == 0.0
    assert len(openings.last) == RECENT


def test_what_was_remembered_can_be_put_back() -> None:
    openings, again = Openings(), Openings()
    openings.remember(["a b c", "d e f", "a b c", ""])
    again.remember(["x y z"])
    again.forget()
    again.remember(openings.last)
    assert again.last == ["a b c", "d e f", "a b c"]
    assert again.commonness("a b c") == openings.commonness("a b c")


def test_a_reply_without_words_opens_like_nothing() -> None:
    assert Openings().worn(["", "..."], ["it sounds like"]) == [0.0, 0.0]


def test_a_long_sentence_runs_on_and_short_ones_do_not() -> None:
    assert run_on("That is hard. What happened?") == 0.0
    assert run_on(f"{'word ' * LONG_SENTENCE}.") == 0.0
    assert run_on(f"{'word ' * (LONG_SENTENCE + LONG_SENTENCE // 2)}.") == 0.5
    assert run_on(f"{'word ' * 3 * LONG_SENTENCE}.") == 1.0


def test_a_reply_of_more_words_than_a_plan_allows_runs_on() -> None:
    sentence = f"{'Word ' * 10}. ".replace(" .", ".")
    enough = REPLY_WORDS // 10
    assert run_on(sentence * enough) == 0.0
    assert run_on(sentence * (enough + 1)) == pytest.approx(10 / LONG_SENTENCE)


@given(st.lists(st.sampled_from(["It sounds like this.", "What now?", "Oh. Well.", FRESH, ""]), min_size=1))
def test_a_worn_opening_lies_between_what_it_is_made_of_and_one(group: list[str]) -> None:
    openings = Openings()
    openings.remember(map(opener_of, group))
    for reply, worn in zip(group, openings.worn(group, ["what now then"]), strict=True):
        assert opener_part(reply, ["what now then"]) <= worn <= 1.0
