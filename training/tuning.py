"""`companion train sft` and `companion train dpo` with TRL: the run folder, resuming and ending of every other run."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import PrinterCallback
from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer

from companion.encoder import Encoder
from companion.errors import UsageError
from training import policy
from training.enough_memory import enough_memory
from training.examples import make_examples
from training.in_run_folder import InRunFolder
from training.mint_check import Machine, check_tuning, must_fit
from training.pairs import pairs
from training.policy_shape import shape_of
from training.readings import Reader, reader_of
from training.record import Record
from training.run import Begun, Run, untold
from training.sampled import Groups, read_groups, sampled_groups
from training.trl_run import DTYPES, Ready, TrlRun, ready, resumed
from training.tuning_recipe import DpoRecipe, SftRecipe


class Sft(InRunFolder, SFTTrainer):  # type: ignore[misc]  # TRL is untyped here
    """Learns replies as they are."""


class Dpo(InRunFolder, DPOTrainer):  # type: ignore[misc]
    """Learns which of two replies is better."""


def start_sft(
    recipe: SftRecipe, *, data: Path, runs: Path, resume: Path | None = None, begun: Begun = untold
) -> TrlRun:
    """A new run under `runs`, or the run in `resume`, whose recipe counts.

    Raises CompanionError where the machine, the data or the policy is not what the recipe needs.
    """
    recipe, run = resumed(recipe, resume)
    with enough_memory(recipe, "start", lambda: "before the first step"):
        return _start_sft(recipe, run, data, runs, begun)


def _start_sft(recipe: SftRecipe, run: Run | None, data: Path, runs: Path, begun: Begun) -> TrlRun:
    given = ready(
        recipe, run, found=_found(recipe, run), encoder=Encoder(), data=data, runs=runs, begun=begun,
        enough=lambda rows: _must_fill_a_step(recipe, rows, "replies to learn from"),
    )  # fmt: skip
    examples = make_examples(
        given.rows(), given.tags, given.prompter, given.count,
        tokens=recipe.tokens, controls=recipe.prompts.plan, seed=recipe.seed,
    )  # fmt: skip
    columns = {"prompt": [each.prompt for each in examples], "completion": [each.completion for each in examples]}
    _must_fill_a_step(recipe, len(examples), "examples")
    arguments = _arguments(recipe, given, len(examples))
    return _run(Sft, recipe, given, SFTConfig(**arguments, completion_only_loss=True), columns, {"loss": "loss"})


def start_dpo(
    recipe: DpoRecipe, *, data: Path, runs: Path, resume: Path | None = None, begun: Begun = untold
) -> TrlRun:
    """A new run under `runs`, or the run in `resume`, whose recipe counts. Its replies are sampled first.

    Raises CompanionError where the machine, the data, a reader or the policy is not what the recipe needs.
    """
    recipe, run = resumed(recipe, resume)
    with enough_memory(recipe, "start", lambda: "before the first step"):
        return _start_dpo(recipe, run, data, runs, begun)


def _start_dpo(recipe: DpoRecipe, run: Run | None, data: Path, runs: Path, begun: Begun) -> TrlRun:
    found = _found(recipe, run)
    encoder = Encoder()
    reader = reader_of(recipe.reward, encoder)
    groups = read_groups(map(Path, recipe.files))
    there = len(pairs(groups, recipe.pairs))
    given = ready(
        recipe, run, found=found, encoder=encoder, data=data, runs=runs, begun=begun,
        enough=lambda rows: _must_fill_a_step(
            recipe, there if groups else min(recipe.rows, rows) * recipe.pairs.most, "pairs at most"
        ),
    )  # fmt: skip
    if given.state.is_main_process:
        given.run.learns_from({name: Path(name).expanduser() for name in recipe.files})
    groups = groups or _sampled(recipe, given, reader)
    chosen = pairs(groups, recipe.pairs)
    _must_fill_a_step(recipe, len(chosen), f"pairs in {len(groups)} groups of replies")
    columns = {
        "prompt": [pair.prompt for pair in chosen],
        "chosen": [pair.chosen for pair in chosen],
        "rejected": [pair.rejected for pair in chosen],
    }
    arguments = _arguments(recipe, given, len(chosen))
    shown = {"loss": "loss", "rewards/accuracies": "better preferred", "rewards/margins": "margin"}
    return _run(Dpo, recipe, given, DPOConfig(**arguments, beta=recipe.beta), columns, shown)


def _found(recipe: SftRecipe | DpoRecipe, run: Run | None) -> str | Path:
    """Where the policy is, once it is sure that this machine can train it."""
    found = policy.locate(recipe.policy.model)
    machine, shape = Machine.here(), shape_of(found)
    check_tuning(recipe, machine, shape)
    if run is None:  # one that has begun has been seen to fit
        must_fit(recipe, machine, shape)
    return found


def _must_fill_a_step(recipe: SftRecipe | DpoRecipe, count: int, what: str) -> None:
    """Raises UsageError for too few examples."""
    if count < recipe.step.examples:
        raise UsageError(
            f"There are {count} {what}, fewer than the {recipe.step.examples} of one step. Give more conversations "
            f"(data.files), a rule that more of them meet, or --set step.examples={recipe.step.together}."
        )


def _sampled(recipe: DpoRecipe, given: Ready, reader: Reader) -> Groups:
    """Replies of the model as it is, to some of the rows; what was sampled before a run was stopped is kept."""
    rows = given.rows()
    chosen = sorted(random.Random(f"{recipe.seed}/rows").sample(range(len(rows)), min(recipe.rows, len(rows))))
    with given.state.main_process_first():
        return sampled_groups(recipe, [rows[place] for place in chosen], given, reader)


def _arguments(recipe: SftRecipe | DpoRecipe, given: Ready, count: int) -> dict[str, Any]:
    """In the words of transformers."""
    step = recipe.step
    gpu = torch.cuda.is_available() and recipe.gpu
    steps = recipe.total(count)
    return {
        "output_dir": str(given.run.folder),
        "seed": recipe.seed,
        "use_cpu": not gpu,
        "bf16": gpu,
        "per_device_train_batch_size": step.together,
        "gradient_accumulation_steps": step.examples // (step.together * given.state.num_processes),
        "max_steps": steps,
        "max_length": recipe.prompts.limit + recipe.longest + 1,
        "learning_rate": step.lr,
        "lr_scheduler_type": "linear",
        "warmup_steps": int(step.warmup * steps),
        "weight_decay": step.weight_decay,
        "max_grad_norm": step.clip,
        "gradient_checkpointing": step.checkpointing,
        "ddp_find_unused_parameters": False,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "save_strategy": "steps",
        "save_steps": recipe.save_every,
        "save_total_limit": None,  # `Run.checkpoint` keeps the newest
        "report_to": "none",
        "disable_tqdm": True,
    }


def _run(
    kind: type[Sft] | type[Dpo],
    recipe: SftRecipe | DpoRecipe,
    given: Ready,
    arguments: SFTConfig | DPOConfig,
    columns: dict[str, list[str]],
    shown: dict[str, str],
) -> TrlRun:
    """The trainer, ready to run."""
    trainer = kind(
        model=policy.load(given.before.folder, DTYPES[recipe.policy.dtype]),
        args=arguments,
        train_dataset=Dataset.from_dict(columns),
        processing_class=given.tokenizer,
        peft_config=policy.adapters(recipe.policy),
    )
    trainer.run, trainer.rate = given.run, ("step.lr", recipe.step.lr)
    policy.must_train(trainer.model)
    trainer.remove_callback(PrinterCallback)
    return TrlRun(given, recipe, trainer, Record(given.run, shown))
