"""`companion serve` as a person starts it: the real program, and a client that plays the browser's part."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import pytest

from companion import paths
from companion.cli.serve import SERVING
from companion.safety import notice
from companion.store import Role, Status, Store, Turn
from tests.conftest import with_encoder

pytest.importorskip("textual_serve", reason="textual-serve is not installed")

import aiohttp

from tests.companion.browsing import PATIENCE, Browser, until

COMPOSER = "ay what is on your mind"
"""What stands where one writes; the cursor is on the first letter."""


class Served:
    """The program. `out` is the line that it printed when it was ready."""

    def __init__(self, *arguments: str, **variables: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "companion", "serve", "--port", "0", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **variables},
        )
        assert self.process.stdout is not None
        self.out = self.process.stdout.readline()

    def end(self, number: signal.Signals) -> tuple[int, str, str]:
        """Tell it to end; exit code, and all that it printed."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, self.out + out, err


@asynccontextmanager
async def served(*arguments: str, **variables: str) -> AsyncIterator[tuple[Served, Browser]]:
    notice.shown(paths.state_folder(), date.today())
    program = Served(*arguments, **variables)
    try:
        async with aiohttp.ClientSession() as session:
            yield program, Browser(program.out, session)
    finally:
        program.process.kill()
        program.process.communicate()


def below(pid: int) -> set[int]:
    """The processes that this one has started, and theirs."""
    children = set()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(entry.read_text(errors="replace").rpartition(")")[2].split()[1])
        except OSError:  # it has just ended
            continue
        if parent == pid:
            children |= {int(entry.parent.name), *below(int(entry.parent.name))}
    return children


def alive(pids: set[int]) -> set[int]:
    return {pid for pid in pids if Path(f"/proc/{pid}").exists()}


def turns() -> list[Turn]:
    with Store(paths.database()) as store:
        return [turn for session in store.sessions() for turn in store.turns(session.id)]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
async def test_it_prints_one_address_and_ends_with_all_its_chats(number: signal.Signals, code: int) -> None:
    async with served() as (program, browser), browser.tab() as tab:
        await tab.until(COMPOSER)
        started = below(program.process.pid)
        assert started
        returned, out, err = program.end(number)
        assert returned == code
        assert out == f"{browser.origin}/?token={browser.token}\n"
        assert browser.origin.startswith("http://127.0.0.1:")
        assert err == f"{SERVING}\n"
        await until(lambda: not alive(started), "the end of the chat")


async def test_a_chat_that_cannot_start_says_why_in_the_tab(own_home: Path) -> None:
    async with served() as (program, browser):
        paths.config_file().parent.mkdir(parents=True)
        paths.config_file().write_text("sed = 7\n", encoding="utf-8")
        async with browser.tab() as tab:
            await tab.until_closed()
            assert "there is no setting 'sed'. Did you mean 'seed'?" in tab.shown
        _, out, err = program.end(signal.SIGINT)
        assert out.count("\n") == 1
        assert err.endswith("there is no setting 'sed'. Did you mean 'seed'?\n")
        assert "Traceback" not in err


@pytest.mark.llama
@with_encoder
async def test_a_tab_that_is_closed_in_mid_reply_keeps_what_had_arrived(slow_model: Path) -> None:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
    options = {"COMPANION_REPLY_TOKENS": "4000", "COMPANION_CANDIDATES": "1"}
    async with served("--model", str(slow_model), **options) as (program, browser):
        async with browser.tab() as tab:
            await tab.until(COMPOSER)
            await tab.say("tell me everything")
            await until(lambda: any(turn.role is Role.ASSISTANT and turn.text for turn in turns()), "a reply")
            started = below(program.process.pid)
        await until(lambda: not alive(started), "the end of the chat")
        said, reply = turns()
        assert (said.text, said.status) == ("tell me everything", Status.COMPLETE)
        assert reply.status is Status.STOPPED
        assert reply.text


@pytest.mark.llama
@with_encoder
async def test_a_server_that_is_killed_takes_its_chats_with_it(slow_model: Path) -> None:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
    options = {"COMPANION_REPLY_TOKENS": "4000", "COMPANION_CANDIDATES": "1"}
    async with served("--model", str(slow_model), **options) as (program, browser), browser.tab() as tab:
        await tab.until(COMPOSER)
        await tab.say("tell me everything")
        await until(lambda: any(turn.role is Role.ASSISTANT and turn.text for turn in turns()), "a reply")
        started = below(program.process.pid)
        program.end(signal.SIGKILL)
        await until(lambda: not alive(started), "the end of the chat")
        assert turns()[0].text == "tell me everything"
