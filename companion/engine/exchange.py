"""One request to a server and its answer, in a thread of its own: whoever waits for it can be let go at once.

A thread, because a library waits in calls that nothing else can end: looking up a name, connecting, the seconds in
which a server reads a prompt. A connection for each request, so that closing it tells the server to stop.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from companion.engine.protocol import EngineError

if TYPE_CHECKING:
    import httpx2

CONNECT = 10.0  # seconds
SILENCE = 300.0  # seconds without a byte: a server without a graphics card reads a long prompt for minutes
LARGEST = 16_000_000  # bytes of one answer
INSTALL = '`pip install "companion-chat[server]"`'


class Unreachable(Exception):
    """There was no connection."""


class BrokenOff(Exception):
    """The connection ended before the answer did."""


class Silent(Exception):
    """Nothing came for too long; the argument is how many seconds, in words."""


class NoAnswer(Exception):
    """What came is no answer of such a server."""


@dataclass(frozen=True, slots=True)
class Head:
    """How the server answers; header names are in small letters."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        return self.status == 200


class Wire:
    """How requests travel: certificates are checked, nothing is sent on to elsewhere, no proxy is asked.

    A proxy from the environment would read along, also for addresses of this machine.
    """

    def __init__(self, key: str | None, *, secure: bool, connect: float = CONNECT, silence: float = SILENCE) -> None:
        """`key` goes with every request; `secure` where the server is spoken to by https.

        Raises EngineError where the library is not installed.
        """
        try:
            import httpx2
        except ImportError:
            raise EngineError(f"httpx2 is not installed, which talks to servers: install it with {INSTALL}.") from None
        self.silence = silence
        self.client = httpx2.Client(
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx2.Timeout(silence, connect=connect),
            limits=httpx2.Limits(max_keepalive_connections=0),
            follow_redirects=False,
            trust_env=False,
            verify=ssl.create_default_context() if secure else False,  # reading the certificates takes a moment
        )


class Exchange:
    """Sent when it is made. `parts` are what came, once `head` said that it is good; `body` is all of it."""

    def __init__(self, wire: Wire, method: str, url: str, body: Mapping[str, Any] | None = None) -> None:
        self._wire, self._method, self._url, self._body = wire, method, url, body
        self._arrived: queue.SimpleQueue[Head | str | Exception | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._stopped = False
        threading.Thread(target=self._run, name="server", daemon=True).start()

    def head(self) -> Head:
        """Waits for it. Raises Unreachable, BrokenOff, Silent, NoAnswer."""
        item = self._next()
        if not isinstance(item, Head):
            raise BrokenOff
        return item

    def parts(self) -> Iterator[str]:
        """The data of each server-sent event, or the whole of another answer. Ends early after `stop`. Raises as
        `head`."""
        while (item := self._next()) is not None:
            if isinstance(item, str):
                yield item

    def body(self) -> str:
        """The whole answer. Raises as `head`."""
        return "".join(self.parts())

    def stop(self) -> None:
        """Let go of it, from any thread: who waits goes on at once, and the connection is closed."""
        with self._lock:
            self._stopped = True
            open_socket = self._socket
        self._arrived.put(None)
        if open_socket is not None:
            _shut(open_socket)

    def _next(self) -> Head | str | None:
        item = self._arrived.get()
        if isinstance(item, Exception):
            raise item
        return item

    # -- in the thread ------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._exchange()
        except Exception as error:
            self._arrived.put(_meaning(error, self._wire))
        self._arrived.put(None)

    def _exchange(self) -> None:
        client = self._wire.client
        request = client.build_request(self._method, self._url, json=self._body, extensions={"trace": self._trace})
        response = client.send(request, stream=True)
        try:
            self._arrived.put(Head(response.status_code, {k.lower(): v for k, v in response.headers.items()}))
            for part in _events(response) if _is_stream(response) else _whole(response):
                if self._stopped:
                    return
                self._arrived.put(part)
        finally:
            with self._lock:
                self._socket = None  # before it is closed: its number may be another's afterwards
            response.close()

    def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        """The only place where the library shows its socket before the server has answered."""
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            with self._lock:
                self._socket = info["return_value"].get_extra_info("socket")
                stopped = self._stopped
            if stopped and self._socket is not None:
                _shut(self._socket)


def _is_stream(response: httpx2.Response) -> bool:
    return response.headers.get("content-type", "").startswith("text/event-stream")


def _events(response: httpx2.Response) -> Iterator[str]:
    import httpx2

    size = 0
    for event in httpx2.EventSource(response, LARGEST):
        size += len(event.data)
        if size > LARGEST:
            raise NoAnswer("too long")
        if event.data:
            yield event.data


def _whole(response: httpx2.Response) -> Iterator[str]:
    found = bytearray()
    for part in response.iter_bytes():
        found += part
        if len(found) > LARGEST:
            raise NoAnswer("too long")
    yield found.decode("utf-8", "replace")


def _shut(open_socket: socket.socket) -> None:
    """Closing alone would not wake a thread that waits for data; beneath TLS, whose state is that thread's."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(open_socket, socket.SHUT_RDWR)


def _meaning(error: Exception, wire: Wire) -> Exception:
    import httpx2

    match error:
        case httpx2.ConnectError() | httpx2.ConnectTimeout():
            return Unreachable(_reason(error))
        case httpx2.ReadTimeout() | httpx2.WriteTimeout():
            return Silent(f"{wire.silence:,.0f}")
        case httpx2.RemoteProtocolError() | httpx2.ReadError() | httpx2.WriteError() | httpx2.CloseError():
            return BrokenOff()
        case NoAnswer():
            return error
        case _:
            return NoAnswer(type(error).__name__)


def _reason(error: Exception) -> str:
    """Why there was no connection, in words; certificates are the one cause that a person has to look into."""
    text = str(error)
    if isinstance(error.__cause__, ssl.SSLError) or "CERTIFICATE" in text or "SSL" in text:
        return "its certificate cannot be verified" if "CERTIFICATE" in text else "it does not speak TLS"
    if "refused" in text:
        return "the connection was refused"
    if "imed out" in text:
        return "it did not answer in time"
    if "Name or service" in text or "resolve" in text or "name resolution" in text:
        return "its name is not known"
    return "there is no way to it"
