"""Errors whose message is the sentence a person reads. Raised where they are known, caught once, in `companion.cli`."""

from __future__ import annotations


class CompanionError(Exception):
    """Something failed; the message says what, with which value, and what to do next."""

    exit_code = 1


class UsageError(CompanionError):
    """The command or a setting was given in a way that cannot be right."""

    exit_code = 2


class NotFound(CompanionError):
    """The named session, model or file is not there."""

    exit_code = 3


class Refused(CompanionError):
    """Not done, to protect the person or their data."""

    exit_code = 4
