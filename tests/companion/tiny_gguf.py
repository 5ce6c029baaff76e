"""A random-weights Qwen3 model of our own shape, written with numpy and gguf alone: real kernels, no download.

The vocabulary: 256 bytes, a few merges, the control tokens of ChatML and of the plan, and `<think>` as a user-defined
token, as in Qwen3.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import gguf
import numpy as np
from gguf.constants import TokenType

from planner.layouts import CONTROL_TOKENS

CONTROLS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
USER_DEFINED = ("<think>", "</think>")
MERGES = ("h e", "l l", "he ll", "hell o", "Ġ t", "Ġt he", "t h", "i n", "e r", "Ġ a", "o u", "Ġ w", "a n")
SPOKEN = ("e", "h", "n", "r", "in", "er", "ou", "an", "Ġt", "Ġthe", "Ġa", "Ġw", ".", "?", "!", "<|im_end|>")
"""What is left of the vocabulary where replies are sentences: they end often, and the reply now and then."""
NEVER_RUN = "{{ 'the template in the file is never run' }}"
GOES_ON = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}"
    "{% if not (loop.last and m.role == 'assistant') %}<|im_end|>\n{% endif %}{% endfor %}"
    "{% if messages[-1].role != 'assistant' %}<|im_start|>assistant\n{% endif %}"
)
"""A template for servers: a reply that has begun is left open, as llama-server does it whatever the template."""
LONG = "-" * 300  # longer than the buffer that a token's text is first read into


@dataclass(frozen=True)
class Shape:
    """How large; the default loads in an instant."""

    layers: int = 2
    hidden: int = 64
    heads: int = 4
    cached_heads: int = 2
    head: int = 32
    feed_forward: int = 128
    context: int = 2048


SLOW = Shape(layers=24, hidden=256, feed_forward=768, context=4096)
"""Large enough to be caught in the middle of a prompt or a reply."""


def write(
    path: Path,
    shape: Shape = Shape(),
    *,
    name: str = "tiny",
    architecture: str = "qwen3",
    plan_controls: bool = True,
    chatml: bool = True,
    replies: Literal["letters", "sentences", "bytes", "anything"] = "letters",
    template: str = NEVER_RUN,
    precision: type[np.floating[Any]] = np.float16,
    seed: int = 0,
) -> Path:
    """The file. Its replies are noise that goes on until it is cut off; of "anything", control tokens included.

    "sentences" are noise as well, with marks in it and an end.
    """
    rng = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name(name)
    writer.add_block_count(shape.layers)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.hidden)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.cached_heads)
    writer.add_key_length(shape.head)
    writer.add_value_length(shape.head)
    writer.add_rope_freq_base(1e6)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32 if precision is np.float32 else gguf.LlamaFileType.MOSTLY_F16)
    writer.add_chat_template(template)
    tokens = _write_vocabulary(writer, plan_controls=plan_controls, chatml=chatml)

    def weights(rows: int, columns: int, scale: float) -> Any:
        return (rng.standard_normal((rows, columns), dtype=np.float32) * np.float32(scale)).astype(precision)

    def norm(label: str, size: int) -> None:
        writer.add_tensor(label, (1 + 0.2 * rng.standard_normal(size)).astype(np.float32))

    def linear(label: str, rows: int, columns: int) -> None:
        writer.add_tensor(label, weights(rows, columns, columns**-0.5))

    queries, keys = shape.heads * shape.head, shape.cached_heads * shape.head
    embedding = weights(len(tokens), shape.hidden, 0.3)
    silent = {
        "letters": [i for i, token in enumerate(tokens) if not (token.isascii() and token.isalpha())],
        "bytes": list(range(tokens.index(LONG), len(tokens))),
    }
    embedding[silent.get(replies, [])] = 0  # a logit of 0 is never among the 40 best
    if replies == "sentences":
        embedding[:, 0] = 1  # so that the last layer can tell the tokens apart that are never said
        output = weights(len(tokens), shape.hidden, 0.2)
        output[[i for i, token in enumerate(tokens) if token not in SPOKEN], 0] = -20
        writer.add_tensor("output.weight", output)
    writer.add_tensor("token_embd.weight", embedding)
    norm("output_norm.weight", shape.hidden)
    for i in range(shape.layers):
        block = f"blk.{i}"
        norm(f"{block}.attn_norm.weight", shape.hidden)
        norm(f"{block}.ffn_norm.weight", shape.hidden)
        norm(f"{block}.attn_q_norm.weight", shape.head)
        norm(f"{block}.attn_k_norm.weight", shape.head)
        linear(f"{block}.attn_q.weight", queries, shape.hidden)
        linear(f"{block}.attn_k.weight", keys, shape.hidden)
        linear(f"{block}.attn_v.weight", keys, shape.hidden)
        linear(f"{block}.attn_output.weight", shape.hidden, queries)
        linear(f"{block}.ffn_gate.weight", shape.feed_forward, shape.hidden)
        linear(f"{block}.ffn_up.weight", shape.feed_forward, shape.hidden)
        linear(f"{block}.ffn_down.weight", shape.hidden, shape.feed_forward)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _write_vocabulary(writer: Any, *, plan_controls: bool, chatml: bool) -> list[str]:
    plain = [*_byte_letters(), *(merge.replace(" ", "") for merge in MERGES), LONG]
    controls = [*(CONTROLS if chatml else CONTROLS[:1]), *(CONTROL_TOKENS if plan_controls else ())]
    tokens = [*plain, *controls, *USER_DEFINED]
    kinds = [TokenType.NORMAL] * len(plain) + [TokenType.CONTROL] * len(controls)
    kinds += [TokenType.USER_DEFINED] * len(USER_DEFINED)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types([int(kind) for kind in kinds])
    writer.add_token_merges(list(MERGES))
    writer.add_eos_token_id(tokens.index("<|im_end|>" if chatml else "<|endoftext|>"))
    writer.add_pad_token_id(tokens.index("<|endoftext|>"))
    writer.add_add_bos_token(False)
    return tokens


def _byte_letters() -> list[str]:
    """GPT-2's letter for each byte: itself where it is printable, else the next free one from 256 on."""
    printable = {*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)}
    letters: list[str] = []
    free = 256
    for byte in range(256):
        if byte in printable:
            letters.append(chr(byte))
        else:
            letters.append(chr(free))
            free += 1
    return letters
