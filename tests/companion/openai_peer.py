"""Servers that are not ours, started for a test: llama.cpp's own llama-server, and that of llama-cpp-python."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from companion.engine.address import Address

MODEL = "tiny"

LLAMA_SERVER = """
import sys, threading
import xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.n_ctx, params.port = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
params.model_alias = {sys.argv[4]}
params.hostnames, params.chat_template, params.use_jinja = ["127.0.0.1"], "chatml", True
params.n_parallel, params.kv_unified, params.cpuparams.n_threads = 4, True, 1
params.warmup, params.no_extra_bufts = False, True
server = xllamacpp.Server(params)
print("It listens:", server.listening_address, file=sys.stderr, flush=True)
threading.Event().wait()
"""


@dataclass(frozen=True)
class Peer:
    """Where it answers, and what it calls its model."""

    address: Address
    model: str


def llama_server(model: Path, context: int) -> Iterator[Peer]:
    """llama-server as xllamacpp packs it, for four replies at once."""
    port = _free_port()
    return _running(
        [sys.executable, "-c", LLAMA_SERVER, str(model), str(context), str(port), MODEL], port, "It listens"
    )


def llama_cpp_python(model: Path, context: int, chat_format: str | None = None) -> Iterator[Peer]:
    """llama-cpp-python's server, for one reply at a time; `chat_format` None is the template in the model's file."""
    port = _free_port()
    command = [
        sys.executable, "-m", "llama_cpp.server", "--model", str(model), "--model_alias", MODEL, "--n_ctx",
        str(context), "--port", str(port), "--host", "127.0.0.1", "--n_threads", "1",
        *(["--chat_format", chat_format] if chat_format else []),
    ]  # fmt: skip
    return _running(command, port, "Uvicorn running")


def _running(command: Sequence[str], port: int, ready: str) -> Iterator[Peer]:
    environment = {**os.environ, "GOMP_SPINCOUNT": "5000", "PYTHONPATH": ""}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
    try:
        assert process.stderr is not None
        _wait(process.stderr, ready.encode())
        yield Peer(Address.parse(f"http://127.0.0.1:{port}/v1"), MODEL)
    finally:
        process.kill()
        process.wait()


def _wait(said: IO[bytes], ready: bytes) -> None:
    """Until it says that it listens; what it says later is read too, so that it never waits for a reader."""
    before: list[bytes] = []
    for line in said:
        before.append(line)
        if ready in line:
            threading.Thread(target=said.read, daemon=True).start()
            return
    raise AssertionError(f"The server did not start: {b''.join(before)[-2000:].decode(errors='replace')}")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
