"""A linear reader of words and short runs of words: one weight each, learnt from the project's own messages against
thousands of ordinary ones (`python -m training.risk_words`).

It knows no grammar and reads nothing into order beyond three words. The network knows better; but where both agree,
they are right more often than either alone.
"""

from __future__ import annotations

import re
import struct
import zlib
from array import array
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from companion.errors import CompanionError, NotFound
from companion.safety.risk.normal import normalise

SIZE = 1 << 17
"""Weights; a feature's place is its CRC-32 modulo this."""
WEIGHTS = Path(__file__).with_name("linear.bin")
HEADER = struct.Struct("<8sff")
MAGIC = b"RISKWRD1"
WORDS = 400
"""Words of a message that are read: the first half and the last half of a longer one."""
STEM = 5
"""Letters of a longer word that stand for its other forms."""

_WORD = re.compile(r"\w+|[.?!]")


def features(text: str) -> list[int]:
    """The places of a message's features: words, pairs, triples, pairs around one word, beginnings of long words."""
    found = _WORD.findall(normalise(text))
    if len(found) > WORDS:
        found = [*found[: WORDS // 2], *found[-WORDS // 2 :]]
    words = ["<s>", *found, "</s>"]
    return [zlib.crc32(feature.encode()) % SIZE for feature in sorted(set(_features(words)))]


def _features(words: list[str]) -> Iterator[str]:
    for place, word in enumerate(words):
        yield word
        if len(word) > STEM:
            yield "#" + word[:STEM]
        if place:
            yield f"{words[place - 1]} {word}"
        if place > 1:
            yield f"{words[place - 2]} {words[place - 1]} {word}"
            yield f"{words[place - 2]}_{word}"


class LinearReader:
    """Reads messages. Raises NotFound or CompanionError where the weights are not there or are no weights."""

    def __init__(self, path: Path = WEIGHTS) -> None:
        self._weights, self._scale, self._bias = _load(path)

    def read(self, text: str) -> float:
        """The log odds that the message speaks of danger to the writer."""
        places = features(text)
        total = sum(self._weights[place] for place in places)
        return float(self._bias + self._scale * total / len(places) ** 0.5)


@cache
def _load(path: Path) -> tuple[array[int], float, float]:
    try:
        raw = path.read_bytes()
    except OSError:
        raise NotFound(f"The file {path} of the risk reading is not there; install the program again.") from None
    if len(raw) != HEADER.size + SIZE or raw[: len(MAGIC)] != MAGIC:
        raise CompanionError(f"{path} is no file of the risk reading; install the program again.")
    _, scale, bias = HEADER.unpack_from(raw)
    return array("b", raw[HEADER.size :]), scale, bias
