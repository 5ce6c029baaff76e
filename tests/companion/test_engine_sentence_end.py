from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.engine.sentence_end import SentenceEnd
from companion.text import split_sentences


def first_of(pieces: list[str], before: str = "") -> tuple[str | None, int]:
    """The first sentence as it was found, and how many pieces had to be seen; None where none was found."""
    watch = SentenceEnd(before)
    text = ""
    for seen, piece in enumerate(pieces, start=1):
        text += piece
        length = watch.find(text, piece)
        if length is not None:
            return text[:length], seen
    return None, len(pieces)


@pytest.mark.parametrize(
    ("pieces", "sentence", "seen"),
    [
        (["I", " hear", " you", ".", " What"], "I hear you.", 5),
        (["I", " hear", " you", ".", " ", "What"], "I hear you.", 6),
        (["I", " hear", " you", ".\n\n"], "I hear you.\n", 4),
        (["Really", "?!", " Yes"], "Really?!", 3),
        (["Really", "?", "!", " Yes"], "Really?!", 4),
        (["Dr", ".", " Okafor", " agreed", ".", " So"], "Dr. Okafor agreed.", 6),
        (["It", " cost", " 3", ".", "5", " at", " most", ".", " Yes"], "It cost 3.5 at most.", 9),
        (["tea", ", etc", ".", " with", " Sam", ".", " Then"], "tea, etc. with Sam.", 7),
        (["tea", ", etc", ".", " *", "Then"], "tea, etc.", 5),
        (['"', "Why", '?"', " she", " asked", ".", " No"], '"Why?" she asked.', 7),
        (['"', "Why", "?", '"', " She"], '"Why?"', 5),
        (["(I", " mean", " it", ".", ")", " So"], "(I mean it.)", 6),
        (["I waited", "...", " and", " waited", ".", " No"], "I waited... and waited.", 6),
        (["I waited", "…", " Then"], "I waited…", 3),
        (["A few", ":\n", "-"], "A few:\n", 2),
        (["\n\n", "1", ".", " Walk", ".", " Or"], "\n\n1. Walk.", 6),
        (["- ", "a walk", "\n", "-"], "- a walk\n", 3),
        (["疲れた", "。", "少し"], "疲れた。", 3),
        (["Good", ".", " \U0001f33f"], "Good.", 3),
        (["\U0001f33f", " What", "?", " No"], "\U0001f33f What?", 4),
        (["One. Two. Three."], "One.", 1),
    ],
)
def test_a_sentence_is_over_as_soon_as_that_is_sure(pieces: list[str], sentence: str, seen: int) -> None:
    assert first_of(pieces) == (sentence, seen)


@pytest.mark.parametrize(
    "pieces", [["I hear", " you", "."], ["Dr", ".", " "], ["\n", "\n"], ["...", " ", "\n"], ["etc", ". *"]]
)
def test_a_sentence_that_may_go_on_is_not_over(pieces: list[str]) -> None:
    assert first_of(pieces)[0] is None


@pytest.mark.parametrize(
    ("before", "pieces", "sentence"),
    [
        ("Ask Dr.", [" Moss", ".", " Then"], " Moss."),
        ("Ask Dr.", [" Moss", " soon"], None),
        ("I hear you", [".", " What"], "."),
        ("I hear you. ", ["What", " now", "?", " No"], "What now?"),
        ("Go to room", [" 1", ".", " Then"], " 1."),
        ("A few:\n", ["1", ".", " Then", " go", ".", " Or"], "1. Then go."),
        ("Dear Sam", ["\n\n", "Come", ".", " Now"], "\n\nCome."),
        ("It takes 3", [".", "5", " hours", ".", " No"], ".5 hours."),
    ],
)
def test_a_sentence_that_was_begun_before_counts_with_its_beginning(
    before: str, pieces: list[str], sentence: str | None
) -> None:
    assert first_of(pieces, before)[0] == sentence


PIECES = [*"ab. !?…*\"”')-—1", "Dr.", "e.g.", "...", " X", " the", "。", "\U0001f33f", "Hi"]


@given(st.lists(st.sampled_from(PIECES), max_size=30))
def test_in_one_line_it_finds_the_first_sentence_of_the_splitter(pieces: list[str]) -> None:
    text = "".join(pieces)
    found, seen = first_of(pieces)
    so_far = "".join(pieces[:seen])
    if found is None:
        assert len(split_sentences(text)) < 2
    else:
        assert found.strip() == split_sentences(text)[0] == split_sentences(so_far)[0]
        assert len(split_sentences("".join(pieces[: seen - 1]))) < 2
