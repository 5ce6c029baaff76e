"""The sessions screen alone, running above an empty one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from textual.app import App
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

from companion.store import Session, Store
from companion.tui.sessions import Chosen, SessionsScreen
from tests.companion.tui.waiting import text_of, wait_until

NOW = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)


class Under(Screen[None]):
    """What the sessions are opened from."""

    def __init__(self) -> None:
        super().__init__()
        self.gone: list[str] = []

    def on_sessions_screen_deleted(self, event: SessionsScreen.Deleted) -> None:
        self.gone.append(event.session_id)


class Host(App[None]):
    """`answers` are what the sessions screen gave back."""

    def __init__(self, store: Store, current: str | None = None) -> None:
        super().__init__()
        self.store, self.current = store, current
        self.under = Under()
        self.answers: list[Chosen | None] = []

    def on_mount(self) -> None:
        self.push_screen(self.under)
        self.push_screen(SessionsScreen(self.store, self.current, clock=lambda: NOW), self.answers.append)

    @property
    def notices(self) -> list[str]:
        return [notification.message for notification in self._notifications]


@dataclass
class Run:
    """The screen, running, and what a test does with it."""

    store: Store
    current: str | None = None
    size: tuple[int, int] = (100, 30)
    app: Host = field(init=False)
    pilot: Pilot[None] = field(init=False)

    async def __aenter__(self) -> Run:
        self.app = Host(self.store, self.current)
        self._running = self.app.run_test(size=self.size)
        self.pilot = await self._running.__aenter__()
        await self.until(lambda: isinstance(self.app.screen, SessionsScreen), "the screen")
        self.screen: SessionsScreen = self.app.screen  # type: ignore[assignment]  # seen in the line before
        await self.found("")
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self._running.__aexit__(*error)

    async def until(self, condition: Callable[[], object], what: str = "") -> None:
        await wait_until(self.pilot, condition, what)

    async def found(self, query: str) -> None:
        """Until what is shown is what there is for this query."""
        found = self.screen
        await self.until(lambda: found._found is not None and found._found.query == query, f"found {query!r}")
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        await self.pilot.press(*("space" if character == " " else character for character in text))
        await self.found(" ".join(self.typed.split()))

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def sees(self, text: str) -> None:
        await self.until(lambda: text in self.shown, f"{text!r} on the screen")

    async def asked(self, kind: type[Screen[Any]]) -> None:
        await self.until(lambda: isinstance(self.app.screen, kind), f"a {kind.__name__}")
        await self.pilot.pause()

    @property
    def shown(self) -> str:
        return text_of(self.pilot)

    @property
    def said(self) -> str:
        """What is on the screen as one line, without borders."""
        return " ".join("".join(" " if c in "│▌" else c for c in self.shown).split())

    @property
    def typed(self) -> str:
        return self.screen.query_one(Input).value

    @property
    def rows(self) -> list[tuple[str, int | None]]:
        """Every row as a session's id and a turn's."""
        rows = (self.screen._list.row_of(option) for option in self.screen._list.options)
        return [(row.session.id, row.hit.turn.id if row.hit else None) for row in rows if row]

    @property
    def here(self) -> tuple[str, int | None] | None:
        """The row that Enter opens."""
        row = self.screen._list.row
        return (row.session.id, row.hit.turn.id if row.hit else None) if row else None


def talked(store: Store, *texts: str, title: str | None = None, used: str = "2026-03-01T12:00:00.000Z") -> Session:
    """A session in which the person said this, last used then."""
    session = store.new_session("mini", title=title)
    parent: int | None = None
    for text in texts:
        parent = store.add_user_turn(session.id, text, parent).id
    with store.transaction() as connection:
        connection.execute("UPDATE sessions SET updated_at = ? WHERE id = ?", (used, session.id))
        connection.execute("UPDATE turns SET created_at = ? WHERE session_id = ?", (used, session.id))
    return store.session(session.id)


def turn_of(store: Store, session: Session) -> int:
    return store.turns(session.id)[0].id


def many(store: Store, count: int) -> list[str]:
    """Sessions with the titles `number 1` and on, the newest first."""
    with store.transaction():
        return [talked(store, title=f"number {i}").id for i in range(1, count + 1)][::-1]
