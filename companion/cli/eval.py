"""`companion eval`."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import click

from companion.cli import eval_model, eval_repetition
from companion.cli.noun import Noun
from companion.errors import CompanionError, NotFound


@click.group("eval", cls=Noun, default="model")
def command() -> None:
    """Measure a model: `companion eval --model NAME` is `companion eval model --model NAME`."""


command.add_command(eval_model.command)
command.add_command(eval_repetition.command)


@command.command("encoder")
@click.option("--json", "as_json", is_flag=True, help="Every figure as one JSON object.")
@click.option("--data", type=click.Path(path_type=Path), default=Path("../shared/data"), show_default=True,
              help="The folder with the labelled data.")  # fmt: skip
@click.option("--model", "folder", type=click.Path(path_type=Path), help="An encoder's folder; the shipped one if not.")
def encoder(as_json: bool, data: Path, folder: Path | None) -> int:
    """How well the reader of tactics and empathy does, on text it was not trained on."""
    if find_spec("tokenizers") is None or find_spec("onnxruntime") is None:
        raise CompanionError('Measuring needs more packages: pip install "companion-chat[train]".')
    if not data.is_dir():
        raise NotFound(f"There is no data folder {data}. Give it with --data.")
    from companion.encoder import Encoder
    from training import encoder_eval, encoder_table

    corpus = Path(encoder_eval.__file__).parent / "corpus"
    report = encoder_eval.Evaluation(Encoder(folder), data, corpus).report()
    click.echo(json.dumps(report, indent=2) if as_json else encoder_table.table(report))
    return 0
