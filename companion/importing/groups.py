"""Rows become conversations: one each, or those that stand together and name the same conversation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from companion.importing import chats, mint, own
from companion.importing.chats import MOST_MESSAGES
from companion.importing.said import Bad, Conversation, Message, Row, Unusable
from companion.importing.values import name_of

MOST_TOGETHER = 32 << 20
"""Characters of the rows of one conversation."""

_NAME = re.compile(r"[A-Za-z_]\w{0,30}", re.ASCII)
"""Of a key or column; a longer one may be what somebody said."""


@dataclass(slots=True)
class _Group:
    """The rows of one conversation, as far as they have come."""

    kind: str
    key: str
    first: Row
    messages: list[Message] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    numbers: set[int] = field(default_factory=set)
    size: int = 0
    too_long: bool = False


class Groups:
    """`form` is the format asked for, or auto; `stored` what a conversation of our own rows is said to come from."""

    def __init__(self, form: str, stored: str) -> None:
        self._form, self._stored = form, stored
        self._group: _Group | None = None
        self._seen: set[bytes] = set()

    def conversations(self, rows: Iterable[Row | Bad]) -> Iterator[Conversation | Bad]:
        for row in rows:
            if isinstance(row, Bad):
                yield row
                continue
            try:
                kind = self._kind(row)
                if kind in {"turn", "reply", "sentence", "message"}:
                    yield from self._together(row, kind)
                    continue
                yield from self._end()
                yield mint.conversation(row) if kind == "table" else chats.read(row, kind)
            except Unusable as error:
                yield Bad(row.what, row.number, str(error))
        yield from self._end()

    def _kind(self, row: Row) -> str:
        """turn, reply, sentence or message for what belongs together; table, or a format of a conversation a row.

        Raises Unusable for what is none of these or of another format than the one asked for.
        """
        value = row.value
        if isinstance(value, list):
            return self._asked("chat", "chat")
        if not isinstance(value, Mapping):
            raise Unusable("not an object")
        columns = {key for key in value if isinstance(key, str)}
        form = chats.form_of(value)
        if own.is_turn(value):
            return self._asked("jsonl", "turn")
        if mint.is_reply(value):
            return self._asked("mint", "reply")
        if form == "chat" and "conversation" in columns:
            return self._asked("chat" if self._form == "chat" else "mint", "chat")
        if form is not None:
            return self._asked(form, form)
        if mint.is_conversation_table(columns):
            return self._asked("mint", "table")
        if mint.is_sentence_table(columns):
            return self._asked("mint", "sentence")
        if own.is_other_row(value):
            raise Unusable("a row of sentences or sessions; what can be imported is an export of turns")
        if chats.is_message(value):
            return self._asked("chat", "message")
        keys = ", ".join(key for key in list(value)[:6] if isinstance(key, str) and _NAME.fullmatch(key))
        raise Unusable(f"none of the keys or columns that say what it is; it has {keys or 'no name that is one'}")

    def _asked(self, form: str, kind: str) -> str:
        if self._form not in {"auto", form}:
            raise Unusable(f"of the format {form}, not {self._form}")
        return kind

    def _together(self, row: Row, kind: str) -> Iterator[Conversation | Bad]:
        key = _key(row.value, kind)
        group = self._group
        if group is None or (group.kind, group.key) != (kind, key):
            yield from self._end()
            if self._was_seen(kind, key):
                raise Unusable(
                    "its conversation began further up, with another one between; sort the file by conversation"
                )
            group = self._group = _Group(kind, key, row)
        if group.too_long:
            return
        group.size += row.size
        if group.size > MOST_TOGETHER or len(group.messages) + len(group.rows) >= MOST_MESSAGES:
            group.too_long = True
            group.messages, group.rows = [], []
            raise Unusable(
                f"its conversation has more than {MOST_TOGETHER >> 20} MB or {MOST_MESSAGES:,} messages and is left out"
            )
        self._add(group, row)

    def _add(self, group: _Group, row: Row) -> None:
        match group.kind:
            case "turn":
                message = own.message(row.value)
                if message.number is not None:
                    if message.number in group.numbers:
                        raise Unusable(f"turn {message.number} of its session is there twice")
                    group.numbers.add(message.number)
                group.messages.append(message)
            case "message":
                found = chats.message(row.value)
                if found is not None:
                    group.messages.append(found)
            case "reply":
                mint.check_reply(row.value)
                group.rows.append(row)
            case _:
                mint.sentence(row.value)
                group.rows.append(row)

    def _was_seen(self, kind: str, key: str) -> bool:
        mark = blake2b(f"{kind} {key}".encode(errors="replace"), digest_size=12).digest()
        if mark in self._seen:
            return True
        self._seen.add(mark)
        return False

    def _end(self) -> Iterator[Conversation]:
        """The conversation whose rows have all come."""
        group, self._group = self._group, None
        if group is None or group.too_long:
            return
        if group.rows:
            yield (mint.replies if group.kind == "reply" else mint.sentences)(group.rows)
        elif group.messages:
            value = group.first.value
            form = self._stored if group.kind == "turn" or self._stored == "csv" else "chat"
            made = Conversation(
                form, group.first, group.messages, name_of(group.key) or None, name_of(value.get("model")),
                name_of(value.get("condition")),
            )  # fmt: skip
            made.link()
            yield made


def _key(row: Mapping[str, Any], kind: str) -> str:
    names = ("session",) if kind == "turn" else ("conversation_id", "conversation", "id")
    found = next((row[name] for name in names if isinstance(row.get(name), str | int)), "")
    return str(found)[:400] if not isinstance(found, int) or abs(found) < 10**30 else ""
