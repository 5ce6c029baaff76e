"""Tokens weighed by how much likelier the policy says them than the model that sampled them did.

Rollouts come from another model than the one that is trained: a copy with the adapters merged into it, in bfloat16 on a
GPU, where most of what the adapters add in the first steps is rounded away, or vLLM's. So the loss of each token is
multiplied with the ratio of the two probabilities, cut off at a limit (truncated importance sampling). This is TRL's
correction for vLLM, `token_truncate`, but without its forward pass of its own: the update's has what it needs.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from trl import GRPOTrainer

RATIO = "sampling/importance_sampling_ratio"
"""TRL's name for it among the metrics."""


class ImportanceWeighted(GRPOTrainer):  # type: ignore[misc]  # TRL is untyped
    """TRL's trainer for rollouts that come with the log-probability of each token."""

    def _compute_loss(self, model: Any, inputs: dict[str, Any]) -> Tensor:
        self._batch = dict(inputs)
        loss: Tensor = super()._compute_loss(model, self._batch)
        return loss

    def _get_per_token_logps_and_entropies(self, *given: Any, compute_entropy: bool = False, **named: Any) -> Any:
        """Between this and the use of the advantages is where the loss can be weighted; it alone wants entropies."""
        found = super()._get_per_token_logps_and_entropies(*given, compute_entropy=compute_entropy, **named)
        if compute_entropy:
            self._weigh(found[0].detach())
        return found

    def _weigh(self, logps: Tensor) -> None:
        """An advantage for each token in place of one for each reply; a weight is never negative, so that it is the
        loss that is multiplied. The KL is left as it is."""
        batch, limit = self._batch, self.args.vllm_importance_sampling_clip_max
        mask = batch["completion_mask"]
        difference = (logps - batch["sampling_per_token_logps"]) * mask
        ratio = difference.nan_to_num(nan=0.0).exp()  # vLLM has no number for some tokens
        weights = ratio.clamp(max=limit)
        batch["advantages"] = batch["advantages"][:, None] * weights
        sums = torch.stack([(weights * mask).sum(), (ratio > limit).sum(), mask.sum()])
        weight, cut, tokens = self.accelerator.reduce(sums, reduction="sum").tolist()
        self._metrics["train"][f"{RATIO}/mean"].append(weight / max(tokens, 1))
        self._metrics["train"][f"{RATIO}/cut"].append(cut / max(tokens, 1))
