"""The network that reads the person's messages: what ships, and what is said where it does not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from companion.errors import CompanionError, NotFound
from companion.safety.risk.network_layer import MODEL, STEPS, RiskReader
from tests.conftest import REPOSITORY

RISK = REPOSITORY / "models" / "risk"
with_network = pytest.mark.skipif(not (RISK / MODEL).is_file(), reason="models/risk is not here")

DANGER = [
    "i have been thinking about killing myself every night this month",
    "I don't want to be alive any more and I have started to think about how.",
    "i cut my arms again last night and nobody knows",
    "They would all be better off if I was gone for good.",
]
TROUBLE = [
    "I cried in the car before work again, my boss makes me feel so small.",
    "We broke up on Sunday and the flat is too quiet.",
    "this queue is killing me and my feet are dead",
    "My exams start on Monday and I can't sleep.",
]


def first_step(reader: RiskReader, texts: list[str]) -> list[float]:
    return [reading.probabilities[STEPS[0]] for reading in reader.read([("", text) for text in texts])]


def test_a_network_that_is_not_there_is_named_with_what_makes_it(tmp_path: Path) -> None:
    reader = RiskReader(tmp_path)
    for ask in (reader.check, lambda: reader.read([("", "a")])):
        with pytest.raises(NotFound, match=r"risk\.onnx is not there.*training\.risk_reader"):
            ask()


def test_a_file_that_is_no_network_is_an_error_in_words(tmp_path: Path) -> None:
    for name in (MODEL, "tokenizer.json"):
        (tmp_path / name).write_text("{}", "utf-8")
    with pytest.raises(CompanionError, match="cannot be loaded"):
        RiskReader(tmp_path).read([("", "a")])


def test_no_message_needs_no_network(tmp_path: Path) -> None:
    assert RiskReader(tmp_path).read([]) == []


@with_network
def test_it_tells_danger_from_ordinary_trouble_and_its_steps_rise() -> None:
    reader = RiskReader(RISK, threads=1)
    assert min(first_step(reader, DANGER)) > 0.5 > max(first_step(reader, TROUBLE))
    for reading in reader.read([("", text) for text in (*DANGER, *TROUBLE)]):
        assert reading.probabilities[1] >= reading.probabilities[4] - 0.05


@with_network
def test_a_message_is_read_alike_alone_among_others_and_in_threads() -> None:
    reader = RiskReader(RISK)
    alone = [first_step(reader, [text])[0] for text in DANGER]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda _: first_step(reader, [*DANGER, "word " * 400]), range(4)))
    assert all(np.allclose(found[: len(alone)], alone, atol=0.02) for found in together)


@with_network
def test_what_was_said_before_is_read_too() -> None:
    reader = RiskReader(RISK, threads=1)
    before, alone = reader.read([(DANGER[0], "ok"), ("", "ok")])
    assert before.probabilities[1] > alone.probabilities[1]


@with_network
def test_the_shipped_files_are_small() -> None:
    assert (RISK / MODEL).stat().st_size <= 25_000_000
    shipped = sum(path.stat().st_size for path in (REPOSITORY / "models").rglob("*") if path.is_file())
    assert shipped <= 70_000_000
