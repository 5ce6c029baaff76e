"""The list of all keys: what they do, where they work, and how to change them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input

from companion.tui.bars import Fitted
from companion.tui.keys import Place, check_keymap, key, spelled

__all__ = ["KeysScreen", "check_keymap"]

NOTHING = "No key fits these words."
REBIND = (
    "Every key can be changed. Each has a name, which stands in brackets. Write it under [keys] in config.toml with "
    "the key that you want, several with commas between them, and start the chat again:"
)
EXAMPLE = ("[keys]", 'help = "ctrl+x"', 'regenerate = "f12,ctrl+r"')
WHERE = "`companion config path` says where config.toml is."
INDENT = 2
WIDEST = 26
"""Cells of the column of keys, at most."""


class KeyList(Fitted):
    """The keys that fit some words, by place; below them how to change them."""

    def __init__(self, places: Sequence[Place]) -> None:
        super().__init__()
        self._places = places
        self._words: list[str] = []

    def narrow(self, words: str) -> None:
        """Show only keys in which each of the words occurs."""
        self._words = words.casefold().split()
        self.refresh(layout=True)

    def found(self) -> list[tuple[str, list[tuple[str, Binding]]]]:
        """Places with their keys as they are bound now: (key in words, binding)."""
        now = self.app._keymap  # what the settings say, in force; Textual offers it to nobody
        places = []
        for place, bindings in self._places:
            rows: dict[str, tuple[str, Binding]] = {}
            for binding in bindings:
                shown = spelled(now.get(binding.id or "", binding.key))
                said = f"{place} {shown} {binding.description} {binding.tooltip} {binding.id}".casefold()
                if all(word in said for word in self._words):
                    rows.setdefault(f"{binding.id} {binding.tooltip}", (shown, binding))
            if rows:
                places.append((place, list(rows.values())))
        return places

    def fitted(self, width: int) -> Content:
        return Content("\n").join(self._lines(width))

    def _lines(self, width: int) -> Iterator[Content]:
        found = self.found()
        if not found:
            yield Content(NOTHING)
            yield Content("")
        column = min(WIDEST, max((len(shown) for _, rows in found for shown, _ in rows), default=0)) + 2
        for place, rows in found:
            yield Content.styled(place, "bold underline")
            for shown, binding in rows:
                yield from _row(shown, binding, column, width)
            yield Content("")
        for line in textwrap.wrap(REBIND, max(20, width)):
            yield Content(line)
        for line in EXAMPLE:
            yield Content(" " * INDENT + line)
        yield Content(WHERE)


def _row(shown: str, binding: Binding, column: int, width: int) -> Iterator[Content]:
    indent = " " * INDENT
    label = Content.assemble((binding.description, "bold"), f" [{binding.id}]" if binding.id else "")
    beside = INDENT + column + label.cell_length <= width and len(shown) < column
    if beside:
        yield Content.assemble(indent, (shown.ljust(column), "bold"), label)
    else:
        yield Content.assemble(indent, (shown, "bold"))
        yield Content.assemble(indent * 2, label)
    deep = " " * (INDENT + column) if beside and width >= 70 else indent * 2
    for line in textwrap.wrap(binding.tooltip, max(20, width - len(deep))):
        yield Content(deep + line)


class KeysScreen(ModalScreen[None]):
    """F1. What is typed narrows the list; the arrow keys move it."""

    DEFAULT_CSS = """
    KeysScreen {
        align: center middle;
        & > Vertical {
            width: 92;
            max-width: 100%;
            height: 100%;
            padding: 0 1;
            background: $surface;
            border: round $primary;
            border-title-style: bold;
            border-title-color: $foreground;
            border-subtitle-color: $foreground;
        }
        & Input, & Input:focus {
            height: 3;
            padding: 0 1;
            background: $surface;
            background-tint: $surface 0%;
            border: round $primary;
        }
        & VerticalScroll { height: 1fr; background: $surface; scrollbar-size-vertical: 1; }
    }
    """

    BINDINGS = [
        key("close-keys", "escape", "dismiss(None)", "Back", "Go back to where you were."),
        key("keys-up", "up", "scroll('up')", "Up", "Move the list of keys up."),
        key("keys-down", "down", "scroll('down')", "Down", "Move the list of keys down."),
        key("keys-page-up", "pageup", "scroll('page_up')", "Page up", "Move the list of keys up by a page."),
        key("keys-page-down", "pagedown", "scroll('page_down')", "Page down", "Move the list of keys down by a page."),
    ]

    AUTO_FOCUS = "Input"

    def __init__(self, groups: Sequence[Place]) -> None:
        """`groups` are places in words with the keys that work there."""
        super().__init__()
        self._groups = groups

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "Keys"
            box.border_subtitle = "Type to find a key. Escape goes back"
            yield Input(placeholder="Find a key by what it does")
            with VerticalScroll(can_focus=False):
                yield KeyList(self._groups)

    @on(Input.Changed)
    def _narrow(self, event: Input.Changed) -> None:
        event.stop()
        self.query_one(KeyList).narrow(event.value)
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def action_scroll(self, where: str) -> None:
        """`where` is up, down, page_up or page_down."""
        getattr(self.query_one(VerticalScroll), f"scroll_{where}")(animate=False)
