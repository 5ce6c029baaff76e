"""How well everything on a screen can be read: the contrast of every piece of text with what is behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from rich.color import Color
from rich.style import Style
from textual.app import App
from textual.constants import DIM_FACTOR

RGB = tuple[float, float, float]


class Palette(NamedTuple):
    """The 16 colours of a terminal as 0xRRGGBB, and those of text and background where none is named."""

    name: str
    colours: tuple[int, ...]
    text: int
    background: int


# The defaults as they are listed in the sources of the Linux console (drivers/tty/vt) and of xterm (XTerm-col.ad).
VGA = (
    0x000000, 0xAA0000, 0x00AA00, 0xAA5500, 0x0000AA, 0xAA00AA, 0x00AAAA, 0xAAAAAA,
    0x555555, 0xFF5555, 0x55FF55, 0xFFFF55, 0x5555FF, 0xFF55FF, 0x55FFFF, 0xFFFFFF,
)  # fmt: skip
XTERM = (
    0x000000, 0xCD0000, 0x00CD00, 0xCDCD00, 0x0000EE, 0xCD00CD, 0x00CDCD, 0xE5E5E5,
    0x7F7F7F, 0xFF0000, 0x00FF00, 0xFFFF00, 0x5C5CFF, 0xFF00FF, 0x00FFFF, 0xFFFFFF,
)  # fmt: skip
DARK = (Palette("VGA on black", VGA, 0xAAAAAA, 0x000000), Palette("xterm on black", XTERM, 0xE5E5E5, 0x000000))
LIGHT = (Palette("VGA on white", VGA, 0x000000, 0xFFFFFF), Palette("xterm on white", XTERM, 0x000000, 0xFFFFFF))


@dataclass(frozen=True)
class Piece:
    """Some characters of one style."""

    text: str
    row: int
    column: int
    ratio: float
    """1 to 21; infinite where both colours are the terminal's own."""
    drawn: bool
    """Frames, bars and lines instead of words."""


def pieces(app: App[Any]) -> Iterator[Piece]:
    """Everything on the screen that is not blank. What no theme sets is taken from the usual palettes, the worst one
    counting: those on black for a dark ansi theme, on white for a light one, all for the other themes."""
    palettes = (DARK if app.current_theme.dark else LIGHT) if app.current_theme.ansi else DARK + LIGHT
    screen = app.screen
    for row, strip in enumerate(screen._compositor.render_strips(screen.size)):
        column = 0
        for segment in strip:
            if segment.text.strip():
                ratio = min(_ratio(segment.style or Style(), palette) for palette in palettes)
                yield Piece(segment.text.strip(), row, column, ratio, all(map(_drawing, segment.text.strip())))
            column += segment.cell_length


def worst(app: App[Any], *, drawn: bool = False) -> tuple[float, str]:
    """The lowest contrast on the screen and what has it: of words, or of what is drawn."""
    found = [
        (piece.ratio, f"{piece.text!r} at {piece.column},{piece.row}") for piece in pieces(app) if piece.drawn is drawn
    ]
    return min(found, default=(float("inf"), "nothing"))


def contrast(one: RGB, other: RGB) -> float:
    """WCAG 2.2, contrast ratio: (L1 + 0.05) / (L2 + 0.05), the lighter first. Channels from 0 to 255."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: RGB) -> float:
    """WCAG 2.2, relative luminance."""
    red, green, blue = (
        channel / 255 / 12.92 if channel / 255 <= 0.04045 else ((channel / 255 + 0.055) / 1.055) ** 2.4
        for channel in colour
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _ratio(style: Style, palette: Palette) -> float:
    own_text = style.color is None or style.color.is_default
    own_background = style.bgcolor is None or style.bgcolor.is_default
    if own_text and own_background and not style.dim:
        return float("inf")
    text = _rgb(style.color, palette, palette.text)
    background = _rgb(style.bgcolor, palette, palette.background)
    if style.dim:  # as textual.filter.dim_color; terminals differ
        text = tuple(b + (t - b) * DIM_FACTOR for t, b in zip(text, background, strict=True))  # type: ignore[assignment]  # three of them
    return contrast(text, background)  # which of the two is in front does not matter: reverse changes nothing


def _rgb(colour: Color | None, palette: Palette, default: int) -> RGB:
    if colour is not None and colour.triplet is not None:
        return colour.triplet
    if colour is not None and colour.number is not None and colour.number >= 16:
        return colour.get_truecolor()
    number = default if colour is None or colour.number is None else palette.colours[colour.number]
    return number >> 16, number >> 8 & 0xFF, number & 0xFF


def _drawing(character: str) -> bool:
    """Box drawing, block elements and legacy computing symbols."""
    return "\u2500" <= character <= "\u259f" or "\U0001fb00" <= character <= "\U0001fbff" or character.isspace()
