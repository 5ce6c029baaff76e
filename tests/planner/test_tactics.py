from __future__ import annotations

from planner.tactics import DEFINITIONS, TACTICS, Tactic


def test_the_ten_tactics_keep_their_names_and_their_order() -> None:
    assert " ".join(TACTICS) == (
        "information assistance advice validation emotional_expression "
        "paraphrasing self_disclosure questioning reappraisal empowerment"
    )


def test_every_tactic_has_a_definition_of_one_line_with_an_example_in_the_fixed_order() -> None:
    assert tuple(DEFINITIONS) == TACTICS
    for definition in DEFINITIONS.values():
        assert definition.text.endswith(".")
        assert definition.example
        assert "\n" not in definition.text + definition.example


def test_a_label_is_the_name_in_plain_english() -> None:
    assert Tactic.EMOTIONAL_EXPRESSION.label == "emotional expression"
