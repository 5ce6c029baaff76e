"""The chat with an engine that says what it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from companion import paths
from companion.conversation import Conversation
from companion.engine.protocol import Engine
from companion.engine.scripted import ScriptedEngine
from companion.safety import notice
from companion.settings import Settings
from companion.store import Store, Turn
from companion.tui.app import CompanionApp
from companion.tui.chat import ChatScreen
from companion.tui.message import MessageBox
from tests.companion.fakes import CueTagger
from tests.companion.tui.waiting import text_of, wait_until


class Clock:
    """A wall clock that a test turns."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Talk:
    """The running chat, and what a test does with it."""

    app: CompanionApp
    pilot: Pilot[int]

    @property
    def store(self) -> Store:
        assert self.chat.conversation is not None
        return self.chat.conversation.store

    @property
    def chat(self) -> ChatScreen:
        return self.app.chat

    @property
    def shown(self) -> str:
        return text_of(self.pilot)

    @property
    def turns(self) -> list[Turn]:
        assert self.chat.conversation is not None
        return self.chat.conversation.turns()

    @property
    def texts(self) -> list[str]:
        return [turn.text for turn in self.turns]

    @property
    def notices(self) -> list[str]:
        return [notification.message for notification in self.app._notifications]

    def box(self, text: str) -> MessageBox:
        return next(box for box in self.chat.transcript.boxes if box.turn.text == text)

    async def until(self, condition: Callable[[], object], what: str = "") -> None:
        await wait_until(self.pilot, condition, what)

    async def sees(self, text: str) -> None:
        await self.until(lambda: text in self.shown, f"{text!r} on the screen")

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def rest(self) -> None:
        """Until nothing is going on."""
        await self.until(lambda: not self.chat.busy and not self.chat._waiting, "rest")
        await self.pilot.pause()

    def write(self, text: str) -> None:
        self.chat.composer.load_text(text)
        self.chat.composer.move_cursor(self.chat.composer.document.end)

    async def send(self, text: str) -> None:
        """Write this and send it; what comes of it may still be under way."""
        self.chat.composer.focus()
        self.write(text)
        await self.press("enter")

    async def say(self, text: str) -> None:
        """Send this, and wait until all that comes of it is there."""
        before = self.store.stats().turns
        await self.send(text)
        await self.until(lambda: self.store.stats().turns >= before + 2, "a message and a reply")
        await self.rest()


@dataclass
class Talks:
    """Makes chats that share one database."""

    path: Path

    def new_app(
        self,
        engine: Engine | None = None,
        *,
        session: str | None = None,
        failures: list[Exception] | None = None,
        clock: Callable[[], datetime] | None = None,
        off_record: bool = False,
        **settings: Any,
    ) -> CompanionApp:
        """`failures` are raised by opening, one each time, before it works."""
        chosen = Settings(**{"candidates": 1, "theme": "dark"} | settings)
        pending = list(failures or [])

        def opener(*, off_record: bool, note: Callable[[str], None]) -> Conversation:
            if pending and not off_record:
                raise pending.pop(0)
            store = Store(None if off_record else self.path)
            found = store.session(session) if session else store.new_session("scripted")
            return Conversation(store, engine or ScriptedEngine(["I hear you."] * 99), CueTagger(), found, chosen)

        return CompanionApp(opener, chosen, off_record=off_record, clock=clock or Clock())

    @asynccontextmanager
    async def __call__(
        self, engine: Engine | None = None, *, size: tuple[int, int] = (100, 30), ready: bool = True, **options: Any
    ) -> AsyncIterator[Talk]:
        """The chat, running; with `ready`, opened and loaded."""
        app = self.new_app(engine, **options)
        async with app.run_test(size=size) as pilot:
            if ready:
                await wait_until(pilot, lambda: app.chat.conversation is not None and not app.chat.busy, "ready")
                await pilot.pause()
            try:
                yield Talk(app, pilot)
            finally:
                if app.screen_stack and app.chat.conversation is not None:  # what waits for ever ends with the test
                    await asyncio.to_thread(app.chat.conversation.stop)


@pytest.fixture
def talks(tmp_path: Path, own_home: Path) -> Talks:
    """Chats on one day on which the notice was shown already."""
    notice.shown(paths.state_folder(), date.today())
    return Talks(tmp_path / "data" / "companion.db")
