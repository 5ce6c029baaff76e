"""Whether the person has agreed that what they say goes to a server: asked once for each, and remembered."""

from __future__ import annotations

import json
import os
from pathlib import Path

from companion.engine.address import Address
from companion.errors import CompanionError, Refused

_agreed_here: set[str] = set()
"""What was agreed to in this run of the program."""


class ConsentNeeded(Refused):
    """Somebody has to be asked first: `question` is what."""

    def __init__(self, address: Address) -> None:
        super().__init__(
            f"What you write would leave this machine for {address.name}, and nobody has agreed to that yet. "
            "Start `companion chat` with this model in a terminal to be asked, or give `companion say` the option "
            "--yes; or choose a model on this machine (`companion models list`)."
        )
        self.address = address

    @property
    def question(self) -> str:
        """What is to be agreed to, in plain words."""
        return f"{leaving(self.address)} Whoever runs that server can read it, and may keep it. Do you agree?"


def leaving(address: Address) -> str:
    """What happens to what is said, in a sentence or two."""
    if address.local:
        return f"What you write goes to the server {address.name} on this machine."
    plain = " It is not encrypted on the way: anybody in between can read it." if address.scheme == "http" else ""
    return (
        f"What you write, and the conversation before it, leaves this machine for {address.name}, where this model "
        f"runs.{plain}"
    )


def given(address: Address, folder: Path) -> bool:
    """Whether it was agreed to, here or before; `folder` is where that is remembered."""
    return address.local or address.origin in _agreed_here or address.origin in _remembered(folder)


def give(address: Address, folder: Path | None) -> None:
    """Agree, for this run of the program, and for later ones where `folder` is not None. Raises CompanionError."""
    _agreed_here.add(address.origin)
    if folder is None:
        return
    file = _file(folder)
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        fresh.write_text(json.dumps(sorted({*_remembered(folder), address.origin})), encoding="utf-8")
        fresh.chmod(0o600)
        fresh.replace(file)
    except OSError as error:
        raise CompanionError(f"{file} cannot be written: {error.strerror}. You will be asked again.") from None


def _file(folder: Path) -> Path:
    return folder / "servers.json"


def _remembered(folder: Path) -> set[str]:
    """A file that cannot be read is one in which nothing was agreed to."""
    try:
        found = json.loads(_file(folder).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return set()
    return {each for each in found if isinstance(each, str)} if isinstance(found, list) else set()
