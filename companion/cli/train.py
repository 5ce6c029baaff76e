"""`companion train`."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import click

from companion import paths
from companion.errors import CompanionError

NEEDED = ("torch", "transformers", "tokenizers", "numpy", "tqdm", "gguf")


@click.command("train")
@click.argument("recipe")
@click.option(
    "--set", "changes", metavar="KEY=VALUE", multiple=True, help="Change one value of the recipe (repeatable)."
)
@click.option("--data", type=click.Path(path_type=Path), default=Path("../shared/data"), show_default=True,
              help="The folder with the training text.")  # fmt: skip
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True,
              help="Where the run's folder is made.")  # fmt: skip
@click.option("--resume", metavar="RUN", type=click.Path(path_type=Path), help="Continue this run's folder exactly.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Where the finished GGUF goes.")
def command(
    recipe: str, changes: tuple[str, ...], data: Path, runs: Path, resume: Path | None, output: Path | None
) -> int:
    """Train from RECIPE: `mini`, the small model that ships, or a .toml file.

    Ctrl-C stops after the current step and says how to continue.
    """
    if resume and changes:
        raise click.UsageError("--set cannot change a run that has begun; start a new one, or leave --set out.")
    missing = [package for package in NEEDED if find_spec(package) is None]
    if missing:
        raise CompanionError(
            f'Training needs more packages ({", ".join(missing)}): pip install "companion-chat[train]" '
            "(torch first, see README)."
        )
    from training import mini
    from training.recipe import read_recipe

    trainer = mini.start(read_recipe(recipe, changes), data=data, own=mini.OWN_TEXT, runs=runs, resume=resume)
    click.echo(f"{trainer.run.folder}: {trainer.recipe.steps} steps, from step {trainer.step}", err=True)
    if not trainer.train():
        click.echo(
            f"Stopped at step {trainer.step}. Continue: companion train {recipe} --resume {trainer.run.folder}",
            err=True,
        )
        return 130
    file = trainer.finish(output or paths.private_folder(paths.user_models()) / f"{trainer.recipe.name}.gguf")
    click.echo(f"Wrote {file}. Talk to it: companion chat --model {file}", err=True)
    return 0
