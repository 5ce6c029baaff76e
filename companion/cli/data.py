"""`companion data`."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from companion import paths
from companion.cli.noun import Noun
from companion.cli.opening import open_store
from companion.cli.sessions import forget as ask_and_forget


@click.group("data", cls=Noun, default="status")
def command() -> None:
    """The database: one file that holds every session, on this computer and nowhere else."""


@command.command("path")
def path() -> None:
    """Where the database lies."""
    click.echo(paths.database())


@command.command("status")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def status(as_json: bool) -> None:
    """How much is kept."""
    with open_store() as store:
        stats = asdict(store.stats())
    if as_json:
        click.echo(json.dumps({"path": str(paths.database())} | stats))
        return
    click.echo(f"{paths.database()}  ({stats.pop('bytes') / 1e6:.1f} MB, not encrypted)")
    for name, value in stats.items():
        click.echo(f"{name.replace('_', ' '):<14}{'-' if value is None else value}")


@command.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(file: Path) -> None:
    """Copy the whole database to FILE, also while the chat is in use."""
    with open_store() as store:
        store.backup(file)
    click.echo(f"Copied to {file}. It is readable by you alone, and not encrypted.", err=True)


@command.command("forget")
@click.argument("session_ids", metavar="[SESSION...]", nargs=-1)
@click.option("--before", type=click.DateTime(["%Y-%m-%d"]), help="Sessions last used before this day.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def forget(session_ids: tuple[str, ...], before: datetime | None, yes: bool) -> None:
    """Forget sessions: their text leaves every file of the database."""
    if bool(session_ids) == bool(before):
        raise click.UsageError("Name sessions, or give --before YYYY-MM-DD. `companion sessions list` shows the ids.")
    with open_store() as store:
        if before:
            limit = before.astimezone(UTC)
            chosen = [s for s in store.sessions(archived=None) if datetime.fromisoformat(s.updated_at) < limit]
        else:
            chosen = [store.session(session_id) for session_id in session_ids]
        if not chosen:
            click.echo("There is no such session.", err=True)
            return
        ask_and_forget(store, chosen, yes=yes)


@command.command("wipe")
@click.option("--yes", is_flag=True, help="Do not ask.")
def wipe(yes: bool) -> None:
    """Delete the whole database: every session, rating and learned preference."""
    if not paths.database().exists():
        click.echo("There is nothing to wipe.", err=True)
        return
    if not yes:
        click.confirm(f"Delete everything in {paths.database()}? It cannot be undone.", abort=True, err=True)
    with open_store() as store:
        store.wipe()
    click.echo("Everything is gone. Copies made with `data backup` or by other programs are not.", err=True)
