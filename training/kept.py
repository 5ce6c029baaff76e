"""What a measurement keeps on disk: its recipe, and rows of JSON that are added as they come.

Whatever ends it, every row that was added is there, and what was cut off is dropped when it goes on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from companion.errors import CompanionError, NotFound, UsageError
from training.run import versions, write_json, write_text

RECIPE = "recipe.json"


class Kept:
    """A folder with a recipe and files of rows."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, path: Path, recipe: dict[str, Any]) -> Kept:
        """Raises UsageError where the folder exists already, CompanionError where it cannot be made."""
        try:
            path.mkdir(parents=True)
            write_json(path / RECIPE, recipe)
            write_json(path / "versions.json", versions())
        except FileExistsError:
            raise UsageError(f"{path} exists already; go on with it by --resume {path}, or name another.") from None
        except OSError as error:
            raise CompanionError(f"{path} cannot be made: {error.strerror or error}. Name another with -o.") from None
        return cls(path)

    def recipe(self, made_by: str) -> dict[str, Any]:
        """Raises NotFound where nothing is kept in the folder, saying what makes one; CompanionError where the recipe
        cannot be read."""
        try:
            values: dict[str, Any] = json.loads((self.path / RECIPE).read_text("utf-8"))
        except FileNotFoundError:
            raise NotFound(f"{self.path} holds no run (no {RECIPE}). Give the folder of `{made_by}`.") from None
        except (OSError, ValueError) as error:
            raise self.unreadable(error) from None
        return values

    def unreadable(self, error: Exception) -> CompanionError:
        """What to say of a recipe that makes no sense."""
        return CompanionError(f"{self.path / RECIPE} cannot be read ({error}); start a new run.")

    def rows(self, name: str) -> list[str]:
        """The rows of a file, [] where there is none. A last one that was cut off is dropped from the file."""
        file = self.path / name
        if not file.exists():
            return []
        whole, newline, cut_off = file.read_bytes().rpartition(b"\n")
        if cut_off:
            os.truncate(file, len(whole + newline))
        try:
            return [line.decode() for line in whole.split(b"\n") if line]
        except UnicodeDecodeError as error:
            raise self.wrong_row(name, error) from None

    def wrong_row(self, name: str, error: Exception) -> CompanionError:
        """What to say of a row that makes no sense."""
        return CompanionError(f"{self.path / name} has a row that cannot be read ({error}); start a new run.")

    def add(self, name: str, rows: Iterable[str]) -> None:
        """Raises CompanionError when the disk is full."""
        try:
            with (self.path / name).open("a", encoding="utf-8") as file:
                file.writelines(row + "\n" for row in rows)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise self._full(error) from None

    def replace(self, name: str, rows: Iterable[str]) -> None:
        """All rows of a file anew, or none. Raises CompanionError when the disk is full."""
        try:
            write_text(self.path / name, "".join(row + "\n" for row in rows))
        except OSError as error:
            raise self._full(error) from None

    def _full(self, error: OSError) -> CompanionError:
        return CompanionError(
            f"{self.path} could not be written: {error.strerror or error}. "
            f"Free some space and go on with --resume {self.path}."
        )
