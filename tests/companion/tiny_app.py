"""A Textual app to serve: `python tiny_app.py NOTES` writes what happens to it into the file NOTES, a line each.

It does not end while there is a file NOTES.hold.
"""

from __future__ import annotations

import asyncio
import io
import signal
import sys
from pathlib import Path

from textual import events
from textual.app import App, ComposeResult
from textual.widgets import Input, Static


class TinyApp(App[None]):
    """Echoes what it is told."""

    def __init__(self, notes: Path) -> None:
        super().__init__()
        self._notes = notes

    def compose(self) -> ComposeResult:
        yield Static("ready", id="said", markup=False)
        yield Input(id="input")

    def on_mount(self) -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: self.run_worker(self._end()))
        self.query_one(Input).focus()
        self._note("started")

    def on_resize(self, event: events.Resize) -> None:
        self._note(f"{event.size.width} x {event.size.height}")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        match event.value:
            case "link":
                self.open_url("javascript:alert(1)")
                self.open_url("https://example.org/")
            case "file":
                self.deliver_text(io.StringIO("what is in it"), save_filename="a.txt")
            case "leave":
                self.exit()
            case said:
                self.query_one("#said", Static).update(f"heard {said}")

    async def _end(self) -> None:
        while self._notes.with_suffix(".hold").exists():
            await asyncio.sleep(0.005)
        self._note("saved")
        self.exit()

    def _note(self, line: str) -> None:
        with self._notes.open("a", encoding="utf-8") as notes:
            notes.write(f"{line}\n")


if __name__ == "__main__":
    TinyApp(Path(sys.argv[1])).run()
