"""Repetition in the words: what the discourse measures do not see, on fixed budgets so that length does not decide.

Everything is of the texts that a table keeps, in an order drawn by the seed. Formulas: distinct-n (Li 2016),
expectation-adjusted distinct (Liu 2022), self-BLEU (Zhu 2018), ROUGE-L homogenisation and compression ratio
(Shaib 2024), self-repetition (Salkar 2022), Vendi score (Friedman 2023).
"""

from __future__ import annotations

import gzip
import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from companion.study.bootstrap import Estimate
from companion.study.grams import Flat, counted, grams
from companion.study.measures import Floats, Measure, Units, mean_of, share
from companion.study.syntax import classes, syntactic_templates
from companion.study.table import Integers, Table, words_as_written

TOKENS = 6000
"""Words that distinct-n is counted on."""
BYTES = 30_000
"""Of text that is compressed."""
DOCUMENTS = 1000
"""Replies whose four-word runs and word classes are compared."""
REPLIES = 200
"""Replies that are compared each with each."""
VOCABULARY = 30_000
"""V of the expectation-adjusted distinct-1: how many words a speaker may choose from."""
HALVES = 40
"""Random halves of the conversations that intervals of budgeted figures are made from."""
Z = 1.96
_GRAM = 4


@dataclass(frozen=True, slots=True)
class Sample:
    """Texts in the drawn order, with their words and their units."""

    texts: tuple[str, ...]
    words: tuple[list[str], ...]
    units: Units

    @classmethod
    def of(cls, table: Table, units: Units, seed: int) -> Sample:
        """`units` are those of the table's conversations."""
        order = list(range(len(table.texts)))
        Random(seed).shuffle(order)
        words = tuple(words_as_written(table.texts[place]) for place in order)
        owner = np.array([table.text_owner[place] for place in order], np.int64)
        return cls(tuple(table.texts[place] for place in order), words, units.at(owner))

    def first(self, count: int) -> Sample:
        return Sample(self.texts[:count], self.words[:count], Units(self.units.of[:count], self.units.count))


@dataclass(frozen=True, slots=True)
class Budgeted:
    """A figure of a fixed budget, and the same of random halves of the conversations.

    A half drawn without replacement varies as much as the whole does from log to log; drawing with replacement, as for
    means, would repeat whole texts and so make any text look repetitive.
    """

    value: float
    halves: Floats  # (HALVES,), or (0,) where there is one conversation only
    conversations: Integers
    """The units that the halves were drawn from."""

    def estimate(self) -> Estimate:
        """With an interval of 1.96 standard deviations of the halves to either side; NaN without any."""
        return _around(self.value, self.halves)

    def minus(self, other: Budgeted) -> tuple[Estimate, float]:
        """The difference and its two-sided p-value (normal). Halves of the same conversations are taken in pairs."""
        if not len(self.halves) or not len(other.halves):
            halves = np.zeros(0)
        elif np.array_equal(self.conversations, other.conversations):
            halves = self.halves - other.halves
        else:
            halves = np.concatenate([self.halves - self.halves.mean(), other.halves.mean() - other.halves]) * 2**0.5
        found = _around(self.value - other.value, halves)
        half = (found.high - found.low) / 2 / Z
        return found, math.erfc(abs(found.value) / half / 2**0.5) if half > 0 else math.nan


def _around(value: float, halves: Floats) -> Estimate:
    if len(halves) < 2 or math.isnan(value):
        return Estimate(value, math.nan, math.nan)
    half = Z * float(np.std(halves, ddof=1))
    return Estimate(value, value - half, value + half)


def surface_measures(sample: Sample) -> dict[str, Measure]:
    """Figures that are means over replies: `self_bleu`, `rouge_l`, `self_repetition`, syntactic templates, and
    `vendi`, `remote_clique`, `chamfer` of word vectors."""
    few, many = sample.first(REPLIES), sample.first(DOCUMENTS)
    found = {
        "self_repetition": mean_of(_self_repetition(many.words), many.units),
        "self_bleu": mean_of(self_bleu(few.words), few.units),
        "rouge_l": mean_of(_projected(rouge_l(few.words)), few.units),
    }
    tagged = [classes(words) for words in many.words]
    found |= {f"syntactic_{name}": measure for name, measure in syntactic_templates(tagged, many.units).items()}
    similar = cosines(few.words)
    if len(similar) > 1:
        other = ~np.eye(len(similar), dtype=bool)
        far = np.where(other, 1 - similar, np.nan)
        found["remote_clique"] = mean_of(_projected(far), few.units)
        found["chamfer"] = mean_of(np.nanmin(far, axis=1), few.units)
    return found


def budgeted(sample: Sample, seed: int) -> dict[str, Budgeted]:
    """`distinct_1` to `distinct_3`, `ead` (distinct-1 over what chance would give), `compression`,
    `compression_classes` (of the word classes, approximate), `vendi` of at most REPLIES replies."""
    pool = sample.first(_enough(sample))
    if not any(pool.words):
        return {}
    counted = _Pool(pool)
    whole = counted.figures(np.ones(len(pool.texts), bool))
    present = np.unique(pool.units.of)
    random = np.random.default_rng(seed)
    halves = []
    for _ in range(HALVES if len(present) > 1 else 0):
        drawn = np.zeros(pool.units.count, bool)
        drawn[random.permutation(present)[: len(present) // 2]] = True
        halves.append(counted.figures(drawn[pool.units.of]))
    found = {name: Budgeted(value, np.array([half[name] for half in halves]), present) for name, value in whole.items()}
    found["vendi"] = Budgeted(vendi(cosines(sample.first(REPLIES).words)), np.zeros(0), present)
    return found


def budget_used(sample: Sample) -> dict[str, int]:
    """What the figures were counted on."""
    pool = sample.first(_enough(sample))
    return {
        "tokens": min(TOKENS, sum(map(len, pool.words))),
        "bytes": min(BYTES, len(" ".join(pool.texts).encode())),
        "documents": min(DOCUMENTS, len(sample.texts)),
        "references": max(0, min(REPLIES, len(sample.texts)) - 1),
    }


def _enough(sample: Sample) -> int:
    """Texts that fill every budget four times."""
    tokens = size = 0
    for place, (text, words) in enumerate(zip(sample.texts, sample.words, strict=True)):
        tokens, size = tokens + len(words), size + len(text)
        if tokens >= 4 * TOKENS and size >= 4 * BYTES:
            return place + 1
    return len(sample.texts)


class _Pool:
    """Texts with numbers for their n-grams, so that any part of them is counted without a dictionary."""

    def __init__(self, sample: Sample) -> None:
        self._texts = [text.encode() + b" " for text in sample.texts]
        self._classes = [classes(words).encode() for words in sample.words]
        self._lengths = np.array([len(words) for words in sample.words], np.int64)
        flat = Flat.of(sample.words)
        self._grams = []
        for n in (1, 2, 3):
            found = grams(flat, n)
            numbers = np.full(len(flat.numbers), -1, np.int64)  # at the end of a text no n-gram begins
            numbers[found.at] = found.number
            self._grams.append((numbers, found.kinds))

    def figures(self, kept: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> dict[str, float]:
        tokens = np.flatnonzero(np.repeat(kept, self._lengths))[:TOKENS]
        ends = np.repeat(np.cumsum(np.where(kept, self._lengths, 0)), self._lengths)[tokens]
        place = np.arange(len(tokens))
        found = {}
        for n, (of, count) in enumerate(self._grams, 1):
            whole = place + n <= np.minimum(ends, len(tokens))
            numbers = of[tokens[whole]]
            there = np.zeros(count + 1, bool)
            there[numbers] = True
            found[f"distinct_{n}"] = there.sum() / len(numbers) if len(numbers) else math.nan
        words = len(tokens)
        chance = VOCABULARY * (1 - (1 - 1 / VOCABULARY) ** words)
        found["ead"] = found["distinct_1"] * words / chance if words else math.nan
        places = np.flatnonzero(kept)
        found["compression"] = _ratio(b"".join(self._texts[place] for place in places))
        found["compression_classes"] = _ratio(b"".join(self._classes[place] for place in places)[:TOKENS])
        return found


def _ratio(data: bytes) -> float:
    data = data[:BYTES]
    return len(data) / len(gzip.compress(data, mtime=0)) if data else math.nan


def _self_repetition(texts: Sequence[list[str]]) -> Floats:
    """(N,) ln(1 + how many other texts have each of the text's four-word runs, summed)."""
    found = counted(grams(Flat.of(texts), _GRAM), len(texts))
    having = np.bincount(found.number)
    others = np.bincount(found.text, having[found.number] - 1, len(texts))
    return np.log1p(others.astype(np.float64))


def self_bleu(texts: Sequence[list[str]]) -> Floats:
    """(N,) BLEU-4 of each text with all others as references; a count of 0 is taken for 0.1 (smoothing method 1 of
    Chen and Cherry 2014), the reference nearest in length decides on brevity."""
    if len(texts) < 2:
        return np.full(len(texts), np.nan)
    flat = Flat.of(texts)
    precisions = [_clipped(flat, n) for n in range(1, _GRAM + 1)]
    lengths = [len(words) for words in texts]
    found = np.zeros(len(texts))
    for place, length in enumerate(lengths):
        if not length or not precisions[0][place][0]:
            continue
        parts = [of_text[place] for of_text in precisions]
        logs = [math.log((hits or 0.1) / count) for hits, count in parts if count]
        nearest = min((abs(other - length), other) for at, other in enumerate(lengths) if at != place)[1]
        brevity = 0.0 if length >= nearest else 1 - nearest / length
        found[place] = math.exp(brevity + sum(logs) / len(logs))
    return found


def _clipped(flat: Flat, n: int) -> list[tuple[int, int]]:
    """For each text (n-grams that some other text has as often, n-grams)."""
    runs = grams(flat, n)
    found = counted(runs, flat.texts)
    order = np.lexsort((-found.count, found.number))
    number, text, count = found.number[order], found.text[order], found.count[order]
    first = np.diff(number, prepend=-1) != 0
    most = np.zeros(runs.kinds, np.int64)
    next_most = np.zeros(runs.kinds, np.int64)
    most[number[first]] = count[first]
    second = np.flatnonzero(first[:-1] & ~first[1:]) + 1
    next_most[number[second]] = count[second]
    others = np.where(first, next_most[number], most[number])
    hits = np.bincount(text, np.minimum(count, others), flat.texts).astype(np.int64)
    totals = np.bincount(runs.text, minlength=flat.texts)
    return list(zip(hits.tolist(), totals.tolist(), strict=True))


def rouge_l(texts: Sequence[list[str]]) -> Floats:
    """(N, N) F1 of the longest common subsequence of each two; NaN on the diagonal and where both are empty.

    All texts are one row of bits, a field each with a guard bit behind it, and one text's words are run over all of
    them at once (Hyyrö 2004).
    """
    lengths = np.array([len(words) for words in texts], np.int64)
    starts = np.cumsum(lengths + 1) - (lengths + 1)
    width = int((lengths + 1).sum())
    where: dict[str, int] = {}
    fields = 0
    for start, words in zip(starts.tolist(), texts, strict=True):
        for place, word in enumerate(words):
            where[word] = where.get(word, 0) | 1 << (start + place)
        fields |= ((1 << len(words)) - 1) << start
    found = np.full((len(texts), len(texts)), np.nan)
    for row, words in enumerate(texts):
        open_ = fields
        for word in words:
            hit = open_ & where[word]
            open_ = ((open_ + hit) | (open_ - hit)) & fields
        closed = np.frombuffer((fields & ~open_).to_bytes(width // 8 + 1, "little"), np.uint8)
        bits = np.unpackbits(closed, bitorder="little")[:width].astype(np.int64)
        common = np.add.reduceat(bits, starts) if len(texts) else np.zeros(0)
        both = lengths + lengths[row]
        found[row] = np.divide(2.0 * common, both, out=np.full(len(texts), np.nan), where=both > 0)
        found[row, row] = np.nan
    return found


def cosines(texts: Sequence[list[str]]) -> Floats:
    """(N, N) cosines of tf-idf word vectors."""
    places: dict[str, int] = {}
    for words in texts:
        for word in words:
            places.setdefault(word, len(places))
    counts = np.zeros((len(texts), max(1, len(places))))
    for row, words in enumerate(texts):
        np.add.at(counts[row], [places[word] for word in words], 1.0)
    weighted = counts * np.log((1 + len(texts)) / (1 + (counts > 0).sum(axis=0)) + 1e-12).clip(min=0)
    norms = np.linalg.norm(weighted, axis=1, keepdims=True)
    unit = np.divide(weighted, norms, out=np.zeros_like(weighted), where=norms > 0)
    found: Floats = unit @ unit.T
    return found


def vendi(similar: Floats) -> float:
    """exp of the entropy of the eigenvalues of K / n: how many different texts there effectively are."""
    if not len(similar):
        return math.nan
    kernel = similar.copy()
    np.fill_diagonal(kernel, 1.0)
    values = np.linalg.eigvalsh(kernel / len(kernel))
    values = values[values > 1e-12]
    return float(np.exp(-(values * np.log(values)).sum()))


def _projected(pairs: Floats) -> Floats:
    """(N,) values whose mean is the mean over pairs, and that vary as it does: 2 x a row's mean - the mean of all.

    A mean over pairs varies twice as much with its texts as the mean of the rows does (Hoeffding's projection).
    """
    known = ~np.isnan(pairs)
    count = known.sum(axis=1).astype(np.float64)
    rows = share(np.where(known, pairs, 0).sum(axis=1), count)
    return rows if np.isnan(rows).all() else 2 * rows - float(np.nanmean(pairs))
