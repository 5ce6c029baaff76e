"""Where conversations are kept: one SQLite file, or nothing but memory."""

from __future__ import annotations

from companion.store.experiments import Experiments
from companion.store.forget import StillInUse
from companion.store.imports import Imports
from companion.store.records import Records
from companion.store.rows import (
    Answer,
    ArmCount,
    Candidate,
    Empathy,
    Experiment,
    FactorRow,
    Mood,
    NewSession,
    NewTurn,
    Participant,
    PlanRow,
    Rating,
    Record,
    RiskEvent,
    Role,
    SearchHit,
    Sentence,
    Session,
    Stats,
    Status,
    Timings,
    Turn,
)
from companion.store.search import Search


class Store(Experiments, Imports, Records, Search):
    """Sessions, turns and what is known about them. Several threads and several programs may use one file.

    `Store(path)` opens or makes the file; `Store(None)` is off the record. Methods raise `CompanionError` (or
    `NotFound`, `UsageError`) with a sentence for the person. Call `recover` once when a program starts.
    """


__all__ = [
    "Answer",
    "ArmCount",
    "Candidate",
    "Empathy",
    "Experiment",
    "FactorRow",
    "Mood",
    "NewSession",
    "NewTurn",
    "Participant",
    "PlanRow",
    "Rating",
    "Record",
    "RiskEvent",
    "Role",
    "SearchHit",
    "Sentence",
    "Session",
    "Stats",
    "Status",
    "StillInUse",
    "Store",
    "Timings",
    "Turn",
]
