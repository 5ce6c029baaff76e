"""`companion config`."""

from __future__ import annotations

import json
import tomllib

import click

from companion import paths, settings
from companion.cli.noun import Noun


@click.group("config", cls=Noun, default="show")
def command() -> None:
    """Settings: the command line wins over COMPANION_* variables, those over the file, that over the defaults."""


@command.command("path")
def path() -> None:
    """Where the settings file is read from."""
    click.echo(paths.config_file())


@command.command("show")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def show(as_json: bool) -> None:
    """Every setting: its value, where that comes from, what it means."""
    found = settings.origins()
    if as_json:
        click.echo(json.dumps({o.name: {"value": o.value, "source": o.source} for o in found}))
        return
    for origin in found:
        value = "(unset)" if origin.value is None else json.dumps(origin.value, ensure_ascii=False)
        click.echo(f"{origin.name} = {value}  [{origin.source}]\n    {origin.help}")


@command.command("check")
def check() -> None:
    """Say whether the settings are right."""
    settings.load()
    file = paths.config_file()
    click.echo(f"{file} is right." if file.exists() else f"There is no {file}; the defaults are in force.", err=True)


@command.command("set")
@click.argument("name")
@click.argument("value", required=False)
def set_one(name: str, value: str | None) -> None:
    """Write one setting into the file; without VALUE, take it out of there. `keys.send` is a key of the chat."""
    settings.set_value(name, value if value is None else _value(value))
    found = getattr(settings.load(), name.partition(".")[0])
    click.echo(f"{name.partition('.')[0]} = {json.dumps(found)} is in force.", err=True)


def _value(text: str) -> object:
    """What was typed, as TOML reads it; words need no quotes."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
