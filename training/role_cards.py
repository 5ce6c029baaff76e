"""Facts of published role cards of people who seek help, which are free text with a few fixed headings.

Only what simple patterns find for sure is taken; the rest of a card is left alone.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from companion.errors import CompanionError
from companion.text import clean
from training.corpora import CRISIS

CARDS = 50
"""Cards that are used, one for each challenge first."""


@dataclass(frozen=True, slots=True)
class Card:
    """The facts of a role card that sentences can be made with; empty where the card does not say."""

    id: str
    challenge: str
    job: str = ""
    """With its article."""
    family: str = ""
    feelings: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    """Clauses in the first person."""
    reserved: bool = False
    """Says one thing at a time."""
    wary: bool = False
    """Doubts advice and kind words."""
    people: Literal["strong", "weak", "mixed"] = "mixed"


def read_cards(path: Path, count: int = CARDS) -> list[Card]:
    """Facts of `count` role cards: the first of every challenge, then more in the file's order."""
    try:
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
        first = {row["challenge"]: row["pid"] for row in reversed(rows)}
        rows.sort(key=lambda row: first[row["challenge"]] != row["pid"])  # stable
        return [card_of(row) for row in rows[:count]]
    except (ValueError, KeyError, TypeError) as error:
        raise CompanionError(f"{path} does not hold role cards as expected ({error!r}).") from None


def card_of(row: dict[str, str]) -> Card:
    """What can be read from a row of the file: `role`, `pid`, `challenge` and so on. Raises KeyError without one."""
    about = clean(f"{row['role']}\n{row['final_persona']}").lower()
    traits = clean(row["behavioral_traits"])
    return Card(
        id=f"simulated/{row['pid']}",
        challenge=clean(row["challenge"]),
        job=_job(about),
        family=_family(about),
        feelings=_feelings(about),
        events=_events(clean(row["life_events"]).lower()),
        reserved="Introverted:" in traits,
        wary="Resistant and defensive:" in traits or ("Detached:" in traits and "Easily reassured:" not in traits),
        people="strong" if "Strong support:" in traits else "weak" if "Weak or nonexistent" in traits else "mixed",
    )


_JOBS = (
    re.compile(r"occupation:\**\s*(?:an? )?([a-z][a-z -]+?)\s*(?:[.,;:(\n]|$| at | in | for | with )"),
    re.compile(r"work(?:s|ing) as an? ([a-z][a-z -]+?)\s*(?:[.,;:(\n]|$| at | in | for | with | who | and )"),
)


def _job(about: str) -> str:
    """An occupation with its article."""
    for pattern in _JOBS:
        for match in pattern.finditer(about):
            words = match[1].split()
            if 0 < len(words) <= 4 and not set(words) & {"unemployed", "retired", "former", "currently", "personnel"}:
                job = " ".join("IT" if word == "it" else word for word in words)
                return f"{'an' if job[0] in 'aeiouI' else 'a'} {job}"
    return ""


def _family(about: str) -> str:
    """Like "divorced with two children"."""
    state = re.search(r"\b(married|divorced|widowed|single|separated)\b", about)
    if not state:
        return ""
    children = re.search(r"\b(one|two|three|four|a|1|2|3)(?: young| teenage| small)? (child|children|kids)\b", about)
    if not children:
        return state[1]
    count = {"one": "a", "1": "a", "2": "two", "3": "three"}.get(children[1], children[1])
    return f"{state[1]} with {count} {'child' if count == 'a' else 'children'}"


_FEELINGS = {
    "anxi": "anxious", "overwhelm": "overwhelmed", "isolat": "cut off", "lonel": "lonely", "shame": "ashamed",
    "guilt": "guilty", "anger": "angry", "angry": "angry", "grie": "sad", "sad": "sad", "exhaust": "exhausted",
    "stress": "stressed", "frustrat": "frustrated", "insecur": "insecure", "confus": "confused", "worr": "worried",
    "fear": "afraid", "afraid": "afraid", "helpless": "helpless", "uncertain": "unsure of everything",
    "depress": "low", "betray": "betrayed", "numb": "numb", "vulnerab": "vulnerable", "hopeless": "discouraged",
}  # fmt: skip
_FEELING = re.compile(rf"\b({'|'.join(_FEELINGS)})")


def _feelings(about: str) -> tuple[str, ...]:
    """Feelings the card names, in its order."""
    return tuple(dict.fromkeys(_FEELINGS[match[1]] for match in _FEELING.finditer(about)))


_PAST = re.compile(
    r"(?:[a-z]{3,}ed|lost|won|met|became|got|was|had|left|began|went|took|fell|gave|grew|found|broke|saw)\b"
)
_HARD = re.compile(
    r"\b(?:los[ts]|death|died|divorce|bull|trauma|accident|ill|laid off|fail|struggl|betray|fired|br[eo]k|suffer|reject"
    r"|injur|diagnos|lawsuit|debt|alone|infidelity|abus)"
)
_OTHERS = re.compile(r"\b(?:he|she|him|they|them|you|your|himself|herself|themselves|the client|persona)\b")
LONGEST_EVENT = 16
"""Words of an event that is still said in one breath."""


def _events(text: str) -> tuple[str, ...]:
    """The card's hard times that can be said in the first person, as clauses."""
    return tuple(event for line in text.splitlines() if (event := _event(line)) and _HARD.search(event))


def _event(line: str) -> str:
    """The first clause of "3. at the age of 12, she lost her mother, which ...", turned; "" where that fails."""
    line = re.sub(r"^[\s*-]*(?:event )?\d*[.:)]*\s*", "", line).replace("*", "")
    line = re.sub(r"^(?:at (?:the )?age (?:of )?\d+|at \d+|in (?:his|her|their) \w+),? ", "", line)
    clause = re.split(r"[,;:.(—–]| which | leading | resulting | causing | due to ", line)[0].strip()
    clause = re.sub(r"\b(?:he|she|they) (?:was|were)\b", "I was", clause)
    clause = re.sub(r"\bher (?=(?:to|and|in|with|for|at|by|from|as|on|after|when)\b)|\bher$", "me ", clause).strip()
    clause = re.sub(r"\b(?:his|her|their)\b", "my", clause)
    clause = re.sub(r"^(?:he|she|they) ", "", clause)
    if not clause or len(clause.split()) > LONGEST_EVENT or _OTHERS.search(clause) or CRISIS.search(clause):
        return ""
    if _PAST.match(clause):
        return f"I {clause}"
    return clause if re.match(r"my \w+ ", clause) and _PAST.search(clause) else ""
