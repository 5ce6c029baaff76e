"""What a family of patterns is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Said(StrEnum):
    """How a sign is said."""

    EXPLICIT = "explicit"
    OBLIQUE = "oblique"
    HINT = "hint"
    """Common in any trouble: it counts only beside another sign."""


@dataclass(frozen=True, slots=True)
class Family:
    """Patterns with one meaning. What may explain a match away is decided by `vetoes` from these marks."""

    name: str
    level: int
    """The step of the ladder that a match alone is read as."""
    said: Said
    words: tuple[str, ...]
    """One of these is in every text that a pattern can match: a quick way to leave the family out."""
    pattern: re.Pattern[str]
    firm: bool = False
    """Laughter does not make it an idiom."""
    topic: bool = False
    """A word for the subject: people also study it, work with it and read about it."""
    separate: bool = False
    """May be about a relationship, a job or a contract."""
    behaviour: bool = False
    """Something done: what is long past and over is no sign of today."""
    means: bool = False
    plan: bool = False
    goodbye: bool = False
    harm: bool = False
    """Self-harm: accidents, sports and kitchens have the same words."""
    everyday: bool = False
    """Said of a hundred harmless things, too: the sentence must not speak of one of them."""
    faint: bool = False
    """Half said: where it is explained away, that says nothing of the rest of the message."""
