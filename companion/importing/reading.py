"""Files that may be anything, read row by row, never without a limit. A row that cannot be used does not end the file.

A value of LONGEST bytes can become 27 times as much in memory (a list of small objects), so LONGEST keeps whatever
arrives below half a gigabyte.
"""

from __future__ import annotations

import codecs
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any

from companion.errors import NotFound, UsageError
from companion.importing.said import Bad, Row
from companion.text import clean

LONGEST = 16 << 20
"""Bytes of a line or of an item; a conversation is far shorter."""
MOST_SKIPPED = 1 << 30
"""Bytes of a line that is passed over; behind that the reading ends."""
_CHUNK = 1 << 20
_SNIFFED = 1 << 16
_MOST_ZEROS = 10  # one byte in so many: UTF-16 has more, and text with a stray zero byte fewer

_ARCHIVES = (
    (b"PK\x03\x04", "a zip archive"), (b"PK\x05\x06", "a zip archive"), (b"\x1f\x8b", "packed with gzip"),
    (b"BZh", "packed with bzip2"), (b"\xfd7zXZ\0", "packed with xz"), (b"\x28\xb5\x2f\xfd", "packed with zstd"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
)  # fmt: skip


@contextmanager
def opened(path: Path) -> Iterator[BufferedReader]:
    """An ordinary file for reading. Raises NotFound or UsageError with the reason."""
    name = clean(str(path))
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe without a writer would wait
        file = os.fdopen(handle, "rb")
    except IsADirectoryError:
        raise UsageError(f"{name} is a folder; name one file in it.") from None
    except (OSError, ValueError) as error:
        raise NotFound(f"{name} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    with file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise UsageError(f"{name} is not an ordinary file; save what it gives to one first.")
        yield file


def kind_of(file: BufferedReader, path: Path) -> str:
    """parquet, array, values, lines or table, from the first bytes. Raises UsageError for what is none of these.

    `values` is JSON in which a value may go over several lines.
    """
    name = clean(str(path))
    start = file.read(_SNIFFED)
    file.seek(0)
    for magic, what in _ARCHIVES:
        if start.startswith(magic):
            raise UsageError(f"{name} is {what}; unpack it, and give the file in it that holds the conversations.")
    if start.startswith(b"SQLite format 3\0"):
        raise UsageError(f"{name} is a database; import reads files. `companion study NAME={name}` reads databases.")
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or start.count(0) > len(start) // _MOST_ZEROS:
        raise UsageError(f"{name} is not UTF-8 text; save it as UTF-8.")
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text:
        raise UsageError(f"{name} is empty.")
    if text[:1] == b"[":
        return "array"
    return _lines_or_values(text) if text[:1] == b"{" else "table"


def _lines_or_values(text: bytes) -> str:
    first, _, rest = text.partition(b"\n")
    if not rest:
        return "lines" if len(text) > _SNIFFED // 2 or first.rstrip().endswith(b"}") else "values"
    try:
        json.loads(first)
    except RecursionError:
        return "lines"
    except ValueError:
        return "lines" if rest.lstrip()[:1] == b"{" else "values"
    return "lines"


def json_lines(file: BufferedReader) -> Iterator[Row | Bad]:
    """The JSON value of each line that is not empty."""
    for number, raw in raw_lines(file):
        if isinstance(raw, Bad):
            yield raw
            continue
        try:
            line = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip()
            if line:
                yield Row("line", number, json.loads(line), len(line))
        except UnicodeDecodeError:
            yield Bad("line", number, "not UTF-8 text")
        except RecursionError:
            yield Bad("line", number, "nested too deep")
        except ValueError as error:
            yield Bad("line", number, f"not JSON ({error})")


def raw_lines(file: BufferedReader) -> Iterator[tuple[int, bytes | Bad]]:
    """Every line with its number from 1; one that is too long is passed over without being held."""
    number = 0
    while raw := file.readline(LONGEST + 1):
        number += 1
        if len(raw) <= LONGEST:
            yield number, raw
            continue
        skipped = len(raw)
        while not raw.endswith(b"\n") and (raw := file.readline(_CHUNK)):
            skipped += len(raw)
            if skipped > MOST_SKIPPED:
                yield number, Bad("line", number, f"longer than {MOST_SKIPPED >> 30} GB; reading ended there")
                return
        yield number, Bad("line", number, f"longer than {LONGEST >> 20} MB; that is no conversation")


def json_values(file: BufferedReader, *, array: bool) -> Iterator[Row | Bad]:
    """The items of one JSON array, or the values of a file one after the other; neither is held as a whole.

    Where an item is not JSON, nothing tells where the next one begins: the reading ends.
    """
    text = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
    decoder = json.JSONDecoder()
    held, at, number, ended, begun, closed = "", 0, 0, False, not array, False
    while True:
        while at < len(held) and held[at] in " \t\r\n,":
            at += 1
        if at < len(held):
            if closed:
                yield Bad("item", number, "more comes after the end of the array; reading ended there")
                return
            if not begun or (array and held[at] == "]"):
                begun, closed, at = True, begun, at + 1  # the brackets
                continue
            found = _value(decoder, held, at, number + 1, last=ended or len(held) - at > LONGEST)
            if isinstance(found, Bad):
                yield found
                return
            if found is not None:
                value, end = found
                number += 1
                if end - at > LONGEST:
                    yield Bad("item", number, f"longer than {LONGEST >> 20} MB; that is no conversation")
                elif not_utf8(held[at:end]):
                    yield Bad("item", number, "not UTF-8 text")
                else:
                    yield Row("item", number, value, end - at)
                at = end
                continue
        if ended:
            if array and not closed:
                yield Bad("item", number, "the file ends in the middle of its array")
            return
        chunk = file.read(min(max(_CHUNK, len(held) - at), LONGEST))  # twice as much each time: a long item is
        ended = not chunk  # not read often
        held, at = held[at:] + text.decode(chunk, ended), 0


def _value(decoder: json.JSONDecoder, held: str, at: int, number: int, *, last: bool) -> tuple[Any, int] | Bad | None:
    """(the value that begins there, where it ends), None where more of the file is needed."""
    try:
        return decoder.raw_decode(held, at)
    except RecursionError:
        return Bad("item", number, "nested too deep; reading ended there")
    except ValueError as error:
        if not last:
            return None
        reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        return Bad("item", number, f"not JSON ({reason}); reading ended there")


def not_utf8(text: str) -> bool:
    """Whether a text that was decoded with `surrogateescape` had bytes that are not UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
