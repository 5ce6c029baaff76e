"""Rows that make up a conversation only together: MINT's replies, and Lend-an-Ear's tables."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from companion.importing.chats import message
from companion.importing.said import Conversation, Message, Row, Unusable
from companion.importing.values import list_of, name_of, object_of, tactics_of, text_of
from companion.store import Role
from companion.text import split_sentences
from planner.tactics import TACTICS

_SPEAKER = re.compile(r"^[ \t]*(Seeker|Supporter)[ \t]*:[ \t]*", re.MULTILINE | re.IGNORECASE)
_CONVERSATION = {"conversation_id", "full_conversation"}
_SENTENCE = {"conversation_id", "turn_index", "whole_response", "sentence"} | {tactic.value for tactic in TACTICS}


def is_reply(row: Mapping[str, Any]) -> bool:
    """Whether it is one reply of a system to a conversation (`conversations_tagged.json`)."""
    return isinstance(row.get("model_response"), str)


def check_reply(row: Mapping[str, Any]) -> None:
    """Raises Unusable."""
    text_of(row["model_response"], "model_response")
    for tactics in list_of(row.get("sentence_tactics") or [], "sentence_tactics"):
        tactics_of(tactics)
    for each in list_of(row.get("conversation_history") or [], "conversation_history"):
        message(object_of(each))


def replies(rows: Sequence[Row]) -> Conversation:
    """One conversation: what the other person said, from the longest history, with the system's replies in the places
    of those that the history has."""
    longest = max((row.value.get("conversation_history") or [] for row in rows), key=len)
    first = rows[0].value
    found = Conversation("mint", rows[0], [], name_of(first.get("conversation_id")), name_of(first.get("model")))
    said = [message(object_of(each)) for each in longest]
    found.messages = [each for each in said if each is not None]
    for row in sorted(rows, key=lambda row: len(row.value.get("conversation_history") or [])):
        place = min(len(row.value.get("conversation_history") or []), len(found.messages))
        text = row.value["model_response"]
        tactics = [tactics_of(each) for each in row.value.get("sentence_tactics") or []]
        reply = Message(Role.ASSISTANT, text, sentences=_tagged(text, tactics))
        if place < len(found.messages) and found.messages[place].role is Role.ASSISTANT:
            found.messages[place] = reply
        else:
            found.messages.insert(place, reply)
    found.link()
    return found


def is_conversation_table(columns: set[str]) -> bool:
    return columns >= _CONVERSATION


def is_sentence_table(columns: set[str]) -> bool:
    return columns >= _SENTENCE


def conversation(row: Row) -> Conversation:
    """A conversation in one cell, each message after its speaker's name at the beginning of a line."""
    text = text_of(row.value["full_conversation"]) or ""
    found = list(_SPEAKER.finditer(text))
    if not found:
        raise Unusable("nobody speaks in full_conversation (Seeker: or Supporter: at the beginning of a line)")
    ends = [*(match.start() for match in found[1:]), len(text)]
    messages = [
        Message(Role.ASSISTANT if match[1].casefold() == "supporter" else Role.USER, text[match.end() : end].strip())
        for match, end in zip(found, ends, strict=True)
    ]
    made = Conversation("mint", row, messages, name_of(row.value["conversation_id"]))
    made.link()
    return made


def sentence(row: Mapping[str, Any]) -> tuple[str, str, list[str]]:
    """(turn, the sentence, its tactics) of a row of tagged sentences. Raises Unusable."""
    for tactic in TACTICS:
        if row[tactic.value] not in {"0", "1", "", None}:
            raise Unusable(f"{tactic.value} is neither 0 nor 1")
    tactics = [tactic.value for tactic in TACTICS if row[tactic.value] == "1"]
    text_of(row["whole_response"])
    return row["turn_index"] or "", text_of(row["sentence"]) or "", tactics


def sentences(rows: Sequence[Row]) -> Conversation:
    """The supporter's turns of one conversation, from a row a sentence."""
    found = Conversation("mint", rows[0], [], name_of(rows[0].value["conversation_id"]))
    turn = None
    for row in rows:
        index, text, tactics = sentence(row.value)
        if index != turn:
            found.messages.append(Message(Role.ASSISTANT, row.value["whole_response"] or ""))
            turn = index
        found.messages[-1].sentences += ((text, dict.fromkeys(tactics, 1.0)),)
    found.link()
    return found


def _tagged(text: str, tactics: list[list[str]]) -> tuple[tuple[str | None, dict[str, float]], ...]:
    """The sentences with their tactics; without their words where they cannot be told to fit."""
    sentences = split_sentences(text)
    fits = len(sentences) == len(tactics)
    return tuple((sentences[place] if fits else None, dict.fromkeys(each, 1.0)) for place, each in enumerate(tactics))
