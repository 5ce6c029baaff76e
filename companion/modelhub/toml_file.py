"""TOML files whose tables each describe one model: read strictly, so that a slip is a sentence."""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from companion.errors import UsageError

Model = TypeVar("Model", bound=BaseModel)


def tables(path: Path) -> dict[str, dict[str, Any]]:
    """The tables of a file by name; none where there is no file. Raises UsageError naming the file."""
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}. Correct that line, or move the file away.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from None
    for name, table in found.items():
        if not isinstance(table, dict):
            raise UsageError(f"{path}: {name} = {table!r} is not a model. Each model is a table: [{name}].")
    return found


def checked(kind: type[Model], name: str, table: dict[str, Any], where: str) -> Model:
    """The table as a `kind`. Raises UsageError naming the place, the key and the nearest known key."""
    known = [key for key in kind.model_fields if key != "name"]
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f"Did you mean {near[0]!r}?" if near else f"A model has: {', '.join(known)}."
            raise UsageError(f"{where}: the model {name!r} has an unknown key {key!r}. {hint}")
    try:
        return kind.model_validate({"name": name, **table})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        message = first["msg"].removeprefix("Value error, ")
        about = f"{key} = {first['input']!r} cannot be used: " if key else ""
        raise UsageError(f"{where}: the model {name!r}: {about}{message[:1].lower()}{message[1:]}.") from None
