"""The safety plan (S14): what a person wants to remember in a hard moment, in their own words, on this computer.

The order of the sections is that of the Safety Planning Intervention (Stanley and Brown 2012); the wording is ours.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType

from companion import paths
from companion.errors import CompanionError
from companion.safety.private import PrivateFile

FILE = "safety_plan.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the plan: its name in the file, its title, and what to write there."""

    name: str
    title: str
    hint: str


SECTIONS = (
    Section("signs", "Signs that a hard time is coming", "Thoughts, feelings, places or times you know by now."),
    Section("alone", "What helps me on my own", "A walk, music, a shower, a breathing exercise, a film."),
    Section("places", "Places and people that take my mind off it", "A café, a park, a group, someone to be around."),
    Section("people", "People I can ask for help", "Names and numbers, those who would want to know."),
    Section("professionals", "Professionals and helplines", "A doctor, a clinic, a helpline, the emergency number."),
    Section("safer", "Making things safer", "What I put out of reach, and who can keep it for me."),
)


@dataclass(frozen=True, slots=True)
class Readiness:
    """S15: how likely it is to get in touch with one of these people today, from 0 to 10."""

    value: int
    on: date


@dataclass(frozen=True, slots=True)
class SafetyPlan:
    """What the person wrote, by the names of the sections, and what they answered to the one question."""

    texts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    readiness: Readiness | None = None

    def text(self, name: str) -> str:
        """What is written in a section."""
        return self.texts.get(name, "")

    def with_text(self, name: str, text: str) -> SafetyPlan:
        """The plan with another text in this section."""
        return replace(self, texts=MappingProxyType({**self.texts, name: text}))

    def answered(self, value: int, on: date) -> SafetyPlan:
        """The plan with an answer to the question of S15. Raises ValueError outside 0 to 10."""
        if not 0 <= value <= 10:
            raise ValueError(f"{value} is not a number from 0 to 10")
        return replace(self, readiness=Readiness(value, on))

    @property
    def empty(self) -> bool:
        """Whether nothing is written."""
        return not any(text.strip() for text in self.texts.values())

    def plain(self) -> str:
        """The whole plan as paragraphs; sections without a word are left out."""
        parts = [f"{section.title}\n{text}" for section in SECTIONS if (text := self.text(section.name).strip())]
        return "\n\n".join(parts)


class PlanBook:
    """Where the plan lies. Make one and pass it on: off the record (`keep=False`) it also holds what was written."""

    def __init__(self, path: Path | None = None, *, keep: bool = True) -> None:
        """Raises UsageError where COMPANION_HOME names nobody's home."""
        self._file = PrivateFile(path or paths.data_folder() / FILE, keep=keep)

    @property
    def keep(self) -> bool:
        """Whether what is written goes into the file."""
        return self._file.keep

    def read(self) -> SafetyPlan:
        """The plan, empty where there is none. Raises CompanionError where it cannot be read or understood; it is set
        aside then, so that a new one does not take its place."""
        try:
            text = self._file.read()
            return _from_json(json.loads(text)) if text.strip() else SafetyPlan()
        except CompanionError:
            self._file.set_aside()
            raise
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            self._file.set_aside()
            raise CompanionError(f"{self._file.path} was not understood; it is kept under another name.") from None

    def write(self, plan: SafetyPlan) -> None:
        """Keep the plan. Raises CompanionError where it cannot be written."""
        answer = plan.readiness
        row = {
            "format": FORMAT,
            "sections": dict(plan.texts),
            "readiness": {"value": answer.value, "on": answer.on.isoformat()} if answer else None,
        }
        self._file.write(json.dumps(row, ensure_ascii=False, indent=1) + "\n")

    def forget(self) -> None:
        """No plan any more. Raises CompanionError where the file cannot be removed."""
        self._file.forget()


def _from_json(row: object) -> SafetyPlan:
    """Raises ValueError, TypeError, KeyError or AttributeError for what was not written by `write`."""
    if not isinstance(row, dict) or row["format"] != FORMAT:
        raise ValueError("another format")
    plan = SafetyPlan()
    for name, text in row["sections"].items():
        if not isinstance(text, str):
            raise TypeError(name)
        plan = plan.with_text(name, text)
    answer = row["readiness"]
    return plan.answered(int(answer["value"]), date.fromisoformat(answer["on"])) if answer else plan
