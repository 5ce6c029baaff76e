"""Locking the chat (P15): the screen is clear until a code is typed.

The code is the passphrase of the database where it has one; else one that the person chooses for this time, which is
kept in memory only. It keeps other people's eyes and hands off a chat that stands open. It protects no file: who can
use the account can end the program and open what is not encrypted.
"""

from __future__ import annotations

import hmac
import unicodedata
from pathlib import Path

from companion.store import encrypted

CHOOSE = "The screen is clear. Type a code to lock it with and press Enter; without one, Enter brings the chat back."
LOCKED = {True: "Locked. Your passphrase opens it.", False: "Locked. Your code opens it."}
"""By whether it is the passphrase."""
WRONG = "That does not open it."
FORGOTTEN = "A code counts for this time only: leaving the program and starting it again opens the chat without it."


class Lock:
    """What opens a locked chat."""

    def __init__(self, secret: str, *, passphrase: bool = False) -> None:
        """`passphrase` says that the secret is the database's, not one for this time."""
        self._secret, self.passphrase = _composed(secret), passphrase

    @classmethod
    def of(cls, database: Path | None) -> Lock | None:
        """By the passphrase of this database; None where it has none, and a code is to be chosen."""
        secret = encrypted.passphrase_of(database) if database is not None else None
        return cls(secret, passphrase=True) if secret else None

    @property
    def sentence(self) -> str:
        """What stands on the screen."""
        return LOCKED[self.passphrase]

    def opens(self, typed: str) -> bool:
        """Whether it is the right one."""
        return hmac.compare_digest(_composed(typed), self._secret)


def _composed(text: str) -> bytes:
    """So that the keyboard it is typed on makes no difference."""
    return unicodedata.normalize("NFC", text).encode("utf-8", "replace")
