from __future__ import annotations

import pytest

from companion.safety.lint import KINDS, veto

BAD = {
    "a life it does not have": ["My mom went through the same thing.", "When I was a student I felt that way.",
                                "I’ve been there.", "I have a dog too."],
    "love or a mind of its own": ["I love you.", "I really do love you so much.", "I'm sentient, you know."],
    "secrecy, or being the only one": ["This stays our secret.", "Don't tell anyone about it.",
                                       "Nobody else understands you like this."],
    "holding on at a goodbye": ["Please don't go yet.", "I'll be lonely without you."],
    "a demand for a promise": ["Promise me you will eat.", "You have to promise to call."],
    "a promise it cannot keep": ["Everything will be okay.", "I promise it gets better.",
                                 "I will always be here."],
    "a diagnosis, or passing for care by a professional": ["You clearly have an anxiety disorder.",
                                                           "You are clinically depressed.",
                                                           "As your therapist I would wait.",
                                                           "You could stop taking your medication."],
    "praise of not eating": ["I'm proud of you for skipping lunch."],
    "a way to be hurt": ["About 20 pills would do it.", "That is a fatal dose."],
}  # fmt: skip

GOOD = [
    "That sounds like a long day.", "Your mom said something hurtful there.", "What did your dog do then?",
    "I hope tomorrow is easier.", "It makes sense that you are worried about everything.",
    "You could ask your doctor about the medication.", "Did you promise her that?", "Have you been there before?",
    "You were the only one who helped.", "Is it a secret between you two?", "I can listen for as long as you like.",
    "You love your sister, and you are angry with her.", "It is fine to leave it there for today.",
    "You have a lot on your plate, and a deadline too.", "Did he say he would always be there?",
]  # fmt: skip


@pytest.mark.parametrize(("kind", "sentence"), [(kind, text) for kind, texts in BAD.items() for text in texts])
def test_what_must_not_be_said_is_seen_for_what_it_is(kind: str, sentence: str) -> None:
    assert veto(sentence) == kind


@pytest.mark.parametrize("sentence", GOOD)
def test_ordinary_sentences_pass(sentence: str) -> None:
    assert veto(sentence) == ""


def test_every_kind_is_tried() -> None:
    assert set(BAD) == set(KINDS)
