"""The reward of MINT (arXiv 2604.11742) and of what it leaves open: pure functions of counts, scores and lengths.

For each reply of a group (the replies to one row) three raw parts:

    quality   what the reader of quality says
    kl        KL(Q || P) in nats, Q the reply's tactic counts, P those of the last turn of the history, both with +0.1
              on each of ten tactics; at most 5; 0 for a reply without tactics (`planner.novelty.kl`)
    h         the entropy in nats of the reply's tactic counts (`planner.novelty.entropy`)

Each is scaled within its group to 0..1 (quality', kl', h'), and with w the weight and length = min(1, 200 / tokens):

    q               quality' * length
    dkl, h          w * kl' * length, w * h' * length
    q+dkl           (quality' + w * kl') * length
    q+h             (quality' + w * h') * length
    q+dkl+h         (quality' + w * (0.5 * kl' + 0.5 * h')) * length
    q+dkl+opening   (quality' + w * kl') * length - a * opener - b * run_on

and from every one of them 2 (by default) is taken away for a violation. opener and run_on lie in 0..1 as they are
(`training.openings`): scaled within the group, a reply that opens a little alike would cost as much as one that opens
exactly as all others do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, log
from typing import Literal, get_args

from planner.novelty import KL_CAP, entropy, kl
from planner.tactics import TACTICS, Tactic

Mode = Literal["q", "dkl", "h", "q+dkl", "q+h", "q+dkl+h", "q+dkl+opening"]
MODES: tuple[Mode, ...] = get_args(Mode)

LENGTH = 200
"""Tokens up to which a reply costs nothing."""
VIOLATION = 2.0
"""What naming tactics, or thinking without an end, costs: all that quality and novelty are worth together."""
FLAT = 1e-8
"""A spread up to this is none."""
RANGES = {"quality": 1.0, "kl": KL_CAP, "h": log(len(TACTICS))}
"""The whole range of each raw part: what a floor is a share of."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A reply and everything its reward depends on."""

    row: int
    """The row that it answers: replies of one row are a group, whatever their prompts say."""
    counts: tuple[int, ...]
    """(10,) sentences of the reply that carry each tactic, in the fixed order."""
    previous: tuple[int, ...]
    """(10,) the same of the last turn of the history; all 0 where there is none."""
    quality: float
    """Higher is better, on any scale; not looked at where the reply is empty."""
    tokens: int
    """Of the visible reply."""
    violation: bool = False
    opener: float = 0.0
    """How worn the opening is, 0..1."""
    run_on: float = 0.0
    """How far the worst sentence runs on, 0..1."""
    empty: bool = False
    """Nothing can be seen of it: it gets the worst raw parts of its group."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What the parts are worth beside quality, which is worth 1."""

    novelty: float = 1.0
    """w: kl' and h'."""
    opener: float = 1.0
    """a."""
    run_on: float = 0.5
    """b."""
    violation: float = VIOLATION


DEFAULT_WEIGHTS = Weights()


@dataclass(frozen=True, slots=True)
class Reward:
    """The reward of one reply, and how it came about."""

    total: float
    quality: float
    """Raw, like kl and h."""
    kl: float
    h: float
    quality_scaled: float
    """Within the group, like kl_scaled and h_scaled."""
    kl_scaled: float
    h_scaled: float
    length: float
    """The factor for long replies, above 0 and at most 1."""
    opener: float
    run_on: float
    violation: bool


def rewards(
    scored: Sequence[Scored],
    mode: Mode,
    *,
    weights: Weights = DEFAULT_WEIGHTS,
    floor: float = 0.0,
    length: int = LENGTH,
) -> list[Reward]:
    """The reward of every reply, in order; replies with the same row are a group, wherever they stand.

    `floor` is the share of a part's whole range (`RANGES`; of quality 1, whoever gives it) that the spread in a group
    must reach to be stretched to 0..1: a smaller one is scaled by the floor, around 0.5, so that noise stays small. 0
    stretches every spread, as the paper does. `length` is the number of tokens from which replies lose.

    Raises ValueError where the quality of a reply that is not empty is no number.
    """
    for each in scored:
        if not each.empty and not isfinite(each.quality):
            raise ValueError(f"the quality of a reply to row {each.row} is {each.quality}")
    groups: dict[int, list[int]] = {}
    for place, each in enumerate(scored):
        groups.setdefault(each.row, []).append(place)
    found: dict[int, Reward] = {}
    for places in groups.values():
        group = [scored[place] for place in places]
        found.update(zip(places, _of_group(group, mode, weights, floor, length), strict=True))
    return [found[place] for place in range(len(scored))]


def scaled(values: Sequence[float], floor: float = 0.0) -> list[float]:
    """Min-max over the values: 0 for the lowest, 1 for the highest, 0.5 for all where they are equal.

    A spread below `floor` is divided by the floor and lies around 0.5, so the result is continuous in the spread.
    """
    low, high = min(values), max(values)
    spread = high - low
    if spread <= FLAT:
        return [0.5] * len(values)
    if spread < floor:
        return [0.5 + (value - (low + high) / 2) / floor for value in values]
    return [(value - low) / spread for value in values]


def _of_group(group: Sequence[Scored], mode: Mode, weights: Weights, floor: float, length: int) -> list[Reward]:
    quality = _worst_where_empty(group, [each.quality for each in group])
    novelty = _worst_where_empty(group, [kl(_counts(each.counts), _counts(each.previous)) for each in group])
    spread = _worst_where_empty(group, [entropy(_counts(each.counts)) for each in group])
    q, d, h = (
        scaled(values, floor * RANGES[name]) for name, values in (("quality", quality), ("kl", novelty), ("h", spread))
    )
    made = []
    for place, each in enumerate(group):
        factor = min(1.0, length / max(1, each.tokens))
        total = _worth(mode, q[place], d[place], h[place], weights.novelty) * factor
        if mode == "q+dkl+opening":
            total -= weights.opener * each.opener + weights.run_on * each.run_on
        total -= weights.violation * each.violation
        made.append(
            Reward(
                total, quality[place], novelty[place], spread[place], q[place], d[place], h[place], factor,
                each.opener, each.run_on, each.violation,
            )
        )  # fmt: skip
    return made


def _worth(mode: Mode, q: float, d: float, h: float, w: float) -> float:
    """Before length and penalties."""
    match mode:
        case "q":
            return q
        case "dkl":
            return w * d
        case "h":
            return w * h
        case "q+dkl" | "q+dkl+opening":
            return q + w * d
        case "q+h":
            return q + w * h
        case "q+dkl+h":
            return q + w * (0.5 * d + 0.5 * h)


def _worst_where_empty(group: Sequence[Scored], values: list[float]) -> list[float]:
    """The values, and for empty replies the lowest of the others; 0 for all where every reply is empty."""
    worst = min((value for each, value in zip(group, values, strict=True) if not each.empty), default=0.0)
    return [worst if each.empty else value for each, value in zip(group, values, strict=True)]


def _counts(counts: Sequence[int]) -> dict[Tactic, int]:
    return dict(zip(TACTICS, counts, strict=True))
