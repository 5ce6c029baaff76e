"""The risk head's place in encoder.onnx: what it reads of the trunk, and the exchange of one head for another."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

STATES = ("risk_middle", "risk_last")
"""Names under which a head takes the trunk's states."""
AFTER = (3, 5)
"""The layers after which it reads them, counted from 0."""
OUTPUT = "risk"
PREFIX = "risk_head/"
BLOCK = 64
"""Weights that share a scale."""


def states(graph: Any) -> dict[str, str]:
    """For each name of `STATES`, the value in the encoder's graph: what the layer's last norm gives out."""
    found = {}
    for name, layer in zip(STATES, AFTER, strict=True):
        weight = f"body.layers.{layer}.output_norm.weight"
        (found[name],) = [
            node.output[0]
            for node in graph.node
            if node.op_type == "LayerNormalization" and node.input[1].endswith(weight)
        ]
    return found


def states_session(path: Path) -> Any:
    """A session of onnxruntime over the encoder whose outputs are the states, under their names."""
    import onnx
    from onnxruntime import InferenceSession, SessionOptions

    model = onnx.load(str(path))
    graph = model.graph
    del graph.output[:]
    for name, value in states(graph).items():
        graph.node.append(onnx.helper.make_node("Identity", [value], [name]))
        graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    options = SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def replace_head(source: Path, head: Path, target: Path) -> None:
    """The encoder of `source` with the risk head of `head` in place of its own, weights in int8 -> `target`."""
    import onnx

    model, small = onnx.load(str(source)), _quantised(head)
    graph = model.graph
    _drop_output(graph)
    places = states(graph) | {name: name for name in ("attention_mask", "token_type_ids")}

    def moved(name: str) -> str:
        return name if name == OUTPUT or not name else places.get(name, PREFIX + name)

    for node in small.graph.node:
        node.name = PREFIX + node.name
        node.input[:] = [moved(name) for name in node.input]
        node.output[:] = [moved(name) for name in node.output]
        graph.node.append(node)
    for tensor in small.graph.initializer:
        tensor.name = PREFIX + tensor.name
        graph.initializer.append(tensor)
    graph.output.extend(small.graph.output)
    onnx.checker.check_model(model)
    onnx.save(model, str(target))


def _quantised(path: Path) -> Any:
    import onnx
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    logging.getLogger(MatMulNBitsQuantizer.__module__).setLevel(logging.WARNING)
    model = onnx.load(str(path))
    del model.graph.value_info[:]
    quantiser = MatMulNBitsQuantizer(model, bits=8, block_size=BLOCK, is_symmetric=False, accuracy_level=0)
    quantiser.process()
    return quantiser.model.model


def _drop_output(graph: Any) -> None:
    """Take out the risk head that is there: what no other output needs."""
    made_by = {name: node for node in graph.node for name in node.output}
    needed: set[str] = set()
    waiting = [output.name for output in graph.output if output.name != OUTPUT]
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += made_by[name].input if name in made_by else []
    kept = [node for node in graph.node if any(name in needed for name in node.output)]
    weights = [tensor for tensor in graph.initializer if tensor.name in needed]
    outputs = [output for output in graph.output if output.name != OUTPUT]
    for field, values in ((graph.node, kept), (graph.initializer, weights), (graph.output, outputs)):
        del field[:]
        field.extend(values)
