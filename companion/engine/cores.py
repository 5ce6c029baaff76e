"""How many threads to compute with: one for each core that nobody else is using.

A thread too many is not a small loss. Every node of the graph waits for the slowest thread, and one that has
to queue for its core made decoding 40 times slower beside a busy program; leaving the core away cost a half.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

SHORTEST = 0.1  # seconds of watching before a judgement: the kernel counts in hundredths


class Cores:
    """The cores this process may run on, and how busy others keep them."""

    def __init__(self) -> None:
        self._allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set[int]()
        self._physical = _physical(self._allowed) or os.cpu_count() or 1
        self._free = self._physical
        self._since = time.monotonic()
        self._busy, self._own = self._counters()

    @property
    def physical(self) -> int:
        """Cores this process may run on; hyper-threads of one core count once."""
        return self._physical

    def free(self) -> int:
        """Judged from what happened since it was last asked; at least one."""
        now = time.monotonic()
        watched = now - self._since
        if watched >= SHORTEST:
            busy, own = self._counters()
            others = (busy - self._busy - (own - self._own)) / watched
            self._free = min(self._physical, max(1, round(self._physical - others)))
            self._since, self._busy, self._own = now, busy, own
        return self._free

    def _counters(self) -> tuple[float, float]:
        """Seconds that the allowed cores were busy, and that this process was: where unknown, equally long."""
        own = time.process_time()
        try:
            lines = Path("/proc/stat").read_text(encoding="ascii").splitlines()
        except OSError:
            return own, own
        ticks = 0
        for line in lines:
            name, *counts = line.split()
            if name[:3] == "cpu" and name[3:].isdigit() and int(name[3:]) in self._allowed:
                user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, counts[:8])
                ticks += user + nice + system + irq + softirq + steal
        return ticks / os.sysconf("SC_CLK_TCK"), own


def _physical(allowed: set[int]) -> int:
    """Hyper-threads of a core count once: a second thread on it slows decoding."""
    siblings = set()
    for cpu in allowed:
        topology = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
        siblings.add(topology.read_text(encoding="ascii") if topology.exists() else str(cpu))
    return len(siblings)
