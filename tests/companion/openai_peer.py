"""llama-cpp-python's own server, started for a test: a server that is not ours."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from companion.engine.address import Address

PATIENCE = 60.0


@dataclass(frozen=True)
class Peer:
    """Where it answers, and what it calls its model."""

    address: Address
    model: str


@contextmanager
def running(model: Path, log: Path, context: int) -> Iterator[Peer]:
    """The server with this model, once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "llama_cpp.server", "--model", str(model), "--model_alias", "tiny", "--n_ctx",
        str(context), "--port", str(port), "--host", "127.0.0.1", "--chat_format", "chatml", "--n_threads", "1",
    ]  # fmt: skip
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, env={**os.environ, "GOMP_SPINCOUNT": "5000", "PYTHONPATH": ""}
        )
    try:
        _wait(process, f"http://127.0.0.1:{port}/v1/models", log)
        yield Peer(Address.parse(f"http://127.0.0.1:{port}/v1"), "tiny")
    finally:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < until:
        try:
            urllib.request.urlopen(url, timeout=PATIENCE).close()
            return
        except OSError:
            time.sleep(0.05)  # there is nothing to wait on: it says nowhere that it is there
    raise AssertionError(f"llama_cpp.server did not start: {log.read_text(errors='replace')[-2000:]}")
