"""What a participant of an experiment is asked: whether they take part, and one question after the other."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from companion.experiment.design import Question
from companion.text import clean
from companion.tui.keys import key

LEFT_OUT = "left-out"


class Consent(ModalScreen[bool]):
    """The consent, as long as it may be; the answer is whether they take part. Nothing is focused that says yes."""

    DEFAULT_CSS = """
    Consent {
        align: center middle;
        & > Vertical {
            width: 84;
            max-width: 100%;
            height: 100%;
            padding: 1 2;
            background: $surface;
            border: round $primary;
            border-title-style: bold;
            border-title-color: $foreground;
        }
        & VerticalScroll { height: 1fr; background: $surface; scrollbar-size-vertical: 1; }
        & Horizontal { height: auto; margin-top: 1; }
        & Button { min-width: 8; margin-right: 1; }
    }
    """

    BINDINGS = [key("no-consent", "escape", "dismiss(False)", "Not take part", "Leave; nothing is kept.")]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title, self._text = title, text

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = self._title
            with VerticalScroll():
                yield Static(self._text, markup=False)
            with Horizontal():
                yield Button("I do not take part", id="no")
                yield Button("I take part", id="yes")

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss(event.button.id == "yes")


class Asked(ModalScreen[int | str | None]):
    """One question; the answer is what is kept, or None where it was left out."""

    DEFAULT_CSS = """
    Asked {
        align: center middle;
        &.-about-reply { align: center bottom; }
        & > Vertical {
            width: 72;
            max-width: 96%;
            height: auto;
            max-height: 96%;
            padding: 1 2;
            background: $surface;
            border: round $primary;
            border-title-style: bold;
            border-title-color: $foreground;
        }
        & VerticalScroll { height: auto; max-height: 60vh; }
        & Horizontal { height: auto; margin: 1 0; }
        & Horizontal Button { min-width: 5; width: 1fr; }
        & .choice { width: 100%; margin-top: 1; }
        & Input { margin: 1 0; }
    }
    """

    BINDINGS = [
        *(key(f"answer-{n}", str(n), f"answer({n})", f"Answer {n}", f"The answer with the number {n}.")
          for n in range(1, 10)),
        key("leave-out", "escape", "dismiss(None)", "Leave out", "Leave this question out."),
    ]  # fmt: skip

    AUTO_FOCUS = "Input"  # not a button: an Enter too many is no answer

    def __init__(self, question: Question, *, about_reply: bool = False) -> None:
        """With `about_reply` it leaves the conversation behind it readable."""
        super().__init__(classes="-about-reply" if about_reply else "")
        self._question = question
        if about_reply:
            self.styles.background = "transparent"  # here, because the themes make every other question opaque

    def compose(self) -> ComposeResult:
        question = self._question
        with Vertical() as box:
            box.border_title = "A question"
            with VerticalScroll(can_focus=False):
                yield Static("\n".join(part for part in (question.text, question.ends) if part), markup=False)
                if question.kind == "scale":
                    with Horizontal():
                        for number, answer in enumerate(question.answers, 1):
                            yield Button(answer, id=f"answer-{number}")
                for number, option in enumerate(question.options, 1):
                    yield Button(f"{number}  {option}", id=f"answer-{number}", classes="choice")
                if question.kind == "text":
                    yield Input()
            yield Button("Leave out", id=LEFT_OUT)

    def action_answer(self, number: int) -> None:
        """The answer with this number, where there are so many."""
        if number <= len(self._question.answers):
            self.dismiss(self._question.value(number))

    @on(Input.Submitted)
    def _written(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(clean(event.value).strip() or None)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        name = event.button.id or LEFT_OUT
        if name == LEFT_OUT:
            self.dismiss(None)
        else:
            self.action_answer(int(name.removeprefix("answer-")))
