"""Hiding the conversation from who else may look: an empty screen, an empty scrollback, a title that says nothing."""

from __future__ import annotations

from typing import Any

from textual.app import App, ComposeResult
from textual.screen import Screen
from textual.widgets import Static

from companion.tui.keys import key

NEUTRAL = "Terminal"
BACK = "Enter goes on."
SET_TITLE = f"\x1b]2;{NEUTRAL}\a"
KEEP_TITLE, OLD_TITLE = "\x1b[22;2t", "\x1b[23;2t"
"""XTWINOPS: put the window's title on the terminal's stack, and take it back from there."""
CLEAR_SCROLLBACK = "\x1b[3J"


class HiddenScreen(Screen[None]):
    """Nothing but how to come back, which takes a key."""

    DEFAULT_CSS = """
    HiddenScreen {
        background: $background;
        color: $foreground;
        padding: 0 1;
        & ToastRack { display: none; }
    }
    """

    ALLOW_SELECT = False
    AUTO_FOCUS = None

    BINDINGS = [key("unhide", "enter,escape", "dismiss(None)", "Go on", "Show the conversation again.")]

    def compose(self) -> ComposeResult:
        yield Static(BACK, markup=False)

    def on_mount(self) -> None:
        self.app.clear_notifications()
        self.call_after_refresh(self._clear)

    def _clear(self) -> None:
        """After this screen was drawn: some terminals keep what was drawn over."""
        write(self.app, CLEAR_SCROLLBACK + SET_TITLE)


def neutral_title(app: App[Any]) -> None:
    """A window title that says nothing, as long as the app has the terminal; then the one before, where the terminal
    keeps a stack of them. To be called when the app has started."""
    driver = app._driver
    if driver is None or driver.is_web:
        return
    start, stop = driver.start_application_mode, driver.stop_application_mode

    def take() -> None:
        start()
        driver.write(KEEP_TITLE + SET_TITLE)

    def give_back() -> None:
        driver.write(OLD_TITLE)
        stop()

    # Textual tells nobody just before it gives the terminal back, at the end or for a while.
    driver.start_application_mode = take  # type: ignore[method-assign]
    driver.stop_application_mode = give_back  # type: ignore[method-assign]
    driver.write(KEEP_TITLE + SET_TITLE)


def write(app: App[Any], sequence: str) -> None:
    """Write a control sequence to the terminal, if there is one."""
    if app._driver is not None:
        app._driver.write(sequence)
        app._driver.flush()
