"""What a checkpoint computes, in numpy and float32, layer by layer: slow, small, and nothing of llama.cpp in it.

The models of `architectures` are all of one kind: RMS norms, attention with rotary positions and fewer key-value heads
than heads, a gated feed-forward layer (Touvron et al. 2023, arXiv 2302.13971), with biases or with norms of queries and
keys where a checkpoint has them. Memory: the largest matrix of one layer, and a few rows of the embedding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from companion.errors import UsageError
from companion.modelhub.architectures import Architecture, frequency_factors, read_architecture
from companion.modelhub.weights import Weight, open_checkpoint

Array = NDArray[np.float32]


def logits(folder: Path, ids: Sequence[int]) -> Array:
    """(T, V): of each token of `ids`, what may follow it. Raises as `read_architecture` and `open_checkpoint` do."""
    architecture = read_architecture(folder)
    if architecture.rope["rope_type"] not in ("default", "llama3"):
        raise UsageError(f"Positions scaled by {architecture.rope['rope_type']!r} are not computed here.")
    model = _Model(architecture, open_checkpoint(folder))
    return model.logits(ids)


class _Model:
    def __init__(self, architecture: Architecture, weights: Mapping[str, Weight]) -> None:
        self._sizes = architecture
        self._weights = weights

    def logits(self, ids: Sequence[int]) -> Array:
        embedding = self._weights["model.embed_tokens.weight"]
        x = np.concatenate([embedding.read(i, i + 1) for i in ids]).astype(np.float32)  # (T, hidden)
        turns = self._turns(len(ids))
        for i in range(self._sizes.layers):
            layer = f"model.layers.{i}."
            x = x + self._attention(self._norm(x, f"{layer}input_layernorm"), f"{layer}self_attn.", turns)
            x = x + self._feed_forward(self._norm(x, f"{layer}post_attention_layernorm"), f"{layer}mlp.")
        x = self._norm(x, "model.norm")
        output = embedding if self._sizes.tied else self._weights["lm_head.weight"]
        return np.concatenate([x @ rows.astype(np.float32, copy=False).T for rows in output.chunks()], axis=1)

    def _linear(self, x: Array, name: str) -> Array:
        weight = self._weights[f"{name}.weight"]
        made = np.concatenate([x @ rows.astype(np.float32, copy=False).T for rows in weight.chunks()], axis=1)
        bias = self._weights.get(f"{name}.bias")
        return made if bias is None else made + bias.read().astype(np.float32)

    def _norm(self, x: Array, name: str) -> Array:
        scale = np.float32(1) / np.sqrt((x * x).mean(-1, keepdims=True) + np.float32(self._sizes.epsilon))
        normed: Array = x * scale * self._weights[f"{name}.weight"].read().astype(np.float32)
        return normed

    def _turns(self, length: int) -> tuple[Array, Array]:
        """Cosines and sines, (T, 1, head size), for positions from 0 on."""
        size = self._sizes.head_size
        frequencies = float(self._sizes.rope["rope_theta"]) ** (-np.arange(0, size, 2) / size)
        factors = frequency_factors(self._sizes)
        if factors is not None:
            frequencies = frequencies / factors
        angles = np.arange(length)[:, None] * np.concatenate([frequencies, frequencies])
        return np.cos(angles)[:, None].astype(np.float32), np.sin(angles)[:, None].astype(np.float32)

    def _attention(self, x: Array, part: str, turns: tuple[Array, Array]) -> Array:
        heads, cached, size, length = self._sizes.heads, self._sizes.cached_heads, self._sizes.head_size, len(x)
        q = self._turned(self._linear(x, f"{part}q_proj").reshape(length, heads, size), f"{part}q_norm", turns)
        k = self._turned(self._linear(x, f"{part}k_proj").reshape(length, cached, size), f"{part}k_norm", turns)
        v = self._linear(x, f"{part}v_proj").reshape(length, cached, size)
        k, v = (np.repeat(each, heads // cached, axis=1) for each in (k, v))  # (T, heads, size)
        scores = np.einsum("qhd,khd->hqk", q, k) / np.float32(np.sqrt(size))
        scores += np.triu(np.full((length, length), -np.inf, np.float32), 1)  # nothing looks ahead
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        return self._linear(np.einsum("hqk,khd->qhd", scores, v).reshape(length, heads * size), f"{part}o_proj")

    def _turned(self, x: Array, norm: str, turns: tuple[Array, Array]) -> Array:
        """Queries or keys, (T, heads, size), at their positions; normed first in the models that do so."""
        if f"{norm}.weight" in self._weights:
            x = self._norm(x, norm)
        first, second = np.split(x, 2, axis=-1)
        cosines, sines = turns
        aside = np.concatenate([-second, first], axis=-1)
        return np.asarray(x * cosines + aside * sines, np.float32)

    def _feed_forward(self, x: Array, part: str) -> Array:
        gate = self._linear(x, f"{part}gate_proj")
        with np.errstate(over="ignore"):  # of a very negative gate nothing is let through
            opened = gate / (1 + np.exp(-gate))
        return self._linear(opened * self._linear(x, f"{part}up_proj"), f"{part}down_proj")
