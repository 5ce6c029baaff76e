from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.text import split_sentences

OUTPUTS = Path(__file__).parents[3] / "shared" / "data" / "mint" / "outputs"


@pytest.mark.parametrize(
    "sentences",
    [
        ["That sounds heavy.", "What happened then?", "Tell me!"],
        ["the bus was late.", "my day got worse from there."],
        ["Really?!", "Yes...", "Well."],
        ["I waited... and waited.", "Nothing."],
        ["I waited… and then left.", "Hm…", "Fine."],
        ["It cost 3.50 at the kiosk.", "Version 2.0 is out."],
        ["Dr. Okafor and Mrs. Lind agreed.", "So did J. K. Moss."],
        ["Try something small, e.g. a walk.", "Or tea, cake, etc. with a friend."],
        ["We bought bread, milk, etc.", "Then we went home."],
        ["He lives in the U.S. now.", "So do I.", "It is fine."],
        ["We met at 5 p.m. by the gate.", "It ended at 9 p.m.", "Then we slept."],
        ['She said "no."', "Then she left."],
        ['"Why?" she asked.', "Nobody knew."],
        ["*You did well.*", "**Really.**", "(I mean it.)", "So rest."],
        ["You called it “a waste.” I would not."],  # the corpora's splitter reads on after a curly quote
        ["Good to hear.", "\U0001f33f What comes next?"],
        ["Good to hear.", "\U0001f33f"],
        ["A few ideas:", "- a walk", "- a call with Ana", "1. First this.", "2. Then that."],
        ["Dear Sam", "I got your letter.", "Yours"],
        ["I am glad \U0001f33f", "Shall we go on?"],
        ["One?", "two!", "three"],
        ["今日は疲れた。", "少し休もう！", "はい"],
        ["¿Qué tal?", "Bien."],
        ["hm"],
    ],
)
def test_sentences_end_where_a_reader_would_end_them(sentences: list[str]) -> None:
    assert split_sentences(join(sentences)) == sentences


def join(sentences: list[str]) -> str:
    """A space after a finished sentence, an empty line after an unfinished one, a line end before an item."""
    text = sentences[0]
    for before, sentence in pairwise(sentences):
        if sentence.startswith(("- ", "1. ", "2. ")):
            text += "\n"
        elif before[-1].isalpha() or before[-1] == "\U0001f33f":
            text += "\n\n"
        else:
            text += " "
        text += sentence
    return text


def test_a_blank_line_between_sentences_changes_nothing() -> None:
    assert split_sentences("One.  \n\nTwo.\n\n\n Three.") == ["One.", "Two.", "Three."]


def test_a_quotation_that_ends_a_paragraph_ends_a_sentence() -> None:
    assert split_sentences("You said “enough.”\n\nI heard it.") == ["You said “enough.”", "I heard it."]


def test_an_emoji_after_a_paragraph_belongs_to_the_next_sentence() -> None:
    assert split_sentences("Rest well. \U0001f33f\n\nMore?") == ["Rest well.", "\U0001f33f\n\nMore?"]


@pytest.mark.parametrize("nothing", ["", "   ", "\n\n\t"])
def test_nothing_has_no_sentences(nothing: str) -> None:
    assert split_sentences(nothing) == []


PIECES = [*"ab. !?…\n*\"”')-—1", "Dr.", "e.g.", "...", "\n\n", "\n- ", "\n1. ", "。", "\U0001f33f", "Hi"]
texts = st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text(max_size=60)


@given(texts)
def test_joined_sentences_are_the_text_apart_from_white_space(text: str) -> None:
    sentences = split_sentences(text)
    assert "".join("".join(sentences).split()) == "".join(text.split())
    assert all(sentence and sentence == sentence.strip() for sentence in sentences)


@given(texts)
def test_only_the_last_piece_may_be_without_words(text: str) -> None:
    assert all(any(c.isalnum() or c == "_" for c in sentence) for sentence in split_sentences(text)[:-1])


@given(texts, st.integers(min_value=0))
def test_text_that_arrives_later_changes_nothing_before_the_last_piece(text: str, length: int) -> None:
    so_far = split_sentences(text[: length % (len(text) + 1)])
    assert split_sentences(text)[: len(so_far) - 1] == so_far[:-1] or not so_far


@pytest.mark.data
def test_sentence_counts_agree_with_the_tagged_corpora() -> None:
    files = sorted(OUTPUTS.glob("*/conversations_tagged.json"))
    if not files:
        pytest.skip(f"the tagged conversations are not in {OUTPUTS}")
    agree = total = 0
    for file in files:
        for turn in json.loads(file.read_text(encoding="utf-8")):
            total += 1
            agree += len(split_sentences(turn["model_response"])) == len(turn["sentence_tactics"])
    print(f"sentence counts agree on {agree} of {total} turns ({agree / total:.2%}) of {len(files)} systems")
    assert agree / total >= 0.97
