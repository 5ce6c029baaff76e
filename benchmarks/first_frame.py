"""How long it takes until one can write: from starting the program to its first painted frame, in a pseudo-terminal.

    python benchmarks/first_frame.py [--repeats 7] [--peers FOLDER] [--json FILE]

A frame counts when the text of the prompt is among what the program wrote. Peers are looked for in virtual environments
FOLDER/elia and FOLDER/oterm (made with `pip install elia-chat` and `pip install oterm`). Every run has 120 columns and
40 rows; `fresh` means a home folder that nothing has used, `used` one that a run before has. Runs are interleaved.

oterm asks a server (Ollama) for its models; there is none here, so that its frame is the one that greets. Its animated
splash screen is switched off.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import re
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 60.0
"""Seconds until a program that shows nothing is given up."""
CONTROLS = re.compile(rb"\x1b\[[0-9;:?<>=$ ]*[a-zA-Z]|\x1b[=>()][0B]?")
BUDGET = 900
"""Milliseconds."""
OUR_IMPORTS = "import companion.cli.chat, companion.tui.app"
NOTHING_LISTENS = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Peer:
    """A program and the text by which its first whole frame is known."""

    name: str
    command: tuple[str, ...]
    mark: str


def programs(peers: Path | None) -> list[Peer]:
    """What is measured; peers only where they are installed."""
    found = [Peer("companion chat", (sys.executable, "-m", "companion", "chat"), "what is on your mind")]
    for name, mark in (("elia", "History ("), ("oterm", "to start a new chat")):
        command = peers / name / "bin" / name if peers else Path()
        if command.is_file():
            found.append(Peer(name, (str(command),), mark))
        else:
            print(f"{name}: not there, left out", file=sys.stderr)
    return found


def variables(home: Path) -> dict[str, str]:
    """The environment: everything a program keeps goes below `home`."""
    (home / "oterm").mkdir(parents=True, exist_ok=True)
    (home / "oterm" / "config.json").write_text('{"splash-screen": false}', encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COMPANION_", "TEXTUAL", "XDG_"))}
    return kept | {
        "HOME": str(home),
        "OTERM_DATA_DIR": str(home / "oterm"),
        "OLLAMA_HOST": NOTHING_LISTENS,
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
    }


def first_frame(peer: Peer, home: Path) -> float:
    """Milliseconds from starting the program to the frame. Raises TimeoutError with what was shown instead."""
    screen, keyboard = os.openpty()
    fcntl.ioctl(keyboard, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    environment, mark, written = variables(home), peer.mark.encode(), b""
    started = time.perf_counter()
    process = subprocess.Popen(
        peer.command, stdin=keyboard, stdout=keyboard, stderr=keyboard, env=environment, start_new_session=True
    )
    os.close(keyboard)
    try:
        while mark not in CONTROLS.sub(b"", written):
            left = started + PATIENCE - time.perf_counter()
            if left <= 0 or not select.select([screen], [], [], left)[0]:
                raise TimeoutError(f"{peer.name} never showed {peer.mark!r}: {CONTROLS.sub(b'', written)[-500:]!r}")
            written += os.read(screen, 65536)
        return (time.perf_counter() - started) * 1000
    finally:
        end(process, screen)
        os.close(screen)


def end(process: subprocess.Popen[bytes], screen: int) -> None:
    """End a program, reading what it still writes."""
    process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + 10
    while process.poll() is None:
        if time.monotonic() > deadline:
            os.killpg(process.pid, signal.SIGKILL)
        if select.select([screen], [], [], 0.05)[0]:
            try:
                os.read(screen, 65536)
            except OSError:  # it has closed its terminal
                process.wait()


def measure(found: list[Peer], repeats: int) -> dict[str, list[float]]:
    """Milliseconds by program and home; one run of each beforehand reads the files from the disk."""
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(repeats + 1):
            for peer in found:
                for state in ("fresh", "used"):
                    home = Path(folder) / (f"{peer.name}-{number}" if state == "fresh" else f"{peer.name}-0")
                    taken = first_frame(peer, home)
                    if number:
                        times.setdefault(f"{peer.name} ({state} home)", []).append(taken)
    return times


def startup(program: str, repeats: int) -> float:
    """The fastest of so many runs of `python -c program`, in milliseconds."""
    taken = []
    for _ in range(repeats):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", program], check=True)
        taken.append((time.perf_counter() - started) * 1000)
    return min(taken)


def by_package() -> list[tuple[str, float]]:
    """What the chat imports before its first frame: milliseconds by package, the slowest first.

    From `python -X importtime`, which makes all of it somewhat slower than it is.
    """
    command = [sys.executable, "-X", "importtime", "-c", OUR_IMPORTS]
    report = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    spent: Counter[str] = Counter()
    for line in report.splitlines()[1:]:  # after the heading
        own, _, name = line.removeprefix("import time:").split("|")
        package = name.strip().partition(".")[0]
        spent["the standard library" if package in sys.stdlib_module_names else package] += int(own)
    return [(name, microseconds / 1000) for name, microseconds in spent.most_common()]


def main() -> None:
    """Measure and print markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--peers", type=Path, metavar="FOLDER")
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    times = measure(programs(arguments.peers), arguments.repeats)
    bare, imported = startup("pass", arguments.repeats), startup(OUR_IMPORTS, arguments.repeats)
    whole = min(next(iter(times.values())))
    split = {"Python itself": bare, "imports": imported - bare, "from there to the frame": whole - imported}
    packages = by_package()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {arguments.repeats} runs each\n")
    print(f"| first frame of (budget {BUDGET} ms) | best ms | median ms |\n|---|---:|---:|")
    for name, taken in times.items():
        print(f"| {name} | {min(taken):.0f} | {statistics.median(taken):.0f} |")
    print("\n| where the best of ours goes | ms |\n|---|---:|")
    for name, taken_by in split.items():
        print(f"| {name} | {taken_by:.0f} |")
    print("\n| imports, as traced | ms |\n|---|---:|")
    for name, taken_by in packages[:8]:
        print(f"| {name} | {taken_by:.0f} |")
    if arguments.json:
        result = {"milliseconds": times, "split": split, "imports": dict(packages), "load": os.getloadavg()[0]}
        arguments.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
