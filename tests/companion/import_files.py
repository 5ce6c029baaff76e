"""What the tests of imports share: a small conversation, files of it, and what a store has of it afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from companion.store import Store, Turn
from tests.conftest import Outcome

GOLDEN = Path(__file__).parent / "golden" / "export"
Write = Callable[..., Path]

CHAT = {"messages": [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "hi there"}]}


def written(file: Path, *content: Any) -> Path:
    """`file` with these bytes, this text, or this value as JSON; of several values as JSON lines."""
    if isinstance(content[0], bytes):
        file.write_bytes(content[0])
    elif isinstance(content[0], str):
        file.write_text(content[0], encoding="utf-8")
    else:
        file.write_text("".join(json.dumps(each) + "\n" for each in content), encoding="utf-8")
    return file


def turns(store: Store) -> list[list[Turn]]:
    """The turns of every session."""
    return [store.turns(session.id) for session in store.each_session()]


def said(store: Store) -> list[list[tuple[str, str]]]:
    return [[(turn.role.value, turn.text) for turn in session] for session in turns(store)]


def tactics(store: Store, session: int = 0) -> list[list[list[str]]]:
    """Of each tagged turn of a session the tactics of its sentences."""
    identity = [each.id for each in store.each_session()][session]
    return [[[*sentence.tactics] for sentence in found] for found in store.sentences(identity).values()]


def summary(outcome: Outcome) -> dict[str, Any]:
    assert outcome.code == 0, outcome.err
    found: dict[str, Any] = json.loads(outcome.out)
    return found


HELLO = [("user", "hello"), ("assistant", "hi there")]
