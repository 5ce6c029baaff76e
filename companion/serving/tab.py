"""What is behind one tab of the browser: a chat process that draws into it and is read from it."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

from companion.text import clean

PATIENCE = 15.0
"""Seconds that a chat has to save and end; it takes 5 at most by itself."""
READY = b"__GANGLION__\n"
"""What Textual writes before the first packet."""
CLEAR = b"\x1b[?1049l\x1b[?1000l\x1b[?1003l\x1b[?25l\x1b[0m\x1b[2J\x1b[3J\x1b[H"
"""The conversation does not stay on the screen when the chat has ended."""
LARGEST = 1000
"""Columns or rows."""


class Tab(AppService):
    """One chat process. It ends with its tab as with a terminal window: by a signal, upon which it saves and ends."""

    def __init__(
        self, arguments: Sequence[str], websocket: web.WebSocketResponse, downloads: DownloadManager, token: str
    ) -> None:
        async def close() -> None:
            await websocket.close()

        super().__init__(
            f"exec {shlex.join(arguments)}",
            write_bytes=websocket.send_bytes,
            write_str=websocket.send_str,
            close=close,
            download_manager=downloads,
        )
        self._token = token
        self.ending = False

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        self._process = await asyncio.create_subprocess_shell(
            self.command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=self._build_environment(_within(width), _within(height)),
            start_new_session=True,  # Ctrl-C in the server's terminal is the server's to handle
        )
        self._stdin = self._process.stdin
        return self._process

    async def set_terminal_size(self, width: int, height: int) -> None:
        await super().set_terminal_size(_within(width), _within(height))

    async def run(self) -> None:
        """Shows what the chat draws until it ends; then clears the screen and closes the connection.

        A chat that could not start says why on standard error: that is shown, here and in the server's terminal.
        """
        process = self._process
        assert process is not None
        assert process.stdout is not None
        assert process.stderr is not None
        saying = asyncio.create_task(process.stderr.read())
        await self._draw(process.stdout)
        try:
            said = clean((await asyncio.wait_for(saying, PATIENCE)).decode("utf-8", "replace"))
            await asyncio.wait_for(process.wait(), PATIENCE)
        except TimeoutError:
            said = ""
            self._kill()
        if said:
            print(said.rstrip(), file=sys.stderr, flush=True)
        with suppress(ConnectionError):
            await self.remote_write_bytes(CLEAR + said.replace("\n", "\r\n").encode())
        await self.remote_close()

    async def _draw(self, drawn: asyncio.StreamReader) -> None:
        """Until the end of what is drawn. It is read also when nobody looks any more: else the chat could not end."""
        with suppress(asyncio.IncompleteReadError):
            while await drawn.readline() not in {READY, b""}:
                pass
            while True:
                kind, size = await drawn.readexactly(1), await drawn.readexactly(4)
                payload = await drawn.readexactly(int.from_bytes(size, "big"))
                with suppress(ConnectionError):
                    match kind:
                        case b"D":
                            await self.on_data(payload)
                        case b"M":
                            await self.on_meta(payload)
                        case b"P":
                            await self.on_packed(payload)

    async def on_meta(self, data: bytes) -> None:
        """What the chat asks of the page: to open a link, to take a file. That it ends is seen by its end."""
        asked: dict[str, Any] = json.loads(data)
        match asked["type"]:
            case "open_url" if urlsplit(asked["url"]).scheme in {"http", "https"}:
                where = {"url": asked["url"], "new_tab": True}  # in this one the chat would end
                await self.remote_write_str(json.dumps(["open_url", where]))
            case "deliver_file_start":
                await self._download_manager.create_download(
                    app_service=self,
                    delivery_key=asked["key"],
                    file_name=Path(asked["path"]).name,
                    open_method="download",
                    mime_type=asked["mime_type"] or "application/octet-stream",
                    encoding=asked["encoding"],
                    name=asked.get("name"),
                )
                await self.remote_write_str(json.dumps(["deliver_file_start", f"{asked['key']}?token={self._token}"]))
            case _:
                pass

    async def stop(self) -> None:
        """Ends the chat and waits until it has; kills it where it does not end in time."""
        if self._task is None:
            return
        if not self.ending:
            self.ending = True
            await self._download_manager.cancel_app_downloads(app_service_id=self.app_service_id)
            assert self._process is not None
            with suppress(ProcessLookupError):
                self._process.terminate()
        done, _ = await asyncio.wait({self._task}, timeout=PATIENCE)
        if not done:
            self._kill()
            await self._task

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)


def _within(cells: object) -> int:
    return min(max(1, cells), LARGEST) if isinstance(cells, int) else 80
