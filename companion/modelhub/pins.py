"""Which commit of a repository was fetched first, and what its files were: later downloads must be the same.

A branch such as "main" can move, and a catalogue cannot know where to. What it pointed to at the first download is
kept in pins.json in the data folder, with a hash for each file, and is what every later download gets.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from companion import paths
from companion.errors import CompanionError, Refused


@dataclass(frozen=True, slots=True)
class Pin:
    """A commit, and the hash of each of its files that were fetched, as `Digest` writes it."""

    commit: str
    files: Mapping[str, str]


def pins_file() -> Path:
    """Every pin, in one JSON file."""
    return paths.data_folder() / "pins.json"


def read(repository: str) -> Pin | None:
    """The pin of a repository, None before it was fetched for the first time."""
    found = _read().get(repository)
    try:
        return Pin(str(found["commit"]), {str(k): str(v) for k, v in found["files"].items()}) if found else None
    except (KeyError, TypeError, AttributeError):
        raise _damaged() from None


def write(repository: str, pin: Pin) -> None:
    """Keeps the pin; files that were fetched of the same commit before stay in it. Raises CompanionError."""
    before = read(repository)
    if before and before.commit == pin.commit:
        pin = Pin(pin.commit, {**before.files, **pin.files})
    file = pins_file()
    paths.private_folder(file.parent)
    try:
        fresh = file.with_name(f"{file.name}.{os.getpid()}")
        fresh.write_text(json.dumps(_read() | {repository: asdict(pin)}, indent=1), encoding="utf-8")
        fresh.chmod(0o600)
        fresh.replace(file)
    except OSError as error:
        raise CompanionError(f"{file} cannot be written: {error.strerror}.") from None


def check(repository: str, pin: Pin, files: Mapping[str, str]) -> None:
    """Raises Refused where a file of the pinned commit is said to be another than it was."""
    for name, digest in files.items():
        if pin.files.get(name, digest) != digest:
            raise Refused(
                f"{name} of {repository} at {pin.commit[:12]} is not what it was at the first download "
                f"({digest[-12:]} instead of {pin.files[name][-12:]}): nothing is fetched. If you trust the new file, "
                "say so with --revision."
            )


def _read() -> dict[str, Any]:
    try:
        found = json.loads(pins_file().read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        raise _damaged() from None
    if not isinstance(found, dict):
        raise _damaged()
    return found


def _damaged() -> CompanionError:
    return CompanionError(f"{pins_file()} cannot be read. Move it away; the next download then begins a new one.")
