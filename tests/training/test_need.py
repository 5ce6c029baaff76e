from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from planner.need import NeedTable
from planner.tactics import TACTICS, Tactic
from training.need import CONVERSATIONS, TURNS, answered, estimate, main, observe

ROOT = Path(__file__).parents[2]
LEND_AN_EAR = ROOT.parent / "shared" / "data" / "mint" / "lend_an_ear"

V, Q = Tactic.VALIDATION, Tactic.QUESTIONING


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two conversations of two supporter turns.

    c1: questioning, then questioning and validation. c2: questioning, then, after words of distress, validation.
    """
    write(
        tmp_path / CONVERSATIONS,
        [
            {
                "conversation_id": "c2",
                "full_conversation": "Seeker: hm\nSupporter: a\nSeeker: I panic\nSupporter: b",
            },
            {
                "conversation_id": "c1",
                "full_conversation": "Seeker: x\nSupporter: c\n\nSeeker: y\nz\nSupporter: d",
            },
        ],
    )
    tagged = [("c1", 1, {Q}), ("c1", 2, {Q, V}), ("c2", 1, {Q}), ("c2", 2, {V})]
    write(
        tmp_path / TURNS,
        [
            {"conversation_id": name, "supporter_turn_index": index, "gratitude": 1}
            | {tactic.value: 2 * (tactic in tactics) for tactic in TACTICS}
            for name, index, tactics in tagged
        ],
    )
    return tmp_path


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_each_supporter_turn_is_paired_with_the_message_it_answers() -> None:
    text = "Seeker: one\ntwo\nSupporter: a\n\nSeeker: three: four\nSupporter: b\nSupporter: c\nSeeker: bye"
    assert answered(text) == ["one\ntwo", "three: four", ""]


def test_observations_know_stage_reading_and_the_turn_before(folder: Path) -> None:
    seen: list[tuple[object, ...]] = [
        (o.conversation, o.stage, o.reading.distress, o.previous, o.tactics) for o in observe(folder)
    ]
    assert seen == [
        ("c1", "opening", False, frozenset(), {Q}),
        ("c1", "middle", False, {Q}, {Q, V}),
        ("c2", "opening", False, frozenset(), {Q}),
        ("c2", "middle", True, {Q}, {V}),
    ]


def test_the_estimate_by_hand(folder: Path) -> None:
    document = estimate(observe(folder))
    # overall: Q 3.5/5, V 2.5/5; opening of 2 turns: Q (2 + 5 * 0.7) / 7, V (0 + 5 * 0.5) / 7
    assert document["share"]["opening"][Q] == round(5.5 / 7, 3)
    assert document["share"]["opening"][V] == round(2.5 / 7, 3)
    # middle: Q (1 + 3.5) / 7, V (2 + 2.5) / 7; after questioning V was used twice, (2 + 5) / (9 / 7 + 5)
    assert document["share"]["middle"][V] == round(4.5 / 7, 3)
    assert document["follow"][Q][V] == round(7 / (9 / 7 + 5), 3)
    # in distress once: V (1 + 5) / (4.5 / 7 + 5), Q (0 + 5) / (4.5 / 7 + 5)
    assert document["cue"]["distress"][V] == round(6 / (4.5 / 7 + 5), 3)
    assert document["cue"]["distress"][Q] == round(5 / (4.5 / 7 + 5), 3)
    # nobody asked: the prior is left
    assert document["cue"]["asks_advice"][Tactic.ADVICE] == 3.0
    assert document["cue"]["question"][Tactic.INFORMATION] == 3.0
    assert document["cue"]["question"][V] == 1.0
    assert document["counts"]["stage"] == {"opening": 2, "middle": 2, "late": 0}
    assert document["counts"]["cue"] == {"question": 0, "asks_advice": 0, "distress": 1}
    assert document["counts"]["previous"][Q] == 2
    assert document["counts"]["tactic"][V] == 2


def test_of_what_follows_only_lifts_above_one_are_kept_and_none_on_itself(folder: Path) -> None:
    for previous, row in estimate(observe(folder))["follow"].items():
        assert previous not in row
        assert all(lift > 1 for lift in row.values())


def test_the_file_is_the_same_bytes_each_time_and_loads(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = folder / "first.json", folder / "second.json"
    main([str(folder), "-o", str(first)])
    main([str(folder), "-o", str(second)])
    main([str(folder)])
    assert first.read_bytes() == second.read_bytes() == capsys.readouterr().out.encode()
    assert NeedTable.from_json(first.read_text(encoding="utf-8"))


def test_text_and_tags_that_disagree_are_refused(folder: Path) -> None:
    rows = [{"conversation_id": "c1", "full_conversation": "Seeker: x\nSupporter: c"}]
    write(folder / CONVERSATIONS, rows)
    with pytest.raises(ValueError, match="conversation c1 has 1 supporter turns, but tags for 2"):
        observe(folder)


def test_a_folder_without_the_files_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([str(tmp_path)])
    assert stopped.value.code == 2
    assert TURNS in capsys.readouterr().err


@pytest.mark.data
@pytest.mark.skipif(not LEND_AN_EAR.is_dir(), reason=f"{LEND_AN_EAR} is not there")
def test_the_shipped_table_is_what_the_data_gives(tmp_path: Path) -> None:
    made = tmp_path / "need.json"
    main([str(LEND_AN_EAR), "-o", str(made)])
    assert made.read_bytes() == (ROOT / "planner" / "need.json").read_bytes()


@pytest.mark.data
@pytest.mark.skipif(not LEND_AN_EAR.is_dir(), reason=f"{LEND_AN_EAR} is not there")
def test_no_text_of_the_data_leaves_it() -> None:
    document = (ROOT / "planner" / "need.json").read_text(encoding="utf-8")
    leaves = list(strings_in(json.loads(document)))
    assert len(leaves) == 4  # source, licence, made_by, method
    with (LEND_AN_EAR / TURNS).open(encoding="utf-8", newline="") as file:
        assert not [row for row in csv.DictReader(file) if row["whole_response"] in document]


def strings_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from strings_in(each)
    elif isinstance(value, str):
        yield value
