"""What the screens look like, pinned; `pytest --snapshot-update` pins them anew after a change that is meant."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import textual
from textual.pilot import Pilot

from tests.companion.fakes import CueTagger
from tests.companion.tui import scenes

pytest.importorskip("pytest_textual_snapshot", reason="pytest-textual-snapshot is not installed")

PINNED = "8.2.8"
"""The Textual that drew the pictures: another one draws some things otherwise, which is no defect."""
pytestmark = pytest.mark.skipif(
    textual.__version__ != PINNED, reason=f"the snapshots are of Textual {PINNED}, this is {textual.__version__}"
)

Scene = Callable[[Pilot[Any]], Awaitable[None]]

SMALL, USUAL, LARGE = (60, 20), (100, 30), (140, 44)


def named(value: Scene | str | tuple[int, int]) -> str:
    match value:
        case str():
            return value
        case (width, height):
            return f"{width}x{height}"
        case scene:
            return scene.__name__


@pytest.fixture(autouse=True)
def _nowhere_in_particular(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times of day and the help card depend on where one is."""
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("scene", "theme", "size"),
    [
        (scenes.chat, "dark", USUAL),
        (scenes.chat, "light", USUAL),
        (scenes.chat, "contrast-dark", USUAL),
        (scenes.chat, "dark", SMALL),
        (scenes.panel, "dark", LARGE),
        (scenes.panel, "dark", SMALL),
        (scenes.why, "dark", LARGE),
        (scenes.why, "contrast-dark", SMALL),
        (scenes.sessions, "dark", USUAL),
        (scenes.found, "contrast-dark", SMALL),
        (scenes.help_card, "dark", USUAL),
        (scenes.help_card, "contrast-dark", SMALL),
        (scenes.keys, "dark", USUAL),
        (scenes.keys, "dark", SMALL),
    ],
    ids=named,
)
def test_it_looks_as_it_did(
    scene: Scene, theme: str, size: tuple[int, int], tmp_path: Path, own_home: Path, snap_compare: Callable[..., bool]
) -> None:
    app = scenes.new_app(tmp_path / "data" / "companion.db", CueTagger(), theme)
    assert snap_compare(app, terminal_size=size, run_before=scene)


def test_off_the_record_looks_as_it_did(tmp_path: Path, own_home: Path, snap_compare: Callable[..., bool]) -> None:
    app = scenes.new_app(tmp_path / "none.db", CueTagger(), "dark", off_record=True)
    assert snap_compare(app, terminal_size=SMALL, run_before=scenes.chat)
