"""From a finished run to `models/encoder`: ONNX in int8, tokenizer, thresholds, card."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.export import Dim

from companion.encoder import CARD, MODEL, TOKENIZER, Encoder
from planner.tactics import TACTICS
from training.encoder import Trainer, judge, load
from training.encoder_batches import RISK_LEVELS, risk_steps
from training.encoder_data import EMPATHY, Message
from training.encoder_eval import CHOOSING, read_with
from training.encoder_scores import GRID, Judged, choose
from training.minilm import POSITIONS, Reader, published_model
from training.run import write_json

INPUTS = ("input_ids", "attention_mask", "token_type_ids", "pool")
OUTPUTS = ("tactics", "empathy", "risk")


class Answers(nn.Module):
    """The reader with probabilities and ratings instead of logits."""

    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self._reader = reader

    def forward(self, ids: Tensor, mask: Tensor, segments: Tensor, pool: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        found = self._reader(ids, mask, segments, pool)
        return found.tactics.sigmoid(), 1 + 4 * found.empathy.sigmoid(), found.risk.sigmoid()


def write_float(reader: Reader, path: Path) -> None:
    """The graph in float32, every size but the network's own left open."""
    example = (
        torch.randint(1000, 2000, (2, 20)),
        torch.ones(2, 20, dtype=torch.long),
        torch.zeros(2, 20, dtype=torch.long),
        torch.rand(2, 3, 20),
    )
    windows, tokens, sentences = Dim("windows"), Dim("tokens", max=POSITIONS), Dim("sentences")
    row = {0: windows, 1: tokens}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own, about names it renames
        program = torch.onnx.export(
            Answers(reader).eval(),
            example,
            input_names=list(INPUTS),
            output_names=list(OUTPUTS),
            dynamic_shapes=(row, row, row, {0: windows, 1: sentences, 2: tokens}),
            dynamo=True,
            opset_version=18,
            verbose=False,
        )
    assert program is not None
    program.save(str(path))


def quantise(source: Path, target: Path, leave: Sequence[str] = ()) -> None:
    """Weights in int8, a scale for every output channel; what goes through the network is quantised as it comes.

    Nodes whose names contain one of `leave` stay in float.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    graph = onnx.load(str(source))
    del graph.graph.value_info[:]  # shapes of weights before the exporter turned them round
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.onnx"
        onnx.save(graph, str(plain))
        quantize_dynamic(
            plain,
            target,
            per_channel=True,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul", "Gemm", "Gather"],
            nodes_to_exclude=[node.name for node in graph.graph.node if any(part in node.name for part in leave)],
            extra_options={"MatMulConstBOnly": True},
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """How far the exported form is from the torch form, in probability."""

    sentences: int
    largest: float
    mean: float
    p99: float
    decisions: float
    """Share of sentence-tactic pairs on which the two fall on different sides of the threshold."""


def difference(ours: Judged, torchs: Judged, thresholds: Sequence[float], sentences: int = 1000) -> Difference:
    """Compares the first `sentences` sentences of two readings of the same replies."""
    a, b = ours.probabilities[:sentences], torchs.probabilities[:sentences]
    gap = np.abs(a - b)
    sides = (a >= np.asarray(thresholds)) != (b >= np.asarray(thresholds))
    return Difference(len(a), float(gap.max()), float(gap.mean()), float(np.quantile(gap, 0.99)), float(sides.mean()))


def risk_thresholds(encoder: Encoder, messages: Sequence[Message]) -> list[float]:
    """For each step of the ladder the threshold with the highest F2: a miss weighs more than a false alarm."""
    said = encoder.risk([(message.previous, message.text) for message in messages])
    true = np.stack([risk_steps(message.level) for message in messages]) > 0.5
    chosen = []
    for step in range(len(RISK_LEVELS)):
        over = said[:, step][None, :] >= GRID[:, None]
        hits = (over & true[:, step]).sum(1)
        score = 5 * hits / (4 * true[:, step].sum() + over.sum(1))
        best = np.flatnonzero(score >= score.max() - 0.005)
        chosen.append(float(GRID[best[len(best) // 2]]))
    return chosen


def card(tactics: Sequence[float], risk: Sequence[float], more: dict[str, Any]) -> dict[str, Any]:
    """The contents of encoder.json; `companion.encoder.Card` reads it."""
    return {
        "tactics": {
            tactic.value: {"threshold": round(value, 3)} for tactic, value in zip(TACTICS, tactics, strict=True)
        },
        "empathy": list(EMPATHY),
        "risk": [
            {"level": level, "threshold": round(value, 3)} for level, value in zip(RISK_LEVELS, risk, strict=True)
        ],
        **more,
    }


def write_folder(reader: Reader, tokenizer: Path, folder: Path, leave: Sequence[str] = ()) -> None:
    """The network and its tokenizer, with every threshold at one half until they are chosen."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        whole = Path(scratch) / "float.onnx"
        write_float(reader, whole)
        quantise(whole, folder / MODEL, leave)
    shutil.copyfile(tokenizer, folder / TOKENIZER)
    write_json(folder / CARD, card([0.5] * len(TACTICS), [0.5] * len(RISK_LEVELS), {}))


def export(trainer: Trainer, folder: Path, leave: Sequence[str] = ()) -> dict[str, Any]:
    """Write the best reader of a run to `folder`, choose its thresholds there, and compare it with torch.

    Returns the card. Everything that is chosen is chosen on the exported form, because that is what will be used.
    """
    reader = load(trainer.run.folder)
    write_folder(reader, published_model() / "tokenizer.json", folder, leave)
    sources = trainer.sources
    silver = [r for r in sources.replies if r.source != "own" and r.part == "validation" and r.tactics]
    own = [r for r in sources.replies if r.source == "own" and r.part == "validation"]
    encoder = Encoder(folder)
    read = [read_with(encoder, replies) for replies in (sources.human, silver, own)]
    tactics = choose(list(zip(read, CHOOSING, strict=True)))
    risk = risk_thresholds(encoder, [message for message in sources.messages if message.part == "validation"])
    compared = difference(read[1], judge(reader, trainer.words, silver, exact=True), tactics)
    values = card(
        tactics,
        risk,
        {
            "difference_from_torch": asdict(compared),
            "sha256": hashlib.sha256((folder / MODEL).read_bytes()).hexdigest(),
            "run": trainer.run.folder.name,
            "recipe": trainer.recipe.model_dump(),
            "data": json.loads((trainer.run.folder / "data.json").read_text("utf-8")),
            "validation": json.loads((trainer.run.folder / "best.json").read_text("utf-8")),
        },
    )
    write_json(folder / CARD, values)
    return values
