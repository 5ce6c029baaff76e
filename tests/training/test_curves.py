from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.curves import draw, panels, read_metrics, running_mean

ROWS = [
    {"step": 1, "reward": 0.1, "parts/opener": 0.2, "parts/run_on": 0.0, "kl": float("nan"), "stage": "a"},
    {"step": 2, "reward": 0.3, "parts/opener": 0.1, "parts/run_on": 0.5, "kl": float("nan")},
]


def test_a_panel_has_the_lines_that_were_logged() -> None:
    found = panels(ROWS)
    assert found["reward"] == {"reward": [(1, 0.1), (2, 0.3)]}
    assert found["worn openings and running on, 0 to 1"] == {
        "opener": [(1, 0.2), (2, 0.1)],
        "run-on": [(1, 0.0), (2, 0.5)],
    }


def test_what_was_not_logged_or_is_no_number_has_no_panel() -> None:
    assert not {title for title in panels(ROWS) if title.startswith(("KL", "loss"))}


def test_curves_are_a_png(tmp_path: Path) -> None:
    file = draw(ROWS, tmp_path / "curves.png")
    assert file is not None
    assert file.read_bytes().startswith(b"\x89PNG")


def test_without_metrics_there_is_no_picture(tmp_path: Path) -> None:
    assert draw([], tmp_path / "curves.png") is None
    assert not (tmp_path / "curves.png").exists()


def test_a_row_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_text('{"step": 1, "loss": 2.0}\n{"step": 2, "lo')
    assert read_metrics(tmp_path) == [{"step": 1, "loss": 2.0}]
    assert read_metrics(tmp_path / "nothing") == []


def test_the_running_mean_is_over_the_last_values() -> None:
    assert running_mean([1.0, 2.0, 3.0, 4.0], over=2) == [1.0, 1.5, 2.5, 3.5]


@given(st.lists(st.integers(-100, 100), min_size=1), st.integers(1, 9))
def test_a_running_mean_stays_within_what_it_is_the_mean_of(values: list[int], over: int) -> None:
    found = running_mean([float(value) for value in values], over)
    assert len(found) == len(values)
    assert min(values) <= min(found) <= max(found) <= max(values)


def test_a_picture_can_be_drawn_with_a_point(tmp_path: Path) -> None:
    assert pytest.approx(1.0) == running_mean([1.0])[0]
    assert draw(ROWS[:1], tmp_path / "one.png") is not None
