"""What stickiness would be if turns did not know each other: turns shuffled across conversations."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from companion.study.bootstrap import LEVEL
from companion.study.measures import BITS, Floats, share
from companion.study.said import SETS
from companion.study.table import Integers, Masks, Table

SHUFFLES = 1000
TURNS = 20_000_000
"""Turns that are shuffled in all: a long log is shuffled less often, and needs it less."""
CELLS = 1_000_000
"""Turns that are shuffled at once."""


@dataclass(frozen=True, slots=True)
class Null:
    """Stickiness of shuffled turns; `p` is the share of shuffles that reach the real one (at least 1 / (n + 1))."""

    shuffles: int
    mean: float
    low: float
    high: float
    p: float


def own_null(table: Table, seed: int) -> Null:
    """Of the own history: all turns change places."""
    rows = table.follows
    return _null(table.tactics, rows - 1, table.tactics, rows, seed, together=True)


def human_null(reference: Table, before: Integers, table: Table, rows: Integers, seed: int) -> Null:
    """Of the human history: our turns change places, the reference stays."""
    return _null(reference.tactics, before, table.tactics, rows, seed, together=False)


def _null(first: Masks, before: Integers, second: Masks, now: Integers, seed: int, *, together: bool) -> Null:
    if not len(now):
        return Null(0, math.nan, math.nan, math.nan, math.nan)
    random = np.random.default_rng(seed)
    real = _stickiness(first[before], second[now])
    shuffles = max(20, min(SHUFFLES, TURNS // len(second)))
    at_once = max(1, CELLS // max(len(second), SETS))
    found = np.concatenate([
        _shuffled(first, before, np.tile(second, (min(at_once, shuffles - done), 1)), now, random, together=together)
        for done in range(0, shuffles, at_once)
    ])  # fmt: skip
    found = found[~np.isnan(found)]
    if math.isnan(real) or not len(found):
        return Null(shuffles, math.nan, math.nan, math.nan, math.nan)
    low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    reached = int((found >= real - 1e-12).sum())
    return Null(shuffles, float(found.mean()), float(low), float(high), (reached + 1) / (len(found) + 1))


def _shuffled(
    first: Masks, before: Integers, copies: Masks, now: Integers, random: np.random.Generator, *, together: bool
) -> Floats:
    """Stickiness of as many shuffles as there are copies (rows) of the turns."""
    mixed = random.permuted(copies, axis=1)
    a = mixed[:, before] if together else np.broadcast_to(first[before], (len(mixed), len(now)))
    b = mixed[:, now]
    place = np.arange(len(mixed))[:, None] * SETS
    met, kept = (
        np.bincount((place + masks).ravel(), minlength=len(mixed) * SETS).reshape(-1, SETS) @ BITS
        for masks in (a, a & b)
    )
    return share(
        np.divide(kept, met, out=np.zeros_like(kept), where=met > 0).sum(axis=1), (met > 0).sum(axis=1).astype(float)
    )


def _stickiness(before: Masks, now: Masks) -> float:
    met = np.bincount(before, minlength=SETS) @ BITS
    kept = np.bincount(before & now, minlength=SETS) @ BITS
    open_to = met > 0
    return float((kept[open_to] / met[open_to]).mean()) if open_to.any() else math.nan
