"""Waiting for the interface without sleeping by the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from textual.pilot import Pilot

PATIENCE = 10.0
"""Seconds after which a condition that does not come true is a failure."""


async def wait_until(pilot: Pilot[Any], condition: Callable[[], object], what: str = "") -> None:
    """Lets the interface work until the condition holds. Raises AssertionError with what is on the screen."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while not condition():
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"it never happened: {what or condition}\n{text_of(pilot)}")
        await pilot.pause(0.005)


def text_of(pilot: Pilot[Any]) -> str:
    """What is on the screen, line by line, without colours."""
    screen = pilot.app.screen
    lines = screen._compositor.render_strips(screen.size)
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in lines)
