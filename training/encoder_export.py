"""From a finished run to `models/encoder`: ONNX in int8, tokenizer, thresholds, card."""

from __future__ import annotations

import hashlib
import json
import logging
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
from training.encoder_data import EMPATHY
from training.encoder_eval import CHOOSING, read_with
from training.encoder_scores import Judged, choose
from training.minilm import HIDDEN, POSITIONS, WORDS, Reader, published_model
from training.run import write_json

INPUTS = ("input_ids", "attention_mask", "token_type_ids", "pool")
OUTPUTS = ("tactics", "empathy")
BLOCK = 64
"""Weights that share a scale."""


class Answers(nn.Module):
    """The reader with probabilities and ratings instead of logits."""

    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self._reader = reader

    def forward(self, ids: Tensor, mask: Tensor, segments: Tensor, pool: Tensor) -> tuple[Tensor, Tensor]:
        found = self._reader(ids, mask, segments, pool)
        return found.tactics.sigmoid(), 1 + 4 * found.empathy.sigmoid()


def write_graph(answers: nn.Module, path: Path, inputs: Sequence[str], outputs: Sequence[str]) -> None:
    """The graph in float32, every size but the network's own left open.

    `inputs` are names of `companion.encoder_input.Batch.feeds`, in the order that `answers` takes them.
    """
    windows, tokens, sentences = Dim("windows"), Dim("tokens", max=POSITIONS), Dim("sentences")
    whole, row = torch.ones(2, 20, dtype=torch.long), {0: windows, 1: tokens}
    given: dict[str, tuple[Tensor, dict[int, Any]]] = {
        "input_ids": (torch.randint(1000, 2000, (2, 20)), row),
        "attention_mask": (whole, row),
        "token_type_ids": (torch.zeros_like(whole), row),
        "pool": (torch.rand(2, 3, 20), {0: windows, 1: sentences, 2: tokens}),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own, about names it renames
        program = torch.onnx.export(
            answers.eval(),
            tuple(given[name][0] for name in inputs),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_shapes=tuple(given[name][1] for name in inputs),
            dynamo=True,
            opset_version=18,
            verbose=False,
        )
    assert program is not None
    program.save(str(path))


def quantise(source: Path, target: Path, block: int = BLOCK) -> None:
    """Weights in int8: word vectors with a scale per word, matrices with one per `block` inputs of each output.

    What flows through the network stays float: in int8 it would be a tenth faster and three times less exact. Not
    onnxruntime's `quantize_dynamic`: its one scale for a whole batch makes a sentence's scores depend on what it is
    tagged together with, and its one scale for all word vectors alone costs more precision than everything here.
    """
    import onnx
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    logging.getLogger(MatMulNBitsQuantizer.__module__).setLevel(logging.WARNING)
    model = onnx.load(str(source))
    del model.graph.value_info[:]  # shapes of weights before the exporter turned them round
    _quantise_words(model)
    _halve_positions(model)
    quantiser = MatMulNBitsQuantizer(model, bits=8, block_size=block, is_symmetric=False, accuracy_level=0)
    quantiser.process()
    quantiser.model.save_model_to_file(str(target), use_external_data_format=False)


def _quantise_words(model: Any) -> None:
    """Replace the look-up of word vectors by one of int8 rows and one of their scales."""
    from onnx import TensorProto, helper, numpy_helper

    graph = model.graph
    stored = {tensor.name: tensor for tensor in graph.initializer}
    (place,) = [
        place
        for place, node in enumerate(graph.node)
        if node.op_type == "Gather" and node.input[0] in stored and stored[node.input[0]].dims[0] == WORDS
    ]
    look_up = graph.node[place]
    table, ids, found = look_up.input[0], look_up.input[1], look_up.output[0]
    words = numpy_helper.to_array(stored[table])
    scales = (np.abs(words).max(axis=1, keepdims=True) / 127).astype(np.float16)
    rows = np.clip(np.round(words / np.maximum(scales.astype(np.float32), 1e-7)), -127, 127).astype(np.int8)
    graph.initializer.remove(stored[table])
    graph.initializer.extend(
        [numpy_helper.from_array(rows, f"{table}_rows"), numpy_helper.from_array(scales, f"{table}_scales")]
    )
    graph.node.remove(look_up)
    for offset, node in enumerate(
        [
            helper.make_node("Gather", [f"{table}_rows", ids], [f"{found}_rows"]),
            helper.make_node("Cast", [f"{found}_rows"], [f"{found}_float"], to=TensorProto.FLOAT),
            helper.make_node("Gather", [f"{table}_scales", ids], [f"{found}_half"]),
            helper.make_node("Cast", [f"{found}_half"], [f"{found}_scales"], to=TensorProto.FLOAT),
            helper.make_node("Mul", [f"{found}_float", f"{found}_scales"], [found]),
        ]
    ):
        graph.node.insert(place + offset, node)


def _halve_positions(model: Any) -> None:
    """Keep the position vectors in half precision."""
    from onnx import TensorProto, helper, numpy_helper

    graph = model.graph
    (table,) = [tensor for tensor in graph.initializer if list(tensor.dims) == [POSITIONS, HIDDEN]]
    name = table.name
    graph.initializer.remove(table)
    graph.initializer.append(numpy_helper.from_array(numpy_helper.to_array(table).astype(np.float16), f"{name}_half"))
    graph.node.insert(0, helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT))


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


def card(thresholds: Sequence[float], more: dict[str, Any]) -> dict[str, Any]:
    """The contents of encoder.json; `companion.encoder.Card` reads it."""
    return {
        "tactics": {
            tactic.value: {"threshold": round(value, 3)} for tactic, value in zip(TACTICS, thresholds, strict=True)
        },
        "empathy": list(EMPATHY),
        **more,
    }


def write_folder(reader: Reader, tokenizer: Path, folder: Path) -> None:
    """The network and its tokenizer, with every threshold at one half until they are chosen."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        whole = Path(scratch) / "float.onnx"
        write_graph(Answers(reader), whole, INPUTS, OUTPUTS)
        quantise(whole, folder / MODEL)
    shutil.copyfile(tokenizer, folder / TOKENIZER)
    write_json(folder / CARD, card([0.5] * len(TACTICS), {}))


def export(trainer: Trainer, folder: Path) -> dict[str, Any]:
    """Write the best reader of a run to `folder`, choose its thresholds there, and compare it with torch.

    Returns the card. Everything that is chosen is chosen on the exported form, because that is what will be used.
    """
    reader = load(trainer.run.folder)
    write_folder(reader, published_model() / "tokenizer.json", folder)
    sources = trainer.sources
    silver = [r for r in sources.replies if r.source != "own" and r.part == "validation" and r.tactics]
    own = [r for r in sources.replies if r.source == "own" and r.part == "validation"]
    encoder = Encoder(folder)
    read = [read_with(encoder, replies) for replies in (sources.human, silver, own)]
    thresholds = choose(list(zip(read, CHOOSING, strict=True)))
    compared = difference(read[1], judge(reader, trainer.words, silver, exact=True), thresholds)
    values = card(
        thresholds,
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
