"""Finding a model by name or path."""

from __future__ import annotations

from pathlib import Path

from companion import paths
from companion.errors import NotFound


def known() -> dict[str, Path]:
    """GGUF files by name: those the person added win over those that ship."""
    found: dict[str, Path] = {}
    for folder in (paths.shipped_models(), paths.user_models()):
        for path in sorted(folder.glob("*.gguf")):
            found[path.stem] = path
    return found


def find(name: str) -> Path:
    """The file of a model. Raises NotFound with the names there are."""
    if name in (models := known()):
        return models[name]
    try:
        path = Path(name).expanduser()
        if name and path.exists():
            return path
    except (OSError, RuntimeError):  # a name too long for a path, a home that is nobody's, a folder that is locked
        pass
    names = ", ".join(models) or "none"
    raise NotFound(f"There is no model {name!r}. Known models: {names}; or give the path of a GGUF file.")
