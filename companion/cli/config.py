"""`companion config`."""

from __future__ import annotations

import json

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
