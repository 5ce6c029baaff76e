from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from companion.engine.protocol import EngineDied, ReadProgress
from companion.engine.scripted import ScriptedEngine
from companion.speaking.ahead import ReadAhead, battery
from planner.layouts import Message

PROMPT = [Message("user", "hello"), Message("assistant", "Hi.")]


class Reading(ScriptedEngine):
    """Reads until it is cancelled."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Event()
        self.ended = threading.Event()

    def prefill(self, messages: Sequence[Message], progress: ReadProgress | None = None) -> int:
        self._begin()
        self.begun.set()
        self._cancelled.wait()
        self.ended.set()
        return 0


def test_the_prompt_is_read_in_the_background() -> None:
    engine = ScriptedEngine()
    ahead = ReadAhead(engine)
    ahead.start(lambda: PROMPT)
    ahead.wait()
    assert engine.read_ahead == [tuple(PROMPT)]


def test_whatever_comes_first_ends_the_reading() -> None:
    engine = Reading()
    ahead = ReadAhead(engine)
    ahead.start(lambda: PROMPT)
    assert engine.begun.wait(5)
    ahead.stop()
    assert engine.ended.is_set()
    assert threading.active_count() == 1 or all(thread.name != "read ahead" for thread in threading.enumerate())


def test_a_stop_before_the_reading_has_begun_is_not_lost() -> None:
    engine, asked, go = Reading(), threading.Event(), threading.Event()

    def prompt() -> list[Message]:
        asked.set()
        go.wait(5)
        return PROMPT

    ahead = ReadAhead(engine)
    ahead.start(prompt)
    assert asked.wait(5)
    threading.Timer(0.05, go.set).start()
    ahead.stop()
    assert not engine.begun.is_set()


def test_a_second_reading_takes_the_place_of_the_first() -> None:
    engine = Reading()
    ahead = ReadAhead(engine)
    ahead.start(lambda: PROMPT)
    assert engine.begun.wait(5)
    engine.begun.clear()
    ahead.start(lambda: PROMPT)
    assert engine.begun.wait(5)
    ahead.stop()


def test_with_nothing_to_read_nothing_is_read() -> None:
    engine = ScriptedEngine()
    ahead = ReadAhead(engine)
    ahead.stop()
    ahead.start(list)
    ahead.wait()
    assert engine.read_ahead == []


def test_a_failure_is_left_for_the_next_reply_to_meet() -> None:
    ahead = ReadAhead(ScriptedEngine(load_error=EngineDied("killed")))
    ahead.start(lambda: PROMPT)
    ahead.wait()
    ahead.stop()


@pytest.fixture
def supply(tmp_path: Path) -> Callable[..., None]:
    def add(name: str, **facts: str) -> None:
        (tmp_path / name).mkdir()
        for key, value in facts.items():
            (tmp_path / name / key).write_text(f"{value}\n")

    return add


def test_the_charge_counts_only_on_battery(tmp_path: Path, supply: Callable[..., None]) -> None:
    assert battery(tmp_path / "nothing") is None
    supply("AC", type="Mains", online="1")
    supply("BAT0", type="Battery", status="Charging", capacity="12")
    assert battery(tmp_path) is None
    supply("BAT1", type="Battery", status="Discharging", capacity="55")
    supply("BAT2", type="Battery", status="Discharging", capacity="20")
    assert battery(tmp_path) == 20


def test_a_supply_that_says_nothing_sensible_is_passed_over(tmp_path: Path, supply: Callable[..., None]) -> None:
    supply("BAT0", type="Battery", status="Discharging", capacity="much")
    supply("odd")
    assert battery(tmp_path) is None
