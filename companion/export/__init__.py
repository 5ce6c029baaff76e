"""Sessions for other programs and for people: labels and numbers, and what was said only where it is asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, Literal, TextIO, get_args

from companion.errors import CompanionError, Refused, UsageError
from companion.export.choice import Choice
from companion.export.columns import What
from companion.export.conversations import write_chat, write_markdown, write_sharegpt
from companion.export.new_file import new_file
from companion.export.table_rows import Row, Tally, rows, sentence_rows, session_rows, turn_row, turn_rows
from companion.store import Session, Store

Format = Literal["jsonl", "csv", "parquet", "markdown", "chat", "sharegpt"]
FORMATS: tuple[Format, ...] = get_args(Format)
WHATS: tuple[What, ...] = get_args(What)
_CONVERSATIONS = {"markdown": write_markdown, "chat": write_chat, "sharegpt": write_sharegpt}
_ROWS: dict[What, Callable[[Store, Iterable[Session], Choice, Tally], Iterator[Row]]] = {
    "turns": turn_rows,
    "sentences": sentence_rows,
    "sessions": session_rows,
}


def check(form: Format, what: What) -> None:
    """Raises UsageError for what there is no format for."""
    if form in _CONVERSATIONS and what != "turns":
        raise UsageError(f"{form} holds conversations, not {what}; choose jsonl, csv or parquet for {what}.")


def write(
    store: Store, sessions: Iterable[Session], out: BinaryIO, form: Format, what: What, choice: Choice, tally: Tally
) -> int:
    """Writes the sessions as they are read; returns the number of rows (of conversations: of turns).

    Memory does not grow with the number of turns, except in the formats that hold a whole conversation in one place.
    Raises UsageError as `check` does, CompanionError where pyarrow is needed and missing.
    """
    check(form, what)
    if form == "parquet":
        from companion.export.parquet import write_parquet

        return write_parquet(_ROWS[what](store, sessions, choice, tally), out, what, with_text=choice.with_text)
    text = TextIOWrapper(out, "utf-8", newline="")
    try:
        if form in _CONVERSATIONS:
            return _CONVERSATIONS[form](store, sessions, text, choice, tally)
        found = _ROWS[what](store, sessions, choice, tally)
        if form == "csv":
            from companion.export.csv_table import write_csv

            return write_csv(found, text, what, with_text=choice.with_text)
        return _write_lines(found, text)
    finally:
        text.detach()  # flushes; the bytes below are the caller's to close


def write_jsonl(store: Store, sessions: Iterable[Session], out: TextIO, *, with_text: bool) -> int:
    """One JSON object a line and turn, every turn, under real ids; returns the number of rows."""
    return _write_lines(turn_rows(store, sessions, Choice(with_text), Tally()), out)


def write_session(store: Store, session: Session, path: Path, kind: Literal["markdown", "jsonl"]) -> None:
    """One conversation with its text in a new file that only its owner may read.

    Raises Refused where the file is there already, CompanionError where it cannot be written.
    """
    try:
        with new_file(path) as file:
            write(store, [store.session(session.id)], file, kind, "turns", Choice(with_text=True), Tally())
    except Refused:
        raise Refused(f"{path} exists already and is not overwritten. Give another name.") from None
    except CompanionError as error:
        raise CompanionError(f"{error} Give another place.") from None


def _write_lines(found: Iterable[Row], out: TextIO) -> int:
    count = 0
    for row in found:
        out.write(json.dumps(row, ensure_ascii=False) + "\n")
        count += 1
    return count


__all__ = [
    "FORMATS", "WHATS", "Choice", "Format", "Tally", "What", "check", "rows", "turn_row", "write", "write_jsonl",
    "write_markdown", "write_session",
]  # fmt: skip
