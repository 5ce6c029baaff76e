"""How well what is on the screen can be read: contrast as WCAG 2.1 defines it (relative luminance, section 1.4.3)."""

from __future__ import annotations

from typing import Any

from rich.color import Color, ColorType
from textual.pilot import Pilot

SIGNS = "█·●○×▶▲▼›"
"""Counted like letters; borders and scroll bars are not."""


def hard_to_read(pilot: Pilot[Any]) -> list[str]:
    """Texts on the screen with less contrast than 4.5:1, in the contrast themes 7:1; colours that the terminal chooses
    are left out."""
    screen = pilot.app.screen
    enough = 7 if pilot.app.theme.startswith("contrast") else 4.5
    found = []
    for strip in screen._compositor.render_strips(screen.size):
        for segment in strip:
            style = segment.style
            if not any(each.isalnum() or each in SIGNS for each in segment.text):
                continue
            if style is None or style.color is None or style.bgcolor is None:
                continue
            if ColorType.TRUECOLOR is style.color.type is style.bgcolor.type:
                ratio = contrast(style.color, style.bgcolor)
                if ratio < enough:
                    found.append(f"{segment.text.strip()!r} {style.color.name} on {style.bgcolor.name}: {ratio:.2f}")
    return found


def contrast(one: Color, other: Color) -> float:
    """1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: Color) -> float:
    red, green, blue = (_linear(part / 255) for part in color.get_truecolor())
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
