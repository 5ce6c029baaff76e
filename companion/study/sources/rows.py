"""JSON rows of every kind that is known: each row says by its keys what it is.

- our export, a row a turn (`session`, `turn`, `role`): of branches the newest is read, as a person would go on
- rows of `companion tag` (`sentences` with `tactics`, and `turn` where they came from `messages`)
- MINT's outputs, and replies that `companion eval` kept (`model_response`, `sentence_tactics`): the reply, at the
  place that its history gives it
- chat (`messages` or `conversation`, with role and content): untagged unless a message has `sentences`
- conversations that `companion eval repetition` kept (`exchanges`)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from io import BufferedReader
from itertools import groupby
from pathlib import Path
from typing import Any

from companion.errors import UsageError
from companion.rating import Empathy
from companion.study.said import Said, mask_of_names
from companion.study.sources.limits import count_of, items, objects, place_of, text_of
from companion.tag_stream import OTHERS, SUPPORTER

Row = Mapping[str, Any]
_FINISHED = frozenset({"complete", "stopped"})
_DIMENSIONS = Empathy.__slots__


def read(file: BufferedReader, path: Path, *, array: bool) -> Iterator[Said]:
    """Every message of a file of JSON lines, or of one array."""
    what = "item" if array else "line"
    found = items(file, path) if array else objects(file, path)
    for session, numbered in groupby(found, key=_session):
        if session is not None:
            yield from _export(session, list(numbered), path, what)
            continue
        for number, row in numbered:
            try:
                yield from _of(row, number)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise _unusable(path, what, number, error) from None


def _unusable(path: Path, what: str, number: int, error: Exception) -> UsageError:
    reason = f"{error.args[0]!r} is no tactic or is missing" if isinstance(error, KeyError) else str(error)
    return UsageError(f"{path}, {what} {number} cannot be used: {reason}.")


def _session(numbered: tuple[int, Any]) -> str | None:
    """The session of a row of our export, None for any other row."""
    row = numbered[1]
    if isinstance(row, dict) and "session" in row and "role" in row:
        return str(row["session"])
    return None


def _of(row: Any, number: int) -> Iterator[Said]:
    if not isinstance(row, dict):
        raise ValueError(f"a {type(row).__name__}, not an object")
    match row:
        case {"model_response": str(text), "sentence_tactics": list(sentences)}:
            place = len(row.get("conversation_history") or ())
            yield _rated(Said(_id(row, number), place, True, text, _masks(sentences), None, *_who(row)), row)
        case {"model_response": str(text)}:
            place = len(row.get("conversation_history") or ())
            yield Said(_id(row, number), place, True, text, None, None, *_who(row))
        case {"messages": list(messages)} | {"conversation": list(messages)}:
            yield from _messages(row, messages, number)
        case {"exchanges": list(exchanges)}:
            yield from _exchanges(row, exchanges, number)
        case {"sentences": list(sentences)}:
            turn = row.get("turn")
            name = _id(row, number) if turn is not None else f"row {number}"
            words = count_of(row.get("words"))
            yield Said(name, place_of(turn or 0), True, _text(row), _labels(sentences), words, *_who(row))
        case _:
            raise ValueError(
                "none of the keys that say what it is (messages, exchanges, sentences, model_response, or session with "
                f"role); it has {', '.join(map(repr, list(row)[:8])) or 'none'}"
            )


def _export(session: str, numbered: Sequence[tuple[int, Row]], path: Path, what: str) -> Iterator[Said]:
    """The newest branch of a session."""
    try:
        known = {row["turn"]: (number, row) for number, row in numbered if row.get("turn") is not None}
        if len(known) != len(numbered):
            branch = list(numbered)
        else:
            branch, at = [], max(known)
            while at in known:
                branch.append(known.pop(at))
                at = branch[-1][1].get("parent")
            branch.reverse()
    except (TypeError, ValueError) as error:
        raise _unusable(path, what, numbered[0][0], error) from None
    for place, (number, row) in enumerate(branch):
        try:
            supporter, tagged = row["role"] == "assistant", None
            if supporter and row.get("status", "complete") in _FINISHED and row.get("sentences"):
                tagged = _labels(row["sentences"])
            words = count_of(row.get("words"))
            yield Said(session, place, supporter, text_of(row.get("text")), tagged, words, *_who(row))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise _unusable(path, what, number, error) from None


def _messages(row: Row, messages: Sequence[Any], number: int) -> Iterator[Said]:
    name, who, place = _id(row, number), _who(row), 0
    for message in messages:
        role = str(message.get("role", message.get("from", message.get("speaker", "")))).casefold()
        text = message.get("content", message.get("text", message.get("value")))
        if role == "system":
            continue
        if role not in SUPPORTER and role not in OTHERS:
            raise ValueError(f"message {place}: the role {role!r} is neither the person's nor the supporter's")
        if not isinstance(text, str):
            raise ValueError(f"message {place}: there is no text in content")
        tagged = message.get("sentences")
        yield Said(name, place, role in SUPPORTER, text, _labels(tagged) if tagged else None, None, *who)
        place += 1


def _exchanges(row: Row, exchanges: Sequence[Any], number: int) -> Iterator[Said]:
    name = str(row.get("seeker", number))
    for place, exchange in enumerate(exchanges):
        yield Said(name, 2 * place, False, str(exchange["message"]), None, None, *_who(row))
        said = Said(name, 2 * place + 1, True, str(exchange["reply"]), _masks(exchange["sentences"]), None, *_who(row))
        yield _rated(said, exchange)


def _rated(said: Said, row: Row) -> Said:
    """With the ratings that its row has, where it has any."""
    rated = row.get("empathy")
    return replace(said, empathy=Empathy(*(float(rated[key]) for key in _DIMENSIONS))) if rated else said


def _id(row: Row, number: int) -> str:
    for key in ("conversation_id", "id", "session"):
        if row.get(key) is not None:
            return str(row[key])
    return f"row {number}"


def _who(row: Row) -> tuple[str | None, str | None]:
    model, condition = row.get("model"), row.get("condition")
    return None if model is None else str(model), None if condition is None else str(condition)


def _text(row: Row) -> str | None:
    if isinstance(row.get("text"), str):
        return str(row["text"])
    texts = [sentence.get("text") for sentence in row["sentences"]]
    return " ".join(texts) if texts and all(isinstance(text, str) for text in texts) else None


def _masks(sentences: Sequence[Sequence[str]]) -> tuple[int, ...]:
    return tuple([mask_of_names(tuple(tactics)) for tactics in sentences])


def _labels(sentences: Sequence[Row]) -> tuple[int, ...]:
    return tuple([mask_of_names(tuple(sentence["tactics"])) for sentence in sentences])
