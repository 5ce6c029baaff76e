"""The network that reads messages for danger: how it is taught, and that its file says what it says."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("onnx", reason="onnx is not installed")

import torch
from torch import Tensor

from companion.network import TOKENIZER
from companion.safety.risk.network_layer import MODEL, STEPS, RiskReader
from tests.conftest import ENCODER, with_encoder
from training.risk_messages import Lesson
from training.risk_reader import Recipe, RiskNetwork, deal, examples, fit, mean, together, write

pytestmark = pytest.mark.torch

MESSAGES = [
    Lesson("", "I want to paint the kitchen on Sunday.", False, False, False, "x"),
    Lesson("How was the exam?", "It went well! I was calm. Then I had cake.", False, False, False, "x"),
    Lesson("", "", False, False, False, "x"),
]


def network() -> RiskNetwork:
    torch.manual_seed(1)
    torch.set_num_threads(1)
    return RiskNetwork().eval()


def said(made: RiskNetwork, lessons: list[Lesson]) -> Tensor:
    *inputs, _ = together(examples(lessons, ENCODER / TOKENIZER), 512)
    with torch.no_grad():
        found: Tensor = made(*inputs)
    return found


@with_encoder
def test_a_message_is_read_alike_alone_and_among_longer_ones() -> None:
    made = network()
    alone = torch.cat([said(made, [lesson]) for lesson in MESSAGES])
    assert torch.allclose(said(made, MESSAGES), alone, atol=1e-4)


@with_encoder
def test_what_is_learnt_is_told_apart_and_word_vectors_stay_as_they_are() -> None:
    lessons = [
        Lesson("", text, danger, danger, False, "x")
        for text, danger in (("the river", True), ("the kettle", False)) * 20
    ]
    made = network()
    words = made.body.words.weight.clone()
    fitted = fit(made, examples(lessons, ENCODER / TOKENIZER), Recipe(epochs=10, tokens=64, rate=1e-3))
    first = said(fitted, lessons[:2])[:, 0]
    assert first[0] > 0 > first[1]
    assert torch.equal(fitted.body.words.weight, words)


def test_the_mean_of_networks_is_that_of_their_weights() -> None:
    one, other = RiskNetwork().state_dict(), RiskNetwork().state_dict()
    found = mean([one, other]).state_dict()
    assert all(torch.allclose(found[name], (one[name] + other[name]) / 2) for name in one)
    assert any(not torch.equal(one[name], other[name]) for name in one)


@with_encoder
def test_an_epoch_reads_every_message_of_ours_and_a_part_of_ordinary_talk() -> None:
    ours = [Lesson("", f"number {n}", True, True, True, "x") for n in range(20)]
    calm = [Lesson("", f"number {n}", False, False, False, "x", ordinary=True) for n in range(200)]
    taught = examples([*ours, *calm], ENCODER / TOKENIZER)
    dealt = [read for batch in deal(taught, Recipe(share=0.25), random.Random(1)) for read in batch]
    assert sum(not read.ordinary for read in dealt) == 20
    assert 25 <= sum(read.ordinary for read in dealt) <= 75


@with_encoder
def test_the_file_says_what_the_network_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.risk_reader.published_model", lambda: ENCODER)
    made = network()
    write(made, tmp_path)
    expected = said(made, MESSAGES).sigmoid().numpy()
    pairs = [(lesson.previous, lesson.text) for lesson in MESSAGES]
    found = np.array([list(each.probabilities.values()) for each in RiskReader(tmp_path, threads=1).read(pairs)])
    assert found.shape == (len(MESSAGES), len(STEPS))
    assert np.abs(expected - found).max() < 0.02
    assert (tmp_path / MODEL).stat().st_size <= 25_000_000
