"""What the model reads of a conversation. Of a long one, the oldest whole exchanges are left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from companion.engine.protocol import EngineError
from companion.store import Role, Turn
from planner.layouts import Message

CHARACTERS_PER_TOKEN = 8
"""More than any text has on average: what is beyond it is left out without being counted."""
SPARE = 4
"""Where exchanges have to go, a quarter of the room is freed at once: a prompt that lost its beginning in every turn
would have to be read anew in every turn."""


class Room(NamedTuple):
    """Tokens of the context there are for each."""

    prompt: int
    reply: int
    thought: int

    @classmethod
    def of(cls, context: int, reply: int, thought: int) -> Room:
        """A reply, and what is thought before it, have a quarter of the context each, at most."""
        reply, thought = min(reply, context // 4), min(thought, context // 4)
        return cls(context - reply - thought, reply, thought)


Count = Callable[[Sequence[Message]], int]


class TooLong(EngineError):
    """The last message alone is longer than the model reads."""


def fit(history: Sequence[Message], count: Count, room: int, first: int = 0) -> tuple[list[Message], int]:
    """The newest part of `history` whose prompt is at most `room` tokens, and how many messages were left out.

    `history` ends with the person's message, and an exchange begins with each of theirs: one that was never answered
    can be left out alone. `first` is what was left out last time; it stays so while the rest fits. `count` gives the
    tokens of the whole prompt for a history. Raises TooLong when the last message alone is.
    """
    starts = [index for index, message in enumerate(history) if message.role == "user"]
    last = len(history[-1].content) // CHARACTERS_PER_TOKEN
    if first in starts and first and last <= room and count(history[first:]) <= room:
        return list(history[first:]), first
    start = _earliest(history, starts, count, room)
    if start == starts[-1]:
        needed = last if last > room else count(history[start:])
        if needed > room:
            raise TooLong(
                f"Your message is about {needed:,} tokens long and this model reads {room:,} at a time. "
                "It is saved; please send it again in shorter parts."
            )
    elif start:
        start = _earliest(history, starts, count, room - room // SPARE)
    return list(history[start:]), start


def _earliest(history: Sequence[Message], starts: Sequence[int], count: Count, room: int) -> int:
    """Where to begin so that the rest fits; at the last message, if nothing else does."""
    low = high = len(starts) - 1  # the first exchange kept lies in between
    characters = len(history[-1].content)
    while low > 0:
        characters += sum(len(message.content) for message in history[starts[low - 1] : starts[low]])
        if characters > room * CHARACTERS_PER_TOKEN:
            break
        low -= 1
    while low < high:
        middle = (low + high) // 2
        if count(history[starts[middle] :]) <= room:
            high = middle
        else:
            low = middle + 1
    return starts[low]


def history_of(turns: Sequence[Turn]) -> list[Message]:
    """What there is to read of the conversation; a reply of which nothing arrived is no message."""
    return [Message("user" if turn.role is Role.USER else "assistant", turn.text) for turn in turns if turn.text]


def alternating(history: Sequence[Message]) -> list[Message]:
    """Messages as a model expects them: what the person said around a reply that never came is one message."""
    merged: list[Message] = []
    for message in history:
        if merged and merged[-1].role == message.role:
            merged[-1] = replace(merged[-1], content=f"{merged[-1].content}\n\n{message.content}")
        else:
            merged.append(message)
    return merged
