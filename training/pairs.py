"""Pairs for DPO: of several tagged replies to one prompt, one that is to be preferred and one that is not.

One reply is better than another of its group

    by novelty   where its KL to the turn before is higher by `novelty` nats or more, and its quality not lower by more
                 than `slack` times the margin `quality`
    by quality   where its quality is higher by `quality` or more, and its KL not lower by more than `slack` times the
                 margin `novelty`

so that neither is bought with the other, and no pair can be turned round. A reply that names tactics, is empty, or
was cut off is never preferred; one that is preferred may be at most `longest` times as long as the other, because DPO
learns length where length is what pairs have in common. Of each group the pairs that exceed their margin by most are
taken, `most` of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

By = Literal["novelty", "quality", "either"]
Reason = Literal["novelty", "quality"]


class PairRule(BaseModel):
    """When one reply is better than another."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    by: By = "either"
    novelty: float = Field(default=0.5, gt=0)
    """Nats of KL to the turn before."""
    quality: float = Field(default=0.05, gt=0)
    """Of the quality's scale; the encoder's is 0 to 1."""
    slack: float = Field(default=0.5, ge=0, lt=1)
    """Share of a margin by which a better reply may be worse in the other part."""
    longest: float = Field(default=1.5, ge=1)
    """How many times as many tokens a better reply may have."""
    most: int = Field(default=1, ge=1)
    """Pairs of one prompt."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One reply of a group, and what was read in it."""

    text: str
    quality: float
    novelty: float
    tokens: int
    sound: bool = True
    """Neither empty nor cut off, without a violation and nothing that must never be said: fit to be preferred."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two replies to one prompt. `excess` is by how many times the margin the better one is better."""

    prompt: str
    chosen: str
    rejected: str
    reason: Reason
    excess: float


def pairs(groups: Iterable[tuple[str, Sequence[Candidate]]], rule: PairRule) -> list[Pair]:
    """The pairs of every group (prompt, replies), in the order of the groups; a group without a pair gives none."""
    found: list[Pair] = []
    for prompt, replies in groups:
        offered = [
            Pair(prompt, better.text, worse.text, reason, excess)
            for better, worse in permutations(replies, 2)
            if better.sound and better.text != worse.text and better.tokens <= rule.longest * max(1, worse.tokens)
            for reason, excess in _better(better, worse, rule)
        ]
        offered.sort(key=lambda pair: -pair.excess)  # stable: equals keep the order of the replies
        taken: list[Pair] = []
        for pair in offered:
            if len(taken) < rule.most and (pair.chosen, pair.rejected) not in {(p.chosen, p.rejected) for p in taken}:
                taken.append(pair)
        found += taken
    return found


def _better(a: Candidate, b: Candidate, rule: PairRule) -> list[tuple[Reason, float]]:
    """Why `a` is better than `b`, and by how many times the margin."""
    quality, novelty = a.quality - b.quality, a.novelty - b.novelty
    found: list[tuple[Reason, float]] = []
    if rule.by != "quality" and novelty >= rule.novelty and quality >= -rule.slack * rule.quality:
        found.append(("novelty", novelty / rule.novelty))
    if rule.by != "novelty" and quality >= rule.quality and novelty >= -rule.slack * rule.novelty:
        found.append(("quality", quality / rule.quality))
    return found
