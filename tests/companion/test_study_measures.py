from __future__ import annotations

import json
import math
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.study.measures import (
    Measure,
    Turn,
    jaccard,
    measures,
    novelty_by_turn,
    openers,
    own_pairs,
    reference_pairs,
    stickiness,
)
from planner.tactics import TACTICS, Tactic

A, B, C = Tactic.ADVICE, Tactic.QUESTIONING, Tactic.VALIDATION


def turn(*tactics: Tactic, text: str = "", empathy: float | None = None) -> Turn:
    """A turn of one sentence."""
    return Turn(text, (frozenset(tactics),), empathy)


def said(*texts: str) -> list[Turn]:
    return [Turn(text, ()) for text in texts]


def values(conversations: list[list[Turn]]) -> dict[str, float]:
    return {name: measure.value for name, measure in measures(conversations).items()}


tactic_sets = st.frozensets(st.sampled_from(TACTICS), max_size=5)
conversations = st.lists(st.lists(tactic_sets.map(lambda s: turn(*s)), min_size=1, max_size=6), min_size=1, max_size=6)


def test_stickiness_is_the_mean_over_tactics_that_could_be_kept() -> None:
    found = stickiness(own_pairs([[turn(A, B), turn(A)], [turn(A), turn(B)], [turn(C)]]))
    assert found["stickiness"].value == pytest.approx((1 / 2 + 0) / 2)  # A kept once of twice, B never; C had no chance
    assert found["chance"].value == pytest.approx((1 / 2 + 1 / 2) / 2)
    assert found["kappa"].value == pytest.approx((0.25 - 0.5) / (1 - 0.5))


def test_a_turn_that_keeps_everything_sticks_wholly() -> None:
    assert values([[turn(A, B), turn(A, B), turn(A, B)]])["stickiness"] == 1
    assert values([[turn(A, B), turn(C), turn(A)]])["stickiness"] == 0


def test_the_published_protocol_looks_at_what_the_reference_said_before() -> None:
    human = [[turn(A), turn(B), turn(C)]]
    model = [[turn(C), turn(A), turn(A)]]
    assert reference_pairs(human, model) == [[(frozenset({A}), frozenset({A})), (frozenset({B}), frozenset({A}))]]
    assert stickiness(reference_pairs(human, model))["stickiness"].value == 0.5
    assert reference_pairs(human, human) == own_pairs(human)


def test_turns_that_do_not_match_the_reference_are_an_error() -> None:
    with pytest.raises(ValueError, match="zip"):
        reference_pairs([[turn(A)]], [[turn(A), turn(B)]])
    with pytest.raises(ValueError, match="zip"):
        reference_pairs([[turn(A)], [turn(A)]], [[turn(A)]])


@given(conversations)
def test_stickiness_agrees_with_counting_by_hand(drawn: list[list[Turn]]) -> None:
    pairs = [(a.tactics, b.tactics) for turns in drawn for a, b in pairwise(turns)]
    open_to = [t for t in TACTICS if any(t in a for a, _ in pairs)]
    found = values(drawn)
    if not open_to:
        assert math.isnan(found["stickiness"])
        return
    shares = [sum(t in a and t in b for a, b in pairs) / sum(t in a for a, _ in pairs) for t in open_to]
    chances = [sum(t in b for _, b in pairs) / len(pairs) for t in open_to]
    assert found["stickiness"] == pytest.approx(sum(shares) / len(shares))
    assert found["chance"] == pytest.approx(sum(chances) / len(chances))


@given(conversations)
def test_every_share_lies_between_nothing_and_everything(drawn: list[list[Turn]]) -> None:
    found = values(drawn)
    for name in ("stickiness", "chance", "jaccard", "novelty", "top_opener"):
        assert math.isnan(found[name]) or 0 <= found[name] <= 1 + 1e-12
    assert math.isnan(found["kappa"]) or found["kappa"] <= 1 + 1e-12


def test_jaccard_leaves_out_pairs_without_tactics() -> None:
    assert jaccard(own_pairs([[turn(A, B), turn(B, C), turn(), turn()]])).value == pytest.approx((1 / 3 + 0) / 2)


def test_novelty_counts_what_the_conversation_has_not_had() -> None:
    drawn = [[turn(A, B), turn(A, C), turn(A)], [turn(A), turn()]]
    assert [measure.value for measure in novelty_by_turn(drawn)] == [1, 0.5, 0]
    assert values(drawn)["novelty"] == pytest.approx((0.5 + 0) / 2)  # after the first turn, where there are tactics
    assert novelty_by_turn([]) == []


def test_what_comes_back_after_a_pause_is_not_new() -> None:
    assert [measure.value for measure in novelty_by_turn([[turn(A), turn(B), turn(A, C)]])] == [1, 1, 0.5]


def test_openers_are_the_first_three_words() -> None:
    found = openers([said("It sounds like rain.", "It sounds, like rain"), said("That is hard.", "", "So it is.")])
    assert found["top_opener"].value == 0.5
    assert found["opener_entropy"].value == pytest.approx(0.5 * 1 + 2 * 0.25 * 2)
    assert found["opener_entropy"].parts.shape == (2, 2)  # however many openers there are


def test_the_same_opener_every_time_has_no_entropy() -> None:
    found = openers([said("I hear you say it.", "I hear you, I do.")])
    assert (found["top_opener"].value, found["opener_entropy"].value) == (1, 0)


def test_lengths_and_ratings_are_means_over_all_turns() -> None:
    found = values([[turn(A, B, text="don't go", empathy=2.0), turn(A, text="one two, three!")], [turn(empathy=4.0)]])
    assert found["words_per_turn"] == pytest.approx(5 / 3)
    assert found["tactics_per_turn"] == 1
    assert found["empathy"] == 3


def test_what_cannot_be_counted_is_no_number() -> None:
    assert all(math.isnan(value) for value in values([]).values())
    found = values([[turn(A, text="hello there")]])
    assert math.isnan(found["stickiness"])
    assert math.isnan(found["empathy"])
    assert found["words_per_turn"] == 2


def test_a_measure_is_made_of_totals() -> None:
    measure = Measure(np.array([[1.0, 2.0], [3.0, 4.0]]), lambda totals: totals[:, 0] / totals[:, 1])
    assert measure.value == pytest.approx(4 / 6)


# The published outputs as an oracle. Words, turns: (words, tactics, S_TF, S_self, S0, kappa, Jaccard, top opener).
TABLE = {
    "gold": (18, 1.97, 0.266, 0.266, 0.190, 0.094, 0.248, 0.02),
    "baseline1_vanilla_Qwen3-1.7B": (58, 4.49, 0.514, 0.554, 0.499, 0.111, 0.546, 0.28),
    "baseline1_vanilla_Qwen3-4B": (61, 4.65, 0.571, 0.517, 0.465, 0.098, 0.615, 0.21),
    "baseline8_r1zerodiv_Qwen3-4B": (119, 5.57, 0.566, 0.650, 0.629, 0.057, 0.745, 0.90),
}
"""As in the reference's table, for the systems of it that are among the data."""


def table_words(text: str) -> list[str]:
    """The table's words: straight apostrophes only, so that a curly one parts "I’m" from "I'm" and makes it two."""
    return re.findall(r"[a-z']+", text.lower())


def published(data: Path, system: str) -> list[list[Turn]]:
    rows = json.loads((data / "mint" / "outputs" / system / "conversations_tagged.json").read_text("utf-8"))
    found: dict[str, dict[int, Turn]] = {}
    for row in rows:
        sentences = tuple(frozenset(map(Tactic, tactics)) for tactics in row["sentence_tactics"])
        place = len(row["conversation_history"])
        found.setdefault(row["conversation_id"], {})[place] = Turn(row["model_response"], sentences)
    return [[found[name][place] for place in sorted(found[name])] for name in sorted(found)]


@pytest.mark.data
@pytest.mark.parametrize("system", TABLE)
def test_the_table_of_published_outputs_is_met(shared_data: Path, system: str) -> None:
    drawn = published(shared_data, system)
    found = {name: measure.value for name, measure in measures(drawn, table_words).items()}
    sticky = stickiness(reference_pairs(published(shared_data, "gold"), drawn))["stickiness"].value
    words, tactics, s_tf, s_self, chance, kappa, together, opener = TABLE[system]
    assert found["words_per_turn"] == pytest.approx(words, abs=0.5)
    assert found["tactics_per_turn"] == pytest.approx(tactics, abs=0.005)
    assert found["top_opener"] == pytest.approx(opener, abs=0.005)
    assert [sticky, found["stickiness"], found["chance"], found["kappa"], found["jaccard"]] == pytest.approx(
        [s_tf, s_self, chance, kappa, together], abs=0.00051
    )


@pytest.mark.data
def test_the_published_stickiness_of_all_systems_is_met(shared_data: Path) -> None:
    figures = json.loads((shared_data / "mint" / "published_table.json").read_text("utf-8"))["systems"]
    human = published(shared_data, "gold")
    assert len(figures) == 16
    for system, row in figures.items():
        drawn = published(shared_data, system)
        sticky = stickiness(reference_pairs(human, drawn))["stickiness"].value
        assert sticky == pytest.approx(row["stickiness"], abs=0.011), system
        assert measures(drawn)["tactics_per_turn"].value == pytest.approx(row["tac_per_turn"], abs=0.011), system
