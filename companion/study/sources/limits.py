"""Files that may be anything: opened, read by line or by item of a JSON array, and never without a limit."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Any

from companion.errors import NotFound, UsageError

LONGEST = 64 << 20
"""Bytes of a line or of an item; a conversation is far shorter."""
MOST_PLACES = 10**9
"""Messages of a conversation: a number above it is no place."""
_CHUNK = 1 << 20


def opened(path: Path) -> BufferedReader:
    """`path` for reading. Raises NotFound with the reason."""
    try:
        return path.open("rb")
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}.") from None


def lines(file: BufferedReader, path: Path) -> Iterator[tuple[int, str]]:
    """Every line that is not empty, with its number from 1. Bytes that are not UTF-8 become U+FFFD."""
    number = 0
    while raw := file.readline(LONGEST + 1):
        number += 1
        if len(raw) > LONGEST:
            raise UsageError(f"{path}, line {number}: longer than {LONGEST >> 20} MB; that is no conversation.")
        line = raw.decode("utf-8", "replace").strip().removeprefix("\ufeff")
        if line:
            yield number, line


def objects(file: BufferedReader, path: Path) -> Iterator[tuple[int, Any]]:
    """The JSON value of each line."""
    for number, line in lines(file, path):
        yield number, parsed(line, path, number)


def parsed(line: str, path: Path, number: int) -> Any:
    """The value of a line. Raises UsageError naming file and line."""
    try:
        return json.loads(line)
    except RecursionError:
        raise UsageError(f"{path}, line {number}: nested too deep.") from None
    except ValueError as error:
        raise UsageError(f"{path}, line {number}: not JSON ({error}); every line must be an object.") from None


def items(file: BufferedReader, path: Path) -> Iterator[tuple[int, Any]]:
    """The objects of one JSON array, with their numbers from 1, without holding the array."""
    text = codecs.getincrementaldecoder("utf-8")("replace")
    decoder = json.JSONDecoder()
    held, at, number, ended = "", 0, 0, False
    begun = False
    while True:
        while at < len(held) and held[at] in " \t\r\n\ufeff,":
            at += 1
        if not begun and at < len(held):
            begun, at = True, at + 1  # the bracket
            continue
        if begun and at < len(held):
            if held[at] == "]":
                return
            try:
                value, at = decoder.raw_decode(held, at)
            except RecursionError:
                raise UsageError(f"{path}, item {number + 1}: nested too deep.") from None
            except ValueError as error:
                if ended or len(held) - at > LONGEST:
                    raise UsageError(f"{path}, item {number + 1}: not JSON ({error}).") from None
            else:
                number += 1
                yield number, value
                continue
        if ended:
            raise UsageError(f"{path} ends in the middle of its array, after item {number}.")
        chunk = file.read(max(_CHUNK, len(held) - at))  # twice as much each time, so that a long item is not read often
        ended = not chunk
        held, at = held[at:] + text.decode(chunk, ended), 0


def place_of(value: Any) -> int:
    """A message's number in its conversation. Raises ValueError for what can be none."""
    place = int(value)
    if not 0 <= place <= MOST_PLACES:
        raise ValueError(f"{value!r} is no place in a conversation")
    return place


def text_of(value: Any) -> str | None:
    """A text or nothing. Raises ValueError for anything else."""
    if value is not None and not isinstance(value, str):
        raise ValueError(f"the text is a {type(value).__name__}")
    return value


def count_of(value: Any) -> int | None:
    """A number of words or nothing. Raises ValueError for anything else."""
    return None if value is None else place_of(value)
