"""A run of GRPO from its recipe: everything is looked for and checked first, then the policy is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from datasets import Dataset
from transformers import PrinterCallback
from transformers.utils import logging as transformers_logging

from companion import paths
from companion.encoder import Encoder
from training import policy
from training.grpo import MintTrainer, config, schedule
from training.grpo_record import GrpoRecord
from training.grpo_reward import GrpoReward
from training.mint_check import Machine, check_machine, shape_of
from training.mint_data import conversation_files
from training.mint_recipe import MintRecipe
from training.prompts import Prompter, make_rows
from training.readings import reader_of
from training.recipe import check
from training.recordings import read_recordings, split
from training.reply_tags import ReplyTags
from training.rollouts import Rollouts
from training.run import Run
from training.trl_run import BASE, Before, TrlRun, told

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def start(recipe: MintRecipe, *, data: Path, runs: Path, resume: Path | None = None) -> TrlRun:
    """A new run under `runs`, or the run in `resume`, whose recipe counts.

    Raises CompanionError where the machine, the data, a reader or the policy is not what the recipe needs.
    """
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    if resume:
        run = Run.open(resume)
        recipe = check(MintRecipe, run.recipe())
    found = policy.locate(recipe.policy.model)
    check_machine(recipe, Machine.here(), shape_of(found))
    files = conversation_files(recipe.data, data)
    encoder = Encoder()
    reader = reader_of(recipe.reward, encoder)
    state = PartialState(cpu=not (recipe.gpu and torch.cuda.is_available()))
    if not resume:
        run = Run(Path(told(state, lambda: str(Run.create(runs, recipe.name, recipe.model_dump(mode="json")).folder))))
    with state.main_process_first():
        base = policy.unpacked(found, run.folder / BASE)
    tokenizer = policy.load_tokenizer(base)
    learned, held_out = split(read_recordings(files, crisis=recipe.data.crisis).found, recipe.data.held_out)
    with state.main_process_first():
        tags = ReplyTags.of_encoder(encoder, paths.private_folder(paths.data_folder() / "training"))
        rows = make_rows(learned, tags, Prompter.of(recipe.prompts, tokenizer))
    reward = GrpoReward(
        recipe.reward, recipe.group, reader, lambda text: len(tokenizer(text, add_special_tokens=False)["input_ids"])
    )
    places = schedule(len(rows), recipe)
    model = policy.load(base, DTYPES[recipe.policy.dtype])
    arguments = config(recipe, run.folder, len(places) // recipe.rows, state.num_processes)
    trainer = MintTrainer(
        run,
        recipe,
        rows,
        _rollouts(recipe, base, tokenizer, state.device),
        reward,
        model=model,
        args=arguments,
        train_dataset=Dataset.from_dict({"place": places}),
        processing_class=tokenizer,
        peft_config=policy.adapters(recipe.policy),
    )
    trainer.remove_callback(PrinterCallback)
    return TrlRun(run, recipe, trainer, GrpoRecord(run, trainer), Before(found, base, held_out))


def _rollouts(recipe: MintRecipe, base: str, tokenizer: Any, device: torch.device) -> Rollouts | None:
    """A second copy of the policy, in the precision of the update's matrices."""
    if recipe.rollout.engine != "transformers":
        return None
    model = policy.load(base, torch.bfloat16 if device.type == "cuda" else torch.float32).to(device)
    return Rollouts(
        model, ends=[tokenizer.eos_token_id], padding=tokenizer.pad_token_id, together=recipe.rollout.together
    )
