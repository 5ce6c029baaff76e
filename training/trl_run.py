"""A run of one of TRL's trainers: from its last checkpoint to the end of the recipe, and what comes after."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import torch
from accelerate import PartialState
from accelerate.utils import broadcast_object_list
from datasets import disable_progress_bars
from transformers.utils import logging as transformers_logging

from companion import paths
from companion.encoder import Encoder
from companion.errors import CompanionError
from training import policy
from training.enough_memory import enough_memory, ran_out
from training.finish import Trained, finish, mode_of
from training.mint_data import FILE, conversation_files
from training.mint_recipe import MintRecipe
from training.prompts import Prompter, Row, make_rows, must_know
from training.recipe import check
from training.record import Record, Stop
from training.recordings import Recording, Recordings, read_recordings, split
from training.reply_tags import ReplyTags
from training.run import Begun, Interrupt, Run
from training.tuning_recipe import DpoRecipe, SftRecipe

BASE = "base"
"""Where a run unpacks the GGUF file that it begins with."""

PATIENCE = timedelta(days=1)
"""How long the other processes wait for what the first does alone: tagging and sampling take hours, and NCCL would give
up after ten minutes."""

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@dataclass(frozen=True)
class Before:
    """What the end of a run compares with."""

    found: str | Path
    """The model that the run began with: a name on the hub, a folder, or a GGUF file."""
    folder: str
    """The same as transformers loads it."""
    held_out: Sequence[Recording]


class TrlRun:
    """A run that can be trained; as `training.loop.Loop`, which TRL's loop is not made from."""

    def __init__(self, given: Ready, recipe: MintRecipe | SftRecipe | DpoRecipe, trainer: Any, record: Record) -> None:
        """`trainer` is one of TRL's behind `training.in_run_folder`."""
        checkpoints = given.run.checkpoints()
        self.run, self.recipe, self.trainer, self._record = given.run, recipe, trainer, record
        self._before, self.left_out = given.before, given.recordings.left_out
        self._checkpoint = checkpoint = checkpoints[-1] if checkpoints else None
        self.steps = trainer.args.max_steps
        self.step = int(checkpoint.name.rpartition("-")[2]) if checkpoint else 0

    def train(self) -> bool:
        """Train to the end of the recipe; False when a person stopped it. A checkpoint is left."""
        with enough_memory(self.recipe, "step", lambda: f"at step {self.trainer.state.global_step + 1}"):
            return self._train()

    def _train(self) -> bool:
        trainer = self.trainer
        if self._checkpoint and self.step >= self.steps:
            trainer._load_from_checkpoint(str(self._checkpoint))  # `train` would add a step to those of the recipe
            return True
        if trainer.accelerator.is_main_process:
            self.run.rewind(self.step)
        with Interrupt() as interrupt:
            for callback in (self._record, Stop(interrupt, trainer.accelerator)):
                trainer.add_callback(callback)
            if self._checkpoint:
                trainer.go_on_from(self._checkpoint)
            trainer.train(resume_from_checkpoint=str(self._checkpoint) if self._checkpoint else None)
        self.step = int(trainer.state.global_step)
        trainer.accelerator.wait_for_everyone()
        return bool(self.step >= self.steps)

    def finish(self, out: Path | None, told: Callable[[str], None]) -> str:
        """Write the trained model into the run folder, measure it, and put it among the models; says so.

        Raises what `training.finish` raises. The other processes leave once the model is written; measuring takes long.
        """
        try:
            return self._finish(out, told)
        except Exception as error:
            if not ran_out(error):
                raise
            raise CompanionError(
                "Memory ran out at the end of the run. Nothing is lost: when less of it is taken by others, go on: "
                f"companion train --resume {self.run.folder}"
            ) from error

    def _finish(self, out: Path | None, told: Callable[[str], None]) -> str:
        trainer, recipe = self.trainer, self.recipe
        first, folder = trainer.accelerator.is_main_process, self.run.folder / "model"
        if first:
            with self.run.writing("The trained model"):
                policy.save(trainer.accelerator.unwrap_model(trainer.model), trainer.processing_class, folder)
        trainer.accelerator.wait_for_everyone()
        trainer.accelerator.end_training()
        if not first:
            return ""
        trained = Trained(
            run=self.run,
            name=recipe.name,
            recipe=recipe.model_dump(mode="json"),
            base=self._before.found,
            base_folder=policy.folder_of(self._before.folder),
            folder=folder,
            licence=policy.licence(self._before.found, self._before.folder),
            layout=recipe.prompts.layout,
            thinking=recipe.prompts.thinking,
            mode=mode_of(recipe.prompts),
            reply_tokens=recipe.longest,
            held_out=self._before.held_out[: recipe.ending.conversations],
        )
        return finish(trained, out, told=told)


Recipe = TypeVar("Recipe", MintRecipe, SftRecipe, DpoRecipe)


def resumed(recipe: Recipe, resume: Path | None) -> tuple[Recipe, Run | None]:
    """The recipe that counts, and the run where one goes on: the recipe is then what that run began with."""
    if resume is None:
        return recipe, None
    run = Run.open(resume)
    return check(type(recipe), run.recipe()), run


@dataclass(frozen=True)
class Ready:
    """What every run needs before its policy is loaded."""

    run: Run
    before: Before
    tokenizer: Any
    recordings: Recordings
    learned: Sequence[Recording]
    tags: ReplyTags
    prompter: Prompter
    state: PartialState

    def count(self, text: str) -> int:
        """Tokens of a text."""
        return len(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def rows(self) -> list[Row]:
        """The rows to learn from; how many prompts do not fit is noted among what was left out."""
        rows = make_rows(self.learned, self.tags, self.prompter)
        self.recordings.long = sum(recording.answers for recording in self.learned) - len(rows)
        return rows


def ready(
    recipe: MintRecipe | SftRecipe | DpoRecipe,
    run: Run | None,
    *,
    found: str | Path,
    encoder: Encoder,
    data: Path,
    runs: Path,
    begun: Begun,
    enough: Callable[[int], object],
) -> Ready:
    """Finds the conversations, makes a new run's folder under `runs`, and unpacks the model there if need be.

    `found` is where the policy is (`policy.locate`); `enough` is given the number of replies that answer a message, of
    which there is a row each at most, and raises for too few. Raises CompanionError where something is missing, if it
    can be known before the folder is made and before minutes of reading tactics, UsageError where a run would go on
    with other conversations than it began with.
    """
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    disable_progress_bars()
    # TRL 1.16 still says it the old way.
    warnings.filterwarnings("ignore", ".*gradient_checkpointing", FutureWarning)
    files = conversation_files(recipe.data, data)
    encoder.check()
    must_know(policy.vocabulary(found), recipe.prompts)
    recordings = read_recordings(files, crisis=recipe.data.crisis)
    learned, held_out = split(recordings.found, recipe.data.held_out)
    enough(sum(recording.answers for recording in learned))
    state = PartialState(cpu=not (recipe.gpu and torch.cuda.is_available()), timeout=PATIENCE)
    if run is None:
        values = recipe.model_dump(mode="json")
        run = Run(Path(told(state, lambda: str(Run.create(runs, recipe.name, values).folder))))
        begun(run)
    if state.is_main_process:
        names = [str(FILE)] * recipe.data.mint + [*recipe.data.files]
        run.learns_from(dict(zip(names, files, strict=True)))
    with state.main_process_first():
        base = policy.unpacked(found, run.folder / BASE)
    tokenizer = policy.load_tokenizer(base)
    with state.main_process_first():  # the others find in its file what the first has read
        tags = ReplyTags.of_encoder(encoder, paths.private_folder(paths.data_folder() / "training"))
        tags.read(reply for recording in learned for reply in recording.replies)
    prompter = Prompter.of(recipe.prompts, tokenizer)
    return Ready(run, Before(found, base, held_out), tokenizer, recordings, learned, tags, prompter, state)


def told(state: PartialState, decide: Any) -> Any:
    """What the first process decided, in all of them."""
    found = [decide() if state.is_main_process else None]
    return broadcast_object_list(found)[0] if state.num_processes > 1 else found[0]
