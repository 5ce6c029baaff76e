"""What happens during a turn, as typed events. Front ends consume them and decide nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from companion.engine.protocol import EngineError
from companion.rating import Empathy
from companion.speaking.choice import Choice
from planner.policy import Plan
from planner.tactics import Tactic

if TYPE_CHECKING:
    from companion.safety.risk.assessor import Risk  # compiles some hundred patterns: not before the first frame


@dataclass(frozen=True, slots=True)
class TaggedSentence:
    """A sentence of a reply with the tactics it uses and the score of each of the ten (0..1)."""

    text: str
    tactics: tuple[Tactic, ...]
    scores: dict[Tactic, float]


@dataclass(frozen=True, slots=True)
class Timings:
    """How a reply went: tokens counted by the model, times in milliseconds."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    reply_tokens: int = 0
    first_ms: float = 0.0
    total_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply as it was stored."""

    turn_id: int
    text: str
    status: Literal["complete", "stopped", "failed"]
    sentences: tuple[TaggedSentence, ...]
    plan: Plan | None
    timings: Timings
    choices: tuple[Choice, ...] = ()
    """For each sentence that was chosen among several, what there was to choose from."""
    empathy: Empathy | None = None
    """How the rater judges the reply; None where there is no rater."""


@dataclass(frozen=True, slots=True)
class UserSaved:
    """The person's message is in the database; `text` is what was kept of it."""

    turn_id: int
    text: str


@dataclass(frozen=True, slots=True)
class RiskRaised:
    """The person's message, or what they said before it, speaks of danger. Nothing of `risk` is shown as a score."""

    turn_id: int
    risk: Risk


@dataclass(frozen=True, slots=True)
class ReplyBegun:
    """A reply to the message `answers` is about to arrive; `said` is what it says already, where it goes on."""

    turn_id: int
    answers: int
    said: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """What the next reply aims for."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class Trimmed:
    """The conversation is longer than the model can read: this many messages at its beginning are out of its view."""

    messages: int


@dataclass(frozen=True, slots=True)
class SentenceChosen:
    """Of several ways on one was kept; its text follows as a Token. None was, where none was fit to be said."""

    choice: Choice


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the reply's text."""

    text: str


@dataclass(frozen=True, slots=True)
class Thought:
    """A piece of what the model thinks before its reply, `seconds` after it began to. It is shown, and kept nowhere."""

    text: str
    seconds: float

    @property
    def took(self) -> str:
        """The time until now, in words."""
        return f"{self.seconds:.0f} s" if self.seconds >= 1 else "less than a second"


@dataclass(frozen=True, slots=True)
class Remarked:
    """Something about this turn that the person should know."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The reply is complete and stored."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Stopped:
    """The person stopped the reply; what had arrived is stored."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Failed:
    """The reply broke off; what had arrived is stored, and `message` is the sentence to show."""

    reply: Reply
    error: EngineError

    @property
    def message(self) -> str:
        return str(self.error)


Event = (
    UserSaved
    | RiskRaised
    | ReplyBegun
    | Planned
    | Trimmed
    | Remarked
    | Thought
    | SentenceChosen
    | Token
    | Finished
    | Stopped
    | Failed
)
