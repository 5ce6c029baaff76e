"""What the engine for servers costs beside the server: a token, a cancel, getting to know it.

    python benchmarks/server.py [--tokens 20000] [--repeats 7]

Against a server in a process of its own on this machine that says one word an event as fast as it can. Compared with
the HTTP library alone, which reads the same events and parses nothing.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import statistics
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from typing import Any

import httpx2

from companion.engine.address import Address
from companion.engine.openai import OpenAIEngine
from companion.engine.protocol import Message, Piece, Sampling

HELLO = [Message("user", "hello there")]
EVENT = b'data: {"choices": [{"index": 0, "delta": {"content": " word"}}]}\n\n'
END = b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "length"}]}\n\ndata: [DONE]\n\n'


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._json({"data": [{"id": "m", "max_model_len": 4096}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not body.get("stream"):
            choices = [{"index": i, "message": {"content": "a"}} for i in range(body.get("n", 1))]
            self._json({"choices": choices, "usage": {"prompt_tokens": 9}, "count": 9})
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        try:
            for _ in range(body["max_tokens"]):
                self.wfile.write(EVENT)
            self.wfile.write(END)
        except OSError:
            return

    def _json(self, answer: dict[str, Any]) -> None:
        data = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is written."""


def serve(told: Connection) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.send(server.server_port)
    server.serve_forever()


def engine_rate(engine: OpenAIEngine, tokens: int) -> float:
    started = time.perf_counter()
    said = sum(isinstance(part, Piece) for part in engine.stream(HELLO, Sampling(max_tokens=tokens)))
    assert said == tokens
    return tokens / (time.perf_counter() - started)


def library_rate(url: str, tokens: int) -> float:
    body = {"model": "m", "messages": [], "stream": True, "max_tokens": tokens}
    started = time.perf_counter()
    with httpx2.Client(trust_env=False) as client, client.stream("POST", url, json=body) as response:
        events = sum(1 for _ in httpx2.EventSource(response))
    assert events == tokens + 2
    return tokens / (time.perf_counter() - started)


def cancel_ms(engine: OpenAIEngine) -> float:
    stream = engine.stream(HELLO, Sampling(max_tokens=10**7))
    next(stream)
    started = time.perf_counter()
    engine.cancel()
    list(stream)
    return (time.perf_counter() - started) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=7)
    asked = parser.parse_args()
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    address = Address.parse(f"http://127.0.0.1:{ours.recv()}/v1")
    known, rates, plain, cancels = [], [], [], []
    for _ in range(asked.repeats):
        engine = OpenAIEngine(address, "m")
        known.append(engine.load().seconds * 1000)
        rates.append(engine_rate(engine, asked.tokens))
        plain.append(library_rate(f"{address.base}/chat/completions", asked.tokens))
        cancels.append(cancel_ms(engine))
        engine.close()
    process.kill()
    for name, values, unit in (
        ("getting to know the server", known, "ms"),
        ("`OpenAIEngine.stream`", rates, "tok/s"),
        ("httpx2 alone", plain, "events/s"),
        ("a cancel, until the call is over", cancels, "ms"),
    ):
        print(f"| {name} | {statistics.median(values):,.1f} {unit} | {min(values):,.1f}-{max(values):,.1f} |")


if __name__ == "__main__":
    main()
