"""The child's ear: requests arrive in a thread of their own, so that the library can be stopped at work."""

from __future__ import annotations

import ctypes
import json
import os
import queue
import threading
from typing import Any


class StopFlag:
    """A flag that the library polls while it computes, without running Python: its callback is C's `strlen`.

    The flag is a C string that is empty, or not. A Python callback would cost the smallest models several
    percent.
    """

    def __init__(self) -> None:
        self._text = ctypes.create_string_buffer(2)
        self.function = ctypes.CDLL(None).strlen
        self.argument = ctypes.cast(self._text, ctypes.c_void_p)

    @property
    def raised(self) -> bool:
        return self._text[0] != b"\0"

    def set(self, stop: bool) -> None:
        self._text[0] = b"\1" if stop else b"\0"


class Inbox:
    """Requests in the order they came; `stop` is raised while the current one is to be abandoned.

    The end of the pipe is the end of the parent, however it ended, and ends this process at once: there is
    nothing to save. Linux's parent-death signal was rejected, because it is sent when the *thread* that
    started the child ends.
    """

    def __init__(self, descriptor: int) -> None:
        self.stop = StopFlag()
        self._pipe = os.fdopen(descriptor, "rb")
        self._requests: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._current = self._cancelled = -1
        threading.Thread(target=self._listen, name="inbox", daemon=True).start()

    def next(self) -> dict[str, Any]:
        """Waits for the next request and makes it the current one."""
        request = self._requests.get()
        with self._lock:
            self._current = request["id"]
            self.stop.set(self._current == self._cancelled)
        return request

    def _listen(self) -> None:
        try:
            for line in self._pipe:
                request = json.loads(line)
                if request["op"] == "cancel":
                    self._cancel(request["id"])
                else:
                    self._requests.put(request)
        finally:  # also for what is no request: without its ear this process would wait for ever
            os._exit(0)

    def _cancel(self, number: int) -> None:
        with self._lock:
            self._cancelled = number
            if number == self._current:
                self.stop.set(True)
