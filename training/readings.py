"""Who reads the replies of a training run: which tactics each sentence carries, and how good the reply is.

By default the encoder that ships does both, in one pass each. A transformers sequence classifier or a server can judge
quality, a server can read tactics (`training.reading_servers`). Whatever reads, a reading that fails or makes no sense
ends the run with a sentence: counted as 0, an outage would be learned from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Protocol

from companion.encoder import Encoder
from companion.errors import CompanionError
from companion.rating import Rater
from companion.tagging import EncoderTagger, Tagger, used
from companion.text import split_sentences
from planner.ledger import TurnRecord
from planner.tactics import TACTICS, Tactic
from training.mint_recipe import SERVER, Readers

Dialogue = Sequence[Mapping[str, str]]
"""What a reply answers: messages of role (user or assistant) and content, oldest first; no system message."""
Tagged = tuple[frozenset[Tactic], ...]
"""The tactics of each sentence of a reply."""


class TacticReader(Protocol):
    """Says what each sentence of a reply does."""

    def tactics(self, replies: Sequence[Sequence[str]]) -> list[Tagged]:
        """For each reply, given as its sentences, the tactics of each. Raises CompanionError where that fails."""


class QualityReader(Protocol):
    """Says how good a reply is."""

    def quality(self, dialogues: Sequence[Dialogue], replies: Sequence[str]) -> list[float]:
        """A score for each reply, higher is better. Raises CompanionError where that fails."""


@dataclass(frozen=True, slots=True)
class Read:
    """What was read in one reply."""

    sentences: Tagged
    quality: float

    @property
    def counts(self) -> tuple[int, ...]:
        """(10,) sentences that carry each tactic, in the fixed order."""
        return counts_of(self.sentences)


def counts_of(sentences: Tagged) -> tuple[int, ...]:
    """(10,) sentence-tactic pairs, in the fixed order."""
    counts = TurnRecord(sentences).counts()
    return tuple(counts[tactic] for tactic in TACTICS)


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads whole batches of replies."""

    tactics: TacticReader
    quality: QualityReader

    def read(self, dialogues: Sequence[Dialogue], replies: Sequence[str]) -> list[Read]:
        """One reading per reply; an empty one has no sentences and quality 0, and nobody is asked about it.

        Raises CompanionError where a reading fails, is missing or is no number.
        """
        asked = [place for place, reply in enumerate(replies) if reply.strip()]
        found = [Read((), 0.0)] * len(replies)
        if not asked:
            return found
        texts = [replies[place] for place in asked]
        tags = self.tactics.tactics([split_sentences(text) for text in texts])
        scores = self.quality.quality([dialogues[place] for place in asked], texts)
        for who, given in (("tactics", len(tags)), ("quality", len(scores))):
            if given != len(asked):
                raise CompanionError(f"The reader of {who} gave {given} readings for {len(asked)} replies.")
        for place, sentences, score in zip(asked, tags, scores, strict=True):
            if not isfinite(score):
                raise CompanionError(
                    f"The reader of quality gave {score} for a reply. Training would learn from it, so it stopped."
                )
            found[place] = Read(sentences, score)
        return found


class EncoderTactics:
    """The tagger that ships."""

    def __init__(self, tagger: Tagger) -> None:
        self._tagger = tagger

    def tactics(self, replies: Sequence[Sequence[str]]) -> list[Tagged]:
        return [tuple(used(scores) for scores in of_reply) for of_reply in self._tagger.tag_replies(replies)]


class EncoderQuality:
    """The rater that ships: its aggregate of six dimensions, moved from 1..5 to 0..1."""

    def __init__(self, rater: Rater) -> None:
        self._rater = rater

    def quality(self, dialogues: Sequence[Dialogue], replies: Sequence[str]) -> list[float]:
        rated = self._rater.rate([(asked(dialogue), reply) for dialogue, reply in zip(dialogues, replies, strict=True)])
        return [(each.aggregate - 1) / 4 for each in rated]


def asked(dialogue: Dialogue) -> str:
    """The person's message that a reply answers."""
    return next((message["content"] for message in reversed(dialogue) if message["role"] == "user"), "")


def reader_of(recipe: Readers, encoder: Encoder) -> Reader:
    """The readers that a recipe names. Raises NotFound or UsageError for what cannot be loaded."""
    from training.reading_servers import QualityServer, TacticServer

    if recipe.tactics == "encoder" or recipe.quality == "encoder":
        encoder.check()
    tactics: TacticReader = (
        TacticServer(recipe.tactics, timeout=recipe.timeout, tries=recipe.tries)
        if SERVER.match(recipe.tactics)
        else EncoderTactics(EncoderTagger(encoder))
    )
    quality: QualityReader
    if recipe.quality == "encoder":
        quality = EncoderQuality(Rater(encoder))
    elif SERVER.match(recipe.quality):
        quality = QualityServer(recipe.quality, timeout=recipe.timeout, tries=recipe.tries)
    else:
        from training.classifier import Classifier

        quality = Classifier.load(recipe.quality)
    return Reader(tactics, quality)
