"""Conversations to learn from: the paper's, the person's own exports, and any other file that can be imported.

What a person exported with its text they may train on; nothing is taken from their database. From the first sign of a
crisis on (level 3 of the risk ladder, or the mark of an export) a conversation is left out, unless the recipe asks for
it: a reward knows nothing of danger.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from companion import importing
from companion.errors import UsageError
from companion.export.choice import CRISIS
from companion.importing import Bad
from companion.safety.risk.assessor import RiskAssessor
from companion.safety.risk.state import RiskState
from companion.store import Role
from companion.text import clean
from planner.layouts import Message

_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)  # what a message says of risk depends on those before, not on the date


@dataclass(frozen=True, slots=True)
class Recording:
    """One conversation: by turns the person's messages and the replies, without anybody's second message in a row."""

    id: str
    messages: tuple[Message, ...]

    @property
    def said(self) -> tuple[str, ...]:
        """The person's messages, in order."""
        return tuple(message.content for message in self.messages if message.role == "user")

    @property
    def replies(self) -> tuple[str, ...]:
        """The replies, in order."""
        return tuple(message.content for message in self.messages if message.role == "assistant")

    @property
    def answers(self) -> int:
        """How many replies answer a message: as many rows of training as there are where every prompt fits."""
        return sum(message.role == "assistant" for message in self.messages[1:])

    def answered(self, replies: Sequence[str]) -> Recording:
        """The person's messages with these replies instead, one after each of the first messages; the rest is left out.

        Raises ValueError for more replies than messages.
        """
        if len(replies) > len(self.said):
            raise ValueError(f"{len(replies)} replies to {len(self.said)} messages")
        messages: list[Message] = []
        for said, reply in zip(self.said, replies, strict=False):
            messages += [Message("user", said), Message("assistant", reply)]
        return Recording(self.id, tuple(messages))


@dataclass(slots=True)
class Recordings:
    """What was found, and what was not taken."""

    found: list[Recording] = field(default_factory=list)
    bad: int = 0
    """Rows that could not be used."""
    cut: int = 0
    """Conversations of which a part, or all, was left out because of a sign of a crisis."""
    long: int = 0
    """Rows of training whose prompt does not fit."""

    @property
    def left_out(self) -> str:
        """What was not taken, as a sentence; empty where everything was."""
        counts = (
            (self.bad, "row", "that cannot be used"),
            (self.cut, "conversation", "from the first sign of a crisis on"),
            (self.long, "prompt", "longer than prompts.limit"),
        )
        parts = [f"{number} {thing}{'' if number == 1 else 's'} {what}" for number, thing, what in counts if number]
        return f"Left out: {', '.join(parts)}." if parts else ""


def read_recordings(files: Iterable[Path], *, crisis: bool = False) -> Recordings:
    """The conversations of files of any kind that `companion import` knows, in their order; of each, the last branch.

    Raises NotFound or UsageError for a file that cannot be read, or in which nothing can be learned from.
    """
    assessor = RiskAssessor()
    all_of_them = Recordings()
    for path in files:
        before = len(all_of_them.found)
        for number, each in enumerate(importing.read(path)):
            messages = None if isinstance(each, Bad) else _branch(each)
            if isinstance(each, Bad) or messages is None:
                all_of_them.bad += 1
                continue
            kept = messages if crisis else _before_crisis(messages, assessor)
            all_of_them.cut += len(kept) < len(messages)
            merged = _merged(kept)
            if any(message.role == "assistant" for message in merged):
                all_of_them.found.append(Recording(f"{path.stem}/{each.name or number}", merged))
        if len(all_of_them.found) == before:
            raise UsageError(
                f"There is nothing to learn from in {path}: no conversation in it has a reply, with its text. "
                "Exports need --with-text."
            )
    return all_of_them


def split(recordings: Sequence[Recording], share: float) -> tuple[list[Recording], list[Recording]]:
    """(to learn from, kept for measuring), by a hash of the names: the same whatever else is in the data."""
    kept = [recording for recording in recordings if _hash(recording.id) < share]
    names = {recording.id for recording in kept}
    return [recording for recording in recordings if recording.id not in names], kept


@dataclass(frozen=True, slots=True)
class _Said:
    message: Message
    crisis: bool
    """The file says so."""


def _branch(conversation: importing.Conversation) -> list[_Said] | None:
    """The messages on the way to the last one, or None where one has no text."""
    place = conversation.leaf if conversation.leaf is not None else len(conversation.messages) - 1
    found: list[_Said] = []
    at: int | None = place if conversation.messages else None
    while at is not None:
        message = conversation.messages[at]
        if message.text is None:
            return None
        text = clean(message.text).strip()
        if text:
            said = Message("user" if message.role is Role.USER else "assistant", text)
            found.append(_Said(said, message.crisis))
        at = conversation.parents[at]
    return found[::-1]


def _before_crisis(messages: list[_Said], assessor: RiskAssessor) -> list[_Said]:
    state, previous = RiskState(), ""
    for place, each in enumerate(messages):
        if each.crisis:
            return messages[:place]
        if each.message.role == "user":
            risk, state = assessor.read(each.message.content, previous, state, _ANY_TIME)
            if risk.level >= CRISIS:
                return messages[:place]
            previous = each.message.content
    return messages


def _merged(messages: Sequence[_Said]) -> tuple[Message, ...]:
    """Neighbours of one side become one message."""
    return tuple(
        Message(role, "\n\n".join(each.message.content for each in run))
        for role, run in groupby(messages, key=lambda each: each.message.role)
    )


def _hash(name: str) -> float:
    """A number in 0..1 that is the same everywhere."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6]) / 2**48
