"""The shared-prefix update: of every group the prompt is read once, and not once for each reply.

MINT's prompts are many times as long as its replies, and TRL reads each of them as often as there are replies, padded
to the longest of the step. Here a group becomes one row,

    [ p1 .. p(n-1) | pn a1 a2 .. | pn b1 b2 .. | ... ]

with positions that start anew after the prompt, and a mask that lets a reply see the prompt and itself. The last token
of the prompt opens every reply, so that each trained token has its predecessor right before it. Loss and gradients are
those of TRL's update up to rounding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from trl import GRPOTrainer
from trl.trainer.utils import split_tensor_dict


@dataclass(frozen=True)
class GroupRow:
    """Replies to one prompt, laid out as one row of L tokens."""

    tokens: Tensor  # (L,)
    positions: Tensor  # (L,)
    segments: Tensor  # (L,): 0 in the prompt, i + 1 in the i-th reply and the token before it
    scored: Tensor  # (S,): where the tokens of the replies are

    def mask(self) -> Tensor:
        """True where a token (row) sees another (column): (1, 1, L, L)."""
        order = torch.arange(len(self.tokens), device=self.tokens.device)
        seen = (self.segments == 0) | (self.segments[:, None] == self.segments)
        return (seen & (order[:, None] >= order))[None, None]


def lay_out(prompt: Tensor, replies: list[Tensor]) -> GroupRow:
    """One row of a prompt of at least one token and its replies, of which some may be empty."""
    device, before = prompt.device, len(prompt) - 1
    tokens, positions = [prompt[:-1]], [torch.arange(before, device=device)]
    segments = [torch.zeros(before, dtype=torch.long, device=device)]
    scored, end = [], before
    for number, reply in enumerate(replies, start=1):
        size = 1 + len(reply)
        tokens += [prompt[-1:], reply]
        positions.append(torch.arange(before, before + size, device=device))
        segments.append(torch.full((size,), number, device=device))
        scored.append(torch.arange(end + 1, end + size, device=device))
        end += size
    return GroupRow(torch.cat(tokens), torch.cat(positions), torch.cat(segments), torch.cat(scored))


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
            row_logps, row_entropies = self._score(model, lay_out(prompt, replies))
            logps[start:stop][kept[:, before:]] = row_logps
            if compute_entropy:
                entropies[start:stop][kept[:, before:]] = row_entropies
        return logps, entropies if compute_entropy else None, None

    def _score(self, model: Any, row: GroupRow) -> tuple[Tensor, Tensor]:
        """Log-probability and entropy of each scored token of a row: each (S,)."""
        inputs = {
            "input_ids": row.tokens[None],
            "attention_mask": row.mask(),
            "position_ids": row.positions[None],
        }
        with self.accelerator.autocast():
            if row.tokens.device.type == "cuda":  # in tiles, so that (S, words) never lies in memory
                labels = torch.full_like(row.tokens, -100)
                labels[row.scored] = row.tokens[row.scored]
                out = model(**inputs, labels=labels[None], fused_lm_head=True)
                return out.log_probs[0, row.scored - 1], out.entropy[0, row.scored - 1]
            # Elsewhere TRL's tiles would go over the prompt as well.
            out = model(**inputs, logits_to_keep=row.scored - 1, use_cache=False)
        logps = (out.logits[0].float() / self.temperature).log_softmax(-1)
        entropy = -(logps.detach().exp() * logps.detach()).sum(-1)
        return logps.gather(1, row.tokens[row.scored][:, None])[:, 0], entropy
