"""One epoch of the encoder's training as batches. Depends on the recipe, the data and the epoch's number alone."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from companion.encoder_input import Batch, Window, batches, pack, reply_windows
from planner.tactics import TACTICS, Tactic
from training.encoder_data import EMPATHY, Reply
from training.encoder_recipe import EncoderRecipe

Floats = NDArray[np.float32]

POOL = 4096
"""Rows that are sorted by length together; more would make the batches of an epoch too alike."""
MULTIPLE = 16
"""Batches are padded to a multiple of this many tokens: few shapes occur, and each is compiled once."""
MARKS = ".!?…"


@dataclass(frozen=True, slots=True)
class Row:
    """One window and what is known about it."""

    window: Window
    tactics: Floats  # (S, 10) with smoothing in it
    weight: float
    empathy: Floats | None  # (6,) 0..1


@dataclass(frozen=True, slots=True)
class Targets:
    """What a batch should answer; weights are 0 where nothing is known."""

    tactics: Floats  # (B, S, 10)
    tactic_weights: Floats  # (B, S)
    empathy: Floats  # (B, 6)
    empathy_weights: Floats  # (B,)


@dataclass(frozen=True, slots=True)
class Read:
    """A reply in token ids, made once."""

    before: list[int]
    sentences: list[list[int]]


class Words:
    """The published tokenizer, without limits or special tokens."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._tokenizer = tokenizer

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        return [item.ids for item in self._tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    def reply(self, reply: Reply) -> Read:
        before, *sentences = self.ids([reply.before, *reply.sentences])
        return Read(before, sentences)

    def marks(self) -> frozenset[int]:
        """The tokens that end a sentence."""
        return frozenset(self._tokenizer.token_to_id(mark) or 0 for mark in MARKS)


def labels(tactics: Sequence[frozenset[Tactic]], smoothing: float = 0.0) -> Floats:
    """(sentences, 10) of 0 and 1, both moved towards the middle by `smoothing`."""
    hard = np.array([[tactic in used for tactic in TACTICS] for used in tactics], np.float32).reshape(-1, len(TACTICS))
    smooth: Floats = hard * (1 - 2 * smoothing) + smoothing
    return smooth


class Epochs:
    """The training data, ready to be dealt out."""

    def __init__(self, recipe: EncoderRecipe, words: Words, replies: Sequence[Reply]) -> None:
        self._recipe = recipe
        self._marks = words.marks()
        self._replies = [(reply, words.reply(reply)) for reply in replies]

    def positives(self) -> Floats:
        """How much a positive of each tactic weighs: (10,), see `Losses.balance`."""
        known = [labels(reply.tactics) for reply, _ in self._replies if reply.tactics]
        share = np.concatenate(known).mean(0) if known else np.full(len(TACTICS), 0.5)
        weights: Floats = (((1 - share) / np.maximum(share, 1e-3)) ** self._recipe.losses.balance).astype(np.float32)
        return np.clip(weights, 0.5, 8.0)

    def batches(self, epoch: int) -> list[list[Row]]:
        """The batches of an epoch, shuffled."""
        rng = random.Random(f"{self._recipe.seed}/{epoch}")
        rows = list(self._rows(rng))
        rng.shuffle(rows)
        found: list[list[Row]] = []
        for start in range(0, len(rows), POOL):
            part = rows[start : start + POOL]
            lengths = [-(-len(row.window.ids) // MULTIPLE) * MULTIPLE for row in part]
            found += [[part[index] for index in group] for group in batches(lengths, self._recipe.tokens)]
        rng.shuffle(found)
        return found

    def _rows(self, rng: random.Random) -> Iterator[Row]:
        passes = self._recipe.passes
        for reply, read in self._replies:
            wanted = passes.own if reply.source == "own" else passes.silver
            for _ in range(_times(wanted, rng)):
                yield from self._reply(reply, read, rng)

    def _reply(self, reply: Reply, read: Read, rng: random.Random) -> Iterator[Row]:
        losses, noise = self._recipe.losses, self._recipe.noise
        own = reply.source == "own"
        with_message = rng.random() < noise.with_message
        sentences = read.sentences
        tactics = reply.tactics
        rated = reply.empathy is not None
        if len(sentences) > 1 and rng.random() < noise.excerpt:
            rated = False
            first = rng.randrange(len(sentences))
            last = rng.randrange(first, len(sentences)) + 1
            sentences = sentences[first:last]
            tactics = tactics and tactics[first:last]
        if rng.random() < noise.bare:
            sentences = [self._bare(sentence) for sentence in sentences]
        known = labels(tactics, losses.own_smoothing if own else losses.silver_smoothing) if tactics else None
        done = 0
        for window in reply_windows(sentences, read.before if with_message else ()):
            count = len(window.spans)
            part = known[done : done + count] if known is not None else np.zeros((count, len(TACTICS)), np.float32)
            empathy = None
            if rated and not done and reply.empathy is not None:
                empathy = ((np.array(reply.empathy) - 1) / 4).astype(np.float32)
            yield Row(window, part, (losses.own if own else 1.0) if known is not None else 0.0, empathy)
            done += count

    def _bare(self, sentence: list[int]) -> list[int]:
        return sentence[:-1] if len(sentence) > 1 and sentence[-1] in self._marks else sentence


def _times(wanted: float, rng: random.Random) -> int:
    return int(wanted) + (rng.random() < wanted % 1)


def collate(rows: Sequence[Row]) -> tuple[Batch, Targets]:
    """Arrays of a batch."""
    batch = pack([row.window for row in rows], MULTIPLE)
    count, most = batch.pool.shape[:2]
    targets = Targets(
        np.zeros((count, most, len(TACTICS)), np.float32),
        np.zeros((count, most), np.float32),
        np.zeros((count, len(EMPATHY)), np.float32),
        np.zeros(count, np.float32),
    )
    for number, row in enumerate(rows):
        targets.tactics[number, : len(row.tactics)] = row.tactics
        targets.tactic_weights[number, : len(row.tactics)] = row.weight
        if row.empathy is not None:
            targets.empathy[number], targets.empathy_weights[number] = row.empathy, 1.0
    return batch, targets
