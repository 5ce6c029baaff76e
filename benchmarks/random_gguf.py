"""A GGUF file of a Qwen3 shape with random weights: it says nothing, at the speed of the real one.

    python benchmarks/random_gguf.py --shape 0.6b|1.7b|4b [--type q4_k_m|q8_0|f16] [--vocabulary models/mini.gguf] PATH

The vocabulary is that of another file, made up to Qwen3's size with tokens that are never said. llama.cpp itself
quantises, from an F16 file beside PATH that is deleted afterwards (3.4 GB for the shape of 1.7b).
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import llama_cpp as lib
import numpy as np
from gguf.constants import TokenType

from companion.paths import shipped_models


@lib.llama_log_callback  # type: ignore[untyped-decorator]  # the bindings are untyped
def _silent(level: int, text: bytes, _: object) -> None:
    """llama.cpp tells of every tensor."""


lib.llama_log_set(_silent, None)

VOCABULARY = 151_936
CONTEXT = 4096
HEAD = 128
POOL = 1 << 24
TYPES = {"q4_k_m": lib.LLAMA_FTYPE_MOSTLY_Q4_K_M, "q8_0": lib.LLAMA_FTYPE_MOSTLY_Q8_0}


@dataclass(frozen=True)
class Shape:
    """Sizes of a Qwen3 model; embeddings are tied."""

    layers: int
    hidden: int
    heads: int
    feed_forward: int
    cached_heads: int = 8


SHAPES = {
    "0.6b": Shape(28, 1024, 16, 3072),
    "1.7b": Shape(28, 2048, 16, 6144),
    "4b": Shape(36, 2560, 32, 9728),
}


def write(path: Path, shape: Shape, vocabulary: Path) -> None:
    """The F16 file."""
    pool = np.random.default_rng(0).standard_normal(POOL, dtype=np.float32)
    drawn = 0

    def weights(rows: int, columns: int, scale: float) -> Any:
        """A stretch of the pool, each time another: drawing billions of numbers would take minutes."""
        nonlocal drawn
        drawn += 1
        values = np.resize(np.roll(pool, drawn * 7919)[: min(POOL, rows * columns)], rows * columns)
        return (values * np.float32(scale)).astype(np.float16).reshape(rows, columns)

    writer = gguf.GGUFWriter(path, "qwen3", use_temp_file=True)
    writer.add_name("random")
    writer.add_block_count(shape.layers)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(shape.hidden)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.cached_heads)
    writer.add_key_length(HEAD)
    writer.add_value_length(HEAD)
    writer.add_rope_freq_base(1e6)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    spoken = copy_vocabulary(writer, vocabulary)

    embedding = weights(VOCABULARY, shape.hidden, 0.05)
    embedding[spoken:] = 0  # a logit of 0 is never among the best
    writer.add_tensor("token_embd.weight", embedding)
    writer.add_tensor("output_norm.weight", np.ones(shape.hidden, np.float32))
    queries, keys = shape.heads * HEAD, shape.cached_heads * HEAD
    for i in range(shape.layers):
        for name, size in (("attn", shape.hidden), ("ffn", shape.hidden), ("attn_q", HEAD), ("attn_k", HEAD)):
            writer.add_tensor(f"blk.{i}.{name}_norm.weight", np.ones(size, np.float32))
        for name, rows, columns in (
            ("attn_q", queries, shape.hidden),
            ("attn_k", keys, shape.hidden),
            ("attn_v", keys, shape.hidden),
            ("attn_output", shape.hidden, queries),
            ("ffn_gate", shape.feed_forward, shape.hidden),
            ("ffn_up", shape.feed_forward, shape.hidden),
            ("ffn_down", shape.hidden, shape.feed_forward),
        ):
            writer.add_tensor(f"blk.{i}.{name}.weight", weights(rows, columns, columns**-0.5))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def copy_vocabulary(writer: Any, source: Path) -> int:
    """Into `writer`; the number of tokens before the padding."""
    fields = gguf.GGUFReader(source).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    types = fields["tokenizer.ggml.token_type"].contents()
    padding = [f"[PAD{i}]" for i in range(len(tokens), VOCABULARY)]
    writer.add_tokenizer_model(fields["tokenizer.ggml.model"].contents())
    writer.add_tokenizer_pre(fields["tokenizer.ggml.pre"].contents())
    writer.add_token_list([*tokens, *padding])
    writer.add_token_types([*types, *([int(TokenType.UNUSED)] * len(padding))])
    writer.add_token_merges(fields["tokenizer.ggml.merges"].contents())
    writer.add_eos_token_id(fields["tokenizer.ggml.eos_token_id"].contents())
    writer.add_add_bos_token(False)
    return len(tokens)


def quantise(source: Path, target: Path, kind: str) -> None:
    params = lib.llama_model_quantize_default_params()
    params.ftype = TYPES[kind]
    params.nthread = os.cpu_count() or 1
    if lib.llama_model_quantize(os.fsencode(source), os.fsencode(target), params):
        raise SystemExit(f"llama.cpp could not quantise {source}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path)
    parser.add_argument("--shape", choices=SHAPES, required=True)
    parser.add_argument("--type", choices=[*TYPES, "f16"], default="q4_k_m")
    parser.add_argument("--vocabulary", type=Path, default=shipped_models() / "mini.gguf")
    arguments = parser.parse_args()
    whole = arguments.path if arguments.type == "f16" else arguments.path.with_suffix(".f16")
    write(whole, SHAPES[arguments.shape], arguments.vocabulary)
    if whole != arguments.path:
        quantise(whole, arguments.path, arguments.type)
        whole.unlink()


if __name__ == "__main__":
    main()
