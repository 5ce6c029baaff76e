from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from companion.errors import CompanionError, NotFound, UsageError
from planner.layouts import Layout
from training.mint_check import GB, Machine, check_machine, check_tuning, must_fit, must_have_gpu
from training.mint_recipe import MintRecipe, read_mint
from training.policy_shape import KNOWN, PolicyShape, shape_of
from training.rewards import Weights
from training.tuning_recipe import SftRecipe, Step

ONE_GPU = Machine(processes=1, gpu_bytes=80 * GB)
SMALL = KNOWN["Qwen/Qwen3-1.7B"]
CONFIG = {
    "hidden_size": 2048, "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 8,
    "head_dim": 128, "intermediate_size": 6144, "vocab_size": 151_936, "max_position_embeddings": 40_960,
    "tie_word_embeddings": True,
}  # fmt: skip


def refusal(recipe: MintRecipe, machine: Machine, shape: PolicyShape | None = None, kind: Any = UsageError) -> str:
    with pytest.raises(kind) as error:
        check_machine(recipe, machine, shape)
    return str(error.value)


# -- the recipe -----------------------------------------------------------------------------------------------


def test_what_a_recipe_does_not_name_is_as_in_the_paper() -> None:
    recipe = MintRecipe(name="bare")
    assert (recipe.group, recipe.rows, recipe.epochs, recipe.save_every) == (8, 24, 3, 50)
    assert (recipe.update.beta, recipe.update.epsilon, recipe.update.weight_decay, recipe.update.clip) == (
        0.01, 0.2, 0.01, 1.0,
    )  # fmt: skip
    assert (recipe.rollout.temperature, recipe.rollout.tokens, recipe.prompts.limit) == (1.0, 2048, 8192)
    assert (recipe.reward.mode, recipe.reward.weight, recipe.reward.length) == ("q+dkl", 1.0, 200)
    assert recipe.total(1719) == 213


def test_any_value_may_be_set_whether_the_file_names_it_or_not() -> None:
    changes = ("rows=8", "reward.violation=3", "own_history.every=20", "prompts.layout=tail", 'data.files=["a.jsonl"]')
    recipe = read_mint("mint-mini", changes)
    assert recipe.rows == 8
    assert recipe.reward.weights == Weights(5.0, 1.0, 0.5, 3.0)
    assert recipe.own_history.every == 20
    assert recipe.prompts.layout is Layout.TAIL
    assert recipe.data.files == ("a.jsonl",)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("group=1", "group: Input should be greater than or equal to 2 (it is 1)"),
        ("update.lr=nan", "update.lr: Input should be"),
        ("reward.mode=q+x", "reward.mode: Input should be 'q', 'dkl'"),
        ("reward.floor=2", "reward.floor: Input should be less than or equal to 1 (it is 2)"),
        ("reward.tactics=somebody", "tactics is encoder or an address that begins with http://, not 'somebody'"),
        ("rollout.engine=vllm-server", "needs rollout.url"),
        ("rollout.url=http://gpu2:8000", "--set rollout.engine=vllm-server, or --set rollout.url="),
        ("own_history.every=0", "every=0 makes none: --set own_history.every=10"),
        ("data.mint=false", "there is nothing to learn from"),
        ("data.sha256=short", "data.sha256: String should match pattern"),
        ("reward.colour=red", "has no 'colour' there"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_the_reason(change: str, reason: str) -> None:
    with pytest.raises(UsageError) as error:
        read_mint("mint-mini", (change,))
    assert reason in str(error.value)


def test_an_unknown_recipe_is_named_with_those_there_are() -> None:
    with pytest.raises(NotFound, match=r"mint-1\.7b, mint-4b, mint-mini"):
        read_mint("mint-9b")


def test_a_run_ends_after_whole_steps_of_the_epochs_or_the_steps_that_are_set() -> None:
    assert MintRecipe(name="a", rows=10, epochs=0.5).total(1000) == 50
    assert MintRecipe(name="a", rows=10, epochs=3).total(9) == 1
    assert MintRecipe(name="a", steps=7).total(1000) == 7


# -- the machine ----------------------------------------------------------------------------------------------


def test_the_recipes_that_ship_fit_the_machines_they_are_for() -> None:
    for name in ("mint-1.7b", "mint-4b"):
        recipe, shape = read_mint(name), shape_of(read_mint(name).policy.model)
        for machine in (ONE_GPU, Machine(8, 80 * GB)):
            check_machine(recipe, machine, shape)
            must_fit(recipe, machine, shape)
    check_machine(read_mint("mint-mini"), Machine(1, None), None)


def test_without_a_gpu_the_recipe_that_needs_none_is_named() -> None:
    message = refusal(read_mint("mint-1.7b"), Machine(1, None), SMALL, CompanionError)
    assert "needs a GPU" in message
    assert "companion train mint-mini" in message


@pytest.fixture
def eight_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    for name, value in {
        "is_available": True, "device_count": 8, "is_bf16_supported": True,
        "get_device_properties": SimpleNamespace(total_memory=80 * GB),
    }.items():  # fmt: skip
        monkeypatch.setattr(f"torch.cuda.{name}", lambda *_, value=value: value)


@pytest.mark.usefixtures("eight_gpus")
def test_several_gpus_and_one_process_are_told_how_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "8 GPUs are visible to one process. Start one for each: torchrun --nproc_per_node 8 -m" in refusal(
        read_mint("mint-1.7b"), Machine.here()
    )
    must_have_gpu("mint-mini", False, Machine.here())
    monkeypatch.setenv("WORLD_SIZE", "8")
    check_machine(read_mint("mint-1.7b"), Machine.here(), SMALL)


@pytest.mark.usefixtures("eight_gpus")
def test_a_gpu_that_cannot_compute_in_bfloat16_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "1")
    monkeypatch.setattr("torch.cuda.is_bf16_supported", lambda: False)
    assert "computes in bfloat16" in refusal(read_mint("mint-1.7b"), Machine.here(), kind=CompanionError)


def test_rows_that_cannot_be_shared_out_in_whole_groups_are_refused_with_the_arithmetic() -> None:
    message = refusal(read_mint("mint-1.7b", ("update.groups=2",)), Machine(5, 80 * GB))
    assert "5 x 2 = 10 at a time, and 24 / 10 = 2.40" in message
    assert "--set rows=30" in message
    check_machine(read_mint("mint-1.7b", ("update.groups=2", "rows=30")), Machine(5, 80 * GB), None)


def test_prompt_and_reply_must_fit_what_the_model_reads() -> None:
    recipe = read_mint("mint-mini", ("prompts.limit=1000", "rollout.tokens=100"))
    message = refusal(recipe, Machine(1, None), PolicyShape(1, 1, 1, 1, 1, 1, 1, context=1024))
    assert "1,000 tokens and a reply of 100 make 1,100, and the model reads 1,024" in message
    assert "--set prompts.limit=924" in message


def test_what_does_not_fit_the_card_is_refused_with_the_parts_and_ways_out() -> None:
    card = Machine(1, 24 * GB)
    with pytest.raises(UsageError) as error:
        must_fit(read_mint("mint-1.7b", ("policy.lora=0",)), card, SMALL)
    message = str(error.value)
    assert "on a card of 24.0 GB" in message
    assert "weights 12.8" in message  # 4 bytes, twice: the model as it was stays beside it
    assert "training 19.2" in message
    assert "rollout model 3.2" in message
    assert "--set check_memory=false" in message
    must_fit(read_mint("mint-1.7b", ("policy.lora=0", "check_memory=false")), card, SMALL)


@pytest.mark.parametrize(
    ("changes", "card", "given"),
    [
        ((), 48, ["update.checkpointing=true"]),
        ((), 24, ["update.checkpointing=true", "rollout.together=48"]),
        (("update.checkpointing=true", "own_history.every=10"), 24, ["rollout.together=12"]),
        (("policy.lora=0",), 24, ["update.checkpointing=true", "rollout.together=48", "policy.lora=16"]),
    ],
)
def test_what_a_refusal_tells_to_give_does_fit(changes: tuple[str, ...], card: int, given: list[str]) -> None:
    machine = Machine(1, card * GB)
    with pytest.raises(UsageError) as error:
        must_fit(read_mint("mint-1.7b", changes), machine, SMALL)
    assert f"Give {' '.join(f'--set {way}' for way in given)}; --set check_memory=false" in str(error.value)
    must_fit(read_mint("mint-1.7b", (*changes, *given)), machine, SMALL)


def test_a_card_for_which_no_setting_is_enough_is_told_so() -> None:
    with pytest.raises(UsageError, match="No setting makes it fit: take a smaller model"):
        must_fit(read_mint("mint-1.7b"), Machine(1, 4 * GB), SMALL)


def test_sft_is_checked_like_grpo() -> None:
    recipe = SftRecipe(name="a", step=Step(examples=12, together=4))
    with pytest.raises(UsageError, match=r"12 / \(2 x 4\) = 1.50. Give --set step.examples=16"):
        check_tuning(recipe, Machine(2, 80 * GB), SMALL)
    check_tuning(recipe, Machine(3, 80 * GB), SMALL)
    with pytest.raises(UsageError, match="the model reads 4,096"):
        check_tuning(recipe, ONE_GPU, replace(SMALL, context=4096))
    with pytest.raises(UsageError, match=r"Give --set step\.together=1 --set step\.checkpointing=true;"):
        must_fit(recipe, Machine(1, 24 * GB), SMALL)
    must_fit(recipe.model_copy(update={"gpu": False}), Machine(1, 24 * GB), SMALL)


def test_the_sizes_of_a_model_are_read_from_its_folder(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    assert shape_of(tmp_path) == SMALL
    (tmp_path / "config.json").write_text(json.dumps(CONFIG | {"hidden_size": None}))
    assert shape_of(tmp_path) is None


def test_the_sizes_of_a_model_of_the_hub_are_read_from_what_is_on_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("transformers", reason="transformers is not installed")
    folder = tmp_path / "models--somebody--some-model"
    (folder / "snapshots" / "abc").mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("abc")
    (folder / "snapshots" / "abc" / "config.json").write_text(json.dumps(CONFIG))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert shape_of("somebody/some-model") == SMALL
    assert shape_of("somebody/another-model") is None


def test_the_sizes_of_the_model_that_ships_are_read_from_its_file() -> None:
    mini = Path(__file__).parents[2] / "models" / "mini.gguf"
    if not mini.is_file():
        pytest.skip("models/mini.gguf is not here")
    shape = shape_of(mini)
    assert shape is not None
    assert 0.9 * shape.parameters < shape.layers * sum(into * out for into, out in shape.linear) + 8192 * shape.hidden
    recipe = read_mint("mint-mini")
    assert recipe.prompts.limit + recipe.rollout.tokens <= shape.context
    check_machine(recipe, Machine(1, None), shape)
