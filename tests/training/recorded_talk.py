"""Conversations to be evaluated on, and a model that answers in them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from companion.engine.protocol import Message
from training import reply_tags
from training.protocol import opened
from training.protocol_rows import Row, rows_of

REPLIES = ("That makes sense. You could try a walk.", "What happened then?", "I see.", "That makes sense to me.")


def answer(messages: Sequence[Message]) -> str:
    """One of a few replies, by how long the conversation is."""
    return REPLIES[sum(message.role == "user" for message in messages) % len(REPLIES)]


def chat(path: Path, conversations: int = 3, turns: int = 3) -> Path:
    """Conversations in which a person asks, and says that it makes sense, by turns; a last message has no reply."""
    rows = []
    for number in range(conversations):
        messages = [{"role": "user", "content": f"It is day {number}."}]
        for place in range(turns):
            said = "What is it?" if place % 2 else "That makes sense."
            messages += [{"role": "assistant", "content": said}, {"role": "user", "content": f"Line {place}."}]
        rows.append({"id": f"c{number}", "messages": messages})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def kept(out: Path, condition: str) -> list[Row]:
    return rows_of(opened(out)[0], condition)


@pytest.fixture(autouse=True)
def cues(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply_tags, "fingerprint", lambda folder: "cues")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return chat(tmp_path / "chat.jsonl")
