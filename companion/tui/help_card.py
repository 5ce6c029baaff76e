"""Where to find help from people. Needs no model, no database and no disk."""

from __future__ import annotations

from datetime import date

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from companion.errors import CompanionError
from companion.safety.cards import Card, card
from companion.safety.letter import LetterBox
from companion.safety.plan import PlanBook
from companion.tui.keys import key
from companion.tui.letter import LetterScreen
from companion.tui.safety_plan import SafetyPlanScreen


class HelpCard(ModalScreen[None]):
    """The card, in front of everything, with the way to the safety plan and to a letter."""

    DEFAULT_CSS = """
    HelpCard {
        align: center middle;
    }
    HelpCard > Vertical {
        width: 76;
        max-width: 96%;
        height: auto;
        max-height: 96%;
        padding: 0 2;
        background: $surface;
        border: round $primary;
        border-title-style: bold;
        border-title-color: $foreground;
        border-subtitle-color: $foreground;
    }
    HelpCard VerticalScroll {
        height: auto;
        max-height: 60vh;
    }
    HelpCard Horizontal {
        height: auto;
        margin-top: 1;
    }
    HelpCard Button {
        margin-right: 2;
    }
    """

    BINDINGS = [
        key("close-help", "escape,enter,q", "dismiss", "Back", "Go back to where you were."),
        key("open-safety-plan", "p", "safety_plan", "Safety plan", "Your own page for hard moments."),
        key("open-letter", "l", "letter", "Write to someone", "A message to someone you trust; nothing is sent."),
    ]

    def __init__(
        self,
        shown: Card | None = None,
        *,
        plans: PlanBook | None = None,
        letters: LetterBox | None = None,
        alone: bool = False,
    ) -> None:
        """Without a card the one for the locale is shown; without books the files in the data folder are meant.

        With `alone` it leads nowhere else: what the person wrote is not to be seen now.
        """
        super().__init__()
        self._card = shown or card(today=date.today())
        self._plans, self._letters, self._alone = plans, letters, alone

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "Help from people"
            box.border_subtitle = "Escape goes back"
            with VerticalScroll():
                yield Static(self._card.text(), markup=False)
            if not self._alone:
                with Horizontal():
                    yield Button("Safety plan (p)", id="safety-plan")
                    yield Button("Write to someone (l)", id="letter")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return not (self._alone and action in {"safety_plan", "letter"})

    def action_safety_plan(self) -> None:
        """Open the plan in front of the card."""
        try:
            self.app.push_screen(SafetyPlanScreen(self._plans or PlanBook()))
        except CompanionError as error:
            self.notify(str(error), severity="warning", markup=False)

    def action_letter(self) -> None:
        """Begin a letter in front of the card."""
        try:
            self.app.push_screen(LetterScreen(self._letters or LetterBox()))
        except CompanionError as error:
            self.notify(str(error), severity="warning", markup=False)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "safety-plan":
            self.action_safety_plan()
        else:
            self.action_letter()
