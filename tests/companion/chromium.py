"""Headless Chromium, driven by its own protocol (Chrome DevTools Protocol) over a websocket."""

from __future__ import annotations

import asyncio
import base64
import itertools
import shutil
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tests.companion.browsing import PATIENCE, until

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
OPTIONS = (
    "--headless=new", "--no-sandbox", "--remote-debugging-port=0", "--no-first-run", "--no-default-browser-check",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
    "--disable-gpu", "--mute-audio", "--hide-scrollbars", "--force-device-scale-factor=1",
)  # fmt: skip

CATCH_TERMINAL = """
Object.defineProperty(Object.prototype, "_terminal", {
  configurable: true,
  set(value) {
    window.caught = value;
    Object.defineProperty(this, "_terminal", { value, writable: true, configurable: true });
  },
});
"""
"""xterm.js keeps its terminal to itself; its add-ons are given it as `_terminal`."""
LINES = """
const { active } = window.caught.buffer;
const line = (_, row) => active.getLine(row)?.translateToString(true) ?? "";
return Array.from({ length: window.caught.rows }, line).join("\\n");
"""


class Window:
    """A tab of it. `asked` are the addresses that it has asked for."""

    def __init__(self, protocol: aiohttp.ClientWebSocketResponse) -> None:
        self._protocol = protocol
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self.asked: list[str] = []
        self.complaints: list[str] = []
        """What the page wrote to its console as errors."""

    async def tell(self, method: str, **parameters: Any) -> Any:
        number = next(self._numbers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        await self._protocol.send_json({"id": number, "method": method, "params": parameters})
        return await asyncio.wait_for(self._answers[number], PATIENCE)

    async def open(self, address: str) -> None:
        for domain in ("Page", "Network", "Runtime", "Log"):
            await self.tell(f"{domain}.enable")
        await self.tell("Page.addScriptToEvaluateOnNewDocument", source=CATCH_TERMINAL)
        await self.tell("Page.navigate", url=address)

    async def shown(self) -> str:
        """What is in the terminal, line by line; nothing where there is none yet."""
        return await self.evaluate(f"window.caught ? (() => {{ {LINES} }})() : ''") or ""

    async def until(self, text: str) -> None:
        """Until this is in the terminal, in one line."""
        deadline = time.monotonic() + PATIENCE
        while text not in (shown := await self.shown()):
            assert time.monotonic() < deadline, f"{text!r} never came; in the terminal:\n{shown}"

    async def evaluate(self, expression: str) -> Any:
        return (await self.tell("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True))[
            "result"
        ].get("value")

    async def until_true(self, expression: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not await self.evaluate(expression):
            assert time.monotonic() < deadline, f"it never was: {expression}"

    async def type(self, text: str) -> None:
        await self.tell("Input.insertText", text=text)

    async def press_enter(self) -> None:
        key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"}
        await self.tell("Input.dispatchKeyEvent", type="keyDown", **key)
        await self.tell("Input.dispatchKeyEvent", type="keyUp", **key)

    async def screenshot(self) -> bytes:
        """A PNG."""
        return base64.b64decode((await self.tell("Page.captureScreenshot", format="png"))["data"])

    async def listen(self) -> None:
        async for message in self._protocol:
            what = message.json()
            if "id" in what:
                self._answers.pop(what["id"]).set_result(what.get("result", what))
                continue
            match what["method"], what["params"]:
                case "Network.requestWillBeSent", {"request": {"url": url}}:
                    self.asked.append(url)
                case "Network.webSocketCreated", {"url": url}:
                    self.asked.append(url)
                case "Log.entryAdded", {"entry": {"level": "error", "text": text}}:
                    self.complaints.append(text)
                case "Runtime.exceptionThrown", {"exceptionDetails": details}:
                    self.complaints.append(str(details))


@asynccontextmanager
async def window(folder: Path, size: tuple[int, int] = (1000, 640)) -> AsyncIterator[Window]:
    """A new browser with one tab of this many pixels; `folder` is for its profile."""
    assert CHROMIUM
    command = [CHROMIUM, *OPTIONS, f"--user-data-dir={folder}", f"--window-size={size[0]},{size[1]}", "about:blank"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        port = folder / "DevToolsActivePort"
        await until(lambda: port.exists() and "\n" in port.read_text(), "a browser")
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port.read_text().split()[0]}/json") as answer:
                where = next(each["webSocketDebuggerUrl"] for each in await answer.json() if each["type"] == "page")
            async with session.ws_connect(where, max_msg_size=0) as protocol:
                tab = Window(protocol)
                listening = asyncio.create_task(tab.listen())
                try:
                    yield tab
                finally:
                    listening.cancel()
    finally:
        process.terminate()
        process.wait()
