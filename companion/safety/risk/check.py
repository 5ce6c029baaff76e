"""Messages in, readings out, one at a time: what `companion safety check` reads and writes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from companion.errors import UsageError
from companion.safety.risk.assessor import ENCODER, PHRASES, STATE, WORDS, Risk, RiskAssessor
from companion.safety.risk.state import RiskState
from companion.text import clean

PERSON = frozenset({"user", "seeker", "human", "person", "client", "patient"})
OTHERS = frozenset(
    {"assistant", "supporter", "companion", "bot", "gpt", "model", "helper", "counselor", "listener", "system"}
)
MINUTE = timedelta(minutes=1)
"""Time between two turns of a conversation that has no times of its own."""
WIDTH = 60
"""Characters of a message in the table."""


@dataclass(frozen=True, slots=True)
class Item:
    """One message, or the person's messages of one conversation, oldest first."""

    id: Any
    texts: tuple[str, ...]
    conversation: bool = False


def items(lines: Iterable[str], source: str) -> Iterator[Item]:
    """What is to be read in the lines of a file. The first line with words decides: an object makes it JSON lines.

    A plain line's id is its number. Raises UsageError naming `source`, the line and the reason.
    """
    as_json: bool | None = None
    for number, raw in enumerate(lines, 1):
        line = raw.strip().removeprefix("\ufeff")
        if not line:
            continue
        if as_json is None:
            as_json = line.startswith("{")
        if as_json:
            yield _from_json(line, number, f"{source}, line {number}")
        else:
            yield Item(number, (clean(line),))


def _from_json(line: str, number: int, where: str) -> Item:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise UsageError(f"{where} is not JSON ({error}); every line must be an object.") from None
    if not isinstance(row, dict):
        raise UsageError(f"{where} is a {type(row).__name__}, not an object.")
    name = row.get("id", number)
    match row:
        case {"messages": list(messages)}:
            said = (_said(message, f"{where}, message {turn}") for turn, message in enumerate(messages))
            return Item(name, tuple(clean(text) for text in said if text is not None), conversation=True)
        case {"text": str(text)}:
            return Item(name, (clean(text),))
    raise UsageError(
        f'{where} has neither "text" (a string) nor "messages" (a list); it has {", ".join(row) or "nothing"}.'
    )


def _said(message: object, where: str) -> str | None:
    """The text of a message, if it is the person's."""
    if not isinstance(message, dict):
        raise UsageError(f"{where}: a message is an object with role and content.")
    role = str(message.get("role", message.get("from", ""))).casefold()
    text = message.get("content", message.get("text", message.get("value")))
    if role in OTHERS:
        return None
    if role not in PERSON:
        raise UsageError(
            f"{where}: the role {role!r} is neither the person's nor the supporter's; use user and assistant."
        )
    if not isinstance(text, str):
        raise UsageError(f"{where}: there is no text in content.")
    return text


def checked(item: Item, assessor: RiskAssessor) -> dict[str, Any]:
    """The row of an item. Of a conversation: the highest level, every layer that fired, whether a card was shown at
    any turn; and in `turns` the same of each of the person's turns."""
    state, now, previous = RiskState(), datetime(2000, 1, 1), ""
    risks: list[Risk] = []
    for text in item.texts:
        risk, state = assessor.read(text, previous, state, now)
        risks.append(risk)
        previous, now = text, now + MINUTE
    fired = {layer for risk in risks for layer in risk.layers}
    row: dict[str, Any] = {
        "id": item.id,
        "level": max((risk.level for risk in risks), default=0),
        "layers": [layer for layer in (PHRASES, WORDS, ENCODER, STATE) if layer in fired],
        "card": any(risk.card for risk in risks),
        "third_person": any(risk.third_person for risk in risks),
        "imminent": any(risk.imminent for risk in risks),
        "minor": any(risk.minor for risk in risks),
        "eating": any(risk.eating for risk in risks),
    }
    if item.conversation:
        row["turns"] = [{"level": risk.level, "layers": list(risk.layers), "card": risk.card} for risk in risks]
    return row


def as_text(row: dict[str, Any], item: Item) -> str:
    """A row for reading: whether a card is shown, whether the reply asks, and the beginning of the message."""
    first = " ".join(" / ".join(item.texts).split())
    shown = first if len(first) <= WIDTH else first[: WIDTH - 1] + "…"
    others = ["about somebody else"] if row["third_person"] else []
    others += ["under 18"] if row["minor"] else []
    others += ["eating"] if row["eating"] else []
    note = f"  ({', '.join(others)})" if others else ""
    return f"{'yes' if row['card'] else '-':<11}{'yes' if row['level'] else '-':<20}{shown}{note}"
