"""A message to somebody the person trusts (S14): drafted from fixed parts, changed and copied by them, never sent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from companion import paths
from companion.safety.private import PrivateFile

FILE = "letter.txt"

STATES: Mapping[str, tuple[str, str]] = {
    "hard": ("I am having a hard time", "I have been having a hard time, and I have not said so until now."),
    "alone": ("I feel alone with it", "I feel quite alone with it."),
    "unsafe": ("I do not feel safe on my own", "I do not feel safe on my own at the moment."),
    "thoughts": (
        "I have thoughts of ending my life",
        "I have been having thoughts of ending my life. It is hard to write this, and I want you to know.",
    ),
    "hurting": ("I have been hurting myself", "I have been hurting myself, and I would like that to stop."),
}
"""What the other should know: what the person ticks, and the sentence."""

WISHES: Mapping[str, tuple[str, str]] = {
    "listen": ("Listen", "It would help if you just listened. You do not have to solve anything."),
    "call": ("Call me", "Could you call me?"),
    "come": ("Be with me", "Could you come over, or could I come to you?"),
    "doctor": ("Help me find help", "Could you help me to reach a doctor or a helpline, or be there when I call?"),
    "keep": ("Keep something for me", "Could you keep something for me that I do not want near me right now?"),
    "know": (
        "Nothing, only know it",
        "You do not have to do anything now. I only did not want to be the only one who knows.",
    ),
}

TIMES: Mapping[str, tuple[str, str]] = {
    "now": ("Now", "I need this now, so please answer as soon as you see it."),
    "today": ("Today", "It would be good if it could be today."),
    "soon": ("These days", "Some time in the next few days would be good."),
    "none": ("No hurry", ""),
}

NO_NAME = "Hello"


@dataclass(frozen=True, slots=True)
class Answers:
    """What the person answered; every question can be left out."""

    to: str = ""
    """Whom it is for, as they are called."""
    states: Collection[str] = ()
    """Keys of STATES."""
    words: str = ""
    """"What would you say to them, if they were here?", in the person's own words."""
    wishes: Collection[str] = ()
    """Keys of WISHES."""
    time: str = "none"
    """A key of TIMES."""
    name: str = ""
    """How it is signed."""


def draft(answers: Answers) -> str:
    """The message in a few short paragraphs. The same answers give the same message."""
    to, name, words = (" ".join(answers.to.split()), " ".join(answers.name.split()), answers.words.strip())
    parts = [
        f"Hi {to}," if to else f"{NO_NAME},",
        " ".join(["I am writing because I trust you.", *_chosen(STATES, answers.states)]),
        words,
        " ".join([*_chosen(WISHES, answers.wishes), TIMES[answers.time][1]]).strip(),
        "Thank you for reading this.",
        name,
    ]
    return "\n\n".join(part for part in parts if part)


def _chosen(sentences: Mapping[str, tuple[str, str]], names: Collection[str]) -> list[str]:
    """In the order of the questions, not of the ticks."""
    return [sentence for name, (_, sentence) in sentences.items() if name in names]


class LetterBox:
    """Keeps a letter, and only when the person says so. Raises UsageError where COMPANION_HOME names nobody's home."""

    def __init__(self, path: Path | None = None, *, keep: bool = True) -> None:
        self._file = PrivateFile(path or paths.data_folder() / FILE, keep=keep)

    @property
    def on_disk(self) -> bool:
        """Whether what is kept goes into a file."""
        return self._file.keep

    def read(self) -> str:
        """The letter that was kept, or "". Raises CompanionError where it cannot be read."""
        return self._file.read()

    def keep(self, text: str) -> None:
        """Keep this letter. Raises CompanionError where it cannot be written."""
        self._file.write(text)

    def forget(self) -> None:
        """No letter any more. Raises CompanionError where the file cannot be removed."""
        self._file.forget()
