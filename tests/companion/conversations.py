"""A conversation with an engine that a test has written, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from companion.conversation import Conversation
from companion.engine.protocol import EngineInfo, LoadProgress
from companion.engine.scripted import ScriptedEngine
from companion.events import Event, Failed, Finished, Reply, Stopped, Token
from companion.settings import Settings
from companion.store import Session, Status, Store
from tests.companion.fakes import CueTagger


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "companion.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store(path) as store:
        yield store


def talking(store: Store, engine: ScriptedEngine, session: Session | None = None, **settings: Any) -> Conversation:
    return Conversation(
        store, engine, CueTagger(), session or store.new_session("mini"), Settings(**{"candidates": 1} | settings)
    )


def reply_of(events: Sequence[Event]) -> Reply:
    end = events[-1]
    assert isinstance(end, Finished | Stopped | Failed)
    return end.reply


def shown(events: Sequence[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Token))


def kept(store: Store, conversation: Conversation) -> list[tuple[str, Status]]:
    return [(turn.text, turn.status) for turn in store.branch(conversation.session.id)]


class WatchedEngine(ScriptedEngine):
    """Calls `at_load` whenever it is asked to load."""

    def __init__(self, *arguments: Any, at_load: Callable[[], object], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._at_load = at_load

    def load(self, progress: Callable[[LoadProgress], None] | None = None) -> EngineInfo:
        self._at_load()
        return super().load(progress)
