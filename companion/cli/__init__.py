"""The commands. stdout is data, stderr is narration; errors become one sentence and an exit code here and nowhere else.

Each command lives in a module of its own that is imported when it is run: `companion --help` imports next to nothing.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

from companion import __version__
from companion.cli.noun import Noun
from companion.errors import CompanionError

COMMANDS = {
    "chat": "Talk (what `companion` alone does).",
    "say": "One turn, for scripts: TEXT, or - for standard input.",
    "sessions": "List, show, search, rename, archive or delete sessions.",
    "export": "Write sessions out as JSON lines.",
    "data": "Where the data lies; back it up, forget sessions, wipe it.",
    "config": "Where the settings lie, what they are, whether they are right.",
    "doctor": "Check that everything works on this machine.",
    "train": "Train a model from a recipe.",
}


class Commands(Noun):
    """Commands by name, imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"companion.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands, default="chat", context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="companion")
def cli() -> None:
    """A private chat companion that does not say the same thing twice in different words."""


def main() -> None:
    """The entry point: runs a command, turns errors into sentences and exit codes."""
    os.umask(0o077)  # whatever this program writes is for its owner
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # they are text streams here
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run a command line; returns its exit code."""
    try:
        outcome = cli.main(arguments, prog_name="companion", standalone_mode=False)
        return outcome if isinstance(outcome, int) else 0
    except CompanionError as error:
        click.echo(f"companion: {error}", err=True)
        return error.exit_code
    except click.UsageError as error:
        error.show()
        return 2
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("", err=True)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads any more: end quietly
        return 0
    except MemoryError:
        click.echo("companion: there is not enough memory for that; try a smaller input or model.", err=True)
        return 1
