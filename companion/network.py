"""A small ONNX network that reads text, with its tokenizer: loaded at the first reading, one for every thread.

A session of onnxruntime may be run from several threads at once. Only this module knows onnxruntime and tokenizers.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from companion.encoder_input import Window, batches, pack, whole_window
from companion.errors import CompanionError, NotFound
from companion.text import split_sentences

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

Floats = NDArray[np.float32]

BUDGET = 4096
"""Padded tokens in one run of the network: enough to keep two cores busy, little enough to stay in the cache."""

TOKENIZER = "tokenizer.json"


@dataclass(frozen=True, slots=True)
class _Loaded:
    session: InferenceSession
    inputs: frozenset[str]
    tokenizer: Tokenizer


class Network:
    """The file `model` in `folder`, beside its tokenizer."""

    def __init__(self, folder: Path, model: str, *, made_by: str, threads: int = 0) -> None:
        """`made_by` is the command that makes what is missing; `threads` 0 takes as many cores as are good for it."""
        self.folder, self._model, self._made_by, self._threads = folder, model, made_by, threads
        self._lock = Lock()
        self._loaded: _Loaded | None = None

    def check(self) -> None:
        """Look whether everything is there, without loading it. Raises NotFound where it is not."""
        self.file(self._model)
        self.file(TOKENIZER)

    def file(self, name: str) -> Path:
        """A file of the folder. Raises NotFound."""
        path = self.folder / name
        if not path.is_file():
            raise NotFound(f"The file {path} is not there. `{self._made_by}` makes it.")
        return path

    def ids(self, texts: Sequence[str]) -> Iterator[list[int]]:
        """The token ids of each text, without special tokens, in order."""
        encoded = self._load().tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return iter([item.ids for item in encoded])

    def run(self, output: str, windows: Sequence[Window]) -> list[Floats]:
        """What the network says of each window, in order."""
        loaded = self._load()
        found: list[Floats] = [np.zeros(0, np.float32)] * len(windows)
        for group in batches([len(window.ids) for window in windows], BUDGET):
            feeds = pack([windows[index] for index in group]).feeds()
            (values,) = loaded.session.run([output], {name: feeds[name] for name in loaded.inputs})
            for row, index in enumerate(group):
                found[index] = values[row]
        return found

    def whole(self, output: str, pairs: Sequence[tuple[str, str]], width: int) -> Floats:
        """What it says of each (what stands before or "", text): (pairs, width)."""
        if not pairs:
            return np.zeros((0, width), np.float32)
        parts = [split_sentences(text) or [""] for _, text in pairs]
        flat = self.ids([piece for (before, _), part in zip(pairs, parts, strict=True) for piece in (before, *part)])
        windows = []
        for part in parts:
            before = next(flat)
            windows.append(whole_window([next(flat) for _ in part], before))
        return np.stack(self.run(output, windows))

    def _load(self) -> _Loaded:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._open()
            return self._loaded

    def _open(self) -> _Loaded:
        model, words = self.file(self._model), self.file(TOKENIZER)
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
            raise CompanionError(f"The network in {self.folder} cannot be loaded: {error}") from error
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return _Loaded(session, frozenset(value.name for value in session.get_inputs()), tokenizer)
