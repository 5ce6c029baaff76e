"""Single values that only measuring reads, out of rows that may hold anything. All raise ValueError."""

from __future__ import annotations

from typing import Any

MOST_PLACES = 10**9
"""Messages of a conversation: a number above it is no place."""


def place_of(value: Any) -> int:
    """A message's number in its conversation."""
    place = int(value)
    if not 0 <= place <= MOST_PLACES:
        raise ValueError(f"{value!r} is no place in a conversation")
    return place


def text_of(value: Any) -> str | None:
    """A text or nothing."""
    if value is not None and not isinstance(value, str):
        raise ValueError(f"the text is a {type(value).__name__}")
    return value


def count_of(value: Any) -> int | None:
    """A number of words or nothing."""
    return None if value is None else place_of(value)
