"""What a checkpoint's config.json says, as llama.cpp knows it: its architecture, its sizes, its rotary positions.

The values that are missing from a config are those that transformers would put there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from numpy.typing import NDArray

from companion.errors import CompanionError, NotFound, UsageError
from companion.modelhub.weights import read_object


@dataclass(frozen=True, slots=True)
class Family:
    """Models that llama.cpp computes in one way."""

    name: str
    arch: gguf.MODEL_ARCH
    context: int
    cached_heads: int | None
    """None: as many as heads."""
    head_size: int | None
    """None: the hidden size divided by the heads."""
    head_size_named: bool
    """Its config has the size of a head, whatever the file says."""
    in_pairs: bool = False
    """Rotary positions turn neighbours, not halves: the rows of queries and keys are put into another order."""


FAMILIES = {
    "Qwen3ForCausalLM": Family("qwen3", gguf.MODEL_ARCH.QWEN3, 32768, 32, 128, True),
    "Qwen2ForCausalLM": Family("qwen2", gguf.MODEL_ARCH.QWEN2, 32768, 32, None, False),
    "LlamaForCausalLM": Family("llama", gguf.MODEL_ARCH.LLAMA, 2048, None, None, True, in_pairs=True),
}
BY_TYPE = {family.name: family for family in FAMILIES.values()}
LARGEST, MOST_LAYERS = 10_000_000, 10_000
"""Beyond them the config itself is damaged."""
READABLE = "Qwen3, Qwen2.5, Llama 3 and SmolLM2"


@dataclass(frozen=True, slots=True)
class Attention:
    """What decides how the tensors of a model are named and laid out."""

    family: Family
    layers: int
    heads: int
    cached_heads: int

    def turned_heads(self, name: str) -> int | None:
        """For a query or key projection whose rows need another order, its number of heads."""
        if not self.family.in_pairs:
            return None
        if name.endswith(("q_proj.weight", "q_proj.bias")):
            return self.heads
        return self.cached_heads if name.endswith(("k_proj.weight", "k_proj.bias")) else None


@dataclass(frozen=True, slots=True)
class Architecture:
    """The sizes of one model."""

    family: Family
    vocabulary: int
    layers: int
    hidden: int
    feed_forward: int
    heads: int
    cached_heads: int
    head_size: int
    head_size_named: bool
    context: int
    epsilon: float
    rope: Mapping[str, Any]
    """As `rope_parameters` of transformers 5: `rope_theta`, `rope_type`, and what that type has."""
    tied: bool
    """The output is computed with the embedding."""

    @property
    def attention(self) -> Attention:
        return Attention(self.family, self.layers, self.heads, self.cached_heads)


def read_architecture(folder: Path) -> Architecture:
    """Raises NotFound where the folder has no config.json, UsageError for a model that cannot be converted."""
    config = read_object(folder / "config.json")
    family = _family(folder, config)
    if config.get("quantization_config"):
        raise UsageError(f"{folder} holds a model that was quantised already: get it in 16 bits.")
    try:
        hidden, heads = int(config["hidden_size"]), int(config["num_attention_heads"])
        read = Architecture(
            family=family,
            vocabulary=int(config["vocab_size"]),
            layers=int(config["num_hidden_layers"]),
            hidden=hidden,
            feed_forward=int(config["intermediate_size"]),
            heads=heads,
            cached_heads=int(config.get("num_key_value_heads") or family.cached_heads or heads),
            head_size=int(config.get("head_dim") or family.head_size or hidden // heads),
            head_size_named=family.head_size_named or config.get("head_dim") is not None,
            context=int(config.get("max_position_embeddings", family.context)),
            epsilon=float(config.get("rms_norm_eps", 1e-6)),
            rope=_rope(config),
            tied=bool(config.get("tie_word_embeddings", False)),
        )
        sizes = (read.vocabulary, read.hidden, read.feed_forward, read.heads, read.cached_heads, read.head_size)
        if not all(0 < size <= LARGEST for size in sizes) or not 0 < read.layers <= MOST_LAYERS:
            raise ValueError("a size that no model has")
        return read
    except KeyError as error:
        raise CompanionError(f"{folder / 'config.json'} lacks {error}: get the model again.") from None
    except (TypeError, ValueError, OverflowError, ZeroDivisionError) as error:
        raise CompanionError(f"{folder / 'config.json'} makes no sense ({error}): get the model again.") from None


def read_attention(model: Path) -> Attention:
    """Of a checkpoint folder or of a GGUF file. Raises as `read_architecture`, and UsageError for another file."""
    if model.is_dir():
        return read_architecture(model).attention
    try:
        fields = gguf.GGUFReader(model).fields
        name = str(fields["general.architecture"].contents())
        layers, heads, cached_heads = (
            int(fields[f"{name}.{key}"].contents())
            for key in ("block_count", "attention.head_count", "attention.head_count_kv")
        )
    except FileNotFoundError:
        raise NotFound(f"There is no model at {model}.") from None
    except (ValueError, KeyError, IndexError, TypeError):
        raise UsageError(f"{model} is neither a checkpoint folder nor a GGUF file of a model.") from None
    if name not in BY_TYPE:
        raise UsageError(f"{model} holds a {name!r} model; {READABLE} can have an adapter.")
    return Attention(BY_TYPE[name], layers, heads, cached_heads)


def _family(folder: Path, config: Mapping[str, Any]) -> Family:
    named = config.get("architectures")
    if isinstance(named, list) and named:
        family = FAMILIES.get(str(named[0]))
        label = str(named[0])
    else:
        label = str(config.get("model_type"))
        family = BY_TYPE.get(label)
    if family is None:
        raise UsageError(f"{folder} holds a {label!r} model; {READABLE} can be converted.")
    return family


def _rope(config: Mapping[str, Any]) -> dict[str, Any]:
    """transformers 4 kept the base beside the rest. Raises UsageError for a scaling that is not known here."""
    rope = dict(config.get("rope_parameters") or config.get("rope_scaling") or {})
    rope.setdefault("rope_theta", config.get("rope_theta", 10000.0))
    rope.setdefault("rope_type", rope.get("type", "default"))
    if rope["rope_type"] not in ("default", "linear", "yarn", "llama3"):
        raise UsageError(
            f"The model scales its rotary positions by {rope['rope_type']!r}; "
            "'default', 'linear', 'yarn' and 'llama3' can be converted."
        )
    return rope


def write_architecture(writer: gguf.GGUFWriter, architecture: Architecture) -> None:
    """The keys that llama.cpp's own converter writes."""
    writer.add_block_count(architecture.layers)
    writer.add_context_length(architecture.context)
    writer.add_embedding_length(architecture.hidden)
    writer.add_feed_forward_length(architecture.feed_forward)
    writer.add_head_count(architecture.heads)
    writer.add_head_count_kv(architecture.cached_heads)
    _write_rope(writer, architecture.rope)
    writer.add_layer_norm_rms_eps(architecture.epsilon)
    if architecture.head_size_named:
        writer.add_key_length(architecture.head_size)
        writer.add_value_length(architecture.head_size)
    if architecture.family.arch == gguf.MODEL_ARCH.LLAMA:
        writer.add_vocab_size(architecture.vocabulary)
        writer.add_rope_dimension_count(architecture.head_size)


def _write_rope(writer: gguf.GGUFWriter, rope: Mapping[str, Any]) -> None:
    writer.add_rope_freq_base(float(rope["rope_theta"]))
    if rope["rope_type"] == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(float(rope["factor"]))
    elif rope["rope_type"] == "yarn":
        writer.add_rope_scaling_type(gguf.RopeScalingType.YARN)
        writer.add_rope_scaling_factor(float(rope["factor"]))
        writer.add_rope_scaling_orig_ctx_len(int(rope["original_max_position_embeddings"]))
        for keys, add in (
            (("extrapolation_factor",), writer.add_rope_scaling_yarn_ext_factor),
            (("attention_factor", "attn_factor"), writer.add_rope_scaling_yarn_attn_factor),
            (("beta_fast",), writer.add_rope_scaling_yarn_beta_fast),
            (("beta_slow",), writer.add_rope_scaling_yarn_beta_slow),
        ):
            value = next((rope[key] for key in keys if rope.get(key) is not None), None)
            if value is not None:
                add(float(value))


def frequency_factors(architecture: Architecture) -> NDArray[np.float32] | None:
    """What each rotary frequency is divided by, (head size / 2,), for the scaling of Llama 3.1; else None.

    Long waves are stretched by `factor`, short ones are left alone, those between are blended: Llama 3.1's
    `apply_scaling` (Grattafiori et al. 2024, arXiv 2407.21783, section 3.4).
    """
    rope = architecture.rope
    if rope["rope_type"] != "llama3":
        return None
    one = np.float32(1)
    exponents = np.arange(0, architecture.head_size, 2, dtype=np.float32) / np.float32(architecture.head_size)
    frequencies = one / (float(rope["rope_theta"]) ** exponents.astype(np.float64)).astype(
        np.float32
    )  # as torch rounds
    factor, low, high = (
        float(rope.get(key, otherwise))
        for key, otherwise in (("factor", 8.0), ("low_freq_factor", 1.0), ("high_freq_factor", 4.0))
    )
    trained = float(rope.get("original_max_position_embeddings", 8192))
    waves = np.float32(2 * np.pi) / frequencies
    smooth = (np.float32(trained) / waves - np.float32(low)) / np.float32(high - low)
    blended = one / ((one - smooth) / np.float32(factor) + smooth)
    factors: NDArray[np.float32] = np.where(
        waves < trained / high, one, np.where(waves > trained / low, np.float32(factor), blended)
    ).astype(np.float32)
    return factors
