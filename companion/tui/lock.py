"""The locked chat: nothing of it is on the screen or can be reached; help and leaving can."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Input, Static

from companion.safety.lock import CHOOSE, FORGOTTEN, WRONG, Lock
from companion.tui.hidden import CLEAR_SCROLLBACK, SET_TITLE, write

REACHABLE = frozenset({"help_card", "quit"})
"""Actions of the application that work while it is locked."""


class LockScreen(Screen[None]):
    """Asks for the code until it is right; where there is none, for one to lock with first."""

    DEFAULT_CSS = """
    LockScreen {
        background: $background;
        color: $foreground;
        padding: 0 1;
        & ToastRack { display: none; }
    }
    LockScreen Input {
        width: 40;
        max-width: 100%;
        margin: 1 0;
    }
    """

    ALLOW_SELECT = False

    def __init__(self, lock: Lock | None, ways: str) -> None:
        """`ways` says how to leave and how to find help."""
        super().__init__()
        self._lock, self._ways = lock, ways

    def compose(self) -> ComposeResult:
        yield Static(self._lock.sentence if self._lock else CHOOSE, id="said", markup=False)
        yield Input(password=True)
        yield Static(self._ways, markup=False)

    def on_mount(self) -> None:
        self.app.clear_notifications()
        self.call_after_refresh(self._clear)

    def _clear(self) -> None:
        """After this screen was drawn: some terminals keep what was drawn over."""
        write(self.app, CLEAR_SCROLLBACK + SET_TITLE)

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        typed = event.value
        self.query_one(Input).clear()
        if self._lock is None:
            if not typed:
                self.dismiss()
                return
            self._lock = Lock(typed)
            self._say(f"{self._lock.sentence} {FORGOTTEN}")
        elif self._lock.opens(typed):
            self.dismiss()
        else:
            self._say(f"{WRONG} {self._lock.sentence}")

    def _say(self, text: str) -> None:
        self.query_one("#said", Static).update(text)
