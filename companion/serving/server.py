"""The web server: the page, its websocket, downloads; each only for who has the token."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import NoReturn

from aiohttp import web
from textual_serve.server import Server, to_int

from companion.serving.door import Door
from companion.serving.page import HEADERS, SCRIPT, TITLE, content_policy, page
from companion.serving.tab import Tab

WRONG_HOST = "This chat answers only at the address that `companion serve` printed.\n"
WRONG_TOKEN = "This chat opens only with the token in the address that `companion serve` printed.\n"
WRONG_ORIGIN = "Only the page of this chat may connect to it.\n"
HEARTBEAT = 15.0
"""Seconds after which a browser that does not answer is taken for gone."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ChatServer(Server):
    """Serves one chat process a tab. `arguments` is the command line of the chat."""

    def __init__(self, arguments: Sequence[str], door: Door) -> None:
        super().__init__(command="", host=door.host, port=door.port, title=TITLE)
        self._arguments, self._door = tuple(arguments), door
        self.tabs: set[Tab] = set()
        """Those whose chat has not ended."""

    async def run(self, listening: socket.socket, ended: asyncio.Event) -> None:
        """Answer until `ended` is set; then end every chat."""
        runner = web.AppRunner(await self._make_app(), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.SockSite(runner, listening).start()
            await ended.wait()
        finally:
            await runner.cleanup()

    async def _make_app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard])
        app.add_routes(
            [
                web.get("/", self._page),
                web.get("/ws/{token}", self.handle_websocket),
                web.get("/download/{key}", self.handle_download),
                web.get("/static/page.js", self._script),
                web.static("/static", self.statics_path, show_index=False),
            ]
        )
        app.on_response_prepare.append(_add_headers)
        app.on_shutdown.append(self.on_shutdown)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not self._door.answers_to(request.host):
            _refuse(WRONG_HOST)
        if not request.path.startswith("/static/"):
            token = request.match_info.get("token") or request.query.get("token", "")
            if not self._door.is_opened_by(token):
                _refuse(WRONG_TOKEN)
        return await handler(request)

    async def _page(self, request: web.Request) -> web.Response:
        websocket = f"ws://{request.host}/ws/{self._door.token}"
        answer = web.Response(text=page(websocket, request.query.get("fontsize")), content_type="text/html")
        answer.headers["Content-Security-Policy"] = content_policy(request.host)
        return answer

    async def _script(self, request: web.Request) -> web.Response:
        return web.Response(text=SCRIPT, content_type="text/javascript")

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """A tab from its opening to its end."""
        if request.headers.get("Origin") != f"http://{request.host}":
            _refuse(WRONG_ORIGIN)
        websocket = web.WebSocketResponse(heartbeat=HEARTBEAT, compress=False)
        await websocket.prepare(request)
        # A page that is loaded again may go on with the session that the one before it is still saving.
        await asyncio.gather(*(tab.stop() for tab in self.tabs if tab.ending))
        tab = Tab(self._arguments, websocket, self.download_manager, self._door.token)
        await tab.start(to_int(request.query.get("width", ""), 80), to_int(request.query.get("height", ""), 24))
        self.tabs.add(tab)
        try:
            await self._process_messages(websocket, tab)
        except (AssertionError, AttributeError, LookupError, TypeError, ValueError):
            pass  # not what the page sends; the tab is closed
        finally:
            await tab.stop()
            self.tabs.discard(tab)
        return websocket

    async def on_shutdown(self, app: web.Application) -> None:
        """Every chat saves and ends."""
        await asyncio.gather(*(tab.stop() for tab in self.tabs))


def serve(server: ChatServer, listening: socket.socket) -> int:
    """Serve until a signal; returns the exit code: 0 after Ctrl-C, which is how it is ended."""
    quiet()
    told: list[int] = []

    async def until_told() -> None:
        ended = asyncio.Event()

        def end(number: int) -> None:
            told.append(number)
            ended.set()

        for number in SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, end, number)
        await server.run(listening, ended)

    asyncio.run(until_told())
    return 0 if told[0] == signal.SIGINT else 128 + told[0]


def quiet() -> None:
    """Nothing is logged: requests carry the token, and what goes wrong is said in sentences."""
    if not os.environ.get("COMPANION_DEBUG"):
        for name in ("aiohttp", "asyncio", "textual-serve"):
            logger = logging.getLogger(name)
            logger.propagate = False
            logger.handlers = [logging.NullHandler()]


def _refuse(sentence: str) -> NoReturn:
    raise web.HTTPForbidden(text=sentence)


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
