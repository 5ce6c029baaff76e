"""Programs under test: started, watched, killed. None is waited for longer than `DEADLINE`."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
DEADLINE = 60.0
"""Seconds after which a program that neither says anything nor ends counts as hanging; none ever needs so long."""
TRACES = ("Traceback (most recent call last)", "Exception in thread", "Exception ignored", "A fault in the program")
WORKER = b"companion.engine.worker"


class Program:
    """A running program. `facts` is what it has told on its descriptor; it gets that as its first argument."""

    def __init__(
        self,
        module: str,
        *arguments: str,
        home: Path,
        inside: Sequence[str] = (),
        tells: bool = False,
        **variables: str,
    ) -> None:
        """`inside` is a command that starts others where they see more than this process."""
        reading, writing = os.pipe()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COMPANION_")}
        environment |= {"COMPANION_HOME": str(home), "COMPANION_DEBUG": "1", "PYTHONFAULTHANDLER": "1", **variables}
        self.process = subprocess.Popen(
            [*inside, sys.executable, "-m", module, *([str(writing)] if tells else []), *arguments],
            cwd=REPOSITORY,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(writing,) if tells else (),
        )
        os.close(writing)
        self.out = self.err = b""
        self.facts: list[dict[str, Any]] = []
        self.ordered = 0
        self.hung = False
        self._changed = threading.Condition()
        assert self.process.stdout
        assert self.process.stderr
        self._readers = [
            threading.Thread(target=self._read, args=(descriptor, take), daemon=True)
            for descriptor, take in (
                (self.process.stdout.fileno(), self._take_out),
                (self.process.stderr.fileno(), self._take_err),
                (reading, self._take_fact),
            )
        ]
        for reader in self._readers:
            reader.start()

    # -- talking to it ------------------------------------------------------------------------------------------------

    def write(self, text: str) -> None:
        assert self.process.stdin
        try:
            self.process.stdin.write(text.encode())
            self.process.stdin.flush()
        except BrokenPipeError:  # it is gone, as it may be
            pass

    def order(self, **order: object) -> None:
        """A line for a talker."""
        self.ordered += 1
        self.write(json.dumps(order) + "\n")

    @property
    def idle(self) -> bool:
        """Whether a talker has done all that it was told."""
        return sum("did" in fact for fact in self.facts) >= self.ordered

    def signal(self, number: int) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)

    def children(self) -> list[int]:
        """Its model processes."""
        return [pid for pid in processes() if parent_of(pid) == self.process.pid and is_worker(pid)]

    # -- waiting for it -----------------------------------------------------------------------------------------------

    def until(self, condition: Callable[[], object], seconds: float = DEADLINE) -> bool:
        """Waits until it has written or told what is wanted, or has ended; whether that came."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while not condition():
                left = deadline - time.monotonic()
                if left <= 0 or (self.process.poll() is not None and not any(r.is_alive() for r in self._readers)):
                    return bool(condition())
                self._changed.wait(min(left, 0.5))
            return True

    def pause(self, seconds: float) -> None:
        """Lets it go on for so long, or until it ends."""
        self.until(lambda: False, seconds)

    def told(self, kind: str) -> Any:
        """The first such thing that it tells; None where it ends without."""
        self.until(lambda: any(kind in fact for fact in self.facts))
        return next((fact[kind] for fact in self.facts if kind in fact), None)

    def end(self) -> int:
        """The end of its input, and its exit code. One that does not end is made to say where it is, and killed."""
        assert self.process.stdin
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.hung = True
            self.process.send_signal(signal.SIGABRT)  # faulthandler writes where every thread is
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
        for reader in self._readers:
            reader.join(5)
        return self.process.wait()

    @property
    def traces(self) -> bool:
        """Whether it wrote something that no person should read."""
        text = self.err.decode("utf-8", "replace")
        return any(trace in text for trace in TRACES)

    # -- what comes from it -------------------------------------------------------------------------------------------

    def _read(self, descriptor: int, take: Callable[[bytes], None]) -> None:
        while part := os.read(descriptor, 65536):
            with self._changed:
                take(part)
                self._changed.notify_all()
        if take == self._take_fact:
            os.close(descriptor)
        with self._changed:
            self._changed.notify_all()

    def _take_out(self, part: bytes) -> None:
        self.out += part

    def _take_err(self, part: bytes) -> None:
        self.err += part

    _half = b""

    def _take_fact(self, part: bytes) -> None:
        *lines, self._half = (self._half + part).split(b"\n")
        self.facts += [json.loads(line) for line in lines]


def processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def parent_of(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[1])
    except OSError:  # it has just ended
        return 0


def is_worker(pid: int) -> bool:
    try:
        return WORKER in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def send(pids: Sequence[int], number: int) -> None:
    """A signal to model processes; those that have ended are passed over."""
    for pid in pids:
        if is_worker(pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


def outlived(pids: Sequence[int], seconds: float = 10.0) -> list[int]:
    """Of these model processes, those that do not end with their program."""
    deadline = time.monotonic() + seconds
    while (left := [pid for pid in pids if is_worker(pid)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left
