"""Making a long conversation fit into what the model can read: the oldest whole exchanges go first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from companion.engine.protocol import EngineError
from planner.layouts import Message

CHARACTERS_PER_TOKEN = 8
"""More than any text has on average: what is beyond it is left out without being counted."""


def fit(history: Sequence[Message], count: Callable[[Sequence[Message]], int], room: int) -> tuple[list[Message], int]:
    """The newest part of `history` whose prompt is at most `room` tokens, and how many messages were left out.

    `history` ends with the person's message, and an exchange begins with each of theirs: one that was never answered
    can be left out alone. `count` gives the tokens of the whole prompt for a history. Raises EngineError when the
    last message alone is too long.
    """
    starts = [index for index, message in enumerate(history) if message.role == "user"]
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
    kept = list(history[starts[low] :])
    if low == len(starts) - 1:
        alone = len(kept[0].content) // CHARACTERS_PER_TOKEN
        needed = alone if alone > room else count(kept)
        if needed > room:
            raise EngineError(
                f"Your message is about {needed:,} tokens long and this model reads {room:,} at a time. "
                "It is saved; please send it again in shorter parts."
            )
    return kept, starts[low]
