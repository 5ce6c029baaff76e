"""A run of GRPO from its recipe: everything is looked for and checked first, then the policy is loaded."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import PrinterCallback

from companion.encoder import Encoder
from companion.errors import CompanionError, UsageError
from training import policy, vllm_server
from training.enough_memory import enough_memory
from training.grpo import MintTrainer, config, schedule
from training.grpo_record import GrpoRecord
from training.grpo_reward import GrpoReward
from training.mint_check import Machine, check_machine, must_fit
from training.mint_recipe import MintRecipe
from training.own_history import OwnHistory
from training.policy_shape import shape_of
from training.readings import reader_of
from training.rollouts import Rollouts
from training.run import Begun, Run, untold
from training.trl_run import DTYPES, TrlRun, ready, resumed


def start(recipe: MintRecipe, *, data: Path, runs: Path, resume: Path | None = None, begun: Begun = untold) -> TrlRun:
    """A new run under `runs`, or the run in `resume`, whose recipe counts.

    Raises CompanionError where the machine, the data, a reader or the policy is not what the recipe needs.
    """
    recipe, run = resumed(recipe, resume)
    with enough_memory(recipe, "start", lambda: "before the first step"):
        return _start(recipe, run, data, runs, begun)


def _start(recipe: MintRecipe, run: Run | None, data: Path, runs: Path, begun: Begun) -> TrlRun:
    found = policy.locate(recipe.policy.model)
    _must_go_together(recipe)
    machine, shape = Machine.here(), shape_of(found)
    check_machine(recipe, machine, shape)
    if run is None:  # one that has begun has been seen to fit
        must_fit(recipe, machine, shape)
    encoder = Encoder()
    reader = reader_of(recipe.reward, encoder)
    given = ready(
        recipe, run, found=found, encoder=encoder, data=data, runs=runs, begun=begun,
        enough=lambda rows: schedule(rows, recipe),
    )  # fmt: skip
    tokenizer, base = given.tokenizer, given.before.folder
    rows = given.rows()
    reward = GrpoReward(recipe.reward, recipe.group, reader, given.count)
    places = schedule(len(rows), recipe)
    model = policy.load(base, DTYPES[recipe.policy.dtype])
    arguments = config(recipe, given.run.folder, len(places) // recipe.rows, given.state.num_processes)
    trainer = MintTrainer(
        given.run,
        recipe,
        rows,
        _rollouts(recipe, base, tokenizer, given.state.device),
        reward,
        model=model,
        args=arguments,
        train_dataset=Dataset.from_dict({"place": places}),
        processing_class=tokenizer,
        peft_config=policy.adapters(recipe.policy),
    )
    trainer.remove_callback(PrinterCallback)
    if recipe.own_history.every:
        trainer.add_callback(
            OwnHistory(trainer, given.run, given.learned, rows, places, reader.tactics, given.prompter)
        )
    return TrlRun(given, recipe, trainer, GrpoRecord(given.run, trainer))


def _must_go_together(recipe: MintRecipe) -> None:
    """Raises UsageError for what vLLM cannot do, CompanionError where it is not installed or does not answer."""
    engine = recipe.rollout.engine
    if engine == "transformers":
        return
    if not recipe.gpu:
        raise UsageError(
            f"rollout.engine={engine} needs a GPU, and gpu=false: --set gpu=true, or --set rollout.engine=transformers"
        )
    if recipe.own_history.every:
        raise UsageError(
            "Histories of the model's own are made by transformers: --set rollout.engine=transformers, or "
            "--set own_history.every=0 for those that were recorded."
        )
    if recipe.policy.lora and recipe.policy.dtype == "bfloat16":
        raise UsageError(
            "For vLLM the adapters are merged into the weights and taken out again at every step; in bfloat16 that "
            "changes the weights (TRL issue 6688): --set policy.dtype=float32"
        )
    if find_spec("vllm") is None:
        raise CompanionError(
            'vLLM is not installed: pip install "companion-chat[vllm]", or --set rollout.engine=transformers'
        )
    if engine == "vllm-server":
        vllm_server.must_answer(recipe)


def _rollouts(recipe: MintRecipe, base: str, tokenizer: Any, device: torch.device) -> Rollouts | None:
    """A second copy of the policy, in the precision of the update's matrices; what merging the adapters into it rounds
    away is made good for in the update (`training.importance`)."""
    if recipe.rollout.engine != "transformers":
        return None
    model = policy.load(base, torch.bfloat16 if device.type == "cuda" else torch.float32).to(device)
    declared = model.generation_config.eos_token_id
    ends = {tokenizer.eos_token_id, *(declared if isinstance(declared, list) else [declared])} - {None}  # as TRL's
    return Rollouts(model, ends=sorted(ends), padding=tokenizer.pad_token_id, together=recipe.rollout.together)
