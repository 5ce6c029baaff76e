"""Which of several candidate sentences to keep: one pure score, the same terms as the training reward.

    total = plan * w.plan + novelty * w.novelty + quality * w.quality
          - opener * w.opener - run_on * w.run_on - echo * w.echo      -infinity for a vetoed candidate

Every part lies between 0 and 1, but for plan, which is -1 for a candidate that uses a closed tactic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import inf

from planner.ledger import OPENER_WORDS, Ledger, TurnRecord, words_of
from planner.novelty import KL_CAP, kl
from planner.policy import Plan
from planner.tactics import TACTICS, Tactic

LONG_SENTENCE = 30
"""Words from which a sentence runs on; at twice as many the penalty is whole."""

WORN_OPENERS = (
    "it sounds like",
    "that sounds like",
    "i'm sorry to",
    "i'm so sorry",
    "i'm really sorry",
    "i hear you",
    "i can understand",
    "i can see",
    "i understand that",
    "it's understandable that",
    "thank you for",
)
"""How programs open replies to distress, whatever was said (safety_and_measures.md, 4.2)."""
WORN = 0.6
"""What one of those counts, beside 1 for an opening of this conversation."""

ECHO_WORDS = 4
"""Words in a row that count as said again."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to go on: the text up to the next sentence end, and what was found in it."""

    text: str
    tactics: frozenset[Tactic]
    quality: float | None = None
    """The rater's, from 0 to 1; None where there is no rater."""
    vetoed: bool = False
    """Not to be said at all, whatever its score: the safety lint's word."""

    def __post_init__(self) -> None:
        if self.quality is not None and not 0 <= self.quality <= 1:
            raise ValueError(f"quality is a number from 0 to 1, not {self.quality}")


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands before the candidate."""

    sentences: tuple[frozenset[Tactic], ...] = ()
    """The tactics of this reply's sentences so far."""
    said: tuple[str, ...] = ()
    """Texts not to say again: this reply's sentences so far, and the replies before it."""
    words: int = 0
    """Words of this reply so far."""


NOTHING_SAID = Draft()


@dataclass(frozen=True, slots=True)
class SteeringWeights:
    """What each part of the score is worth."""

    plan: float = 1.0
    """Doing what the plan aims for."""
    novelty: float = 0.5
    """Differing from the last reply."""
    quality: float = 1.0
    """The rater's word."""
    opener: float = 1.0
    """Opening as recent replies did."""
    run_on: float = 0.5
    """Running on: a sentence too long, or a reply longer than the plan allows."""
    echo: float = 1.0
    """Saying the same words again."""

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not 0 <= value < inf:
                raise ValueError(f"the weight {name} is a number from 0 on, not {value}")


DEFAULT_WEIGHTS = SteeringWeights()


@dataclass(frozen=True, slots=True)
class Score:
    """The parts of a candidate's score, unweighted, and their weighted total."""

    plan: float
    novelty: float
    quality: float
    opener: float
    run_on: float
    echo: float
    total: float

    @property
    def eligible(self) -> bool:
        """Whether the candidate may be said at all."""
        return self.total > -inf


def score(
    candidate: Candidate,
    plan: Plan,
    ledger: Ledger,
    draft: Draft = NOTHING_SAID,
    weights: SteeringWeights = DEFAULT_WEIGHTS,
) -> Score:
    """The score of one candidate that would follow `draft`."""
    on_plan = plan_part(candidate, plan, draft)
    novelty = novelty_part(candidate, ledger, draft)
    quality = candidate.quality or 0.0
    opener = 0.0
    if not draft.sentences:
        worn = WORN * opener_part(candidate.text, WORN_OPENERS)
        opener = max(worn, opener_part(candidate.text, plan.avoid_openers))
    run_on = run_on_part(candidate.text, room=plan.words - draft.words)
    echo = echo_part(candidate.text, draft.said)
    total = (
        weights.plan * on_plan
        + weights.novelty * novelty
        + weights.quality * quality
        - weights.opener * opener
        - weights.run_on * run_on
        - weights.echo * echo
    )
    return Score(on_plan, novelty, quality, opener, run_on, echo, -inf if candidate.vetoed else total)


def choose(scores: Sequence[Score]) -> int | None:
    """The index of the highest total, the first of equals; None where nothing is eligible."""
    eligible = [index for index, each in enumerate(scores) if each.eligible]
    return max(eligible, key=lambda index: scores[index].total, default=None)


def plan_part(candidate: Candidate, plan: Plan, draft: Draft) -> float:
    """The mean weight of the candidate's tactics, in units of the plan's highest weight.

    Each earlier use of a tactic in this reply halves its worth, so that a reply does not do one thing all
    along. 0 without tactics; -1 with a closed one.
    """
    if not candidate.tactics:
        return 0.0
    if candidate.tactics.intersection(plan.closed):
        return -1.0
    highest = max(plan.weights.values())
    used = TurnRecord(draft.sentences).counts()
    worth = [plan.weights[t] / highest * 0.5 ** used[t] for t in TACTICS if t in candidate.tactics]
    return sum(worth) / len(worth)


def novelty_part(candidate: Candidate, ledger: Ledger, draft: Draft) -> float:
    """KL of the reply so far, candidate included, against the last reply, in units of its cap."""
    if ledger.last is None:
        return 0.0
    reply = TurnRecord((*draft.sentences, candidate.tactics))
    return kl(reply.counts(), ledger.last.counts()) / KL_CAP


def opener_part(text: str, avoid: Sequence[str]) -> float:
    """The share of an opener's three words that the text begins with; the worst over the openers to avoid."""
    words = words_of(text)
    return max((_words_in_common(words, opener.split()) / OPENER_WORDS for opener in avoid), default=0.0)


def run_on_part(text: str, *, room: int) -> float:
    """How far the sentence goes beyond LONG_SENTENCE words, or beyond the `room` words that the plan has left.

    0 up to there, 1 from LONG_SENTENCE words further on; the worse of the two.
    """
    excess = len(words_of(text)) - min(LONG_SENTENCE, room)
    return min(1.0, max(0.0, excess / LONG_SENTENCE))


def echo_part(text: str, said: Sequence[str]) -> float:
    """The share of the text's word 4-grams that were said before. A shorter text counts as one n-gram."""
    words = words_of(text)
    size = min(ECHO_WORDS, len(words))
    if not size:
        return 0.0
    before = {gram for earlier in said for gram in _ngrams(words_of(earlier), size)}
    grams = _ngrams(words, size)
    return sum(gram in before for gram in grams) / len(grams)


def _words_in_common(words: Sequence[str], opener: Sequence[str]) -> int:
    shared = 0
    for ours, theirs in zip(words, opener, strict=False):
        if ours != theirs:
            break
        shared += 1
    return shared


def _ngrams(words: Sequence[str], size: int) -> list[tuple[str, ...]]:
    return [tuple(words[start : start + size]) for start in range(len(words) - size + 1)]
