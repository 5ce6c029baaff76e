"""The one file that knows where things lie."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import platformdirs

from companion.errors import CompanionError, UsageError

APP = "companion"


def _named(variable: str) -> Path | None:
    """The path in an environment variable, if it has one."""
    named = os.environ.get(variable)
    try:
        return Path(named).expanduser() if named else None
    except RuntimeError:
        raise UsageError(f"{variable} = {named!r}: there is nobody of that name here; give a whole path.") from None


def _folder(kind: str) -> Path:
    home = _named("COMPANION_HOME")
    if home:
        return home / kind
    user: dict[str, Path] = {
        "config": platformdirs.user_config_path(APP, appauthor=False),
        "data": platformdirs.user_data_path(APP, appauthor=False),
        "state": platformdirs.user_state_path(APP, appauthor=False),
    }
    return user[kind]


def config_file() -> Path:
    """Settings, written by hand: `COMPANION_CONFIG`, or config.toml in the configuration folder."""
    return _named("COMPANION_CONFIG") or _folder("config") / "config.toml"


def user_catalogue() -> Path:
    """Models to fetch by name, besides those that the program knows: written by hand."""
    return _folder("config") / "catalogue.toml"


def data_folder() -> Path:
    """What must not be lost: the database."""
    return _folder("data")


def database() -> Path:
    """Every session, in one SQLite file."""
    return data_folder() / "companion.db"


def state_folder() -> Path:
    """What can be made again: the engine's log and its memory of crashes, the notice's date."""
    return _folder("state")


def user_models() -> Path:
    """Models the person added."""
    return data_folder() / "models"


def shipped_models() -> Path:
    """Models that ship: beside the packages in a checkout, under the prefix in an installation."""
    checkout = Path(__file__).resolve().parent.parent / "models"
    return checkout if checkout.is_dir() else Path(sys.prefix) / "share" / APP / "models"


def private_folder(path: Path) -> Path:
    """`path`, made if need be, readable by its owner alone. Raises CompanionError where that is not possible."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.stat().st_mode & 0o077:
            path.chmod(0o700)
    except OSError as error:
        raise CompanionError(
            f"The folder {path} cannot be used: {error.strerror}. Make room for it, or name another in COMPANION_HOME."
        ) from None
    return path
