"""Runs of words as numbers: texts in one array, so that n-grams are counted without a dictionary."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from companion.study.table import Integers


@dataclass(frozen=True, slots=True)
class Flat:
    """The words of all texts behind each other."""

    numbers: Integers  # (T,) equal words have equal numbers, from 0
    text: Integers  # (T,) which text, ascending
    texts: int

    @classmethod
    def of(cls, texts: Sequence[Iterable[str]]) -> Flat:
        """From texts as words, or as strings of one-letter word classes."""
        places: dict[str, int] = {}
        numbers = [[places.setdefault(word, len(places)) for word in words] for words in texts]
        flat = np.array([number for of_text in numbers for number in of_text], np.int64)
        return cls(flat, np.repeat(np.arange(len(numbers)), [len(of_text) for of_text in numbers]), len(numbers))


@dataclass(frozen=True, slots=True)
class Grams:
    """Every run of n words within a text: where it begins, its text, and a number that equal runs share."""

    at: Integers  # (M,)
    text: Integers  # (M,)
    number: Integers  # (M,) from 0, all in use
    kinds: int


def grams(flat: Flat, n: int) -> Grams:
    """The runs of `n` words."""
    total = len(flat.numbers)
    at = np.arange(max(0, total - n + 1))
    at = at[flat.text[at] == flat.text[at + n - 1]] if len(at) else at
    number = np.zeros(len(at), np.int64)
    kinds = 1
    words = int(flat.numbers.max(initial=0)) + 1
    for offset in range(n):
        found, number = np.unique(number * words + flat.numbers[at + offset], return_inverse=True)
        kinds = len(found)
    return Grams(at, flat.text[at], number.astype(np.int64), kinds)


@dataclass(frozen=True, slots=True)
class Counted:
    """How often each text has each of its runs: a row a (run, text), sorted by run."""

    number: Integers
    text: Integers
    count: Integers


def counted(found: Grams, texts: int) -> Counted:
    key, count = np.unique(found.number * texts + found.text, return_counts=True)
    return Counted(key // max(texts, 1), key % max(texts, 1), count.astype(np.int64))
