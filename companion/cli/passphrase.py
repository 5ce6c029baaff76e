"""Where the passphrase of an encrypted database comes from: a file, or the terminal, where it is not shown.

Never from the command line or from the environment itself: other programs can read those.
"""

from __future__ import annotations

import getpass
import os
from pathlib import Path

import click

from companion import secret_file
from companion.errors import UsageError
from companion.store import Store, encrypted

FILE = "COMPANION_PASSPHRASE_FILE"
TRIES = 3
LEAST = 8
"""Characters of a new passphrase: the KDF makes guessing slow, but not slow enough for a few letters."""


def unlocked(path: Path, *, ask: bool) -> Store:
    """The store at `path`; where it is encrypted and locked, with the passphrase from the file, or asked for.

    Raises PassphraseNeeded where there is neither, and WrongPassphrase.
    """
    try:
        return Store(path)
    except encrypted.PassphraseNeeded:
        written = from_file()
        if written is None and not (ask and has_terminal()):
            raise
    if written is not None:
        encrypted.remember(path, written)
        return Store(path)
    for left in reversed(range(TRIES)):
        encrypted.remember(path, asked("Passphrase: "))
        try:
            return Store(path)
        except encrypted.WrongPassphrase:
            if not left:
                raise
            click.echo("That passphrase does not open it.", err=True)
    raise AssertionError("unreachable")


def new() -> str:
    """A passphrase that is to be set: from the file that the environment names, else asked for."""
    written = from_file()
    return ask_new() if written is None else _long_enough(written)


def read_new(path: Path) -> str:
    """A passphrase that is to be set, from a file."""
    return _long_enough(read(path))


def ask_new() -> str:
    """A passphrase that is to be set, asked for twice."""
    if not has_terminal():
        raise UsageError(f"There is no terminal to ask for a passphrase. Name a file that holds it in {FILE}.")
    typed = _long_enough(asked("New passphrase: "))
    if asked("The same again: ") != typed:
        raise UsageError("The two were not the same. Nothing is changed; try again.")
    return typed


def from_file() -> str | None:
    """The first line of the file that COMPANION_PASSPHRASE_FILE names; None where it names none."""
    named = os.environ.get(FILE)
    return read(Path(named).expanduser()) if named else None


def read(path: Path) -> str:
    """The first line of a file, or of a descriptor as /dev/fd/3. Raises Refused where others may read it too."""
    return secret_file.read(path, "passphrase")


def has_terminal() -> bool:
    """Whether somebody can be asked, whatever standard input is."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True


def asked(prompt: str) -> str:
    """What is typed on the terminal; it is not shown."""
    try:
        return getpass.getpass(prompt)
    except EOFError:
        raise click.Abort from None


def _long_enough(passphrase: str) -> str:
    if len(passphrase) < LEAST:
        raise UsageError(
            f"A passphrase needs at least {LEAST} characters. Four or five words that do not belong together are good."
        )
    return passphrase
