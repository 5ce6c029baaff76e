"""`companion safety`."""

from __future__ import annotations

import json

import click

from companion.cli.opening import new_risk_reader
from companion.cli.source import open_source
from companion.errors import CompanionError
from companion.safety.risk.assessor import RiskAssessor
from companion.safety.risk.check import as_text, checked, items

HEADER = f"{'help card':<11}{'ask and offer help':<20}message"


@click.group("safety")
def command() -> None:
    """What the program notices of danger in what a person writes."""


@command.command("check")
@click.argument("source", metavar="[FILE|-]", default="-")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per message or conversation.")
def check(source: str, as_json: bool) -> int:
    """Read the messages in FILE, or in standard input, as the chat would read them.

    Plain text is one message a line. JSON lines hold "text", or "messages" for a conversation, and an "id" that is
    passed on. A level is a step of a ladder for choosing what the program shows; it is no score and no diagnosis.
    """
    assessor = RiskAssessor(new_risk_reader())  # before a file is touched
    with open_source(source) as stream:
        lines = (raw.decode("utf-8", "replace") for raw in stream)
        try:
            for number, item in enumerate(items(lines, "standard input" if source == "-" else source)):
                row = checked(item, assessor)
                if as_json:
                    click.echo(json.dumps(row, ensure_ascii=False))
                else:
                    if not number:
                        click.echo(HEADER)
                    click.echo(as_text(row, item))
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise
            raise CompanionError(f"{source} cannot be read to its end: {error.strerror or error}.") from error
    return 0
