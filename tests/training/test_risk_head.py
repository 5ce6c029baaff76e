"""The risk head that is trained on the frozen trunk, and its place in the encoder's file."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("onnx", reason="onnx is not installed")

import torch

from companion.encoder import CARD, MODEL, TOKENIZER, Encoder
from companion.errors import CompanionError
from tests.conftest import ENCODER, with_encoder
from training.minilm import HIDDEN
from training.risk_graph import replace_head
from training.risk_head import Example, Recipe, RiskHead, deal, fit, read_states, same_elsewhere, together, write_head
from training.risk_messages import Lesson

pytestmark = pytest.mark.torch

MESSAGES = [
    Lesson("", "I want to paint the kitchen on Sunday.", False, False, False, "x"),
    Lesson("How was the exam?", "It went well! I was calm. Then I had cake.", False, False, False, "x"),
    Lesson("", "", False, False, False, "x"),
]


def example(
    size: int, truth: tuple[float, ...], seed: int, *, ordinary: bool = False, text: int | None = None
) -> Example:
    """States around a middle that the truth decides."""
    chance = np.random.default_rng(seed)
    states = chance.normal(size=(size, 2, HIDDEN)).astype(np.float16)
    states[:, :, :40] += 2 * truth[0] - 1
    return Example(states, size if text is None else text, truth, ordinary)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[RiskHead, Path]:
    """A new, untrained head in the place of the one that ships."""
    torch.manual_seed(1)
    head, folder = RiskHead(Recipe()).eval(), tmp_path_factory.mktemp("encoder")
    write_head(head, folder / "head.onnx")
    replace_head(ENCODER / MODEL, folder / "head.onnx", folder / MODEL)
    for name in (TOKENIZER, CARD):
        shutil.copyfile(ENCODER / name, folder / name)
    return head, folder


def test_a_message_is_read_alike_alone_and_among_longer_ones() -> None:
    torch.manual_seed(0)
    head = RiskHead(Recipe()).eval()
    short, long = example(5, (1, 1, 0), 1, text=3), example(30, (0, 0, 0), 2)
    *alone, _ = together([short])
    *both, _ = together([short, long])
    with torch.no_grad():
        assert torch.allclose(head(*alone)[0], head(*both)[0], atol=1e-4)


def test_what_is_learnt_is_told_apart() -> None:
    taught = [example(6, (float(n % 2),) * 3, n) for n in range(60)]
    head = fit(taught, Recipe(epochs=12, tokens=64))
    new = [example(7, (float(n % 2),) * 3, 1000 + n) for n in range(20)]
    *inputs, truth = together(new)
    with torch.no_grad():
        assert ((head(*inputs)[:, 0] > 0) == (truth[:, 0] > 0.5)).float().mean() > 0.9


def test_an_epoch_reads_every_message_of_ours_and_a_part_of_ordinary_talk() -> None:
    ours = [example(4, (1, 1, 1), n) for n in range(20)]
    calm = [example(4, (0, 0, 0), n, ordinary=True) for n in range(200)]
    dealt = [read for group in deal([*ours, *calm], Recipe(share=0.25), random.Random(1)) for read in group]
    assert sum(not read.ordinary for read in dealt) == 20
    assert 25 <= sum(read.ordinary for read in dealt) <= 75


@with_encoder
def test_tactics_and_empathy_stay_the_same_to_the_last_bit(made: tuple[RiskHead, Path]) -> None:
    same_elsewhere(ENCODER, made[1], MESSAGES)
    assert (made[1] / MODEL).stat().st_size <= 25_000_000


@with_encoder
def test_the_file_says_what_the_head_says(made: tuple[RiskHead, Path]) -> None:
    head, folder = made
    *inputs, _ = together(read_states(folder, MESSAGES, 192))
    with torch.no_grad():
        said = head(*inputs).sigmoid().numpy()
    found = Encoder(folder, threads=1).risk([(lesson.previous, lesson.text) for lesson in MESSAGES])
    assert np.abs(said - found).max() < 0.02


@with_encoder
def test_a_head_can_be_exchanged_again_and_nothing_of_the_old_one_stays(
    made: tuple[RiskHead, Path], tmp_path: Path
) -> None:
    _, folder = made
    replace_head(folder / MODEL, folder / "head.onnx", tmp_path / MODEL)
    assert (tmp_path / MODEL).stat().st_size == (folder / MODEL).stat().st_size


@with_encoder
def test_a_file_whose_other_heads_changed_is_refused(tmp_path: Path) -> None:
    import onnx

    model = onnx.load(str(ENCODER / MODEL))
    (bias,) = [tensor for tensor in model.graph.initializer if tensor.name.endswith("tactics.3.bias")]
    changed = onnx.numpy_helper.to_array(bias) + np.float32(1e-3)
    bias.CopyFrom(onnx.numpy_helper.from_array(changed, bias.name))
    onnx.save(model, str(tmp_path / MODEL))
    for name in (TOKENIZER, CARD):
        shutil.copyfile(ENCODER / name, tmp_path / name)
    with pytest.raises(CompanionError, match="nothing was written"):
        same_elsewhere(ENCODER, tmp_path, MESSAGES)
