"""What `companion study` costs: on the published systems, and on a log of many turns. Prints a markdown table.

    python benchmarks/study.py [--turns 1000000] [--folder FOLDER] [--data ../shared/data] [--with-text] [--database]

The log is our own export (labels only, or --with-text, which is four times as large), made here of made-up words; with
--database the same in a database. Each run is a process of its own: seconds and the most memory it held are the whole
command's.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from companion.store import Store
from planner.tactics import TACTICS

REPLIES = 10
"""Of one conversation."""
WORDS = 8
"""Of one sentence."""


def conversations(turns: int, seed: int = 1) -> Iterator[list[dict[str, Any]]]:
    """Conversations as rows of our export, every sentence with text."""
    chance = random.Random(seed)
    names = [str(tactic) for tactic in TACTICS]
    words = ["".join(chance.choices("aeioulnrst", k=chance.randint(2, 9))) for _ in range(5000)]
    turn = 0
    for number in range(turns // REPLIES):
        rows: list[dict[str, Any]] = []
        for place in range(2 * REPLIES):
            turn += 1
            row: dict[str, Any] = {"session": f"s{number:07}", "model": "made-up", "condition": None, "turn": turn,
                   "parent": turn - 1 if place else None, "role": "assistant" if place % 2 else "user",
                   "status": "complete", "created_at": "2026-01-01T00:00:00.000Z",
                   "finished_at": "2026-01-01T00:00:01.000Z", "words": 8, "tactics": None, "sentences": None,
                   "plan": None, "timings": None, "text": " ".join(chance.choices(words, k=8))}  # fmt: skip
            if place % 2:
                said = [
                    " ".join(chance.choices(words, k=WORDS)).capitalize() + "." for _ in range(chance.randint(4, 10))
                ]
                row["sentences"] = [
                    {"text": text, "tactics": chance.sample(names, chance.choice((0, 1, 1, 1, 2)))} for text in said
                ]
                row["text"], row["words"] = " ".join(said), WORDS * len(said)
            rows.append(row)
        yield rows


def write_export(path: Path, turns: int, *, with_text: bool) -> None:
    with path.open("w", encoding="utf-8") as out:
        for rows in conversations(turns):
            for row in rows:
                if not with_text:
                    del row["text"]
                    if row["sentences"]:
                        row["sentences"] = [{"tactics": sentence["tactics"]} for sentence in row["sentences"]]
                out.write(json.dumps(row) + "\n")


def write_database(path: Path, turns: int) -> None:
    """Filled past the store's commits, which would take an hour."""
    Store(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("DROP TRIGGER turn_search_insert")
        sentence = 0
        for rows in conversations(turns):
            session = rows[0]["session"]
            connection.execute(
                "INSERT INTO sessions(id, created_at, updated_at, model) VALUES (?, '', '', 'made-up')", (session,)
            )
            for row in rows:
                connection.execute(
                    "INSERT INTO turns(id, session_id, parent_id, role, text, status, created_at) "
                    "VALUES (?, ?, ?, ?, ?, 'complete', '')",
                    (row["turn"], session, row["parent"], row["role"], row["text"]),
                )
                for position, part in enumerate(row["sentences"] or ()):
                    sentence += 1
                    connection.execute(
                        "INSERT INTO sentences VALUES (?, ?, ?, ?)", (sentence, row["turn"], position, part["text"])
                    )
                    connection.executemany(
                        "INSERT INTO sentence_tactics VALUES (?, ?, 0.9)", [(sentence, t) for t in part["tactics"]]
                    )


def measured(*arguments: str, home: Path) -> tuple[float, float]:
    """Seconds, and MB at the most, of one command."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "companion", "study", *arguments, "--json"],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "COMPANION_HOME": str(home)},
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"companion study {' '.join(arguments)} failed.")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--turns", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="where the logs go; a temporary folder if not given")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--with-text", action="store_true")
    parser.add_argument("--database", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as name:
        folder = Path(name)
        print("| what | seconds | MB |\n|---|---:|---:|")
        outputs = chosen.data / "mint" / "outputs"
        if outputs.is_dir():
            seconds, size = measured(str(outputs), "--reference", "gold", "--baseline", "gold", home=folder)
            print(f"| 16 systems, 10,000 resamples, all measures, compared with people | {seconds:.1f} | {size:.0f} |")
        log = folder / "log.jsonl"
        write_export(log, chosen.turns, with_text=chosen.with_text)
        kind = f"export {'with text' if chosen.with_text else 'labels only'} ({log.stat().st_size >> 20} MB)"
        seconds, size = measured(str(log), home=folder)
        print(f"| {chosen.turns:,} tagged turns, {kind} | {seconds:.1f} | {size:.0f} |")
        log.unlink()
        if chosen.database:
            (folder / "data").mkdir(mode=0o700)
            database = folder / "data" / "companion.db"
            write_database(database, chosen.turns)
            kind = f"database ({database.stat().st_size >> 20} MB)"
            seconds, size = measured(str(database), home=folder)
            print(f"| {chosen.turns:,} tagged turns, {kind} | {seconds:.1f} | {size:.0f} |")


if __name__ == "__main__":
    main()
