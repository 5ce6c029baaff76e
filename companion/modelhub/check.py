"""Is a model file what it should be, and how fast is it here? Loaded in the engine's child, as for a chat.

Where the checkpoint is at hand that the file was made of, both read the same text: the token ids must be the same, and
the logits as alike as the bits allow. What the checkpoint computes is computed here (`modelhub.forward`), not by the
library that is being looked at.
"""

from __future__ import annotations

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from companion.engine.adapter import Adapter
from companion.engine.client import LlamaEngine
from companion.engine.gguf_file import Header
from companion.engine.model_file import check_model_file, in_words
from companion.engine.profile import Profile, guess
from companion.engine.protocol import EngineError, EngineInfo

TEXT = (
    "I've had a hard week, and 2 nights without sleep. \n\nThat sounds exhausting — you're not alone with it!\n"
    "  What happened on the 14th?\tWe'll see… Как дела? 今天很累。 naïve café \U0001f642"
)
MOST = 48
"""Tokens of the text that logits are compared after."""
LIKENESS = ((15.5, 0.999), (7.5, 0.99), (5.5, 0.96), (4.4, 0.9), (0.0, 0.6))
"""(bits a weight, the least correlation of logits with the source's that so many bits let expect).

Random weights lose most: at Qwen3-1.7B's shape q4_k_m leaves them 0.952 (benchmarks/RESULTS.md).
"""

Logits = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two sets of logits are, over all positions; `agree` is the share with the same likeliest token."""

    correlation: float
    largest: float
    agree: float
    positions: int


@dataclass(frozen=True, slots=True)
class Report:
    """What was found. Speeds in tokens a second, sizes in bytes; None where it could not be measured."""

    info: EngineInfo
    header: Header
    reply_speed: float
    reading_speed: float
    memory: int | None
    same_tokens: bool | None
    likeness: Likeness | None
    faults: tuple[str, ...]
    """What is off, a sentence each; none where all is well."""

    @property
    def bits(self) -> float:
        """A weight, over all tensors."""
        return self.info.size * 8 / max(self.info.parameters, 1)


class Probe(LlamaEngine):
    """An engine that is looked into."""

    def tokenize(self, text: str) -> list[int]:
        self._begin()
        self._ready()
        return [int(i) for i in self._next(self._ask("tokenize", text=text))["done"]["ids"]]

    def look(self, ids: list[int]) -> tuple[Logits, float, float]:
        """(what may follow each token (T, V), seconds one by one, seconds at once)."""
        self._begin()
        self._ready()
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "logits"
            pace = self._next(self._ask("probe", ids=ids, logits=str(file)))["done"]
            found = np.fromfile(file, np.float32).reshape(len(ids), -1)
        return found, float(pace["one_by_one"]), float(pace["at_once"])


def check(
    file: Path,
    *,
    source: Path | None = None,
    adapter: Adapter | None = None,
    state_dir: Path | None = None,
    threads: int | None = None,
) -> Report:
    """Look at a model file; with `source`, the checkpoint folder it was made of, compare the two.

    Raises EngineError where it cannot be loaded at all, NotFound and UsageError for a source that is none.
    """
    header = check_model_file(file)
    if source:
        _check_source(source)
    faults: list[str] = []
    profile = None
    try:
        guess(header)
    except EngineError as error:
        faults.append(str(error))
        profile = Profile(context=512)
    engine = Probe(file, adapter=adapter, profile=profile, state_dir=state_dir, threads=threads)
    try:
        info = engine.load()
        ids = engine.tokenize(TEXT)
        found, one_by_one, at_once = engine.look(ids[:MOST])
        memory = _peak_memory(engine.pid)
    finally:
        engine.close()
    same_tokens, likeness = None, None
    if not np.isfinite(found).all() or found.std() == 0:
        faults.append(f"{file.name} computes nothing that makes sense: make it again, from the original.")
    elif source:
        same_tokens = source_ids(source, TEXT) == ids
        likeness = _compared(found, source, ids[:MOST])
        faults += _off(file, info, same_tokens, likeness)
    count = min(len(ids), MOST)
    return Report(
        info, header, count / one_by_one, count / at_once, memory, same_tokens, likeness, tuple(faults)
    )  # fmt: skip


def _check_source(source: Path) -> None:
    """Before minutes are spent on the file."""
    from companion.modelhub.architectures import read_architecture
    from companion.modelhub.vocabulary import read_vocabulary

    read_vocabulary(source, read_architecture(source).vocabulary)


def source_ids(source: Path, text: str) -> list[int]:
    """The token ids of plain text, by the checkpoint's own tokenizer."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    tokenizer.encode_special_tokens = True  # the library's name for: do not look for them in text
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False).ids
    return ids


def _compared(found: Logits, source: Path, ids: list[int]) -> Likeness:
    from companion.modelhub import forward

    expected = forward.logits(source, ids)
    width = min(found.shape[1], expected.shape[1])
    return likeness_of(found[:, :width], expected[:, :width])


def likeness_of(found: Logits, expected: Logits) -> Likeness:
    """Of (T, V) and (T, V). Correlation by Pearson, over all numbers of both."""
    a, b = (each - each.mean(dtype=np.float64) for each in (found, expected))
    correlation = (a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum())
    agree = (found.argmax(-1) == expected.argmax(-1)).mean()
    return Likeness(float(correlation), float(np.abs(found - expected).max()), float(agree), len(found))


def _off(file: Path, info: EngineInfo, same_tokens: bool, likeness: Likeness) -> list[str]:
    faults = []
    if not same_tokens:
        faults.append(f"{file.name} splits text into other tokens than its source: its vocabulary is of another model.")
    bits = info.size * 8 / max(info.parameters, 1)
    least = next(least for above, least in LIKENESS if bits >= above)
    if likeness.correlation < least:
        faults.append(
            f"{file.name} computes something else than its source: the logits correlate by {likeness.correlation:.4f}, "
            f"and {bits:.1f} bits a weight let expect {least} or more. Make it again, from the original."
        )
    return faults


def _peak_memory(pid: int | None) -> int | None:
    """Bytes of memory that the process has used at most (Linux); None elsewhere."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    except OSError:
        return None
    kilobytes = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(kilobytes[0]) * 1024 if kilobytes else None


def as_row(report: Report) -> dict[str, Any]:
    """For a program to read."""
    info = report.info
    return {
        "file": info.path,
        "bytes": info.size,
        "architecture": report.header.architecture,
        "parameters": info.parameters,
        "bits": report.bits,
        "layout": info.layout,
        "context": info.context,
        "load_seconds": info.seconds,
        "memory": report.memory,
        "reply_speed": report.reply_speed,
        "reading_speed": report.reading_speed,
        "same_tokens": report.same_tokens,
        "likeness": asdict(report.likeness) if report.likeness else None,
        "faults": list(report.faults),
    }


def in_lines(report: Report) -> list[tuple[str, str]]:
    """(what, how) for a person to read."""
    info, like = report.info, report.likeness
    lines = [
        ("file", f"{in_words(info.size)}, {report.header.architecture}, {report.bits:.1f} bits a weight"),
        ("parameters", f"{info.parameters / 1e6:,.1f} million"),
        ("layout", f"{info.layout}, {info.context:,} tokens of context"),
        ("load", f"{info.seconds:.1f} s"),
        ("memory", in_words(report.memory) + " at most" if report.memory else "not measured on this system"),
        ("speed", f"{report.reply_speed:.1f} tokens/s in a reply, {report.reading_speed:.0f} tokens/s when reading"),
    ]
    if like is None:
        return [*lines, ("source", "not compared: give the checkpoint folder it was made of with --source")]
    return [
        *lines,
        ("tokens", "the source's" if report.same_tokens else "other ones than the source's"),
        (
            "logits",
            f"correlate with the source's by {like.correlation:.5f}; largest difference {like.largest:.2g}; "
            f"likeliest token agrees at {like.agree:.1%} of {like.positions} positions",
        ),
    ]
