"""What was found out about model files on this machine, so that it is found out once: sets of strings, each in a file.

plain_weights  which crashed with repacked weights. Some builds of llama.cpp crash in their AMX code on the first prompt
               (llama.cpp issue 20824); without the extra buffer types the same file runs. Keyed by the model file and
               the library's version.
hashes         which were read to their end and have the hash they should have, keyed by the file and the hash.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path


class Remembered:
    """A set of strings under one name in a JSON file; with `path` None it lasts as long as the object."""

    def __init__(self, path: Path | None, name: str) -> None:
        self._path, self._name = path, name
        self._keys = self._read()

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def add(self, key: str) -> None:
        """Losing the file costs finding it out once more, so a failure to write it is passed over."""
        self._keys = self._read() | self._keys | {key}
        if self._path is None:
            return
        new = self._path.with_suffix(".new")
        with contextlib.suppress(OSError):
            new.write_text(json.dumps({self._name: sorted(self._keys)}, indent=1), encoding="utf-8")
            os.replace(new, self._path)

    def _read(self) -> set[str]:
        if self._path is None:
            return set()
        try:
            return set(json.loads(self._path.read_text(encoding="utf-8"))[self._name])
        except (OSError, ValueError, KeyError, TypeError):
            return set()


def model_key(path: Path, library: str) -> str:
    """Changes whenever the file or the library does."""
    stat = path.stat()
    return f"{path}|{stat.st_size}|{stat.st_mtime_ns}|{library}"
