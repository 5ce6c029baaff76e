"""One message of the conversation, the person's or the companion's."""

from __future__ import annotations

from dataclasses import dataclass, replace

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Click
from textual.message import Message
from textual.widgets import Markdown, Static
from textual.widgets.markdown import MarkdownStream

from companion.store import Role, Status, Turn
from companion.tui.keys import key
from companion.tui.markdown import PlainMarkdown

ENDED = {
    Status.STOPPED: "stopped",
    Status.FAILED: "broke off",
    Status.INTERRUPTED: "cut off when the program ended",
    Status.STREAMING: "being written",
}
JUDGED = {1: "you want more like this", -1: "you want less of this"}
OUT_OF_VIEW = "What stands above is out of the model's view; it is still saved."


class MessageBox(Vertical, can_focus=True):
    """A label that says who, which alternative, how it ended; below it the text."""

    DEFAULT_CSS = """
    MessageBox {
        height: auto;
        margin: 0 0 1 0;
        padding: 0 1;
        border-left: blank;
        &:focus { border-left: outer $primary; }
        & > .label { color: $foreground; text-style: bold; height: auto; }
        &.-assistant > .label { color: $secondary; }
        & > .divider { color: $foreground; margin-bottom: 1; border-bottom: solid $primary; }
        & > Static.body { height: auto; max-width: 100; padding-left: 2; }
        & > .thought { height: auto; max-width: 100; padding-left: 2; color: $foreground; text-style: italic; }
        & > Markdown { height: auto; max-width: 100; padding: 0 0 0 2; margin: 0; background: transparent; }
        & > Markdown > MarkdownParagraph:last-child { margin-bottom: 0; }
    }
    """

    BINDINGS = [
        key("previous-message", "up,k", "step(-1)", "Message above", "Go to the message above."),
        key("next-message", "down,j", "step(1)", "Message below", "Go to the message below, or to what you write."),
        key("older", "less_than_sign,left", "ask('older')", "Earlier alternative", "Show the alternative before."),
        key("newer", "greater_than_sign,right", "ask('newer')", "Later alternative", "Show the alternative after."),
        key("edit", "e", "ask('edit')", "Edit", "Say something else here; what you said stays, beside it."),
        key(
            "another", "r", "ask('another')", "Another reply", "Ask for another reply here; this one stays, beside it."
        ),
        key("go-on", "o", "ask('go_on')", "Go on", "Let this reply go on after its last word."),
        key(
            "more-like-this", "plus", "ask('more')", "More like this", "More of what this reply does. Again: take back."
        ),
        key("less-of-this", "minus", "ask('less')", "Less of this", "Less of what this reply does. Again: take back."),
        key("thoughts", "t", "fold", "Thoughts", "Show what the model thought before this reply, or fold it."),
        key("copy-message", "c,y", "ask('copy')", "Copy", "Copy this message."),
        key("why-this", "w,enter", "ask('why')", "Why this reply", "The plan, and the ways it could have gone."),
    ]

    @dataclass
    class Asked(Message):
        """Something was asked of this message: older, newer, edit, another, go_on, more, less, copy or why."""

        box: MessageBox
        what: str

        @property
        def control(self) -> MessageBox:
            return self.box

    def __init__(self, turn: Turn, family: tuple[int, ...] = (), judged: int = 0) -> None:
        """`family` are the alternatives at this place, this one among them; `judged` is 1, -1 or 0."""
        super().__init__(id=f"turn-{turn.id}", classes=f"-{turn.role}")
        self.turn, self.family, self.judged = turn, family, judged
        self._stream: MarkdownStream | None = None
        self._thought, self._thinking, self._folded = "", "", True

    def compose(self) -> ComposeResult:
        if self.has_class("-first-in-view"):
            yield Static(OUT_OF_VIEW, classes="divider", markup=False)
        yield Static(self._label(), classes="label", markup=False)
        if self.turn.role is Role.USER:
            yield Static(self.turn.text, classes="body", markup=False)
        else:
            yield PlainMarkdown(self.turn.text, open_links=False)

    async def divide(self, here: bool) -> None:
        """Say above this message that what stands there is out of the model's view, or say so no more."""
        if here != self.has_class("-first-in-view"):
            self.set_class(here, "-first-in-view")
            if here:
                await self.mount(Static(OUT_OF_VIEW, classes="divider", markup=False), before=0)
            else:
                await self.query_children(".divider").remove()

    async def write(self, text: str) -> None:
        """More of a reply that is arriving."""
        if self._stream is None:
            self._stream = Markdown.get_stream(self.query_one(Markdown))
        begins = not self.turn.text
        self.turn = replace(self.turn, text=self.turn.text + text)
        if begins and self._thinking:
            self._show_thought()
        await self._stream.write(text)

    async def think(self, text: str, took: str) -> None:
        """More of what is thought before the reply, and how long that `took`.

        It is kept as long as this message is shown, and nowhere else.
        """
        if not self._thinking:
            await self.mount(Static(classes="thought", markup=False), before=self.query_one(Markdown))
        self._thought += text
        self._thinking = took
        self._show_thought()

    def _show_thought(self) -> None:
        began = "Thought for" if self.turn.text else "Thinking,"
        shown = "t shows it" if self._folded else f"t folds it\n{self._thought.strip()}"
        self.query_one(".thought", Static).update(f"{began} {self._thinking}; {shown}")

    def action_fold(self) -> None:
        if self._thinking:
            self._folded = not self._folded
            self._show_thought()
        else:
            self.notify("Nothing that was thought before this reply is kept.")

    async def finish(self, turn: Turn) -> None:
        """The end of a reply: as it was stored. What was streamed is drawn once more as a whole."""
        if self._stream is not None:
            await self._stream.stop()
            self._stream = None
        self.turn = turn
        await self.query_one(Markdown).update(turn.text)
        self.relabel()

    def relabel(self, *, family: tuple[int, ...] | None = None, judged: int | None = None) -> None:
        """Say anew what the label says."""
        self.family = self.family if family is None else family
        self.judged = self.judged if judged is None else judged
        self.query_one(".label", Static).update(self._label())

    def _label(self) -> str:
        parts = ["You" if self.turn.role is Role.USER else "Companion"]
        if len(self.family) > 1:
            parts.append(f"{self.family.index(self.turn.id) + 1} of {len(self.family)} < >")
        if self.turn.status in ENDED:
            parts.append(ENDED[self.turn.status])
        if self.judged:
            parts.append(JUDGED[self.judged])
        return " · ".join(parts)

    @on(Markdown.LinkClicked)
    def _link(self, event: Markdown.LinkClicked) -> None:
        """Nothing is opened: what a model writes is not an address to trust."""
        event.stop()

    @on(Click)
    def _clicked(self) -> None:
        self.focus()

    def action_ask(self, what: str) -> None:
        self.post_message(self.Asked(self, what))

    def action_step(self, step: int) -> None:
        if step < 0:
            self.screen.focus_previous(MessageBox)
        elif self is self.screen.query(MessageBox).last():
            self.screen.focus_next("Composer")
        else:
            self.screen.focus_next(MessageBox)
