# ruff: noqa: E402  (what is imported needs the packages that are looked for first)
"""The reference in numpy is transformers, for every family."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

pytest.importorskip("gguf", reason="gguf is not installed")
torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

import numpy as np
from transformers import AutoModelForCausalLM

from companion.errors import UsageError
from companion.modelhub import forward
from tests.companion.tiny_checkpoint import Family, edit, save

pytestmark = pytest.mark.torch
IDS = list(np.random.default_rng(0).integers(0, 480, 100))


@pytest.mark.parametrize("family", get_args(Family))
@pytest.mark.parametrize("tied", [True, False])
def test_logits_are_those_of_transformers(family: Family, tied: bool, tmp_path: Path) -> None:
    folder = save(tmp_path / "model", family, tied=tied, dtype=torch.bfloat16)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    with torch.no_grad():
        theirs = model.eval()(torch.tensor([IDS])).logits[0].numpy()
    ours = forward.logits(folder, IDS)
    assert ours.dtype == np.float32
    assert ours.shape == theirs.shape
    assert theirs.std() > 1
    assert np.abs(ours - theirs).max() < 1e-3


def test_positions_that_are_not_computed_here_are_said(tmp_path: Path) -> None:
    folder = save(tmp_path / "model")
    yarn = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 128}
    with pytest.raises(UsageError, match=r"scaled by 'yarn' are not computed here"):
        forward.logits(edit(folder, tmp_path / "yarn", rope_parameters=yarn), IDS)
