from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest

from planner.ledger import Ledger, TurnRecord
from planner.need import CUES, NeedTable, Stage, shipped, stage_of
from planner.reading import Reading
from planner.tactics import TACTICS, Tactic

V, Q, A = Tactic.VALIDATION, Tactic.QUESTIONING, Tactic.ADVICE

ONES = dict.fromkeys(TACTICS, 1.0)
TABLE = NeedTable(
    share={Stage.OPENING: {**ONES, Q: 11.0}, Stage.MIDDLE: ONES, Stage.LATE: {**ONES, A: 11.0}},
    cue={**dict.fromkeys(CUES, ONES), "asks_advice": {**ONES, A: 3.0}, "question": {**ONES, A: 2.0}},
    follow={Q: {V: 4.0, A: 1.5}, A: {V: 2.0}},
)


def after(turns: int, *last: Tactic) -> Ledger:
    return Ledger((TurnRecord(()),) * (turns - 1) + (TurnRecord((frozenset(last),)),))


def test_stages_are_the_first_turn_the_next_three_and_the_rest() -> None:
    assert [stage_of(index) for index in range(6)] == ["opening", *["middle"] * 3, *["late"] * 2]


def test_the_base_follows_the_stage() -> None:
    assert TABLE.base(Ledger(), Reading())[Q] == pytest.approx(11 / 20)
    assert TABLE.base(after(2), Reading())[Q] == pytest.approx(1 / 10)
    assert TABLE.base(after(4), Reading())[A] == pytest.approx(11 / 20)


def test_cues_multiply() -> None:
    assert TABLE.base(after(2), Reading(asks_advice=True))[A] == pytest.approx(3 / 12)
    assert TABLE.base(after(2), Reading(asks_advice=True, question=True))[A] == pytest.approx(6 / 15)


def test_of_what_follows_the_previous_tactics_the_strongest_counts() -> None:
    base = TABLE.base(after(2, Q, A), Reading())
    assert base[V] == pytest.approx(4 / 13.5)  # V 4, A 1.5, eight at 1
    assert base[A] == pytest.approx(1.5 / 13.5)


def test_a_row_that_is_incomplete_or_not_above_zero_is_refused() -> None:
    for row in ({Q: 1.0}, {**ONES, Q: 0.0}, {**ONES, Q: float("nan")}):
        with pytest.raises(ValueError, match="above zero for every tactic"):
            replace(TABLE, share={**TABLE.share, Stage.LATE: row})


@pytest.mark.parametrize("row", [{Q: 1.2}, {V: 0.9}])
def test_a_tactic_may_not_follow_itself_nor_hold_another_back(row: dict[Tactic, float]) -> None:
    with pytest.raises(ValueError, match="is not itself"):
        replace(TABLE, follow={Q: row})


def test_the_shipped_table_names_its_source_licence_and_counts() -> None:
    document: dict[str, Any] = json.loads(files("planner").joinpath("need.json").read_text(encoding="utf-8"))
    assert document["licence"].startswith("MIT")
    assert "Lend-an-Ear" in document["source"]
    assert document["counts"]["conversations"] == 50
    assert document["counts"]["turns"] == sum(document["counts"]["stage"].values()) == 315
    assert shipped() is shipped()


def test_in_the_shipped_table_people_open_with_questions_and_advise_later() -> None:
    opening, late = (shipped().share[stage] for stage in (Stage.OPENING, Stage.LATE))
    assert max(opening, key=lambda tactic: opening[tactic]) is Q
    assert late[A] > 5 * opening[A]
    assert shipped().cue["asks_advice"][A] > 2
