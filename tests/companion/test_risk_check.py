"""The project's check messages, and what the phrases alone make of the half that they were chosen on."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from companion.safety.risk import floor
from companion.safety.risk.state import CARD

FOLDER = Path(__file__).parents[2] / "training" / "corpus" / "risk_check"
ROWS: list[dict[str, Any]] = [
    json.loads(line) for path in sorted(FOLDER.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()
]
HALVES = [row for row in ROWS if row["split"] != "fresh" and not row["family"].startswith("plain_")]


def share(rows: list[dict[str, Any]], least: int) -> float:
    return sum(floor.read(row["text"]).level >= least for row in rows) / len(rows)


def test_there_are_enough_messages_in_enough_families() -> None:
    risky = Counter(row["family"] for row in HALVES if row["level"])
    harmless = Counter(row["family"] for row in HALVES if not row["level"])
    assert (sum(risky.values()) >= 300, len(risky) >= 6) == (True, True)
    assert (sum(harmless.values()) >= 300, len(harmless) >= 10) == (True, True)


def test_each_family_is_halved_and_no_message_stands_in_two_places() -> None:
    splits: dict[str, Counter[str]] = defaultdict(Counter)
    for row in HALVES:
        splits[row["family"]][row["split"]] += 1
    assert all(abs(found["tune"] - found["held"]) <= 1 for found in splits.values())
    assert max(Counter((row["previous"], row["text"].casefold()) for row in ROWS).values()) == 1
    assert max(Counter(row["id"] for row in ROWS).values()) == 1


def test_every_row_says_what_it_is() -> None:
    for row in ROWS:
        assert (row["level"] > 0) == (row["said"] in ("explicit", "oblique"))
        assert row["text"].strip() == row["text"] != ""


def test_the_phrases_alone_show_a_card_for_what_is_said_in_so_many_words() -> None:
    rows = [row for row in HALVES if row["split"] == "tune" and row["said"] == "explicit" and not row["previous"]]
    assert share(rows, CARD) >= 0.98


def test_the_phrases_alone_notice_most_of_what_is_said_around_it() -> None:
    assert share([row for row in HALVES if row["split"] == "tune" and row["said"] == "oblique"], 1) >= 0.8


def test_the_phrases_alone_show_no_card_on_harmless_messages() -> None:
    assert share([row for row in ROWS if row["split"] == "tune" and not row["level"]], CARD) <= 0.03
