"""A LoRA adapter that peft saved, as a GGUF adapter: what llama.cpp's own converter would write.

llama.cpp adds scale x alpha / r x B A to a weight, with r the rank that it finds in the tensors: what peft can save
besides such pairs is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import gguf

from companion.errors import CompanionError, NotFound, Refused, UsageError
from companion.modelhub.architectures import Attention, read_architecture, read_attention
from companion.modelhub.convert import Counter, Progress, describe, write_whole
from companion.modelhub.streamed import Streamed
from companion.modelhub.weights import Weight, read_contents, read_object

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
KINDS = ("f32", "f16", "bf16")
HARMLESS_BEGINNINGS = ("gaussian", "eva", "orthogonal")
"""Ways to draw the first A and B that leave the base as it is."""


def is_adapter(folder: Path) -> bool:
    return (folder / CONFIG).is_file()


def convert_adapter(
    source: Path,
    out: Path,
    *,
    base: Path | None = None,
    kind: str = "f32",
    name: str | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write the adapter folder `source` to `out`, whole or not at all, making its folder if need be; returns `out`.

    `base` is the model it was trained on, as a checkpoint folder or a GGUF file; None is the folder that the adapter
    names. Raises NotFound where one of them is not there, UsageError for an adapter that llama.cpp cannot compute,
    Refused for a pickle, CompanionError for a damaged file, OSError when `out` cannot be written.
    """
    if kind not in KINDS:
        raise UsageError(f"An adapter cannot be converted to {kind!r}; choose one of {', '.join(KINDS)}.")
    config = read_object(source / CONFIG)
    _check(source, config)
    base = base or _base_of(source, config)
    attention = read_attention(base)
    pairs = dict(_pairs(source, attention, tied=base.is_dir() and read_architecture(base).tied))
    count = Counter(progress)
    writer = gguf.GGUFWriter(None, attention.family.name)
    for target, (a, b, heads) in pairs.items():
        for suffix, weight, turned in (("lora_a", a, None), ("lora_b", b, heads)):
            tensor = Streamed(weight, gguf.GGMLQuantizationType[kind.upper()], count.add, heads=turned)
            count.total += tensor.nbytes
            writer.add_tensor(f"{target}.{suffix}", tensor, raw_dtype=tensor.kind)
    describe(writer, source, name, gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, float(config["lora_alpha"]))
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    return write_whole(writer, out)


def _check(source: Path, config: Mapping[str, Any]) -> None:
    """Raises UsageError for what is more than pairs of matrices and one alpha."""
    if config.get("peft_type") != "LORA":
        raise UsageError(
            f"{source} holds an adapter of the type {config.get('peft_type')!r}; only LORA can be converted."
        )
    begun = config.get("init_lora_weights")
    more = {
        "rank-stabilised scaling (use_rslora)": config.get("use_rslora"),
        "DoRA (use_dora)": config.get("use_dora"),
        "biases (bias)": config.get("bias", "none") != "none" or config.get("lora_bias"),
        "whole layers of its own (modules_to_save)": config.get("modules_to_save"),
        "tokens of its own (trainable_token_indices)": config.get("trainable_token_indices"),
        "parameters that are no layers (target_parameters)": config.get("target_parameters"),
        "several alphas (alpha_pattern)": config.get("alpha_pattern"),
        "transposed layers (fan_in_fan_out)": config.get("fan_in_fan_out"),
        f"another base than it names (init_lora_weights {begun!r})": isinstance(begun, str)
        and begun not in HARMLESS_BEGINNINGS,
    }
    found = [what for what, there in more.items() if there]
    if found:
        raise UsageError(
            f"{source} is an adapter with {found[0]}, which llama.cpp cannot add to a model: "
            "merge it into its base with peft (`merge_and_unload`), save that, and convert it."
        )
    if type(config.get("lora_alpha")) not in (int, float):
        raise CompanionError(f"{source / CONFIG} has no lora_alpha: it is not as peft saved it.")


def _base_of(source: Path, config: Mapping[str, Any]) -> Path:
    named = str(config.get("base_model_name_or_path") or "")
    if not named or not Path(named).is_dir():
        raise NotFound(
            f"{source} was trained on {named or 'a model that it does not name'}, which is no folder on this machine: "
            "say with --base where that model lies, as a checkpoint folder or a GGUF file."
        )
    return Path(named)


def _pairs(
    source: Path, attention: Attention, *, tied: bool
) -> Iterator[tuple[str, tuple[Weight, Weight, int | None]]]:
    """(the weight's name in GGUF, (A, B, the heads of rows to be put into order))."""
    if not (source / WEIGHTS).is_file():
        if (source / "adapter_model.bin").is_file():
            raise Refused(
                f"{source} holds its weights in a pickle file (.bin), which can run code when it is opened: "
                "save the adapter as safetensors."
            )
        raise NotFound(f"{source} has no {WEIGHTS}; give the folder that peft saved.")
    names = gguf.get_tensor_name_map(attention.family.arch, attention.layers)
    weights = read_contents(source / WEIGHTS)
    if not weights:
        raise CompanionError(f"{source / WEIGHTS} has no tensors in it: save the adapter again.")
    for name, a in weights.items():
        layer, part = name.removeprefix("base_model.model."), ".lora_A.weight"
        if layer.endswith(".lora_B.weight") and name.replace(".lora_B.", ".lora_A.") in weights:
            continue
        b = weights.get(name.replace(".lora_A.", ".lora_B."))
        weight = f"{layer.removesuffix(part)}.weight"
        target = names.get_name(weight, try_suffixes=(".weight",)) if layer.endswith(part) else None
        if target is None or b is None or (target == "output.weight" and tied):
            raise UsageError(
                f"{source} has a tensor {name!r}, which cannot be added to a {attention.family.name} GGUF: "
                "merge the adapter into its base with peft (`merge_and_unload`), save that, and convert it."
            )
        if len(a.shape) != 2 or len(b.shape) != 2 or a.shape[0] != b.shape[1]:
            raise CompanionError(f"{source / WEIGHTS} is damaged: {name!r} and its B do not fit. Save it again.")
        yield target, (a, b, attention.turned_heads(weight))
