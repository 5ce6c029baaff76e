"""`companion export`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TextIO

import click

from companion.cli.opening import open_store
from companion.errors import CompanionError, Refused


@click.command("export")
@click.option("--format", "form", type=click.Choice(["jsonl"]), default="jsonl", show_default=True, help="File format.")
@click.option("--session", "session_ids", metavar="ID", multiple=True, help="Only this session (repeatable).")
@click.option("--with-text", is_flag=True, help="With what was said. Without it: labels and numbers only.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A new file, not standard output."
)
@click.option("--force", is_flag=True, help="Replace the output file if it is there.")
def command(form: str, session_ids: tuple[str, ...], with_text: bool, output: Path | None, force: bool) -> None:
    """One JSON object for each turn: session, turn, role, tactics, plan weights, timings.

    What was said is left out unless --with-text is given.
    """
    from companion.export import write_jsonl

    with open_store() as store:
        sessions = [store.session(i) for i in session_ids] if session_ids else store.sessions(archived=None)
        if output is None:
            rows = write_jsonl(store, sessions, sys.stdout, with_text=with_text)
        else:
            with _new_file(output, force=force) as file:
                rows = write_jsonl(store, sessions, file, with_text=with_text)
    text = "with" if with_text else "without"
    click.echo(f"Exported {rows} turns of {len(sessions)} sessions, {text} what was said.", err=True)


def _new_file(path: Path, *, force: bool) -> TextIO:
    """`path` opened for writing, for its owner alone; never through a link."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | (os.O_TRUNC if force else os.O_EXCL)
    try:
        file = os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8")
        os.fchmod(file.fileno(), 0o600)  # a file that is replaced brings its own mode
        return file
    except FileExistsError:
        raise Refused(f"{path} is there already; choose another name, or give --force to replace it.") from None
    except OSError as error:
        raise CompanionError(f"{path} cannot be written: {error.strerror}.") from None
