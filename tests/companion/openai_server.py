"""A server with an OpenAI-compatible interface that says what a test tells it, and fails on cue.

It speaks HTTP over a real socket. A token is a word, as with the scripted engine; what it has read of a prompt is kept,
and reported, as vLLM does.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

from companion.engine.address import Address

Json = dict[str, Any]
MODEL = "org/model"
DONE = "data: [DONE]\n\n"


@dataclass(frozen=True)
class Answer:
    """Instead of a reply: a status, headers, and a body that is sent as it is."""

    status: int
    body: str | Json = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Events:
    """A stream of these events, each a JSON object or raw text; then the connection ends."""

    events: Sequence[Json | str]
    hold: threading.Event | None = None
    """Waited for before the end, at most as long as the test's own patience."""


Say = Callable[[Json], "str | Answer | Events"]
"""Makes the reply to a request: what it is to say from its beginning, whatever was said already."""


@dataclass
class Ability:
    """What this server can do."""

    many: bool = True
    notes: bool = True
    extras: bool = True
    opens: Literal["flag", "plain"] | None = "flag"
    counts: Literal["messages", "template"] | None = "messages"
    usage: bool = True
    context: int = 4096
    models: Sequence[str] = (MODEL,)
    lists: bool = True
    key: str | None = None
    always_thinks: bool = False


class OpenAIServer:
    """Runs in a thread; `asked` are the requests for replies, after those by which it was got to know."""

    def __init__(self, say: Say, ability: Ability | None = None) -> None:
        self.ability = ability or Ability()
        self.say = say
        self.asked: list[Json] = []
        self.paths: list[str] = []
        self.headers: list[Mapping[str, str]] = []
        self.hang_ups = threading.Semaphore(0)
        """Released once for each reply that the other end did not wait for."""
        self._read: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server._get(self)

            def do_POST(self) -> None:
                server._post(self)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing is written."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}/v1"

    @property
    def address(self) -> Address:
        return Address.parse(self.url)

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    # -- what it answers ----------------------------------------------------------------------------------------------

    def _get(self, handler: BaseHTTPRequestHandler) -> None:
        self.paths.append(handler.path)
        self.headers.append(dict(handler.headers))
        if self._locked(handler):
            return
        if handler.path == "/v1/models" and self.ability.lists:
            rows = [{"id": name, "max_model_len": self.ability.context} for name in self.ability.models]
            _send(handler, Answer(200, {"object": "list", "data": rows}))
        else:
            _send(handler, Answer(404, {"detail": "Not Found"}))

    def _post(self, handler: BaseHTTPRequestHandler) -> None:
        self.paths.append(handler.path)
        self.headers.append(dict(handler.headers))
        body: Json = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        if self._locked(handler):
            return
        match handler.path, self.ability.counts:
            case "/v1/chat/completions", _:
                self._reply(handler, body)
            case "/tokenize", "messages":
                _send(handler, Answer(200, {"count": len(self._words(body)), "max_model_len": self.ability.context}))
            case "/tokenize", "template" if "content" in body:
                _send(handler, Answer(200, {"tokens": list(range(len(body["content"].split())))}))
            case "/apply-template", "template":
                _send(handler, Answer(200, {"prompt": " ".join(self._words(body))}))
            case _:
                _send(handler, Answer(404, {"detail": "Not Found"}))

    def _locked(self, handler: BaseHTTPRequestHandler) -> bool:
        if self.ability.key is None or handler.headers["Authorization"] == f"Bearer {self.ability.key}":
            return False
        message = f"Incorrect API key provided: {handler.headers['Authorization']}"
        _send(handler, Answer(401, {"error": {"message": message, "code": "invalid_api_key"}}))
        return True

    def _reply(self, handler: BaseHTTPRequestHandler, body: Json) -> None:
        refusal = self._refusal(body)
        if refusal:
            _send(handler, refusal)
            return
        words = self._words(body)
        if not body.get("stream"):  # it is being got to know
            count = body.get("n", 1) if self.ability.many else 1
            message = {"content": "", "reasoning_content": "a"} if self.ability.always_thinks else {"content": "a"}
            choices = [{"index": i, "message": message, "finish_reason": "length"} for i in range(count)]
            _send(handler, Answer(200, {"choices": choices, "usage": {"prompt_tokens": len(words)}}))
            return
        self.asked.append(body)
        said = self.say(body)
        if isinstance(said, Answer):
            _send(handler, said)
        elif isinstance(said, Events):
            self._stream(handler, iter(said.events))
            if said.hold:
                said.hold.wait(60)
            handler.close_connection = True
        else:
            self._stream(handler, self._events(body, said, words))

    def _refusal(self, body: Json) -> Answer | None:
        roles = [message["role"] for message in body["messages"]]
        ours = {"top_k", "min_p", "chat_template_kwargs", "continue_final_message"}
        if not self.ability.extras and ours & set(body):
            return Answer(400, {"error": {"message": "Unrecognized request argument", "type": "invalid_request_error"}})
        if not self.ability.notes and "system" in roles[1:]:
            return Answer(400, {"error": {"message": "System message must be first", "type": "BadRequestError"}})
        length = len(self._words(body))
        if length + body["max_tokens"] > self.ability.context and length > self.ability.context // 2:
            message = (
                f"This model's maximum context length is {self.ability.context} tokens. However, your request has "
                f"{length} input tokens."
            )
            return Answer(400, {"object": "error", "message": message, "type": "BadRequestError", "code": 400})
        return None

    def _words(self, body: Json) -> list[str]:
        """The prompt: a message is its role, its words and its end; a reply that is left open has no end."""
        words: list[str] = []
        for message in body["messages"]:
            words += [f"<{message['role']}>", *message["content"].split(), "</>"]
        if self._open(body):
            return words[:-1]
        return [*words, "<assistant>"]

    def _open(self, body: Json) -> bool:
        flagged = bool(body.get("continue_final_message"))
        able = self.ability.opens == "plain" or (self.ability.opens == "flag" and flagged)
        return able and body["messages"][-1]["role"] == "assistant"

    def _events(self, body: Json, said: str, words: list[str]) -> Iterator[Json | str]:
        """A chunk a word, for each of the replies in turn."""
        begun = body["messages"][-1]["content"] if self._open(body) else ""
        rest = said.removeprefix(begun)
        pieces = [word if i == 0 else f" {word}" for i, word in enumerate(rest.split(" "))] if rest else []
        limit = body["max_tokens"]
        count = body.get("n", 1) if self.ability.many else 1
        kept = 0
        while kept < min(len(self._read), len(words)) and self._read[kept] == words[kept]:
            kept += 1
        self._read = read = list(words)
        for position in range(min(len(pieces), limit)):
            read += pieces[position].split()  # before it is sent: who has it may hang up at once
            for index in range(count):
                yield {"choices": [{"index": index, "delta": {"content": pieces[position]}}]}
        finish = "length" if len(pieces) > limit else "stop"
        for index in range(count):
            yield {"choices": [{"index": index, "delta": {}, "finish_reason": finish}]}
        if self.ability.usage:
            yield {
                "choices": [],
                "usage": {
                    "prompt_tokens": len(words),
                    "completion_tokens": min(len(pieces), limit),
                    "prompt_tokens_details": {"cached_tokens": kept},
                },
            }
        yield DONE

    def _stream(self, handler: BaseHTTPRequestHandler, events: Iterator[Json | str]) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream; charset=utf-8")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        try:
            for event in events:
                text = event if isinstance(event, str) else f"data: {json.dumps(event)}\n\n"
                data = text.encode()
                handler.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            if isinstance(event, str) and event.startswith("data: [DONE]"):
                handler.wfile.write(b"0\r\n\r\n")
        except OSError:
            self.hang_ups.release()
            handler.close_connection = True


def delta(text: str = "", finish: str | None = None, **fields: str) -> Json:
    """A chunk of the only reply."""
    return {"choices": [{"index": 0, "delta": {"content": text, **fields}, "finish_reason": finish}]}


def _send(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    data = (answer.body if isinstance(answer.body, str) else json.dumps(answer.body)).encode()
    handler.send_response(answer.status)
    for name, value in {"Content-Type": "application/json", **answer.headers}.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)
