"""The columns of every export: their order, what is in them, and what each means. The codebook is made of this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "name", "text", "time", "integer", "number", "flag", "tactic_counts", "tactic_weights", "tactics", "scores",
    "sentences", "plan", "timings", "empathy",
]  # fmt: skip
What = Literal["turns", "sentences", "sessions"]


@dataclass(frozen=True, slots=True)
class Column:
    """One key of a row."""

    key: str
    kind: Kind
    meaning: str
    only_with_text: bool = False


_SESSION = Column("session", "name", "The session: a pseudonym that is the same in every export, or its real id.")
_MODEL = Column("model", "name", "The model that replied, null where that is not known.")
_CONDITION = Column("condition", "name", "The arm of an experiment, null outside of one.")

TURNS = (
    _SESSION,
    _MODEL,
    _CONDITION,
    Column("turn", "integer", "The turn's number among the exported turns of its session, from 1, as they were said."),
    Column("parent", "integer", "The number of the turn it answers; turns with one parent are alternatives."),
    Column("role", "name", "user (the person) or assistant (the program)."),
    Column("status", "name", "complete, stopped (by the person), failed, interrupted (by a crash) or streaming."),
    Column("created_at", "time", "When it began, UTC."),
    Column("finished_at", "time", "When it ended, UTC; null while it is arriving."),
    Column("words", "integer", "Words, counted between white space."),
    Column("tactics", "tactic_counts", "In how many sentences of the reply each tactic is; null for the person's."),
    Column("sentences", "sentences", "The sentences of the reply in order, each with its tactics and their scores."),
    Column("plan", "plan", "What the reply was to do; null where there was no plan."),
    Column("timings", "timings", "Tokens, and milliseconds to the first word and to the last; null for the person's."),
    Column("empathy", "empathy", "Ratings of the reply from 1 to 5 in six dimensions, by rater; null without any."),
    Column("rating", "integer", "The person's own judgement of the reply, null without one."),
    Column("crisis", "flag", "Whether danger was noticed in it or in what it answers; null where such turns are out."),
    Column("text", "text", "What was said.", only_with_text=True),
    Column("rating_note", "text", "What the person wrote with the rating.", only_with_text=True),
)
SENTENCES = (
    _SESSION,
    _MODEL,
    _CONDITION,
    Column("turn", "integer", "The number of the reply, as in the export of turns."),
    Column("position", "integer", "The sentence's place in the reply, from 0."),
    Column("words", "integer", "Words, counted between white space."),
    Column("tactics", "tactics", "What the sentence does; empty where no tactic was found."),
    Column("scores", "scores", "The tagger's score of each of these tactics, in their order."),
    Column("text", "text", "The sentence.", only_with_text=True),
)
SESSIONS = (
    _SESSION,
    _MODEL,
    _CONDITION,
    Column("created_at", "time", "When it was begun, UTC."),
    Column("updated_at", "time", "When something was last said in it, UTC."),
    Column("archived", "flag", "Whether the person put it away."),
    Column("imported", "name", "The format it was imported from, null where it was spoken here."),
    Column("turns", "integer", "Exported turns, alternatives included."),
    Column("user_turns", "integer", "Those of the person."),
    Column("replies", "integer", "Those of the program."),
    Column("user_words", "integer", "Words of the person."),
    Column("reply_words", "integer", "Words of the program."),
    Column("sentences", "integer", "Tagged sentences."),
    Column("tactics", "tactic_counts", "In how many sentences each tactic is."),
    Column("mood_before", "integer", "How the person felt before, 1 (very bad) to 7 (very good), null if not asked."),
    Column("mood_after", "integer", "How the person felt after."),
    Column("crisis_turns", "integer", "Turns whose `crisis` is true; null where such turns are left out."),
    Column("title", "text", "The title, null where turns of the session are left out.", only_with_text=True),
)

OF: dict[What, tuple[Column, ...]] = {"turns": TURNS, "sentences": SENTENCES, "sessions": SESSIONS}

PLAN_KEYS = ("layout", "weights", "targets", "resting")
TIMING_KEYS: dict[str, Literal["integer", "number"]] = {
    "prompt_tokens": "integer",
    "reply_tokens": "integer",
    "first_ms": "number",
    "total_ms": "number",
}
EMPATHY_KEYS = (
    "validating_emotions", "encouraging_elaboration", "demonstrating_understanding", "unsolicited_advice",
    "self_orientation", "dismissing_emotions", "rater",
)  # fmt: skip


def columns(what: What, *, with_text: bool) -> tuple[Column, ...]:
    return tuple(column for column in OF[what] if with_text or not column.only_with_text)
