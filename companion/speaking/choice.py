"""Choosing among the ways a sentence could go on: tagged, rated, scored by the planner, one kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import isfinite

from companion.rating import Rater
from companion.speaking.checked import UNGUARDED, Guard
from companion.tagging import Tagger, used
from companion.text import split_sentences
from planner.ledger import Ledger, words_of
from planner.policy import Plan
from planner.steering import Candidate, Draft, Score, SteeringWeights, choose, score
from planner.tactics import TACTICS, Tactic

NEIGHBOURS = 2
"""Sentences before a candidate that the tagger sees."""


@dataclass(frozen=True, slots=True)
class Considered:
    """One way a sentence could have gone."""

    text: str
    tactics: tuple[Tactic, ...]
    score: Score
    veto: str = ""
    """Why it was not to be said at all; empty where it was."""

    @property
    def parts(self) -> dict[str, float]:
        """The parts of the score by name and their total, which a veto leaves out."""
        return {name: round(value, 4) for name, value in asdict(self.score).items() if isfinite(value)}


@dataclass(frozen=True, slots=True)
class Choice:
    """The ways that were considered for one sentence, and which was kept; None where none could be."""

    considered: tuple[Considered, ...]
    kept: int | None

    @property
    def reason(self) -> str:
        """Why this one, in words."""
        return why_kept([each.parts for each in self.considered], self.kept)


def why_kept(parts: Sequence[Mapping[str, float]], kept: int | None) -> str:
    """Why one of several ways was kept, in words, from the parts of their scores by name (`Considered.parts`)."""
    if kept is None:
        return "none of the ways was fit to be said"
    chosen = parts[kept]
    others = [each for number, each in enumerate(parts) if number != kept and "total" in each]
    if not others:
        return "the only way that could be said"
    reasons = [
        name
        for part, name in (("plan", "closest to the plan"), ("novelty", "least like the last reply"),
                           ("quality", "rated highest"))
        if chosen[part] - max(other[part] for other in others) > 1e-9
    ] + [
        name
        for part, name in (("opener", "opens unlike recent replies"), ("run_on", "does not run on"),
                           ("echo", "repeats least"))
        if min(other[part] for other in others) - chosen[part] > 1e-9
    ]  # fmt: skip
    return ", ".join(reasons) or "best in sum"


@dataclass
class Chooser:
    """Keeps track of one reply while it is chosen sentence by sentence."""

    tagger: Tagger
    rater: Rater | None
    plan: Plan
    ledger: Ledger
    weights: SteeringWeights
    message: str
    """What the reply answers."""
    earlier: tuple[str, ...] = ()
    """Replies before this one; their words are not to be said again."""
    said: str = ""
    """What the reply has said already, where it is one that goes on."""
    guard: Guard = UNGUARDED
    _texts: list[str] = field(default_factory=list)
    _tactics: list[frozenset[Tactic]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._texts = split_sentences(self.said)
        self._tactics = [used(scores) for scores in self.tagger.tag(self._texts)]

    def choose(self, candidates: Sequence[str]) -> Choice:
        """Score the texts that could come next, and keep the best."""
        if not candidates:
            return Choice((), None)
        draft = Draft(tuple(self._tactics), (*self._texts, *self.earlier), sum(len(words_of(t)) for t in self._texts))
        tactics = self._read(candidates)
        qualities = self._rate(candidates)
        considered = []
        for text, found, quality in zip(candidates, tactics, qualities, strict=True):
            reason = self.guard.veto(text)
            each = Candidate(text.strip(), found, quality, vetoed=bool(reason))
            ordered = tuple(tactic for tactic in TACTICS if tactic in found)
            considered.append(
                Considered(each.text, ordered, score(each, self.plan, self.ledger, draft, self.weights), reason)
            )
        return Choice(tuple(considered), choose([each.score for each in considered]))

    def take(self, chosen: Considered) -> None:
        """The reply goes on after this one."""
        self._texts.append(chosen.text)
        self._tactics.append(frozenset(chosen.tactics))

    def _read(self, candidates: Sequence[str]) -> list[frozenset[Tactic]]:
        before = self._texts[-NEIGHBOURS:]
        parts = [split_sentences(text) or [text] for text in candidates]
        read = self.tagger.tag_replies([[*before, *part] for part in parts])
        return [frozenset().union(*(used(scores) for scores in row[len(before) :])) for row in read]

    def _rate(self, candidates: Sequence[str]) -> list[float | None]:
        """The rater's aggregate of the reply up to and with each candidate, moved from 1..5 to 0..1."""
        if self.rater is None:
            return [None] * len(candidates)
        so_far = " ".join(self._texts)
        rated = self.rater.rate([(self.message, f"{so_far} {text}".strip()) for text in candidates])
        return [min(1.0, max(0.0, (each.aggregate - 1) / 4)) for each in rated]
