"""A reader of replies that needs no model: it looks for the words that these tests use."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from companion.encoder import Card, Encoder, Floats
from companion.safety.risk.network_layer import STEPS, RiskReader, RiskReading
from companion.tagging import EncoderTagger
from planner.tactics import TACTICS, Tactic

CUES = {
    Tactic.VALIDATION: re.compile(r"\bmakes sense\b", re.IGNORECASE),
    Tactic.QUESTIONING: re.compile(r"\?"),
    Tactic.ADVICE: re.compile(r"\btry\b", re.IGNORECASE),
}
EMPATHY = (
    "validating_emotions", "encouraging_elaboration", "demonstrating_understanding", "advice_giving", "self_oriented",
    "dismissing_emotions",
)  # fmt: skip


class CueEncoder(Encoder):
    """A cue makes its tactic 0.9 likely, the others stay at 0.1. Every reply is rated 3."""

    def __init__(self) -> None:
        super().__init__(Path("no such folder"))
        self._card = Card(tuple(TACTICS), (0.5,) * len(TACTICS), EMPATHY)

    def check(self) -> None:
        """Everything is there."""

    def tactics(self, replies: Sequence[Sequence[str]]) -> list[Floats]:
        return [
            np.array([[_likely(tactic, text) for tactic in TACTICS] for text in sentences], np.float32).reshape(-1, 10)
            for sentences in replies
        ]

    def empathy(self, exchanges: Sequence[tuple[str, str]]) -> Floats:
        return np.full((len(exchanges), len(EMPATHY)), 3, np.float32)


def _likely(tactic: Tactic, text: str) -> float:
    cue = CUES.get(tactic)
    return 0.9 if cue and cue.search(text) else 0.1


class CalmReader(RiskReader):
    """Sees no danger in any message, and is not certain of it: what the phrases say stands."""

    def check(self) -> None:
        """Everything is there."""

    def read(self, messages: Sequence[tuple[str, str]]) -> list[RiskReading]:
        return [RiskReading(dict.fromkeys(STEPS, 0.05)) for _ in messages]


class CueTagger(EncoderTagger):
    """Tags by those cues."""

    def __init__(self) -> None:
        super().__init__(CueEncoder())
