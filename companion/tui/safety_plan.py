"""The safety plan (S14): six things to write down in a calm hour and to find again in a hard one. Needs no model."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from datetime import date

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static, TextArea

from companion.errors import CompanionError
from companion.safety.plan import SECTIONS, PlanBook, SafetyPlan
from companion.tui.dialogs import Question
from companion.tui.keys import key

KEPT = "In your own words. It is saved as you type, on this computer only, and it can be short."
NOT_KEPT = "In your own words. You are off the record: what you write here is gone when the program ends."
ASKED = (
    "How likely are you to get in touch with one of these people today, from 0 (not at all) to 10 (certainly)? "
    "You are asked this once; Enter keeps your answer in this plan. You can leave it out."
)


class SafetyPlanScreen(ModalScreen[None]):
    """The plan as one page of text fields."""

    DEFAULT_CSS = """
    SafetyPlanScreen {
        align: center middle;
    }
    SafetyPlanScreen > Vertical {
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
    SafetyPlanScreen VerticalScroll {
        height: 1fr;
    }
    SafetyPlanScreen .title {
        margin-top: 1;
        text-style: bold;
    }
    SafetyPlanScreen TextArea {
        height: auto;
        min-height: 4;
        max-height: 12;
        background: $surface;
        color: $foreground;
        border: round $primary;
        border-title-color: $foreground;
        border-title-style: bold;
        &:focus { border: heavy $primary; }
        & .text-area--cursor-line { background: transparent; }
    }
    SafetyPlanScreen #readiness {
        width: 12;
    }
    SafetyPlanScreen Horizontal {
        height: auto;
    }
    SafetyPlanScreen Button {
        margin-right: 2;
    }
    """

    BINDINGS = [
        key("close-plan", "escape", "close", "Back", "Go back to where you were; what you wrote is saved."),
        key("copy-plan", "ctrl+t", "copy", "Copy", "Copy the whole plan.", priority=True),
    ]

    @dataclass
    class CopyWanted(Message):
        """The plan is to be copied."""

        text: str

    def __init__(self, book: PlanBook) -> None:
        super().__init__()
        self._book = book
        self._problem = ""
        try:
            self._plan = book.read()
        except CompanionError as error:
            self._plan, self._problem = SafetyPlan(), str(error)
        self._written = self._plan
        self._saving = False
        self._one_at_a_time = threading.Lock()

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "Safety plan"
            box.border_subtitle = "Escape goes back"
            yield Static(KEPT if self._book.keep else NOT_KEPT, markup=False)
            yield Static(self._problem, id="problem", markup=False)
            with VerticalScroll(can_focus=False):
                for section in SECTIONS:
                    area = TextArea(
                        self._plan.text(section.name), id=section.name, soft_wrap=True, theme="css",
                        tab_behavior="focus", highlight_cursor_line=False, placeholder=section.hint,
                    )  # fmt: skip
                    area.border_title = section.title
                    yield area
                answer = self._plan.readiness
                if answer is None:
                    yield Static(ASKED, id="asked", classes="title", markup=False)
                    yield Input(id="readiness", type="integer", max_length=2)
                else:
                    yield Static(f"On {answer.on.isoformat()} you said {answer.value} of 10.", id="asked", markup=False)
            with Horizontal():
                yield Button("Back", id="back")
                yield Button("Copy", id="copy")
                yield Button("Delete", id="delete")

    def on_mount(self) -> None:
        self.query_one("#problem").display = bool(self._problem)
        self.query_one(f"#{SECTIONS[0].name}").focus(scroll_visible=False)

    # -- writing ------------------------------------------------------------------------------------------------------

    @on(TextArea.Changed)
    def _typed(self, event: TextArea.Changed) -> None:
        event.stop()
        name, text = event.text_area.id or "", event.text_area.text
        if text != self._plan.text(name):
            self._keep(self._plan.with_text(name, text))

    @on(Input.Submitted)
    def _answered(self, event: Input.Submitted) -> None:
        """S15: once, and only here."""
        event.stop()
        if not event.value.isdecimal() or not 0 <= int(event.value) <= 10:
            self.notify("A number from 0 to 10, please, or nothing at all.")
            return
        self._keep(self._plan.answered(int(event.value), date.today()))
        event.input.remove()
        said = f"You said {int(event.value)} of 10. A message to one of them may be a first step: l on the help card."
        self.query_one("#asked", Static).update(said)
        self.query_one("#back").focus()

    def _keep(self, plan: SafetyPlan) -> None:
        self._plan = plan
        if not self._saving:
            self._saving = True
            self._save()

    @work(group="plan")
    async def _save(self) -> None:
        """Write until what is written is what stands here."""
        try:
            while self._written is not self._plan:
                self._say(await asyncio.to_thread(self._write))
        finally:
            self._saving = False

    def _write(self) -> str:
        """Write what stands here; returns what went wrong, or ""."""
        with self._one_at_a_time:
            plan = self._plan
            try:
                self._book.write(plan)
                problem = ""
            except CompanionError as error:
                problem = f"{error} What you write stays here as long as the program runs."
            self._written = plan
            return problem

    def _say(self, problem: str) -> None:
        if problem != self._problem and self.is_mounted:
            self._problem = problem
            line = self.query_one("#problem", Static)
            line.update(problem)
            line.display = bool(problem)

    def on_unmount(self) -> None:
        if self._written is not self._plan:
            self._write()

    # -- doing --------------------------------------------------------------------------------------------------------

    def action_close(self) -> None:
        """Back to where the person was."""
        self.dismiss()

    def action_copy(self) -> None:
        """Ask for the plan to be copied."""
        if self._plan.empty:
            self.notify("There is nothing to copy yet.")
        else:
            self.post_message(self.CopyWanted(self._plan.plain()))

    @work(group="delete")
    async def _delete(self) -> None:
        answers = (("no", "Keep it"), ("yes", "Delete it"))
        if await self.app.push_screen_wait(Question("Safety plan", "Delete the whole plan?", answers)) != "yes":
            return
        self._plan = self._written = SafetyPlan()
        try:
            await asyncio.to_thread(self._book.forget)
        except CompanionError as error:
            self._say(str(error))
            return
        for area in self.query(TextArea):
            area.text = ""
        self.dismiss()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        match event.button.id:
            case "copy":
                self.action_copy()
            case "delete":
                self._delete()
            case _:
                self.action_close()
