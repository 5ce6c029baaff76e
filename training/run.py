"""A run folder: recipe, metrics, checkpoints. Whatever ends a run, the folder says what was done and how to go on."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import FrameType
from typing import Any

from companion import __version__
from companion.errors import CompanionError, NotFound, UsageError

KEEP = 3
"""Checkpoints kept in a run folder."""


@dataclass(frozen=True)
class Run:
    """One training run on disk."""

    folder: Path

    @classmethod
    def create(cls, parent: Path, name: str, recipe: dict[str, Any]) -> Run:
        """A new folder `name-YYYYmmdd-HHMMSS` under `parent`, with the recipe and the versions used."""
        folder = parent / f"{name}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
        try:
            folder.mkdir(parents=True)
            write_json(folder / "recipe.json", recipe)
            write_json(folder / "versions.json", versions())
        except FileExistsError:
            raise UsageError(
                f"{folder} exists already; wait a second, or continue it with --resume {folder}."
            ) from None
        except OSError as error:
            raise CompanionError(
                f"The run folder {folder} cannot be made: {error.strerror or error}. Give another place with --runs."
            ) from error
        return cls(folder)

    @classmethod
    def open(cls, folder: Path) -> Run:
        """An existing run folder. Raises NotFound when there is no run in `folder`."""
        if not (folder / "recipe.json").is_file():
            raise NotFound(f"{folder} holds no run (no recipe.json). Give the folder that `companion train` named.")
        return cls(folder)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Holds the folder against a second process, until nothing more is written into it.

        Raises UsageError where one is at work in it.
        """
        with (self.folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UsageError(
                    f"Another process is training in {self.folder}. Wait until it is done, or stop it first."
                ) from None
            yield

    def recipe(self) -> dict[str, Any]:
        """The recipe the run was started with, as plain values."""
        read: dict[str, Any] = json.loads((self.folder / "recipe.json").read_text("utf-8"))
        return read

    def learns_from(self, files: Mapping[str, Path]) -> None:
        """Keep the SHA-256 of each file under its name. Raises UsageError for one that is not as it was."""
        record = self.folder / "data.json"
        known = json.loads(record.read_text("utf-8")) if record.exists() else {}
        found = {name: sha256_of(file) for name, file in files.items()}
        changed = [str(file) for name, file in files.items() if known.get(name, found[name]) != found[name]]
        if changed:
            raise UsageError(
                f"Not as when this run began: {', '.join(changed)}. Put back what was there and continue with "
                f"--resume {self.folder}, or start a new run."
            )
        with self.writing("What the run learns from"):
            write_json(record, known | found)

    def log(self, row: dict[str, Any]) -> None:
        """Append one line to metrics.jsonl. Raises CompanionError when the disk is full."""
        with self.writing("The metrics"), (self.folder / "metrics.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def rewind(self, step: int) -> None:
        """Drop the metrics after `step`: they belong to steps that will be done again. So does a line cut off."""
        path = self.folder / "metrics.jsonl"
        if path.exists():
            whole = path.read_text("utf-8").split("\n")[:-1]
            kept = "".join(f"{line}\n" for line in whole if json.loads(line)["step"] <= step)
            with self.writing("The metrics"):
                write_text(path, kept)

    def checkpoints(self) -> list[Path]:
        """Complete checkpoints, oldest first."""
        return sorted(self.folder.glob("checkpoint-*[0-9]"), key=lambda path: int(path.name.rpartition("-")[2]))

    @contextmanager
    def checkpoint(self, step: int) -> Iterator[Path]:
        """Write a checkpoint into the folder that is given; it counts once it is whole. Of the older ones `KEEP` stay.

        Raises CompanionError when the disk is full; the earlier checkpoints are still there then.
        """
        final = self.folder / f"checkpoint-{step:06d}"
        partial = self.folder / f"checkpoint-{step:06d}.partial"
        for abandoned in self.folder.glob("checkpoint-*.partial"):
            shutil.rmtree(abandoned)
        with self.writing(f"The checkpoint at step {step}"):
            try:
                partial.mkdir()
                yield partial
                for file in partial.rglob("*"):
                    if file.is_file():
                        _settle(file)
            except OSError:
                shutil.rmtree(partial, ignore_errors=True)
                raise
            shutil.rmtree(final, ignore_errors=True)
            partial.rename(final)
        for old in self.checkpoints()[:-KEEP]:
            shutil.rmtree(old)

    @contextmanager
    def writing(self, what: str) -> Iterator[None]:
        """Makes a sentence of what goes wrong while `what` is written. Raises CompanionError."""
        try:
            yield
        except OSError as error:
            raise CompanionError(
                f"{what} could not be written to {self.folder}: {error.strerror or error}. "
                f"Free some space and continue with --resume {self.folder}."
            ) from error


Begun = Callable[[Run], None]
"""What is told of a new run as soon as its folder is there, before anything is done in it."""


def untold(run: Run) -> None:
    """Nobody is told."""


class Interrupt:
    """Turns the first Ctrl-C or TERM into a request to stop after the current step; a second one acts at once."""

    def __init__(self) -> None:
        self.requested = False

    def __enter__(self) -> Interrupt:
        self._before = {number: signal.signal(number, self._ask) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.requested = True
        signal.signal(number, signal.default_int_handler)


def versions() -> dict[str, str]:
    """The Python and library versions of this run, and ours: the commit too, where the program runs from a checkout."""
    found = {"companion": __version__, "python": platform.python_version(), "machine": platform.machine()}
    if state := commit():
        found["commit"] = state
    for package in ("torch", "transformers", "trl", "peft", "accelerate", "tokenizers", "gguf", "numpy"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def commit(root: Path = Path(__file__).parents[1]) -> str | None:
    """The commit that a checkout is at, `+changes` where files differ from it; None without a checkout or git."""
    if not (root / ".git").exists():
        return None
    asked = ("rev-parse HEAD", "status --porcelain --untracked-files=no")
    try:
        head, changes = (
            subprocess.run(
                ["git", "-C", str(root), *words.split()], capture_output=True, text=True, check=True, timeout=10
            ).stdout.strip()
            for words in asked
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return f"{head}+changes" if changes else head


def write_json(path: Path, value: object) -> None:
    """Write `value` as readable JSON, whole or not at all."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write `text`, whole or not at all."""
    partial = path.with_suffix(".partial")
    partial.write_text(text, "utf-8")
    partial.replace(path)


def _settle(file: Path) -> None:
    """Wait until the file is on the disk, where a full disk is reported at the latest."""
    with file.open("rb") as opened:
        os.fsync(opened.fileno())


def sha256_of(file: Path) -> str:
    """Of a file's content."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def digest(texts: Iterator[str]) -> str:
    """SHA-256 over texts, for saying later which data a run saw."""
    total = hashlib.sha256()
    for text in texts:
        total.update(text.encode())
        total.update(b"\0")
    return total.hexdigest()
