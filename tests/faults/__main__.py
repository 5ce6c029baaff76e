"""Faults happen to real programs, and nothing that was acknowledged is lost: `python -m tests.faults`."""

from __future__ import annotations

import argparse
import random
import sys
import time

from tests.faults.harness import run, trial
from tests.faults.kinds import KINDS
from tests.faults.room import Tally


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600, help="how long (default: 600)")
    parser.add_argument("--seed", type=int, default=None, help="draws the faults (default: a new one)")
    parser.add_argument("--trial", type=int, help="only this trial of the seed, to see a failure again")
    parser.add_argument("--only", choices=KINDS, help="only this fault")
    parser.add_argument("--jobs", type=int, default=2, help="trials side by side (default: 2)")
    given = parser.parse_args()
    seed = random.randrange(1_000_000) if given.seed is None else given.seed
    print(f"seed {seed}", flush=True)
    started = time.monotonic()
    if given.trial is None:
        tally = run(given.seconds, seed, jobs=given.jobs, only=given.only)
    else:
        tally = Tally()
        trial(seed, given.trial, tally, given.only)
    print(report(tally, time.monotonic() - started))
    return 0 if tally.clean else 1


def report(tally: Tally, seconds: float) -> str:
    """The counts, and what was found, in full."""
    lines = [
        f"{'seconds':<34}{seconds:.0f}",
        f"{'conversations':<34}{tally.conversations}",
        f"{'  killed with signal 9':<34}{tally.kills}",
        *(f"  {name:<32}{count}" for name, count in sorted(tally.faults.items())),
        f"{'committed turns':<34}{tally.committed}",
        f"{'replies seen in part or whole':<34}{tally.shown}",
        f"{'turns on damaged pages, reported':<34}{tally.behind_damage}",
        *(f"{name:<34}{len(found)}" for name, found in tally.findings.items()),
    ]
    details = [f"\n{name}:\n{each}" for name, found in tally.findings.items() for each in found]
    return "\n".join([*lines, *details])


if __name__ == "__main__":
    sys.exit(main())
