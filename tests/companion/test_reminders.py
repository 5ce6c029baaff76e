"""S2, S20: a break is suggested after every three hours of one sitting, hourly to a minor, by the wall clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from companion.safety.reminders import Breaks

START = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def test_s2_nothing_is_said_before_three_hours_and_once_after() -> None:
    clock = Clock()
    breaks = Breaks(timedelta(hours=3), clock)
    clock.now += timedelta(hours=2, minutes=59)
    assert breaks.due() == ""
    clock.now += timedelta(minutes=1)
    said = breaks.due()
    assert "3 hours" in said
    assert "program, not a person" in said
    assert breaks.due() == ""


def test_s2_sleep_counts_and_the_next_one_comes_three_hours_later() -> None:
    clock = Clock()
    breaks = Breaks(timedelta(hours=3), clock)
    clock.now += timedelta(hours=9)
    assert "9 hours" in breaks.due()
    clock.now += timedelta(hours=3)
    assert "12 hours" in breaks.due()


def test_s2_an_hour_is_called_an_hour() -> None:
    clock = Clock()
    breaks = Breaks(timedelta(hours=1), clock)
    clock.now += timedelta(hours=1)
    assert "an hour" in breaks.due()


def test_a_clock_that_was_set_back_begins_the_wait_anew() -> None:
    clock = Clock()
    breaks = Breaks(timedelta(hours=3), clock)
    clock.now -= timedelta(days=1)
    assert breaks.due() == ""
    clock.now += timedelta(hours=3)
    assert "3 hours" in breaks.due()


def test_s20_a_minor_is_told_every_hour_for_the_rest_of_the_sitting() -> None:
    clock = Clock()
    breaks = Breaks(timedelta(hours=3), clock)
    clock.now += timedelta(minutes=59)
    assert breaks.due(minor=True) == ""
    clock.now += timedelta(minutes=1)
    assert "an hour" in breaks.due(minor=True)
    clock.now += timedelta(hours=1)
    assert "2 hours" in breaks.due()


def test_s20_a_shorter_wait_that_was_set_stays() -> None:
    clock = Clock()
    breaks = Breaks(timedelta(minutes=30), clock)
    clock.now += timedelta(minutes=30)
    assert "a while" in breaks.due(minor=True)
