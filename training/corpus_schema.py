"""What one line of the project's own corpora is: `SupportReply` in `corpus/support`, `RiskMessage` in `corpus/risk`.

A line has exactly these keys. The models also hold what a wrong label would break silently: that a context alternates
and ends with the seeker, that a family keeps to its risk levels, that no text carries an address or a phone number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from planner.tactics import Tactic

ADDRESS = re.compile(r"https?://|\bwww\.|\S+@\S+\.\w|\b[\w-]+\.(?:com|org|net|uk|ie)\b", re.IGNORECASE)
PHONE = re.compile(r"\d(?:[ ().-]{0,2}\d){5,}")
"""Six digits or more. The emergency numbers of three digits stay: people name them in talk, and they are nobody's."""


def plain(text: str) -> str:
    """`text` as it is, when it has no outer white space, no line break, no address and no phone number.

    Raises ValueError that quotes the part at fault.
    """
    if text != text.strip():
        raise ValueError("white space at the start or the end")
    if len(text.splitlines()) > 1:
        raise ValueError("a line break inside the text")
    if found := ADDRESS.search(text):
        raise ValueError(f"an address: {found.group()!r}")
    if found := PHONE.search(text):
        raise ValueError(f"a phone number: {found.group()!r}")
    return text


PlainText = Annotated[str, AfterValidator(plain)]
Text = Annotated[str, Field(min_length=1), AfterValidator(plain)]
Id = Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*-\d{3,4}$")]


class Line(BaseModel):
    """Exactly the declared keys, with exactly the declared types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Message(Line):
    """One message of the conversation so far."""

    role: Literal["seeker", "supporter"]
    text: Text


class Sentence(Line):
    """One sentence of the reply, and the tactics it carries out; none for greetings and fillers."""

    text: Text
    tactics: Annotated[tuple[Tactic, ...], Field(max_length=3)]

    @model_validator(mode="after")
    def _each_tactic_once(self) -> Sentence:
        if len(set(self.tactics)) < len(self.tactics):
            raise ValueError("a tactic is named twice")
        return self


class SupportReply(Line):
    """A supporter's reply to the last message of `context`: its sentences, joined with a space."""

    id: Id
    voice: Text
    topic: Text
    context: tuple[Message, ...]
    sentences: tuple[Sentence, ...]

    # not min_length: pydantic counts the valid items, and a faulty only item would be reported as none at all
    @model_validator(mode="after")
    def _answers_the_seeker(self) -> SupportReply:
        if not self.sentences:
            raise ValueError("the reply has no sentence")
        for position, message in enumerate(self.context):
            expected = ("seeker", "supporter")[position % 2]
            if message.role != expected:
                raise ValueError(f"context message {position + 1} must be the {expected}'s")
        if len(self.context) % 2 == 0:
            raise ValueError("the context must end with the seeker")
        return self


class Family(StrEnum):
    """Why a message is in the risk corpus."""

    EXPLICIT = "explicit"
    OBLIQUE = "oblique"
    SELF_HARM = "self_harm"
    DENIAL_AFTER_DISCLOSURE = "denial_after_disclosure"
    FOLLOW_UP = "follow_up"
    PAST = "past"
    THIRD_PERSON = "third_person"
    EATING = "eating"
    IDIOM = "idiom"
    GAME = "game"
    SONG_FILM_BOOK = "song_film_book"
    KITCHEN_ACCIDENT = "kitchen_accident"
    NEGATION = "negation"
    WORK_TECH = "work_tech"
    ORDINARY_SUPPORT = "ordinary_support"
    MEDICATION_EVERYDAY = "medication_everyday"


HIGHEST_LEVEL = 5

LEVELS: Mapping[Family, range] = MappingProxyType(
    dict.fromkeys(Family, range(1))
    | {
        Family.EXPLICIT: range(1, HIGHEST_LEVEL + 1),
        Family.OBLIQUE: range(1, HIGHEST_LEVEL + 1),
        Family.SELF_HARM: range(2, HIGHEST_LEVEL + 1),
        Family.DENIAL_AFTER_DISCLOSURE: range(2, 4),
        Family.FOLLOW_UP: range(1, HIGHEST_LEVEL + 1),
        Family.PAST: range(HIGHEST_LEVEL + 1),
        Family.EATING: range(3),
    }
)
"""The levels a family may have; 0 alone where nothing else is said."""

AFTER_DISCLOSURE = frozenset({Family.DENIAL_AFTER_DISCLOSURE, Family.FOLLOW_UP})
"""Families whose level is that of `previous`: the text alone would not show it."""


class RiskMessage(Line):
    """A seeker's message, their message before it (empty at the start of a chat), and the level of the two together."""

    id: Id
    family: Family
    previous: PlainText
    text: Text
    level: int

    @model_validator(mode="after")
    def _family_holds(self) -> RiskMessage:
        allowed = LEVELS[self.family]
        if self.level not in allowed:
            raise ValueError(f"level {self.level}, but {self.family} has {', '.join(map(str, allowed))}")
        if self.family in AFTER_DISCLOSURE and not self.previous:
            raise ValueError(f"{self.family} needs a previous message")
        if self.id.rpartition("-")[0] != f"risk-{self.family.replace('_', '-')}":
            raise ValueError(f"id {self.id!r} does not name its family, {self.family}")
        return self
