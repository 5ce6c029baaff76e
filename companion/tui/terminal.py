"""The terminal where it does what Textual does not expect: it goes away, or the program was stopped and goes on."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

POP_KITTY_KEYS = "\x1b[<u"
"""Each start puts the keys that it wants on a stack of the terminal's, and the end takes only one from there."""


class Deaf:
    """A file whose reader may be gone: then what is written is lost, and nobody is told.

    The thread in which Textual writes would end with the first error; whoever writes next waits for it for ever.
    """

    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            self._file.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._file.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class LastingDriver(LinuxDriver):
    """Ends when its window is closed, and gives the terminal back as it was before the first start."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._file: Any = Deaf(self._file)

    def start_application_mode(self) -> None:
        """Also called for every SIGCONT. That comes after SIGTSTP, for which Textual has given the terminal back; after
        SIGSTOP, for which it has not; and when the window is closed."""
        if self.input_tty and not os.isatty(self.fileno):
            return
        before = None
        if self._key_thread is not None and self._key_thread.is_alive():
            before = self.attrs_before
            self.disable_input()
            self.write(POP_KITTY_KEYS)
            self.close()
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual's has no types
        self.attrs_before = before or self.attrs_before


def lasting(driver: type[Driver]) -> type[Driver]:
    """The driver to take where Textual would take this one."""
    return LastingDriver if driver is LinuxDriver else driver
