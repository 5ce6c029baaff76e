"""The real program in a pseudo-terminal, as a person meets it."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any, Self

PATIENCE = 60.0
"""Seconds until a test gives up on a program that says nothing; none ever takes so long."""


SIZE = ("COLUMNS", "LINES")
"""What a shell, or a test runner's worker, says of its own window; a program believes it before the terminal."""


class Terminal:
    """A program with a terminal of its own. `shown` is everything that was on the screen."""

    def __init__(self, *arguments: str, **variables: str) -> None:
        self._screen, self._keyboard = os.openpty()
        self.before = self.attributes()
        self.shown = ""
        self._raw = b""
        self._read_up_to = 0
        self.process = subprocess.Popen(
            [sys.executable, "-m", "companion", *arguments],
            stdin=self._keyboard,
            stdout=self._keyboard,
            stderr=self._keyboard,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env={name: value for name, value in os.environ.items() if name not in SIZE} | variables,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.hang_up()

    def attributes(self) -> list[Any]:
        """How the terminal is set: echo, line mode, the keys with a meaning."""
        return termios.tcgetattr(self._keyboard)

    def type(self, keys: str) -> None:
        os.write(self._screen, keys.encode())

    def until(self, text: str) -> str:
        """Waits for `text` on the screen, after what was waited for before; returns what came up to it."""
        deadline = time.monotonic() + PATIENCE
        while (found := self.shown.find(text, self._read_up_to)) < 0:
            if not self._read(deadline - time.monotonic()):
                raise AssertionError(f"{text!r} never came. On the screen: {self.shown!r}")
        passed = self.shown[self._read_up_to : found]
        self._read_up_to = found + len(text)
        return passed

    def end(self) -> int:
        """Waits for the program to end by itself; its exit code."""
        ended = os.pidfd_open(self.process.pid)
        try:
            deadline = time.monotonic() + PATIENCE
            while not select.select([ended], [], [], 0)[0]:
                if not self._read(deadline - time.monotonic(), ended):
                    raise AssertionError(f"It does not end. On the screen: {self.shown!r}")
            while self._read(0):
                pass
            return self.process.wait()
        finally:
            os.close(ended)

    def hang_up(self) -> None:
        """The window is closed."""
        for descriptor in (self._keyboard, self._screen):
            if descriptor >= 0:
                os.close(descriptor)
        self._keyboard = self._screen = -1

    def engine_pid(self) -> int:
        """The model process."""
        for entry in Path("/proc").glob("[0-9]*/stat"):
            try:
                after_name = entry.read_text(errors="replace").rpartition(")")[2].split()
            except OSError:  # it has just ended
                continue
            if int(after_name[1]) == self.process.pid:
                return int(entry.parent.name)
        raise AssertionError("There is no model process.")

    def kill_engine(self) -> None:
        os.kill(self.engine_pid(), signal.SIGKILL)

    def _read(self, seconds: float, *others: int) -> bool:
        """Reads what is there; whether anything came, or any of `others` is ready."""
        ready, _, _ = select.select([self._screen, *others], [], [], max(0.0, seconds))
        if self._screen in ready:
            try:
                self._raw += os.read(self._screen, 65536)
            except OSError:  # nobody is at the other end any more
                return False
            self.shown = self._raw.decode("utf-8", "replace")
        return bool(ready)
