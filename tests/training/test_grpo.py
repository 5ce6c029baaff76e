from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from companion.errors import CompanionError, UsageError
from planner.layouts import CONTROL_TOKENS
from tests.training.grpo_runs import REPLIES, Start, during, logged, steps_kept
from tests.training.grpo_runs import fakes as fakes
from tests.training.grpo_runs import policy as policy
from tests.training.grpo_runs import start as start
from tests.training.grpo_runs import talks as talks
from tests.training.grpo_runs import values as values
from training import grpo_run
from training.curves import read_metrics
from training.grpo import config, schedule
from training.importance import RATIO
from training.mint_recipe import MintRecipe
from training.recipe import check
from training.trl_run import TrlRun

ROOT = Path(__file__).parents[2]
KILLED = """
import json, os, signal, sys
from pathlib import Path
import torch
from tests.training.grpo_runs import Reader, during
from training import grpo_run, reply_tags
from training.mint_recipe import MintRecipe
from training.recipe import check

torch.set_num_threads(1)
grpo_run.Encoder, reply_tags.fingerprint = Reader, lambda folder: "tests"
recipe, data = check(MintRecipe, json.loads(sys.argv[1])), Path(sys.argv[2])
run = grpo_run.start(recipe, data=data, runs=data / "runs")
during(run, 4, lambda: os.kill(os.getpid(), signal.SIGKILL))
run.train()
"""


# -- a run ----------------------------------------------------------------------------------------------------


def test_a_run_leaves_metrics_samples_curves_and_checkpoints(start: Start) -> None:
    run = start()
    assert (run.steps, run.step) == (4, 0)
    assert run.train()
    rows = read_metrics(run.run.folder)
    assert [row["step"] for row in rows] == [1, 2, 3, 4]
    assert all({"loss", "grad_norm", "kl", "reward", "parts/quality", "parts/opener"} <= row.keys() for row in rows)
    assert all(row["seconds/rollout"] > 0 and row["seconds/update"] > 0 for row in rows)
    assert rows[0]["kl"] == 0 < rows[3]["kl"]
    assert [row[f"{RATIO}/mean"] for row in rows] == pytest.approx([1.0] * 4, abs=1e-4)  # all in float32
    assert not any(row[f"{RATIO}/cut"] for row in rows)
    assert steps_kept(run) == [2, 4]
    assert list((run.run.folder / "tensorboard").glob("events*"))
    groups = [json.loads(line) for line in (run.run.folder / "samples" / "step-000003.jsonl").read_text().splitlines()]
    assert [len(group["replies"]) for group in groups] == [4, 4]
    assert all(group["prompt"].startswith("<|im_start|>user\n") for group in groups)
    rewards = [reply["reward"] for group in groups for reply in group["replies"]]
    assert sum(rewards) / len(rewards) == pytest.approx(rows[2]["reward"], abs=1e-5)


def test_only_the_adapters_are_trained(start: Start) -> None:
    run = start()
    before = {name: weight.clone() for name, weight in run.trainer.model.named_parameters()}
    assert run.train()
    changed = {name for name, weight in run.trainer.model.named_parameters() if not torch.equal(weight, before[name])}
    assert changed
    assert all("lora_" in name for name in changed)


def test_tokens_sampled_in_another_precision_are_weighed_by_how_likely_the_policy_says_them(start: Start) -> None:
    run = start(update={"lr": 1e-2, "beta": 0.0}, steps=2)
    trainer = run.trainer
    trainer._rollouts.model.bfloat16()
    trainer.args.vllm_importance_sampling_clip_max = 1.01
    ordinary, weighed = trainer._compute_loss, []

    def compute_loss(model: Any, inputs: dict[str, Any]) -> Any:
        loss, mask = ordinary(model, inputs), inputs["completion_mask"]
        ids = torch.cat([inputs["prompt_ids"], inputs["completion_ids"]], 1)
        seen = torch.cat([inputs["prompt_mask"], mask], 1)
        logps, *_ = trainer._get_per_token_logps_and_entropies(model, ids, seen, mask.shape[1])
        ratio = (logps.detach() - inputs["sampling_per_token_logps"]).exp()
        values = inputs["advantages"][:, None] * ratio.clamp(max=1.01) * mask
        assert loss.item() == pytest.approx(-values.sum().item() / inputs["num_items_in_batch"].item(), rel=1e-3)
        weighed.extend(ratio[mask.bool()].tolist())
        return loss

    trainer._compute_loss = compute_loss
    assert run.train()
    assert max(abs(ratio - 1) for ratio in weighed) > 0.01
    cut = [row[f"{RATIO}/cut"] for row in logged(run)]
    assert sum(cut) / 2 == pytest.approx(sum(ratio > 1.01 for ratio in weighed) / len(weighed), abs=0.1)
    assert cut[1] > 0


def test_a_policy_learns_what_is_rewarded(start: Start, policy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def odd(self: Any, *, completion_ids: list[list[int]], **_: Any) -> list[float]:
        return [sum(token % 2 for token in ids) / len(ids) for ids in completion_ids]

    monkeypatch.setattr(grpo_run.GrpoReward, "__call__", odd)
    run = start(steps=15, save_every=50, group=8, rows=4, policy={"model": str(policy), "lora": 0}, update={"lr": 1e-2})
    assert run.train()
    rewards = [row["reward"] for row in logged(run)]
    assert sum(rewards[-5:]) / 5 > sum(rewards[:5]) / 5 + 0.1


# -- going on -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("own_history", "lora"), [({}, 0), ({"every": 2}, 4), ({"every": 2, "share": 0.5}, 4)])
def test_a_stopped_run_goes_on_exactly(start: Start, policy: Path, own_history: dict[str, Any], lora: int) -> None:
    options = {
        "own_history": own_history,
        "policy": {"model": str(policy), "lora": lora},
        "steps": 5,
        "save_every": 10,
    }
    whole = start(**options)
    assert whole.train()
    stopped = start(name="stopped", **options)
    during(stopped, 3, lambda: signal.raise_signal(signal.SIGINT))
    assert not stopped.train()
    assert (stopped.step, steps_kept(stopped)) == (3, [3])
    again = start(stopped.run.folder)
    assert again.step == 3
    assert again.train()
    assert logged(again) == logged(whole)


def test_a_run_that_was_killed_loses_the_steps_since_its_last_checkpoint_and_no_more(
    start: Start, values: dict[str, Any], tmp_path: Path
) -> None:
    whole = start()
    assert whole.train()
    recipe = json.dumps(values | {"name": "killed"})
    died = subprocess.run([sys.executable, "-c", KILLED, recipe, tmp_path], cwd=ROOT, timeout=300)
    assert died.returncode == -signal.SIGKILL
    (folder,) = (tmp_path / "runs").glob("killed-*")
    assert [row["step"] for row in read_metrics(folder)] == [1, 2, 3]
    again = start(folder)
    assert again.step == 2
    assert again.train()
    assert logged(again) == logged(whole)


# -- histories ------------------------------------------------------------------------------------------------


def prompts_of(run: TrlRun) -> list[str]:
    """The prompts that a run answers, from here to its end."""
    seen: list[str] = []
    ordinary = run.trainer._generate_and_score_completions

    def scored(inputs: Any) -> Any:
        seen.extend(run.trainer.rows[each["place"]]["prompt"] for each in inputs[:: run.trainer.num_generations])
        return ordinary(inputs)

    run.trainer._generate_and_score_completions = scored
    assert run.train()
    return seen


def has_a_human_history(prompt: str) -> bool:
    return any(f"<|im_start|>assistant\n{reply}<|im_end|>" in prompt for reply in REPLIES)


def test_histories_are_made_anew_by_the_policy_as_it_is_then(start: Start) -> None:
    run = start(own_history={"every": 2}, steps=4)
    seen = prompts_of(run)
    files = sorted((run.run.folder / "histories").iterdir())
    assert [file.name for file in files] == ["step-000000.json", "step-000002.json"]
    made = [reply["text"] for file in files for replies in json.loads(file.read_text()).values() for reply in replies]
    later = [prompt for prompt in seen if "More of it." in prompt]
    assert later
    assert all(any(text in prompt for text in made if text) for prompt in later)
    assert not any(map(has_a_human_history, seen))


def test_a_share_of_the_rows_gets_histories_of_its_own(start: Start) -> None:
    run = start(own_history={"every": 2, "share": 0.5}, steps=8)
    human = [has_a_human_history(prompt) for prompt in prompts_of(run) if "More of it." in prompt]
    assert any(human)
    assert not all(human)


def test_a_run_whose_histories_are_gone_says_so(start: Start) -> None:
    run = start(own_history={"every": 2}, steps=4)
    during(run, 3, lambda: signal.raise_signal(signal.SIGINT))
    assert not run.train()
    for file in (run.run.folder / "histories").iterdir():
        file.unlink()
    with pytest.raises(CompanionError, match=r"step-000002\.json is gone"):
        start(run.run.folder).train()


# -- settings -------------------------------------------------------------------------------------------------


@given(st.integers(1, 40), st.integers(1, 6), st.floats(0.5, 4), st.integers(0, 5))
def test_every_row_comes_once_in_an_epoch_and_steps_are_whole(
    rows: int, at_once: int, epochs: float, seed: int
) -> None:
    recipe = check(MintRecipe, {"name": "x", "rows": at_once, "epochs": epochs, "seed": seed})
    if rows < at_once:
        with pytest.raises(UsageError, match=f"There are {rows} rows to learn from"):
            schedule(rows, recipe)
        return
    places = schedule(rows, recipe)
    assert len(places) == recipe.total(rows) * at_once
    whole = rows // at_once * at_once
    for first in range(0, len(places), whole):
        epoch = places[first : first + whole]
        assert len(set(epoch)) == len(epoch)
    assert places == schedule(rows, recipe)


def test_the_paper_s_settings_in_trl_s_words(tmp_path: Path) -> None:
    recipe = check(MintRecipe, {"name": "x", "gpu": False, "rollout": {"engine": "vllm"}})
    given = config(recipe, tmp_path, 213, 4)
    assert given.generation_batch_size * 4 == 192
    assert (given.per_device_train_batch_size, given.gradient_accumulation_steps) == (8, 6)
    assert (given.beta, given.epsilon, given.weight_decay, given.max_grad_norm) == (0.01, 0.2, 0.01, 1.0)
    assert (given.loss_type, given.scale_rewards, given.use_bias_correction_kl) == ("dapo", "group", False)
    assert (given.temperature, given.top_p, given.top_k) == (1.0, 1.0, 0)
    assert given.lr_scheduler_type == "constant"
    assert given.mask_truncated_completions
    assert (given.use_vllm, given.vllm_mode, given.vllm_importance_sampling_correction) == (True, "colocate", False)
    assert given.vllm_max_model_length == 8192 + 2048


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"gpu": False}, "needs a GPU, and gpu=false: --set gpu=true"),
        ({"own_history": {"every": 2}}, "made by transformers: --set rollout.engine=transformers"),
        ({"policy": {"model": ".", "lora": 4, "dtype": "bfloat16"}}, "--set policy.dtype=float32"),
        ({}, r'vLLM is not installed: pip install "companion-chat\[vllm\]"'),
    ],
)
def test_what_vllm_cannot_do_is_refused_before_anything_is_loaded(
    start: Start, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], sentence: str
) -> None:
    monkeypatch.setattr(grpo_run, "find_spec", lambda name: None)
    with pytest.raises(CompanionError, match=sentence):
        start(rollout={"engine": "vllm"}, **{"gpu": True} | changes)


def test_the_plan_reaches_the_policy_as_control_tokens(start: Start) -> None:
    run = start()
    prompts = [row["prompt"] for row in run.trainer.rows]
    assert all(prompt.endswith(CONTROL_TOKENS) for prompt in prompts)
