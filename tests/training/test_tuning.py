from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

from companion.cli.train import Wanted, _ending
from companion.errors import CompanionError, NotFound, UsageError
from tests.companion.fakes import CueEncoder
from tests.conftest import Program
from tests.training.tiny_policy import tiny_policy
from training import tuning
from training.asked import Asked
from training.curves import read_metrics
from training.mint_check import Machine
from training.recipe import check
from training.run import Run
from training.sampled import FILE, read_groups
from training.tokens import SPECIAL
from training.trl_run import TrlRun
from training.tuning_recipe import DpoRecipe, SftRecipe, read_tuning

NOT_THE_SAME = {"train_runtime", "total_flos"}
STEP = {"lr": 5e-3, "examples": 4, "together": 2, "warmup": 0.0}
REPLIES = ["What happened?", "It makes sense. What now?", "Try to sleep first.", "Oh."]


class Reader(CueEncoder):
    """The encoder of these tests, with files to be told by."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(__file__).parent / "no encoder"


@pytest.fixture(autouse=True)
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    monkeypatch.setattr(tuning, "Encoder", Reader)
    monkeypatch.setattr("training.reply_tags.fingerprint", lambda folder: "tests")


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_policy(tmp_path_factory.mktemp("policy"))


@pytest.fixture
def talks(tmp_path: Path) -> Path:
    """Twelve conversations of two exchanges."""
    file = tmp_path / "talks.jsonl"
    with file.open("w") as out:
        for number in range(12):
            said = [f"Trouble {number}.", REPLIES[number % 4], "More of it.", REPLIES[(number + 1) % 4]]
            roles = ["user", "assistant"] * 2
            messages = [{"role": role, "content": text} for role, text in zip(roles, said, strict=True)]
            out.write(json.dumps({"id": f"talk-{number}", "messages": messages}) + "\n")
    return file


def values(method: str, policy: Path, talks: Path, adapters: int = 0, **changes: Any) -> dict[str, Any]:
    return {
        "method": method, "name": method, "gpu": False, "steps": 4, "save_every": 2, "step": STEP,
        "data": {"mint": False, "files": [str(talks)], "held_out": 0.0},
        "prompts": {"layout": "mini", "plan": True, "thinking": False, "limit": 400},
        "policy": {"model": str(policy), "lora": adapters}, "ending": {"conversations": 0},
    } | changes  # fmt: skip


def sft(policy: Path, talks: Path, runs: Path, resume: Path | None = None, **changes: Any) -> TrlRun:
    recipe = check(SftRecipe, values("sft", policy, talks, **{"tokens": 60} | changes))
    return tuning.start_sft(recipe, data=runs, runs=runs, resume=resume)


def dpo(policy: Path, talks: Path, runs: Path, resume: Path | None = None, **changes: Any) -> TrlRun:
    sampling = {"rows": 6, "group": 4, "rollout": {"tokens": 24, "together": 8}}
    recipe = check(DpoRecipe, values("dpo", policy, talks, **sampling | changes))
    return tuning.start_dpo(recipe, data=runs, runs=runs, resume=resume)


def logged(run: TrlRun) -> list[dict[str, Any]]:
    rows = read_metrics(run.run.folder)
    return [{name: value for name, value in row.items() if name not in NOT_THE_SAME} for row in rows]


def interrupted(run: TrlRun) -> None:
    """Ctrl-C in the first step."""
    ordinary = run.trainer.training_step

    def step(*given: Any, **named: Any) -> Any:
        signal.raise_signal(signal.SIGINT)
        run.trainer.training_step = ordinary
        return ordinary(*given, **named)

    run.trainer.training_step = step
    assert not run.train()


# -- sft ------------------------------------------------------------------------------------------------------


def test_a_model_learns_the_replies_of_conversations(policy: Path, talks: Path, tmp_path: Path) -> None:
    run = sft(policy, talks, tmp_path / "runs", steps=12)
    assert run.train()
    losses = [row["loss"] for row in logged(run)]
    assert len(losses) == 12
    assert losses[-1] < 0.8 * losses[0]
    assert [path.name for path in run.run.checkpoints()] == [
        "checkpoint-000008",
        "checkpoint-000010",
        "checkpoint-000012",
    ]


def test_only_the_reply_is_learned_and_its_end(policy: Path, talks: Path, tmp_path: Path) -> None:
    run = sft(policy, talks, tmp_path / "runs")
    trainer = run.trainer
    batch = next(iter(trainer.get_train_dataloader()))
    tokenizer = trainer.processing_class
    for labels in batch["labels"]:
        text = tokenizer.decode([label for label in labels.tolist() if label >= 0])
        assert text.removesuffix("<|im_end|>") in REPLIES
        assert text.endswith("<|im_end|>")


@pytest.mark.parametrize("start", [sft, dpo])
def test_a_stopped_run_goes_on_exactly(start: Any, policy: Path, talks: Path, tmp_path: Path) -> None:
    whole = start(policy, talks, tmp_path / "whole", **_files(start, tmp_path))
    assert whole.train()
    stopped = start(policy, talks, tmp_path / "stopped", **_files(start, tmp_path))
    interrupted(stopped)
    assert stopped.step == 1
    again = start(policy, talks, tmp_path / "stopped", resume=stopped.run.folder)
    assert again.step == 1
    assert again.train()
    assert logged(again) == logged(whole)


@pytest.mark.parametrize(("start", "name"), [(sft, "talks.jsonl"), (dpo, "given.jsonl")])
def test_a_run_does_not_go_on_with_other_data(start: Any, name: str, policy: Path, talks: Path, tmp_path: Path) -> None:
    changes = _files(start, tmp_path)
    run = start(policy, talks, tmp_path / "runs", **changes)
    file = tmp_path / name
    file.write_text(file.read_text().replace("Trouble 3", "Trouble 33"))
    with pytest.raises(UsageError, match=rf"^Not as when this run began: \S+{name}\. Put back what was there"):
        start(policy, talks, tmp_path / "runs", resume=run.run.folder)


def test_a_checkpoint_that_lacks_a_part_is_named(policy: Path, talks: Path, tmp_path: Path) -> None:
    run = sft(policy, talks, tmp_path / "runs")
    interrupted(run)
    (checkpoint,) = run.run.checkpoints()
    (checkpoint / "carried-0.json").unlink()
    again = sft(policy, talks, tmp_path / "runs", resume=run.run.folder)
    with pytest.raises(UsageError, match=r"checkpoint-000001 cannot be gone on from"):
        again.train()


def test_a_run_that_is_at_its_end_has_nothing_left_to_train(policy: Path, talks: Path, tmp_path: Path) -> None:
    run = sft(policy, talks, tmp_path / "runs")
    assert run.train()
    again = sft(policy, talks, tmp_path / "runs", resume=run.run.folder)
    assert again.train()
    assert logged(again) == logged(run)
    assert len(logged(run)) == 4
    for name, weight in run.trainer.model.named_parameters():
        assert torch.equal(weight, again.trainer.model.get_parameter(name)), name


def _files(start: Any, folder: Path) -> dict[str, Any]:
    """Replies that were sampled before, so that this is about training."""
    if start is sft:
        return {}
    file = folder / "given.jsonl"
    with file.open("w") as out:
        for number in range(8):
            replies = [
                {"reply": f"What is it, {number}?", "quality": 0.9, "novelty": 1.0, "tokens": 5, "violation": False},
                {"reply": "Oh.", "quality": 0.1, "novelty": 0.9, "tokens": 4, "violation": False},
            ]
            prompt = f"<|im_start|>user\nTrouble {number}.<|im_end|>\n<|im_start|>assistant\n"
            out.write(json.dumps({"prompt": prompt, "replies": replies}) + "\n")
    return {"files": [str(file)]}


# -- dpo ------------------------------------------------------------------------------------------------------


def test_a_model_learns_to_prefer_the_better_of_two_replies(policy: Path, talks: Path, tmp_path: Path) -> None:
    run = dpo(policy, talks, tmp_path / "runs", steps=8, **_files(dpo, tmp_path))
    assert run.train()
    rows = logged(run)
    assert rows[-1]["rewards/accuracies"] == 1.0
    assert rows[-1]["rewards/margins"] > rows[0]["rewards/margins"]
    assert not (run.run.folder / FILE).exists()


def test_without_files_the_model_s_own_replies_are_sampled_read_and_kept(
    policy: Path, talks: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=r"There are 0 pairs in 6 groups of replies"):
        dpo(policy, talks, tmp_path / "runs")  # letters at random: nothing to tell them apart by
    (folder,) = (tmp_path / "runs").iterdir()
    groups = read_groups([folder / FILE])
    assert [len(replies) for _, replies in groups] == [4] * 6
    assert all(prompt.endswith(("assistant\n", "|>")) for prompt, _ in groups)
    assert any(not reply.sound for _, replies in groups for reply in replies)  # cut off at 24 tokens


def test_sampling_goes_on_where_it_was_stopped(policy: Path, talks: Path, tmp_path: Path) -> None:
    for name in ("whole", "stopped"):
        with pytest.raises(UsageError, match="0 pairs"):
            dpo(policy, talks, tmp_path / name, rows=12)
    (whole,), (stopped,) = (list((tmp_path / name).iterdir()) for name in ("whole", "stopped"))
    lines = (whole / FILE).read_text().splitlines(keepends=True)
    assert len(lines) == 12
    (stopped / FILE).write_text("".join(lines[:8]) + lines[8][:20])
    with pytest.raises(UsageError, match="0 pairs"):
        dpo(policy, talks, tmp_path, resume=stopped)
    assert (stopped / FILE).read_text().splitlines(keepends=True) == lines


def test_what_must_never_be_said_is_not_fit_to_be_preferred(tmp_path: Path) -> None:
    said = ["You are right, there is no hope left for you.", "Yes."]
    replies = [{"reply": text, "quality": 1, "novelty": 1, "tokens": 1, "violation": False} for text in said]
    file = tmp_path / "given.jsonl"
    file.write_text(json.dumps({"prompt": "p", "replies": replies}) + "\n")
    ((_, (hopeless, sound)),) = read_groups([file])
    assert (hopeless.sound, sound.sound) == (False, True)


@pytest.mark.parametrize("line", ["no json", '{"prompt": "p"}', '{"prompt": "p", "replies": [{"reply": "a"}]}'])
def test_a_file_that_holds_no_groups_is_named_with_its_line(line: str, tmp_path: Path) -> None:
    file = tmp_path / "given.jsonl"
    file.write_text(line + "\n")
    with pytest.raises(UsageError, match=r"given\.jsonl, line 1, is no group of replies"):
        read_groups([file])


# -- both -----------------------------------------------------------------------------------------------------


def test_adapters_alone_can_be_trained(policy: Path, talks: Path, tmp_path: Path) -> None:
    run = sft(policy, talks, tmp_path / "runs", adapters=2)
    before = {name: weight.clone() for name, weight in run.trainer.model.named_parameters() if "lora_" not in name}
    assert run.train()
    after = dict(run.trainer.model.named_parameters())
    assert all(torch.equal(weight, after[name]) for name, weight in before.items())
    assert logged(run)[-1]["loss"] != logged(run)[0]["loss"]


def test_too_few_examples_are_said_with_the_numbers(policy: Path, talks: Path, tmp_path: Path) -> None:
    step = STEP | {"examples": 24, "together": 4}
    with pytest.raises(UsageError, match=r"There are \d+ examples, fewer than the 24 of one step"):
        sft(policy, talks, tmp_path / "runs", step=step, tokens=12)  # "It makes sense. What now?" is longer


def test_too_few_replies_are_said_before_they_are_read_and_before_there_is_a_folder(
    policy: Path, talks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.reply_tags.ReplyTags.read", lambda *_: pytest.fail("read"))
    step = STEP | {"examples": 40, "together": 4}
    with pytest.raises(UsageError, match=r"There are 24 replies to learn from, fewer than the 40 of one step"):
        sft(policy, talks, tmp_path / "runs", step=step)
    with pytest.raises(UsageError, match=r"There are 8 pairs at most, fewer than the 40 of one step"):
        dpo(policy, talks, tmp_path / "runs", step=step, **_files(dpo, tmp_path))
    assert not (tmp_path / "runs").exists()


def test_memory_is_estimated_for_a_new_run_alone(
    policy: Path, talks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = sft(policy, talks, tmp_path / "runs").run.folder
    monkeypatch.setattr(tuning, "must_fit", lambda *_: pytest.fail("asked"))
    sft(policy, talks, tmp_path / "runs", resume=begun)
    with pytest.raises(pytest.fail.Exception, match="asked"):
        sft(policy, talks, tmp_path / "more")


def test_a_vocabulary_that_will_not_do_is_said_before_there_is_a_folder(
    talks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.training.tiny_policy.SPECIAL", SPECIAL[:3])  # without control tokens
    with pytest.raises(UsageError, match=r"--set prompts\.layout=mint"):
        sft(tiny_policy(tmp_path / "plain"), talks, tmp_path / "runs")
    with pytest.raises(NotFound, match="somebody/some-model is not on this machine"):
        sft(Path("somebody/some-model"), talks, tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("change", ["rollout.engine=vllm", "reward.mode=q", "reward.weight=2", "reward.floor=0.1"])
def test_what_dpo_has_no_use_for_cannot_be_set(change: str) -> None:
    part, _, setting = change.partition("=")[0].partition(".")
    with pytest.raises(UsageError, match=rf"--set {part}\.{setting}: the recipe has no '{setting}' there; it has "):
        read_tuning(DpoRecipe, "dpo", (change,))


def test_a_recipe_for_a_gpu_is_refused_without_one(policy: Path, talks: Path, tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    with pytest.raises(CompanionError, match="needs a GPU"):
        sft(policy, talks, tmp_path / "runs", gpu=True)
    assert not (tmp_path / "runs").exists()


def test_several_gpus_and_one_process_are_told_how_to_start(
    policy: Path, talks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Machine, "here", lambda: Machine(1, 80 << 30, gpus=2))
    with pytest.raises(UsageError, match="2 GPUs are visible to one process"):
        sft(policy, talks, tmp_path / "runs", gpu=True)
    assert not (tmp_path / "runs").exists()


def exhausted(*_: Any, **__: Any) -> Any:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")


@pytest.mark.parametrize("start", [sft, dpo])
def test_out_of_memory_names_the_setting_that_takes_less(start: Any, policy: Path, talks: Path, tmp_path: Path) -> None:
    run = start(policy, talks, tmp_path / "runs", **_files(start, tmp_path))
    run.trainer.compute_loss = exhausted
    with pytest.raises(CompanionError, match=r"Memory ran out at step 1\. .* --set step\.together=1$"):
        run.train()


def test_out_of_memory_while_dpo_samples_names_the_replies_at_once(
    policy: Path, talks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.sampled.Rollouts.sample", exhausted)
    with pytest.raises(CompanionError, match=r"while replies were sampled\. .* --set rollout\.together=4$"):
        dpo(policy, talks, tmp_path / "runs")


def test_a_rate_that_breaks_the_model_is_said_with_the_value(policy: Path, talks: Path, tmp_path: Path) -> None:
    run = sft(policy, talks, tmp_path / "runs", step=STEP | {"lr": 1e38})
    with pytest.raises(CompanionError, match=r"--set step\.lr="):
        run.train()


def test_what_is_not_learned_from_is_counted_where_a_run_begins(
    policy: Path, talks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = sft(policy, talks, tmp_path / "whole")
    with talks.open("a") as file:
        for trouble in ("I want to kill myself.", "Trouble. " * 80):
            messages = [{"role": "user", "content": trouble}, {"role": "assistant", "content": "Oh."}]
            file.write(json.dumps({"messages": messages}) + "\n")
        file.write("no json\n")
    less = sft(policy, talks, tmp_path / "less")
    capsys.readouterr()  # the bars
    wanted = Wanted("sft", (), tmp_path, tmp_path, None, None, lambda run: None)
    _ending(whole, wanted)
    assert capsys.readouterr().err == ""
    _ending(less, wanted)
    assert capsys.readouterr().err == (
        "Left out: 1 row that cannot be used, 1 conversation from the first sign of a crisis on, "
        "1 prompt longer than prompts.limit.\n"
    )


def test_the_command_trains_and_says_how_to_talk_to_the_model(
    program: Program, policy: Path, talks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.finish.crisis_suite.talks", lambda: ())
    recipe = tmp_path / "mine.toml"
    recipe.write_text(_toml(values("sft", policy, talks, tokens=60, steps=1)))
    outcome = program("train", str(recipe), "--runs", str(tmp_path / "runs"))
    assert outcome.code == 0, outcome.err
    assert "Talk to it: companion chat --model sft-" in outcome.err
    (folder,) = (tmp_path / "runs").iterdir()
    assert Run.open(folder).recipe()["method"] == "sft"
    assert Asked.before(Run.open(folder)) == Asked(Path("../shared/data").absolute(), None)
    again = program("train", "--resume", str(folder))
    assert again.code == 0, again.err
    assert "1 steps, from step 1" in again.err
    shutil.rmtree(folder)


def _toml(given: dict[str, Any]) -> str:
    plain = {name: value for name, value in given.items() if not isinstance(value, dict)}
    tables = {name: value for name, value in given.items() if isinstance(value, dict)}
    lines = [f"{name} = {json.dumps(value)}" for name, value in plain.items()]
    for name, table in tables.items():
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"
