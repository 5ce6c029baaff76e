"""The ten discourse tactics of supportive talk, in the fixed order used everywhere.

The taxonomy is that of Gueorguieva et al. (2026), as MINT uses it (arXiv 2604.11742); the wording here is
ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Tactic(StrEnum):
    """What one sentence of a reply does for the person. A sentence may do several of these, or none."""

    INFORMATION = "information"
    ASSISTANCE = "assistance"
    ADVICE = "advice"
    VALIDATION = "validation"
    EMOTIONAL_EXPRESSION = "emotional_expression"
    PARAPHRASING = "paraphrasing"
    SELF_DISCLOSURE = "self_disclosure"
    QUESTIONING = "questioning"
    REAPPRAISAL = "reappraisal"
    EMPOWERMENT = "empowerment"

    @property
    def label(self) -> str:
        """The name in plain English, for sentences a person reads."""
        return self.value.replace("_", " ")


TACTICS: tuple[Tactic, ...] = tuple(Tactic)
"""All ten, in the fixed order: vectors, tables, prompts and control tokens follow it."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One line that says what the tactic is, and one sentence that does it."""

    text: str
    example: str


DEFINITIONS: Mapping[Tactic, Definition] = MappingProxyType(
    {
        Tactic.INFORMATION: Definition(
            "Give a fact or name a resource that bears on what the person is dealing with.",
            "Waking at four in the morning is one of the most common effects of long strain.",
        ),
        Tactic.ASSISTANCE: Definition(
            "Offer something that you yourself can do for the person, here and now.",
            "If it helps, we can draft that message to your sister together.",
        ),
        Tactic.ADVICE: Definition(
            "Put forward a step that the person could take.",
            "You could ask for ten minutes with your manager before the week gets going.",
        ),
        Tactic.VALIDATION: Definition(
            "Say that the feeling makes sense, is allowed, or is shared by many.",
            "Anyone would be worn out after a month like that.",
        ),
        Tactic.EMOTIONAL_EXPRESSION: Definition(
            "Show your own reaction to what was said: sympathy, concern, gladness or a hope.",
            "I'm so sorry that the news came on your birthday.",
        ),
        Tactic.PARAPHRASING: Definition(
            "Give back in other words what you understood of the story and the feeling in it.",
            "So the work itself is fine; what wears on you is never knowing if it counts.",
        ),
        Tactic.SELF_DISCLOSURE: Definition(
            "Tell about something that you went through yourself.",
            "I was let go once as well, and it took me a year to talk about it.",
        ),
        Tactic.QUESTIONING: Definition(
            "Invite the person to tell more, so that you understand better.",
            "What went through your mind when the door closed?",
        ),
        Tactic.REAPPRAISAL: Definition(
            "Open another way of looking at what happened or at what it means.",
            "Being passed over once may say more about their budget than about your work.",
        ),
        Tactic.EMPOWERMENT: Definition(
            "Name a strength, an effort or an achievement that you see in the person.",
            "It took courage to bring this up at all.",
        ),
    }
)
