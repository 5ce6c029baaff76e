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
    "export": "Sessions for other programs: JSON lines, tables, chats.",
    "import": "Conversations from other programs, as data.",
    "data": "Where the data lies; back it up, forget sessions, wipe it.",
    "models": "The models: list, get, add, convert or remove them.",
    "config": "Where the settings lie, what they are, whether they are right.",
    "serve": "The chat in a browser on this machine.",
    "doctor": "Check that everything works on this machine.",
    "tag": "The tactics of any text, sentence by sentence.",
    "safety": "What is noticed of danger in any text.",
    "study": "How much replies repeat each other: the repetition report.",
    "experiment": "A study with people: arms by chance, questions, ratings, export.",
    "train": "Train a model from a recipe.",
    "eval": "Measure a model.",
}


class Commands(Noun):
    """Commands by name, imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = "importing" if cmd_name == "import" else cmd_name  # the one that Python has taken
        command: click.Command = import_module(f"companion.cli.{module}").command
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
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # started with it closed
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115  (for the whole run)
        getattr(sys, name).reconfigure(errors="replace")
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run a command line; returns its exit code."""
    try:
        outcome = cli.main(arguments, prog_name="companion", standalone_mode=False)
        sys.stdout.flush()  # here, where it can still fail with a sentence
        return outcome if isinstance(outcome, int) else 0
    except CompanionError as error:
        return _fail(str(error), error.exit_code)
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "companion"
        return _fail(f"{error.format_message()} See `{where} --help`.", 2)
    except click.ClickException as error:
        return _fail(error.format_message(), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("", err=True)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads any more: end quietly
        return 0
    except OSError as error:
        return _fail(f"{error.filename or 'The output'} cannot be read or written: {error.strerror or error}.", 1)
    except UnicodeEncodeError:
        return _fail("What was given has bytes in it that are not UTF-8 text; please give it again without them.", 2)
    except MemoryError:
        return _fail("There is not enough memory for that; try a smaller input or model.", 1)
    except Exception as error:
        if os.environ.get("COMPANION_DEBUG"):
            raise
        return _fail(
            f"A fault in the program ({type(error).__name__}); what was said is saved. "
            "COMPANION_DEBUG=1 shows where it comes from.",
            1,
        )


def _fail(sentence: str, exit_code: int) -> int:
    click.echo(f"companion: {sentence}", err=True)
    return exit_code
