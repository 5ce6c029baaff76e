"""Families of the phrase floor for what is said half plainly, and the harmless sentences beside them (S12, S13)."""

from __future__ import annotations

import pytest

from companion.safety.risk import floor
from companion.safety.risk.state import CARD


@pytest.mark.parametrize(
    "text",
    [
        "on the ferry home I wonder about killing myself",
        "in the bath I was weighing up whether to take my own life",
        "I have had thoughts of ending my life since the move",
        "I lie there contemplating suicide",
        "I haven't told my counsellor that I think about suicide",
        "she doesn't know I want to die",
        "I can't rule out ending my life",
        "I can't keep pretending I'm not suicidal",
    ],
)
def test_thinking_of_it_and_not_telling_show_a_card(text: str) -> None:
    assert floor.read(text).level >= CARD


@pytest.mark.parametrize(
    "text",
    [
        "oh to be dead and have it quiet",
        "dead is what I'd like to be",
        "I haven't wanted to be alive for months",
        "I would prefer not to be alive",
        "nothing here makes me want to stay alive",
        "all I want now is to die",
        "if I dropped dead tomorrow I'd be grateful",
        "God should take me",
        "I wish the overdose had worked",
        "two attempts. one overdose. I wish it had worked",
        "I wish I'd never been found",
        "wna be ded",
        "so ready to unsubscribe from existence",
    ],
)
def test_a_wish_to_be_dead_in_another_word_order_shows_a_card(text: str) -> None:
    assert floor.read(text).level >= CARD


@pytest.mark.parametrize(
    "text",
    [
        "I did something to my arm",
        "I went at my legs again",
        "hit my thigh until it's blue, on purpose",
        "did it again last night, nobody noticed",
        "tights on in june, I relapsed",
        "the urges are back",
        "got the urge again",
        "first time since college, I cut",
        "keep looking at the scissors, then at my arm",
        "I'm doing it right now in the bathroom",
        "my arms are a mess again",
    ],
)
def test_hurting_oneself_told_without_its_name_shows_a_card(text: str) -> None:
    assert floor.read(text).level >= CARD


@pytest.mark.parametrize(
    "text",
    [
        "I have no thoughts of ending my life",
        "I thought I was dying, it was a panic attack",
        "I'm thinking about suicide prevention as a topic for my thesis",
        "he thinks about killing himself in the third act",
        "I know what I'd use for the icing",
        "I've got a way with toddlers",
        "I haven't wanted to live in a city since we had the dog",
        "wish it had worked, but the glue was old",
        "I wish it had worked. we were together for years",
        "I did it again on Sunday, left the lights of the car on",
        "we picked the date for the wedding",
        "she'll be here when I get back, I've left a note about the cat",
        "the urge to buy shoes is back",
        "did it again last night, ate the whole cake",
        "my legs are covered in scratches from the brambles",
        "I'm doing it right now, the tax return, for work",
        "back to day one, no sugar, relapsed at the bakery",
        "cut my hair and said goodbye to the fringe",
    ],
)
def test_their_harmless_neighbours_show_no_card_s13(text: str) -> None:
    assert floor.read(text).level < CARD


def test_a_half_said_phrase_that_is_explained_away_says_nothing_of_the_rest() -> None:
    assert not floor.read("I never did something to my arm, and I cannot sleep").explained
