"""How long `companion --help` takes, beside bare Python and, where they are installed, other chat programs.

    python benchmarks/startup.py [--repeats 15]

Runs are interleaved; the table shows the median and the fastest, in milliseconds.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path


def commands() -> dict[str, list[str]]:
    """What is measured, by name; peers only where they are installed beside this interpreter or on the path."""
    here = Path(sys.executable).parent
    found = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "companion --help": [str(here / "companion"), "--help"],
        "companion --version": [str(here / "companion"), "--version"],
        "companion export --help": [str(here / "companion"), "export", "--help"],
    }
    for name, argument in (("llm", "--version"), ("elia", "--help")):
        peer = shutil.which(name, path=f"{here}:{Path(sys.argv[0]).parent}") or shutil.which(name)
        if peer:
            found[f"{name} {argument}"] = [peer, argument]
    return found


def main() -> None:
    """Measure and print a markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=15)
    repeats = parser.parse_args().repeats
    times: dict[str, list[float]] = {name: [] for name in commands()}
    for _ in range(repeats + 1):
        for name, command in commands().items():
            started = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            times[name].append((time.perf_counter() - started) * 1000)
    print("| command | median ms | fastest ms |\n|---|---:|---:|")
    for name, measured in times.items():
        warm = measured[1:]  # the first run reads files from the disk
        print(f"| `{name}` | {statistics.median(warm):.0f} | {min(warm):.0f} |")


if __name__ == "__main__":
    main()
