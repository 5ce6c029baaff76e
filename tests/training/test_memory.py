from __future__ import annotations

import json
from pathlib import Path

from training.memory import grpo_memory, total, tuning_memory
from training.mint_recipe import MintRecipe, read_mint
from training.policy_shape import KNOWN, PolicyShape
from training.tuning_recipe import DpoRecipe, SftRecipe

GB = 1 << 30
CARD = 80 * GB
SMALL = KNOWN["Qwen/Qwen3-1.7B"]
TINY = PolicyShape(1000, 8, 2, 2, 1, 4, 16, context=100_000)
LAYER = 8 * 8 + 8 * 4 + 8 * 4 + 8 * 8 + 3 * 8 * 16
"""Weights of one of its layers that multiply."""


def needed(*changes: str, name: str = "mint-1.7b", shape: PolicyShape = SMALL) -> dict[str, int]:
    return grpo_memory(read_mint(name, changes), shape, 1, CARD)


def test_the_memory_of_a_network_worked_by_hand() -> None:
    recipe = MintRecipe.model_validate(
        {
            "name": "a", "group": 2, "policy": {"lora": 1}, "prompts": {"limit": 100},
            "rollout": {"tokens": 10, "together": 4},
        }
    )  # fmt: skip
    found = grpo_memory(recipe, TINY, 1, CARD)
    # adapters of rank 1, each layer: q 8+8, k and v 8+4 each, o 8+8, three of the feed-forward 8+16 each
    assert TINY.adapters(1) == 2 * (16 + 12 + 12 + 16 + 3 * 24)
    layer = (100 + 2 * 10) * (24 * 8 + 8 * 16 + 12 * 8) + 2 * 110 * 8 * 4 + 2 * LAYER
    assert found == {
        "weights": 4 * 1000,
        "training": 16 * 256,
        "rollout model": 2 * 1000,
        "judge": 0,
        "update": 2 * layer + layer // 2,
        "rollout": 2 * (100 + 2 * 10) * 2 * 1 * 4 * 2 * 2,  # two groups, each with its prompt once
    }
    assert total(found) == int(1.1 * (4000 + 4096 + 2000 + found["update"]))


def test_reading_each_prompt_once_is_what_saves_memory() -> None:
    assert needed("update.shared_prefix=false")["update"] > 4 * needed()["update"]


def test_a_group_s_prompt_is_kept_once_and_one_of_its_own_history_for_each_reply() -> None:
    tokens = 28 * 8 * 128 * 4
    assert needed()["rollout"] == 24 * (8192 + 8 * 512) * tokens
    assert needed("own_history.every=10")["rollout"] == 192 * (8192 + 512) * tokens


def test_vllm_takes_its_share_of_the_card_and_no_second_copy() -> None:
    beside, server = (
        needed(f"rollout.engine={engine}", *more)
        for engine, more in (("vllm", ()), ("vllm-server", ("rollout.url=http://localhost:8000",)))
    )
    assert (beside["rollout model"], beside["rollout"]) == (0, int(0.3 * CARD))
    assert (server["rollout model"], server["rollout"]) == (0, 0)


def test_a_classifier_is_as_large_as_its_files(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"0" * 1000)
    (tmp_path / "pytorch_model.bin").write_bytes(b"0" * 1000)
    (tmp_path / "config.json").write_text(json.dumps({}))
    assert needed(f"reward.quality={tmp_path}")["judge"] == 1000
    assert needed("reward.quality=http://localhost:8000")["judge"] == 0


def test_full_training_keeps_the_model_as_it_was_and_processes_share_a_gradient() -> None:
    recipe = read_mint("mint-1.7b", ("policy.lora=0",))
    p = SMALL.parameters
    one, two = (grpo_memory(recipe, SMALL, processes, CARD) for processes in (1, 2))
    assert (one["weights"], one["training"], two["training"]) == (8 * p, 12 * p, 16 * p)
    assert needed("policy.lora=0", "update.beta=0")["weights"] == 4 * p


def test_dpo_reads_two_replies_for_each_pair() -> None:
    values = {"name": "a", "prompts": {"limit": 2000}, "step": {"together": 2}}
    sft = tuning_memory(SftRecipe.model_validate(values | {"tokens": 50}), SMALL, 1)
    dpo = tuning_memory(DpoRecipe.model_validate(values | {"rollout": {"tokens": 50}}), SMALL, 1)
    assert 1.8 * sft["update"] < dpo["update"] < 2 * sft["update"]
    assert total(sft) == int(1.1 * sum(sft.values()))
