"""The published outputs as an oracle, read and counted as `companion study` does."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from companion.study.gather import Gatherer, named
from companion.study.grids import at
from companion.study.report import HUMAN_PREVALENCE, HUMAN_SENTENCES, Options, report
from companion.study.sources.ratings import read_ratings
from planner.tactics import TACTICS
from tests.companion.fakes import CueTagger


@pytest.fixture(scope="module")
def published(shared_data: Path) -> dict[str, Any]:
    """The report of all 16 systems, with their ratings."""
    mint = shared_data / "mint"
    gatherer = Gatherer(CueTagger)
    tables = {}
    for source in named([str(mint / "outputs")]):
        (table,) = gatherer.gather(source).tables.values()
        tables[source.name] = table.rated(read_ratings(mint / "ratings" / f"{source.name}.csv"))
    return report(tables, Options(reference="gold", baseline="baseline1_vanilla_Qwen3-4B", resamples=2000))["systems"]


@pytest.mark.data
def test_the_published_table_is_met(shared_data: Path, published: dict[str, Any]) -> None:
    figures = json.loads((shared_data / "mint" / "published_table.json").read_text("utf-8"))["systems"]
    assert figures.keys() == published.keys()
    for name, row in figures.items():
        ours = published[name]
        assert ours["human_history"]["stickiness"]["value"] == pytest.approx(row["stickiness"], abs=0.011), name
        assert ours["tactics_per_turn"]["value"] == pytest.approx(row["tac_per_turn"], abs=0.011), name
        assert ours["empathy"]["aggregate"]["value"] == pytest.approx(row["aggregated_empathy"], abs=0.011), name
        for dimension, estimate in ours["empathy"].items():
            if dimension != "aggregate":
                assert estimate["value"] == pytest.approx(row[dimension], abs=0.011), (name, dimension)


REFERENCE = {
    "gold": (0.094, 0.248, 3.03, 0.02, 0.65),
    "baseline1_vanilla_Qwen3-1.7B": (0.111, 0.546, 2.75, 0.28, 0.41),
    "baseline1_vanilla_Qwen3-4B": (0.098, 0.615, 2.70, 0.21, 0.42),
    "baseline8_r1zerodiv_Qwen3-4B": (0.06, 0.74, 2.58, 0.90, 0.49),
}
"""Kappa, Jaccard, H1, top opener, distinct-2 of the reference's table, for its systems that are among the data."""
MORE = {
    "gold": (0.266, 0.190, 2.84, 0.37, 0.82, 0.62),
    "baseline1_vanilla_Qwen3-1.7B": (0.554, 0.499, 2.71, 0.91, 0.71, 6.58),
    "baseline1_vanilla_Qwen3-4B": (0.517, 0.465, 2.67, 0.95, 0.70, 6.55),
    "baseline8_r1zerodiv_Qwen3-4B": (0.650, 0.629, 2.53, 1.00, 0.57, 6.41),
}
"""Stickiness and chance (own history), Htrans, template match and coverage, self-repetition."""


@pytest.mark.data
@pytest.mark.parametrize("name", REFERENCE)
def test_the_table_of_the_reference_is_met(published: dict[str, Any], name: str) -> None:
    paths = ("own_history.kappa", "own_history.jaccard", "entropy.h1", "openers.top_opener", "surface.distinct_2")
    assert [at(published[name], path)["value"] for path in paths] == pytest.approx(REFERENCE[name], abs=0.01)
    paths = ("own_history.stickiness", "own_history.chance", "entropy.htrans", "template.match", "template.coverage",
             "surface.self_repetition")  # fmt: skip
    assert [at(published[name], path)["value"] for path in paths] == pytest.approx(MORE[name], abs=0.0075)


@pytest.mark.data
def test_people_are_as_the_report_says_they_are(published: dict[str, Any]) -> None:
    for tactic in TACTICS:
        value = published["gold"]["prevalence"][tactic.value]["value"]
        assert value == pytest.approx(HUMAN_PREVALENCE[tactic.value], abs=0.0051)
    assert math.ceil(published["gold"]["sentences_per_turn"]["value"]) == HUMAN_SENTENCES


@pytest.mark.data
def test_differences_are_those_of_the_reference(published: dict[str, Any]) -> None:
    """Vanilla-4B minus human: kappa +0.007 [-0.049, 0.064]; here the other way round."""
    difference = published["gold"]["differences"]["own_history"]["kappa"]
    assert [difference[key] for key in ("value", "low", "high")] == pytest.approx([-0.007, -0.064, 0.049], abs=0.012)
