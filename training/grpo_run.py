"""A run of GRPO from its recipe: everything is looked for and checked first, then the policy is loaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from accelerate.utils import broadcast_object_list
from datasets import Dataset
from transformers import PrinterCallback
from transformers.utils import logging as transformers_logging

from companion import paths
from companion.encoder import Encoder
from training import policy
from training.finish import Trained, finish
from training.grpo import MintTrainer, config, schedule
from training.grpo_record import Record, Stop
from training.grpo_reward import GrpoReward
from training.mint_check import Machine, check_machine, shape_of
from training.mint_data import conversation_files
from training.mint_recipe import MintRecipe
from training.prompts import Prompter, make_rows
from training.readings import reader_of
from training.recipe import check
from training.recordings import Recording, read_recordings, split
from training.reply_tags import ReplyTags
from training.rollouts import Rollouts
from training.run import Interrupt, Run

BASE = "base"
"""Where a run unpacks the GGUF file that it begins with."""
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@dataclass(frozen=True)
class Before:
    """What the end of a run compares with."""

    found: str | Path
    """The model that the run began with: a name on the hub, a folder, or a GGUF file."""
    folder: str
    """The same as transformers loads it."""
    held_out: Sequence[Recording]


class GrpoRun:
    """A run that can be trained; as `training.loop.Loop`, which TRL's loop is not made from."""

    def __init__(self, run: Run, trainer: MintTrainer, before: Before) -> None:
        checkpoints = run.checkpoints()
        self.run, self.trainer, self._before = run, trainer, before
        self._checkpoint = checkpoint = checkpoints[-1] if checkpoints else None
        self.steps = trainer.args.max_steps
        self.step = int(checkpoint.name.rpartition("-")[2]) if checkpoint else 0

    def train(self) -> bool:
        """Train to the end of the recipe; False when a person stopped it. A checkpoint is left."""
        trainer = self.trainer
        with ExitStack() as held:
            if trainer.accelerator.is_main_process:
                held.enter_context(self.run.alone())
                self.run.rewind(self.step)
            interrupt = held.enter_context(Interrupt())
            for callback in (Record(self.run), Stop(interrupt)):
                callback.trainer = trainer
                trainer.add_callback(callback)
            if self._checkpoint:
                trainer.go_on_from(self._checkpoint)
            trainer.train(resume_from_checkpoint=str(self._checkpoint) if self._checkpoint else None)
        self.step = int(trainer.state.global_step)
        trainer.accelerator.wait_for_everyone()
        return bool(self.step >= self.steps)

    def finish(self, out: Path | None, told: Callable[[str], None]) -> str:
        """Write the trained model into the run folder, measure it, and put it among the models; says so.

        Raises what `training.finish` raises; other processes than the first only wait.
        """
        trainer, recipe = self.trainer, self.trainer.recipe
        said = ""
        if trainer.accelerator.is_main_process:
            folder = self.run.folder / "model"
            with self.run.writing("The trained model"):
                policy.save(trainer.accelerator.unwrap_model(trainer.model), trainer.processing_class, folder)
            trained = Trained(
                run=self.run,
                name=recipe.name,
                recipe=recipe.model_dump(mode="json"),
                base=self._before.found,
                base_folder=Path(self._before.folder),
                folder=folder,
                licence=policy.licence(self._before.found, self._before.folder),
                layout=recipe.prompts.layout,
                mode="plan" if recipe.prompts.plan else "plain",
                reply_tokens=recipe.rollout.tokens,
                held_out=self._before.held_out,
            )
            said = finish(trained, out, told=told)
        trainer.accelerator.wait_for_everyone()
        trainer.accelerator.end_training()
        return said


def start(recipe: MintRecipe, *, data: Path, runs: Path, resume: Path | None = None) -> GrpoRun:
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
        run = Run(Path(_told(state, lambda: str(Run.create(runs, recipe.name, recipe.model_dump(mode="json")).folder))))
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
    return GrpoRun(run, trainer, Before(found, base, held_out))


def _rollouts(recipe: MintRecipe, base: str, tokenizer: Any, device: torch.device) -> Rollouts | None:
    """A second copy of the policy, in the precision of the update's matrices."""
    if recipe.rollout.engine != "transformers":
        return None
    model = policy.load(base, torch.bfloat16 if device.type == "cuda" else torch.float32).to(device)
    return Rollouts(
        model, ends=[tokenizer.eos_token_id], padding=tokenizer.pad_token_id, together=recipe.rollout.together
    )


def _told(state: PartialState, decide: Any) -> Any:
    """What the first process decided, in all of them."""
    told = [decide() if state.is_main_process else None]
    return broadcast_object_list(told)[0] if state.num_processes > 1 else told[0]
