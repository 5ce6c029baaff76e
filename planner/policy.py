"""The plan for the next reply: which tactics to aim for, which to rest, and why.

    w_t ~ b_t * m_t * exp(-lambda * u_t) * g_t

b need (`planner.need`), m taste (`planner.feedback`), u usage (`planner.ledger`), g gate (0 or 1). All else
equal, one more use of a tactic never raises its own weight: u_t grows with it, no other tactic's does, and
need and gates can only move in favour of others (need's follow is 1 for a tactic on itself; being heard opens
advice and closes nothing).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log

from planner.feedback import bounded
from planner.ledger import Ledger
from planner.need import NeedTable, shipped
from planner.reading import Reading
from planner.reason import explain
from planner.tactics import TACTICS, Tactic

CRISIS_RISK = 3
"""From this level on the risk ladder only CRISIS_TACTICS are open."""

CRISIS_TACTICS = frozenset(
    {Tactic.VALIDATION, Tactic.QUESTIONING, Tactic.PARAPHRASING, Tactic.INFORMATION, Tactic.ASSISTANCE}
)

LISTENING_TACTICS = frozenset({Tactic.VALIDATION, Tactic.PARAPHRASING, Tactic.QUESTIONING})
HEARD_AFTER = 2
"""A person has been heard after this many of the companion's turns, one of them with a listening tactic."""

REST_FROM = 0.3
"""Usage from which a tactic rests: not quite a third of the last reply, or more of earlier ones."""

REPLY_WORDS = 90
"""Words of a reply that says enough; half as many again as the replies of plain small chat models."""


@dataclass(frozen=True, slots=True)
class PlanSettings:
    """What may be set about planning. Raises ValueError for a value out of range."""

    gamma: float = 0.6
    """How much of a turn's weight is left one turn later, 0 to below 1."""
    strength: float = 1.5
    """lambda: how strongly used tactics are held back; 0 turns that off."""
    targets: int = 2
    """How many tactics a reply aims for, at most."""
    openers: int = 8
    """How many of the last replies' openings are to be avoided."""
    words: int = REPLY_WORDS
    """Words a reply may have before it runs on."""
    self_disclosure: bool = False
    """Whether the program may speak as if it had a life of its own. It has none."""

    def __post_init__(self) -> None:
        if not 0 <= self.gamma < 1:
            raise ValueError(f"gamma is a number from 0 to below 1, not {self.gamma}")
        if not 0 <= self.strength <= 100:
            raise ValueError(f"strength is a number from 0 to 100, not {self.strength}")
        if self.targets < 1:
            raise ValueError(f"a plan has 1 target or more, not {self.targets}")
        if self.words < 1:
            raise ValueError(f"a reply may have 1 word or more, not {self.words}")
        if self.openers < 0:
            raise ValueError(f"the number of openings to avoid is 0 or more, not {self.openers}")


DEFAULT_SETTINGS = PlanSettings()


@dataclass(frozen=True, slots=True)
class Factor:
    """How one tactic got its weight: need, after_taste, after_novelty and weight each sum to 1 over all."""

    tactic: Tactic
    need: float
    """b_t: the weight before anything else."""
    taste: float
    """m_t."""
    after_taste: float
    usage: float
    """u_t."""
    novelty: float
    """exp(-lambda * u_t)."""
    after_novelty: float
    gate: int
    """1 open, 0 closed."""
    weight: float
    """w_t: what is left after the gates."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the next reply aims for, and how that came about."""

    weights: dict[Tactic, float]
    targets: tuple[Tactic, ...]
    """By weight, the heaviest first."""
    resting: tuple[Tactic, ...]
    """Open, but used much of late; the most used first."""
    avoid_openers: tuple[str, ...]
    """How recent replies opened, as `planner.ledger.opener_of` gives it."""
    reason: str
    """One or two sentences a person reads."""
    factors: tuple[Factor, ...]
    """One for each tactic, in the fixed order."""
    words: int = REPLY_WORDS
    """Words the reply may have before it runs on."""

    @property
    def closed(self) -> tuple[Tactic, ...]:
        """The tactics behind a gate, in the fixed order."""
        return tuple(factor.tactic for factor in self.factors if not factor.gate)


def plan(
    ledger: Ledger,
    reading: Reading,
    *,
    taste: Mapping[Tactic, float] | None = None,
    settings: PlanSettings = DEFAULT_SETTINGS,
    need: NeedTable | None = None,
) -> Plan:
    """The plan for the turn after `ledger` that answers `reading`; need None is the table that ships."""
    factors = _factors(ledger, reading, bounded(taste), settings, need or shipped())
    open_factors = [factor for factor in factors if factor.gate]
    by_weight = sorted(open_factors, key=lambda factor: -factor.weight)  # stable: ties keep the fixed order
    targets = tuple(factor.tactic for factor in by_weight[: settings.targets])
    by_usage = sorted(open_factors, key=lambda factor: -factor.usage)
    resting = tuple(f.tactic for f in by_usage if f.usage >= REST_FROM and f.tactic not in targets)
    return Plan(
        weights={factor.tactic: factor.weight for factor in factors},
        targets=targets,
        resting=resting,
        avoid_openers=ledger.openers(settings.openers),
        reason=explain(ledger, reading, targets, resting, crisis=reading.risk >= CRISIS_RISK),
        factors=factors,
        words=settings.words,
    )


def open_tactics(ledger: Ledger, reading: Reading, settings: PlanSettings) -> frozenset[Tactic]:
    """The tactics whose gate is open; never none.

    In a crisis only CRISIS_TACTICS. Else advice waits until it is asked for, or the person has been heard and
    is not about to go; who is about to go is asked nothing; self-disclosure is closed unless the settings
    allow it.
    """
    if reading.risk >= CRISIS_RISK:
        return CRISIS_TACTICS
    closed = set()
    if not (reading.asks_advice or (has_been_heard(ledger) and not reading.farewell)):
        closed.add(Tactic.ADVICE)
    if reading.farewell:
        closed.add(Tactic.QUESTIONING)
    if not settings.self_disclosure:
        closed.add(Tactic.SELF_DISCLOSURE)
    return frozenset(TACTICS) - closed


def has_been_heard(ledger: Ledger) -> bool:
    """Whether the companion has listened before it comes up with steps to take."""
    return len(ledger.turns) >= HEARD_AFTER and any(turn.tactics & LISTENING_TACTICS for turn in ledger.turns)


def _factors(
    ledger: Ledger, reading: Reading, taste: Mapping[Tactic, float], settings: PlanSettings, need: NeedTable
) -> tuple[Factor, ...]:
    base = need.base(ledger, reading)
    usage = ledger.usage(settings.gamma)
    gates = open_tactics(ledger, reading, settings)
    # In logarithms, so that no usage, however heavy, ends in 0 / 0.
    tasted = {t: log(base[t]) + log(taste[t]) for t in TACTICS}
    novel = {t: tasted[t] - settings.strength * usage[t] for t in TACTICS}
    after_taste = _normalised(tasted)
    after_novelty = _normalised(novel)
    weight = _normalised({t: novel[t] for t in TACTICS if t in gates})
    return tuple(
        Factor(
            tactic=t,
            need=base[t],
            taste=taste[t],
            after_taste=after_taste[t],
            usage=usage[t],
            novelty=exp(-settings.strength * usage[t]),
            after_novelty=after_novelty[t],
            gate=int(t in gates),
            weight=weight.get(t, 0.0),
        )
        for t in TACTICS
    )


def _normalised(logs: Mapping[Tactic, float]) -> dict[Tactic, float]:
    """exp of each value, divided by their sum."""
    highest = max(logs.values())
    raw = {tactic: exp(value - highest) for tactic, value in logs.items()}
    total = sum(raw.values())
    return {tactic: value / total for tactic, value in raw.items()}
