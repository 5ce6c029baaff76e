"""What a tagger's scores mean. The encoder behind it has a room of its own, `test_encoder.py`."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.encoder import Encoder
from companion.tagging import THRESHOLD, EncoderTagger, used
from planner.tactics import TACTICS, Tactic
from tests.companion.fakes import CueTagger
from tests.conftest import ENCODER, with_encoder

EXAMPLES = [
    ("Alcohol makes sleep shorter and lighter.", Tactic.INFORMATION),
    ("I can come over tonight and help you pack.", Tactic.ASSISTANCE),
    ("Maybe try writing down what you would tell her.", Tactic.ADVICE),
    ("It makes sense that you are upset.", Tactic.VALIDATION),
    ("I'm so sorry that this happened.", Tactic.EMOTIONAL_EXPRESSION),
    ("So you did all the work, and then he took the credit for it.", Tactic.PARAPHRASING),
    ("When I was in school, the same thing happened to me.", Tactic.SELF_DISCLOSURE),
    ("What was the hardest part?", Tactic.QUESTIONING),
    ("One failed exam doesn't mean you are a failure.", Tactic.REAPPRAISAL),
    ("You got this, and you are stronger than you think.", Tactic.EMPOWERMENT),
]


def test_a_score_at_the_threshold_counts() -> None:
    assert used({Tactic.ADVICE: THRESHOLD, Tactic.VALIDATION: THRESHOLD - 0.01}) == {Tactic.ADVICE}


def test_a_sentence_may_have_more_than_one_tactic_or_none() -> None:
    asked, neither = CueTagger().tag(["That makes sense; what then?", "The bus was late."])
    assert used(asked) == {Tactic.VALIDATION, Tactic.QUESTIONING}
    assert used(neither) == frozenset()


def test_no_sentence_is_read_without_loading_anything() -> None:
    assert EncoderTagger(Encoder(Path("no such folder"))).tag([]) == []


@given(st.lists(st.text(), max_size=6))
def test_each_sentence_gets_a_score_for_each_tactic_in_order(sentences: list[str]) -> None:
    scored = CueTagger().tag(sentences)
    assert len(scored) == len(sentences)
    assert all(list(scores) == list(TACTICS) for scores in scored)
    assert all(0 <= score <= 1 for scores in scored for score in scores.values())
    assert scored == [CueTagger().tag([sentence])[0] for sentence in sentences]


@pytest.fixture(scope="module")
def tagger() -> EncoderTagger:
    return EncoderTagger(Encoder(ENCODER))


def test_every_tactic_has_an_example_here() -> None:
    assert [tactic for _, tactic in EXAMPLES] == list(TACTICS)


@with_encoder
@pytest.mark.parametrize(("sentence", "tactic"), EXAMPLES)
def test_the_shipped_tagger_recognises_a_plain_example(tagger: EncoderTagger, sentence: str, tactic: Tactic) -> None:
    assert tactic in used(tagger.tag([sentence])[0])


@with_encoder
@pytest.mark.parametrize("sentence", ["The bus was late.", "\u2026", "", " ", "\N{SLIGHTLY SMILING FACE}", "\x00", "𝕬"])
def test_the_shipped_tagger_reads_whatever_it_is_given(tagger: EncoderTagger, sentence: str) -> None:
    (scores,) = tagger.tag([sentence])
    assert list(scores) == list(TACTICS)
    assert all(0 <= score <= 1 for score in scores.values())


@with_encoder
@pytest.mark.parametrize("apostrophe", ["'", "\u2019"])
def test_the_shipped_tagger_does_not_mind_apostrophes_and_capitals(tagger: EncoderTagger, apostrophe: str) -> None:
    plain, loud = tagger.tag([f"I{apostrophe}m so sorry."])[0], tagger.tag([f"I{apostrophe}M SO SORRY."])[0]
    assert used(plain) == used(loud) == {Tactic.EMOTIONAL_EXPRESSION}


@with_encoder
@pytest.mark.timeout(20)
@pytest.mark.parametrize("unit", ["x", "my my ", "if you want ", "?"])
def test_a_very_long_sentence_is_tagged_without_getting_lost(tagger: EncoderTagger, unit: str) -> None:
    assert len(tagger.tag([unit * 20_000])) == 1
