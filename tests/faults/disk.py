"""A small disk of its own, that can be filled and made read-only, without touching those of the machine.

A shell in a mount namespace of its own holds a tmpfs, which is gone with it. Files there are reached through /proc;
programs are started inside, because SQLite resolves links, and that one leads elsewhere.
"""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import Self

WAYS = (
    (("unshare", "--mount"), ("--mount",)),
    (("unshare", "--user", "--map-root-user", "--mount"), ("--user", "--preserve-credentials", "--mount")),
)
"""Into a mount namespace: as root, and as anyone where the kernel allows it; and what of it others enter."""

PATIENCE = 20.0
"""Seconds that the last program may take to let go of the disk."""


class NoDisk(Exception):
    """This machine does not let us have one."""


class Disk:
    """A disk of `size` bytes, mounted over the folder `place` for what is started with `inside`. Raises NoDisk."""

    def __init__(self, place: Path, size: int) -> None:
        place.mkdir(parents=True)
        for way, entered in WAYS:
            try:
                self._shell = subprocess.Popen(
                    [*way, "sh"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
                )
            except OSError:
                continue
            if self._do(f"mount -t tmpfs -o size={size},mode=700 tmpfs '{place}'"):
                self.place = place
                self._ballast = Path(f"/proc/{self._shell.pid}/root{place}/ballast")
                there = ("sh", "-c", 'cd "$0" && exec "$@"', str(Path.cwd()))
                self.inside = ("nsenter", f"--target={self._shell.pid}", *entered, *there)
                return
            self.close()
        raise NoDisk

    def fill(self, left: int) -> None:
        """Until `left` bytes are free."""
        self._ballast.touch()
        with self._ballast.open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:  # full
                os.ftruncate(file.fileno(), max(0, file.tell() - left))

    def free(self) -> None:
        self._ballast.unlink(missing_ok=True)

    def may_be_written(self, yes: bool) -> None:
        """Raises TimeoutError where a program goes on writing there."""
        deadline = time.monotonic() + PATIENCE
        while not self._do(f"mount -o remount,{'rw' if yes else 'ro'} '{self.place}'"):
            if time.monotonic() > deadline:
                raise TimeoutError(f"something still writes to {self.place}")
            time.sleep(0.05)

    def close(self) -> None:
        self._shell.kill()
        self._shell.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _do(self, command: str) -> bool:
        assert self._shell.stdin
        assert self._shell.stdout
        try:
            self._shell.stdin.write(f"{command} && echo yes || echo no\n")
            self._shell.stdin.flush()
        except BrokenPipeError:
            return False
        return self._shell.stdout.readline() == "yes\n"
