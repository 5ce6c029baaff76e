"""Reading ahead: while the person reads and types, the engine reads the next prompt up to where their words will go."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from companion.engine.protocol import Engine
from companion.errors import CompanionError
from planner.layouts import Message

POWER = Path("/sys/class/power_supply")


class ReadAhead:
    """At most one reading at a time, in a thread; whatever comes first ends it at once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._thread: threading.Thread | None = None
        self._unwanted = threading.Event()

    def start(self, prompt: Callable[[], list[Message]]) -> None:
        """Begin to read what `prompt` gives; it is called in the thread."""
        self.stop()
        self._unwanted.clear()
        self._thread = threading.Thread(target=self._read, args=(prompt,), name="read ahead", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End a reading that is going on; what it has read so far stays read."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._unwanted.set()
        while thread.is_alive():
            self._engine.cancel()  # again and again: a call forgets a cancel that came before it
            thread.join(0.01)

    def wait(self) -> None:
        """Until the reading is done."""
        if self._thread is not None:
            self._thread.join()

    def _read(self, prompt: Callable[[], list[Message]]) -> None:
        try:
            messages = prompt()
            if messages and not self._unwanted.is_set():
                self._engine.prefill(messages)
        except CompanionError:
            return  # the model's or the database's: the next reply meets it again, and says it


def battery(supplies: Path = POWER) -> int | None:
    """The charge in percent while the machine runs on battery; None where it does not, or does not say."""
    charges = []
    for supply in supplies.glob("*") if supplies.is_dir() else ():
        try:
            if (supply / "type").read_text().strip() != "Battery":
                continue
            if (supply / "status").read_text().strip() == "Discharging":
                charges.append(int((supply / "capacity").read_text()))
        except (OSError, ValueError):
            continue
    return min(charges, default=None)
