"""Read the header of a GGUF file (versions 2 and 3) without any library, before anything native opens it.

A damaged or cut-off file is found here in milliseconds, where the library would report "failed to load" or
crash. Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import TypeGuard

MAGIC = b"GGUF"
VERSIONS = (2, 3)
MAX_ITEMS = 10_000_000  # of anything counted in a header: beyond it, the count itself is damaged
TOKENS, TOKEN_TYPES = "tokenizer.ggml.tokens", "tokenizer.ggml.token_type"
SAMPLING = "general.sampling."
CONTROL, USER_DEFINED = 3, 4

# Value types of the metadata. Numbers of type 0-7 and 10-12 have a struct code; 8 is a string and 9 an array.
NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9

# Tensor type -> (values in a block, bytes of a block). A type not listed is left to the library to judge.
BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292),
    16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82),
    23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2),
    34: (256, 54), 35: (256, 66), 39: (32, 17), 40: (64, 36), 41: (128, 18),
}  # fmt: skip

Value = int | float | bool | str | list[int] | list[str]


class DamagedHeader(ValueError):
    """The header is cut off or makes no sense."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the start of a model file says about it."""

    name: str
    architecture: str
    context: int
    """Tokens the model was trained to read; 0 where the file does not say."""
    parameters: int
    size: int
    """Bytes the whole file must have; 0 where its tensors are of an unknown type."""
    cache_bytes: int
    """Bytes of key-value cache for one token, in f16."""
    specials: frozenset[str]
    """The vocabulary's control and user-defined tokens."""
    sampling: Mapping[str, float] = field(default_factory=dict)
    """What the file recommends (`general.sampling.*`): temp, top_k, top_p, min_p, those that it names."""
    network: Mapping[str, int] = field(default_factory=dict)
    """Its sizes, by the format's names without the architecture: `block_count`, `embedding_length` and so on."""
    is_adapter: bool = False
    """It is laid on a model, and is none itself."""


def read_header(path: Path) -> Header:
    """Raises DamagedHeader, or OSError where the file cannot be read."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            return _Reader(data).header(path.stem)
        except (struct.error, IndexError, UnicodeDecodeError) as error:
            raise DamagedHeader(str(error)) from error


class _Reader:
    """A position in the file's bytes."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = 0

    def header(self, fallback_name: str) -> Header:
        if self._data[:4] != MAGIC:
            raise DamagedHeader("the file does not begin with GGUF")
        self._at = 4
        version = self._number("I")
        if version not in VERSIONS:
            raise DamagedHeader(f"GGUF version {version}")
        tensors, pairs = self._count(), self._count()
        meta: dict[str, Value] = {}
        for _ in range(pairs):
            key = self._string()
            meta[key] = self._value(self._number("I"), keep=key in (TOKENS, TOKEN_TYPES) or "head_count" in key)
        parameters, size = self._tensors(tensors, _whole(meta.get("general.alignment")) or 32)
        architecture = str(meta.get("general.architecture", ""))
        return Header(
            name=str(meta.get("general.name") or fallback_name),
            architecture=architecture,
            context=_whole(meta.get(f"{architecture}.context_length")),
            parameters=parameters,
            size=size,
            cache_bytes=_cache_bytes(meta, architecture),
            specials=_specials(meta),
            sampling={
                key.removeprefix(SAMPLING): v for key, v in meta.items() if key.startswith(SAMPLING) and _real(v)
            },
            network={
                key.removeprefix(f"{architecture}."): v
                for key, v in meta.items()
                if key.startswith(f"{architecture}.") and isinstance(v, int)
            },
            is_adapter=meta.get("general.type") == "adapter",
        )

    def _tensors(self, count: int, alignment: int) -> tuple[int, int]:
        """(values in all tensors, bytes from the start of the file to the end of the last tensor)."""
        values_in_all, end, known = 0, 0, True
        for _ in range(count):
            self._string()
            values = 1
            for _ in range(self._number("I")):
                values *= self._number("Q")
            block = BLOCKS.get(self._number("I"))
            offset = self._number("Q")
            values_in_all += values
            if block is None:
                known = False
            else:
                end = max(end, offset + values // block[0] * block[1])
        data_start = -(-self._at // alignment) * alignment
        return values_in_all, data_start + end if known else 0

    def _value(self, kind: int, *, keep: bool) -> Value:
        if kind == STRING:
            return self._string()
        if kind == ARRAY:
            return self._array(keep=keep)
        if kind not in NUMBERS:
            raise DamagedHeader(f"metadata of type {kind}")
        value: int | float | bool = self._unpack(NUMBERS[kind])
        return value

    def _array(self, *, keep: bool) -> Value:
        """The items, or an empty list where they are only stepped over: a vocabulary has 300,000 strings."""
        kind, count = self._number("I"), self._count()
        if kind == STRING and keep:
            return [self._string() for _ in range(count)]
        if kind == STRING:
            for _ in range(count):
                self._skip(self._number("Q"))
            return []
        if kind not in NUMBERS:
            raise DamagedHeader(f"an array of type {kind}")
        code = f"<{count}{NUMBERS[kind]}"
        items = list(struct.unpack_from(code, self._data, self._at)) if keep else []
        self._skip(struct.calcsize(code))
        return items

    def _string(self) -> str:
        length = self._number("Q")
        start = self._at
        self._skip(length)
        return self._data[start : self._at].decode("utf-8", "replace")

    def _count(self) -> int:
        count = self._number("Q")
        if count > MAX_ITEMS:
            raise DamagedHeader(f"a count of {count}")
        return count

    def _number(self, code: str) -> int:
        return int(self._unpack(code))

    def _unpack(self, code: str) -> int | float | bool:
        (value,) = struct.unpack_from(f"<{code}", self._data, self._at)
        self._at += struct.calcsize(f"<{code}")
        number: int | float | bool = value
        return number

    def _skip(self, length: int) -> None:
        self._at += length
        if self._at > len(self._data):
            raise DamagedHeader(f"{length} bytes announced beyond the end of the file")


def _real(value: Value) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _whole(value: Value | None) -> int:
    return value if isinstance(value, int) else 0


def _cache_bytes(meta: dict[str, Value], architecture: str) -> int:
    """Of one token over all layers: layers x key-value heads x (key length + value length) x 2 bytes."""
    layers = _whole(meta.get(f"{architecture}.block_count"))
    heads = _whole(meta.get(f"{architecture}.attention.head_count"))
    cached_heads = meta.get(f"{architecture}.attention.head_count_kv", heads)
    in_all_layers = (
        sum(h for h in cached_heads if isinstance(h, int))
        if isinstance(cached_heads, list)
        else layers * _whole(cached_heads)
    )
    default = _whole(meta.get(f"{architecture}.embedding_length")) // max(heads, 1)
    key = _whole(meta.get(f"{architecture}.attention.key_length")) or default
    value = _whole(meta.get(f"{architecture}.attention.value_length")) or default
    return in_all_layers * (key + value) * 2


def _specials(meta: dict[str, Value]) -> frozenset[str]:
    tokens, types = meta.get(TOKENS), meta.get(TOKEN_TYPES)
    if not isinstance(tokens, list) or not isinstance(types, list):
        return frozenset()
    marked = (CONTROL, USER_DEFINED)
    return frozenset(str(token) for token, kind in zip(tokens, types, strict=False) if kind in marked)
