"""A letter to someone the person trusts (S14): a few questions, a draft to change, a copy. Nothing is ever sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.reactive import reactive
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static, TextArea

from companion.errors import CompanionError
from companion.safety.letter import STATES, TIMES, WISHES, Answers, LetterBox, draft
from companion.tui.keys import key

ABOUT = "Every question can be left out. The letter at the end is yours to change. Nothing is sent from here."
CHANGED = "You changed the letter, so that your answers no longer change it."
KEPT = "This letter was kept from before."


class Tick(Static, can_focus=True):
    """A line that can be ticked, or one of several of which only one is."""

    DEFAULT_CSS = """
    Tick {
        height: auto;
        color: $foreground;
        &:focus { text-style: reverse; }
    }
    """

    BINDINGS = [key("tick", "space,enter", "tick", "Tick", "Tick this line, or take the tick away.")]

    on_now: reactive[bool] = reactive(False)

    @dataclass
    class Toggled(Message):
        """The person ticked this line or took the tick away."""

        tick: Tick

    def __init__(self, group: str, name: str, label: str, *, ticked: bool = False, one_of: bool = False) -> None:
        super().__init__(id=f"{group}-{name}", markup=False)
        self.group, self.key_name, self._label, self.one_of = group, name, label, one_of
        self.set_reactive(Tick.on_now, ticked)
        self._draw()

    def watch_on_now(self) -> None:
        self._draw()

    def _draw(self) -> None:
        sign = ("(x)" if self.on_now else "( )") if self.one_of else ("[x]" if self.on_now else "[ ]")
        self.update(f"{sign} {self._label}")

    def action_tick(self) -> None:
        """Tick, or untick; one of several stays ticked."""
        self.on_now = True if self.one_of else not self.on_now
        self.post_message(self.Toggled(self))

    def on_click(self) -> None:
        self.action_tick()


class LetterScreen(ModalScreen[None]):
    """Questions above, the letter below."""

    DEFAULT_CSS = """
    LetterScreen {
        align: center middle;
    }
    LetterScreen > Vertical {
        width: 84;
        max-width: 100%;
        height: 100%;
        padding: 0 2;
        background: $surface;
        border: round $primary;
        border-title-style: bold;
        border-title-color: $foreground;
        border-subtitle-color: $foreground;
    }
    LetterScreen VerticalScroll {
        height: 1fr;
    }
    LetterScreen .title {
        margin-top: 1;
        text-style: bold;
    }
    LetterScreen TextArea, LetterScreen Input {
        height: auto;
        min-height: 3;
        max-height: 16;
        background: $surface;
        color: $foreground;
        border: round $primary;
        border-title-color: $foreground;
        border-title-style: bold;
        &:focus { border: heavy $primary; }
        & .text-area--cursor-line { background: transparent; }
    }
    LetterScreen Horizontal {
        height: auto;
    }
    LetterScreen Button {
        min-width: 8;
        margin-right: 1;
    }
    """

    BINDINGS = [
        key("close-letter", "escape", "close", "Back", "Go back; a letter that you did not keep is gone then."),
        key("copy-letter", "ctrl+t", "copy", "Copy", "Copy the letter, to paste it where you write to them.",
            priority=True),
    ]  # fmt: skip

    @dataclass
    class CopyWanted(Message):
        """The letter is to be copied."""

        text: str

    def __init__(self, box: LetterBox) -> None:
        super().__init__()
        self._box = box
        problem = ""
        try:
            kept = box.read()
        except CompanionError as error:
            kept, problem = "", str(error)
        self._drafted = draft(Answers())
        """What was written from the answers last; the letter differs once the person has changed it."""
        self._first = kept or self._drafted
        self._state = KEPT if kept else problem

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "A letter to someone you trust"
            box.border_subtitle = "Escape goes back"
            yield Static(ABOUT, markup=False)
            with VerticalScroll(can_focus=False):
                yield _titled(Input(id="to", max_length=60), "Who is it to?")
                yield Static("What would you like them to know?", classes="title", markup=False)
                yield from _ticks("state", STATES)
                yield _titled(_area("", "words"), "What would you say to them if they were here?")
                yield Static("What would help?", classes="title", markup=False)
                yield from _ticks("wish", WISHES)
                yield Static("When?", classes="title", markup=False)
                for name, (label, _) in TIMES.items():
                    yield Tick("time", name, label, ticked=name == "none", one_of=True)
                yield _titled(Input(id="name", max_length=60), "Your name, as they call you")
                yield _titled(_area(self._first, "letter"), "The letter")
            yield Static(self._state, id="state", markup=False)
            with Horizontal():
                yield Button("Copy", id="copy")
                yield Button("Draft anew", id="anew")
                yield Button("Keep", id="keep")
                yield Button("Forget", id="forget")
                yield Button("Back", id="back")

    def on_mount(self) -> None:
        self.query_one("#keep").display = self._box.on_disk
        self.query_one("#forget").display = self._box.on_disk and self._state == KEPT
        self._say(self._state)
        self.query_one("#to").focus(scroll_visible=False)

    # -- the draft ----------------------------------------------------------------------------------------------------

    @property
    def letter(self) -> str:
        """The letter as it stands."""
        return self.query_one("#letter", TextArea).text

    def _answers(self) -> Answers:
        ticked = [tick for tick in self.query(Tick) if tick.on_now]
        return Answers(
            to=self.query_one("#to", Input).value,
            states=[tick.key_name for tick in ticked if tick.group == "state"],
            words=self.query_one("#words", TextArea).text,
            wishes=[tick.key_name for tick in ticked if tick.group == "wish"],
            time=next(tick.key_name for tick in ticked if tick.group == "time"),
            name=self.query_one("#name", Input).value,
        )

    def _draft(self, *, anew: bool = False) -> None:
        """Write the letter from the answers, unless the person has changed it."""
        if not anew and self.letter != self._drafted:
            return
        self._drafted = draft(self._answers())
        self.query_one("#letter", TextArea).text = self._drafted
        self._say("")

    def _say(self, state: str) -> None:
        line = self.query_one("#state", Static)
        line.update(state)
        line.display = bool(state)

    @on(Tick.Toggled)
    def _ticked(self, event: Tick.Toggled) -> None:
        event.stop()
        if event.tick.one_of:
            for other in self.query(Tick):
                if other.group == event.tick.group and other is not event.tick:
                    other.on_now = False
        self._draft()

    @on(Input.Changed)
    def _named(self, event: Input.Changed) -> None:
        event.stop()
        self._draft()

    @on(TextArea.Changed)
    def _written(self, event: TextArea.Changed) -> None:
        event.stop()
        if event.text_area.id == "words":
            self._draft()
        elif self.letter not in {self._drafted, self._first}:
            self._say(CHANGED)

    # -- doing --------------------------------------------------------------------------------------------------------

    def action_close(self) -> None:
        """Back to where the person was."""
        self.dismiss()

    def action_copy(self) -> None:
        """Ask for the letter to be copied."""
        self.post_message(self.CopyWanted(self.letter))

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        match event.button.id:
            case "copy":
                self.action_copy()
            case "anew":
                self._draft(anew=True)
            case "keep" | "forget" as name:
                self._store(keep=name == "keep")
            case _:
                self.action_close()

    def _store(self, *, keep: bool) -> None:
        try:
            if keep:
                self._box.keep(self.letter)
            else:
                self._box.forget()
        except CompanionError as error:
            self._say(str(error))
            return
        self._say("Kept on this computer, for your eyes." if keep else "Forgotten; the letter here is not kept.")
        self.query_one("#forget").display = keep


def _ticks(group: str, sentences: Mapping[str, tuple[str, str]]) -> list[Tick]:
    return [Tick(group, name, label) for name, (label, _) in sentences.items()]


def _area(text: str, name: str) -> TextArea:
    return TextArea(text, id=name, soft_wrap=True, theme="css", tab_behavior="focus", highlight_cursor_line=False)


def _titled(field: Input | TextArea, title: str) -> Input | TextArea:
    """The field with its question in its frame, so that both are on the screen together."""
    field.border_title = title
    return field
