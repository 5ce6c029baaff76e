"""Runs of a tiny model, begun and resumed as the tests of `companion train mini` do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.companion.fakes import CueTagger
from tests.training.tiny_mini import VALUES, World
from training import mini
from training.mini import Corpus, Trainer
from training.recipe import MiniRecipe, check
from training.reply_tags import ReplyTags
from training.run import Run

TINY = check(MiniRecipe, VALUES)
CHECKPOINTS, EVALUATIONS = 4, 10


@pytest.fixture(scope="module", autouse=True)
def small_and_slow() -> Iterator[None]:
    """One thread, a checkpoint every 4 steps, held-out text measured every 10."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "checkpoint_every", CHECKPOINTS)
        patch.setattr(mini, "EVALUATE_EVERY", EVALUATIONS)
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        yield
        torch.set_num_threads(threads)


def begin(world: World, runs: Path) -> Trainer:
    return proceed(world, Run.create(runs, "mini", TINY.model_dump()).folder)


def proceed(world: World, folder: Path) -> Trainer:
    run = Run.open(folder)
    corpus = Corpus(world.data, world.own, folder / "data.json")
    return Trainer(run, check(MiniRecipe, run.recipe()), corpus, tags_in(folder), compiled=False)


def tags_in(folder: Path) -> ReplyTags:
    return ReplyTags(CueTagger(), folder / "tactics.jsonl")
