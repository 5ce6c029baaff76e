"""The reader that ships: one small ONNX network with three heads (tactics, empathy, risk).

Nothing is loaded before the first reading. One `Encoder` serves every thread: a session of onnxruntime may be run from
several at once. Only this module knows onnxruntime and tokenizers.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from companion import paths
from companion.encoder_input import Window, batches, pack, reply_windows, whole_window
from companion.errors import CompanionError, NotFound
from companion.text import split_sentences

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

Floats = NDArray[np.float32]

BUDGET = 4096
"""Padded tokens in one run of the network: enough to keep two cores busy, little enough to stay in the cache."""

MODEL, TOKENIZER, CARD = "encoder.onnx", "tokenizer.json", "encoder.json"
"""The files of an encoder's folder."""


@dataclass(frozen=True, slots=True)
class Card:
    """What encoder.json says: the names of the outputs and the thresholds that were chosen on validation data."""

    tactics: tuple[str, ...]
    thresholds: tuple[float, ...]
    """For each tactic, the probability from which a sentence carries it."""
    empathy: tuple[str, ...]
    risk_levels: tuple[int, ...]
    """Output k of the risk head is the probability of this level or a higher one."""
    risk_thresholds: tuple[float, ...]
    risk_weighed: bool = False
    """Whether the risk head was taught ordinary talk, too (`training.risk_head`)."""

    @classmethod
    def read(cls, path: Path) -> Card:
        """Raises CompanionError for a file that is no card."""
        try:
            values = json.loads(path.read_text("utf-8"))
            return cls(
                tuple(values["tactics"]),
                tuple(float(values["tactics"][name]["threshold"]) for name in values["tactics"]),
                tuple(values["empathy"]),
                tuple(int(step["level"]) for step in values["risk"]),
                tuple(float(step["threshold"]) for step in values["risk"]),
                "risk_head" in values,
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CompanionError(f"{path} is no encoder card ({error}); put the shipped one back.") from None


@dataclass(frozen=True, slots=True)
class _Loaded:
    session: InferenceSession
    tokenizer: Tokenizer


class Encoder:
    """Reads replies and messages. Loaded on first use, from `folder` or from the models that ship."""

    def __init__(self, folder: Path | None = None, *, threads: int = 0) -> None:
        self.folder = folder or _folder()
        self._threads = threads
        self._lock = Lock()
        self._loaded: _Loaded | None = None
        self._card: Card | None = None

    @property
    def card(self) -> Card:
        """Names and thresholds."""
        if self._card is None:
            self._card = Card.read(self._file(CARD))
        return self._card

    def check(self) -> None:
        """Look whether everything is there, without loading it. Raises NotFound or CompanionError where it is not."""
        self._file(MODEL)
        self._file(TOKENIZER)
        self._card = self.card

    def tactics(self, replies: Sequence[Sequence[str]]) -> list[Floats]:
        """For each reply, given as its sentences, the probabilities of the tactics: (sentences, 10)."""
        flat = self._ids([sentence for sentences in replies for sentence in sentences])
        windows: list[Window] = []
        owners: list[int] = []
        for number, sentences in enumerate(replies):
            of_reply = reply_windows([next(flat) for _ in sentences])
            windows += of_reply
            owners += [number] * len(of_reply)
        width = len(self.card.tactics)
        found: list[list[Floats]] = [[] for _ in replies]
        for owner, part in zip(owners, self._run("tactics", windows), strict=True):
            found[owner].append(part)
        return [np.concatenate(parts) if parts else np.zeros((0, width), np.float32) for parts in found]

    def empathy(self, exchanges: Sequence[tuple[str, str]]) -> Floats:
        """For each (message, reply), the six dimensions, 1 to 5: (exchanges, 6)."""
        return self._whole("empathy", exchanges, len(self.card.empathy))

    def risk(self, messages: Sequence[tuple[str, str]]) -> Floats:
        """For each (previous message or "", message), the probability of each step of the ladder: (messages, steps)."""
        return self._whole("risk", messages, len(self.card.risk_levels))

    def _whole(self, output: str, pairs: Sequence[tuple[str, str]], width: int) -> Floats:
        """One row per (what stands before, text)."""
        parts = [split_sentences(text) or [""] for _, text in pairs]
        flat = self._ids([piece for (before, _), part in zip(pairs, parts, strict=True) for piece in (before, *part)])
        windows = []
        for part in parts:
            before = next(flat)
            windows.append(whole_window([next(flat) for _ in part], before))
        rows = self._run(output, windows)
        return np.stack(rows) if rows else np.zeros((0, width), np.float32)

    def _ids(self, texts: Sequence[str]) -> Iterator[list[int]]:
        """The token ids of each text, without special tokens, in order."""
        encoded = self._load().tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return iter([item.ids for item in encoded])

    def _run(self, output: str, windows: Sequence[Window]) -> list[Floats]:
        """One array per window, in order; of the tactics only the rows of its target sentences."""
        session = self._load().session
        found: list[Floats] = [np.zeros(0, np.float32)] * len(windows)
        for group in batches([len(window.ids) for window in windows], BUDGET):
            chosen = [windows[index] for index in group]
            (values,) = session.run([output], pack(chosen).feeds())
            for row, index in enumerate(group):
                found[index] = values[row, : len(windows[index].spans)] if output == "tactics" else values[row]
        return found

    def _file(self, name: str) -> Path:
        path = self.folder / name
        if not path.is_file():
            raise NotFound(f"The encoder's file {path} is not there. `companion train encoder` makes it.")
        return path

    def _load(self) -> _Loaded:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._open()
            return self._loaded

    def _open(self) -> _Loaded:
        model, words = self._file(MODEL), self._file(TOKENIZER)
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # words are cheap; its threads dislike a fork
        from onnxruntime import InferenceSession, SessionOptions
        from tokenizers import Tokenizer

        options = SessionOptions()
        options.intra_op_num_threads = self._threads or min(4, os.cpu_count() or 1)
        options.log_severity_level = 3
        # Threads that wait must not spin: the language model wants those cores.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            tokenizer = Tokenizer.from_file(str(words))
            session = InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # both libraries raise their own, undocumented kinds
            raise CompanionError(f"The encoder in {self.folder} cannot be loaded: {error}") from error
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return _Loaded(session, tokenizer)


def _folder() -> Path:
    """An encoder the person trained wins over the one that ships."""
    own = paths.user_models() / "encoder"
    return own if (own / MODEL).is_file() else paths.shipped_models() / "encoder"
