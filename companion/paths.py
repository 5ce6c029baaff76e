"""The one file that knows where things lie."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import platformdirs

APP = "companion"


def _folder(kind: str) -> Path:
    home = os.environ.get("COMPANION_HOME")
    if home:
        return Path(home).expanduser() / kind
    user: dict[str, Path] = {
        "config": platformdirs.user_config_path(APP, appauthor=False),
        "data": platformdirs.user_data_path(APP, appauthor=False),
        "state": platformdirs.user_state_path(APP, appauthor=False),
    }
    return user[kind]


def config_file() -> Path:
    """Settings, written by hand: `COMPANION_CONFIG`, or config.toml in the configuration folder."""
    named = os.environ.get("COMPANION_CONFIG")
    return Path(named).expanduser() if named else _folder("config") / "config.toml"


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
    """`path`, made if need be, readable by its owner alone."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.stat().st_mode & 0o077:
        path.chmod(0o700)
    return path
