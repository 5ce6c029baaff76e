"""The chat in a browser: who is let in, and how a chat ends with its tab."""

from __future__ import annotations

import re
import socket
import sys
from pathlib import Path

import pytest

from companion.errors import CompanionError, Refused, UsageError
from tests.conftest import Program, said_no_more_than_a_sentence

pytest.importorskip("textual_serve", reason="textual-serve is not installed")

import aiohttp

from companion.cli.serve import passed_on
from companion.serving import tab as tab_module
from companion.serving.door import Door, listen
from companion.serving.server import WRONG_HOST, WRONG_ORIGIN, WRONG_TOKEN
from tests.companion.browsing import serving, until

TINY_APP = str(Path(__file__).with_name("tiny_app.py"))


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """What happened to the app that is served, a line each."""
    return tmp_path / "notes"


# -- the door ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "0"])
def test_a_host_that_others_could_reach_is_refused_unless_that_is_asked_for(program: Program, host: str) -> None:
    outcome = program("serve", "--host", host, "--port", "0")
    assert outcome.code == 4
    assert "--open-to-others" in said_no_more_than_a_sentence(outcome)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "", "x" * 70])
def test_a_host_that_does_not_exist_is_a_sentence(program: Program, host: str) -> None:
    outcome = program("serve", "--host", host)
    assert outcome.code == 2
    assert f"There is no host {host!r}" in said_no_more_than_a_sentence(outcome)


def test_an_address_of_another_machine_is_a_sentence() -> None:
    with pytest.raises(UsageError, match=r"192\.0\.2\.1 is no address of this machine"):
        listen("192.0.2.1", 0, open_to_others=True)


def test_a_port_that_is_taken_is_a_sentence_that_names_it(program: Program) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        outcome = program("serve", "--port", str(port))
    assert outcome.code == 1
    said = said_no_more_than_a_sentence(outcome)
    assert f"Port {port} is in use" in said
    assert "--port" in said


@pytest.mark.parametrize("arguments", [["--candidates", "9"], ["--port", "70000"], ["--plain"]])
def test_wrong_options_are_said_here_and_not_in_the_browser(program: Program, arguments: list[str]) -> None:
    outcome = program("serve", *arguments)
    assert outcome.code == 2
    said_no_more_than_a_sentence(outcome)


def test_without_the_package_it_is_said_what_installs_it(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("companion.serving.server", "companion.serving.tab"):
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "textual_serve.server", None)
    outcome = program("serve")
    assert outcome.code == 1
    assert 'pip install "companion-chat[serve]"' in said_no_more_than_a_sentence(outcome)


def test_the_chats_options_are_passed_on() -> None:
    chosen = {"model": "a b", "resume": "-x", "off_record": True, "candidates": None, "no_plan": False}
    assert passed_on(chosen) == ["--model=a b", "--resume=-x", "--off-record"]


def test_the_door_answers_to_its_own_names_only() -> None:
    door = Door("127.0.0.1", 8000, frozenset({"127.0.0.1", "localhost"}), False, True, "token")
    assert [host for host in ("127.0.0.1:8000", "localhost:8000", "LocalHost:8000") if not door.answers_to(host)] == []
    for host in (
        "127.0.0.1", "127.0.0.1:80", "127.0.0.1:80000", "127.0.0.1.evil.example:8000", "evil.example:8000",
        "localhost.evil.example:8000", "x@127.0.0.1:8000", "192.0.2.1:8000", ":8000", "", "127.0.0.1:8000:8000", "²:²",
    ):  # fmt: skip
        assert not door.answers_to(host)


def test_without_a_port_a_host_means_port_80() -> None:
    names = frozenset({"127.0.0.1"})
    assert Door("127.0.0.1", 80, names, False, True, "token").answers_to("127.0.0.1")
    assert not Door("127.0.0.1", 8000, names, False, True, "token").answers_to("127.0.0.1")


def test_open_to_others_it_answers_to_addresses_but_not_to_any_name() -> None:
    listening, door = listen("0.0.0.0", 0, open_to_others=True)
    with listening:
        assert not door.loopback
        for host in ("192.0.2.1", "127.0.0.1", "[2001:db8::1]", "localhost", socket.gethostname()):
            assert door.answers_to(f"{host}:{door.port}")
        for host in ("evil.example", "2001:db8::1", "1", "0x7f.1"):
            assert not door.answers_to(f"{host}:{door.port}")
        assert door.address.startswith(f"http://{socket.gethostname()}:{door.port}/?token=")


def test_every_start_has_a_token_of_its_own() -> None:
    tokens = set()
    for _ in range(3):
        listening, door = listen("127.0.0.1", 0)
        listening.close()
        tokens.add(door.token)
        assert len(door.token) >= 40
        assert door.is_opened_by(door.token)
        assert not any(map(door.is_opened_by, ("", door.token[:-1], door.token + "x", "é", "\udcff")))
    assert len(tokens) == 3


def test_errors_carry_their_exit_codes() -> None:
    with pytest.raises(Refused):
        listen("0.0.0.0", 0)
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(CompanionError):
        listen("127.0.0.1", other.getsockname()[1])


# -- who is let in ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/?token=", "/?token=x", "/ws/x", "/ws", "/download/x", "/download/x?token=x"])
async def test_without_the_token_everything_is_refused_in_one_sentence(notes: Path, path: str) -> None:
    async with serving(sys.executable, TINY_APP, str(notes)) as (_, door, browser):
        status, text, headers = await browser.get(path, Origin=browser.origin)
        assert (status, text) == (403, WRONG_TOKEN)
        assert door.token not in text + str(headers)
    assert not notes.exists()


@pytest.mark.parametrize("path", ["/?token={}", "/ws/{}", "/download/x?token={}", "/static/js/textual.js"])
async def test_under_another_name_nothing_is_answered_even_with_the_token(notes: Path, path: str) -> None:
    async with serving(sys.executable, TINY_APP, str(notes)) as (_, door, browser):
        for host in ("evil.example", f"evil.example:{door.port}", "127.0.0.1"):
            origin = f"http://{host}"
            status, text, _ = await browser.get(path.format(door.token), Host=host, Origin=origin)
            assert (status, text) == (403, WRONG_HOST)
    assert not notes.exists()


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://{}", "http://{}.evil.example", None])
async def test_another_page_cannot_connect_even_with_the_token(notes: Path, origin: str | None) -> None:
    async with serving(sys.executable, TINY_APP, str(notes)) as (_, door, browser):
        host = browser.origin.removeprefix("http://")
        headers = {"Origin": origin.format(host)} if origin else {}
        status, text, _ = await browser.get(f"/ws/{door.token}", **headers)
        assert (status, text) == (403, WRONG_ORIGIN)
    assert not notes.exists()


async def test_what_is_sent_is_kept_by_nobody_and_shown_in_no_frame(notes: Path) -> None:
    async with serving(sys.executable, TINY_APP, str(notes)) as (_, door, browser):
        for path in (f"/?token={door.token}", "/", "/static/js/textual.js", f"/nowhere?token={door.token}"):
            _, _, headers = await browser.get(path)
            assert headers["Cache-Control"] == "no-store"
            assert headers["Referrer-Policy"] == "no-referrer"
            assert headers["X-Frame-Options"] == "DENY"
            assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert "Set-Cookie" not in headers
            assert "aiohttp" not in headers["Server"]


async def test_the_page_loads_nothing_from_elsewhere_and_its_title_says_nothing(notes: Path) -> None:
    async with serving(sys.executable, TINY_APP, str(notes)) as (_, door, browser):
        page = await browser.page()
        assert "<title>Terminal</title>" in page
        loaded = [
            place for pair in re.findall(r'(?:src|href)="([^"]*)"|url\("([^"]*)"\)', page) for place in pair if place
        ]
        assert len(loaded) == 6
        for place in loaded:
            assert place.startswith(("/static/", "data:,"))
            if place.startswith("/"):
                assert (await browser.get(place))[0] == 200
        assert re.findall(r"\w+://[^\"]*", page) == [f"ws://127.0.0.1:{door.port}/ws/{door.token}"]
        _, _, headers = await browser.get(f"/?token={door.token}")
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self';")
        assert f"connect-src ws://127.0.0.1:{door.port};" in policy


@pytest.mark.parametrize(
    "path", ["/static", "/static/", "/static/js/", "/static/../server.py", "/static/%2e%2e/server.py"]
)
async def test_no_folder_is_listed_and_nothing_beside_it_is_sent(notes: Path, path: str) -> None:
    async with serving(sys.executable, TINY_APP, str(notes)) as (_, _, browser):
        status, text, _ = await browser.get(path)
        assert status in {403, 404}
        assert "textual" not in text


async def test_the_font_size_is_a_number_of_a_kind(notes: Path) -> None:
    async with serving(sys.executable, TINY_APP, str(notes)) as (_, door, browser):
        for asked, given in (("20", "20"), ("999999", "16"), ("%22%3E%3Cscript%3E", "16")):
            _, page, _ = await browser.get(f"/?token={door.token}&fontsize={asked}")
            assert f'data-font-size="{given}"' in page


# -- a tab ------------------------------------------------------------------------------------------------------------


async def test_what_is_typed_in_the_tab_reaches_the_chat_and_what_it_draws_reaches_the_tab(notes: Path) -> None:
    async with serving(sys.executable, TINY_APP, str(notes)) as (_, _, browser), browser.tab((70, 20)) as tab:
        await tab.until("ready")
        await tab.type("good morning\r")
        await tab.until("heard good morning")
        assert "70 x 20" in notes.read_text("utf-8")


async def test_the_token_is_in_no_process_but_the_servers(notes: Path) -> None:
    async with serving(sys.executable, TINY_APP, str(notes)) as (server, door, browser), browser.tab() as tab:
        await tab.until("ready")
        (chat,) = server.tabs
        for what in ("cmdline", "environ"):
            content = Path(f"/proc/{chat.pid}/{what}").read_bytes()
            assert content
            assert door.token.encode() not in content


async def test_closing_the_tab_ends_the_chat_as_closing_a_terminal_does(notes: Path) -> None:
    async with serving(sys.executable, TINY_APP, str(notes)) as (server, _, browser):
        async with browser.tab() as tab:
            await tab.until("ready")
        await until(lambda: not server.tabs, "the end of the chat")
        assert notes.read_text("utf-8").splitlines()[-1] == "saved"


async def test_every_chat_is_ended_with_the_server(notes: Path) -> None:
    async with serving(sys.executable, TINY_APP, str(notes)) as (server, _, browser):
        async with browser.tab() as one, browser.tab() as other:
            await one.until("ready")
            await other.until("ready")
            await server.on_shutdown(None)  # type: ignore[arg-type]  # as the end of the server does
            await one.until_closed()
            await other.until_closed()
        await until(lambda: not server.tabs, "the end of the chats")
        assert notes.read_text("utf-8").splitlines().count("saved") == 2


async def test_a_page_that_is_loaded_again_waits_until_the_chat_before_has_saved(
    notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsaved: list[int] = []
    start = tab_module.Tab.start
    hold = notes.with_suffix(".hold")

    async def noted_start(tab: tab_module.Tab, width: int, height: int) -> None:
        unsaved.append(sum(other.ending for other in server.tabs))
        await start(tab, width, height)

    monkeypatch.setattr(tab_module.Tab, "start", noted_start)
    async with serving(sys.executable, TINY_APP, str(notes)) as (server, _, browser):
        async with browser.tab() as tab:
            await tab.until("ready")
            hold.touch()
        await until(lambda: any(tab.ending for tab in server.tabs), "the end of the tab")
        async with browser.tab() as again:
            hold.unlink()
            await again.until("ready")
    assert unsaved == [0, 0]


async def test_when_the_chat_is_left_its_words_go_from_the_screen(notes: Path) -> None:
    async with serving(sys.executable, TINY_APP, str(notes)) as (_, _, browser), browser.tab() as tab:
        await tab.until("ready")
        await tab.type("leave\r")
        await tab.until_closed()
        assert tab.drawn.endswith(tab_module.CLEAR)


async def test_why_a_chat_cannot_start_is_shown_in_the_tab_and_in_the_terminal(
    capfd: pytest.CaptureFixture[str],
) -> None:
    failing = "import sys; sys.exit('companion: There is no \x1b[31mmodel.')"
    async with serving(sys.executable, "-c", failing) as (_, _, browser), browser.tab() as tab:
        await tab.until_closed()
        assert tab.shown.endswith("companion: There is no model.\r\n")
    assert capfd.readouterr().err.endswith("companion: There is no model.\n")


async def test_a_chat_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tab_module, "PATIENCE", 0.1)
    stubborn = """
import signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
sys.stdout.write("__GANGLION__\\nD\\0\\0\\0\\5ready")
sys.stdout.flush()
while True:
    signal.pause()
"""
    async with serving(sys.executable, "-c", stubborn) as (server, _, browser):
        async with browser.tab() as tab:
            await tab.until("ready")
            (chat,) = server.tabs
            process = chat._process
        await until(lambda: not server.tabs, "the end of the chat")
        assert process is not None
        assert await process.wait() == -9


async def test_only_links_to_the_web_are_opened(notes: Path) -> None:
    async with serving(sys.executable, TINY_APP, str(notes)) as (_, _, browser), browser.tab() as tab:
        await tab.until("ready")
        await tab.type("link\r")
        assert await tab.until_asked(1) == [["open_url", {"url": "https://example.org/", "new_tab": True}]]


async def test_a_file_is_given_only_to_who_has_the_token(notes: Path) -> None:
    async with serving(sys.executable, TINY_APP, str(notes)) as (_, door, browser), browser.tab() as tab:
        await tab.until("ready")
        await tab.type("file\r")
        ((what, where),) = await tab.until_asked(1)
        assert what == "deliver_file_start"
        key, _, token = where.partition("?token=")
        assert token == door.token
        assert (await browser.get(f"/download/{key}"))[:2] == (403, WRONG_TOKEN)
        status, text, headers = await browser.get(f"/download/{where}")
        assert (status, text) == (200, "what is in it")
        assert headers["Content-Disposition"] == "attachment; filename=a.txt"
        assert (await browser.get(f"/download/no-such-key?token={door.token}"))[0] == 404


@pytest.mark.parametrize("size", [(10**9, 10**9), (-1, 0), ("a", None)])
async def test_no_window_is_too_large_or_too_small(notes: Path, size: tuple[object, object]) -> None:
    async with serving(sys.executable, TINY_APP, str(notes)) as (_, _, browser), browser.tab((70, 20)) as tab:
        await tab.until("ready")
        await tab.send("resize", {"width": size[0], "height": size[1]})
        width = {10**9: 1000, -1: 1}.get(size[0], 80)  # type: ignore[call-overload]
        await until(lambda: f"\n{width} x " in notes.read_text("utf-8"), "a new size")


@pytest.mark.parametrize("message", ["", "{", "{}", "[]", '["stdin"]', '["resize", 3]', '["stdin", 4]'])
async def test_what_no_page_sends_ends_the_tab_and_nothing_else(notes: Path, message: str) -> None:
    async with serving(sys.executable, TINY_APP, str(notes)) as (server, _, browser):
        async with browser.tab() as tab:
            await tab.until("ready")
            await tab._websocket.send_str(message)
            await tab.until_closed()
        await until(lambda: not server.tabs, "the end of the chat")
        await browser.page()


async def test_a_connection_that_is_no_websocket_is_refused(notes: Path) -> None:
    async with serving(sys.executable, TINY_APP, str(notes)) as (server, door, browser):
        status, _, _ = await browser.get(f"/ws/{door.token}", Origin=browser.origin)
        assert status == 400
        with pytest.raises(aiohttp.WSServerHandshakeError):
            async with browser.tab(Origin="http://evil.example"):
                pass
        assert not server.tabs
