"""Copying goes the way that works here, and the sentence says which."""

from __future__ import annotations

import base64
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from companion.tui import clipboard

TEXT = "It’s “heavy” [/x] [red] 🙂\nand the second line"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


class Machine:
    """A machine with some tools, which write down what they are given."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = {"PATH": str(folder)}
        self.written: list[str] = []

    def has(self, name: str, does: str = '/bin/cat > "$0.in"; echo "$@" > "$0.arguments"') -> None:
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{does}\n")
        path.chmod(0o700)

    def copy(self, text: str = TEXT, **environ: str) -> str:
        return clipboard.copy(text, self.written.append, self.environ | environ)

    def got(self, name: str) -> bytes:
        return (self.folder / f"{name}.in").read_bytes()

    def arguments(self, name: str) -> str:
        return (self.folder / f"{name}.arguments").read_text().strip()


def sent(written: list[str]) -> bytes:
    """What OSC 52 says, without wrapping."""
    found = re.search(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\a", "".join(written))
    assert found
    return base64.b64decode(found[1])


@pytest.mark.parametrize(
    ("name", "environ", "arguments"),
    [
        ("wl-copy", {"WAYLAND_DISPLAY": "wayland-0"}, ""),
        ("xclip", {"DISPLAY": ":0"}, "-selection clipboard"),
        ("xsel", {"DISPLAY": ":0"}, "--clipboard --input"),
        ("xclip", {"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, "-selection clipboard"),
        ("pbcopy", {}, ""),
        ("termux-clipboard-set", {"TERMUX_VERSION": "0.118"}, ""),
        ("xclip", {"DISPLAY": "localhost:10.0", "SSH_CONNECTION": "1"}, "-selection clipboard"),
    ],
)
def test_a_tool_of_the_machine_gets_the_text(
    machine: Machine, name: str, environ: dict[str, str], arguments: str
) -> None:
    machine.has(name)
    assert machine.copy(**environ) == f"Copied ({name})."
    assert machine.got(name).decode() == TEXT
    assert machine.arguments(name) == arguments
    assert machine.written == []


def test_the_text_is_never_on_a_command_line_or_in_the_environment(machine: Machine) -> None:
    seen: list[Any] = []

    def run(command: list[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
        seen.append((command, options))
        return subprocess.CompletedProcess(command, 0)

    machine.has("wl-copy")
    clipboard.copy(TEXT, machine.written.append, machine.environ | {"WAYLAND_DISPLAY": "wayland-0"}, run)
    ((command, options),) = seen
    assert TEXT not in " ".join(command)
    assert TEXT not in str(options["env"])
    assert options["input"] == TEXT.encode()
    assert options["timeout"] > 0


def test_a_tool_gets_a_clipboard_only_where_there_is_a_display(machine: Machine) -> None:
    for name in ("wl-copy", "xclip", "xsel", "clip.exe", "termux-clipboard-set", "tmux"):
        machine.has(name)
    assert "OSC 52" in machine.copy()
    assert sent(machine.written).decode() == TEXT


@pytest.mark.parametrize("name", ["wl-copy", "pbcopy"])
def test_over_ssh_the_clipboard_of_the_far_machine_is_left_alone(machine: Machine, name: str) -> None:
    machine.has(name)
    said = machine.copy(SSH_CONNECTION="1", WAYLAND_DISPLAY="wayland-0")
    assert "OSC 52" in said
    assert not (machine.folder / f"{name}.in").exists()


def test_windows_gets_the_text_in_its_own_encoding(machine: Machine) -> None:
    machine.has("clip.exe")
    assert machine.copy(WSL_DISTRO_NAME="Debian") == "Copied (clip.exe)."
    assert machine.got("clip.exe").decode("utf-16") == TEXT


def test_pbcopy_is_told_the_encoding(machine: Machine) -> None:
    machine.has("pbcopy", 'echo "$LC_CTYPE" > "$0.in"')
    machine.copy()
    assert machine.got("pbcopy").strip() == b"UTF-8"


@pytest.mark.parametrize("does", ["exit 1", "exec /nowhere/at/all", "kill -9 $$"])
def test_a_tool_that_fails_is_followed_by_the_next_way(machine: Machine, does: str) -> None:
    machine.has("wl-copy", does)
    machine.has("xclip")
    assert machine.copy(WAYLAND_DISPLAY="wayland-0", DISPLAY=":0") == "Copied (xclip)."
    machine.has("xclip", does)
    assert machine.copy(WAYLAND_DISPLAY="wayland-0", DISPLAY=":0").startswith("Sent to the terminal (OSC 52).")
    assert sent(machine.written).decode() == TEXT


def test_a_tool_that_hangs_is_given_up(machine: Machine) -> None:
    def run(command: list[str], **options: Any) -> None:
        raise subprocess.TimeoutExpired(command, options["timeout"])

    machine.has("xclip")
    said = clipboard.copy(TEXT, machine.written.append, machine.environ | {"DISPLAY": ":0"}, run)
    assert said.startswith("Sent to the terminal (OSC 52).")


def test_a_tool_that_stays_in_the_background_is_not_waited_for(machine: Machine) -> None:
    machine.has("xclip", '/bin/cat > "$0.in"; exec 3>&1; ( read line < "$0.gate" ) &')
    os.mkfifo(machine.folder / "xclip.gate")
    assert machine.copy(DISPLAY=":0") == "Copied (xclip)."
    (machine.folder / "xclip.gate").write_text("go\n")  # opens only when somebody is reading: it is still there


# -- the terminal -----------------------------------------------------------------------------------------------------


def test_without_a_tool_the_terminal_is_asked_and_the_sentence_says_so(machine: Machine) -> None:
    assert (
        machine.copy() == "Sent to the terminal (OSC 52). If pasting brings nothing, your terminal does not allow it."
    )
    assert machine.written == [f"\x1b]52;c;{base64.b64encode(TEXT.encode()).decode()}\a"]


def test_a_text_that_is_too_long_for_many_terminals_is_said_to_be(machine: Machine) -> None:
    said = machine.copy("x" * 80_000)
    assert "80 kB is too long for many terminals" in said
    assert sent(machine.written) == b"x" * 80_000
    assert "too long" not in machine.copy("x" * 74_000)


def test_tmux_passes_it_on_by_itself_where_it_can(machine: Machine) -> None:
    machine.has("tmux")
    assert "tmux" in machine.copy(TMUX="/tmp/tmux-0/default,1,0")
    assert machine.got("tmux").decode() == TEXT
    assert machine.arguments("tmux") == "load-buffer -w -"
    assert machine.written == []


def test_an_old_tmux_is_asked_to_let_it_through(machine: Machine) -> None:
    machine.has("tmux", "exit 1")  # as with -w before 3.2
    assert "OSC 52" in machine.copy(TMUX="/tmp/tmux-0/default,1,0")
    (written,) = machine.written
    plain = f"\x1b]52;c;{base64.b64encode(TEXT.encode()).decode()}\a"
    wrapped = re.search(r"\x1bPtmux;(.*?)\x1b\\", written, re.DOTALL)
    assert wrapped
    assert wrapped[1].replace("\x1b\x1b", "\x1b") == plain
    assert written.startswith(plain)


def test_screen_gets_it_in_pieces_that_it_takes(machine: Machine) -> None:
    text = "word " * 500
    machine.copy(text, STY="1.pts-0")
    pieces = re.findall(r"\x1bP(.*?)\x1b\\", machine.written[0], re.DOTALL)
    assert len(pieces) > 10
    assert max(map(len, pieces)) < 768
    assert "".join(f"\x1bP{piece}\x1b\\" for piece in pieces) == machine.written[0]
    assert sent(["".join(pieces)]).decode() == text


def test_in_a_browser_only_the_browser_gets_it(machine: Machine) -> None:
    machine.has("xclip")
    said = machine.copy(DISPLAY=":0", TEXTUAL_DRIVER="textual.drivers.web_driver:WebDriver")
    assert "browser" in said
    assert sent(machine.written).decode() == TEXT
    assert not (machine.folder / "xclip.in").exists()


def test_a_lone_half_of_a_character_does_not_stop_it(machine: Machine) -> None:
    machine.copy("a\ud83db")
    assert sent(machine.written) == b"a?b"


def test_nothing_of_the_text_stays_in_a_file(machine: Machine) -> None:
    machine.has("xclip", "/bin/cat > /dev/null")
    machine.copy(DISPLAY=":0")
    machine.copy(TMUX="1", DISPLAY="")
    assert not [path for path in machine.folder.rglob("*") if path.is_file() and b"heavy" in path.read_bytes()]
