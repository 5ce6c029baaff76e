"""The parent's end of the pipe: a child process, numbered requests to it, and its replies as they come.

A thread reads the replies, so neither side can wait for the other with a full pipe.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PACKAGE_ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {
    "GOMP_SPINCOUNT": "5000",  # OpenMP's default waiting makes decoding 7x slower beside one busy process
    "GGML_NO_BACKTRACE": "1",  # an assert would start a debugger
    "OPENBLAS_NUM_THREADS": "1",  # llama_cpp imports numpy, whose threads would take memory and do nothing
}
NO_REPLY = (ValueError, TypeError, RecursionError)
"""What reading something else than a reply raises."""
KINDS: dict[str, type | tuple[type, ...]] = {
    "text": str,
    "thought": str,
    "progress": (int, float),
    "read": int,
    "done": dict,
    "error": dict,
}
"""What a reply brings, of which there is one in each."""
LAST_SECONDS = 2.0  # that a child may take to end after it has closed its pipe

Reply = dict[str, Any]


class Call:
    """One request and its replies: the last has `done` or `error`, or is None when the child is gone."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.replies: queue.SimpleQueue[Reply | None] = queue.SimpleQueue()
        self.settled = threading.Event()

    def put(self, reply: Reply | None) -> None:
        self.replies.put(reply)
        if reply is None or "done" in reply or "error" in reply:
            self.settled.set()


def checked(reply: Any) -> Reply:
    """A line from the child, if it is a reply. Raises ValueError, or TypeError for what is no object."""
    kinds = [kind for kind in KINDS if kind in reply]
    if len(kinds) != 1 or not isinstance(reply[kinds[0]], KINDS[kinds[0]]) or not _is_count(reply.get("id")):
        raise ValueError("no reply of ours")
    if "read" in reply and not _is_count(reply.get("of")):
        raise ValueError("no progress of ours")
    return dict(reply)


def _is_count(value: object) -> bool:
    return type(value) is int


class Child:
    """A running worker. Its standard output and error go to the file descriptor `log`."""

    def __init__(self, command: Sequence[str], log: int) -> None:
        requests_out, requests_in = os.pipe()
        replies_out, replies_in = os.pipe()
        try:
            self._process = subprocess.Popen(
                [*command, str(requests_out), str(replies_in)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(requests_out, replies_in),
                start_new_session=True,  # Ctrl-C in the terminal is the parent's to handle
                cwd=PACKAGE_ROOT,  # where `python -m` finds this package, installed or not
                env={**ENVIRONMENT, **os.environ},
            )
        except OSError:
            os.close(requests_in)
            os.close(replies_out)
            raise
        finally:
            os.close(requests_out)
            os.close(replies_in)
        self._requests = os.fdopen(requests_in, "wb")
        self._writing = threading.Lock()
        self._calls: dict[int, Call] = {}
        self._state = threading.Lock()
        self._numbers = 0
        self._gone = False
        self._reader = threading.Thread(target=self._read, args=(replies_out,), name="engine replies", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return not self._gone

    @property
    def signal(self) -> int | None:
        """The signal that ended the child, if one did."""
        code = self._process.returncode
        return -code if code is not None and code < 0 else None

    @property
    def how_it_ended(self) -> str:
        return f"signal {self.signal}" if self.signal else f"exit status {self._process.returncode}"

    def open_call(self) -> Call:
        """A call that can be stopped from now on. A child that is gone answers it with None."""
        with self._state:
            self._numbers += 1
            call = Call(self._numbers)
            if self._gone:
                call.put(None)
            else:
                self._calls[call.number] = call
            return call

    def ask(self, call: Call, op: str, **fields: object) -> None:
        """Send the request of a call. Waits while a child that hangs does not read; `kill` ends the wait."""
        self._send({"op": op, "id": call.number, **fields})

    def stop(self, call: Call, patience: float) -> None:
        """Ask the child to abandon a call; kill it if it has not after `patience` seconds. Never waits."""

        def ask() -> None:
            self._send({"op": "cancel", "id": call.number})

        def insist() -> None:
            if not call.settled.wait(patience):
                self.kill()

        for work in (ask, insist):  # apart, because the pipe to a child that hangs may be full
            threading.Thread(target=work, name="engine stop", daemon=True).start()

    def kill(self) -> None:
        """The child holds nothing worth saving."""
        self._process.kill()

    def close(self) -> None:
        """Kill, and wait until everyone who waits for a reply knows."""
        self.kill()
        self._reader.join()
        with contextlib.suppress(BrokenPipeError):
            self._requests.close()

    def _send(self, request: dict[str, object]) -> None:
        # A child that is gone is reported by the reader, not here.
        with self._writing, contextlib.suppress(BrokenPipeError, ValueError):
            self._requests.write(json.dumps(request).encode() + b"\n")
            self._requests.flush()

    def _read(self, descriptor: int) -> None:
        # What is no reply (a last line cut off, a child gone mad) ends the reading, and the child with it.
        with os.fdopen(descriptor, "rb") as replies, contextlib.suppress(*NO_REPLY):
            for line in replies:
                reply = checked(json.loads(line))
                call = self._calls.get(reply["id"])
                if call is not None:
                    call.put(reply)
                    if call.settled.is_set():
                        del self._calls[call.number]
        try:
            self._process.wait(timeout=LAST_SECONDS)  # killed at once, it could not say how it ended
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with self._state:
            self._gone = True
            waiting = list(self._calls.values())
            self._calls.clear()
        for call in waiting:
            call.put(None)
