"""`companion data`."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from companion import paths
from companion.cli import passphrase
from companion.cli.noun import Noun
from companion.cli.opening import open_store
from companion.cli.sessions import forget as ask_and_forget
from companion.errors import NotFound, Refused
from companion.safety.letter import FILE as LETTER
from companion.safety.plan import FILE as PLAN
from companion.store import encrypted

SYNCED = (
    "CloudStorage",
    "Dropbox",
    "Google Drive",
    "GoogleDrive",
    "Mobile Documents",
    "Nextcloud",
    "OneDrive",
    "Seafile",
    "Syncthing",
    "iCloud",
    "ownCloud",
    "pCloud",
)
"""How the names of folders begin that programs copy to other computers."""


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
    """How much is kept, and whether it is encrypted."""
    with open_store() as store:
        stats = asdict(store.stats())
        is_encrypted = store.encrypted
    if as_json:
        click.echo(json.dumps({"path": str(paths.database()), "encrypted": is_encrypted} | stats))
    else:
        kind = "encrypted" if is_encrypted else "not encrypted"
        click.echo(f"{paths.database()}  ({stats.pop('bytes') / 1e6:.1f} MB, {kind})")
        for name, value in stats.items():
            click.echo(f"{name.replace('_', ' '):<14}{'-' if value is None else value}")
    copier = synced(paths.data_folder())
    if copier:
        click.echo(
            f"Note: {copier} looks like a folder that is copied to other computers, and the conversations with it. "
            "Name another folder in COMPANION_HOME, or leave this one out of the copying.",
            err=True,
        )


def synced(folder: Path) -> Path | None:
    """The folder above (or at) `folder` that looks as if a program copied it to other computers."""
    whole = folder.resolve()
    for place in (whole, *whole.parents):
        if place.name.startswith(SYNCED) or (place / ".stfolder").exists():
            return place
    return None


@command.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(file: Path) -> None:
    """Copy the whole database to FILE, also while the chat is in use."""
    with open_store() as store:
        store.backup(file)
        kind = "encrypted with the same passphrase" if store.encrypted else "not encrypted"
    click.echo(f"Copied to {file}. It is readable by you alone, and {kind}.", err=True)


@command.command("encrypt")
def encrypt() -> None:
    """Encrypt the database with a passphrase.

    It is asked for twice and not shown, or read from the file that COMPANION_PASSPHRASE_FILE names.
    """
    path = paths.database()
    encrypted.library(path)
    if encrypted.is_encrypted(path):
        raise Refused(f"{path} is encrypted already. `companion data passphrase` gives it another passphrase.")
    with open_store():  # makes one where there is none, and looks whether it is ours
        pass
    click.echo(
        "Without the passphrase nobody can read the conversations again: not you, and nobody who made this program.",
        err=True,
    )
    _convert(path, passphrase.new())
    click.echo(
        f"{path} is encrypted. Backups and exports that were made before are not, and what the disk itself keeps of "
        "old files may outlast this: encrypt the disk too, if you can.",
        err=True,
    )


@command.command("decrypt")
def decrypt() -> None:
    """Make the database a plain file again."""
    path = _encrypted_database()
    _convert(path, None)
    click.echo(f"{path} is not encrypted any more. It is readable by you alone.", err=True)


@command.command("passphrase")
@click.option(
    "--new-file", type=click.Path(path_type=Path, dir_okay=False), help="A file that holds the new one, for scripts."
)
def change(new_file: Path | None) -> None:
    """Give the encrypted database another passphrase."""
    path = _encrypted_database()
    _convert(path, passphrase.read_new(new_file) if new_file else passphrase.ask_new())
    click.echo(f"{path} has its new passphrase. Backups that were made before keep the old one.", err=True)


def _encrypted_database() -> Path:
    """The database, opened once with its passphrase, so that this is known and right."""
    path = paths.database()
    if not path.exists():
        raise NotFound(f"There is no database at {path} yet. `companion chat` starts one.")
    if not encrypted.is_encrypted(path):
        raise Refused(f"{path} is not encrypted. `companion data encrypt` does that.")
    with open_store():
        pass
    return path


def _convert(path: Path, new: str | None) -> None:
    from companion.store.converting import convert

    convert(path, new)


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
    """Delete everything: every session, rating and learned preference, the safety plan and the draft of a letter."""
    pages = [paths.data_folder() / name for name in (PLAN, f"{PLAN}.unreadable", LETTER)]
    if not paths.database().exists() and not any(page.exists() for page in pages):
        click.echo("There is nothing to wipe.", err=True)
        return
    if not yes:
        click.confirm(f"Delete everything in {paths.data_folder()}? It cannot be undone.", abort=True, err=True)
    for page in pages:
        page.unlink(missing_ok=True)
    if not paths.database().exists():
        pass
    elif encrypted.is_encrypted(paths.database()):
        encrypted.remove(paths.database())  # who has lost the passphrase can begin again
    else:
        with open_store() as store:
            store.wipe()
    click.echo("Everything is gone. Copies made with `data backup` or by other programs are not.", err=True)
