"""The requests of one engine to its server, one at a time; `cancel` from any thread. Errors leave it as sentences."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from companion.engine import server_failures
from companion.engine.address import Address
from companion.engine.chunks import DONE, Chunk, chunks
from companion.engine.exchange import BrokenOff, Exchange, Head, Unreachable, Wire
from companion.engine.protocol import ContextFull, EngineCancelled, EngineError

PATIENCE = 10.0
"""Seconds that are waited where a server asks for it; more is for the person to decide."""
TRIES = 3


class Link:
    """To one model of one server."""

    def __init__(self, address: Address, model: str, make_wire: Callable[[], Wire]) -> None:
        """`make_wire` is called with the first request."""
        self.address, self.model = address, model
        self.there: tuple[str, ...] = ()
        """The models of the server, once they are known."""
        self.context: int | None = None
        """Tokens that the model reads, once that is known."""
        self.known = False
        """Whether the server is the one that was got to know; after a failure it may come back as another."""
        self._make_wire = make_wire
        self._wire: Wire | None = None
        self._exchange: Exchange | None = None
        self._lock = threading.Lock()
        self._cancelled = threading.Event()
        self._closed = False

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def begin(self) -> None:
        """A new call: what an earlier one left over is let go of. Raises EngineError after `close`."""
        with self._lock:
            if self._closed:
                raise EngineError("The engine is closed.")
            self._cancelled.clear()
            exchange, self._exchange = self._exchange, None
        if exchange:
            exchange.stop()

    def cancel(self) -> None:
        with self._lock:
            self._cancelled.set()
            exchange = self._exchange
        if exchange:
            exchange.stop()

    def close(self) -> None:
        with self._lock:
            self._closed = True
        self.cancel()

    def ask(self, method: str, url: str, body: Mapping[str, Any] | None) -> tuple[Head, str]:
        """A request and its whole answer, good or not. Raises EngineCancelled, or EngineError."""
        with self.sensible():
            exchange = self._send(method, url, body)
            try:
                head, answer = exchange.head(), exchange.body()
            finally:
                exchange.stop()
        if self.cancelled:
            raise EngineCancelled
        return head, answer

    def replies(self, body: Mapping[str, Any], tokens: int) -> Iterator[Chunk]:
        """What the server says to a request for replies, whose prompt is about `tokens` long, as it comes.

        Raises EngineCancelled, or EngineError, also where it ends before the reply does.
        """
        exchange = self._good(body, tokens)
        begun = over = False
        try:
            with self.sensible(lambda: begun, tokens):
                for data in exchange.parts():
                    if self.cancelled:
                        raise EngineCancelled
                    if data.strip() == DONE:
                        over = True
                        break
                    for chunk in chunks(data):
                        if chunk.finish == "content_filter":
                            raise EngineError(f"{self.address.name} holds the rest of this reply back (its filter).")
                        begun, over = begun or bool(chunk.text), over or chunk.finish is not None
                        yield chunk
                if self.cancelled:
                    raise EngineCancelled
                if not over:
                    raise BrokenOff
        finally:
            exchange.stop()

    def refusal(self, head: Head, answer: str, tokens: int = 0) -> EngineError:
        """The sentence for an answer that is not good."""
        if head.status >= 500 and (full := self._too_long(tokens)):
            return full
        if head.status == 404:
            self.known = False
        return server_failures.of_answer(head, answer, self.address, self.model, self.there, tokens)

    @contextmanager
    def sensible(self, begun: Callable[[], bool] = lambda: False, tokens: int = 0) -> Iterator[None]:
        """Raises EngineCancelled, or the sentence for what goes wrong within."""
        try:
            yield
        except server_failures.FAULTS as fault:
            if self.cancelled:
                raise EngineCancelled from None
            if not begun() and (full := self._too_long(tokens)):
                raise full from None
            self.known = self.known and not isinstance(fault, Unreachable)
            raise server_failures.of_fault(fault, self.address, begun=begun()) from None

    def _too_long(self, tokens: int) -> ContextFull | None:
        """Some servers fail without a word where the prompt is longer than the context; the words are here."""
        return ContextFull(tokens, self.context) if self.context and tokens > self.context else None

    def _send(self, method: str, url: str, body: Mapping[str, Any] | None) -> Exchange:
        with self._lock:
            if self.cancelled:
                raise EngineCancelled
            if self._wire is None:
                self._wire = self._make_wire()
            self._exchange = Exchange(self._wire, method, url, body)
            return self._exchange

    def _good(self, body: Mapping[str, Any], tokens: int) -> Exchange:
        """The answer to a request for replies, which is good. A server that asks to wait a little is waited for."""
        for attempt in range(TRIES):
            with self.sensible(tokens=tokens):
                exchange = self._send("POST", f"{self.address.base}/chat/completions", body)
                head = exchange.head()
                if head.good:
                    return exchange
                answer = exchange.body()
            exchange.stop()
            wait = server_failures.seconds_to_wait(head.headers) if head.status == 429 else None
            if wait is None or wait > PATIENCE or attempt == TRIES - 1:
                raise self.refusal(head, answer, tokens)
            if self._cancelled.wait(wait):
                raise EngineCancelled
        raise AssertionError("unreachable")
