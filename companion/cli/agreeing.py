"""The question before anything is said to a server for the first time."""

from __future__ import annotations

import sys

import click

from companion import paths
from companion.engine import consent
from companion.engine.address import Address
from companion.engine.consent import ConsentNeeded


def agreed(address: Address, *, ask: bool, off_record: bool) -> None:
    """Returns where the person has agreed, or does so now. Raises ConsentNeeded, also for a no.

    Without `ask`, or without a terminal to ask at, ConsentNeeded is for the front end to answer, with `give`.
    """
    folder = paths.state_folder()
    if consent.given(address, folder):
        return
    needed = ConsentNeeded(address)
    if not (ask and sys.stdin.isatty() and sys.stderr.isatty()) or not click.confirm(needed.question, err=True):
        raise needed
    give(address, off_record=off_record)


def give(address: Address, *, off_record: bool) -> None:
    """The person agrees. Off the record, that is not written down."""
    consent.give(address, None if off_record else paths.private_folder(paths.state_folder()))
