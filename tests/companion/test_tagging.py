from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.tagging import CUES, THRESHOLD, RuleTagger, used
from planner.tactics import TACTICS, Tactic

EXAMPLES = [
    ("Grief is a natural part of losing someone.", Tactic.INFORMATION),
    ("I'm here to listen whenever you want to talk.", Tactic.ASSISTANCE),
    ("Maybe try writing down what you would tell her.", Tactic.ADVICE),
    ("It makes sense that you are upset.", Tactic.VALIDATION),
    ("I'm so sorry that this happened.", Tactic.EMOTIONAL_EXPRESSION),
    ("It sounds like you are carrying this alone.", Tactic.PARAPHRASING),
    ("When I was in school, the same thing happened to me.", Tactic.SELF_DISCLOSURE),
    ("What was the hardest part?", Tactic.QUESTIONING),
    ("One failed exam doesn't mean you are a failure.", Tactic.REAPPRAISAL),
    ("You got this, and you are stronger than you think; that took real courage.", Tactic.EMPOWERMENT),
]


def tactics(sentence: str) -> frozenset[Tactic]:
    return used(RuleTagger().tag([sentence])[0])


def test_every_tactic_has_an_example_here() -> None:
    assert [tactic for _, tactic in EXAMPLES] == list(TACTICS) == list(CUES)


@pytest.mark.parametrize(("sentence", "tactic"), EXAMPLES)
def test_a_plain_example_is_recognised(sentence: str, tactic: Tactic) -> None:
    assert tactic in tactics(sentence)


@pytest.mark.parametrize("sentence", ["The bus was late.", "Okay.", "…", "", "🙂"])
def test_a_sentence_without_a_cue_has_no_tactic(sentence: str) -> None:
    assert tactics(sentence) == frozenset()


def test_a_sentence_may_have_more_than_one() -> None:
    assert tactics("That makes sense; how about calling her?") == {
        Tactic.VALIDATION,
        Tactic.ADVICE,
        Tactic.QUESTIONING,
    }


@pytest.mark.parametrize("sentence", ["I’m so sorry.", "I'm so sorry.", "I'M SO SORRY."])
def test_apostrophes_and_capitals_make_no_difference(sentence: str) -> None:
    assert tactics(sentence) == {Tactic.EMOTIONAL_EXPRESSION}


def test_a_question_mark_inside_quotation_marks_asks_too() -> None:
    assert Tactic.QUESTIONING in tactics("Did you say “why me?”")
    assert Tactic.QUESTIONING not in tactics("Nobody asks that.")


def test_a_score_at_the_threshold_counts() -> None:
    assert used({Tactic.ADVICE: THRESHOLD, Tactic.VALIDATION: THRESHOLD - 0.01}) == {Tactic.ADVICE}


@given(st.lists(st.text(), max_size=6))
def test_each_sentence_gets_a_score_for_each_tactic_in_order(sentences: list[str]) -> None:
    scored = RuleTagger().tag(sentences)
    assert len(scored) == len(sentences)
    assert all(list(scores) == list(TACTICS) for scores in scored)
    assert all(0 <= score <= 1 for scores in scored for score in scores.values())
    assert scored == [RuleTagger().tag([sentence])[0] for sentence in sentences]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("unit", ["x", "my my ", "try a", "i am so ", "if you want ", "really ", "?", "maybe ably "])
def test_a_very_long_sentence_is_tagged_without_getting_lost(unit: str) -> None:
    assert len(RuleTagger().tag([unit * 20_000])) == 1
