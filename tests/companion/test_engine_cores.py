"""How many threads to compute with."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from companion.engine import cores
from companion.engine.cores import Cores

Watch = Callable[..., int]


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """The judgement on four cores after some seconds in which they and this process were busy for so long."""

    def judge(seconds: float, *, busy: float, own: float) -> int:
        now = [100.0]
        counters = [(0.0, 0.0)]
        monkeypatch.setattr(cores, "_physical", lambda allowed: 4)
        monkeypatch.setattr(cores.time, "monotonic", lambda: now[0])
        monkeypatch.setattr(Cores, "_counters", lambda self: counters[0])
        watched = Cores()
        now[0] += seconds
        counters[0] = (busy, own)
        return watched.free()

    return judge


def test_an_idle_machine_gives_every_core(watch: Watch) -> None:
    assert watch(10, busy=1, own=0) == 4


def test_what_this_process_uses_itself_does_not_count(watch: Watch) -> None:
    assert watch(10, busy=40, own=40) == 4


def test_each_busy_program_takes_a_core(watch: Watch) -> None:
    assert watch(10, busy=10, own=0) == 3
    assert watch(10, busy=40, own=20) == 2


def test_one_thread_is_left_on_a_machine_that_is_full(watch: Watch) -> None:
    assert watch(10, busy=40, own=0) == 1


def test_a_moment_is_too_short_to_judge(watch: Watch) -> None:
    assert watch(0.01, busy=4, own=0) == 4


def test_on_this_machine_there_is_at_least_one() -> None:
    assert Cores().free() >= 1
