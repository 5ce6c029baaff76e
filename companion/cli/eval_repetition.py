"""`companion eval repetition`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from companion import settings
from companion.cli import opening
from companion.encoder import Encoder
from companion.errors import CompanionError, NotFound, UsageError
from companion.modelhub import registry

if TYPE_CHECKING:
    from training.evaluate import Folder
    from training.seekers import Seeker

DATA = Path("../shared/data")
WITH_RESUME = frozenset({"resume", "as_json", "data"})
"""Options that do not change a run that has begun."""


@click.command("repetition")
@click.option("--model", help="A name or the path of a GGUF file; what the settings name if not.")
@click.option("--candidates", type=click.IntRange(1, 4), default=4, show_default=True,
              help="Ways a sentence could go that are compared in the last condition.")  # fmt: skip
@click.option("--no-plan", is_flag=True, help="Only the condition without a plan.")
@click.option("--seekers", type=click.Choice(["lend", "simulated", "both"]), default="both", show_default=True,
              help="Recorded seekers, who react to nothing, or simulated ones, who do.")  # fmt: skip
@click.option("--limit", type=click.IntRange(1), help="Only so many seekers of each kind.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the replies and the intervals.")
@click.option("--data", type=click.Path(path_type=Path), default=DATA, show_default=True,
              help="The folder with the seekers.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Every figure as one JSON object.")
@click.option("-o", "--output", type=click.Path(path_type=Path),
              help="The folder that keeps the conversations; under runs/ if not given.")  # fmt: skip
@click.option("--resume", metavar="DIR", type=click.Path(path_type=Path), help="Go on with this folder.")
@click.pass_context
def command(
    context: click.Context,
    model: str | None,
    candidates: int,
    no_plan: bool,
    seekers: str,
    limit: int | None,
    seed: int,
    data: Path,
    as_json: bool,
    output: Path | None,
    resume: Path | None,
) -> int:
    """How much a model repeats itself in its own conversations: without a plan, with one, and choosing sentences.

    Seekers talk with the model under each condition; all conversations are kept. Ctrl-C stops after the current reply
    and says how to continue.
    """
    if find_spec("tqdm") is None:
        raise CompanionError('Measuring needs more packages: pip install "companion-chat[train]".')
    if resume:
        given = context.params.keys() - WITH_RESUME
        if any(context.get_parameter_source(name) is ParameterSource.COMMANDLINE for name in given):
            raise UsageError("--resume goes on as the run began; only --data and --json can be given with it.")
    if not data.is_dir():
        raise NotFound(f"There is no data folder {data}. Give it with --data.")
    encoder = opening.new_encoder()
    from training import reply_tags
    from training.evaluate import Folder, Recipe
    from training.run import sha256_of
    from training.seekers import read_seekers

    reader = reply_tags.fingerprint(encoder.folder)
    if resume:
        folder = Folder.open(resume)
        _must_be_unchanged(folder, sha256_of(registry.find(folder.recipe.model).file), reader)
        found = read_seekers(data, folder.recipe.seekers)
    else:
        chosen = settings.load().changed(model=model)
        file = registry.find(chosen.model).file
        recipe = Recipe(
            model=chosen.model,
            model_sha256=sha256_of(file),
            encoder=reader,
            candidates=candidates,
            no_plan=no_plan,
            seekers=("lend", "simulated") if seekers == "both" else (seekers,),  # type: ignore[arg-type]  # a Choice
            limit=limit,
            seed=seed,
            settings=chosen.model_dump(),
        )
        found = read_seekers(data, recipe.seekers)
        started = datetime.now(UTC)
        folder = Folder.create(output or Path("runs") / f"repetition-{file.stem}-{started:%Y%m%d-%H%M%S}", recipe)
    return _run(folder, encoder, found, as_json=as_json)


def _must_be_unchanged(folder: Folder, model_sha256: str, encoder: str) -> None:
    recipe = folder.recipe
    for what, before, now in (
        (f"model {recipe.model}", recipe.model_sha256, model_sha256),
        ("encoder", recipe.encoder, encoder),
    ):
        if before != now:
            raise UsageError(f"The {what} is not the one that {folder.path} began with ({before[:12]}, {now[:12]}).")


def _run(folder: Folder, encoder: Encoder, found: list[Seeker], *, as_json: bool) -> int:
    """Talk until everything is there, then report."""
    from tqdm import tqdm

    from companion.engine.protocol import EngineError
    from companion.rating import Rater
    from companion.tagging import EncoderTagger
    from training.evaluate import Talks
    from training.repetition import report, table
    from training.run import Interrupt

    recipe = folder.recipe
    seekers = recipe.chosen(found)
    total = len(seekers) * len(recipe.conditions)
    talks = folder.talks()
    click.echo(f"{folder.path}: {total} conversations, {len(talks)} of them there already", err=True)
    chosen = settings.Settings.model_validate(recipe.settings)
    engine = opening.new_engine(chosen, off_record=True)
    turns = sum(seeker.turns for seeker in seekers) * len(recipe.conditions)
    talking = Talks(engine, EncoderTagger(encoder), Rater(encoder), chosen, recipe.seed)
    try:
        with Interrupt() as interrupt, tqdm(total=turns, unit="reply") as bar:
            for talk in talking.run(seekers, recipe.conditions, talks, bar.update, lambda: interrupt.requested):
                folder.add(talk)
                talks.append(talk)
    except EngineError as error:
        raise CompanionError(
            f"{error} Conversations that ended are kept: go on with --resume {folder.path}."
        ) from error
    finally:
        engine.close()
    if len(talks) < total:
        click.echo(f"Stopped. Continue: companion eval repetition --resume {folder.path}", err=True)
        return 130
    figures = report(talks, recipe)
    click.echo(json.dumps(figures, indent=2) if as_json else table(figures))
    return 0
