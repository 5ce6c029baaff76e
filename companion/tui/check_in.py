"""How do you feel, from 1 to 7: asked before and after a conversation where the person wants that."""

from __future__ import annotations

from typing import Literal

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from companion.tui.keys import key

QUESTIONS = {"before": "Before you begin: how do you feel right now?", "after": "Before you go: how do you feel now?"}


class CheckIn(ModalScreen[int | None]):
    """One question; the answer is 1 to 7, or None where it was left out."""

    DEFAULT_CSS = """
    CheckIn {
        align: center middle;
    }
    CheckIn > Vertical {
        width: 58;
        max-width: 96%;
        height: auto;
        padding: 1 2;
        background: $surface;
        border: round $primary;
        border-title-style: bold;
        border-title-color: $foreground;
    }
    CheckIn Horizontal {
        height: auto;
        margin: 1 0;
    }
    CheckIn Horizontal Button {
        min-width: 5;
        width: 1fr;
    }
    """

    BINDINGS = [
        *(key(f"mood-{n}", str(n), f"dismiss({n})", f"Answer {n}", f"Answer with {n} of 7.") for n in range(1, 8)),
        key("no-answer", "escape", "dismiss(None)", "Not now", "Leave the question out."),
    ]

    def __init__(self, moment: Literal["before", "after"]) -> None:
        super().__init__()
        self._question = QUESTIONS[moment]

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "Check-in"
            yield Static(f"{self._question}\n1 is very bad, 4 neither good nor bad, 7 very good.", markup=False)
            with Horizontal():
                for value in range(1, 8):
                    yield Button(str(value), id=f"mood-{value}")
            yield Button("Not now", id="not-now")

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        event.stop()
        name = event.button.id or ""
        self.dismiss(int(name.removeprefix("mood-")) if name.startswith("mood-") else None)
