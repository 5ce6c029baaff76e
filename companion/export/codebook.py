"""What lies next to an exported file and says what is in it."""

from __future__ import annotations

import json
from typing import Any

from companion.export.choice import Choice
from companion.export.columns import TIMING_KEYS, Column, What, columns
from companion.export.csv_table import GUARDED, inner_names
from planner.tactics import DEFINITIONS, TACTICS

_CONVERSATIONS = {
    "markdown": {"heading": "The title of the conversation, its day and the model; then its turns in order."},
    "chat": {
        "id": "The session.", "model": "The model that replied.", "condition": "The arm of an experiment.",
        "messages": "The turns of the branch last seen: role (user or assistant), content (null without text), and "
        "sentences, the labels of a reply.",
    },
    "sharegpt": {
        "id": "The session.", "model": "The model that replied.", "condition": "The arm of an experiment.",
        "conversations": "The turns of the branch last seen: from (human or gpt), value (null without text), and "
        "sentences, the labels of a reply.",
    },
}  # fmt: skip
_TYPES = {
    "name": "string", "text": "string", "time": "string, ISO 8601", "integer": "integer", "number": "number",
    "flag": "true or false", "tactic_counts": "count for each tactic", "tactic_weights": "share for each tactic",
    "tactics": "list of tactics", "scores": "list of numbers from 0 to 1",
    "sentences": "list of {tactics, scores}, with text where it was asked for",
    "plan": "{layout, weights (share for each tactic), targets, resting}",
    "timings": "{prompt_tokens, reply_tokens, first_ms, total_ms}",
    "empathy": "list of {six dimensions from 1 to 5, rater}",
}  # fmt: skip


def codebook(form: str, what: What, choice: Choice) -> str:
    """The codebook as JSON. The same export has the same codebook, byte for byte."""
    book: dict[str, Any] = {
        "format": form,
        "what": what,
        "text": "as it was said" if choice.with_text else "left out; labels and numbers only",
        "ids": "real"
        if choice.key is None
        else "pseudonyms: a keyed hash whose key stays in the database that exported",
        "crisis": "all turns, marked"
        if choice.with_crisis
        else "turns in which danger was noticed and the replies to them are left out; numbers and parents are of the "
        "turns that are here",
    }
    if form in _CONVERSATIONS:
        book["keys"] = _CONVERSATIONS[form]
    else:
        book["columns"] = [each for column in columns(what, with_text=choice.with_text) for each in _said(form, column)]
        if form == "csv":
            meaning = "Columns of this row whose text got a ' in front, so that no spreadsheet runs it as a formula."
            book["columns"].append({"name": GUARDED, "type": "names with ; between them", "meaning": meaning})
    book["tactics"] = {tactic.value: DEFINITIONS[tactic].text for tactic in TACTICS}
    return json.dumps(book, ensure_ascii=False, indent=2) + "\n"


def _said(form: str, column: Column) -> list[dict[str, str]]:
    inner = inner_names(column) if form == "csv" else None
    if inner is None:
        return [{"name": column.key, "type": _TYPES[column.kind], "meaning": column.meaning}]
    match column.kind:
        case "tactic_counts":
            types = ["integer"] * len(inner)
        case "timings":
            types = [*TIMING_KEYS.values()]
        case _:
            types = ["string", "JSON, share for each tactic", *["tactics with ; between them"] * 2]
    return [{"name": name, "type": type_, "meaning": column.meaning} for name, type_ in zip(inner, types, strict=True)]
