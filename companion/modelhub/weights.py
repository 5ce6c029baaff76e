"""Safetensors files as tensors that are read some rows at a time: without torch, without pickle, never a whole file.

They are read, not mapped: mapped pages would count as memory of this process, and a file that is cut off meanwhile
would end it. Format: https://huggingface.co/docs/safetensors (a length, a JSON table of contents, the bytes).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from companion.errors import CompanionError, NotFound, Refused, UsageError

STORED: dict[str, type[np.generic]] = {"F32": np.float32, "F16": np.float16, "BF16": np.uint16}
"""How weights may be stored; numpy has no bfloat16, so its bits are read."""
INDEX = "model.safetensors.index.json"
MAX_CONTENTS = 100_000_000  # bytes of a table of contents: beyond it, the length itself is damaged
CHUNK = 1 << 22
"""Numbers that are in memory at once, as long as a row is not longer."""

Floats = NDArray[np.float32] | NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class Weight:
    """A tensor in a file: `stored` names its type, `start` is its first byte, the last dimension is a row."""

    name: str
    file: Path
    stored: str
    shape: tuple[int, ...]
    start: int

    @property
    def rows(self) -> int:
        return prod(self.shape[:-1])

    @property
    def size(self) -> int:
        """Numbers in it."""
        return prod(self.shape)

    def read(self, first: int = 0, last: int | None = None) -> Floats:
        """The rows from `first` to before `last`, (rows, row); the whole of a tensor of one dimension.

        float16 where it is stored so, else float32. Raises CompanionError where the file is shorter than it says.
        """
        row = self.shape[-1] if self.shape else 1
        count = ((self.rows if last is None else last) - first) * row
        kind = np.dtype(STORED[self.stored]).newbyteorder("<")
        values = np.fromfile(self.file, kind, count, offset=self.start + first * row * kind.itemsize)
        if len(values) < count:
            raise CompanionError(f"{self.file} ends in the middle of {self.name!r}: get the model again.")
        if self.stored == "BF16":
            values = (values.astype(np.uint32) << 16).view(np.float32)
        return values if len(self.shape) < 2 else values.reshape(-1, row)

    def chunks(self) -> Iterator[Floats]:
        """All rows, some at a time."""
        step = max(1, CHUNK // max(1, self.shape[-1] if self.shape else 1))
        for first in range(0, self.rows, step):
            yield self.read(first, min(first + step, self.rows))


def open_checkpoint(folder: Path) -> dict[str, Weight]:
    """The tensors of a saved model by name, whether it lies in one file or in several.

    Raises NotFound where there are none or a file is missing, Refused for a checkpoint that is a pickle, UsageError for
    a type that cannot be read, CompanionError for a damaged file.
    """
    index = folder / INDEX
    announced: dict[str, str] = {}
    if index.is_file():
        announced = read_object(index).get("weight_map", {})
        names = sorted(set(announced.values()))
    else:
        names = sorted(file.name for file in folder.glob("model*.safetensors"))
    if not names:
        if any(folder.glob("pytorch_model*.bin")):
            raise Refused(
                f"{folder} holds its weights in pickle files (.bin), which can run code when they are opened: "
                "get the model as safetensors."
            )
        raise NotFound(f"{folder} has no model.safetensors; give the folder of a saved model.")
    found: dict[str, Weight] = {}
    for name in names:
        if Path(name).name != name:
            raise UsageError(f"{index} names a file outside its folder ({name!r}): get the model again.")
        if not (folder / name).is_file():
            raise NotFound(f"{folder} has no {name}, which {INDEX} names: get the model again.")
        found |= read_contents(folder / name)
    lacking = sorted(announced.keys() - found.keys())
    if lacking:
        raise CompanionError(f"{folder} lacks {len(lacking)} tensors, {lacking[0]!r} among them: get the model again.")
    return found


def read_contents(file: Path) -> dict[str, Weight]:
    """The tensors in one file, by name and in that order."""
    size = file.stat().st_size
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        text = opened.read(length) if length <= min(MAX_CONTENTS, size) else b""
    start = 8 + length
    try:
        contents = json.loads(text)
        contents.pop("__metadata__", None)
        found = {name: _weight(file, name, start, **entry) for name, entry in sorted(contents.items())}
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise CompanionError(f"{file} is damaged: its table of contents cannot be read. Get the model again.") from None
    end = max((w.start + w.size * np.dtype(STORED[w.stored]).itemsize for w in found.values()), default=start)
    if size < end:
        raise CompanionError(f"{file} is incomplete ({size} of {end} bytes): get the model again.")
    return found


def _weight(file: Path, name: str, start: int, *, dtype: str, shape: list[int], data_offsets: list[int]) -> Weight:
    if dtype not in STORED:
        raise UsageError(
            f"{file} stores {name!r} as {dtype}; only {', '.join(STORED)} can be read. "
            "Get the model in 16 bits, before it was quantised."
        )
    first, last = data_offsets
    if not all(type(n) is int and n >= 0 for n in (*shape, first)):
        raise ValueError("a dimension that is no number")
    if last - first != prod(shape) * np.dtype(STORED[dtype]).itemsize:
        raise ValueError("a tensor of another size than its shape")
    return Weight(name, file, dtype, tuple(shape), start + first)


def read_object(file: Path) -> dict[str, Any]:
    """A JSON object. Raises NotFound where the file is not there, CompanionError where it is no object."""
    try:
        read = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise NotFound(f"{file.parent} has no {file.name}; give the folder of a saved model.") from None
    except (ValueError, RecursionError) as error:
        raise CompanionError(f"{file} is no JSON ({error}): get the model again.") from None
    if not isinstance(read, dict):
        raise CompanionError(f"{file} holds no JSON object: get the model again.")
    return read
