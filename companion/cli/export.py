"""`companion export`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from companion.cli.opening import open_store
from companion.errors import UsageError

if TYPE_CHECKING:
    from companion.export import Format, What

FORMATS = ("jsonl", "csv", "parquet", "markdown", "chat", "sharegpt")
WHATS = ("turns", "sentences", "sessions")


@click.command("export")
@click.option("--format", "form", type=click.Choice(FORMATS), default="jsonl", show_default=True, help="File format.")
@click.option("--what", type=click.Choice(WHATS), default="turns", show_default=True, help="What a row is.")
@click.option("--session", "session_ids", metavar="ID", multiple=True, help="Only this session (repeatable).")
@click.option("--with-text", is_flag=True, help="With what was said. Without it: labels and numbers only.")
@click.option("--with-crisis", is_flag=True, help="Also the turns in which danger was noticed, and their replies.")
@click.option("--real-ids", is_flag=True, help="The sessions' own ids, not pseudonyms.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A new file, not standard output."
)
@click.option("--force", is_flag=True, help="Replace the output file if it is there.")
def command(
    form: Format,
    what: What,
    session_ids: tuple[str, ...],
    with_text: bool,
    with_crisis: bool,
    real_ids: bool,
    output: Path | None,
    force: bool,
) -> None:
    """Sessions for other programs: a row for each turn, with its role, tactics, plan weights and timings.

    What was said is left out unless --with-text is given; sessions have pseudonyms that are the same in every export.
    Beside the file lies a codebook that says what each column is.
    """
    from companion import export
    from companion.export.new_file import check as check_new

    export.check(form, what)
    if form == "parquet" and output is None:
        raise UsageError("Parquet is not text: name a file for it with -o.")
    if output is not None:
        check_new(codebook_of(output), force=force)
    with open_store() as store:
        choice = export.Choice(with_text, with_crisis, None if real_ids else store.pseudonym_key())
        tally = export.Tally()
        if with_text:
            click.echo(
                "Warning: this export holds what was said. Who reads it may recognise who said it; keep it as safe "
                "as the conversations themselves.",
                err=True,
            )
        with store.snapshot(), _output(output, force=force) as file:
            found = iter([store.session(i) for i in session_ids]) if session_ids else store.each_session()
            count = export.write(store, found, file, form, what, choice, tally)
        if output is not None:
            from companion.export.codebook import codebook

            with _output(codebook_of(output), force=force) as file:
                file.write(codebook(form, what, choice).encode())
    rows = "turns" if form in {"markdown", "chat", "sharegpt"} else what
    said = f"{count} sessions" if rows == "sessions" else f"{count} {rows} of {tally.sessions} sessions"
    click.echo(f"Exported {said}, {'with' if with_text else 'without'} what was said.", err=True)
    if tally.left_out:
        click.echo(f"{tally.left_out} turns of crises are left out; --with-crisis has them.", err=True)


def codebook_of(output: Path) -> Path:
    """Where the codebook of a file lies."""
    return output.with_name(output.name + ".codebook.json")


@contextmanager
def _output(path: Path | None, *, force: bool) -> Iterator[BinaryIO]:
    if path is None:
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    from companion.export.new_file import new_file

    with new_file(path, force=force) as file:
        yield file
