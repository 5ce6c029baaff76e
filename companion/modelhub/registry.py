"""The models on this machine, by name: those that ship, those in the models folder, those in models.toml.

Later ones win over earlier ones of the same name. A file that lies in the models folder needs no entry: what
`companion train` makes there is known at once. models.toml says what a file cannot say about itself.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from companion import paths
from companion.errors import CompanionError, NotFound, Refused, UsageError
from companion.modelhub import toml_file
from planner.layouts import Layout

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class CardSampling(BaseModel):
    """How a model's card says to sample; None is what the file recommends, or our default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float | None = Field(default=None, ge=0.0, le=2.0)
    top_k: int | None = Field(default=None, ge=0, le=1000)
    top_p: float | None = Field(default=None, gt=0.0, le=1.0)
    min_p: float | None = Field(default=None, ge=0.0, le=0.9)


class Entry(BaseModel):
    """One model that can be talked to: a GGUF file for the llama engine, or a server for the openai engine.

    What is None is guessed from the file, or is the default of the settings.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    engine: Literal["llama", "openai"] = "llama"
    path: Path | None = None
    """The GGUF file, absolute."""
    base_url: str | None = None
    """Where an OpenAI-compatible server answers, as http://host:port/v1."""
    model_id: str | None = None
    """The name that the server has for the model."""
    layout: Layout | None = None
    adapter: Path | None = None
    """A LoRA adapter as a GGUF file, absolute, laid on top of `path`."""
    adapter_scale: float | None = Field(default=None, ge=0.0, le=1.0)
    think: Literal["off", "on", "auto"] | None = None
    context: int | None = Field(default=None, ge=256)
    """Tokens to make room for."""
    sampling: CardSampling | None = None
    sampling_thinking: CardSampling | None = None
    """The same where the model thinks before it replies."""
    source: str = ""
    """Where it came from: a repository and its commit, or how it was added."""
    licence: str = ""
    sha256: str = Field(default="", pattern="^([0-9a-f]{64})?$")
    """Of the file at `path` when it was registered; empty where that was not noted."""

    @field_validator("name")
    @classmethod
    def _can_be_typed(cls, name: str) -> str:
        if not NAME.fullmatch(name):
            raise ValueError("a name has up to 64 letters, digits, dots, dashes and underscores, no dash first")
        return name

    @model_validator(mode="after")
    def _has_what_its_engine_needs(self) -> Entry:
        if self.engine == "llama" and self.path is None:
            raise ValueError("a model for the llama engine needs a path")
        if self.engine == "openai" and not (self.base_url and self.model_id):
            raise ValueError("a model on a server needs base_url and model_id")
        return self

    @property
    def file(self) -> Path:
        """The GGUF file. Raises UsageError for a model that is on a server."""
        if self.path is None:
            raise UsageError(f"{self.name} is on a server ({self.base_url}); this needs a model file on this machine.")
        return self.path

    @property
    def ships(self) -> bool:
        """Whether it came with the program."""
        return self.path is not None and self.path.parent == paths.shipped_models()


def models_file() -> Path:
    """What was registered, in one TOML file."""
    return paths.data_folder() / "models.toml"


def known() -> dict[str, Entry]:
    """Every model by name. Raises UsageError where models.toml is not right."""
    found: dict[str, Entry] = {}
    for folder in (paths.shipped_models(), paths.user_models()):
        for path in sorted(folder.glob("*.gguf")):
            found[path.stem] = _plain(path.stem, path)
    return found | registered()


def registered() -> dict[str, Entry]:
    """The entries of models.toml by name; a path in it that is not whole begins at the models folder."""
    file = models_file()
    found = {}
    for name, table in toml_file.tables(file).items():
        whole = {
            key: paths.user_models() / table[key] for key in ("path", "adapter") if isinstance(table.get(key), str)
        }
        found[name] = toml_file.checked(Entry, name, table | whole, str(file))
    return found


def find(name: str) -> Entry:
    """The model of this name, or the GGUF file at this path. Raises NotFound with the names there are."""
    if name in (models := known()):
        return models[name]
    try:
        path = Path(name).expanduser()
        if name and path.exists():
            return _plain(path.stem, path)
    except (OSError, RuntimeError, ValueError):  # too long for a path, a home that is nobody's, a locked folder, a NUL
        pass
    names = ", ".join(models) or "none"
    raise NotFound(f"There is no model {name!r}. Known models: {names}; or give the path of a GGUF file.")


def add(entry: Entry) -> None:
    """Writes the entry into models.toml, in place of one of the same name. Raises CompanionError where it cannot."""
    _write(registered() | {entry.name: entry})


def remove(name: str) -> Entry:
    """Takes a model out, and deletes its file where that lies in the models folder; the entry it had.

    Raises NotFound, or Refused for a model that ships.
    """
    entry = known().get(name)
    if entry is None:
        raise NotFound(f"There is no model {name!r}. Known models: {', '.join(known()) or 'none'}.")
    if entry.ships:
        raise Refused(f"{name} came with the program and stays with it.")
    _write({other: kept for other, kept in registered().items() if other != name})
    for file in owned_files(entry):
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise CompanionError(f"{file} cannot be deleted: {error.strerror}.") from None
    return entry


def owned_files(entry: Entry) -> list[Path]:
    """The entry's files that lie in the models folder and belong to no other entry: `remove` deletes them."""
    others = {
        file for name, other in registered().items() if name != entry.name for file in (other.path, other.adapter)
    }
    ours = (file for file in (entry.path, entry.adapter) if file and file.parent == paths.user_models())
    return [file for file in ours if file not in others]


def _plain(name: str, path: Path) -> Entry:
    """An entry for a file about which nothing is written down. Its name is the file's, whatever that is."""
    return Entry.model_construct(name=name, path=path)


def _write(entries: dict[str, Entry]) -> None:
    import tomlkit  # 30 ms, and only here

    document = tomlkit.document()
    for name, entry in sorted(entries.items()):
        document[name] = _table(entry)
    file = models_file()
    try:
        written = tomlkit.dumps(document).encode()
    except UnicodeEncodeError:
        raise UsageError("The model's path has bytes in it that are not UTF-8 text; rename the file.") from None
    paths.private_folder(file.parent)
    try:
        fresh = file.with_name(f"{file.name}.{os.getpid()}")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            stream.write(written)
        fresh.replace(file)
    except OSError as error:
        raise CompanionError(f"{file} cannot be written: {error.strerror}.") from None


def _table(entry: Entry) -> dict[str, Any]:
    """As it is written: without what is unset, files in the models folder by their name alone."""
    table = entry.model_dump(mode="json", exclude={"name"}, exclude_defaults=True, exclude_none=True)
    for key in ("path", "adapter"):
        file = getattr(entry, key)
        if file is not None:
            table[key] = file.name if file.parent == paths.user_models() else str(file)
    return table
