"""A language model as the rater: six questions about a reply, each answered from 1 to 5.

The questions are ours; the dimensions are those of the Lend-an-Ear study, in the order of `companion.rating.Empathy`.
Answers are read strictly: one JSON object with these six keys and whole numbers from 1 to 5, and nothing is guessed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from companion.engine.protocol import Engine, EngineError, Message, Sampling
from companion.errors import UsageError
from companion.rating import Empathy
from planner.layouts import Layout
from training.speakers import side_by_side, spoken

QUESTIONS = {
    "validating_emotions": "Does the reply take what the person feels seriously, and let it be right to feel so? "
    "1: it passes over the feeling. 5: it names the feeling and makes plain that it is understandable.",
    "encouraging_elaboration": "Does the reply make it easy for the person to say more? "
    "1: it closes the subject. 5: it clearly invites the person to go on, in their own way.",
    "demonstrating_understanding": "Does the reply show that what was said has been understood? "
    "1: it could answer anybody. 5: it gives back, in words of its own, what this person said and means.",
    "advice_giving": "Does the reply give advice that the person did not ask for? "
    "1: none, or only what was asked for. 5: most of it tells the person what to do.",
    "self_oriented": "Does the reply turn to the one who gives it, to their life, feelings or opinions? "
    "1: it stays with the person. 5: it is mostly about who replies.",
    "dismissing_emotions": "Does the reply make the feeling smaller, or push it aside? "
    "1: not at all. 5: it plainly says or implies that there is no reason to feel so.",
}  # fmt: skip
KEYS = tuple(QUESTIONS)

SYSTEM = "\n".join(
    (
        "You rate replies in conversations in which somebody needs support. Read the conversation, then the reply to "
        "its last message, and rate that reply alone, not the ones before it. Judge what is written; neither length "
        "nor polish is a merit. Answer each question with a whole number from 1 to 5.",
        *(f"- {name}: {question}" for name, question in QUESTIONS.items()),
        "Give nothing but one JSON object, in this form: "
        + json.dumps(dict.fromkeys(KEYS, 3)).replace("3", "N") + ", with a number for each N.",
    )
)  # fmt: skip

TRIES = 3
"""Times that a reply is asked about, where no ratings can be read in the answer."""
GIVE_UP = 5
"""Replies in a row without ratings after which the judge is no judge."""
MOST_TOKENS = 2048
"""Of an answer, thoughts before it included."""
_THOUGHT = re.compile(r"^.*?</think>", re.DOTALL)
_FENCE = re.compile(r"^```(?:json)?\s*(.*?)\s*```$", re.DOTALL)


class Judge:
    """Rates by asking a model about each reply by itself; several at a time where there are several engines for it."""

    def __init__(self, name: str, engines: Sequence[Engine]) -> None:
        self.name, self._engines = name, engines
        self._without = 0

    def check(self) -> None:
        """Raises EngineError where it cannot be reached, UsageError where it reads no instructions."""
        try:
            layout = self._engines[0].load().layout
        except EngineError as error:
            raise EngineError(f"The judge {self.name} does not answer: {error}") from error
        if layout == Layout.MINI:
            raise UsageError(f"{self.name} reads no instructions, so it cannot judge. Take another model.")

    def rate(self, replies: Sequence[tuple[Sequence[Message], str]]) -> list[Empathy | None]:
        """The ratings of each (conversation before it, reply); None where no answer could be read.

        Raises EngineError, naming the judge, where it cannot be reached or answers nothing that can be read.
        """
        return side_by_side(self._one, self._engines, replies)

    def _one(self, engine: Engine, rated: tuple[Sequence[Message], str]) -> Empathy | None:
        history, reply = rated
        messages = [Message("system", SYSTEM), Message("user", asked(history, reply))]
        for attempt in range(TRIES):
            found = ratings(self._answer(engine, messages, attempt))
            if found is not None:
                self._without = 0
                return found
        self._without += 1
        if self._without >= GIVE_UP:
            raise EngineError(
                f"The judge {self.name} rated none of {GIVE_UP} replies in a way that could be read: six whole numbers "
                "from 1 to 5 as JSON. Take another model."
            )
        return None

    def _answer(self, engine: Engine, messages: Sequence[Message], attempt: int) -> str:
        sampling = Sampling(temperature=0.7 if attempt else 0.0, max_tokens=MOST_TOKENS, seed=attempt)
        try:
            return spoken(engine, messages, sampling).text
        except EngineError as error:
            raise EngineError(f"The judge {self.name} does not answer: {error}") from error


def asked(history: Sequence[Message], reply: str) -> str:
    """The conversation and the reply, for the judge to read. Nobody's words can pass for those of the other."""
    who = {"user": "Person", "assistant": "Supporter"}
    said = [{"who": who[message.role], "said": message.content} for message in history]
    return (
        "The conversation:\n" + json.dumps(said, ensure_ascii=False, indent=1)
        + "\n\nThe reply to rate:\n" + json.dumps({"who": "Supporter", "said": reply}, ensure_ascii=False, indent=1)
    )  # fmt: skip


def ratings(answer: str) -> Empathy | None:
    """The ratings in an answer; None for anything but one object of the six keys with whole numbers from 1 to 5.

    Thoughts before it are passed over, and so is a code fence around it.
    """
    text = _THOUGHT.sub("", answer).strip()
    fenced = _FENCE.match(text)
    try:
        found: Any = json.loads(fenced[1] if fenced else text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or set(found) != set(KEYS):
        return None
    values = [found[key] for key in KEYS]
    if any(type(value) is not int or not 1 <= value <= 5 for value in values):
        return None
    return Empathy(*map(float, values))
