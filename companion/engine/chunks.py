"""What a server's answers say: read from its JSON, and nothing taken on trust."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from companion.engine.exchange import NoAnswer

DONE = "[DONE]"
"""What the last event of a stream says."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, as the server counted them; `cached` did not have to be read again."""

    prompt: int
    reply: int
    cached: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of one of the replies that were asked for together."""

    index: int = 0
    text: str = ""
    thought: str = ""
    """What the server told apart as thinking."""
    finish: str | None = None
    usage: Usage | None = None


def chunks(data: str) -> list[Chunk]:
    """One event of a stream. Raises NoAnswer for what is none, and ServerFailed for an error in it."""
    found = parsed(data)
    if "error" in found:
        raise ServerFailed(_kind(found))
    usage = usage_of(found)
    read = [_chunk(choice) for choice in _list(found, "choices")]
    return [*read, *([Chunk(usage=usage)] if usage else [])]


class ServerFailed(Exception):
    """The server reported an error while it answered; the argument is its kind, in a word."""


def parsed(data: str) -> dict[str, Any]:
    """A JSON object. Raises NoAnswer."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise NoAnswer("not JSON") from None
    if not isinstance(found, dict):
        raise NoAnswer("not an object")
    return found


def usage_of(found: Mapping[str, Any]) -> Usage | None:
    usage = found.get("usage")
    if not isinstance(usage, dict):
        return None
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else 0
    prompt = _count(usage.get("prompt_tokens"))
    return Usage(prompt, _count(usage.get("completion_tokens")), min(prompt, _count(cached)))


def kind_of_error(body: str) -> str:
    """The kind of an error in a word, where the server says one; never its sentence, which may quote what was said."""
    try:
        return _kind(parsed(body))
    except NoAnswer:
        return ""


def numbers(found: Mapping[str, Any], *keys: str) -> int | None:
    """The first of these keys that holds a positive whole number."""
    return next((found[key] for key in keys if _count(found.get(key))), None)


def _chunk(choice: Any) -> Chunk:
    if not isinstance(choice, dict):
        raise NoAnswer("no choice")
    said = choice.get("delta") or choice.get("message")
    delta: dict[str, Any] = said if isinstance(said, dict) else {}
    finish = choice.get("finish_reason")
    return Chunk(
        index=_count(choice.get("index")),
        text=_text(delta.get("content")),
        thought=_text(delta.get("reasoning_content")) or _text(delta.get("reasoning")),
        finish=finish if isinstance(finish, str) else None,
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _count(value: Any) -> int:
    return value if type(value) is int and value > 0 else 0


def _list(found: Mapping[str, Any], key: str) -> list[Any]:
    value = found.get(key)
    if not isinstance(value, list):
        raise NoAnswer(f"no {key}")
    return value


def _kind(found: Mapping[str, Any]) -> str:
    error = found.get("error")
    for place in (error, found):
        for key in ("code", "type"):
            value = place.get(key) if isinstance(place, dict) else None
            if isinstance(value, str) and value.isascii() and value.replace("_", "").replace("-", "").isalnum():
                return value[:60]
    return ""
