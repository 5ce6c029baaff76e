"""The learnt view of how much danger a message speaks of: one signal among several, never the only one.

A small network of its own reads the message after the one before it (`training.risk_reader` makes it). The ladder is
the C-SSRS screener's, collapsed to what a small model can learn (safety_and_measures.md, 1.3): 0 none, 1 a wish to be
dead or thoughts of it, 3 said in so many words or with a method, 4 intent or a plan. It must not be shown to the person
as a score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from companion import paths
from companion.network import Network

MODEL, CARD = "risk.onnx", "risk.json"
"""The files of its folder, beside the tokenizer's."""
STEPS = (1, 3, 4)
"""The network's outputs: the probability of this step of the ladder or a higher one."""


@dataclass(frozen=True, slots=True)
class RiskReading:
    """What the network says of one message."""

    probabilities: dict[int, float]
    """For each of `STEPS`, the probability of this level or a higher one."""


class RiskReader:
    """Reads messages with what was said before them. Nothing is loaded before the first one."""

    def __init__(self, folder: Path | None = None, *, threads: int = 0) -> None:
        """`folder` None is the network that ships."""
        made_by = "python -m training.risk_reader"
        self._network = Network(folder or paths.shipped_models() / "risk", MODEL, made_by=made_by, threads=threads)

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return self._network.folder

    def check(self) -> None:
        """Look whether it is there, without loading it. Raises NotFound where it is not."""
        self._network.check()

    def read(self, messages: Sequence[tuple[str, str]]) -> list[RiskReading]:
        """For each (previous message or "", message) its reading."""
        rows = self._network.whole("risk", messages, len(STEPS))
        return [RiskReading(dict(zip(STEPS, map(float, row), strict=True))) for row in rows]
