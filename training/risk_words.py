"""Trains the linear reader of the risk reading (`companion/safety/risk/linear.py`): seconds on one core.

    python -m training.risk_words [--data ../shared/data]

Messages: `training.risk_messages`, less those whose level comes from the message before them. Logistic regression with
Adagrad (Duchi et al., 2011); a message's features are divided by the square root of their number.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from companion.safety.risk.linear import HEADER, MAGIC, SIZE, WEIGHTS, features
from training.risk_messages import FROM_BEFORE, ordinary, own

LINES = 4000
"""Of each corpus of small talk and essays."""
SMALL_TALK = frozenset({"essay", "dialogue", "persona"})


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
    for lesson in own():
        if lesson.family not in FROM_BEFORE:
            rows.add(lesson.text, risky=lesson.noticed, weight=1.0)
    for lesson in ordinary(data, lines=LINES):
        rows.add(lesson.text, risky=False, weight=0.3 if lesson.family in SMALL_TALK else 0.5)
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
