"""`companion models`: list, add, path, remove; the other verbs are in modules of their own."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from companion import paths
from companion.cli.models_convert import check, convert, quantize
from companion.cli.models_get import get
from companion.cli.noun import Noun
from companion.engine.consent import leaving
from companion.engine.gguf_file import Header
from companion.engine.model_file import check_model_file, in_words
from companion.engine.profile import guess, guess_layout
from companion.errors import Refused, UsageError
from companion.modelhub import registry, toml_file
from companion.modelhub.entry import Entry
from companion.modelhub.getting import give_up, left_of, sha256_of, work_folder
from planner.layouts import Layout

if TYPE_CHECKING:
    from companion.modelhub.listing import Row


@click.group("models", cls=Noun, default="list")
def command() -> None:
    """The models: GGUF files on this machine, and models on servers."""


for verb in (get, convert, quantize, check):
    command.add_command(verb)


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a model.")
def list_(as_json: bool) -> None:
    """Models that can be talked to, then those that `get` fetches: disk, memory, whether it fits, and what it is for.

    Memory is for the context that would be chosen now. "tight" fits once other programs are closed.
    """
    from companion import settings
    from companion.modelhub.listing import rows

    found = list(rows(settings.load().context))
    width = max((len(row.name) for row in found), default=0)
    for row in found:
        if as_json:
            click.echo(json.dumps(asdict(row), ensure_ascii=False))
        elif row.problem:
            click.echo(f"{row.name:<{width}} {row.problem}")
        else:
            click.echo(f"{row.name:<{width}} {_cost(row)} {row.layout or '-':<5} {_about(row)}")


def _cost(row: Row) -> str:
    if row.memory is None or row.disk is None:
        return f"{'on a server' if row.engine == 'openai' else 'not known':<41}"
    return f"{in_words(row.disk):>7} disk {in_words(row.memory):>7} memory {row.fit:<10}"


def _about(row: Row) -> str:
    about = row.purpose or row.source or row.path or ""
    if row.here:
        return about
    if row.begun:
        return f"{about}; begun ({in_words(row.begun)} are kept): companion models get {row.name}"
    size = f" ({in_words(row.download)})" if row.download else ""
    return f"{about}; to fetch{size}: companion models get {row.name}"


@command.command("add")
@click.argument("what", metavar="PATH|URL")
@click.option("--name", help="What it is called here; a file's own name unless it is said.")
@click.option("--model-id", metavar="X", help="The server's name for the model, for a URL.")
@click.option("--api-key-env", metavar="NAME", help="The environment variable that holds the key for a server.")
@click.option(
    "--api-key-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A file that holds it; only you may read it.",
)
@click.option("--layout", type=click.Choice([str(layout) for layout in Layout]), help="Instead of the one guessed.")
@click.option("--context", type=click.IntRange(min=256), metavar="N", help="Tokens to make room for.")
@click.option("--think", type=click.Choice(["off", "on", "auto"]), help="Whether it thinks before it replies.")
@click.option(
    "--adapter", type=click.Path(path_type=Path), metavar="FILE", help="A LoRA adapter (GGUF) to lay on top of it."
)
@click.option("--adapter-scale", type=click.FloatRange(0, 1), metavar="S", help="How much of the adapter, 0 to 1.")
def add(
    what: str,
    name: str | None,
    model_id: str | None,
    api_key_env: str | None,
    api_key_file: Path | None,
    layout: str | None,
    context: int | None,
    think: str | None,
    adapter: Path | None,
    adapter_scale: float | None,
) -> None:
    """Make a model known by a name: the GGUF file at PATH, or a model of the OpenAI-compatible server at URL.

    The file stays where it is. Its layout is guessed from what it says about itself, and said.
    """
    chosen: dict[str, Any] = {"layout": layout, "context": context, "think": think}
    if what.startswith(("http://", "https://")):
        if adapter or adapter_scale is not None:
            raise UsageError("--adapter is for a model file; a server has its own.")
        if not model_id or not name:
            raise UsageError("A server needs --model-id (its name for the model) and --name (yours).")
        chosen |= {"engine": "openai", "base_url": what.rstrip("/"), "model_id": model_id}
        chosen |= {"api_key_env": api_key_env, "api_key_file": api_key_file and _whole(api_key_file)}
        said = f"{model_id} on {what}, layout {layout or Layout.TAIL}."
    else:
        if model_id or api_key_env or api_key_file:
            raise UsageError("--model-id is for a server's URL, as keys are; this is the path of a file.")
        path, header = _file(Path(what))
        guess(header)  # can it be talked to at all?
        name = name or path.stem
        chosen |= {"path": path, "sha256": sha256_of(path)}
        if adapter:
            chosen |= {"adapter": _file(adapter)[0], "adapter_scale": 1.0 if adapter_scale is None else adapter_scale}
        elif adapter_scale is not None:
            raise UsageError("--adapter-scale needs an --adapter.")
        said = f"{path}, layout {layout or f'{guess_layout(header)} (guessed)'}, sha256 {chosen['sha256']}"
    if name in registry.known():
        raise Refused(f"There is a model {name!r} already. Give another --name, or `companion models remove {name}`.")
    given = {key: value for key, value in chosen.items() if value is not None}
    entry = toml_file.checked(Entry, name, given, "companion models add")
    registry.add(entry)
    if entry.address:
        said = f"{said} {leaving(entry.address)}"
    click.echo(f"{name}: {said}\n`companion chat --model {name}` talks to it.", err=True)


def _file(path: Path) -> tuple[Path, Header]:
    """The whole path of a GGUF file, and its header."""
    path = _whole(path)
    return path, check_model_file(path)


def _whole(path: Path) -> Path:
    try:
        return path.expanduser().absolute()
    except RuntimeError:
        raise UsageError(f"{path}: there is nobody of that name here; give a whole path.") from None


@command.command("path")
@click.argument("name", metavar="[NAME]", required=False)
def path(name: str | None) -> None:
    """Where a model's file lies; without NAME, the folder of the models that were added."""
    click.echo(registry.find(name).file if name else paths.user_models())


@command.command("remove")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(name: str, yes: bool) -> None:
    """Take a model out of the list. Its file is deleted if it lies in the models folder, and else stays.

    What an interrupted `get` has left of it is deleted too.
    """
    entry = registry.known().get(name)
    begun = left_of(name)
    if entry and not entry.ships:
        for file in registry.owned_files(entry):
            if file.exists():
                click.echo(f"{file}  {in_words(file.stat().st_size)}", err=True)
    if begun:
        click.echo(f"{work_folder(name)}  {in_words(begun)}", err=True)
    if not yes and (begun or (entry and not entry.ships)):
        click.confirm(f"Remove {name}?", abort=True, err=True)
    give_up(name)
    kept = ""
    if entry or not begun:
        removed = registry.remove(name)
        kept = f" {removed.path} stays where it is." if removed.path and removed.path.exists() else ""
    click.echo(f"{name} is removed.{kept}", err=True)
