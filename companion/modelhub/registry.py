"""The models on this machine, by name: those that ship, those in the models folder, those in models.toml.

Later ones win over earlier ones of the same name. A file that lies in the models folder needs no entry: what
`companion train` makes there is known at once. models.toml says what a file cannot say about itself.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from companion import paths
from companion.errors import CompanionError, NotFound, Refused, UsageError
from companion.modelhub import catalogue, toml_file
from companion.modelhub.entry import CardSampling, Entry

__all__ = ["CardSampling", "Entry", "add", "find", "known", "models_file", "owned_files", "registered", "remove"]


def models_file() -> Path:
    """What was registered, in one TOML file."""
    return paths.data_folder() / "models.toml"


def known() -> dict[str, Entry]:
    """Every model by name. Raises UsageError where models.toml is not right."""
    offers = catalogue.shipped_offers()
    shipped, own = _files(paths.shipped_models()), _files(paths.user_models())
    found = {
        name: Entry.model_construct(name=name, path=path, sha256=offers[name].sha256 if name in offers else "")
        for name, path in shipped.items()
    }
    return found | {name: _plain(name, path) for name, path in own.items()} | registered()


def _files(folder: Path) -> dict[str, Path]:
    return {file.stem: file for file in sorted(folder.glob("*.gguf"))}


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
