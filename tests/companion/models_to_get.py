"""A hub with models to get, and what stands for their conversion."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from companion import telemetry
from companion.modelhub import getting
from tests.companion.hub_server import Hub, serve
from tests.companion.tiny_gguf import Shape, write

MINT = "hongli-zhan/MINT-empathy-Qwen3-1.7B"
QWEN = "Qwen/Qwen3-4B-GGUF"
CHECKPOINT = {
    "config.json": b"{}",
    "tokenizer.json": b"{}",
    "README.md": b"a card",
    "model-00001-of-00002.safetensors": os.urandom(3000),
    "model-00002-of-00002.safetensors": os.urandom(2000),
    "model.safetensors.index.json": b"{}",
    "optimizer.pt": b"\x80never",
    "training_args.bin": b"\x80never",
}


@pytest.fixture
def gguf_file(tmp_path: Path) -> Path:
    return write(tmp_path / "made.gguf", Shape(layers=8, hidden=256), plan_controls=False)


@pytest.fixture
def hub(gguf_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    for name in telemetry.NO_LOOK_UPS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "no token"))
    data = gguf_file.read_bytes()
    made = Hub({MINT: dict(CHECKPOINT), QWEN: {"Qwen3-4B-Q4_K_M.gguf": data, "Qwen3-4B-Q8_0.gguf": data + bytes(32)}})
    with serve(made):
        monkeypatch.setenv("HF_ENDPOINT", made.url)
        yield made


class Makers:
    """Stands for conversion and quantisation: copies a GGUF file, notes what it was asked, fails on cue."""

    def __init__(self, gguf_file: Path) -> None:
        self._file = gguf_file
        self.made: list[tuple[str, str, str]] = []
        self.fails: dict[str, BaseException] = {}
        self.weights: list[str] = []

    def convert(self, source: Path, out: Path, /, *, kind: str, progress: getting.Progress) -> Path:
        self.weights = sorted(file.name for file in source.iterdir())
        return self._make("convert", source, out, kind, progress)

    def quantize(self, source: Path, out: Path, /, *, kind: str, progress: getting.Progress) -> Path:
        return self._make("quantize", source, out, kind, progress)

    def check(self, path: Path) -> None:
        self._fail("check")

    def _make(self, what: str, source: Path, out: Path, kind: str, progress: getting.Progress) -> Path:
        self._fail(what)
        self.made.append((what, source.name, kind))
        shutil.copy(self._file, out)
        progress(1, 1)
        return out

    def _fail(self, what: str) -> None:
        if error := self.fails.pop(what, None):
            raise error


@pytest.fixture
def makers(gguf_file: Path, monkeypatch: pytest.MonkeyPatch) -> Makers:
    made = Makers(gguf_file)
    monkeypatch.setattr("companion.cli.models_get._convert", made.convert)
    monkeypatch.setattr("companion.cli.models_get._quantize", made.quantize)
    monkeypatch.setattr("companion.cli.models_get._check", made.check)
    return made
