"""Replies in, tagged rows out, one at a time: what `companion tag` reads and writes.

Plain text is one reply a line. JSON lines, and rows of Parquet, hold `text`, or `messages` (each of the supporter's is
a reply), or `sentences` (tagged as given). Nothing is kept but the replies that are being tagged.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, tee
from typing import Any

from companion.errors import UsageError
from companion.tagging import Tagger, tag_chunks, used
from companion.text import clean, split_sentences
from planner.tactics import TACTICS, Tactic

CHUNK = 128
"""Replies that are tagged at once."""

SUPPORTER = frozenset({"assistant", "supporter", "companion", "bot", "gpt", "model", "helper", "counselor", "listener"})
OTHERS = frozenset({"user", "seeker", "human", "system", "person", "client"})


@dataclass(frozen=True, slots=True)
class Unit:
    """One reply to tag."""

    id: Any
    sentences: tuple[str, ...]
    turn: int | None = None
    """Its place among `messages`, where it came from there."""


def units(lines: Iterable[str]) -> Iterator[Unit]:
    """The replies in the lines of a file. The first line with words decides: an object makes it JSON lines.

    Raises UsageError naming the line that cannot be used.
    """
    as_json: bool | None = None
    for number, raw in enumerate(lines, 1):
        line = raw.strip().removeprefix("\ufeff")
        if not line:
            continue
        if as_json is None:
            as_json = line.startswith("{")
        if as_json:
            yield from units_of(_parsed(line, number), f"Line {number}")
        else:
            yield Unit(None, tuple(split_sentences(clean(line))))


def _parsed(line: str, number: int) -> Any:
    try:
        return json.loads(line)
    except RecursionError:
        raise UsageError(f"Line {number} is nested too deep.") from None
    except ValueError as error:
        raise UsageError(f"Line {number} is not JSON ({error}); every line must be an object.") from None


def units_of(row: Any, where: str) -> Iterator[Unit]:
    """The replies in a row of JSON or of a table. Raises UsageError naming the row."""
    if not isinstance(row, dict):
        raise UsageError(f"{where} is a {type(row).__name__}, not an object.")
    match row:
        case {"sentences": list(sentences)} if all(isinstance(sentence, str) for sentence in sentences):
            yield Unit(row.get("id"), tuple(clean(sentence) for sentence in sentences))
        case {"text": str(text)}:
            yield Unit(row.get("id"), tuple(split_sentences(clean(text))))
        case {"messages": list(messages)}:
            for turn, message in enumerate(messages):
                reply = _reply(message, turn, where)
                if reply is not None:
                    yield Unit(row.get("id"), tuple(split_sentences(clean(reply))), turn)
        case _:
            raise UsageError(
                f'{where} has neither "text" (a string) nor "messages" nor "sentences" (lists); it has '
                f"{', '.join(row) or 'nothing'}."
            )


def _reply(message: object, turn: int, where: str) -> str | None:
    """The text of a message, if it is the supporter's."""
    if not isinstance(message, dict):
        raise UsageError(f"{where}, message {turn}: a message is an object with role and content.")
    role = str(message.get("role", message.get("from", ""))).casefold()
    text = message.get("content", message.get("text", message.get("value")))
    if role in OTHERS:
        return None
    if role not in SUPPORTER:
        raise UsageError(
            f"{where}, message {turn}: the role {role!r} is neither the person's nor the supporter's; "
            "use user and assistant."
        )
    if not isinstance(text, str):
        raise UsageError(f"{where}, message {turn}: there is no text in content.")
    return text


def tagged(found: Iterable[Unit], tagger: Tagger) -> Iterator[dict[str, Any]]:
    """A row per reply, in order."""
    waiting = iter(found)
    read, sent = tee(iter(lambda: list(islice(waiting, CHUNK)), []))
    scored = tag_chunks(tagger, ([unit.sentences for unit in chunk] for chunk in sent))
    for chunk, of_chunk in zip(read, scored, strict=True):
        for unit, scores in zip(chunk, of_chunk, strict=True):
            yield _row(unit, scores)


def _row(unit: Unit, scores: Sequence[dict[Tactic, float]]) -> dict[str, Any]:
    carried = [used(of_sentence) for of_sentence in scores]
    counts = Counter(tactic for tactics in carried for tactic in tactics)
    row: dict[str, Any] = {
        "id": unit.id,
        "sentences": [
            {
                "text": text,
                "tactics": [tactic.value for tactic in TACTICS if tactic in tactics],
                "scores": {tactic.value: round(of_sentence[tactic], 4) for tactic in TACTICS},
            }
            for text, tactics, of_sentence in zip(unit.sentences, carried, scores, strict=True)
        ],
        "tactics": {tactic.value: counts[tactic] for tactic in TACTICS if counts[tactic]},
    }
    return row if unit.turn is None else row | {"turn": unit.turn}


def as_text(row: dict[str, Any]) -> str:
    """A row for reading: a line per sentence, tactics first, and an empty line after the reply."""
    lines = [f"{', '.join(sentence['tactics']) or '-'}\t{sentence['text']}" for sentence in row["sentences"]]
    return "\n".join([*(" ".join(line.split("\n")) for line in lines), ""])
