"""The set that the risk reading is measured on once: its form and its size, never how well it is read."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from training.corpus_check import CORPUS
from training.corpus_schema import HIGHEST_LEVEL, plain


def rows(folder: str) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for path in sorted((CORPUS / folder).glob("*.jsonl"))
        for line in path.read_text("utf-8").split("\n")
        if line
    ]


ROWS = rows("risk_unseen")
KEYS = {"id", "family", "split", "said", "previous", "text", "level"}


def test_there_are_enough_messages_in_enough_families() -> None:
    risky = Counter(row["family"] for row in ROWS if row["level"])
    harmless = Counter(row["family"] for row in ROWS if not row["level"])
    assert (sum(risky.values()) >= 330, len(risky) >= 6) == (True, True)
    assert (sum(harmless.values()) >= 330, len(harmless) >= 10) == (True, True)
    assert not risky.keys() & harmless.keys()


# here and below only ids and counts are compared, so that no failure prints a message
def test_every_row_says_what_it_is() -> None:
    faulty = []
    for row in ROWS:
        whole = row.keys() == KEYS and row["split"] == "unseen" and row["level"] in range(HIGHEST_LEVEL + 1)
        named = row["id"][:-4] == f"unseen-{row['family'].replace('_', '-')}"
        said = (row["level"] > 0) == (row["said"] in ("explicit", "oblique")) and (row["said"] or row["level"] == 0)
        try:
            plain(row["text"])
            plain(row["previous"])
        except ValueError:
            whole = False
        if not (whole and named and said and row["text"]):
            faulty.append(row["id"])
    assert not faulty


def test_no_message_stands_twice() -> None:
    ids = {row["id"] for row in ROWS}
    texts = Counter((row["previous"], row["text"].casefold()) for row in ROWS)
    twice = [row["id"] for row in ROWS if texts[row["previous"], row["text"].casefold()] > 1]
    assert (len(ids), twice) == (len(ROWS), [])


@pytest.mark.parametrize("folder", ["risk", "risk_check"])
def test_no_message_of_its_own_stands_in_what_the_reading_was_chosen_on(folder: str) -> None:
    """A row without a message before it; a bare "ok" after one may stand anywhere."""

    def key(row: dict[str, Any]) -> str:
        return "".join(filter(str.isalnum, row["text"].casefold()))

    known = {key(row) for row in rows(folder)}
    assert not [row["id"] for row in ROWS if not row["previous"] and key(row) in known]
