"""What the store gives and takes. Times are UTC, ISO 8601 with milliseconds and `Z`: they sort as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    USER = "user"
    ASSISTANT = "assistant"


class Status(StrEnum):
    STREAMING = "streaming"
    COMPLETE = "complete"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Session:
    id: str
    title: str | None
    created_at: str
    updated_at: str
    archived: bool
    model: str | None
    condition: str | None
    settings: Mapping[str, object]
    turns: int


@dataclass(frozen=True, slots=True)
class Turn:
    """One message. `parent_id` is the turn it answers; turns with the same parent are alternatives."""

    id: int
    session_id: str
    parent_id: int | None
    role: Role
    text: str
    status: Status
    created_at: str
    finished_at: str | None = None
    prompt_tokens: int | None = None
    reply_tokens: int | None = None
    ms_first: float | None = None
    ms_total: float | None = None


@dataclass(frozen=True, slots=True)
class Timings:
    prompt_tokens: int | None = None
    reply_tokens: int | None = None
    ms_first: float | None = None
    ms_total: float | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    id: int
    turn_id: int
    position: int
    text: str
    tactics: Mapping[str, float] = field(default_factory=dict)
    """The tactics the sentence is tagged with, and the tagger's score for each."""


@dataclass(frozen=True, slots=True)
class FactorRow:
    """How one tactic got its weight: need, weight are shares; taste and novelty are multipliers; gate 0 is closed."""

    tactic: str
    need: float
    taste: float
    novelty: float
    gate: int
    weight: float


@dataclass(frozen=True, slots=True)
class PlanRow:
    """The plan a reply was given. `weights` is a share for each tactic, summing to 1."""

    layout: str
    weights: Mapping[str, float]
    targets: tuple[str, ...] = ()
    resting: tuple[str, ...] = ()
    reason: str = ""
    factors: tuple[FactorRow, ...] = ()
    """One for each tactic; none for plans that were made before this was kept."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way a sentence of a reply could have gone. `score` holds the parts of its score by name."""

    text: str
    tactics: tuple[str, ...]
    score: Mapping[str, float]
    veto: str
    kept: bool


@dataclass(frozen=True, slots=True)
class Empathy:
    """Six Lend-an-Ear dimensions, 1 to 5 each, and who rated them."""

    validating_emotions: float
    encouraging_elaboration: float
    demonstrating_understanding: float
    unsolicited_advice: float
    self_orientation: float
    dismissing_emotions: float
    rater: str


@dataclass(frozen=True, slots=True)
class Rating:
    """The person's own judgement of a reply."""

    value: int
    note: str | None
    created_at: str


@dataclass(frozen=True, slots=True)
class Mood:
    """How the person said they felt before or after a session, 1 (very bad) to 7 (very good)."""

    moment: str
    value: int
    created_at: str


@dataclass(frozen=True, slots=True)
class RiskEvent:
    turn_id: int
    level: int
    layer: str
    card_shown: bool


@dataclass(frozen=True, slots=True)
class Record:
    """A turn with all that an export tells of it. `risk` is the highest level that was noticed in it, 0 for none."""

    turn: Turn
    sentences: tuple[Sentence, ...] = ()
    plan: PlanRow | None = None
    empathy: tuple[Empathy, ...] = ()
    rating: Rating | None = None
    risk: int = 0


@dataclass(frozen=True, slots=True)
class NewTurn:
    """A turn from elsewhere, already over. `parent` is the place of the turn it answers among those of its session."""

    role: Role
    text: str
    parent: int | None
    status: Status
    created_at: str
    finished_at: str | None
    timings: Timings = Timings()
    sentences: tuple[tuple[str, Mapping[str, float]], ...] = ()
    plan: PlanRow | None = None
    empathy: tuple[Empathy, ...] = ()
    rating: int | None = None
    note: str | None = None
    risk: tuple[int, str] | None = None
    """(level, layer), where something was noticed in it."""


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session from elsewhere. `hash` tells whether it came before; `leaf` is the place of the last turn shown."""

    hash: bytes
    format: str
    turns: tuple[NewTurn, ...]
    id: str | None = None
    """Taken where it is free."""
    name: str | None = None
    """The pseudonym under which it was exported elsewhere."""
    title: str | None = None
    model: str | None = None
    condition: str | None = None
    leaf: int | None = None


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment as it was begun. `design` is what `companion.experiment.design` made of its file, as JSON."""

    name: str
    design: str
    created_at: str


@dataclass(frozen=True, slots=True)
class ArmCount:
    """Of one arm: participants who were given it, who finished, who are there, who withdrew."""

    arm: str
    assigned: int
    finished: int
    there: int
    withdrawn: int


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody who consented. `number` counts those of the experiment from 0, who withdrew among them."""

    code: str
    experiment: str
    number: int
    session_id: str
    arm: str
    consented_at: str
    finished_at: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a participant answered; `turn_id` is the reply it is about, None for a question before or after.

    `value` is a number on a scale, or words.
    """

    moment: str
    question: str
    value: int | str
    created_at: str
    turn_id: int | None = None


@dataclass(frozen=True, slots=True)
class SearchHit:
    """`matches` are the spans of `snippet` that answer the query, as (start, end)."""

    session: Session
    turn: Turn
    snippet: str
    matches: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Stats:
    sessions: int
    archived: int
    turns: int
    sentences: int
    ratings: int
    risk_events: int
    bytes: int
    """Of every file of the database; 0 in memory."""
    first_at: str | None
    last_at: str | None
