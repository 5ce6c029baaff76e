# ruff: noqa: E402  (what is imported needs the packages that are looked for first)
from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
transformers = pytest.importorskip("transformers", reason="transformers is not installed")
trl = pytest.importorskip("trl", reason="trl is not installed")

from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st
from peft import LoraConfig
from trl.trainer import grpo_trainer

from tests.training.tiny_policy import tiny_policy
from training.shared_prefix import SharedPrefixTrainer, attend, groups, lay_out

pytestmark = pytest.mark.torch
GROUP, ROWS = 4, 3
WORDS = 256


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    return tiny_policy(tmp_path_factory.mktemp("policy"))


def said(prompts: list[str], trainer: Any) -> dict[str, Any]:
    """Prompts and replies of many lengths, decided by the prompt, its place and the step alone; some are cut off."""
    ends = [trainer.processing_class.eos_token_id]
    prompt_ids, replies = [], []
    for place, prompt in enumerate(prompts):
        rng = random.Random(prompt)
        prompt_ids.append([rng.randrange(WORDS) for _ in range(rng.randrange(1, 40))])
        rng = random.Random(f"{trainer.state.global_step}/{place}")
        replies.append([rng.randrange(WORDS) for _ in range(rng.randrange(1, 12))] + rng.choice([ends, ends, []]))
    return {"prompt_ids": prompt_ids, "completion_ids": replies, "logprobs": None}


def worth(completion_ids: list[list[int]], **_: Any) -> list[float]:
    return [float(sum(ids) % 7) for ids in completion_ids]


def train(
    kind: Any, folder: Path, out: Path, *, lora: bool = True, checkpointing: bool = False, rollout: Any = said
) -> list[Any]:
    """What two steps on the same replies log: loss, norm of the gradient, KL."""
    adapters = LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM") if lora else None
    trainer = kind(
        model=transformers.AutoModelForCausalLM.from_pretrained(folder),
        reward_funcs=worth,
        train_dataset=Dataset.from_dict({"prompt": [f"prompt {i}" for i in range(4 * ROWS)]}),
        processing_class=transformers.AutoTokenizer.from_pretrained(folder),
        rollout_func=rollout,
        peft_config=adapters,
        args=trl.GRPOConfig(
            output_dir=str(out),
            use_cpu=True,
            bf16=False,
            seed=1,
            report_to="none",
            logging_steps=1,
            save_strategy="no",
            disable_tqdm=True,
            per_device_train_batch_size=GROUP,
            gradient_accumulation_steps=ROWS,
            num_generations=GROUP,
            max_completion_length=12,
            mask_truncated_completions=True,
            max_steps=2,
            shuffle_dataset=False,
            beta=0.05,
            temperature=0.8,
            use_bias_correction_kl=False,
            loss_type="dapo",
            learning_rate=1e-2,
            lr_scheduler_type="constant",
            gradient_checkpointing=checkpointing,
        ),
    )
    trainer.train()
    logs = [row for row in trainer.state.log_history if "loss" in row]
    return [(row["loss"], row["grad_norm"], row["kl"]) for row in logs]


class InTiles(SharedPrefixTrainer):
    """The logits made as on a GPU."""

    def _in_tiles(self) -> bool:
        return True


@pytest.mark.parametrize("lora", [True, False])
def test_tiles_change_nothing_for_the_policy_or_the_reference(folder: Path, tmp_path: Path, lora: bool) -> None:
    plain, tiles = (
        train(kind, folder, tmp_path, lora=lora, checkpointing=False) for kind in (SharedPrefixTrainer, InTiles)
    )
    for whole, tiled in zip(plain, tiles, strict=True):
        assert tiled == pytest.approx(whole, rel=1e-4, abs=1e-6)
    assert tiles[1][2] > 0.001


@pytest.mark.parametrize(
    ("lora", "checkpointing", "shuffled"),
    [(True, False, True), (True, True, False), (False, False, False), (False, True, False)],
)
def test_loss_gradient_and_kl_are_those_of_trl(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lora: bool, checkpointing: bool, shuffled: bool
) -> None:
    if not shuffled:  # the KL that TRL logs is a mean over micro-batches, and so depends on which replies share one
        monkeypatch.setattr(grpo_trainer, "shuffle_sequence_dict", lambda batch: batch)
    stock = train(trl.GRPOTrainer, folder, tmp_path, lora=lora, checkpointing=checkpointing)
    shared = train(SharedPrefixTrainer, folder, tmp_path, lora=lora, checkpointing=checkpointing)
    for theirs, ours in zip(stock, shared, strict=True):
        compared = 2 if shuffled else 3
        assert ours[:compared] == pytest.approx(theirs[:compared], rel=1e-4, abs=1e-6)
    assert shared[1][0] != shared[0][0]
    assert shared[1][1] > 0
    assert shared[1][2] > 0.001  # the policy moved away, so that the KL says something


def test_switched_off_it_is_trls_own_update(folder: Path, tmp_path: Path) -> None:
    class Switched(SharedPrefixTrainer):
        shared_prefix = False

    stock, off = (train(kind, folder, tmp_path, lora=True, checkpointing=False) for kind in (trl.GRPOTrainer, Switched))
    assert off == stock


def test_each_reply_is_opened_by_the_end_of_the_prompt_and_sees_the_prompt_and_itself() -> None:
    none = torch.tensor([], dtype=torch.long)
    row = lay_out(torch.tensor([10, 11, 12]), [torch.tensor([20, 21]), none, torch.tensor([30])])
    assert row.tokens.tolist() == [10, 11, 12, 20, 21, 12, 12, 30]
    assert row.positions.tolist() == [0, 1, 2, 3, 4, 2, 2, 3]
    assert row.tokens[row.scored].tolist() == [20, 21, 30]
    assert row.places.tolist() == [[2, 3, 4], [5, 0, 0], [6, 7, 0]]
    assert row.mask().int().tolist() == [[1, 1, 1, 0, 0], [1, 1, 1, 1, 0], [1, 1, 1, 1, 1]]


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 6), st.lists(st.integers(0, 5), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_attention_in_a_row_is_that_of_each_reply_behind_its_prompt(
    before: int, sizes: list[int], rng: random.Random
) -> None:
    prompt = torch.tensor([rng.randrange(WORDS) for _ in range(before)])
    replies = [torch.tensor([rng.randrange(WORDS) for _ in range(size)], dtype=torch.long) for size in sizes]
    row = lay_out(prompt, replies)
    assert len(row.tokens) == before - 1 + sum(size + 1 for size in sizes)
    assert torch.equal(row.tokens[row.scored], torch.cat(replies))
    torch.manual_seed(rng.randrange(99))
    shape = (len(row.tokens), 4)
    query, key, value = torch.randn(4, *shape), torch.randn(2, *shape), torch.randn(2, *shape)
    found, _ = attend(None, query[None], key[None], value[None], None, group_row=row, scaling=0.5)
    for places, written in zip(row.places, row.written, strict=True):
        seen = torch.cat((torch.arange(before - 1), places[written]))
        parts = (query[:, seen], key[:, seen].repeat_interleave(2, 0), value[:, seen].repeat_interleave(2, 0))
        alone = torch.nn.functional.scaled_dot_product_attention(*parts, is_causal=True, scale=0.5)
        assert torch.allclose(found[0, seen], alone.transpose(0, 1), atol=1e-5)


def test_rows_of_one_prompt_are_a_group_and_padding_tells_prompts_apart() -> None:
    prompts = torch.tensor([[0, 1], [0, 1], [0, 1], [2, 1]])
    mask = torch.tensor([[1, 1], [1, 1], [0, 1], [1, 1]])
    assert list(groups(prompts, mask)) == [(0, 2), (2, 3), (3, 4)]
