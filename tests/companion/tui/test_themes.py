"""Every text can be read in every theme, and without any colour."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pexpect
import pytest
from rich.color import Color, ColorType
from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.pilot import Pilot
from textual.theme import Theme
from textual.widgets import Button, Input, Label, OptionList, Static, TextArea

from companion.tui.markdown import PlainMarkdown
from companion.tui.themes import THEMES, fitting, use_themes
from tests.companion.tui.contrast import DARK, LIGHT, _drawing, _ratio, contrast, pieces, worst
from tests.companion.tui.waiting import text_of, wait_until

BLOCKS = """
# First
## Second
### Third
#### Fourth
##### Fifth
###### Sixth
Words, *soft*, **strong**, ~~gone~~, `code`, [a link](https://example.org).

> A quotation
>
> > within a quotation

- one
  - two

1. first

| left | right |
|------|-------|
| 1    | 2     |

---

```python
# a comment
@decorator
class A(B):
    '''Text.'''
    def f(self): return None and 1 + len("s")
```
"""
NAMES = [theme.name for theme in THEMES]


class Host(App[None]):
    """All the widgets that the chat uses."""

    CSS = "TextArea { height: 4; }"

    def __init__(self, theme: str) -> None:
        super().__init__()
        self._chosen = theme

    def on_load(self) -> None:
        use_themes(self, self._chosen)

    def compose(self) -> ComposeResult:
        with VerticalScroll(can_focus=False):
            yield PlainMarkdown(BLOCKS)
            yield Static("text [/x] [red]", markup=False)
            yield Label("label")
            yield Input(placeholder="nothing written")
            yield Input("something written", id="filled")
            yield TextArea(placeholder="nothing written")
            yield TextArea("one line\nand another", id="lines")
            for variant in ("default", "primary", "success", "warning", "error"):
                yield Button(variant, variant=variant)
                yield Button(f"flat {variant}", variant=variant, flat=True)
            yield OptionList("one", "two", None, "three")


async def states(app: Host, pilot: Pilot[None]) -> AsyncIterator[str]:
    """Goes through what can be focused, marked and opened, and tells each state's name."""
    for severity in ("information", "warning", "error"):
        app.notify("a notice", title=f"Title {severity}", severity=severity, timeout=600)
    await wait_until(pilot, lambda: "Title error" in text_of(pilot))
    yield "as it begins"
    for widget in app.query("Input, TextArea, Button, OptionList"):
        widget.focus()
        await wait_until(pilot, lambda widget=widget: widget.has_focus)
        await pilot.pause()
        yield f"{widget} focused"
    lines = app.query_one("#lines", TextArea)
    lines.focus()
    lines.select_all()
    await pilot.pause()
    yield "lines marked"
    filled = app.query_one("#filled", Input)
    filled.focus()
    filled.select_all()
    await pilot.pause()
    yield "input marked"
    app.screen.text_select_all()
    await pilot.pause()
    yield "screen marked"
    app.screen.clear_selection()
    app.action_command_palette()
    await wait_until(pilot, lambda: "Search for commands" in text_of(pilot) and "Quit" in text_of(pilot))
    yield "palette"


def lowest(theme: Theme) -> float:
    return 7.0 if theme.name.startswith("contrast") else 4.5


@pytest.mark.parametrize("theme", THEMES, ids=NAMES)
async def test_every_text_stands_out_from_what_is_behind_it(theme: Theme) -> None:
    app = Host(theme.name)
    async with app.run_test(size=(100, 130), notifications=True) as pilot:
        async for state in states(app, pilot):
            ratio, text = worst(app)
            assert ratio >= lowest(theme), f"{theme.name}, {state}: {text} has {ratio:.2f}"


@pytest.mark.parametrize("theme", THEMES, ids=NAMES)
async def test_the_frame_of_what_is_focused_can_be_seen(theme: Theme) -> None:
    app = Host(theme.name)
    async with app.run_test(size=(100, 130), notifications=True) as pilot:
        filled = app.query_one("#filled", Input)
        filled.focus()
        await wait_until(pilot, lambda: filled.has_focus)
        rows = range(filled.region.y, filled.region.bottom)
        frame = [piece.ratio for piece in pieces(app) if piece.drawn and piece.row in rows]
        assert frame
        assert min(frame) >= 3.0


async def test_only_our_themes_are_there() -> None:
    app = Host("light")
    async with app.run_test():
        assert set(app.available_themes) == set(NAMES)
        assert app.theme == "light"


@pytest.mark.parametrize("colours", [True, False])
@pytest.mark.parametrize("theme", ["ansi-dark", "ansi-light"])
async def test_what_is_chosen_in_a_list_is_told_by_more_than_a_colour(
    theme: str, colours: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not colours:
        monkeypatch.setenv("NO_COLOR", "1")
    app = Host(theme)
    async with app.run_test(size=(100, 130)) as pilot:
        options = app.query_one(OptionList)
        options.focus()
        options.highlighted = 0
        await wait_until(pilot, lambda: options.has_focus)
        await pilot.pause()
        assert _style_of(app, "one").underline
        assert not _style_of(app, "two").underline


def _style_of(app: App[Any], word: str) -> Style:
    rows = app.screen._compositor.render_strips(app.screen.size)
    options = app.query_one(OptionList).region
    found = [segment for strip in rows[options.y : options.bottom] for segment in strip if segment.text.strip() == word]
    assert len(found) == 1
    return found[0].style or Style()


# -- which theme ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("named", "theme"),
    [
        ("15;0", "dark"),
        ("0;15", "light"),
        ("0;7", "light"),
        ("0;default;15", "light"),
        ("15;8", "dark"),
        ("15;default", "dark"),
        ("", "dark"),
        ("0;999", "dark"),
    ],
)
def test_auto_is_dark_unless_the_terminal_says_that_it_is_light(named: str, theme: str) -> None:
    assert fitting("auto", "truecolor", {"COLORFGBG": named}) == theme
    assert fitting("auto", "standard", {"COLORFGBG": named}) == f"ansi-{theme}"


def test_a_theme_that_was_chosen_is_taken_whatever_the_terminal_says() -> None:
    assert fitting("contrast-dark", "standard", {"COLORFGBG": "0;15"}) == "contrast-dark"


# -- NO_COLOR ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", THEMES, ids=NAMES)
async def test_without_colours_none_is_written_and_no_word_is_lost(
    theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    coloured = Host(theme.name)
    async with coloured.run_test(size=(100, 130), notifications=True) as pilot:
        await wait_until(pilot, lambda: "Sixth" in text_of(pilot))
        words = _words(text_of(pilot))
    monkeypatch.setenv("NO_COLOR", "1")
    app = Host(theme.name)
    async with app.run_test(size=(100, 130), notifications=True) as pilot:
        await wait_until(pilot, lambda: "Sixth" in text_of(pilot))
        assert _words(text_of(pilot)) == words
        async for state in states(app, pilot):
            for segment in _segments(app):
                assert not _coloured(segment), f"{state}: {segment}"
        assert app.current_theme.dark is theme.dark


PROGRAM = """
from textual.app import App
from textual.widgets import Button, Markdown, Static

from companion.tui.themes import use_themes


class Host(App):
    def on_load(self):
        use_themes(self, "light")

    def compose(self):
        yield Markdown("# Heading\\n`code`")
        yield Button("press", variant="error")
        yield Static("the end")


Host().run()
"""


@pytest.mark.parametrize("colours", [True, False])
def test_without_colours_a_terminal_gets_no_sequence_that_sets_one(colours: bool) -> None:
    environ = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COVERAGE_PROCESS_START")}
    environ |= {"TERM": "xterm-256color"} | ({} if colours else {"NO_COLOR": "1"})
    terminal = pexpect.spawn(sys.executable, ["-c", PROGRAM], env=environ, dimensions=(20, 60), encoding="utf-8")
    terminal.expect_exact("the end")
    written = terminal.before
    terminal.send("\x11")  # ctrl+q
    terminal.expect(pexpect.EOF)
    codes = {code for sgr in re.findall(r"\x1b\[([\d;]*)m", written) for code in sgr.split(";")}
    set_here = {code for code in codes if code and (30 <= int(code) <= 38 or 40 <= int(code) <= 48 or int(code) >= 90)}
    assert bool(set_here) is colours
    assert "Heading" in written


@pytest.mark.parametrize(("widget", "id"), [(Input, "filled"), (TextArea, "lines")])
async def test_without_colours_the_cursor_and_what_is_marked_are_seen(
    widget: type[Input | TextArea], id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = Host("dark")
    async with app.run_test(size=(100, 130), notifications=True) as pilot:
        field = app.query_one(f"#{id}", widget)
        field.cursor_blink = False
        field.focus()
        await wait_until(pilot, lambda: field.has_focus)
        await pilot.pause()

        def reversed_cells() -> int:
            rows = app.screen._compositor.render_strips(app.screen.size)[field.region.y : field.region.bottom]
            return sum(s.cell_length for strip in rows for s in strip if s.style and s.style.reverse)

        assert reversed_cells() >= 1
        field.select_all()
        await pilot.pause()
        assert reversed_cells() >= 10


async def test_without_colours_what_is_marked_on_the_screen_is_reversed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = Host("light")
    async with app.run_test(size=(100, 130)) as pilot:
        await wait_until(pilot, lambda: "Sixth" in text_of(pilot))
        app.screen.text_select_all()
        await pilot.pause()
        marked = [s for s in _segments(app) if s.text.strip() == "label"]
        assert marked
        assert all(s.style and s.style.reverse for s in marked)


def _words(text: str) -> list[str]:
    """The words, without what is drawn around them."""
    return "".join(" " if _drawing(character) else character for character in text).split()


def _segments(app: App[Any]) -> Iterator[Segment]:
    for strip in app.screen._compositor.render_strips(app.screen.size):
        yield from strip


def _coloured(segment: Segment) -> bool:
    style = segment.style or Style()
    return any(colour is not None and colour.type is not ColorType.DEFAULT for colour in (style.color, style.bgcolor))


# -- the measure itself -----------------------------------------------------------------------------------------------


def test_the_contrast_is_that_of_wcag() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21.0)
    assert contrast((255, 255, 255), (0x77, 0x77, 0x77)) == pytest.approx(4.48, abs=0.01)
    assert contrast((10, 20, 30), (10, 20, 30)) == 1.0


def test_dim_text_is_measured_as_textual_dims_it() -> None:
    style = Style(color=Color.from_rgb(255, 255, 255), bgcolor=Color.from_rgb(0, 0, 0), dim=True)
    dimmed = 255 * 0.66
    assert _ratio(style, DARK[0]) == pytest.approx(contrast((dimmed, dimmed, dimmed), (0, 0, 0)), rel=0.01)


def test_what_the_terminal_chooses_itself_is_not_ours_to_measure() -> None:
    assert _ratio(Style(), DARK[0]) == float("inf")
    assert _ratio(Style.parse("blue"), DARK[0]) < 2.0
    assert _ratio(Style.parse("blue"), LIGHT[0]) > 10.0


async def test_a_text_that_cannot_be_read_is_found() -> None:
    class Faint(App[None]):
        CSS = "Static { color: #333333; background: #222222; }"

        def compose(self) -> ComposeResult:
            yield Static("faint")

    app = Faint()
    async with app.run_test():
        ratio, text = worst(app)
        assert "faint" in text
        assert ratio < 1.5
