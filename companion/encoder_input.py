"""How text becomes the encoder's input: the same for training, export and the chat.

A reply is read whole, not once per sentence: `[CLS] s1 [SEP] s2 [SEP] ...`. Every sentence is seen among its
neighbours and costs its own tokens once, and the tactics head reads the mean over that sentence's tokens. What stands
before a text (the person's message before a reply, the previous message before a message) follows it as the second
segment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

CLS, SEP, PAD = 101, 102, 0
"""BERT's special tokens, as in all-MiniLM-L6-v2."""

TEXT_LIMIT = 256
"""Tokens of text in one window."""
BEFORE_LIMIT = 96
"""Tokens of what stands before it; the end of a longer one is kept."""
SENTENCE_LIMIT = TEXT_LIMIT - 2
"""Tokens of one sentence; the beginning of a longer one is kept."""

Ids = Sequence[int]


@dataclass(frozen=True, slots=True)
class Window:
    """One row of a batch: token ids, where the second segment begins, and each target sentence's tokens."""

    ids: list[int]
    text: int
    """Tokens of the first segment; the rest is what stands before."""
    spans: list[tuple[int, int]] = field(default_factory=list)
    """First and last-plus-one token of each target sentence."""


def spread(lengths: Sequence[int], limit: int = TEXT_LIMIT) -> list[tuple[int, int, int, int]]:
    """Windows over the sentences of a reply: (first, end, first target, end of targets) as sentence numbers.

    Every sentence is a target once. Where a reply needs several windows, neighbouring windows overlap, so that a
    target has the sentence before and after it beside it wherever they fit.
    """
    found: list[tuple[int, int, int, int]] = []
    target, count = 0, len(lengths)
    while target < count:
        first = target
        if target and 1 + lengths[target - 1] + 1 + lengths[target] + 1 <= limit:
            first -= 1
        used, end = 1, first
        while end < count and (end <= target or used + lengths[end] + 1 <= limit):
            used += lengths[end] + 1
            end += 1
        last = end if end == count or end - 1 <= target else end - 1
        found.append((first, end, target, last))
        target = last
    return found


def reply_windows(sentences: Sequence[Ids], before: Ids = ()) -> list[Window]:
    """The windows of a reply given as token ids per sentence, in which each sentence is a target once."""
    cut = [sentence[:SENTENCE_LIMIT] for sentence in sentences]
    return [
        _window(cut[first:end], range(target - first, last - first), before)
        for first, end, target, last in spread([len(sentence) for sentence in cut])
    ]


def whole_window(sentences: Sequence[Ids], before: Ids = ()) -> Window:
    """One window with as many whole sentences of the reply as fit, at least a part of the first; all are targets."""
    cut = [sentence[:SENTENCE_LIMIT] for sentence in sentences]
    end = spread([len(sentence) for sentence in cut])[0][1] if cut else 0
    return _window(cut[:end], range(end), before)


def _window(sentences: Sequence[Ids], targets: range, before: Ids) -> Window:
    ids = [CLS]
    spans: list[tuple[int, int]] = []
    for number, sentence in enumerate(sentences):
        start = len(ids)
        ids += [*sentence, SEP]
        if number in targets:
            spans.append((start, len(ids)))
    text = len(ids)
    if before:
        ids += [*before[-BEFORE_LIMIT:], SEP]
    return Window(ids, text, spans)


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded arrays, as the network takes them. B windows of T tokens with at most S target sentences."""

    ids: NDArray[np.int64]  # (B, T)
    mask: NDArray[np.int64]  # (B, T) 1 where there is a token
    segments: NDArray[np.int64]  # (B, T) 1 where it stands before the text
    pool: NDArray[np.float32]  # (B, S, T) each row the mean over one sentence

    def feeds(self) -> dict[str, NDArray[np.int64] | NDArray[np.float32]]:
        """By the names of the graph's inputs."""
        return {
            "input_ids": self.ids,
            "attention_mask": self.mask,
            "token_type_ids": self.segments,
            "pool": self.pool,
        }


def pack(windows: Sequence[Window], multiple: int = 1) -> Batch:
    """One batch of the windows, padded to a multiple of `multiple` tokens."""
    longest = max(len(window.ids) for window in windows)
    width = -(-longest // multiple) * multiple
    most = max(1, *(len(window.spans) for window in windows))
    ids = np.full((len(windows), width), PAD, np.int64)
    mask = np.zeros_like(ids)
    segments = np.zeros_like(ids)
    pool = np.zeros((len(windows), most, width), np.float32)
    for row, window in enumerate(windows):
        size = len(window.ids)
        ids[row, :size] = window.ids
        mask[row, :size] = 1
        segments[row, window.text : size] = 1
        for number, (start, end) in enumerate(window.spans):
            pool[row, number, start:end] = 1 / (end - start)
    return Batch(ids, mask, segments, pool)


def batches(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Indices in groups of like length, the longest first; a group is at most `budget` padded tokens, or one item."""
    group: list[int] = []
    widest = 0
    for index in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
        if group and widest * (len(group) + 1) > budget:
            yield group
            group = []
        if not group:
            widest = lengths[index]
        group.append(index)
    if group:
        yield group
