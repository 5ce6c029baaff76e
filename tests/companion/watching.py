"""What a program does outside itself: the network it reaches for, the files it touches."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

NETWORK = ("socket.connect", "socket.getaddrinfo", "socket.gethostby", "socket.sendto", "socket.sendmsg", "urllib.")
"""Audit events of Python that mean that somebody else is asked for something, by how they begin."""

SITE = f"""
import os, sys
def _note(event, arguments):
    if event.startswith({NETWORK!r}):
        with open(os.environ["NETWORK_LOG"], "a") as log:
            log.write(f"{{event}} {{arguments[1:]!r}}\\n")
        raise OSError("There is no network in this test.")
sys.addaudithook(_note)
with open(os.environ["NETWORK_LOG"] + ".started", "a") as log:
    log.write(" ".join(sys.orig_argv[1:4]) + "\\n")
"""

_WRITES = re.compile(r"O_(WRONLY|RDWR|CREAT|TRUNC|APPEND)")
_NAMED = re.compile(r"^(?:\d+\s+)?(\w+)\((.*)\)\s+=\s+(\S+)", re.DOTALL)
_PATH = re.compile(r'"((?:[^"\\]|\\.)*)"')


@dataclass
class Watched:
    """Python programs that are started with `variables` (and those that they start) have no network, and tell."""

    folder: Path

    @property
    def variables(self) -> dict[str, str]:
        site = self.folder / "site"
        site.mkdir(exist_ok=True)
        (site / "sitecustomize.py").write_text(SITE)
        return {"PYTHONPATH": str(site), "NETWORK_LOG": str(self.folder / "network.log")}

    @property
    def tried(self) -> list[str]:
        """What of the network was reached for."""
        log = self.folder / "network.log"
        return log.read_text().splitlines() if log.exists() else []

    @property
    def programs(self) -> list[str]:
        """The beginnings of the command lines of the programs that were watched."""
        return (self.folder / "network.log.started").read_text().splitlines()


class Folders:
    """Watches folders (and the folders in them) with inotify: every file that is made, written, moved or removed."""

    CHANGES = 0x2 | 0x8 | 0x40 | 0x80 | 0x100 | 0x200  # modify, close after writing, moved from, to, create, delete

    def __init__(self, *folders: Path) -> None:
        self._library = ctypes.CDLL(None, use_errno=True)
        self._handle = self._library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        assert self._handle >= 0, os.strerror(ctypes.get_errno())
        self._names: dict[int, Path] = {}
        for folder in folders:
            for place in (folder, *(each for each in folder.rglob("*") if each.is_dir())):
                watch = self._library.inotify_add_watch(self._handle, os.fsencode(place), self.CHANGES)
                assert watch >= 0, place
                self._names[watch] = place

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._handle)

    def changes(self) -> list[str]:
        """What has happened since the beginning, or since the last call."""
        found = []
        try:
            while events := os.read(self._handle, 1 << 16):
                while events:
                    watch, mask, _, length = struct.unpack_from("iIII", events)
                    name = events[16 : 16 + length].rstrip(b"\0").decode()
                    found.append(f"{self._names.get(watch, '?')}/{name} {mask:#x}")
                    events = events[16 + length :]
        except BlockingIOError:
            return found
        return found


def traced(command: list[str], folder: Path, *, typed: str = "") -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Runs a program under strace; gives what it did and the calls (its children's too) that change a file or reach
    for the network."""
    log = folder / "strace.log"
    calls = "open,openat,openat2,creat,mkdir,mkdirat,mknod,mknodat,rename,renameat,renameat2,link,linkat,symlink"
    calls += ",symlinkat,unlink,unlinkat,truncate,connect,sendto,memfd_create"
    ran = subprocess.run(
        ["strace", "-f", "-qq", "-s", "4096", "-e", f"trace={calls}", "-o", str(log), *command],
        input=typed,
        text=True,
        capture_output=True,
    )
    return ran, [line for line in log.read_text(errors="replace").splitlines() if changes_something(line)]


def changes_something(line: str) -> bool:
    """Whether a line of strace is a call that succeeded and changed a file, or any that reached for the network."""
    found = _NAMED.match(line)
    if not found:
        return "connect(" in line or "sendto(" in line
    call, arguments, result = found.groups()
    if call in {"connect", "sendto"}:
        return True
    if result.startswith("-") or call == "memfd_create":
        return False
    path = _PATH.search(arguments)
    if path and path.group(1).startswith(("/dev/", "/proc/")) and not path.group(1).startswith("/dev/shm/"):
        return False
    return bool(_WRITES.search(arguments)) if call.startswith("open") else True


def can_trace() -> bool:
    """Whether strace is here and may be used."""
    if not shutil.which("strace"):
        return False
    return subprocess.run(["strace", "-qq", "-o", os.devnull, "true"], capture_output=True).returncode == 0


def companion(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "companion", *arguments]
