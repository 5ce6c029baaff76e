"""A Qwen3 checkpoint in Hugging Face form as a GGUF file that llama.cpp loads.

Only numpy and the `gguf` package: neither torch nor llama.cpp is needed to write. Facts relied on: q/k need no
permutation (NEOX rope), norms stay F32, tied embeddings leave `output.weight` out, and the `qwen2` pre-tokenizer name
stands for the split expression in `training.tokens`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import gguf
import numpy as np
from numpy.typing import NDArray

from companion.errors import NotFound, UsageError

Kind = Literal["f32", "f16", "q8_0"]
TYPES = {
    "f32": (gguf.GGMLQuantizationType.F32, gguf.LlamaFileType.ALL_F32),
    "f16": (gguf.GGMLQuantizationType.F16, gguf.LlamaFileType.MOSTLY_F16),
    "q8_0": (gguf.GGMLQuantizationType.Q8_0, gguf.LlamaFileType.MOSTLY_Q8_0),
}
BLOCK = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType.Q8_0][0]
STORED: dict[str, type[np.generic]] = {"F32": np.float32, "F16": np.float16, "BF16": np.uint16}
"""How the weights of a checkpoint may be stored; numpy has no bfloat16, so its bits are read."""


def write_gguf(
    checkpoint: Path, out: Path, kind: Kind, *, name: str, licence: str, temperature: float | None = None
) -> Path:
    """Write the checkpoint folder to `out`, whole or not at all, making its folder if need be; returns `out`.

    `temperature` is what the file recommends for sampling. Raises NotFound when the folder is no checkpoint, UsageError
    for another architecture than Qwen3 or rotary positions that are scaled, OSError when `out` cannot be written.
    """
    config = _read(checkpoint, "config.json")
    if config.get("model_type") != "qwen3":
        raise UsageError(f"{checkpoint} holds a {config.get('model_type')!r} model; only 'qwen3' can be written.")
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f"{out.name}.partial")
    writer = gguf.GGUFWriter(partial, "qwen3")
    try:
        _metadata(writer, config, TYPES[kind][1], name, licence)
        if temperature is not None:
            writer.add_sampling_temp(temperature)
        _vocabulary(writer, _read(checkpoint, "tokenizer.json"), config)
        _tensors(writer, checkpoint, config, TYPES[kind][0])
        writer.close()
        partial.replace(out)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return out


def _read(checkpoint: Path, name: str) -> dict[str, Any]:
    try:
        read: dict[str, Any] = json.loads((checkpoint / name).read_text("utf-8"))
    except FileNotFoundError:
        raise NotFound(f"{checkpoint} has no {name}; give the folder of a saved model.") from None
    return read


def _metadata(
    writer: gguf.GGUFWriter, config: dict[str, Any], file_type: gguf.LlamaFileType, name: str, licence: str
) -> None:
    head_size = config["head_dim"]
    rope = config.get("rope_parameters") or config  # transformers 4 kept the base beside the rest
    scaling = config.get("rope_scaling") or rope
    scaled = scaling.get("rope_type") or scaling.get("type") or "default"
    if scaled != "default":
        raise UsageError(f"The model scales its rotary positions ({scaled!r}); only 'default' can be written.")
    writer.add_type(gguf.GGUFType.MODEL)
    writer.add_name(name)
    writer.add_license(licence)
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(head_size)
    writer.add_value_length(head_size)
    writer.add_rope_freq_base(float(rope["rope_theta"]))
    writer.add_layer_norm_rms_eps(float(config["rms_norm_eps"]))
    writer.add_file_type(file_type)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)


def _vocabulary(writer: gguf.GGUFWriter, tokenizer: dict[str, Any], config: dict[str, Any]) -> None:
    """Tokens, their types and merges; ids the tokenizer does not use are padding."""
    size = config["vocab_size"]
    tokens = [f"[PAD{index}]" for index in range(size)]
    types = [gguf.TokenType.UNUSED] * size
    for token, index in tokenizer["model"]["vocab"].items():
        tokens[index], types[index] = token, gguf.TokenType.NORMAL
    for added in tokenizer["added_tokens"]:
        tokens[added["id"]] = added["content"]
        types[added["id"]] = gguf.TokenType.CONTROL if added["special"] else gguf.TokenType.USER_DEFINED
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in tokenizer["model"]["merges"]]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    padding = next(
        config[key] for key in ("pad_token_id", "bos_token_id", "eos_token_id") if config.get(key) is not None
    )
    writer.add_eos_token_id(config["eos_token_id"])
    writer.add_pad_token_id(padding)
    writer.add_bos_token_id(padding)  # else llama.cpp takes id 11, an ordinary token
    writer.add_add_bos_token(False)


def _tensors(
    writer: gguf.GGUFWriter, checkpoint: Path, config: dict[str, Any], kind: gguf.GGMLQuantizationType
) -> None:
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.QWEN3, config["num_hidden_layers"])
    for file in sorted(checkpoint.glob("*.safetensors")):
        for name, values in _weights(file):
            if name == "lm_head.weight" and config["tie_word_embeddings"]:
                continue
            target = names.get_name(name, try_suffixes=(".weight", ".bias"))
            if target is None:
                raise UsageError(f"{file} has a tensor {name!r} that a Qwen3 GGUF has no name for.")
            kept = _kept(values, kind)
            writer.add_tensor(target, gguf.quantize(values, kept), raw_dtype=kept)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()


def _kept(values: NDArray[np.float32], kind: gguf.GGMLQuantizationType) -> gguf.GGMLQuantizationType:
    """The type a tensor is stored in: norms in F32, rows that are no whole blocks in F16, as llama.cpp does."""
    if values.ndim == 1:
        return gguf.GGMLQuantizationType.F32
    if kind == gguf.GGMLQuantizationType.Q8_0 and values.shape[-1] % BLOCK:
        return gguf.GGMLQuantizationType.F16
    return kind


def _weights(file: Path) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Every tensor of a safetensors file. The library's own reader for numpy cannot give bfloat16.

    Format: https://huggingface.co/docs/safetensors (a length, a JSON table of contents, the bytes).
    """
    data = np.memmap(file, np.uint8, "r")
    start = 8 + int.from_bytes(data[:8].tobytes(), "little")
    contents = json.loads(data[8:start].tobytes())
    contents.pop("__metadata__", None)
    for name, entry in contents.items():
        if entry["dtype"] not in STORED:
            raise UsageError(f"{file} stores {name!r} as {entry['dtype']}; only {', '.join(STORED)} can be read.")
        first, last = entry["data_offsets"]
        raw = data[start + first : start + last].view(STORED[entry["dtype"]]).reshape(entry["shape"])
        if entry["dtype"] == "BF16":
            yield name, (raw.astype(np.uint32) << 16).view(np.float32)
        else:
            yield name, raw.astype(np.float32)
