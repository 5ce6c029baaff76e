"""The real program with the whole terminal to itself, and what stands on the screen at any moment."""

from __future__ import annotations

import codecs
import fcntl
import re
import struct
import termios
import time
from collections.abc import Callable

import pyte

from tests.companion.terminal import PATIENCE, Terminal

MODE = re.compile(r"\x1b\[\?([\d;]+)([hl])")
MODES = {
    1049: "the alternate screen", 1000: "mouse buttons", 1002: "mouse drags", 1003: "mouse moves",
    1004: "reports of focus", 1006: "mouse reports", 1015: "mouse reports", 1016: "mouse reports in pixels",
    2004: "bracketed paste", 2026: "synchronised output", 2048: "reports of size",
}  # fmt: skip
"""What a program switches on and has to switch off again (DECSET)."""
KITTY = re.compile(r"\x1b\[([<>])\d*u")
"""The kitty keyboard protocol: > puts flags on a stack, < takes them from there. The emulator knows neither."""


class FullScreen(Terminal):
    """A terminal of `size` columns and rows that draws what the program writes."""

    def __init__(self, *arguments: str, size: tuple[int, int] = (100, 30), **variables: str) -> None:
        self._drawn = pyte.Screen(*size)
        self._stream = pyte.Stream(self._drawn)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._fed = 0
        colours = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        super().__init__(*arguments, **(colours | variables))
        self._set_size(*size)

    @property
    def lines(self) -> list[str]:
        """What stands on the screen now."""
        return [line.rstrip() for line in self._drawn.display]

    def sees(self, text: str, *, gone: bool = False) -> None:
        """Waits until `text` stands on the screen, or does not any more."""
        self.until_screen(lambda shown: (text in shown) is not gone, f"{text!r}{' gone' if gone else ''}")

    def until_screen(self, condition: Callable[[str], object], what: str) -> None:
        """Waits until the condition holds of what stands on the screen."""
        deadline = time.monotonic() + PATIENCE
        while not condition("\n".join(self.lines)):
            if not self._read(deadline - time.monotonic()):
                raise AssertionError("\n".join([f"It never stood on the screen: {what}. There is:", *self.lines]))

    def resize(self, columns: int, rows: int) -> None:
        """The window gets another size, and the program is told (SIGWINCH, by the kernel): twice, as one drags it."""
        for width in (columns - 1, columns):
            while self._read(0):
                pass
            self._drawn.resize(rows, width)
            self._set_size(width, rows)

    def left_on(self) -> list[str]:
        """What the program has switched on and not off again."""
        last = {int(number): state for numbers, state in MODE.findall(self.shown) for number in numbers.split(";")}
        left = [name for number, name in MODES.items() if last.get(number) == "h"]
        if last.get(25) == "l":
            left.append("a hidden cursor")
        signs = KITTY.findall(self.shown)
        if signs.count(">") > signs.count("<"):
            left.append("kitty keys")
        return left

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._screen, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self, seconds: float, *others: int) -> bool:
        came = super()._read(seconds, *others)
        fresh = self._decoder.decode(self._raw[self._fed :])
        self._fed = len(self._raw)
        self._stream.feed(KITTY.sub("", fresh))
        return came
