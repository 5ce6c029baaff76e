"""Which tactics a sentence uses.

The chat reads with the encoder that ships. Anything with the `Tagger` interface can take its place: tests bring a
tagger of their own that needs no model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from planner.tactics import Tactic

if TYPE_CHECKING:
    from companion.encoder import Encoder


Replies = Sequence[Sequence[str]]
"""Each as its sentences."""
Scores = list[dict[Tactic, float]]
"""Of each sentence of a reply."""


class Tagger(Protocol):
    """Reads the sentences of replies."""

    name: str

    def tag(self, sentences: Sequence[str]) -> list[dict[Tactic, float]]:
        """A score in 0..1 for every tactic, one mapping per sentence of one reply, in order."""
        ...

    def tag_replies(self, replies: Sequence[Sequence[str]]) -> list[list[dict[Tactic, float]]]:
        """The same of many replies, each given as its sentences; much faster than one by one."""
        ...


@runtime_checkable
class ChunkTagger(Protocol):
    """A tagger that has several chunks of replies on their way at once."""

    def tag_chunks(self, chunks: Iterable[Replies]) -> Iterator[list[Scores]]:
        """What `tag_replies` gives of each chunk, in order."""
        ...


def tag_chunks(tagger: Tagger, chunks: Iterable[Replies]) -> Iterator[list[Scores]]:
    """The scores of each chunk, in order."""
    return tagger.tag_chunks(chunks) if isinstance(tagger, ChunkTagger) else map(tagger.tag_replies, chunks)


THRESHOLD = 0.5
"""A sentence carries a tactic whose score reaches this."""


def used(scores: Mapping[Tactic, float]) -> frozenset[Tactic]:
    """The tactics a scored sentence carries."""
    return frozenset(tactic for tactic, score in scores.items() if score >= THRESHOLD)


CERTAIN = 1e-6
"""Probabilities closer than this to 0 or 1 count as this close."""


class EncoderTagger:
    """The encoder that ships, behind the `Tagger` interface.

    A score is the encoder's probability moved, on the scale of log odds, so that the threshold chosen for its tactic
    lies at `THRESHOLD`: scores of different tactics can be compared, and one threshold serves everybody.
    """

    name = "encoder"

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    def tag(self, sentences: Sequence[str]) -> list[dict[Tactic, float]]:
        return self.tag_replies([sentences])[0] if sentences else []  # without loading anything

    def tag_replies(self, replies: Sequence[Sequence[str]]) -> list[list[dict[Tactic, float]]]:
        card = self._encoder.card
        names = [Tactic(name) for name in card.tactics]
        return [
            [
                {name: _moved(float(p), t) for name, p, t in zip(names, row, card.thresholds, strict=True)}
                for row in rows
            ]
            for rows in self._encoder.tactics(replies)
        ]


def _moved(probability: float, threshold: float) -> float:
    """`probability` with the odds of `threshold` taken out: exactly THRESHOLD where the two are equal."""
    p = min(max(probability, CERTAIN), 1 - CERTAIN)
    odds = p / (1 - p) * (1 - threshold) / threshold
    return odds / (1 + odds)
