from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from companion.errors import CompanionError, UsageError
from planner.layouts import CONTROL_TOKENS
from tests.companion.fakes import CueEncoder
from tests.training.local_server import Answer, serving
from tests.training.tiny_policy import tiny_policy
from training import grpo_run
from training.curves import read_metrics
from training.grpo import config, schedule
from training.importance import RATIO
from training.mint_recipe import MintRecipe
from training.policy import load
from training.recipe import check
from training.trl_run import TrlRun

ROOT = Path(__file__).parents[2]
KILLED = """
import json, os, signal, sys
from pathlib import Path
import torch
from tests.training.test_grpo import Reader, during
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
NOT_THE_SAME = ("seconds/", "step_time")
REPLIES = ["What happened?", "It makes sense. What now?", "Try to sleep first.", "Oh."]


class Reader(CueEncoder):
    """The encoder of these tests, with files to be told by."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(__file__).parent / "no encoder"


@pytest.fixture(autouse=True)
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    monkeypatch.setattr(grpo_run, "Encoder", Reader)
    monkeypatch.setattr("training.reply_tags.fingerprint", lambda folder: "tests")


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It ends a reply with any of many tokens: a reply that was cut off would not be learned from."""
    folder = tiny_policy(tmp_path_factory.mktemp("policy"))
    file = folder / "generation_config.json"
    values = json.loads(file.read_text())
    file.write_text(json.dumps(values | {"eos_token_id": [values["eos_token_id"], *range(60)]}))
    return folder


@pytest.fixture
def talks(tmp_path: Path) -> Path:
    """Eight conversations of three exchanges."""
    file = tmp_path / "talks.jsonl"
    with file.open("w") as out:
        for number in range(8):
            said = [f"Trouble {number}.", REPLIES[number % 4], "More of it.", REPLIES[(number + 1) % 4], "Hm.", "Oh."]
            roles = ["user", "assistant"] * 3
            messages = [{"role": role, "content": text} for role, text in zip(roles, said, strict=True)]
            out.write(json.dumps({"id": f"talk-{number}", "messages": messages}) + "\n")
    return file


@pytest.fixture
def values(policy: Path, talks: Path) -> dict[str, Any]:
    return {
        "name": "tiny", "gpu": False, "steps": 4, "save_every": 2, "rows": 2, "group": 4,
        "data": {"mint": False, "files": [str(talks)], "held_out": 0.0},
        "prompts": {"layout": "mini", "plan": True, "thinking": False, "limit": 300},
        "policy": {"model": str(policy), "lora": 4},
        "rollout": {"tokens": 10, "together": 8},
        "reward": {"mode": "q+dkl+opening"},
        "update": {"lr": 1e-2},
    }  # fmt: skip


@pytest.fixture
def start(values: dict[str, Any], tmp_path: Path) -> Callable[..., TrlRun]:
    def begin(resume: Path | None = None, **changes: Any) -> TrlRun:
        recipe = check(MintRecipe, values | changes)
        return grpo_run.start(recipe, data=tmp_path, runs=tmp_path / "runs", resume=resume)

    return begin


Start = Callable[..., TrlRun]


def logged(run: TrlRun) -> list[dict[str, Any]]:
    rows = read_metrics(run.run.folder)
    return [{name: value for name, value in row.items() if not name.startswith(NOT_THE_SAME)} for row in rows]


def during(run: TrlRun, step: int, act: Callable[[], None]) -> None:
    """Has something happen in the update of a step, counted from 1."""
    ordinary = run.trainer.training_step

    def training_step(*given: Any, **named: Any) -> Any:
        loss = ordinary(*given, **named)
        if run.trainer.state.global_step + 1 == step:
            run.trainer.training_step = ordinary
            act()
        return loss

    run.trainer.training_step = training_step


def steps_kept(run: TrlRun) -> list[int]:
    return [int(path.name.rpartition("-")[2]) for path in run.run.checkpoints()]


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


# -- what goes wrong ------------------------------------------------------------------------------------------


def test_a_reward_that_is_no_number_ends_the_run(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    run = start()
    monkeypatch.setattr(
        grpo_run.GrpoReward,
        "__call__",
        lambda self, *, completions, **_: [float("nan"), *[1.0] * (len(completions) - 1)],
    )
    with pytest.raises(CompanionError, match=r"A reward at step 1 is no number\..*--resume "):
        run.train()


def test_a_reader_that_dies_ends_the_run_with_its_sentence(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(*_: Any, **__: Any) -> Any:
        raise CompanionError("http://localhost:1 does not answer.")

    monkeypatch.setattr("training.readings.EncoderQuality.quality", dead)
    with pytest.raises(CompanionError, match="does not answer"):
        start().train()


def test_a_reward_server_that_dies_ends_the_run_and_once_it_is_back_the_run_goes_on(start: Start) -> None:
    def scores(asked: Any) -> Answer:
        return 200, json.dumps({"scores": [len(reply) % 7 / 7 for reply in asked["replies"]]}).encode()

    with ExitStack() as alive:
        server = alive.enter_context(serving(scores))
        run = start(reward={"quality": server.url, "tries": 1})
        during(run, 3, alive.close)
        with pytest.raises(CompanionError, match=rf"reward server at {server.url} cannot be used: .*--resume"):
            run.train()
    assert len(server.asked) == 3
    assert steps_kept(run) == [2]
    with serving(scores, port=urlsplit(server.url).port or 0):
        again = start(run.run.folder)
        assert again.step == 2
        assert again.train()
    assert [row["step"] for row in logged(again)] == [1, 2, 3, 4]


def test_a_mixture_of_experts_is_refused_before_its_weights_are_looked_for(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"architectures": ["Qwen3MoeForCausalLM"]}))
    with pytest.raises(UsageError, match=r"a 'Qwen3MoeForCausalLM' model; Qwen3, .* can be converted"):
        load(str(tmp_path), torch.float32)


def test_a_full_disk_is_a_sentence_and_the_earlier_checkpoints_stay(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start()
    ordinary = torch.save

    def save(value: Any, file: Any, *given: Any, **named: Any) -> None:
        if "checkpoint-000004" in str(file):
            raise RuntimeError("[enforce fail at inline_container.cc:858] . PytorchStreamWriter failed writing file")
        ordinary(value, file, *given, **named)

    monkeypatch.setattr(torch, "save", save)
    with pytest.raises(CompanionError, match=r"The checkpoint at step 4 could not be written .*Free some space"):
        run.train()
    assert steps_kept(run) == [2]
    assert not list(run.run.folder.glob("*.partial"))


def exhausted(*_: Any, **__: Any) -> Any:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")


@pytest.mark.parametrize(
    ("where", "place", "setting"),
    [
        ("_sample", ", in the rollout", "rollout.together=4"),
        ("compute_loss", ", in the update", "update.checkpointing=true"),
        ("_clip_grad_norm", "", "policy.dtype=bfloat16"),  # as the optimiser's step, outside of TRL's training_step
    ],
)
def test_out_of_memory_names_the_setting_that_takes_less(start: Start, where: str, place: str, setting: str) -> None:
    run = start()
    setattr(run.trainer, where, exhausted)
    with pytest.raises(CompanionError, match=rf"Memory ran out at step 1{place}\. .* --set {setting}$"):
        run.train()


def test_out_of_memory_before_the_first_step_is_a_sentence(
    start: Start, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.policy.load", exhausted)
    with pytest.raises(CompanionError, match=r"before the first step\. .* --set policy\.lora=16$"):
        start(policy={"model": str(policy), "lora": 0})


def test_out_of_memory_at_the_end_loses_nothing(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    run = start(steps=1)
    assert run.train()
    monkeypatch.setattr("training.trl_run.finish", exhausted)
    with pytest.raises(CompanionError, match=rf"Nothing is lost: .* --resume {run.run.folder}$"):
        run.finish(None, print)


def test_a_gradient_that_is_no_number_leaves_the_weights_as_they_were(start: Start) -> None:
    run = start()
    adapters = [weight for weight in run.trainer.model.parameters() if weight.requires_grad]
    before = [weight.clone() for weight in adapters]
    during(run, 1, lambda: adapters[0].grad.fill_(float("nan")))  # type: ignore[union-attr]
    with pytest.raises(CompanionError, match=r"Training broke down at step 1 .*--set update\.lr=0\.005"):
        run.train()
    assert all(torch.equal(old, new) for old, new in zip(before, adapters, strict=True))


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
    for start in range(0, len(places), whole):
        epoch = places[start : start + whole]
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
