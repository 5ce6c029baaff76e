"""The reader of replies that ships: one small ONNX network with heads for tactics and empathy.

Nothing is loaded before the first reading. One `Encoder` serves every thread.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from companion import paths
from companion.encoder_input import Window, reply_windows
from companion.errors import CompanionError
from companion.network import TOKENIZER, Floats, Network

__all__ = ["CARD", "MODEL", "TOKENIZER", "Card", "Encoder", "Floats"]

MODEL, CARD = "encoder.onnx", "encoder.json"
"""The files of an encoder's folder, beside the tokenizer's."""


@dataclass(frozen=True, slots=True)
class Card:
    """What encoder.json says: the names of the outputs and the thresholds that were chosen on validation data."""

    tactics: tuple[str, ...]
    thresholds: tuple[float, ...]
    """For each tactic, the probability from which a sentence carries it."""
    empathy: tuple[str, ...]

    @classmethod
    def read(cls, path: Path) -> Card:
        """Raises CompanionError for a file that is no card."""
        try:
            values = json.loads(path.read_text("utf-8"))
            return cls(
                tuple(values["tactics"]),
                tuple(float(values["tactics"][name]["threshold"]) for name in values["tactics"]),
                tuple(values["empathy"]),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CompanionError(f"{path} is no encoder card ({error}); put the shipped one back.") from None


class Encoder:
    """Reads replies. Loaded on first use, from `folder` or from the models that ship."""

    def __init__(self, folder: Path | None = None, *, threads: int = 0) -> None:
        self.folder = folder or _folder()
        self._network = Network(self.folder, MODEL, made_by="companion train encoder", threads=threads)
        self._card: Card | None = None

    @property
    def card(self) -> Card:
        """Names and thresholds."""
        if self._card is None:
            self._card = Card.read(self._network.file(CARD))
        return self._card

    def check(self) -> None:
        """Look whether everything is there, without loading it. Raises NotFound or CompanionError where it is not."""
        self._network.check()
        self._card = self.card

    def tactics(self, replies: Sequence[Sequence[str]]) -> list[Floats]:
        """For each reply, given as its sentences, the probabilities of the tactics: (sentences, 10)."""
        flat = self._network.ids([sentence for sentences in replies for sentence in sentences])
        windows: list[Window] = []
        owners: list[int] = []
        for number, sentences in enumerate(replies):
            of_reply = reply_windows([next(flat) for _ in sentences])
            windows += of_reply
            owners += [number] * len(of_reply)
        width = len(self.card.tactics)
        found: list[list[Floats]] = [[] for _ in replies]
        for owner, window, said in zip(owners, windows, self._network.run("tactics", windows), strict=True):
            found[owner].append(said[: len(window.spans)])
        return [np.concatenate(parts) if parts else np.zeros((0, width), np.float32) for parts in found]

    def empathy(self, exchanges: Sequence[tuple[str, str]]) -> Floats:
        """For each (message, reply), the six dimensions, 1 to 5: (exchanges, 6)."""
        return self._network.whole("empathy", exchanges, len(self.card.empathy))


def _folder() -> Path:
    """An encoder the person trained wins over the one that ships."""
    own = paths.user_models() / "encoder"
    return own if (own / MODEL).is_file() else paths.shipped_models() / "encoder"
