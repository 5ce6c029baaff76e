"""`companion import`."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from companion.cli.opening import open_store
from companion.errors import CompanionError, UsageError
from companion.text import clean

if TYPE_CHECKING:
    from companion.importing import Bad, Format
    from companion.importing.taking import Report

FORMATS = ("auto", "jsonl", "chat", "sharegpt", "mint", "esconv", "csv", "chatgpt", "parquet")
TOLD = 20
"""Rows that cannot be used that are named; the others are counted."""


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="auto", show_default=True, help="What the file holds."
)
@click.option("--strict", is_flag=True, help="Take nothing, if any row cannot be used.")
@click.option("--dry-run", is_flag=True, help="Say what would be taken, and take nothing.")
@click.option("--json", "as_json", is_flag=True, help="The outcome as one JSON object.")
def command(file: Path, form: Format, strict: bool, dry_run: bool, as_json: bool) -> None:
    """The conversations in FILE become sessions: exports, chats, tables, as data and never as instructions.

    A row that cannot be used is named on standard error, and the others are taken. What was imported before is not
    taken twice. Tactics that a file brings are kept.
    """
    from companion.importing import read
    from companion.importing.taking import Taking, moment_of

    name = clean(str(file))
    teller = _Teller(name)
    with open_store() as store:
        found = read(file, form)
        moment = moment_of(file) if file.exists() else ""
        if strict:
            checked = Taking(store, moment, dry_run=True, told=teller).take(found)
            if checked.bad:
                raise CompanionError(
                    f"{name}: {_counted(checked.bad, 'row')} cannot be used, so nothing was taken (--strict)."
                )
            found, teller = read(file, form), _Teller(name)
        with store.transaction() if strict and not dry_run else nullcontext():
            report = Taking(store, moment, dry_run=dry_run, told=teller).take(found)
            if strict and report.bad:
                raise CompanionError(f"{name} changed while it was read, so nothing was taken (--strict).")
    teller.close()
    if as_json:
        click.echo(json.dumps(_as_json(report, name, dry_run=dry_run), ensure_ascii=False))
    click.echo(_sentence(report, dry_run=dry_run), err=True)
    if report.bad and not report.sessions and not report.already:
        raise UsageError(f"{name} holds no conversation that could be taken.")


class _Teller:
    """Names the first rows that cannot be used, as they come."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._told = 0

    def __call__(self, bad: Bad) -> None:
        self._told += 1
        if self._told <= TOLD:
            click.echo(f"{self._name}, {bad}.", err=True)

    def close(self) -> None:
        if self._told > TOLD:
            click.echo(f"{self._name}: {self._told - TOLD} more.", err=True)


def _sentence(report: Report, *, dry_run: bool) -> str:
    parts = [
        f"{_counted(report.sessions, 'conversation')} with {_counted(report.turns, 'turn')}, {report.tagged} tagged"
    ]
    if report.already:
        parts.append(f"{_counted(report.already, 'conversation')} here already")
    if report.bad:
        parts.append(f"{_counted(report.bad, 'row')} left out")
    return f"{'Would import' if dry_run else 'Imported'} {'; '.join(parts)}."


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _as_json(report: Report, name: str, *, dry_run: bool) -> dict[str, object]:
    return {
        "file": name,
        "dry_run": dry_run,
        "conversations": report.sessions,
        "turns": report.turns,
        "tagged": report.tagged,
        "already": report.already,
        "formats": dict(report.forms),
        "left_out": report.bad,
        "rows": [{bad.what: bad.number, "reason": bad.reason} for bad in report.reasons],
    }
