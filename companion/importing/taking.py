"""Conversations into the database: cleaned, read for danger, once only, and in pieces that let others write between."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path

from companion.errors import CompanionError
from companion.export.choice import PSEUDONYM, pseudonym
from companion.importing.said import Bad, Conversation, Message
from companion.safety.risk.assessor import RiskAssessor
from companion.safety.risk.state import RiskState
from companion.store import NewSession, NewTurn, Role, Store
from companion.text import clean

BATCH = 2000
"""Turns that are committed together."""
MOST_WAITING = 16 << 20
"""Characters of turns that wait to be committed."""
MOST_REASONS = 1000
"""Reasons that are kept; further rows are only counted."""
ROOM = 256 << 20
"""Bytes that an import leaves free on the disk."""
IMPORTED = "import"
"""The layer of a crisis that another program had noticed."""
_PIECE = 20_000
_CRISIS = 3
_REAL_ID = re.compile(r"[a-hjkmnp-z][a-hjkmnp-z2-9]{5}")
_OWN = frozenset({"jsonl", "csv", "parquet"})


@dataclass(slots=True)
class Report:
    """What became of a file."""

    sessions: int = 0
    turns: int = 0
    tagged: int = 0
    """Turns that came with tactics."""
    already: int = 0
    """Conversations that were here before."""
    bad: int = 0
    """Rows that were left out."""
    reasons: list[Bad] = field(default_factory=list)
    forms: Counter[str] = field(default_factory=Counter)

    def leave_out(self, bad: Bad) -> None:
        self.bad += 1
        if len(self.reasons) < MOST_REASONS:
            self.reasons.append(bad)


class Taking:
    """One import. `moment` is the time of messages that have none; with `dry_run` nothing is written.

    With `told`, every row that is left out is reported to it at once.
    """

    def __init__(
        self, store: Store, moment: str, *, dry_run: bool = False, told: Callable[[Bad], None] | None = None
    ) -> None:
        self._store, self._moment, self._dry_run, self._told = store, moment, dry_run, told
        self._assessor = RiskAssessor()
        self._key = store.pseudonym_key()
        self._here: set[str] | None = None
        self._same: Counter[bytes] = Counter()
        self._waiting: list[NewSession] = []
        self._turns_waiting = self._size_waiting = 0
        self.report = Report()

    def take(self, found: Iterable[Conversation | Bad]) -> Report:
        """Stores what is new. Raises CompanionError where the disk is too full; what was stored by then stays."""
        for each in found:
            if isinstance(each, Bad):
                self._leave_out(each)
                continue
            reason = _unusable(each)
            if reason:
                self._leave_out(Bad(each.row.what, each.row.number, reason))
                continue
            self._take(each)
            if self._turns_waiting >= BATCH or self._size_waiting >= MOST_WAITING:
                self._store_waiting()
        self._store_waiting()
        return self.report

    def _leave_out(self, bad: Bad) -> None:
        self.report.leave_out(bad)
        if self._told is not None:
            self._told(bad)

    def _take(self, found: Conversation) -> None:
        content = _hash(found)
        self._same[content] += 1  # of conversations without a name two may be alike, and both are meant
        mark = blake2b(content + self._same[content].to_bytes(4, "big"), digest_size=16).digest()
        if self._store.is_imported(mark) or self._is_from_here(found):
            self.report.already += 1
            return
        new = self._new(found, mark)
        self.report.sessions += 1
        self.report.turns += len(new.turns)
        self.report.tagged += sum(bool(turn.sentences) for turn in new.turns)
        self.report.forms[new.format] += 1
        if not self._dry_run:
            self._waiting.append(new)
            self._turns_waiting += len(new.turns)
            self._size_waiting += sum(len(turn.text) for turn in new.turns)

    def _store_waiting(self) -> None:
        if not self._waiting:
            return
        if self._store.path is not None and shutil.disk_usage(self._store.path.parent).free < ROOM:
            raise CompanionError(
                f"Less than {ROOM >> 20} MB are left on the disk, so the import stopped after "
                f"{self.report.sessions - len(self._waiting)} conversations. Make room and run it again: what is in "
                "already is not taken twice."
            )
        with self._store.transaction():
            for new in self._waiting:
                self._store.add_import(new)
        self._waiting.clear()
        self._turns_waiting = self._size_waiting = 0

    def _is_from_here(self, found: Conversation) -> bool:
        """Whether it is an export of a session that is in this database, which then has all of it."""
        if found.form not in _OWN or not found.name:
            return False
        if PSEUDONYM.fullmatch(found.name):
            if self._here is None:
                self._here = {pseudonym(self._key, session.id) for session in self._store.each_session()}
            return found.name in self._here
        if not _REAL_ID.fullmatch(found.name):
            return False
        said = {(record.turn.role, record.turn.text) for record in self._store.records(found.name)}
        return all((message.role, clean(message.text or "")) in said for message in found.messages)

    def _new(self, found: Conversation, mark: bytes) -> NewSession:
        own = found.form in _OWN and found.name
        return NewSession(
            mark,
            found.form,
            tuple(self._turns(found)),
            id=found.name if own and _REAL_ID.fullmatch(own) else None,
            name=found.name if own and PSEUDONYM.fullmatch(own) else None,
            title=clean(found.title or "") or None,
            model=found.model,
            condition=found.condition,
            leaf=found.leaf,
        )

    def _turns(self, found: Conversation) -> list[NewTurn]:
        turns: list[NewTurn] = []
        state, previous = RiskState(), ""
        for message, parent in zip(found.messages, found.parents, strict=True):
            text, when = clean(message.text or ""), message.created_at or self._moment
            risk = None
            if message.role is Role.USER:
                risk, state = self._risk(text, previous, state, when)
                previous = text
            if message.crisis and (risk is None or risk[0] < _CRISIS):
                answers = parent is not None and found.messages[parent].crisis and message.role is Role.ASSISTANT
                risk = risk if answers else (_CRISIS, IMPORTED)
            turns.append(_turn(message, text, parent, when, risk))
        return turns

    def _risk(self, text: str, previous: str, state: RiskState, when: str) -> tuple[tuple[int, str] | None, RiskState]:
        """What is noticed in a message of the person's: the file has no say in it."""
        highest: tuple[int, str] | None = None
        for at in range(0, max(1, len(text)), _PIECE):
            piece = text[at : at + _PIECE]
            risk, state = self._assessor.read(piece, previous[-_PIECE:], state, datetime.fromisoformat(when))
            if risk.eventful and (highest is None or risk.said > highest[0]):
                highest = risk.said, risk.layer
        return highest, state


def _turn(message: Message, text: str, parent: int | None, when: str, risk: tuple[int, str] | None) -> NewTurn:
    return NewTurn(
        message.role,
        text,
        parent,
        message.status,
        when,
        message.finished_at or (None if message.created_at and message.number is not None else when),
        message.timings,
        tuple((clean(words or ""), tactics) for words, tactics in message.sentences),
        message.plan,
        message.empathy,
        message.rating,
        None if message.note is None else clean(message.note),
        risk,
    )


def _unusable(found: Conversation) -> str | None:
    """Why a conversation cannot be stored, or None."""
    if not found.messages:
        return "nothing is said in it"
    if any(message.text is None for message in found.messages):
        return "it holds labels without what was said; `companion study` reads such files"
    if found.form in _OWN or any(message.text and message.text.strip() for message in found.messages):
        return None
    return "nothing is said in it"


def _hash(found: Conversation) -> bytes:
    """Of everything that is stored of it."""
    said = [
        (
            message.role, message.text, parent, message.status, message.created_at, message.rating,
            [(words, sorted(tactics)) for words, tactics in message.sentences],
        )
        for message, parent in zip(found.messages, found.parents, strict=True)
    ]  # fmt: skip
    whole = json.dumps([found.name, found.model, found.condition, said])
    return blake2b(whole.encode(), digest_size=16).digest()


def moment_of(path: Path) -> str:
    """When the file was last changed: the time of messages that have none."""
    moment = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
