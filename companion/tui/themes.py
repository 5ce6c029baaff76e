"""The colours: our own themes instead of Textual's, because every pair of theirs cannot be read by everybody.

Every text stands out from what is behind it by 4.5:1 at least, in the contrast themes by 7:1 (WCAG 2.2, 1.4.3 and
1.4.6); a test measures that on what is drawn. The ansi themes use the terminal's own colours, and where something has
to stand out, its text and its background change places, which is as readable as the terminal itself is.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from textual.app import App
from textual.filter import LineFilter, Monochrome, NoColor
from textual.theme import Theme

DARK = Theme(
    name="dark",
    primary="#d3a273",
    secondary="#9cba9f",
    accent="#c9b27c",
    success="#a4c48f",
    warning="#e3bd76",
    error="#eb9f92",
    foreground="#ebe4d8",
    background="#1c1916",
    surface="#26221e",
    panel="#2e2924",
    dark=True,
    variables={
        "text": "auto 92%",
        "text-muted": "auto 75%",
        "text-disabled": "auto 60%",
        "foreground-muted": "#c4bbae",
        "foreground-disabled": "#a79e92",
        "border-blurred": "#7b6e61",
        "block-cursor-background": "#d3a273",
        "block-cursor-foreground": "#1c1916",
        "button-color-foreground": "#1c1916",
        "input-selection-background": "#5a4a3a",
        "input-selection-foreground": "#ffffff",
        "screen-selection-background": "#5a4a3a",
        "screen-selection-foreground": "#ffffff",
    },
)

LIGHT = Theme(
    name="light",
    primary="#7d4a1c",
    secondary="#3d5f47",
    accent="#6a5213",
    success="#37601f",
    warning="#754c00",
    error="#98291d",
    foreground="#2c2620",
    background="#faf6ee",
    surface="#f2ece0",
    panel="#eae2d3",
    dark=False,
    variables={
        "text": "auto 92%",
        "text-muted": "auto 75%",
        "text-disabled": "auto 65%",
        "foreground-muted": "#544b41",
        "foreground-disabled": "#665c51",
        "border-blurred": "#8a7e6e",
        "block-cursor-background": "#7d4a1c",
        "block-cursor-foreground": "#faf6ee",
        "button-color-foreground": "#faf6ee",
        "footer-key-foreground": "#7d4a1c",
        "input-selection-background": "#e3cfb2",
        "input-selection-foreground": "#1d1812",
        "screen-selection-background": "#e3cfb2",
        "screen-selection-foreground": "#1d1812",
    },
)

CONTRAST_DARK = Theme(
    name="contrast-dark",
    primary="#ffc985",
    secondary="#b5e3bb",
    accent="#ffe08a",
    success="#b8e8a0",
    warning="#ffd875",
    error="#ffb8ad",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#141414",
    dark=True,
    variables={
        "text": "auto 100%",
        "text-muted": "auto 88%",
        "text-disabled": "auto 75%",
        "foreground-muted": "#e6e6e6",
        "foreground-disabled": "#c4c4c4",
        "border-blurred": "#b0b0b0",
        "block-cursor-background": "#ffc985",
        "block-cursor-foreground": "#000000",
        "block-cursor-blurred-background": "#333333",
        "button-color-foreground": "#000000",
        "input-selection-background": "#443422",
        "input-selection-foreground": "#ffffff",
        "screen-selection-background": "#443422",
        "screen-selection-foreground": "#ffffff",
    },
)

CONTRAST_LIGHT = Theme(
    name="contrast-light",
    primary="#552c00",
    secondary="#143d20",
    accent="#463500",
    success="#1b4200",
    warning="#4f3200",
    error="#750f06",
    foreground="#000000",
    background="#ffffff",
    surface="#ffffff",
    panel="#f0f0f0",
    dark=False,
    variables={
        "text": "auto 100%",
        "text-muted": "auto 88%",
        "text-disabled": "auto 75%",
        "foreground-muted": "#262626",
        "foreground-disabled": "#404040",
        "border-blurred": "#5c5c5c",
        "block-cursor-background": "#552c00",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-blurred-background": "#e0e0e0",
        "button-color-foreground": "#ffffff",
        "footer-key-foreground": "#552c00",
        "input-selection-background": "#dcc8a8",
        "input-selection-foreground": "#000000",
        "screen-selection-background": "#dcc8a8",
        "screen-selection-foreground": "#000000",
    },
)


def _ansi(
    name: str,
    *,
    dark: bool,
    line: str,
    warning: str,
    error: str,
    success: str,
    chosen: tuple[str, str],
) -> Theme:
    """A theme of the terminal's own 16 colours. `line` is for frames and headings, `chosen` the text and the background
    of what is chosen in a list: Textual drops "reverse" there."""
    swapped = {
        f"{where}-{part}": "ansi_default"
        for where in ("input-cursor", "input-selection", "screen-selection")
        for part in ("foreground", "background")
    }
    headings = {f"markdown-h{level}-color": line if level < 3 else "ansi_default" for level in range(1, 7)}
    return Theme(
        name=name,
        ansi=True,
        primary=line,
        secondary=line,
        accent=line,
        warning=warning,
        error=error,
        success=success,
        foreground="ansi_default",
        background="ansi_default",
        surface="ansi_default",
        panel="ansi_default",
        boost="ansi_default",
        dark=dark,
        variables={
            **swapped,
            **headings,
            "ansi-background": "ansi_default",
            "ansi-foreground": "ansi_default",
            "text-muted": "ansi_default",
            "text-disabled": "ansi_default",
            "foreground-muted": "ansi_default",
            "foreground-disabled": "ansi_default",
            "border": line,
            "border-blurred": "ansi_default",
            "block-cursor-foreground": chosen[0],
            "block-cursor-background": chosen[1],
            "block-cursor-text-style": "bold underline",
            "block-cursor-blurred-text-style": "underline",
            "input-cursor-text-style": "reverse",
            "link-color": line,
            "link-color-hover": "ansi_default",
            "link-background-hover": "ansi_default",
            "link-style-hover": "bold reverse",
            "footer-key-foreground": line,
        },
    )


ANSI_DARK = _ansi(
    "ansi-dark",
    dark=True,
    line="ansi_cyan",
    warning="ansi_bright_yellow",
    error="ansi_bright_red",
    success="ansi_bright_green",
    chosen=("ansi_black", "ansi_white"),
)
ANSI_LIGHT = _ansi(
    "ansi-light",
    dark=False,
    line="ansi_blue",
    warning="ansi_magenta",
    error="ansi_red",
    success="ansi_blue",
    chosen=("ansi_bright_white", "ansi_blue"),
)

THEMES: tuple[Theme, ...] = (DARK, LIGHT, CONTRAST_DARK, CONTRAST_LIGHT, ANSI_DARK, ANSI_LIGHT)

LOOKS = """
ModalScreen { background: $background; }
CommandPalette {
    background: transparent;
    & > .command-palette--help-text { text-style: not bold not dim; }
}
SearchIcon { color: $foreground; }
Input {
    & > .input--placeholder, & > .input--suggestion { color: $foreground-muted; text-style: none; }
    &:nocolor > .input--cursor, &:ansi > .input--cursor {
        color: ansi_default; background: ansi_default; text-style: reverse;
    }
    &:nocolor > .input--selection { text-style: reverse; }
}
TextArea {
    & .text-area--placeholder, & .text-area--suggestion { color: $foreground-muted; }
    & .text-area--cursor { color: $input-cursor-foreground; background: $input-cursor-background; }
}
Button:ansi.-style-flat { color: ansi_default; }
Screen:nocolor > .screen--selection, Screen:ansi > .screen--selection { text-style: reverse; }
MarkdownTableContent {
    keyline: thin $border-blurred;
    & > .header { color: $foreground; text-style: bold; }
}
MarkdownTable:light, MarkdownFence:light { background: $surface; }
MarkdownFence:dark { background: $surface; }
MarkdownFence, MarkdownFence:ansi { color: $foreground; }
"""
"""Where the widgets of Textual use shades that a theme cannot set, or show something by its colour alone."""


def fitting(chosen: str, colours: str | None, environ: Mapping[str, str] = os.environ) -> str:
    """The name of the theme for a setting; for "auto" the one that the terminal lets expect.

    `colours` is what Rich knows of the terminal: "truecolor", "256", "standard" (16), or None. With 16 colours our
    shades would all become a few harsh ones, so that the terminal's own are better. COLORFGBG ends with the number of
    the background among the 16 colours; most terminals do not set it. Nothing is asked of the terminal itself, because
    one that does not answer would have to be waited for.
    """
    if chosen != "auto":
        return chosen
    background = environ.get("COLORFGBG", "").split(";")[-1]
    shade = "light" if background.isdecimal() and (int(background) == 7 or 9 <= int(background) <= 15) else "dark"
    return f"ansi-{shade}" if colours in ("standard", None) else shade


def use_themes(app: App[Any], chosen: str, environ: Mapping[str, str] = os.environ) -> None:
    """Give the app our themes instead of Textual's, and set the one for the setting `chosen`.

    With NO_COLOR there are the ansi themes only, without their colours: what stands out does so by bold, underlined
    and reversed text.
    """
    name = fitting(chosen, app.console.color_system, environ)
    ours = THEMES
    if app.no_color:
        ours = (ANSI_DARK, ANSI_LIGHT)
        name = f"ansi-{name.rpartition('-')[2]}"
        app._filters[:] = map(_colourless, app._filters)
    for theme in ours:
        app.register_theme(theme)
    app.stylesheet.add_source(LOOKS, ("companion/tui/themes.py", "LOOKS"), is_default_css=False)
    app.theme = name
    for other in set(app.available_themes) - {theme.name for theme in ours}:
        app.unregister_theme(other)


def _colourless(of_textual: LineFilter) -> LineFilter:
    """Textual turns colours into greys, which are written as colours; NO_COLOR asks for none."""
    return NoColor() if isinstance(of_textual, Monochrome) else of_textual
