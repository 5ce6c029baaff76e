"""The shared-prefix update: of every group the prompt is read once, and not once for each reply.

MINT's prompts are many times as long as its replies, and TRL reads each of them as often as there are replies, padded
to the longest of the step. Here a group becomes one row,

    [ p1 .. p(n-1) | pn a1 a2 .. | pn b1 b2 .. | ... ]

with positions that start anew after the prompt. The last token of the prompt opens every reply, so that each trained
token has its predecessor right before it. Attention goes over the prompt once, and from each reply over the prompt and
itself: nothing is computed that a mask would hide. Loss and gradients are those of TRL's update up to rounding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface
from trl import GRPOTrainer
from trl.trainer.utils import split_tensor_dict

ATTENTION = "companion_shared_prefix"


@dataclass(frozen=True)
class GroupRow:
    """n replies to one prompt, laid out as one row of L tokens; S is the longest reply, and 1 for what opens it."""

    tokens: Tensor  # (L,)
    positions: Tensor  # (L,)
    before: int
    """Tokens of the prompt before its last one."""
    scored: Tensor
    """Where the tokens of the replies are."""
    places: Tensor
    """(n, S) where the tokens of each opened reply are; after its end, 0."""
    written: Tensor
    """(n, S) true where there is one."""

    def mask(self) -> Tensor:
        """True where a token of an opened reply sees one of the prompt or of that reply: (S, before + S)."""
        size, device = self.places.shape[1], self.places.device
        seen = torch.ones((size, self.before + size), dtype=torch.bool, device=device)
        return seen.tril(self.before)


def lay_out(prompt: Tensor, replies: list[Tensor]) -> GroupRow:
    """One row of a prompt of at least one token and its replies, of which some may be empty."""
    device, before = prompt.device, len(prompt) - 1
    sizes = torch.tensor([1 + len(reply) for reply in replies], device=device)
    starts = before + sizes.cumsum(0) - sizes
    order = torch.arange(int(sizes.max()), device=device)
    written = order < sizes[:, None]
    places = (starts[:, None] + order).where(written, 0)
    return GroupRow(
        tokens=torch.cat([prompt[:-1], *(part for reply in replies for part in (prompt[-1:], reply))]),
        positions=torch.cat([torch.arange(before, device=device), (before + order).expand_as(written)[written]]),
        before=before,
        scored=places[:, 1:][written[:, 1:]],
        places=places,
        written=written,
    )


def attend(
    module: torch.nn.Module, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, **options: Any
) -> tuple[Tensor, None]:
    """Attention within a `GroupRow`; (1, heads, L, D) in, (1, L, heads, D) out, as transformers wants it."""
    row: GroupRow = options["group_row"]
    before, scale = row.before, options["scaling"]
    if key.is_cuda:  # there, kernels that take a mask know no shared heads
        key, value = (each.repeat_interleave(query.shape[1] // each.shape[1], 1) for each in (key, value))
    attention = partial(scaled_dot_product_attention, scale=scale, enable_gqa=query.shape[1] != key.shape[1])
    asked, *known = (
        each[0].transpose(0, 1)[row.places].transpose(1, 2) for each in (query, key, value)
    )  # (n, H, S, D)
    first, *prompt = (each[:, :, :before] for each in (query, key, value))
    keys, values = (
        torch.cat((read.expand(len(own), -1, -1, -1), own), 2) for read, own in zip(prompt, known, strict=True)
    )
    replies = attention(asked, keys, values, attn_mask=row.mask())
    # What stands after the end of a reply is seen by nothing, and its own rows are left out here.
    found = [replies.transpose(1, 2)[row.written]]  # (L - before, H, D)
    if before:
        found.insert(0, attention(first, prompt[0], prompt[1], is_causal=True)[0].transpose(0, 1))
    return torch.cat(found)[None], None


AttentionInterface.register(ATTENTION, attend)


def groups(prompts: Tensor, mask: Tensor) -> Iterator[tuple[int, int]]:
    """Runs of rows [start, stop) that have the same prompt; prompts and mask are (B, P)."""
    start = 0
    for row in range(1, len(prompts) + 1):
        if row == len(prompts) or not (
            torch.equal(prompts[row], prompts[start]) and torch.equal(mask[row], mask[start])
        ):
            yield start, row
            start = row


class SharedPrefixTrainer(GRPOTrainer):  # type: ignore[misc]  # TRL is untyped
    """TRL's trainer with its log-probabilities computed by group. Dropout and image models are not provided for."""

    shared_prefix = True
    """False is TRL's own update."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        if self.shared_prefix:
            # For good and not around each call: a checkpointed layer is computed again later.
            for model in (self.accelerator.unwrap_model(self.model), self.ref_model):
                if model is not None:
                    self.accelerator.unwrap_model(model).config._attn_implementation = ATTENTION

    def _prepare_inputs(self, generation_batch: dict[str, Any]) -> dict[str, Any]:
        """As TRL's, which also shuffles the replies: unshuffled, a group stays in one micro-batch.

        Under `dapo` the order has no effect on the gradient.
        """
        if not (self.shared_prefix and self.model.training):
            inputs: dict[str, Any] = super()._prepare_inputs(generation_batch)
            return inputs
        slices: int = self.args.steps_per_generation
        if self._step % (slices * self.num_iterations) == 0 or self._buffered_inputs is None:
            made = self._generate_and_score_completions(generation_batch)
            self._buffered_inputs: Any = split_tensor_dict(made, slices)
        sliced: dict[str, Any] = self._buffered_inputs[self._step % slices]
        return sliced

    def _get_per_token_logps_and_entropies(
        self,
        model: Any,
        input_ids: Tensor,
        attention_mask: Tensor,
        logits_to_keep: int,
        batch_size: int | None = None,
        compute_entropy: bool = False,
        **others: Any,
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Log-probabilities and, if wanted, entropies of the replies' tokens: each (B, logits_to_keep)."""
        if not self.shared_prefix:
            stock: tuple[Tensor, Tensor | None, Tensor | None] = super()._get_per_token_logps_and_entropies(
                model, input_ids, attention_mask, logits_to_keep, batch_size, compute_entropy, **others
            )
            return stock
        before = input_ids.shape[1] - logits_to_keep
        logps = torch.zeros((len(input_ids), logits_to_keep), device=input_ids.device)
        entropies = torch.zeros_like(logps)
        for start, stop in groups(input_ids[:, :before], attention_mask[:, :before]):
            kept = attention_mask[start:stop].bool()
            prompt = input_ids[start, :before][kept[0, :before]]
            replies = [row[mask] for row, mask in zip(input_ids[start:stop, before:], kept[:, before:], strict=True)]
            row_logps, row_entropies = self._score(model, lay_out(prompt, replies), compute_entropy)
            logps[start:stop][kept[:, before:]] = row_logps
            if row_entropies is not None:
                entropies[start:stop][kept[:, before:]] = row_entropies
        return logps, entropies if compute_entropy else None, None

    def _in_tiles(self) -> bool:
        """Whether logits are made by TRL's head, in tiles, so that (S, words) never lies in memory.

        Away from a GPU the tiles would go over the prompt as well.
        """
        return bool(self.accelerator.device.type == "cuda")

    def _score(self, model: Any, row: GroupRow, with_entropy: bool) -> tuple[Tensor, Tensor | None]:
        """Log-probability and, if wanted, entropy of each scored token of a row: each (S,)."""
        inputs = {"input_ids": row.tokens[None], "position_ids": row.positions[None], "group_row": row}
        with self.accelerator.autocast():
            if self._in_tiles():
                labels = torch.full_like(row.tokens, -100)
                labels[row.scored] = row.tokens[row.scored]
                out = model(**inputs, labels=labels[None], fused_lm_head=True)
                # TRL gives the head of the reference model no entropy.
                return out.log_probs[0, row.scored - 1], out.entropy[0, row.scored - 1] if with_entropy else None
            out = model(**inputs, logits_to_keep=row.scored - 1, use_cache=False)
        logps = (out.logits[0].float() / self.temperature).log_softmax(-1)
        entropy = -(logps.detach().exp() * logps.detach()).sum(-1) if with_entropy else None
        return logps.gather(1, row.tokens[row.scored][:, None])[:, 0], entropy
