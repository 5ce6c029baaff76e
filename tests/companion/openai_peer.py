"""llama-cpp-python's own server, started for a test: a server that is not ours."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from companion.engine.address import Address


@dataclass(frozen=True)
class Peer:
    """Where it answers, and what it calls its model."""

    address: Address
    model: str


@contextmanager
def running(model: Path, context: int, chat_format: str | None = None) -> Iterator[Peer]:
    """The server with this model, once it answers; `chat_format` None is the template in the model's file."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "llama_cpp.server", "--model", str(model), "--model_alias", "tiny", "--n_ctx",
        str(context), "--port", str(port), "--host", "127.0.0.1", "--n_threads", "1",
        *(["--chat_format", chat_format] if chat_format else []),
    ]  # fmt: skip
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "GOMP_SPINCOUNT": "5000", "PYTHONPATH": ""},
    )
    try:
        assert process.stderr is not None
        _wait(process.stderr)
        yield Peer(Address.parse(f"http://127.0.0.1:{port}/v1"), "tiny")
    finally:
        process.kill()
        process.wait()


def _wait(said: IO[bytes]) -> None:
    """Until it says that it listens; what it says later is read too, so that it never waits for a reader."""
    before: list[bytes] = []
    for line in said:
        before.append(line)
        if b"Uvicorn running" in line:
            threading.Thread(target=said.read, daemon=True).start()
            return
    raise AssertionError(f"llama_cpp.server did not start: {b''.join(before)[-2000:].decode(errors='replace')}")
