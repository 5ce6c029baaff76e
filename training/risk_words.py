"""Trains the linear reader of the risk reading (`companion/safety/risk/linear.py`): seconds on one core.

    python -m training.risk_words [--data ../shared/data]

Messages: the project's own risk corpus (the encoder's training part), the tuning half of `corpus/risk_check`, the
seekers of the project's support corpus. Ordinary talk at level 0: the seekers of MINT's 322 conversations,
self-dialogues and Synthetic-Persona-Chat, less the lines that a plain list of words finds. Lend-an-Ear, XSTest and
VERA-MH are for measuring only. Logistic regression with Adagrad (Duchi et al., 2011); a message's features are divided
by the square root of their number.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from companion.safety.risk.linear import HEADER, MAGIC, SIZE, WEIGHTS, features
from training.encoder_data import read_risk

CORPUS = Path(__file__).parent / "corpus"
LINES = 4000
"""Of each of the two corpora of small talk."""
SHARED_BY_TWO = frozenset({"follow_up", "denial_after_disclosure"})
"""Families whose level comes from the message before: no reader of one message can learn them."""

_LISTED = re.compile(
    r"suicid|kill (?:my|him|her)self|end my life|want to die|self.?harm|cutting|die\b|dead\b|not be here|overdos"
    r"|end it",
    re.IGNORECASE,
)


@dataclass
class Rows:
    """Messages as feature places, whether they are risky, and what each weighs."""

    places: list[list[int]] = field(default_factory=list)
    risky: list[float] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)

    def add(self, text: str, *, risky: bool, weight: float) -> None:
        self.places.append(features(text))
        self.risky.append(float(risky))
        self.weights.append(weight)


def gather(data: Path) -> Rows:
    """Everything that is trained on."""
    rows = Rows()
    for message in read_risk(CORPUS / "risk"):
        if message.part == "train" and message.family not in SHARED_BY_TWO:
            rows.add(message.text, risky=message.level > 0, weight=1.0)
    for row in _json_lines(CORPUS / "risk_check"):
        if row["split"] == "tune" and not row["previous"]:
            rows.add(row["text"], risky=row["level"] > 0, weight=1.0)
    for text in dict.fromkeys(_seekers()):
        rows.add(text, risky=False, weight=0.5)
    for text in _mint(data):
        rows.add(text, risky=False, weight=0.5)
    chance = random.Random(5)
    for lines in (sorted(set(_self_dialogues(data))), sorted(set(_persona_chat(data)))):
        for text in chance.sample(lines, LINES):
            rows.add(text, risky=False, weight=0.3)
    return rows


def fit(rows: Rows, *, epochs: int = 6, rate: float = 0.1, seed: int = 0) -> tuple[NDArray[np.float64], float]:
    """Weights (SIZE,) and the bias."""
    weights, squares = np.zeros(SIZE), np.full(SIZE, 1e-10)
    bias, bias_square = -2.0, 1e-10
    order = np.random.default_rng(seed)
    places = [np.array(found) for found in rows.places]
    for _ in range(epochs):
        for batch in np.array_split(order.permutation(len(places)), max(1, len(places) // 128)):
            slope, bias_slope = np.zeros(SIZE), 0.0
            for number in batch:
                shrink = len(places[number]) ** -0.5
                odds = bias + shrink * weights[places[number]].sum()
                error = (1 / (1 + np.exp(-odds)) - rows.risky[number]) * rows.weights[number] / len(batch)
                slope[places[number]] += error * shrink
                bias_slope += error
            squares += slope**2
            weights -= rate * slope / np.sqrt(squares)
            bias_square += bias_slope**2
            bias -= rate * bias_slope / bias_square**0.5
    return weights, bias


def write(path: Path, weights: NDArray[np.float64], bias: float) -> None:
    """The weights in eight bits, after a header with their scale and the bias."""
    scale = float(np.abs(weights).max()) / 127
    small = np.clip(np.rint(weights / scale), -127, 127).astype(np.int8)
    path.write_bytes(HEADER.pack(MAGIC, scale, bias) + small.tobytes())


def _json_lines(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("*.jsonl")):
        yield from map(json.loads, path.read_text("utf-8").splitlines())


def _seekers() -> Iterator[str]:
    for name in ("support", "letters"):
        for row in _json_lines(CORPUS / name):
            yield from (turn["text"] for turn in row["context"] if turn["role"] == "seeker")


def _mint(data: Path) -> Iterator[str]:
    for conversation in json.loads((data / "mint/conversations_322.json").read_text("utf-8")):
        for turn in conversation["conversation"]:
            if turn["role"] == "seeker" and not _LISTED.search(turn["content"]):
                yield turn["content"]


def _self_dialogues(data: Path) -> Iterator[str]:
    for path in sorted((data / "corpora/self_dialogue_corpus/corpus").rglob("*.csv")):
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            for row in csv.DictReader(file):
                for key, text in row.items():
                    if key and key.startswith("Answer.sentence") and text and not _LISTED.search(text):
                        yield text.strip()


def _persona_chat(data: Path) -> Iterator[str]:
    for path in sorted((data / "corpora/synthetic_persona_chat/data").glob("*.csv")):
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            for row in csv.DictReader(file):
                for text in re.findall(r"^User [12]:\s*(.*)$", row["Best Generated Conversation"], re.MULTILINE):
                    if text and not _LISTED.search(text):
                        yield text.strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with mint/ and corpora/")
    parser.add_argument("--output", type=Path, default=WEIGHTS, help="file of weights to write")
    arguments = parser.parse_args()
    rows = gather(arguments.data)
    weights, bias = fit(rows)
    write(arguments.output, weights, bias)
    print(f"{len(rows.places)} messages, {sum(rows.risky):.0f} of them risky -> {arguments.output}")


if __name__ == "__main__":
    main()
