"""The chat in a real browser: a message is sent, a reply is seen."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from companion.store import Status
from tests.conftest import with_encoder

pytest.importorskip("textual_serve", reason="textual-serve is not installed")
pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")

from tests.companion.browsing import until
from tests.companion.chromium import CHROMIUM, window
from tests.companion.test_serve_program import COMPOSER, alive, below, served, turns

MINI = Path(__file__).parents[2] / "models" / "mini.gguf"

pytestmark = [
    pytest.mark.llama,
    with_encoder,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
    pytest.mark.skipif(not MINI.is_file(), reason="models/mini.gguf is not here"),
]


async def test_a_message_is_sent_a_reply_is_seen_and_closing_the_tab_ends_the_chat(tmp_path: Path) -> None:
    async with served("--candidates", "1") as (program, browser):
        async with window(tmp_path / "profile") as page:
            await page.open(browser.origin + f"/?token={browser.token}")
            await page.until(COMPOSER)
            await page.until_true("document.activeElement.className === 'xterm-helper-textarea'")
            await page.type("My sister moved away, and the flat is quiet.")
            await page.until("and the flat is quiet.")
            await page.press_enter()
            await until(lambda: len(turns()) == 2 and turns()[-1].status is Status.COMPLETE, "a reply")
            await page.until(" tokens ")
            assert " ".join(turns()[-1].text.split()[:3]) in await page.shown()
            picture = await page.screenshot()
            assert await page.evaluate("document.title") == "Terminal"
            assert await page.evaluate("getComputedStyle(document.querySelector('.ended')).display") == "none"
            assert page.complaints == []
            own = browser.origin.removeprefix("http")
            assert [url for url in page.asked if not url.startswith((f"http{own}/", f"ws{own}/ws/", "data:,"))] == []
            assert any(url.endswith("/static/fonts/RobotoMono-VariableFont_wght.ttf") for url in page.asked)
            started = below(program.process.pid)
        (tmp_path / "chat.png").write_bytes(picture)
        assert picture.startswith(b"\x89PNG")
        width, height = struct.unpack(">II", picture[16:24])
        assert width > 900
        assert height > 400
        await until(lambda: not alive(started), "the end of the chat")


async def test_when_the_chat_is_left_the_page_offers_another_one(tmp_path: Path) -> None:
    async with served("--candidates", "1") as (_, browser), window(tmp_path / "profile") as page:
        await page.open(browser.origin + f"/?token={browser.token}")
        await page.until(COMPOSER)
        await page.until_true("document.activeElement.className === 'xterm-helper-textarea'")
        await page.type("/quit")
        await page.until("/quit")
        await page.press_enter()
        await page.until_true("document.body.classList.contains('-closed')")
        assert await page.evaluate("document.activeElement.textContent") == "Start again"
        await page.press_enter()
        await page.until(COMPOSER)
