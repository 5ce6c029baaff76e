"""Looking closely at a model: its logits after every token, and how fast it is. Child process only."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from companion.engine.llama import LlamaModel


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds that the same tokens took: one by one, as when a reply is made, and at once, as when one is read."""

    one_by_one: float
    at_once: float


def probe(model: LlamaModel, tokens: Sequence[int], logits: Path) -> Pace:
    """Writes to `logits`, for every token, what may follow it: float32, (T, V), nothing before or after."""
    model.reuse((), for_reply=False)
    with logits.open("wb") as out:
        started = time.perf_counter()
        for end in range(1, len(tokens) + 1):
            model.read(tokens[:end])
            out.write(model.raw_logits())
        one_by_one = time.perf_counter() - started
    model.reuse((), for_reply=False)
    started = time.perf_counter()
    model.read(tokens)
    return Pace(one_by_one, time.perf_counter() - started)
