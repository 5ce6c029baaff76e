"""What the two learnt layers of the risk reading are taught: messages of danger, their harmless neighbours, and
ordinary talk.

The project's own risk corpus, parts of `corpus/risk_check`, and ordinary talk at level 0: the seekers of the
project's support corpus, of MINT's 322 conversations and of CounselChat, essays of Empathic Reactions, self-dialogues,
Synthetic-Persona-Chat. A line of theirs in which a plain list or the phrase floor finds anything is left out, so that
nobody's crisis is taught as harmless. Lend-an-Ear, XSTest and VERA-MH are for measuring only and are never read here.
"""

from __future__ import annotations

import csv
import json
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from companion.safety.risk import floor
from companion.text import clean
from training.encoder_data import corpus_rows

CORPUS = Path(__file__).parent / "corpus"
FROM_BEFORE = frozenset({"follow_up", "denial_after_disclosure"})
"""Families whose level comes from the message before: no reader of one message can learn them."""
SAID = frozenset({"explicit", "self_harm"})
"""Families that say it in so many words: they show a card at any level, because one line cannot show that there is no
intent."""
CARD = 3
TAUGHT = frozenset({"tune", "second", "third", "fourth"})
"""Parts of `risk_check` that are learnt from."""

LINES = 700
"""Of each corpus of small talk and essays."""
LENGTH = 700
"""Characters of an ordinary message that are read."""
SHORT = 400
"""Characters of the message before it; the end of a longer one is kept."""

_LISTED = re.compile(
    r"suicid|kill (?:my|him|her|your)self|end my life|(?:want|wanted|wish) to die|self.?harm|cutting|die\b|dead\b"
    r"|not be here|overdos|end it|to live\b|be (?:here|alive)|(?:cuts?|hurt|hurting|harm|harming) (?:my|him|her)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Lesson:
    """A message, the one before it or "", and what is true of it."""

    previous: str
    text: str
    noticed: bool
    """Level 1 or more: the reply asks."""
    card: bool
    """The help card is shown."""
    grave: bool
    """Level 4 or more: intent, a plan, something done."""
    family: str
    """The family, or where ordinary talk is from."""
    ordinary: bool = False
    """Talk of others, thousands of lines: an epoch reads a part of it."""


def own(corpus: Path = CORPUS) -> list[Lesson]:
    """The project's own messages, less those that are for choosing and measuring."""
    found = [_lesson(row, said=row["family"] in SAID) for row in corpus_rows(corpus / "risk")]
    checked = (row for row in corpus_rows(corpus / "risk_check") if row["split"] in TAUGHT)
    return [*found, *(_lesson(row, said=row["said"] == "explicit") for row in checked)]


def ordinary(data: Path, corpus: Path = CORPUS, lines: int = LINES, seed: int = 3) -> list[Lesson]:
    """Talk in which nobody is in danger. `data` is laid out as docs/encoder.md says."""
    chance = random.Random(seed)
    found = [_calm("seekers", before, text) for before, text in dict.fromkeys(_seekers(corpus))]
    found += [_calm("mint", before, text) for before, text in _mint(data)]
    found += [_calm("counsel", "", text) for text in dict.fromkeys(_counsel(data))]
    for source, texts in (("essay", _essays(data)), ("dialogue", _self_dialogues(data)), ("persona", _persona(data))):
        known = sorted(set(texts))
        found += [_calm(source, "", text) for text in chance.sample(known, min(lines, len(known)))]
    return [lesson for lesson in found if lesson.text]


def varied(lessons: Sequence[Lesson], fillers: Sequence[str], seed: int = 9) -> list[Lesson]:
    """Each lesson once more: inside other talk, or typed in another manner. Its truth stays what it is."""
    chance = random.Random(seed)
    found = []
    for lesson in lessons:
        if chance.random() < 0.5 and not lesson.previous and len(lesson.text) < SHORT:
            text = _surrounded(lesson.text, fillers, chance)
        else:
            text = _retyped(lesson.text, chance)
        if text != lesson.text:
            found.append(replace(lesson, text=text))
    return found


def fillers(lessons: Iterable[Lesson]) -> list[str]:
    """Ordinary messages that are short enough to stand around another."""
    sources = ("seekers", "counsel", "mint", "persona")
    return [lesson.text for lesson in lessons if lesson.family in sources and 15 < len(lesson.text) < 350]


def _lesson(row: dict[str, Any], *, said: bool) -> Lesson:
    level = row["level"]
    card = level >= CARD or (said and level > 0)
    previous, text = clean(row["previous"]), clean(row["text"])
    return Lesson(previous, text, noticed=level > 0, card=card, grave=level > CARD, family=row["family"])


def _calm(source: str, previous: str, text: str) -> Lesson:
    text, previous = clean(text[:LENGTH]).strip(), clean(previous)[-SHORT:]
    return Lesson(previous, text, noticed=False, card=False, grave=False, family=source, ordinary=True)


def _is_calm(text: str) -> bool:
    return not _LISTED.search(text) and floor.read(clean(text)).level == 0


def _surrounded(text: str, fillers: Sequence[str], chance: random.Random) -> str:
    def other() -> str:
        found = chance.choice(fillers)
        return found.lower() if text == text.lower() else found

    ended = text if text[-1] in ".!?" else f"{text}."
    place = chance.random()
    if place < 0.45:
        return f"{other()} {text}"
    return f"{ended} {other()}" if place < 0.75 else f"{other()} {ended} {other()}"


def _retyped(text: str, chance: random.Random) -> str:
    way = chance.random()
    if way < 0.35:
        return re.sub(r"[.!?,;:'’]+", "", text.lower())
    if way < 0.6:
        return _mistyped(text.lower(), chance)
    if way < 0.75:
        return text.lower()
    return _mistyped(text, chance)


def _mistyped(text: str, chance: random.Random) -> str:
    """Some longer words with two letters changed round or one left out."""
    words = text.split(" ")
    for number, word in enumerate(words):
        if len(word) > 3 and word.isalpha() and chance.random() < 0.12:
            place = chance.randrange(1, len(word) - 1)
            middle = word[place + 1] + word[place] if chance.random() < 0.6 else word[place + 1]
            words[number] = word[:place] + middle + word[place + 2 :]
    return " ".join(words)


def _rows(folder: Path) -> Iterator[dict[str, str]]:
    for path in sorted(folder.rglob("*.csv")):
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            yield from csv.DictReader(file)


def _seekers(corpus: Path) -> Iterator[tuple[str, str]]:
    for name in ("support", "letters"):
        for row in corpus_rows(corpus / name):
            said = [turn["text"] for turn in row["context"] if turn["role"] == "seeker"]
            yield from zip(["", *said], said, strict=False)


def _mint(data: Path) -> Iterator[tuple[str, str]]:
    """Whole conversations only: where one message speaks of danger, the others may mean it."""
    for conversation in json.loads((data / "mint/conversations_322.json").read_text("utf-8")):
        said = [turn["content"] for turn in conversation["conversation"] if turn["role"] == "seeker"]
        if all(map(_is_calm, said)):
            yield from zip(["", *said], said, strict=False)


def _counsel(data: Path) -> Iterator[str]:
    for row in _rows(data / "corpora/counsel_chat"):
        title, text, topic = (row.get(key) or "" for key in ("questionTitle", "questionText", "topic"))
        if text and not re.search("suicid|harm", topic, re.IGNORECASE) and _is_calm(f"{title} {text}"):
            yield text


def _essays(data: Path) -> Iterator[str]:
    for row in _rows(data / "corpora/empathic_reactions"):
        if (text := row.get("essay")) and _is_calm(text):
            yield text[:600]


def _self_dialogues(data: Path) -> Iterator[str]:
    for row in _rows(data / "corpora/self_dialogue_corpus/corpus"):
        for key, text in row.items():
            if key and key.startswith("Answer.sentence") and text and not _LISTED.search(text):
                yield text.strip()


def _persona(data: Path) -> Iterator[str]:
    for row in _rows(data / "corpora/synthetic_persona_chat/data"):
        for text in re.findall(r"^User [12]:\s*(.*)$", row["Best Generated Conversation"], re.MULTILINE):
            if text and not _LISTED.search(text):
                yield text.strip()
