# ruff: noqa: E402  (what is imported needs the packages that are looked for first)
from __future__ import annotations

import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
trl = pytest.importorskip("trl", reason="trl is not installed")

from tests.training.test_shared_prefix import said, train
from tests.training.tiny_policy import tiny_policy
from training.importance import ImportanceWeighted
from training.shared_prefix import SharedPrefixTrainer

pytestmark = pytest.mark.torch


def said_by_another(prompts: list[str], trainer: Any) -> dict[str, Any]:
    """Replies with log-probabilities of a model that is much unlike the policy; one of them is no number."""
    found = said(prompts, trainer)
    rng = random.Random(2)
    found["logprobs"] = [[-rng.uniform(2, 12) for _ in reply] for reply in found["completion_ids"]]
    found["logprobs"][0][0] = None
    return found


class AsWithVllm(trl.GRPOTrainer):  # type: ignore[misc]  # TRL is untyped
    """TRL's correction of what vLLM sampled, with no vLLM."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.use_vllm, self.vllm_importance_sampling_mode = True, "token_truncate"
        self.vllm_generation, self._last_loaded_step = SimpleNamespace(sync_weights=lambda: None), None


class Ours(ImportanceWeighted, SharedPrefixTrainer):
    pass


def test_tokens_are_weighed_as_trl_does_for_vllm(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    folder = tiny_policy(tmp_path / "policy")
    theirs, ours, unweighted = (
        train(kind, folder, tmp_path, rollout=said_by_another) for kind in (AsWithVllm, Ours, SharedPrefixTrainer)
    )
    for step, expected in zip(ours, theirs, strict=True):
        assert step[:2] == pytest.approx(expected[:2], rel=1e-4, abs=1e-6)  # loss, gradient
    assert abs(ours[0][1] - unweighted[0][1]) > 0.1 * unweighted[0][1]
