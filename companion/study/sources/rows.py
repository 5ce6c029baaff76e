"""Rows of files, each by its keys: what only measuring reads, and conversations in every format of the import.

- our export, a row a turn (`session`, `turn`, `role`), as JSON lines, CSV or Parquet, with or without words: of
  branches the newest is read, as a person would go on
- rows of `companion tag` (`sentences` with `tactics`, and `turn` where they came from `messages`)
- MINT's outputs, and replies that `companion eval` kept (`model_response`, `sentence_tactics`): the reply, at the
  place that its history gives it
- Lend-an-Ear's tagged sentences, a row a sentence
- conversations that `companion eval repetition` kept (`exchanges`)

Everything else is a conversation that `companion import` would take, and is read by its readers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from companion.errors import UsageError
from companion.export.columns import EMPATHY_KEYS
from companion.importing import chats, own
from companion.importing.groups import Groups
from companion.importing.said import Bad, Conversation, Row
from companion.rating import Empathy
from companion.store import Role
from companion.study.said import BIT, UNRATED, Said, mask_of_names
from companion.study.sources.limits import count_of, place_of, text_of
from companion.text import clean

Value = Mapping[str, Any]
_FINISHED = frozenset({"complete", "stopped"})
_DIMENSIONS = Empathy.__slots__
_LABELLED = {"conversation_id", "turn_index", "whole_response"} | set(BIT)
_UNUSABLE = (KeyError, TypeError, ValueError, AttributeError)


def read(found: Iterable[Row | Bad], path: Path) -> Iterator[Said]:
    """Every message of the rows of `path`. Raises UsageError for the first row that cannot be used."""
    for (kind, *_), group in groupby(_usable(found, path), key=_kind):
        match kind:
            case "turn":
                yield from _export(_together(group, path), path)
            case "sentence":
                yield _labelled(_together(group, path), path)
            case "conversation":
                for each in Groups("auto", "jsonl").conversations(group):
                    if isinstance(each, Bad):
                        raise _unusable(path, each, each.reason)
                    yield from _conversation(each)
            case _:
                for row in group:
                    try:
                        yield from _of(row.value, row.number)
                    except _UNUSABLE as error:
                        raise _unusable(path, row, error) from None


def _usable(found: Iterable[Row | Bad], path: Path) -> Iterator[Row]:
    for row in found:
        if isinstance(row, Bad):
            raise _unusable(path, row, row.reason)
        yield row


def _together(group: Iterator[Row], path: Path) -> list[Row]:
    """The rows of one session or reply."""
    found = list(islice(group, chats.MOST_MESSAGES + 1))
    if len(found) > chats.MOST_MESSAGES:
        raise _unusable(path, found[-1], f"more than {chats.MOST_MESSAGES:,} rows of one conversation")
    return found


def _kind(row: Row) -> tuple[str, ...]:
    """What a row is, and what rows that belong together have in common."""
    value = row.value
    if not isinstance(value, dict):
        return ("conversation",)
    if own.is_turn(value):
        return "turn", str(value["session"])
    if "model_response" in value:
        return ("reply",)
    if value.keys() >= _LABELLED:
        return "sentence", str(value["conversation_id"]), str(value["turn_index"])
    if chats.form_of(value) is None and not chats.is_message(value) and ("exchanges" in value or "sentences" in value):
        return ("reply",)
    return ("conversation",)


def _unusable(path: Path, row: Row | Bad, reason: Exception | str) -> UsageError:
    if isinstance(reason, KeyError):
        reason = f"{reason.args[0]!r} is no tactic or is missing"
    where = f", {row.what} {row.number}" if row.number else ""
    return UsageError(f"{clean(str(path))}{where} cannot be used: {reason}.")


def _of(row: Value, number: int) -> Iterator[Said]:
    match row:
        case {"model_response": str(text), "sentence_tactics": list(sentences)}:
            place = len(row.get("conversation_history") or ())
            yield _rated(Said(_id(row, number), place, True, text, _masks(sentences), None, *_who(row)), row)
        case {"model_response": str(text)}:
            place = len(row.get("conversation_history") or ())
            yield Said(_id(row, number), place, True, text, None, None, *_who(row))
        case {"exchanges": list(exchanges)}:
            yield from _exchanges(row, exchanges, number)
        case {"sentences": list(sentences)}:
            turn = row.get("turn")
            name = _id(row, number) if turn is not None else f"row {number}"
            words = count_of(row.get("words"))
            yield Said(name, place_of(turn or 0), True, _text(row), _labels(sentences), words, *_who(row))
        case _:
            raise ValueError("model_response is no text, or exchanges or sentences are no list")


def _export(rows: Sequence[Row], path: Path) -> Iterator[Said]:
    """The newest branch of a session."""
    try:
        known = {row.value["turn"]: row for row in rows if row.value.get("turn") is not None}
        if len(known) != len(rows):
            branch = list(rows)
        else:
            branch, at = [], max(known)
            while at in known:
                branch.append(known.pop(at))
                at = branch[-1].value.get("parent")
            branch.reverse()
    except (TypeError, ValueError) as error:
        raise _unusable(path, rows[0], error) from None
    for place, row in enumerate(branch):
        try:
            yield _turn(row.value, place)
        except _UNUSABLE as error:
            raise _unusable(path, row, error) from None


def _turn(row: Value, place: int) -> Said:
    supporter, text, tagged, empathy = row["role"] == "assistant", text_of(row.get("text")), None, UNRATED
    if supporter:
        if (row.get("status") or "complete") not in _FINISHED:
            text = None  # nothing to count
        elif row.get("sentences"):
            tagged = _labels(row["sentences"])
        if row.get("empathy"):
            rated = min(row["empathy"], key=lambda each: str(each["rater"]))  # of several the one the database gives
            empathy = Empathy(*(float(rated[key]) for key in EMPATHY_KEYS[:-1]))
    words = count_of(row.get("words"))
    return Said(str(row["session"]), place, supporter, text, tagged, words, *_who(row), empathy)


def _conversation(found: Conversation) -> Iterator[Said]:
    """The branch that was last seen, or the newest."""
    branch: list[int] = []
    at = found.leaf
    if at is None and found.messages:
        at = len(found.messages) - 1
    while at is not None:
        branch.append(at)
        at = found.parents[at]
    name = found.name or f"row {found.row.number}"
    for place, number in enumerate(reversed(branch)):
        message = found.messages[number]
        tagged = tuple(mask_of_names(tuple(tactics)) for _, tactics in message.sentences) or None
        supporter = message.role is Role.ASSISTANT
        yield Said(name, place, supporter, message.text, tagged, None, found.model, found.condition)


def _labelled(rows: Sequence[Row], path: Path) -> Said:
    """A reply from a row for each sentence, 1 where it has a tactic; tactics beyond the ten are passed over."""
    first = rows[0].value
    try:
        masks = tuple(sum(bit for name, bit in BIT.items() if int(row.value[name] or 0)) for row in rows)
        name, place = str(first["conversation_id"]), place_of(first["turn_index"])
        return Said(name, place, True, text_of(first["whole_response"]), masks)
    except (TypeError, ValueError) as error:
        raise _unusable(path, rows[0], f"not a number where 0 or 1 belongs ({error})") from None


def _exchanges(row: Value, exchanges: Sequence[Any], number: int) -> Iterator[Said]:
    name = str(row.get("seeker", number))
    for place, exchange in enumerate(exchanges):
        yield Said(name, 2 * place, False, str(exchange["message"]), None, None, *_who(row))
        said = Said(name, 2 * place + 1, True, str(exchange["reply"]), _masks(exchange["sentences"]), None, *_who(row))
        yield _rated(said, exchange)


def _rated(said: Said, row: Value) -> Said:
    """With the ratings that its row has, where it has any."""
    rated = row.get("empathy")
    return replace(said, empathy=Empathy(*(float(rated[key]) for key in _DIMENSIONS))) if rated else said


def _id(row: Value, number: int) -> str:
    for key in ("conversation_id", "id", "session"):
        if row.get(key) is not None:
            return str(row[key])
    return f"row {number}"


def _who(row: Value) -> tuple[str | None, str | None]:
    model, condition = row.get("model"), row.get("condition")
    return None if model is None else str(model), None if condition is None else str(condition)


def _text(row: Value) -> str | None:
    if isinstance(row.get("text"), str):
        return str(row["text"])
    texts = [sentence.get("text") for sentence in row["sentences"]]
    return " ".join(texts) if texts and all(isinstance(text, str) for text in texts) else None


def _masks(sentences: Sequence[Sequence[str]]) -> tuple[int, ...]:
    return tuple([mask_of_names(tuple(tactics)) for tactics in sentences])


def _labels(sentences: Sequence[Value]) -> tuple[int, ...]:
    return tuple([mask_of_names(tuple(sentence["tactics"])) for sentence in sentences])
