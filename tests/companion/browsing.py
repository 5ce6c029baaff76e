"""A browser's part: the page, its websocket, and what is seen in it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from companion.serving.door import Door, listen
from companion.serving.server import ChatServer

PATIENCE = 60.0
"""Seconds until a test gives up on something that never comes."""
CONTROLS = re.compile(rb"\x1b\[[0-9;:?<>=$ ]*[a-zA-Z]")
"""The sequences that place and colour what is drawn."""


class Tab:
    """A tab at the other end of a websocket."""

    def __init__(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        self._websocket = websocket
        self.drawn = b""
        self.asked: list[Any] = []
        """What the chat asked of the page: links, files."""

    @property
    def shown(self) -> str:
        """Everything that was ever drawn."""
        return CONTROLS.sub(b"", self.drawn).decode("utf-8", "replace")

    async def until(self, text: str) -> None:
        while text not in self.shown:
            assert await self._receive(), f"{text!r} never came; shown: {self.shown[-2000:]!r}"

    async def until_asked(self, times: int) -> list[Any]:
        while len(self.asked) < times:
            assert await self._receive(), f"asked no more than {self.asked}"
        return self.asked

    async def until_closed(self) -> None:
        while await self._receive():
            pass

    async def type(self, keys: str) -> None:
        await self.send("stdin", keys)

    async def say(self, text: str) -> None:
        """Paste a message, and send it once it is there."""
        await self.type(f"\x1b[200~{text}\x1b[201~")
        await self.until(text)
        await self.type("\r")

    async def send(self, *message: Any) -> None:
        await self._websocket.send_str(json.dumps(message))

    async def close(self) -> None:
        await self._websocket.close()

    async def _receive(self) -> bool:
        """Whether anything came."""
        message = await self._websocket.receive(timeout=PATIENCE)
        match message.type:
            case aiohttp.WSMsgType.BINARY:
                self.drawn += message.data
            case aiohttp.WSMsgType.TEXT:
                self.asked.append(message.json())
            case _:
                return False
        return True


class Browser:
    """Asks the server at this address; `token` and `headers` as given, or the right ones."""

    def __init__(self, address: str, session: aiohttp.ClientSession) -> None:
        self.origin, _, self.token = address.strip().partition("/?token=")
        self._session = session

    async def get(self, path: str, **headers: str) -> tuple[int, str, Any]:
        """Status, text and headers of the answer."""
        async with self._session.get(self.origin + path, headers=headers) as answer:
            return answer.status, await answer.text(errors="replace"), answer.headers

    async def page(self) -> str:
        status, text, _ = await self.get(f"/?token={self.token}")
        assert status == 200
        return text

    @asynccontextmanager
    async def tab(self, size: tuple[int, int] = (80, 24), **headers: str) -> AsyncIterator[Tab]:
        """A tab, connected as the page says, and closed at the end."""
        found = re.search('data-session-websocket-url="([^"]+)"', await self.page())
        assert found
        where = f"{found[1]}?width={size[0]}&height={size[1]}"
        async with self._session.ws_connect(where, headers={"Origin": self.origin, **headers}) as websocket:
            yield Tab(websocket)


@asynccontextmanager
async def serving(*arguments: str) -> AsyncIterator[tuple[ChatServer, Door, Browser]]:
    """A server in this process whose chat is this command."""
    listening, door = listen("127.0.0.1", 0)
    server, ended = ChatServer(arguments, door), asyncio.Event()
    running = asyncio.create_task(server.run(listening, ended))
    try:
        async with aiohttp.ClientSession() as session:
            yield server, door, Browser(door.address, session)
    finally:
        ended.set()
        await running


async def until(condition: Callable[[], object], what: str, shown: Callable[[], str] = str) -> None:
    """Lets everything else work until the condition holds. Raises AssertionError with the end of what was shown."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"it never happened: {what}\n{shown()[-2000:]}") from None
