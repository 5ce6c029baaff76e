"""A conversation a row: chat messages, ShareGPT, ESConv, and the tree of a ChatGPT export."""

from __future__ import annotations

from collections.abc import Mapping
from heapq import heappop, heappush
from typing import Any

from companion.importing.said import Conversation, Message, Row, Unusable
from companion.importing.values import (
    joined,
    list_of,
    name_of,
    object_of,
    role_of,
    sentences_of,
    text_of,
    time_of,
)
from companion.store import Role

MOST_MESSAGES = 100_000
"""Of one conversation."""
_LISTS = {"messages": "chat", "conversation": "chat", "conversations": "sharegpt", "dialog": "esconv"}


def form_of(row: Mapping[str, Any]) -> str | None:
    """chat, sharegpt, esconv or chatgpt, or None for a row of another kind."""
    if isinstance(row.get("mapping"), Mapping):
        return "chatgpt"
    return next((form for key, form in _LISTS.items() if isinstance(row.get(key), list)), None)


def read(row: Row, form: str) -> Conversation:
    """The conversation of a row. Raises Unusable where any of its messages cannot be used."""
    value = {"messages": row.value} if isinstance(row.value, list) else object_of(row.value)
    found = Conversation(form, row, [], _name(value), name_of(value.get("model")), name_of(value.get("condition")))
    title = value.get("title")
    found.title = title if isinstance(title, str) else None
    if form == "chatgpt":
        found.model = found.model or name_of(value.get("default_model_slug"))
        _tree(found, value)
        return found
    key = next(key for key in _LISTS if isinstance(value.get(key), list))
    if len(value[key]) > MOST_MESSAGES:
        raise Unusable(f"more than {MOST_MESSAGES:,} messages")
    for place, each in enumerate(value[key], 1):
        try:
            read_message = message(object_of(each))
        except Unusable as error:
            raise Unusable(f"message {place}: {error}") from None
        if read_message is not None:
            found.messages.append(read_message)
    found.link()
    return found


def is_message(row: Mapping[str, Any]) -> bool:
    """Whether a row is a message by itself."""
    return any(key in row for key in ("role", "from", "speaker")) and any(
        key in row for key in ("content", "text", "value", "message")
    )


def message(row: Mapping[str, Any]) -> Message | None:
    """One message, under whatever names the formats use; None for what nobody said."""
    role = role_of(next((row[key] for key in ("role", "from", "speaker") if key in row), None))
    if role is None:
        return None
    said = next((row[key] for key in ("content", "text", "value", "message") if row.get(key) is not None), None)
    text = joined(said) if isinstance(said, list) else said
    text = text_of(text, "the text")
    tags = row.get("sentences")
    if text is None and not tags:
        return None  # a call of a tool
    when = next((row[key] for key in ("created_at", "timestamp", "create_time") if row.get(key)), None)
    found = Message(role, text, created_at=time_of(when, "the time"))
    if tags and role is Role.ASSISTANT:
        found.sentences = sentences_of(tags)
    return found


def _name(row: Mapping[str, Any]) -> str | None:
    for key in ("conversation_id", "id", "session"):
        if row.get(key) is not None:
            return name_of(row[key])
    return None


def _tree(found: Conversation, value: Mapping[str, Any]) -> None:
    """Every branch of a ChatGPT conversation. Each message stands behind what it answers, earlier ones first."""
    nodes = value["mapping"]
    if len(nodes) > MOST_MESSAGES:
        raise Unusable(f"more than {MOST_MESSAGES:,} messages")
    children: dict[Any, list[str]] = {}
    for key, node in nodes.items():
        parent = object_of(node).get("parent")
        known = isinstance(parent, str) and parent in nodes
        children.setdefault(parent if known else None, []).append(key)
    place_of: dict[str, int | None] = {}  # of a node that holds no message: the place of the message before it
    ready: list[tuple[float, int, str, int | None]] = []
    order = 0
    for key in children.get(None, ()):
        heappush(ready, (_seconds(nodes[key]), order := order + 1, key, None))
    while ready:
        _, _, key, parent_place = heappop(ready)
        made = _node_message(nodes[key])
        place = parent_place
        if made is not None:
            place = len(found.messages)
            found.messages.append(made)
            found.parents.append(parent_place)
        place_of[key] = place
        for child in children.get(key, ()):
            heappush(ready, (_seconds(nodes[child]), order := order + 1, child, place))
    current = value.get("current_node")
    found.leaf = place_of.get(current) if isinstance(current, str) else None


def _seconds(node: Mapping[str, Any]) -> float:
    inner = node.get("message")
    when = inner.get("create_time") if isinstance(inner, Mapping) else None
    return when if isinstance(when, int | float) and when == when else 0.0  # a number that is none sorts nowhere


def _node_message(node: Mapping[str, Any]) -> Message | None:
    inner = node.get("message")
    if inner is None:
        return None
    inner = object_of(inner)
    content, author = inner.get("content"), inner.get("author")
    hidden = isinstance(inner.get("metadata"), Mapping) and inner["metadata"].get(
        "is_visually_hidden_from_conversation"
    )
    if hidden or not isinstance(content, Mapping) or not isinstance(author, Mapping):
        return None
    role = role_of(author.get("role"))
    if role is None or content.get("content_type") not in {"text", "multimodal_text"}:
        return None
    text = text_of(joined(list_of(content.get("parts"), "parts")), "the text")
    if not text or not text.strip():
        return None
    return Message(role, text, created_at=time_of(inner.get("create_time"), "the time"))
