"""`companion eval model`, which `companion eval` alone means."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from companion import settings
from companion.cli import opening
from companion.errors import CompanionError, NotFound, UsageError

if TYPE_CHECKING:
    from companion.engine.protocol import Engine
    from training.judge import Judge
    from training.protocol_report import Report
    from training.protocol_run import Evaluation

DATA = Path("../shared/data")
WITH_RESUME = frozenset({"resume", "as_json", "data", "against"})
"""Options that do not change a run that has begun."""


@click.command("model")
@click.option("--model", help="A name, the path of a GGUF file, or a folder that transformers has saved.")
@click.option("--protocol", type=click.Choice(["human-history", "own-history", "both"]), default="both",
              show_default=True,
              help="Reply to what people said at each turn, hold the conversation itself, or both.")  # fmt: skip
@click.option("--prompt", "mode", type=click.Choice(["plain", "tactics", "tactics+history", "verbalized", "plan"]),
              default="plain", show_default=True,
              help="How the model is asked: rules alone, the ten tactics, those and what was used, five replies with "
                   "probabilities, or a plan.")  # fmt: skip
@click.option("--data", type=click.Path(path_type=Path), default=DATA, show_default=True,
              help="A file of conversations, or the data folder with the 50 of Lend-an-Ear.")  # fmt: skip
@click.option("--limit", type=click.IntRange(1), help="Only the first so many conversations.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the replies and the intervals.")
@click.option("--temperature", type=click.FloatRange(0, 2), default=0.7, show_default=True, help="Of the replies.")
@click.option("--judge", metavar="URL|NAME",
              help="Have empathy rated by a model: an OpenAI-compatible server, or the name of a model.")  # fmt: skip
@click.option("--judge-model", metavar="X", help="The server's name for the judge, for a URL.")
@click.option("--against", metavar="DIR", type=click.Path(path_type=Path),
              help="Say what this run differs by from another, turn by turn.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Every figure as one JSON object.")
@click.option("-o", "--output", type=click.Path(path_type=Path),
              help="The folder that keeps the replies; under runs/ if not given.")  # fmt: skip
@click.option("--resume", metavar="DIR", type=click.Path(path_type=Path), help="Go on with this folder.")
@click.pass_context
def command(
    context: click.Context,
    model: str | None,
    protocol: str,
    mode: Any,
    data: Path,
    limit: int | None,
    seed: int,
    temperature: float,
    judge: str | None,
    judge_model: str | None,
    against: Path | None,
    as_json: bool,
    output: Path | None,
    resume: Path | None,
) -> int:
    """Sample a reply at every turn of support conversations, tag it, rate it, and compare.

    All replies are kept: Ctrl-C stops after the current one and says how to go on. `companion study` reads them too.
    """
    if find_spec("tqdm") is None:
        raise CompanionError('Measuring needs more packages: pip install "companion-chat[train]".')
    given = [name for name in context.params if context.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    if resume and not WITH_RESUME.issuperset(given):
        raise UsageError("--resume goes on as the run began; only --data, --against and --json can be given with it.")
    from training.protocol import begin, opened, read_report
    from training.protocol_rows import LEND, PROTOCOLS

    file = data / LEND if data.is_dir() else data
    if not file.exists():
        raise NotFound(f"There is no {file}. Give a file of conversations, or the data folder, with --data.")
    other = read_report(against) if against else None  # what is wrong with it is said before hours are spent
    encoder = opening.new_encoder()
    if resume:
        kept, recipe = opened(resume)
        judge, _, judge_model = (recipe.judge or "").partition(" ")
        rater = _judge(judge, judge_model, settings.load())
        evaluation = begin(
            recipe.model,
            data=file if "data" in given else Path(recipe.data),
            out=kept.path,
            protocols=recipe.protocols,
            prompt=recipe.prompt,
            limit=recipe.limit,
            seed=recipe.seed,
            encoder=encoder,
            settings=settings.load().changed(
                reply_tokens=recipe.reply_tokens, variety=recipe.variety, think="on" if recipe.think_tokens else "off"
            ),
            temperature=recipe.temperature,
            judge=(rater.name, rater.rate) if rater else None,
        )
        if rater and evaluation.there < evaluation.total:
            rater.check()
    else:
        chosen = settings.load().changed(model=model)
        rater = _judge(judge, judge_model, chosen)
        if rater:
            rater.check()
        evaluation = begin(
            chosen.model,
            data=file,
            out=output or Path("runs") / f"eval-{_stem(chosen.model)}-{mode}-{datetime.now(UTC):%Y%m%d-%H%M%S}",
            protocols=PROTOCOLS if protocol == "both" else (protocol,),  # type: ignore[arg-type]  # a Choice
            prompt=mode,
            limit=limit,
            seed=seed,
            encoder=encoder,
            settings=chosen,
            temperature=temperature,
            judge=(rater.name, rater.rate) if rater else None,
        )
    return _run(evaluation, other, as_json=as_json)


def _judge(judge: str | None, model_id: str | None, chosen: settings.Settings) -> Judge | None:
    """The judge that is asked for; it may still turn out not to answer. A run remembers it by its name."""
    if not judge:
        return None
    from training.judge import Judge
    from training.speakers import for_one

    def engine() -> Engine:
        return opening.judge_engine(judge, model_id, chosen)

    name = f"{judge} {model_id}" if model_id else judge
    return Judge(name, for_one(engine(), engine))


def _stem(model: str) -> str:
    """A model's name as a part of a folder's."""
    return re.sub(r"[^\w.-]+", "-", Path(model).name.removesuffix(".gguf")).strip("-.") or "model"


def _run(evaluation: Evaluation, other: Report | None, *, as_json: bool) -> int:
    from tqdm import tqdm

    from companion.engine.protocol import EngineError
    from training.protocol_report import differences_as_dict, study_command, terminal
    from training.protocol_run import Stopped
    from training.run import Interrupt

    folder, total, there = evaluation.kept.path, evaluation.total, evaluation.there
    click.echo(f"{folder}: {total} turns, {there} of them there already", err=True)
    try:
        with Interrupt() as interrupt, tqdm(total=total, initial=there, unit="turn") as bar:
            evaluation.run(bar.update, lambda: interrupt.requested)
    except Stopped as stopped:
        click.echo(str(stopped), err=True)
        return 130
    except EngineError as error:
        raise CompanionError(f"{error} Replies that ended are kept: go on with --resume {folder}.") from error
    if evaluation.left_out:
        click.echo(
            f"{evaluation.left_out} turns have no reply: the person's message alone is longer than the model reads.",
            err=True,
        )
    found = evaluation.report()
    if as_json:
        figures = found.as_dict()
        if other:
            figures["differences"] = differences_as_dict(other, found)
        click.echo(json.dumps(figures, ensure_ascii=False, indent=2))
    else:
        click.echo(terminal(found, other))
    click.echo(f"More measures: {study_command(found)}", err=True)
    return 0
