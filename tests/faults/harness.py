"""Trials: each a fresh database to which several faults happen, one after the other, all drawn from one seed."""

from __future__ import annotations

import random
import tempfile
import threading
import time
import traceback
from pathlib import Path

from tests.faults.kinds import KINDS
from tests.faults.room import Room, Tally

FAULTS_IN_A_TRIAL = 4


def trial(seed: int, number: int, tally: Tally, only: str | None = None) -> None:
    """One database. The same seed and number draw the same faults; the moments are the machine's."""
    chance = random.Random(f"{seed}/{number}")
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        room = Room(Path(folder) / "home", chance, tally, "")
        room.home.mkdir()
        for _ in range(FAULTS_IN_A_TRIAL):
            name = chance.choices(list(KINDS), [often for _, often in KINDS.values()])[0]
            name = only or name
            room.label = f"trial {number} of seed {seed}, {name}"
            tally.faults[name] += 1
            KINDS[name][0](room)
            room.check()


def run(seconds: float, seed: int, *, jobs: int = 2, only: str | None = None, first: int = 0) -> Tally:
    """Trials for so many seconds, at least one of each job; what was found."""
    tally = Tally()
    deadline = time.monotonic() + seconds
    numbers = iter(range(first, 1_000_000))
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                number = next(numbers)
            found = Tally()
            try:
                trial(seed, number, found, only)
            except Exception:  # of the harness itself: never to be taken for a clean run
                found.unsound.append(f"the harness failed in trial {number} of seed {seed}:\n{traceback.format_exc()}")
            with lock:
                tally.add(found)
            if time.monotonic() > deadline:
                return

    workers = [threading.Thread(target=work) for _ in range(jobs)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return tally
