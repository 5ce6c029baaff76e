"""Copying text: by a tool of the machine where there is one, else by asking the terminal (OSC 52).

A terminal never says whether it did what OSC 52 asks, so the sentence that a person reads says which way it went. The
text goes to a tool through its standard input: what stands on a command line can be read by everybody on the machine.
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

PATIENCE = 3.0
"""Seconds that a tool has. A tool whose display is gone can wait for ever."""
LONG = 74_994
"""Bytes that hterm and others take at most: 100,000 characters with the eight of the sequence, in base64."""
SCREEN_CHUNK = 76
"""GNU screen drops strings longer than 768 bytes."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that takes text from its standard input."""

    command: tuple[str, ...]
    encoding: str = "utf-8"
    said: str = ""

    @property
    def sentence(self) -> str:
        return self.said or f"Copied ({self.command[0]})."


WAYLAND = Tool(("wl-copy",))
X11 = (Tool(("xclip", "-selection", "clipboard")), Tool(("xsel", "--clipboard", "--input")))
MACOS = Tool(("pbcopy",))
WINDOWS = Tool(("clip.exe",), encoding="utf-16")  # with its byte order mark; without one, clip.exe reads the code page
TERMUX = Tool(("termux-clipboard-set",))
TMUX = Tool(
    ("tmux", "load-buffer", "-w", "-"),
    said="Copied to tmux, which passes it on to the terminal. If pasting brings nothing, paste with tmux.",
)


def copy(
    text: str,
    osc52: Callable[[str], None],
    environ: Mapping[str, str] = os.environ,
    run: Callable[..., Any] = subprocess.run,
) -> str:
    """Copy the text and say in a sentence which way it went; `osc52` writes a sequence to the terminal. Takes as long
    as the tools do, so not in the thread that draws."""
    in_browser = _in_browser(environ)
    if not in_browser:
        for tool in _tools(environ):
            if _done(tool, text, environ, run):
                return tool.sentence
    data = text.encode("utf-8", "replace")
    osc52(_sequence(data, environ))
    if in_browser:
        return "Sent to the browser. If pasting brings nothing, the browser does not allow it."
    if len(data) > LONG:
        return (
            f"Sent to the terminal (OSC 52), but {len(data) // 1000:,} kB is too long for many terminals. "
            "If pasting brings nothing, copy less at a time, or export the conversation to a file."
        )
    return "Sent to the terminal (OSC 52). If pasting brings nothing, your terminal does not allow it."


def _in_browser(environ: Mapping[str, str]) -> bool:
    """textual-serve hands OSC 52 to the browser's own clipboard; a tool would copy on the machine that serves."""
    return "web_driver" in environ.get("TEXTUAL_DRIVER", "")


def _tools(environ: Mapping[str, str]) -> Iterator[Tool]:
    """What may work here, the likeliest first. Over ssh only the X display may be the person's own, and tmux."""
    far = bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"))
    if environ.get("WAYLAND_DISPLAY") and not far:
        yield WAYLAND
    if environ.get("DISPLAY"):
        yield from X11
    if not far:
        yield MACOS
        if environ.get("WSL_DISTRO_NAME") or environ.get("WSL_INTEROP"):
            yield WINDOWS
        if environ.get("TERMUX_VERSION"):
            yield TERMUX
    if environ.get("TMUX"):
        yield TMUX


def _done(tool: Tool, text: str, environ: Mapping[str, str], run: Callable[..., Any]) -> bool:
    path = shutil.which(tool.command[0], path=environ.get("PATH", ""))
    if path is None:
        return False
    try:
        # xclip and wl-copy stay to serve the text, and would hold pipes open; pbcopy reads as the locale says.
        result = run(
            [path, *tool.command[1:]],
            input=text.encode(tool.encoding, "replace"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            env={**environ, "LC_CTYPE": "UTF-8"} if tool is MACOS else dict(environ),
            start_new_session=True,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return bool(result.returncode == 0)


def _sequence(data: bytes, environ: Mapping[str, str]) -> str:
    plain = f"\x1b]52;c;{base64.b64encode(data).decode()}\a"
    if environ.get("TMUX"):
        # Which of the two tmux lets through depends on its set-clipboard and on its allow-passthrough.
        escaped = plain.replace("\x1b", "\x1b\x1b")
        return f"{plain}\x1bPtmux;{escaped}\x1b\\"
    if environ.get("STY"):
        chunks = [plain[start : start + SCREEN_CHUNK] for start in range(0, len(plain), SCREEN_CHUNK)]
        return "".join(f"\x1bP{chunk}\x1b\\" for chunk in chunks)
    return plain
