# ruff: noqa: E402  (what is imported needs the packages that are looked for first)
from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from training.enough_memory import enough_memory, ran_out, smaller
from training.mint_recipe import MintRecipe, read_mint
from training.recipe import apply, check
from training.tuning_recipe import DpoRecipe, SftRecipe, read_tuning

SERVED = ("rollout.engine=vllm-server", "rollout.url=http://gpu2:8000")


@pytest.mark.parametrize(
    ("error", "memory"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB"), True),
        (MemoryError(), True),
        (RuntimeError("CUDA error: out of memory"), True),
        (RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory: 8 bytes"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), True),
        (ValueError("No available memory for the cache blocks. Try increasing `gpu_memory_utilization`"), True),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), False),
        (ValueError("out_of_memory is no strategy"), False),
        (OSError("out of memory"), False),
    ],
)
def test_memory_that_ran_out_is_told_from_other_faults(error: Exception, memory: bool) -> None:
    assert ran_out(error) is memory


def test_other_faults_pass_as_they_are() -> None:
    with pytest.raises(RuntimeError, match="illegal"), enough_memory(read_mint("mint-4b"), "update", lambda: "here"):
        raise RuntimeError("CUDA error: an illegal memory access was encountered")


@pytest.mark.parametrize(
    ("name", "changes", "part", "advice"),
    [
        ("mint-4b", (), "update", "prompts.limit=4096"),  # checkpointing is on, and groups are 1
        ("mint-1.7b", (), "update", "update.checkpointing=true"),
        ("mint-1.7b", ("update.groups=6",), "update", "update.groups=3"),
        ("mint-4b", (), "rollout", "rollout.together=48"),
        ("mint-4b", ("rollout.together=8",), "history", "prompts.limit=4096"),  # a group is not divided
        ("mint-1.7b", SERVED, "rollout", "prompts.limit=4096"),  # vLLM knows no rollout.together
        ("mint-1.7b", ("reward.quality=somebody/judge",), "reward", "reward.quality=encoder"),
        ("mint-1.7b", (), "start", "policy.dtype=bfloat16"),
        ("mint-1.7b", ("policy.lora=0",), "step", "policy.lora=16"),
        ("mint-1.7b", ("policy.dtype=bfloat16",), "start", None),
        ("mint-1.7b", SERVED, "start", "prompts.limit=4096"),
    ],
)
def test_the_advice_is_the_first_setting_that_can_be_smaller(
    name: str, changes: tuple[str, ...], part: Any, advice: str | None
) -> None:
    assert smaller(read_mint(name, changes), part) == advice


@pytest.mark.parametrize(
    ("kind", "changes", "part", "advice"),
    [
        (SftRecipe, (), "step", "step.together=2"),
        (SftRecipe, ("step.together=1",), "step", "step.checkpointing=true"),
        (SftRecipe, ("step.together=1", "step.checkpointing=true"), "step", "policy.lora=16"),
        (DpoRecipe, (), "rollout", "rollout.together=24"),
        (DpoRecipe, (), "start", "policy.lora=16"),
    ],
)
def test_so_it_is_for_sft_and_dpo(kind: Any, changes: tuple[str, ...], part: Any, advice: str) -> None:
    assert smaller(read_tuning(kind, kind.model_fields["method"].default, changes), part) == advice


@pytest.mark.parametrize("part", ["start", "rollout", "history", "update", "step"])
def test_advice_that_is_followed_leads_to_a_recipe_that_can_be_used_until_nothing_is_left(part: Any) -> None:
    recipe = read_mint("mint-mini", ("update.groups=2",))
    for _ in range(20):
        advice = smaller(recipe, part)
        if advice is None:
            return
        values = recipe.model_dump(mode="json")
        apply(values, advice)
        assert values != recipe.model_dump(mode="json")
        recipe = check(MintRecipe, values)
    raise AssertionError(advice)
