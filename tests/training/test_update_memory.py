from __future__ import annotations

import pytest

pytest.importorskip("peft", reason="peft is not installed")
pytest.importorskip("trl", reason="trl is not installed")

from tests.training.allocations import update
from training.memory import grpo_memory
from training.mint_recipe import read_mint
from training.policy_shape import PolicyShape

pytestmark = pytest.mark.torch
SHAPE = PolicyShape(0, 256, 2, 4, 4, 64, 768, context=100_000)
"""With a key for each query: there, attention is the same with and without a GPU."""


def estimate(prompt: int, *changes: str) -> int:
    sizes = (f"prompts.limit={prompt}", "rollout.tokens=64", "group=4")
    return grpo_memory(read_mint("mint-1.7b", (*sizes, *changes)), SHAPE, 1, 0)["update"]


@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("rank", [4, 0])
def test_an_update_needs_what_torch_allocates_or_a_little_more(rank: int, checkpointing: bool) -> None:
    found = update(SHAPE, (4, 1500, 64), rank=rank, checkpointing=checkpointing, shared=True)
    expected = estimate(1500, f"policy.lora={rank}", f"update.checkpointing={str(checkpointing).lower()}")
    assert found <= expected <= 1.5 * found


def test_trl_s_own_attention_needs_what_torch_allocates_or_a_little_more() -> None:
    found = update(SHAPE, (4, 300, 64), rank=4, checkpointing=False, shared=False)
    assert found <= estimate(300, "policy.lora=4", "update.shared_prefix=false") <= 1.5 * found
