"""Lend-an-Ear's tables: whole conversations as text, or a row for each tagged sentence of the supporter."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from io import BufferedReader, TextIOWrapper
from itertools import groupby
from pathlib import Path

from companion.errors import UsageError
from companion.study.said import BIT, Said
from companion.study.sources.limits import LONGEST, place_of

_SPEAKER = re.compile(r"^\s*(Seeker|Supporter)\s*:\s*", re.MULTILINE | re.IGNORECASE)
_LABELLED = {"conversation_id", "turn_index", "whole_response"} | set(BIT)

Rows = Iterator[tuple[int, Mapping[str, str]]]


def read(file: BufferedReader, path: Path) -> Iterator[Said]:
    """Every message. Raises UsageError for a table of another kind, and for a row that cannot be used."""
    csv.field_size_limit(LONGEST)
    table = csv.DictReader(TextIOWrapper(file, "utf-8-sig", "replace", newline=""))
    try:
        columns = set(table.fieldnames or ())
        if {"conversation_id", "full_conversation"} <= columns:
            yield from _conversations(_numbered(table))
        elif columns >= _LABELLED:
            yield from _sentences(_numbered(table), path)
        else:
            raise UsageError(
                f"{path} is neither JSON nor a table that is known: it has no columns conversation_id and "
                "full_conversation, nor those of tagged sentences."
            )
    except csv.Error as error:
        raise UsageError(f"{path}, line {table.line_num}: not a table ({error}).") from None


def _numbered(table: csv.DictReader[str]) -> Rows:
    for row in table:
        yield table.line_num, row


def _conversations(rows: Rows) -> Iterator[Said]:
    """A conversation a row, each message after its speaker's name at the beginning of a line."""
    for _, row in rows:
        text = row["full_conversation"] or ""
        found = list(_SPEAKER.finditer(text))
        ends = [*(match.start() for match in found[1:]), len(text)]
        for place, (match, end) in enumerate(zip(found, ends, strict=True)):
            supporter = match[1].casefold() == "supporter"
            yield Said(row["conversation_id"], place, supporter, text[match.end() : end].strip())


def _sentences(rows: Rows, path: Path) -> Iterator[Said]:
    """A sentence a row, 1 where it has a tactic; tactics beyond the ten are passed over."""

    def turn(numbered: tuple[int, Mapping[str, str]]) -> tuple[str, str]:
        return numbered[1]["conversation_id"], numbered[1]["turn_index"]

    for (conversation, place), of_turn in groupby(rows, key=turn):
        sentences = list(of_turn)
        number, first = sentences[0]
        try:
            masks = tuple(sum(bit for name, bit in BIT.items() if int(row[name] or 0)) for _, row in sentences)
            yield Said(conversation, place_of(place), True, first["whole_response"], masks)
        except (TypeError, ValueError) as error:
            raise UsageError(f"{path}, line {number}: not a number where 0 or 1 belongs ({error}).") from None
