"""Single values out of files that may hold anything. All raise Unusable with a reason that quotes no text."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from companion.importing.said import Unusable
from companion.store import Role
from companion.tag_stream import OTHERS, SUPPORTER
from companion.text import clean
from planner.tactics import TACTICS

MOST = 10**9
LONGEST_NAME = 200
LONGEST_TEXT = 1_000_000
"""Characters of one message."""
NO_MESSAGE = frozenset({"system", "developer", "tool", "function", "observation", "function_call"})
"""Roles of what nobody said to anybody. Instructions in a file are not taken over."""
_SUPPORTER = SUPPORTER | {"chatgpt", "ai", "sys", "therapist", "listener"}
_PERSON = (OTHERS - NO_MESSAGE) | {"usr", "prompter", "speaker"}
_OURS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_TACTICS = {tactic.value: tactic.value for tactic in TACTICS}
_OTHER_TACTICS = frozenset({"solidarity", "spirituality", "terms_of_endearment", "contextualizing", "gratitude"})
"""Of the wider scheme from which the ten are taken; passed over."""


def shown(value: object) -> str:
    """The beginning of a value that is no text of a person, fit for a terminal."""
    return repr(clean(str(value)[:200])[:40])


def object_of(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Unusable(f"a {kind(value)} where an object belongs")
    return value


def list_of(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise Unusable(f"{name} is a {kind(value)}, not a list")
    return value


def kind(value: Any) -> str:
    return {dict: "object", list: "list", str: "text", bool: "true or false", type(None): "null"}.get(
        type(value), "number" if isinstance(value, int | float) else type(value).__name__
    )


def text_of(value: Any, name: str = "text") -> str | None:
    """A text, or nothing."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise Unusable(f"{name} is a {kind(value)}, not a text")
    if len(value) > LONGEST_TEXT:
        raise Unusable(f"{name} is longer than {LONGEST_TEXT:,} characters")
    return value


def name_of(value: Any) -> str | None:
    """A name (of a session, a model, an arm) in at most LONGEST_NAME visible characters of one line, or nothing."""
    if value is None or isinstance(value, bool | list | dict | float):
        return None
    try:
        return " ".join(clean(str(value)[: 4 * LONGEST_NAME]).split())[:LONGEST_NAME] or None
    except ValueError:  # a number of thousands of digits
        return None


def role_of(value: Any) -> Role | None:
    """Whose message it is, None for what is no message."""
    name = value.strip().casefold() if isinstance(value, str) else ""
    if name in NO_MESSAGE:
        return None
    if name in _SUPPORTER:
        return Role.ASSISTANT
    if name in _PERSON:
        return Role.USER
    raise Unusable(f"the role {shown(value)} is neither the person's nor the supporter's")


def count_of(value: Any, name: str) -> int | None:
    """A whole number from 0 to MOST, or nothing."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST:
        raise Unusable(f"{name} is no whole number from 0 to {MOST}")
    return value


def number_of(value: Any, name: str, lowest: float = -1e12, highest: float = 1e12) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not lowest <= value <= highest:
        raise Unusable(f"{name} is no number from {lowest:g} to {highest:g}")
    return value


def time_of(value: Any, name: str) -> str | None:
    """A time as the store keeps it, from ISO 8601 or seconds since 1970, or nothing."""
    if value is None or value == "":
        return None
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value[:40])
            if _OURS.fullmatch(value):
                return value
        elif isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            moment = datetime.fromtimestamp(value, UTC)
        else:
            raise ValueError
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        raise Unusable(f"{name} is no time") from None


def tactics_of(value: Any) -> list[str]:
    """Names of tactics; those of the wider scheme are passed over."""
    found = []
    for each in list_of(value, "tactics"):
        if isinstance(each, str) and each in _TACTICS:
            found.append(_TACTICS[each])
        elif not (isinstance(each, str) and each in _OTHER_TACTICS):
            raise Unusable(f"{shown(each)} is no tactic")
    return found


def sentences_of(value: Any) -> tuple[tuple[str | None, dict[str, float]], ...]:
    """Sentences as our exports and `companion tag` write them; without scores they count as certain."""
    return tuple(_sentence(object_of(each)) for each in list_of(value, "sentences"))


def _sentence(row: Mapping[str, Any]) -> tuple[str | None, dict[str, float]]:
    names = row.get("tactics")
    tactics = tactics_of(names)
    scores = row.get("scores")
    if isinstance(scores, Mapping):
        values = [scores.get(tactic, 1.0) for tactic in tactics]
    elif scores is None or len(tactics) != len(list_of(names, "tactics")):
        values = [1.0] * len(tactics)
    else:
        values = list_of(scores, "scores")
        if len(values) != len(tactics):
            raise Unusable(f"{len(tactics)} tactics of a sentence have {len(values)} scores")
    checked = [number_of(score, "a score", -1e6, 1e6) for score in values]
    return text_of(row.get("text")), dict(zip(tactics, checked, strict=True))


def weights_of(value: Any) -> dict[str, float]:
    """Shares by tactic; what has none is left out."""
    row = object_of(value)
    return {
        tactic: number_of(share, "a weight", 0, 1)
        for tactic, share in row.items()
        if share is not None and tactics_of([tactic])
    }


def joined(parts: Iterable[Any]) -> str:
    """The texts among the parts of a message; pictures and files are passed over."""
    texts = []
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, Mapping) and isinstance(part.get("text"), str):
            texts.append(part["text"])
    return "\n".join(texts)
