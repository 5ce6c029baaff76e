"""Where the person types: many lines, pastes of any size, and what was said before with the arrow keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.message import Message
from textual.reactive import var
from textual.widgets import TextArea

from companion.tui.keys import key

PLACEHOLDER = "Say what is on your mind. Enter sends; Ctrl+J: new line."


class Composer(TextArea):
    """The message that is being written. While `editing` is set it takes the place of an earlier one."""

    DEFAULT_CSS = """
    Composer {
        height: auto;
        min-height: 3;
        max-height: 40vh;
        padding: 0 1;
        background: $surface;
        color: $foreground;
        border: round $border-blurred;
        &:focus { border: round $primary; }
        border-title-color: $foreground;
        border-subtitle-color: $foreground;
        & .text-area--placeholder { color: $text-muted; }
        & .text-area--cursor-line { background: transparent; }
    }
    """

    BINDINGS = [
        key("send", "enter", "send", "Send", "Send what is written.", priority=True),
        key(
            "newline", "ctrl+j,shift+enter,alt+enter", "newline", "New line",
            "Begin a new line in the message.", priority=True,
        ),
    ]  # fmt: skip

    editing: var[int | None] = var(None)
    """The message of the person's that this one is to take the place of."""

    @dataclass
    class Sent(Message):
        """The person sent this; `instead` is the message that it takes the place of."""

        text: str
        instead: int | None = None

    def __init__(self) -> None:
        super().__init__(
            soft_wrap=True, show_line_numbers=False, highlight_cursor_line=False, compact=False,
            placeholder=PLACEHOLDER, theme="css",
        )  # fmt: skip
        self._said: list[str] = []
        self._back = 0
        """How many messages back the arrow key has gone; 0 is what is being written."""
        self._unsent = ""

    def remember(self, said: Sequence[str]) -> None:
        """What the arrow keys bring back, oldest first."""
        self._said, self._back = list(said), 0

    def put(self, text: str) -> None:
        """Text to go on with, in front of what is there already."""
        both = "\n".join(part for part in (text, self.text) if part)
        self.load_text(both)
        self.move_cursor(self.document.end)

    def edit_earlier(self, turn_id: int, text: str) -> None:
        """Write another message in the place of this one."""
        self._unsent = self.text if self.editing is None else self._unsent
        self.editing = turn_id
        self.load_text(text)
        self.move_cursor(self.document.end)
        self.focus()

    def leave_editing(self) -> None:
        """Back to the message that was being written before."""
        if self.editing is not None:
            self.editing = None
            self.load_text(self._unsent)
            self.move_cursor(self.document.end)

    def watch_editing(self, editing: int | None) -> None:
        self.border_title = "Instead of an earlier message" if editing else ""
        self.border_subtitle = "Enter sends, Escape leaves it as it was" if editing else ""

    def action_send(self) -> None:
        """Keys with priority overtake letters that are still on their way; this goes the way they go, behind them."""
        self.screen.call_later(self.call_later, self._send)

    def _send(self) -> None:
        text = self.text.strip()
        if not text:
            return
        instead, self.editing = self.editing, None
        self.load_text(self._unsent if instead else "")
        self._back, self._unsent = 0, ""
        self.post_message(self.Sent(text, instead))

    def action_newline(self) -> None:
        self.screen.call_later(self.call_later, self.insert, "\n")

    def action_cursor_up(self, select: bool = False) -> None:
        if select or self.cursor_location[0] > 0 or not self._go_back(self._back + 1):
            super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:
        if select or self.cursor_location[0] < self.document.line_count - 1 or not self._go_back(self._back - 1):
            super().action_cursor_down(select)

    def _go_back(self, steps: int) -> bool:
        """To what was said so many messages ago, as long as nothing else was written over it."""
        if self.editing is not None or not 0 <= steps <= len(self._said):
            return False
        shown = self._said[-self._back] if self._back else None
        if self._back and self.text != shown:
            return False
        if not self._back:
            self._unsent = self.text
        self._back = steps
        self.load_text(self._said[-steps] if steps else self._unsent)
        self.move_cursor(self.document.end)
        return True
