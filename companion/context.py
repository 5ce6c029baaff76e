"""Making a long conversation fit into what the model can read: the oldest whole exchanges go first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from companion.engine.protocol import EngineError
from planner.layouts import Message

CHARACTERS_PER_TOKEN = 8
"""More than any text has on average: what is beyond it is left out without being counted."""


def fit(history: Sequence[Message], count: Callable[[Sequence[Message]], int], room: int) -> tuple[list[Message], int]:
    """The newest part of `history` whose prompt is at most `room` tokens, and how many messages were left out.

    `history` alternates and starts and ends with the person's messages; `count` gives the tokens of the whole prompt
    for a history. Raises EngineError when the last message alone is too long.
    """
    starts = [index for index, message in enumerate(history) if message.role == "user"]
    characters = 0
    reach = len(starts) - 1
    for reach in range(len(starts) - 1, -1, -1):
        end = starts[reach + 1] if reach + 1 < len(starts) else len(history)
        characters += sum(len(message.content) for message in history[starts[reach] : end])
        if characters > room * CHARACTERS_PER_TOKEN:
            break
    low, high = reach, len(starts) - 1  # the first exchange kept lies in between
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
