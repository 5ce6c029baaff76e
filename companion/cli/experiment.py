"""`companion experiment`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from companion import settings
from companion.cli.noun import Noun
from companion.cli.opening import open_sitting, open_store
from companion.errors import CompanionError, UsageError

if TYPE_CHECKING:
    from companion.settings import Settings


@click.group("experiment", cls=Noun, default="status")
def command() -> None:
    """A study with people: arms by chance that nobody sees, questions, ratings, export."""


@command.command("new")
@click.argument("name", required=False)
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--example", is_flag=True, help="Print a whole design to begin with, and begin nothing.")
def new(name: str | None, file: Path | None, example: bool) -> None:
    """Begin the experiment NAME as FILE says; it stays so, whatever becomes of the file.

    FILE is TOML with the consent, the arms and the questions: --example prints one.
    """
    from companion.cli.agreeing import agreed
    from companion.experiment import design
    from companion.experiment.sitting import servers

    if example:
        click.echo(design.example(), nl=False)
        return
    if name is None or file is None:
        raise UsageError("Give a name and the file of the design; --example prints a design to begin with.")
    if not design.NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is no name: up to 40 small letters, digits, spaces, dots, dashes and underscores, a letter or "
            "digit first."
        )
    read = design.read_design(file)
    for address in servers(read, settings.load()):
        agreed(address, ask=True, off_record=False)
    with open_store() as store:
        store.add_experiment(name, read.model_dump_json(), [arm.name for arm in read.arms])
    arms = ", ".join(arm.name for arm in read.arms)
    click.echo(f"Begun: {name}, with the arms {arms}. A participant begins with: companion experiment run {name!r}",
               err=True)  # fmt: skip


@command.command("run")
@click.argument("name")
@click.option("--plain", is_flag=True, help="Plain lines instead of a full screen: for screen readers and scripts.")
def run(name: str, plain: bool) -> int:
    """One participant: consent, questions, a conversation, questions, and a code to withdraw with later.

    Nothing is kept before they consent. Which arm they have is shown nowhere.
    """
    chosen = settings.load()
    if plain or not ("TEXTUAL_DRIVER" in os.environ or (sys.stdin.isatty() and sys.stdout.isatty())):
        return _plain(name, chosen)
    return _whole_screen(name, chosen)


def _plain(name: str, chosen: Settings) -> int:
    from companion.experiment.sitting import Sitting
    from companion.plain_study import PlainStudy, consents

    with open_store() as store:
        sitting = Sitting(store, name, chosen)
        if not consents(sitting):
            return 0
        conversation = open_sitting(sitting, store)
        try:
            return PlainStudy(conversation, sitting).run()
        finally:
            conversation.close()


def _whole_screen(name: str, chosen: Settings) -> int:
    from companion.experiment.sitting import Sitting
    from companion.tui.study import StudyApp

    with open_store() as store:
        sitting = Sitting(store, name, chosen)
        app = StudyApp(sitting, lambda: open_sitting(sitting, store), chosen)
        code = app.run()
    if fault := app.fault or app.trouble:
        raise fault
    return code or 0


@command.command("status")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object for each experiment.")
def status(name: str | None, as_json: bool) -> None:
    """Every experiment, or NAME: how many were given each arm, finished, and withdrew."""
    with open_store() as store:
        found = [store.experiment(name)] if name else store.experiments()
        counts = {each.name: store.arm_counts(each.name) for each in found}
    if not found:
        click.echo("No experiments yet. `companion experiment new` begins one.", err=True)
    for each in found:
        arms = counts[each.name]
        if as_json:
            rows = [
                {"arm": arm.arm, "assigned": arm.assigned, "finished": arm.finished, "withdrawn": arm.withdrawn}
                for arm in arms
            ]
            click.echo(json.dumps({"experiment": each.name, "created_at": each.created_at, "arms": rows}))
            continue
        click.echo(each.name)
        width = max(len(arm.arm) for arm in arms)
        for arm in arms:
            click.echo(
                f"    {arm.arm:{width}}  {arm.assigned} began, {arm.finished} finished, {arm.withdrawn} withdrew"
            )


@command.command("export")
@click.argument("name")
@click.option(
    "--with-text", is_flag=True, help="With what was said and answered in words. Without it: labels, numbers."
)
@click.option("--with-crisis", is_flag=True, help="Also the turns in which danger was noticed, and their replies.")
@click.option("-o", "--output", type=click.Path(path_type=Path),
              help="A new folder of tables; without it, a JSON object for each participant.")  # fmt: skip
def export(name: str, with_text: bool, with_crisis: bool, output: Path | None) -> None:
    """Everybody who took part: their arm, answers and ratings, under pseudonyms.

    `companion study FOLDER/turns.jsonl --by condition` compares how the arms repeated themselves.
    """
    from companion.experiment import records
    from companion.experiment.design import Design
    from companion.export import Choice, Tally, write
    from companion.export.new_file import new_file

    tally = Tally()
    with open_store() as store:
        design = Design.model_validate_json(store.experiment(name).design)
        choice = Choice(with_text, with_crisis, store.pseudonym_key())
        with store.snapshot():
            rows = list(records.participant_rows(store, name, choice, tally))
            if output is None:
                for row in rows:
                    click.echo(json.dumps(row, ensure_ascii=False))
            else:
                _make(output)
                tables = {
                    "participants.csv": records.participants_csv(rows, design, with_text=with_text),
                    "replies.csv": records.replies_csv(rows, design, with_text=with_text),
                    "codebook.json": records.codebook(design, with_text=with_text),
                }
                for file_name, text in tables.items():
                    with new_file(output / file_name) as file:
                        file.write(text.encode())
                sessions = [store.session(each.session_id) for each in store.participants(name)]
                with new_file(output / "turns.jsonl") as file:
                    write(store, sessions, file, "jsonl", "turns", choice, Tally())
    said = "with" if with_text else "without"
    click.echo(f"Exported {len(rows)} participants, {said} what was said.", err=True)
    if tally.left_out:
        click.echo(f"{tally.left_out} turns of crises are left out; --with-crisis has them.", err=True)


@command.command("withdraw")
@click.argument("code")
@click.option("--yes", is_flag=True, help="Do not ask.")
def withdraw(code: str, yes: bool) -> None:
    """Delete everything of the participant with this CODE: what they said, what they answered, that they were here."""
    with open_store() as store:
        participant = store.participant(code)
        if not yes:
            click.confirm(
                f"Delete everything of participant {participant.number + 1} of {participant.experiment}?",
                abort=True, err=True,
            )  # fmt: skip
        store.withdraw(code)
    click.echo("Deleted.", err=True)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise UsageError(f"{folder} exists already; name a new folder.") from None
    except OSError as error:
        raise CompanionError(f"{folder} cannot be made: {error.strerror}. Name another place.") from None
