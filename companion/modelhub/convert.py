"""A checkpoint in Hugging Face form as a GGUF file that llama.cpp loads: what llama.cpp's own converter would write.

Tensor by tensor and some rows at a time: memory does not grow with the model. Neither torch nor llama.cpp is needed,
and only safetensors are read, never a pickle.
"""

from __future__ import annotations

import json
import logging
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

import gguf

from companion.errors import CompanionError, UsageError
from companion.modelhub.architectures import (
    Architecture,
    frequency_factors,
    read_architecture,
    write_architecture,
)
from companion.modelhub.streamed import Streamed
from companion.modelhub.vocabulary import read_vocabulary, write_vocabulary
from companion.modelhub.weights import Weight, open_checkpoint

Kind = Literal["f32", "f16", "bf16", "q8_0"]
KINDS: tuple[Kind, ...] = get_args(Kind)
FILE_TYPES = {
    "f32": gguf.LlamaFileType.ALL_F32,
    "f16": gguf.LlamaFileType.MOSTLY_F16,
    "bf16": gguf.LlamaFileType.MOSTLY_BF16,
    "q8_0": gguf.LlamaFileType.MOSTLY_Q8_0,
}
NOT_WEIGHTS = (".rotary_emb.inv_freq", ".attention.bias", ".attention.masked_bias")
"""What older checkpoints hold besides: it is computed anew."""

Progress = Callable[[int, int], None]
"""Called now and then with the bytes written so far and those of all tensors."""

for name in ("gguf", "metadata"):
    logging.getLogger(name).addHandler(logging.NullHandler())  # gguf remarks on what it leaves out


def convert(
    source: Path, out: Path, *, kind: Kind = "f16", name: str | None = None, progress: Progress | None = None
) -> Path:
    """Write the checkpoint folder `source` to `out`, whole or not at all, making its folder if need be; returns `out`.

    `name` None is found in the model card, or the folder's name. What the card and generation_config.json say (licence,
    sampling) goes into the file. Raises NotFound where the folder is no checkpoint, UsageError for a model or a number
    that cannot be converted, Refused for a pickle, CompanionError for a damaged file, OSError when `out` cannot be
    written.
    """
    if kind not in KINDS:
        raise UsageError(f"A model cannot be converted to {kind!r}; choose one of {', '.join(KINDS)}.")
    architecture = read_architecture(source)
    vocabulary = read_vocabulary(source, architecture.vocabulary)
    weights = _named(open_checkpoint(source), architecture, source)
    count = Counter(progress)
    writer = gguf.GGUFWriter(None, architecture.family.name)
    factors = frequency_factors(architecture)
    if factors is not None:
        writer.add_tensor("rope_freqs.weight", factors)
    for target, weight in weights.items():
        heads = architecture.attention.turned_heads(weight.name)
        tensor = Streamed(weight, gguf.GGMLQuantizationType[kind.upper()], count.add, heads=heads)
        count.total += tensor.nbytes
        writer.add_tensor(target, tensor, raw_dtype=tensor.kind)
    describe(writer, source, name, gguf.GGUFType.MODEL)
    write_architecture(writer, architecture)
    writer.add_file_type(FILE_TYPES[kind])
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    write_vocabulary(writer, source, architecture, vocabulary)
    return write_whole(writer, out)


class Counter:
    """Bytes written, of `total`."""

    def __init__(self, progress: Progress | None) -> None:
        self.total = 0
        self._done = 0
        self._progress = progress

    def add(self, size: int) -> None:
        self._done += size
        if self._progress:
            self._progress(self._done, self.total)


def _named(weights: Mapping[str, Weight], architecture: Architecture, source: Path) -> dict[str, Weight]:
    """By their names in GGUF. Raises UsageError where one has none, or where a layer lacks what another has."""
    names = gguf.get_tensor_name_map(architecture.family.arch, architecture.layers)
    found: dict[str, Weight] = {}
    for name, weight in weights.items():
        if name.endswith(NOT_WEIGHTS) or (name == "lm_head.weight" and architecture.tied):
            continue
        target = names.get_name(name, try_suffixes=(".weight", ".bias"))
        if target is None:
            raise UsageError(f"{weight.file} has a tensor {name!r} that a {architecture.family.name} GGUF does not.")
        found[target] = weight
    layers = {i: {t.split(".", 2)[2] for t in found if t.startswith(f"blk.{i}.")} for i in range(architecture.layers)}
    of_a_layer = set().union(*layers.values())
    expected = {f"blk.{i}.{part}" for i in layers for part in of_a_layer} | {"token_embd.weight", "output_norm.weight"}
    lacking = sorted(({"output.weight"} if not architecture.tied else set()) | expected - found.keys())
    lacking = [target for target in lacking if target not in found]
    if lacking or not of_a_layer:
        raise CompanionError(
            f"{source} lacks {lacking[0] if lacking else 'its layers'}, in the words of llama.cpp: get the model again."
        )
    return found


def describe(writer: gguf.GGUFWriter, folder: Path, name: str | None, kind: str) -> None:
    """`general.*`, as far as the folder's name, model card and generation_config.json tell; after the tensors.

    The parameters of an adapter are counted below zero, and make no size label.
    """
    total, shared, experts, expert_count = writer.get_total_parameter_count()
    try:
        about = gguf.Metadata.load(None, folder, name, total)
    except Exception as error:  # the card is whatever somebody wrote
        raise CompanionError(f"The model card {folder / 'README.md'} cannot be read ({error}): take it away.") from None
    about.name = about.name or folder.resolve().name
    if about.size_label is None and total > 0:
        about.size_label = gguf.size_label(total, shared, experts, expert_count)
    about.sampling_penalty_repeat = about.sampling_penalty_repeat or _repeat_penalty(folder)
    # A base that is a folder here would tell whoever gets the file where that was.
    about.base_models = [base for base in about.base_models or () if ".co//" not in base.get("repo_url", "")] or None
    about.tags = [tag for tag in about.tags or () if ":/" not in tag] or None
    writer.add_type(kind)
    about.set_gguf_meta_model(writer)


def _repeat_penalty(folder: Path) -> float | None:
    """By the name that transformers has for it; newer releases of gguf know it."""
    try:
        found: Any = json.loads((folder / "generation_config.json").read_text("utf-8")).get("repetition_penalty")
    except (OSError, ValueError, AttributeError):
        return None
    return float(found) if isinstance(found, int | float) else None


def write_whole(writer: gguf.GGUFWriter, out: Path) -> Path:
    """The file in one piece at its place, or what was there before."""
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f"{out.name}.partial")
    try:
        writer.write_header_to_file(partial)
        try:
            writer.write_kv_data_to_file()
        except (struct.error, TypeError, ValueError, AttributeError) as error:  # the words of others end up here
            raise CompanionError(
                f"The model card or a config beside the weights says something that makes no sense ({error})."
            ) from None
        writer.write_tensors_to_file()
        writer.close()
        partial.replace(out)
    except BaseException:
        writer.close()
        partial.unlink(missing_ok=True)
        raise
    return out
