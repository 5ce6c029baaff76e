"""Who gets which arm: permuted blocks, so that the arms stay balanced, and the same for the same seed."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random


def arm_of(arms: Sequence[str], seed: int, number: int) -> str:
    """The arm of participant `number`, from 0. Every block of as many participants as there are arms has each once."""
    block, place = divmod(number, len(arms))
    order = list(arms)
    Random(f"{seed}/{block}").shuffle(order)
    return order[place]
