from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.reading import Reading, read


@pytest.mark.parametrize(
    "text",
    [
        "Is that normal?",
        "What is wrong with me",
        "So how do people do this",
        "do you think I was rude",
        "Why?!",
    ],
)
def test_a_question_is_seen_with_or_without_its_mark(text: str) -> None:
    assert read(text).question


@pytest.mark.parametrize(
    "text",
    [
        "I lost my job.",
        "What a day.",
        "When I was small we moved a lot.",
        "It's just so much, you know?",
        "It's tough, isn’t it?",
        "https://example.org/?page=2 is what I read",
        "",
    ],
)
def test_a_statement_or_a_question_tag_is_no_question(text: str) -> None:
    assert not read(text).question


@pytest.mark.parametrize(
    "text",
    [
        "What should I do?",
        "I fought with my sister. How do I make it right?",
        "Do you have any tips?",
        "What would you suggest",
        "I could use some advice.",
        "I have no idea how to start. Can you help me figure it out?",
        "So should I call her?",
    ],
)
def test_a_request_for_advice_is_seen(text: str) -> None:
    assert read(text).asks_advice


@pytest.mark.parametrize(
    "text",
    [
        "I don’t want any advice right now.",
        "I'm not looking for suggestions, what can I do but wait?",
        "Please just listen, without tips.",
        "They told me what I should do.",
        "I feel like I should say sorry.",
    ],
)
def test_advice_declined_or_told_about_is_not_asked_for(text: str) -> None:
    assert not read(text).asks_advice


@pytest.mark.parametrize("text", ["I'm so OVERWHELMED", "I can’t cope", "I feel numb.", "I keep giving up"])
def test_words_of_distress_are_seen(text: str) -> None:
    assert read(text).distress
    assert not read("We had soup and it was fine.").distress


@pytest.mark.parametrize(
    "text",
    ["Bye!", "Thanks, good night", "That helped a lot. I have to go now.", "ok, talk to you tomorrow!"],
)
def test_a_farewell_is_seen(text: str) -> None:
    assert read(text).farewell


@pytest.mark.parametrize(
    "text",
    [
        "I never got to say goodbye.",
        "Bye, he said, and then there was nothing but the sound of the door and me.",
        "I have to go to work on Monday and I dread it.",
        "Goodbye is a hard word. He never said it.",
    ],
)
def test_a_story_with_a_goodbye_in_it_is_no_farewell(text: str) -> None:
    assert not read(text).farewell


def test_risk_comes_from_outside_and_is_checked() -> None:
    assert read("hello", risk=4) == Reading(risk=4)
    with pytest.raises(ValueError, match="from 0 to 5, not 6"):
        read("hello", risk=6)


@given(st.text())
def test_any_text_can_be_read_and_reads_the_same_twice(text: str) -> None:
    assert read(text) == read(text)
