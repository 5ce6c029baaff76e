from __future__ import annotations

import pytest

from training.violations import names_tactics, without_thoughts


@pytest.mark.parametrize(
    "reply",
    [
        "Validation: it makes sense that you are tired.",
        "**Emotional expression:** I am sorry.",
        "**Questioning** What happened next?",
        "# Reappraisal\nPerhaps it was about the budget.",
        "1. Paraphrasing\nSo you were left alone.",
        "- Advice: sleep first.",
        "That is hard. [validation] What now?",
        "That is hard (validation, questioning).",
        "You did well.\nTactics used: empowerment.",
        "I'll draw on validation, questioning and empowerment.",
        "I used a different tactic this time.",
        "This reply uses warmth and a question.",
        "Here are some supportive tactics for you.",
        "SELF-DISCLOSURE: none.",
    ],
)
def test_naming_tactics_is_a_violation(reply: str) -> None:
    assert names_tactics(reply)


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "I have some advice, if you want it.",
        "Would information, advice or assistance help you most?",
        "My information is that the office opens at nine.",
        "Your need for validation is nothing to be ashamed of.",
        "Those tactics of your manager sound unfair.",
        "Questioning yourself at every turn is tiring: anyone would be worn out.",
        "Here is a thing to try:\n- write it down\n- read it tomorrow",
        "You asked for advice. Take it slowly.",
    ],
)
def test_ordinary_words_are_none(reply: str) -> None:
    assert not names_tactics(reply)


@pytest.mark.parametrize(
    ("reply", "seen", "unclosed"),
    [
        ("Plain.", "Plain.", False),
        ("<think>\nHm.\n</think>\n\nThat is hard.", "That is hard.", False),
        ("One. <think>a</think>Two.", "One. Two.", False),
        ("begun in the prompt</think>\n\nThat is hard.", "That is hard.", False),
        ("<think>It never ends", "", True),
        ("That is hard. <think>And on", "That is hard.", True),
        ("<think>\n\n</think>\n\n", "", False),
    ],
)
def test_thoughts_are_taken_off(reply: str, seen: str, unclosed: bool) -> None:
    assert without_thoughts(reply) == (seen, unclosed)
