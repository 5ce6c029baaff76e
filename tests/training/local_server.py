"""A server on this machine that answers as a test tells it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

Answer = tuple[int, bytes]
"""Status and body."""


@dataclass
class LocalServer:
    """What was asked, and how to answer. `cut` announces more bytes than are sent; `slow` is a pause before
    each byte, in seconds."""

    answer: Callable[[Any], Answer]
    cut: int = 0
    slow: float = 0.0
    asked: list[Any] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(
    answer: Callable[[Any], Answer], *, cut: int = 0, slow: float = 0.0, port: int = 0
) -> Iterator[LocalServer]:
    """The server, until the end of the block; then its port refuses connections. Any port, unless one is named."""
    local, ended = LocalServer(answer, cut, slow), Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            self._reply(json.loads(self.rfile.read(length) or b"null"))

        def do_GET(self) -> None:
            self._reply(self.path)

        def _reply(self, asked: Any) -> None:
            local.asked.append(asked)
            status, body = local.answer(asked)
            self.send_response(status)
            self.send_header("content-length", str(len(body) + local.cut))
            self.end_headers()
            for piece in [body] if not local.slow else [body[i : i + 1] for i in range(len(body))]:
                ended.wait(local.slow)
                with suppress(ConnectionError):  # nobody waits any more
                    self.wfile.write(piece)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    local.url = f"http://127.0.0.1:{server.server_address[1]}/"
    try:
        yield local
    finally:
        ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
