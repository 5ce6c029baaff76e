"""A Qwen3 GGUF file as transformers loads it, so that a model that ships can be trained: the way back of `convert`.

Weights are dequantised to float32. The tokenizer is built from the file's tokens and merges with the split expression
that llama.cpp knows as `qwen2`; its ids equal llama.cpp's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import torch
from tokenizers import AddedToken, Tokenizer, models
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

from companion.errors import NotFound, UsageError
from training.tokens import byte_level

KEYS = "qwen3."


def read_gguf(file: Path, folder: Path) -> Path:
    """Write the model of `file` and its tokenizer into `folder`, as transformers loads them; returns `folder`.

    Raises NotFound when the file is not there, UsageError when it is no Qwen3 GGUF with a `qwen2` tokenizer.
    """
    if not file.is_file():
        raise NotFound(f"There is no model file {file}.")
    try:
        reader = gguf.GGUFReader(file)
    except ValueError as error:
        raise UsageError(f"{file} is no GGUF file: {error}.") from None
    fields = {name: field for name, field in reader.fields.items() if not name.startswith("tokenizer.ggml.tok")}
    values: dict[str, Any] = {name: field.contents() for name, field in fields.items()}
    tokenizer_kind = values.get("tokenizer.ggml.model"), values.get("tokenizer.ggml.pre")
    if values.get("general.architecture") != "qwen3" or tokenizer_kind != ("gpt2", "qwen2"):
        raise UsageError(
            f"{file} holds a {values.get('general.architecture')!r} model with a {tokenizer_kind[1]!r} tokenizer; "
            "only Qwen3 files can be trained from a GGUF. Give the folder of the original model instead."
        )
    tokens: list[str] = reader.fields["tokenizer.ggml.tokens"].contents()
    types: list[int] = reader.fields["tokenizer.ggml.token_type"].contents()
    tokenizer = _tokenizer(tokens, types, values.get("tokenizer.ggml.merges", []))
    end, padding = (values[f"tokenizer.ggml.{name}_token_id"] for name in ("eos", "padding"))
    model = Qwen3ForCausalLM(_config(values, len(tokens), end, padding, tied=_is_tied(reader)))
    model.load_state_dict(_weights(reader, values[f"{KEYS}block_count"]), strict=not _is_tied(reader))
    model.save_pretrained(folder)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=tokens[end], pad_token=tokens[padding])
    fast.save_pretrained(folder)
    (folder / "README.md").write_text(f"---\nlicense: {values.get('general.license', 'other')}\n---\n", "utf-8")
    return folder


def _is_tied(reader: gguf.GGUFReader) -> bool:
    return all(tensor.name != "output.weight" for tensor in reader.tensors)


def _config(values: dict[str, Any], words: int, end: int, padding: int, *, tied: bool) -> Qwen3Config:
    return Qwen3Config(
        vocab_size=words,
        hidden_size=values[f"{KEYS}embedding_length"],
        intermediate_size=values[f"{KEYS}feed_forward_length"],
        num_hidden_layers=values[f"{KEYS}block_count"],
        num_attention_heads=values[f"{KEYS}attention.head_count"],
        num_key_value_heads=values[f"{KEYS}attention.head_count_kv"],
        head_dim=values[f"{KEYS}attention.key_length"],
        max_position_embeddings=values[f"{KEYS}context_length"],
        rope_parameters={"rope_type": "default", "rope_theta": values[f"{KEYS}rope.freq_base"]},
        rms_norm_eps=values[f"{KEYS}attention.layer_norm_rms_epsilon"],
        tie_word_embeddings=tied,
        attention_bias=False,
        bos_token_id=None,
        eos_token_id=end,
        pad_token_id=padding,
    )


def _weights(reader: gguf.GGUFReader, layers: int) -> dict[str, torch.Tensor]:
    """Every tensor in float32, by its name in transformers."""
    names = {}
    ours = gguf.get_tensor_name_map(gguf.MODEL_ARCH.QWEN3, layers)
    for name in Qwen3ForCausalLM(Qwen3Config(num_hidden_layers=layers, **SMALLEST)).state_dict():
        names[ours.get_name(name, try_suffixes=(".weight", ".bias"))] = name
    return {
        names[tensor.name]: torch.from_numpy(gguf.quants.dequantize(tensor.data, tensor.tensor_type).copy())
        for tensor in reader.tensors
    }


SMALLEST: dict[str, Any] = {
    "vocab_size": 1,
    "hidden_size": 2,
    "intermediate_size": 1,
    "num_attention_heads": 1,
    "num_key_value_heads": 1,
    "head_dim": 2,
}
"""A network of any size has the same names."""


def _tokenizer(tokens: list[str], types: list[int], merges: list[str]) -> Tokenizer:
    """The tokenizer of a vocabulary: ordinary tokens by merges, added ones after them, by their ids."""
    ordinary = {token: i for i, (token, kind) in enumerate(zip(tokens, types, strict=True)) if kind == _NORMAL}
    pairs = [(left, right) for left, _, right in (merge.partition(" ") for merge in merges)]
    tokenizer = byte_level(Tokenizer(models.BPE(vocab=ordinary, merges=pairs)))
    for index, (token, kind) in enumerate(zip(tokens, types, strict=True)):
        if kind in _ADDED:
            tokenizer.add_tokens([AddedToken(token, special=kind == gguf.TokenType.CONTROL, normalized=False)])
            if tokenizer.token_to_id(token) != index:
                raise UsageError(
                    f"The token {token!r} is number {index} in a gap of the vocabulary; it cannot be kept."
                )
    return tokenizer


_NORMAL = gguf.TokenType.NORMAL
_ADDED = (gguf.TokenType.CONTROL, gguf.TokenType.USER_DEFINED)
