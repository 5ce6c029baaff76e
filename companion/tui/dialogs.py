"""Small questions that stand in front of everything else: yes or no, a line of text, an error with its next steps."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from companion.tui.keys import key


class Readable(VerticalScroll):
    """Text that the keys can scroll once Tab has come to it; where all of it is seen, Tab passes it by."""

    def allow_focus(self) -> bool:
        return super().allow_focus() and self.max_scroll_y > 0


class Question(ModalScreen[str | None]):
    """A title, some text and buttons; the answer is the name of a button, or None for Escape."""

    DEFAULT_CSS = """
    Question {
        align: center middle;
    }
    Question > Vertical {
        width: 72;
        max-width: 94%;
        height: auto;
        max-height: 94%;
        padding: 1 2;
        background: $surface;
        border: round $primary;
        border-title-style: bold;
        border-title-color: $foreground;
    }
    Question Readable {
        height: auto;
        max-height: 45vh;
    }
    Question Horizontal {
        height: auto;
        margin-top: 1;
    }
    Question Button {
        min-width: 8;
        margin-right: 1;
    }
    """

    BINDINGS = [key("cancel", "escape", "dismiss(None)", "Leave it", "Close this question without an answer.")]

    AUTO_FOCUS = "Button"

    def __init__(self, title: str, text: str, answers: Sequence[tuple[str, str]]) -> None:
        """`answers` are (name, label); the first one is focused."""
        super().__init__()
        self._title, self._text, self._answers = title, text, answers

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = self._title
            with Readable():
                yield Static(self._text, markup=False)
            with Horizontal():
                for name, label in self._answers:
                    yield Button(label, id=name)

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss(event.button.id)


class Ask(ModalScreen[str | None]):
    """One line of text; None for Escape."""

    DEFAULT_CSS = Question.DEFAULT_CSS.replace("Question", "Ask")

    BINDINGS = [key("cancel", "escape", "dismiss(None)", "Leave it", "Close this question without an answer.")]

    def __init__(self, title: str, text: str, value: str = "", *, hidden: bool = False) -> None:
        """With `hidden` what is typed is not shown, and kept as it is."""
        super().__init__()
        self._title, self._text, self._value, self._hidden = title, text, value, hidden

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = self._title
            yield Static(self._text, markup=False)
            yield Input(self._value, password=self._hidden, select_on_focus=False)

    @on(Input.Submitted)
    def _answer(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss((event.value if self._hidden else event.value.strip()) or None)
