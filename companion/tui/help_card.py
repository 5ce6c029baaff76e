"""Where to find help from people. Needs no model, no database and no disk."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from companion.safety.notice import HELP_FROM_PEOPLE, flowing
from companion.tui.keys import key


class HelpCard(ModalScreen[None]):
    """The card, in front of everything."""

    DEFAULT_CSS = """
    HelpCard {
        align: center middle;
    }
    HelpCard > Vertical {
        width: 76;
        max-width: 96%;
        height: auto;
        max-height: 96%;
        padding: 1 2;
        background: $surface;
        border: round $primary;
        border-title-style: bold;
        border-title-color: $foreground;
        border-subtitle-color: $foreground;
    }
    HelpCard VerticalScroll {
        height: auto;
        max-height: 80vh;
    }
    """

    BINDINGS = [key("close-help", "escape,enter,q", "dismiss", "Back", "Go back to where you were.")]

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "Help from people"
            box.border_subtitle = "Escape goes back"
            with VerticalScroll():
                yield Static(flowing(HELP_FROM_PEOPLE), markup=False)
