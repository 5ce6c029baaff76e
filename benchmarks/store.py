"""What saving and searching cost in a database of many turns. Prints a markdown table.

    python benchmarks/store.py [--turns 100000] [--commits 1000] [--searches 200] [--folder FOLDER]

The peer in the same run is the disk itself: one 4 KiB write and fsync to a plain file.
"""

from __future__ import annotations

import argparse
import bisect
import itertools
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from companion.store import PlanRow, Role, Status, Store, Timings
from planner.tactics import TACTICS

VOCABULARY = 50_000
TURNS_PER_SESSION = 40


class Speech:
    """Made-up words, as unevenly common as real ones (Zipf, exponent 1)."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        syllables = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
        words: dict[str, None] = {}
        while len(words) < VOCABULARY:
            words["".join(self._random.choices(syllables, k=self._random.randint(1, 4)))] = None
        self.words = list(words)
        self._weights = list(itertools.accumulate(1 / rank for rank in range(1, VOCABULARY + 1)))

    def word(self) -> str:
        return self.words[bisect.bisect(self._weights, self._random.random() * self._weights[-1])]

    def sentence(self) -> str:
        return " ".join(self.word() for _ in range(self._random.randint(6, 18))).capitalize() + "."

    def turn(self, sentences: int) -> str:
        return " ".join(self.sentence() for _ in range(sentences))


def fill(store: Store, speech: Speech, turns: int) -> None:
    for start in range(0, turns, TURNS_PER_SESSION):
        with store.transaction():
            session = store.new_session("benchmark")
            parent = None
            for number in range(min(TURNS_PER_SESSION, turns - start)):
                if number % 2 == 0:
                    parent = store.add_turn(session.id, Role.USER, speech.turn(2), parent).id
                else:
                    said = [speech.sentence() for _ in range(6)]
                    parent = store.add_turn(session.id, Role.ASSISTANT, " ".join(said), parent).id
                    store.add_sentences(parent, [(sentence, {"validation": 0.9}) for sentence in said])


def conversation(store: Store, speech: Speech) -> Iterator[tuple[str, Callable[[], object]]]:
    """The store's part of endless turns, as (name, step)."""
    weights = {str(tactic): 1 / len(TACTICS) for tactic in TACTICS}
    plan = PlanRow("tail", weights, ("questioning", "validation"), ("advice",), "Asked a lot lately.")
    for number in itertools.count():
        if number % (TURNS_PER_SESSION // 2) == 0:
            session, parent = store.new_session("benchmark").id, None
        text = speech.turn(2)
        said = [(speech.sentence(), {"validation": 0.9, "questioning": 0.6}) for _ in range(6)]
        reply = " ".join(sentence for sentence, _ in said)
        yield "user turn", partial(store.add_user_turn, session, text, parent)
        asked = store.branch(session)[-1].id
        yield "reply begun", partial(store.begin_reply, session, asked)
        parent = store.branch(session)[-1].id
        yield "reply saved half-way", partial(store.save_partial, parent, reply[: len(reply) // 2])
        yield (
            "whole reply: 6 sentences, tactics, plan",
            partial(store.finish_reply, parent, Status.COMPLETE, reply, said, plan, Timings(900, 120, 210.0, 6100.0)),
        )


def bare_write(folder: Path) -> Callable[[], None]:
    handle = os.open(folder / "bare", os.O_CREAT | os.O_WRONLY, 0o600)

    def write() -> None:
        os.write(handle, b"\0" * 4096)
        os.fsync(handle)

    return write


def timed(step: Callable[[], object]) -> float:
    start = time.perf_counter()
    step()
    return (time.perf_counter() - start) * 1000


def measure(store: Store, folder: Path, speech: Speech, commits: int, searches: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {}
    bare = bare_write(folder)
    for name, step in itertools.islice(conversation(store, speech), commits * 4):
        times.setdefault(name, []).append(timed(step))
        if name == "user turn":
            times.setdefault("bare disk: 4 KiB write and fsync", []).append(timed(bare))
    queries: dict[str, Callable[[], str]] = {
        "search: a common word": lambda: speech.words[0],
        "search: a word as people use them": speech.word,
        "search: two words": lambda: f"{speech.word()} {speech.word()}",
        "search: a rare word": lambda: random.choice(speech.words[-1000:]),
        "search: a common and a rare word": lambda: f"{speech.words[0]} {random.choice(speech.words[-1000:])}",
        "search: a beginning of 3 letters": lambda: speech.word()[:3] + "*",
    }
    for name, query in queries.items():
        for _ in range(searches):
            times.setdefault(name, []).append(timed(partial(store.search, query())))
    return times


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--turns", type=int, default=100_000)
    parser.add_argument("--commits", type=int, default=1000)
    parser.add_argument("--searches", type=int, default=200)
    parser.add_argument("--folder", type=Path, help="where to build the database (default: a temporary folder)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name) / "data"
        speech = Speech(seed=7)
        with Store(folder / "companion.db") as store:
            start = time.perf_counter()
            fill(store, speech, arguments.turns)
            print(f"filled in {time.perf_counter() - start:.0f} s", file=sys.stderr)
            times = measure(store, folder, speech, arguments.commits, arguments.searches)
            megabytes = store.stats().bytes / 1e6
    print(f"{arguments.turns:,} turns, {megabytes:.0f} MB, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print("| what | n | p50 ms | p99 ms | worst ms |\n|---|---:|---:|---:|---:|")
    for what, values in times.items():
        p50, p99 = percentile(values, 0.5), percentile(values, 0.99)
        print(f"| {what} | {len(values)} | {p50:.2f} | {p99:.2f} | {max(values):.2f} |")


if __name__ == "__main__":
    main()
