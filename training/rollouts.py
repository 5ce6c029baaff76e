"""Rollouts: many replies to each prompt at once, the prompt's keys and values kept once for its whole group.

transformers' `generate` reads a prompt once for every reply and grows its cache by copying it at each token, and TRL
hands it all replies of a step at once. Here a prompt is read once, a cache of fixed size takes the replies, finished
replies leave the batch, and a limit says how many are written together. The sampling is plain: temperature alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, PreTrainedModel

ATTENTION = "companion_group"
SHRINK_AT = 0.75
"""Finished replies leave the batch once no more than this share of it is still being written."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What was sampled."""

    tokens: list[int]
    logps: list[float]
    """The log-probability with which each token was drawn, at the rollout's temperature."""


@dataclass
class _Layer:
    """Keys and values of one layer: G groups of n replies, H key-value heads, P tokens of a prompt, T of a reply."""

    prompt: tuple[Tensor, Tensor]  # each (G, H, P, D)
    replies: tuple[Tensor, Tensor]  # each (G, H, n, T, D)


class GroupCache:
    """What the model reads and writes in place of its own cache."""

    def __init__(self, lengths: Tensor, replies: int, most: int) -> None:
        """`lengths` (G,) are the tokens of the prompts; there is room for `most` tokens in each of the `replies`."""
        self.longest = int(lengths.max())
        padding = torch.arange(self.longest, device=lengths.device) >= lengths[:, None]
        self.blocked = torch.zeros(padding.shape, device=padding.device).masked_fill(padding, -torch.inf)
        self.layers: list[_Layer] = []
        self.reading: int | None = 0
        """The group whose prompt is being read; None once replies are written."""
        self.length = 0
        """Tokens written in each reply."""
        self._groups, self._replies, self._most = len(lengths), replies, most

    def update(self, keys: Tensor, values: Tensor, layer: int, *_: object) -> tuple[Tensor, Tensor]:
        """Take the keys and values (rows, H, tokens, D) of a layer; they are given back as they are."""
        if layer == len(self.layers):
            heads, size = keys.shape[1], keys.shape[3]
            prompt = (self._groups, heads, self.longest, size)
            reply = (self._groups, heads, self._replies, self._most, size)
            self.layers.append(
                _Layer((keys.new_zeros(prompt), keys.new_zeros(prompt)), (keys.new_empty(reply), keys.new_empty(reply)))
            )
        kept = self.layers[layer]
        for prompt_part, reply_part, new in zip(kept.prompt, kept.replies, (keys, values), strict=True):
            if self.reading is None:
                groups, heads, replies, _most, size = reply_part.shape
                reply_part[:, :, :, self.length] = new.view(groups, replies, heads, size).transpose(1, 2)
            else:
                prompt_part[self.reading, :, : new.shape[2]] = new[0]
        return keys, values

    def get_seq_length(self, *_: object) -> int:
        """Asked for by models; the positions are always given."""
        return self.length

    def keep(self, groups: Tensor, members: Tensor) -> None:
        """Drop all but these `groups` (g) and, of each of them, these `members` (g, m)."""
        self.blocked = self.blocked[groups]
        index = members[:, None, :, None, None]
        for layer in self.layers:
            prompt_keys, prompt_values = layer.prompt
            keys, values = (torch.take_along_dim(kept[groups], index, 2) for kept in layer.replies)
            layer.prompt = (prompt_keys[groups], prompt_values[groups])
            layer.replies = (keys, values)


def group_attention(
    module: torch.nn.Module, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, **options: Any
) -> tuple[Tensor, None]:
    """Attention of one new token in every reply, over its group's prompt and its own reply; causal over the prompts.

    query is (rows, heads, tokens, D); the result is (rows, tokens, heads, D), as transformers wants it.
    """
    cache: GroupCache = options["rollout"]
    scale: float = options["scaling"]
    if cache.reading is not None:
        read = scaled_dot_product_attention(query, key, value, is_causal=True, scale=scale, enable_gqa=True)
        return read.transpose(1, 2), None
    layer = cache.layers[module.layer_idx]  # type: ignore[index]  # an int on every attention module
    prompt_keys, prompt_values = layer.prompt
    keys, values = (kept[:, :, :, : cache.length + 1] for kept in layer.replies)
    groups, heads, replies, _, size = keys.shape
    shared = query.shape[1] // heads
    asked = query.view(groups, replies, heads, shared, size).transpose(1, 2) * scale  # (G, H, n, r, D)
    together = asked.reshape(groups, heads, replies * shared, size)
    prompt_scores = together @ prompt_keys.transpose(-1, -2) + cache.blocked[:, None, None]
    scores = torch.cat((prompt_scores.view(groups, heads, replies, shared, -1), asked @ keys.transpose(-1, -2)), -1)
    weights = scores.softmax(-1, dtype=torch.float32).to(value.dtype)
    prompt_weights, own_weights = weights[..., : prompt_keys.shape[2]], weights[..., prompt_keys.shape[2] :]
    found = prompt_weights.reshape(groups, heads, replies * shared, -1) @ prompt_values
    found = found.view(groups, heads, replies, shared, size) + own_weights @ values
    return found.transpose(1, 2).reshape(groups * replies, 1, heads * shared, size), None


AttentionInterface.register(ATTENTION, group_attention)


@contextmanager
def _attention(model: PreTrainedModel) -> Iterator[None]:
    before = model.config._attn_implementation
    model.config._attn_implementation = ATTENTION
    try:
        yield
    finally:
        model.config._attn_implementation = before


class Rollouts:
    """Samples from a copy of the policy that has the adapter merged into it, so that decoding pays for no adapter."""

    def __init__(self, model: PreTrainedModel, *, ends: Sequence[int], padding: int, together: int) -> None:
        """`model` becomes this object's own. `ends` are the tokens that end a reply.

        `together` bounds the memory: the replies, in whole groups, that are sampled at once.
        """
        self.model = model.eval().requires_grad_(False)
        self._ends = torch.tensor(list(ends), device=model.device)
        self._padding, self._together = padding, together

    @torch.no_grad()
    def follow(self, policy: Any) -> None:
        """Take over the weights of the trained model, a peft model or a plain one."""
        if not hasattr(policy, "peft_config"):
            self.model.load_state_dict(policy.state_dict())
            return
        for name, module in policy.get_base_model().named_modules():
            if hasattr(module, "get_delta_weight"):
                weight = module.get_base_layer().weight
                merged = weight + module.get_delta_weight(policy.active_adapter).to(weight.dtype)
                self.model.get_submodule(name).weight.copy_(merged)

    @torch.inference_mode()
    def sample(
        self, prompts: Sequence[Sequence[int]], replies: int, *, most: int, temperature: float, seed: int
    ) -> list[list[Reply]]:
        """`replies` replies to each prompt, in the prompts' order; each ends with its end token or has `most` tokens.

        Depends on the weights, the arguments and the device alone.
        """
        generator = torch.Generator(self.model.device).manual_seed(seed)
        found: list[list[Reply]] = [[] for _ in prompts]
        with _attention(self.model):
            for chunk in self._chunks(prompts, replies):
                texts = self._chunk([prompts[i] for i in chunk], replies, most, temperature, generator)
                for position, index in enumerate(chunk):
                    found[index] = texts[position * replies : (position + 1) * replies]
        return found

    def _chunks(self, prompts: Sequence[Sequence[int]], replies: int) -> Iterator[list[int]]:
        """Indices of the prompts that are answered together, those of like length."""
        order = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
        size = max(1, self._together // replies)
        for start in range(0, len(order), size):
            yield order[start : start + size]

    def _chunk(
        self, prompts: list[Sequence[int]], replies: int, most: int, temperature: float, generator: torch.Generator
    ) -> list[Reply]:
        """The replies of groups 0, 0, ..., 1, 1, ... . G groups, n replies in each that are still kept."""
        device = self.model.device
        lengths = torch.tensor([len(prompt) for prompt in prompts], device=device)
        cache = GroupCache(lengths, replies, most)
        read = []
        for cache.reading, prompt in enumerate(prompts):  # one by one: together they would be padded to the longest
            tokens = torch.tensor([prompt], device=device)
            hidden = self._forward(tokens, torch.arange(len(prompt), device=device)[None], cache)
            read.append(hidden[0, -1].clone())  # a view would keep the states of the whole prompt
        cache.reading = None
        last = torch.stack(read)  # (G, hidden)
        logits = self.model.lm_head(last).repeat_interleave(replies, 0)
        written = torch.full((len(prompts) * replies, most), self._padding, device=device)
        chances = torch.zeros(written.shape, device=device)
        rows = torch.arange(len(prompts) * replies, device=device).view(len(prompts), replies)  # (G, n)
        done = torch.zeros_like(rows, dtype=torch.bool)
        while True:
            drawn, chance = (each.view_as(rows) for each in _draw(logits, temperature, generator))
            drawn = drawn.masked_fill(done, self._padding)
            written[rows, cache.length], chances[rows, cache.length] = drawn, chance
            done |= torch.isin(drawn, self._ends)
            if cache.length + 1 == most or bool(done.all()):
                break
            positions = (lengths[:, None] + cache.length).expand_as(rows)
            hidden = self._forward(drawn.view(-1, 1), positions.reshape(-1, 1), cache)
            cache.length += 1
            alive = int((~done).sum(1).max()), int((~done).any(1).sum())
            if alive[0] * alive[1] <= SHRINK_AT * rows.numel():
                groups = (~done).any(1).nonzero()[:, 0]
                members = done[groups].to(torch.int8).argsort(dim=1, stable=True)[:, : alive[0]]
                cache.keep(groups, members)
                hidden = hidden.view(*rows.shape, -1)[groups[:, None], members]
                rows, done, lengths = rows[groups[:, None], members], done[groups[:, None], members], lengths[groups]
            logits = self.model.lm_head(hidden.reshape(rows.numel(), -1))
        ended = torch.isin(written, self._ends)
        sizes = torch.where(ended.any(1), ended.int().argmax(1) + 1, most).tolist()
        made = zip(written.tolist(), chances.log().tolist(), sizes, strict=True)
        return [Reply(tokens[:size], logps[:size]) for tokens, logps, size in made]

    def _forward(self, tokens: Tensor, positions: Tensor, cache: GroupCache) -> Tensor:
        """Hidden states (rows, tokens, hidden)."""
        hidden: Tensor = self.model.model(
            input_ids=tokens, position_ids=positions, past_key_values=cache, use_cache=False, rollout=cache
        ).last_hidden_state
        return hidden


def _draw(logits: Tensor, temperature: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """A token for each row of logits (rows, words), and its probability.

    By inverting cumulative probabilities: one random number each.
    """
    chances = torch.softmax(logits.float() / temperature, -1)
    below = chances.cumsum(-1)
    point = torch.rand((len(below), 1), generator=generator, device=below.device) * below[:, -1:]
    drawn = torch.searchsorted(below, point, right=True).clamp_(max=below.shape[-1] - 1)
    return drawn[:, 0], chances.gather(1, drawn)[:, 0]
