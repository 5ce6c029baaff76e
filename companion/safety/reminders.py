"""A break is suggested after some hours of one sitting, by the clock on the wall, so that sleep counts too."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def wall_clock() -> datetime:
    """Now, in UTC: a clock that a change to summer time does not move."""
    return datetime.now(UTC)


FOR_MINORS = timedelta(hours=1)
"""S20: for who said that they are under eighteen."""


class Breaks:
    """Says when a break is due: each time `every` has gone by since the sitting began, or since the last one."""

    def __init__(self, every: timedelta, now: Callable[[], datetime] = wall_clock) -> None:
        self._every, self._now = every, now
        self._began = self._since = now()

    def due(self, *, minor: bool = False) -> str:
        """The suggestion, once, when it is due; "" else. A clock that was set back begins the wait anew.

        Once the person was a `minor`, it is due every hour for the rest of the sitting.
        """
        if minor:
            self._every = min(self._every, FOR_MINORS)
        moment = self._now()
        if moment < self._since:
            self._began = self._since = moment
        if moment - self._since < self._every:
            return ""
        self._since = moment
        hours = (moment - self._began).total_seconds() / 3600
        amount = "an hour" if round(hours) == 1 else f"{hours:.0f} hours" if hours >= 1.5 else "a while"
        return (
            f"You have been here for {amount}. This is a program, not a person, and everything is saved: "
            "this may be a good moment for a break, some fresh air, or someone you like to talk to."
        )
