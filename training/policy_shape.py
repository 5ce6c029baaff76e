"""The sizes of a policy, found without loading it: what checks and estimates are worked out from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from companion.engine.gguf_file import DamagedHeader, read_header


@dataclass(frozen=True, slots=True)
class PolicyShape:
    """The sizes of a Qwen3 network."""

    parameters: int
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_size: int
    feed_forward: int
    context: int
    """Tokens it can read."""

    @property
    def queries(self) -> int:
        """The queries of a token, all heads together."""
        return self.heads * self.head_size

    @property
    def linear(self) -> list[tuple[int, int]]:
        """(in, out) of the linear maps of one layer."""
        kv = self.kv_heads * self.head_size
        return [
            (self.hidden, self.queries), (self.hidden, kv), (self.hidden, kv), (self.queries, self.hidden),
            (self.hidden, self.feed_forward), (self.hidden, self.feed_forward), (self.feed_forward, self.hidden),
        ]  # fmt: skip

    def adapters(self, rank: int) -> int:
        """Parameters of adapters of this rank on all linear layers: rank * (in + out) each."""
        return rank * self.layers * sum(into + out for into, out in self.linear)


KNOWN = {
    "Qwen/Qwen3-1.7B": PolicyShape(1_720_574_976, 2048, 28, 16, 8, 128, 6144, 40_960),
    "Qwen/Qwen3-4B": PolicyShape(4_022_468_096, 2560, 36, 32, 8, 128, 9728, 40_960),
}
"""Models that a recipe names before they are on this machine; sizes as their configurations have them."""


def shape_of(model: str | Path) -> PolicyShape | None:
    """The sizes of a model by hub name, folder or GGUF file; None where they are not known before it is loaded."""
    if str(model) in KNOWN:
        return KNOWN[str(model)]
    path = Path(model)
    try:
        if path.suffix == ".gguf":
            return _of_gguf(path)
        return _of_config(json.loads((folder_here(path) / "config.json").read_text("utf-8")))
    except (DamagedHeader, OSError, KeyError, TypeError, ValueError):
        return None


def folder_here(model: Path) -> Path:
    """Where the files of a model by folder or hub name lie. Raises OSError or ValueError where they are not here."""
    if model.is_dir():
        return model
    from training.policy import folder_of  # torch comes with it, and a folder needs none

    return folder_of(str(model))


def _of_config(config: Mapping[str, Any]) -> PolicyShape:
    """Raises KeyError, TypeError or ValueError for a network of another kind."""
    hidden, layers = int(config["hidden_size"]), int(config["num_hidden_layers"])
    heads, kv_heads = int(config["num_attention_heads"]), int(config["num_key_value_heads"])
    head_size = int(config.get("head_dim") or hidden // heads)
    feed_forward, vocabulary = int(config["intermediate_size"]), int(config["vocab_size"])
    context = int(config["max_position_embeddings"])
    attention = hidden * head_size * (2 * heads + 2 * kv_heads)
    words = vocabulary * hidden * (1 if config.get("tie_word_embeddings") else 2)
    parameters = words + layers * (attention + 3 * hidden * feed_forward + 2 * hidden + 2 * head_size) + hidden
    return PolicyShape(parameters, hidden, layers, heads, kv_heads, head_size, feed_forward, context)


def _of_gguf(file: Path) -> PolicyShape:
    """Raises KeyError where the file does not name a size, and as `read_header`."""
    header = read_header(file)
    sizes = header.network
    return PolicyShape(
        parameters=header.parameters,
        hidden=sizes["embedding_length"],
        layers=sizes["block_count"],
        heads=sizes["attention.head_count"],
        kv_heads=sizes["attention.head_count_kv"],
        head_size=sizes["attention.key_length"],
        feed_forward=sizes["feed_forward_length"],
        context=header.context,
    )
