"""Who a model is measured with: the seekers of recorded conversations, and simulated ones who react.

Recorded seekers say what they said, whatever the reply is. Simulated ones speak sentences of ours
(`training.seeker_lines`) with the facts of a published role card, and react to the reply's last move by fixed rules.
Both depend on nothing but their source and what they heard: conditions can be compared seeker by seeker.

Both are for measuring only: nothing is ever trained on what they say.
"""

from __future__ import annotations

import csv
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from companion.errors import CompanionError, NotFound
from companion.text import clean, split_sentences
from planner.tactics import Tactic
from training.role_cards import Card, read_cards
from training.seeker_lines import (
    ADVISED,
    ASKED,
    BODY,
    CLOSING,
    FEELING,
    HEARD,
    OTHER,
    PAST,
    PEOPLE,
    PRAISED,
    SELF,
    THEMES,
    TOPICS,
    WISH,
)

LEND = Path("mint/lend_an_ear/lend_an_ear_50_conversations.csv")
CARDS = Path("corpora/esc_judge_personas/data/roles-v1.json")
TURNS = 8
"""Messages of a simulated seeker."""

Kind = Literal["lend", "simulated"]
KINDS: tuple[Kind, ...] = ("lend", "simulated")


@dataclass(frozen=True, slots=True)
class Heard:
    """A reply, and the tactics of each of its sentences."""

    text: str
    sentences: tuple[frozenset[Tactic], ...]

    @property
    def last(self) -> frozenset[Tactic]:
        """The tactics of the last sentence that has any: what there is to react to."""
        return next((tactics for tactics in reversed(self.sentences) if tactics), frozenset())


class Seeker(Protocol):
    """Somebody who writes a number of messages, each after a reply to the one before."""

    @property
    def id(self) -> str:
        """Unique among all seekers."""

    @property
    def kind(self) -> Kind: ...

    @property
    def turns(self) -> int:
        """Messages in all."""

    def line(self, heard: Sequence[Heard]) -> str:
        """The next message, after these replies; `heard` is shorter than `turns`."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """Says what somebody once said."""

    id: str
    lines: tuple[str, ...]
    kind: Kind = "lend"

    @property
    def turns(self) -> int:
        return len(self.lines)

    def line(self, heard: Sequence[Heard]) -> str:
        return self.lines[len(heard)]


class Simulated:
    """Tells a story piece by piece, first what the reply asked about, and says nothing twice."""

    kind: Kind = "simulated"

    def __init__(self, card: Card, turns: int = TURNS) -> None:
        self.id = card.id
        self.turns = turns
        self._card = card
        self._theme = next(theme for theme in THEMES if theme.challenge.search(card.challenge))
        self._manner = "wary" if card.wary else "warm"

    def line(self, heard: Sequence[Heard]) -> str:
        chance = random.Random(self.id)
        pieces = self._pieces(chance)
        opening, closing = chance.choice(self._theme.openings), chance.choice(CLOSING[self._manner])
        if not heard:
            return _joined(opening, *self._take(pieces, "feeling", 0 if self._card.reserved else 1))
        if not self._card.reserved:
            self._take(pieces, "feeling", 1)  # said in the opening
        stock = _Stock(chance)
        line = ""
        for reply in heard:  # what was said before decides what is left to say
            reaction, topic = self._reaction(reply, stock)
            line = _joined(reaction, *self._take(pieces, topic, 1 if self._card.reserved else 2))
        return closing if len(heard) == self.turns - 1 else line

    def _reaction(self, reply: Heard, stock: _Stock) -> tuple[str, str]:
        """What is said to the reply itself, and what it asked about."""
        move = reply.last
        if Tactic.QUESTIONING in move:
            return stock.next(ASKED), _topic(reply.text)
        if move & {Tactic.ADVICE, Tactic.INFORMATION, Tactic.ASSISTANCE}:
            return stock.next(ADVISED[self._manner]), "story"
        if move & {Tactic.EMPOWERMENT, Tactic.REAPPRAISAL}:
            return stock.next(PRAISED[self._manner]), "story"
        if move & {Tactic.VALIDATION, Tactic.PARAPHRASING}:
            return stock.next(HEARD[self._manner]), "story"
        return stock.next(OTHER), "story"

    def _pieces(self, chance: random.Random) -> list[tuple[str, str]]:
        """(topic, sentence), in the order in which they come up by themselves."""
        card = self._card
        feeling, second = (*card.feelings, "tired", "worried")[:2]
        event = card.events[0] if card.events else ""
        facts = {"job": card.job, "family": card.family, "event": event, "feeling": feeling, "second": second}
        story, body = (chance.sample(part, len(part)) for part in (self._theme.story, BODY))
        kinds = {
            "story": story,
            "feeling": FEELING,
            "body": body,
            "self": SELF,
            "people": PEOPLE[card.people],
            "past": chance.sample(PAST, 1),
            "wish": chance.sample(WISH, len(WISH)),
        }
        filled = {
            topic: [text.format(**facts) for text in texts if all(facts[name] for name in _places(text))]
            for topic, texts in kinds.items()
        }
        order = ["story", "feeling", "story", "self", "body", "people", "story", "past", "story", "wish", "feeling"]
        pieces = [(topic, filled[topic].pop(0)) for topic in order if filled[topic]]
        return pieces + [(topic, text) for topic, texts in filled.items() for text in texts]

    def _take(self, pieces: list[tuple[str, str]], topic: str, count: int) -> list[str]:
        """Remove and return the first pieces, one on the topic before the others."""
        taken: list[str] = []
        for _ in range(min(count, len(pieces))):
            place = next((n for n, piece in enumerate(pieces) if piece[0] == topic and not taken), 0)
            taken.append(pieces.pop(place)[1])
        return taken


class _Stock:
    """Reactions in an order of their own, each once before any comes again."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._left: dict[tuple[str, ...], list[str]] = {}

    def next(self, among: tuple[str, ...]) -> str:
        if not self._left.get(among):
            self._left[among] = self._chance.sample(among, len(among))
        return self._left[among].pop()


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _places(text: str) -> list[str]:
    return re.findall(r"{(\w+)}", text)


def _topic(reply: str) -> str:
    """What the last question of a reply is about."""
    sentences = split_sentences(reply)
    asked = next((text for text in reversed(sentences) if "?" in text), sentences[-1] if sentences else "")
    return next((topic for words, topic in TOPICS if words.search(asked)), "story")


def read_seekers(data: Path, kinds: Sequence[Kind] = KINDS) -> list[Seeker]:
    """The seekers of the given kinds. Raises NotFound where a file is missing, CompanionError where one is wrong."""
    found: list[Seeker] = []
    if "lend" in kinds:
        found += read_recorded(_there(data, LEND))
    if "simulated" in kinds:
        found += [Simulated(card) for card in read_cards(_there(data, CARDS))]
    return found


def _there(data: Path, path: Path) -> Path:
    if not (data / path).is_file():
        raise NotFound(f"There is no {data / path}. Give the data folder with --data.")
    return data / path


def read_recorded(path: Path) -> list[Recorded]:
    """What the seekers of the fifty Lend-an-Ear conversations said, from "Seeker:" and "Supporter:" lines."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(row["conversation_id"], row["full_conversation"]) for row in csv.DictReader(file)]
    found = []
    for name, text in rows:
        parts = re.split(r"^(Seeker|Supporter):", clean(text), flags=re.MULTILINE)
        lines = [" ".join(said.split()) for who, said in zip(parts[1::2], parts[2::2], strict=True) if who == "Seeker"]
        if not any(lines):
            raise CompanionError(f"Conversation {name} of {path} has no lines of a seeker; is the file whole?")
        found.append(Recorded(f"lend/{name}", tuple(line for line in lines if line)))
    return found
