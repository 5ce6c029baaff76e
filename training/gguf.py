"""A Qwen3 checkpoint in Hugging Face form as a GGUF file that llama.cpp loads.

Only numpy, safetensors and the `gguf` package: neither torch nor llama.cpp is needed to write. Facts relied on: q/k
need no permutation (NEOX rope), norms stay F32, tied embeddings leave `output.weight` out, and the `qwen2`
pre-tokenizer name stands for the split expression in `training.tokens`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import gguf
import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from companion.errors import NotFound, UsageError

Kind = Literal["f32", "f16", "q8_0"]
TYPES = {
    "f32": (gguf.GGMLQuantizationType.F32, gguf.LlamaFileType.ALL_F32),
    "f16": (gguf.GGMLQuantizationType.F16, gguf.LlamaFileType.MOSTLY_F16),
    "q8_0": (gguf.GGMLQuantizationType.Q8_0, gguf.LlamaFileType.MOSTLY_Q8_0),
}


def write_gguf(checkpoint: Path, out: Path, kind: Kind, *, name: str, licence: str) -> Path:
    """Write the checkpoint folder to `out`, whole or not at all; returns `out`.

    Raises NotFound when the folder is no checkpoint, UsageError for another architecture than Qwen3.
    """
    config = _read(checkpoint, "config.json")
    if config.get("model_type") != "qwen3":
        raise UsageError(f"{checkpoint} holds a {config.get('model_type')!r} model; only 'qwen3' can be written.")
    partial = out.with_suffix(".partial")
    writer = gguf.GGUFWriter(partial, "qwen3")
    _metadata(writer, config, TYPES[kind][1], name, licence)
    _vocabulary(writer, _read(checkpoint, "tokenizer.json"), config)
    _tensors(writer, checkpoint, config, TYPES[kind][0])
    writer.close()
    partial.replace(out)
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
    writer.add_rope_freq_base(float(config["rope_parameters"]["rope_theta"]))
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
    writer.add_eos_token_id(config["eos_token_id"])
    writer.add_pad_token_id(config["pad_token_id"])
    writer.add_bos_token_id(config["pad_token_id"])  # else llama.cpp takes id 11, an ordinary token
    writer.add_add_bos_token(False)


def _tensors(
    writer: gguf.GGUFWriter, checkpoint: Path, config: dict[str, Any], kind: gguf.GGMLQuantizationType
) -> None:
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.QWEN3, config["num_hidden_layers"])
    for file in sorted(checkpoint.glob("*.safetensors")):
        with safe_open(file, framework="numpy") as weights:
            for name in weights.keys():  # noqa: SIM118  # a safetensors handle is no dict
                if name == "lm_head.weight" and config["tie_word_embeddings"]:
                    continue
                target = names.get_name(name, try_suffixes=(".weight", ".bias"))
                if target is None:
                    raise UsageError(f"{file} has a tensor {name!r} that a Qwen3 GGUF has no name for.")
                values: NDArray[Any] = weights.get_tensor(name).astype(np.float32)
                kept = gguf.GGMLQuantizationType.F32 if values.ndim == 1 else kind
                writer.add_tensor(target, gguf.quantize(values, kept), raw_dtype=kept)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
