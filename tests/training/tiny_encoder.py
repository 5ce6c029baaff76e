"""A data folder and a corpus of a few replies, laid out like the real ones, for training an encoder in seconds."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from training.encoder_data import EMPATHY, HELD_OUT_SYSTEMS, HUMAN, silver_part

SENTENCES = [
    ("I am so sorry.", ["emotional_expression"]),
    ("That makes sense to me.", ["validation"]),
    ("What happened then?", ["questioning"]),
    ("Try to sleep first.", ["advice"]),
    ("Sleep gets lighter under stress.", ["information"]),
    ("You are stronger than you think.", ["empowerment"]),
    ("I can come over tonight.", ["assistance"]),
    ("So he left without a word.", ["paraphrasing"]),
    ("I lost my job once, too.", ["self_disclosure"]),
    ("One bad week is not a life.", ["reappraisal"]),
    ("Okay.", []),
]


def of_part(part: str, prefix: str) -> str:
    """A conversation's name that falls into this part of the split."""
    return next(f"{prefix}{n}" for n in range(1000) if silver_part(f"{prefix}{n}") == part)


def _sentences(start: int, count: int) -> list[tuple[str, list[str]]]:
    return [SENTENCES[(start + offset) % len(SENTENCES)] for offset in range(count)]


def write_data(folder: Path) -> Path:
    """Four systems: two to learn from, one held out, and the human."""
    conversations = [of_part("train", "a"), of_part("train", "b"), of_part("validation", "c"), of_part("test", "d")]
    names = ["first", "second", sorted(HELD_OUT_SYSTEMS)[0], HUMAN]
    for number, system in enumerate(names):
        rows: list[dict[str, Any]] = []
        for place, conversation in enumerate(conversations):
            for turn in range(2):
                chosen = _sentences(number + place + turn, 4)
                history = [{"role": "user", "content": "My week was bad."}]
                if turn:
                    history += [{"role": "assistant", "content": "Oh?"}, {"role": "user", "content": "Very bad."}]
                rows.append(
                    {
                        "conversation_id": conversation,
                        "conversation_history": history,
                        "model_response": " ".join(text for text, _ in chosen),
                        "sentence_tactics": [tags for _, tags in chosen],
                    }
                )
        target = folder / "mint" / "outputs" / system
        target.mkdir(parents=True)
        (target / "conversations_tagged.json").write_text(json.dumps(rows), "utf-8")
        _ratings(folder / "mint" / "ratings", system, rows)
    _human(folder / "mint" / "human_tagged_sentences.jsonl")
    table = {name: {"stickiness": 0.3 + 0.1 * n, "tac_per_turn": 3.0} for n, name in enumerate(reversed(names))}
    (folder / "mint" / "published_table.json").write_text(json.dumps({"systems": table}), "utf-8")
    _experts(folder / "mint" / "lend_an_ear" / "expert_ratings", conversations)
    return folder


def _ratings(folder: Path, system: str, rows: list[dict[str, Any]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{system}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["conversation_id", "turn_index", *EMPATHY, "aggregated_empathy"])
        for number, row in enumerate(rows):
            values = [1 + (number + k) % 5 for k in range(len(EMPATHY))]
            writer.writerow([row["conversation_id"], len(row["conversation_history"]), *values, 3])


def _experts(folder: Path, conversations: list[str]) -> None:
    folder.mkdir(parents=True)
    for expert in (1, 2, 3):
        with (folder / f"expert{expert}_ratings.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["conversation_id", *EMPATHY])
            for number, conversation in enumerate(conversations):
                writer.writerow([conversation, *[1 + (number + expert) % 5] * len(EMPATHY)])


def _human(path: Path) -> None:
    rows = []
    for start in range(6):
        chosen = _sentences(start, 4)
        response = " ".join(text for text, _ in chosen)
        rows += [{"response": response, "sentence": text, "tactics": tags} for text, tags in chosen]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def write_corpus(folder: Path) -> Path:
    """Own replies in every part of the split."""
    support, letters = folder / "support", folder / "letters"
    for place in (support, letters):
        place.mkdir(parents=True)
    (letters / "empty.jsonl").write_text("", "utf-8")
    with (support / "friend-a.jsonl").open("w", encoding="utf-8") as file:
        for number in range(40):
            chosen = _sentences(number, 3)
            row = {
                "id": f"friend-{number:03d}",
                "context": [{"role": "seeker", "text": f"Trouble number {number}."}],
                "sentences": [{"text": text, "tactics": tags} for text, tags in chosen],
            }
            file.write(json.dumps(row) + "\n")
    return folder
