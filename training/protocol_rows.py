"""Conversations that a model is measured on, and the replies that are kept of it.

A row is one reply, in the form of MINT's published outputs and importable as such: `companion study` and
`companion import` read the files as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Literal, get_args

from companion.context import alternating
from companion.errors import UsageError
from companion.rating import Empathy
from companion.study.said import Said, mask_of, tactics_of
from companion.study.sources import read
from companion.study.table import Table, table_of
from companion.text import clean
from planner.layouts import Message
from planner.tactics import Tactic
from training.kept import Kept

LEND = Path("mint/lend_an_ear/lend_an_ear_50_conversations.csv")
"""Below the data folder: what a model is measured on unless other conversations are named."""

Protocol = Literal["human-history", "own-history"]
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)
HUMAN = "human"
"""The turns that people wrote, kept as replies of a third kind: the turns before in the human-history protocol."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A supporter's turn: its number in the conversation, what was said before, and itself where somebody said it.

    `sentences` are the tactics that the source gives it, None where it gives none. `history` ends with a message of
    the person's and alternates.
    """

    conversation: str
    place: int
    history: tuple[Message, ...]
    text: str | None = None
    sentences: tuple[frozenset[Tactic], ...] | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """A conversation between two people: who needs support, and who gives it."""

    name: str
    messages: tuple[Said, ...]

    @property
    def turns(self) -> list[Turn]:
        """The supporter's turns that answer a message."""
        found = []
        for number, said in enumerate(self.messages):
            if said.supporter and number and not self.messages[number - 1].supporter:
                history = alternating([_message(each) for each in self.messages[:number]])
                tagged = None
                if said.sentences is not None:
                    tagged = tuple(frozenset(tactics_of(mask)) for mask in said.sentences)
                found.append(Turn(self.name, said.place, tuple(history), said.text or "", tagged))
        return found

    @property
    def lines(self) -> list[str]:
        """What the person says, messages without a reply in between as one."""
        return [
            "\n\n".join(said.text or "" for said in run)
            for supporter, run in groupby(self.messages, key=lambda said: said.supporter)
            if not supporter
        ]


def _message(said: Said) -> Message:
    return Message("assistant" if said.supporter else "user", said.text or "")


def recorded(path: Path, limit: int | None = None) -> list[Recorded]:
    """The conversations of a file of any kind that `companion study` reads, the first `limit` of them.

    Raises NotFound for what is not there, UsageError where there is nobody to reply to.
    """
    of: dict[str, list[Said]] = {}
    for said in read(path):
        text = " ".join(clean(said.text or "").split())
        if text:
            of.setdefault(said.conversation, []).append(
                Said(said.conversation, said.place, said.supporter, text, said.sentences)
            )
    found = [Recorded(name, tuple(messages)) for name, messages in of.items()]
    found = [each for each in found if each.lines][:limit]
    if not found:
        raise UsageError(
            f"{path} holds no messages of a person, with their words, that could be replied to. "
            "Name a file of whole conversations."
        )
    return found


@dataclass(frozen=True, slots=True)
class Row:
    """One reply and what was read in it."""

    conversation: str
    place: int
    condition: str
    """The protocol, or HUMAN."""
    model: str | None
    history: tuple[Message, ...]
    reply: str
    sentences: tuple[frozenset[Tactic], ...]
    empathy: Empathy | None
    """None where the reply has no words, or a judge gave no ratings."""
    seed: int = 0
    prompt_tokens: int = 0
    reply_tokens: int = 0
    ms: float = 0.0
    as_asked: bool = True
    """False where several replies were asked for and none could be read: the reply is then all that was said."""

    def line(self) -> str:
        """As a row of a file."""
        row = {
            "conversation_id": self.conversation,
            "model": self.model,
            "condition": self.condition,
            "conversation_history": [{"role": each.role, "content": each.content} for each in self.history],
            "model_response": self.reply,
            "sentence_tactics": [sorted(tactics) for tactics in self.sentences],
            "empathy": asdict(self.empathy) if self.empathy else None,
            "place": self.place,
            "seed": self.seed,
            "prompt_tokens": self.prompt_tokens,
            "reply_tokens": self.reply_tokens,
            "ms": self.ms,
            "as_asked": self.as_asked,
        }
        return json.dumps(row, ensure_ascii=False)

    @classmethod
    def read(cls, line: str) -> Row:
        """Raises ValueError, KeyError or TypeError for what is no such row."""
        row = json.loads(line)
        return cls(
            row["conversation_id"],
            row["place"],
            row["condition"],
            row["model"],
            tuple(Message(each["role"], each["content"]) for each in row["conversation_history"]),
            row["model_response"],
            tuple(frozenset(map(Tactic, tactics)) for tactics in row["sentence_tactics"]),
            Empathy(**row["empathy"]) if row["empathy"] else None,
            row["seed"],
            row["prompt_tokens"],
            row["reply_tokens"],
            row["ms"],
            row["as_asked"],
        )

    @property
    def said(self) -> Said:
        """As the measures of a study read it."""
        masks = tuple(mask_of(tactics) for tactics in self.sentences)
        made = Said(self.conversation, self.place, True, self.reply, masks)
        return replace(made, empathy=self.empathy) if self.empathy else made


def table(rows: Iterable[Row]) -> Table:
    """The replies of one kind, ready to be counted."""
    return table_of([row.said for row in rows])


def in_order(rows: Iterable[Row]) -> list[Row]:
    """By conversation, in the order in which each first came, and place."""
    every = list(rows)
    first: dict[str, int] = {}
    for row in every:
        first.setdefault(row.conversation, len(first))
    return sorted(every, key=lambda row: (first[row.conversation], row.place))


def file_of(condition: str) -> str:
    """The file that keeps the replies of a protocol, or of people."""
    return f"{condition}.jsonl"


def rows_of(kept: Kept, condition: str) -> list[Row]:
    """The replies of one kind that are there. Raises CompanionError for a row that makes no sense."""
    name = file_of(condition)
    try:
        return [Row.read(line) for line in kept.rows(name)]
    except (ValueError, KeyError, TypeError) as error:
        raise kept.wrong_row(name, error) from None
