"""Tiny runs of GRPO on made-up conversations: fixtures for the tests of training."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.companion.fakes import CueEncoder
from tests.training.tiny_policy import tiny_policy
from training import grpo_run
from training.curves import read_metrics
from training.mint_recipe import MintRecipe
from training.recipe import check
from training.trl_run import TrlRun

NOT_THE_SAME = ("seconds/", "step_time")
REPLIES = ["What happened?", "It makes sense. What now?", "Try to sleep first.", "Oh."]


class Reader(CueEncoder):
    """The encoder of these tests, with files to be told by."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(__file__).parent / "no encoder"


@pytest.fixture(autouse=True)
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    monkeypatch.setattr(grpo_run, "Encoder", Reader)
    monkeypatch.setattr("training.reply_tags.fingerprint", lambda folder: "tests")


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It ends a reply with any of many tokens: a reply that was cut off would not be learned from."""
    folder = tiny_policy(tmp_path_factory.mktemp("policy"))
    file = folder / "generation_config.json"
    values = json.loads(file.read_text())
    file.write_text(json.dumps(values | {"eos_token_id": [values["eos_token_id"], *range(60)]}))
    return folder


@pytest.fixture
def talks(tmp_path: Path) -> Path:
    """Eight conversations of three exchanges."""
    file = tmp_path / "talks.jsonl"
    with file.open("w") as out:
        for number in range(8):
            said = [f"Trouble {number}.", REPLIES[number % 4], "More of it.", REPLIES[(number + 1) % 4], "Hm.", "Oh."]
            roles = ["user", "assistant"] * 3
            messages = [{"role": role, "content": text} for role, text in zip(roles, said, strict=True)]
            out.write(json.dumps({"id": f"talk-{number}", "messages": messages}) + "\n")
    return file


@pytest.fixture
def values(policy: Path, talks: Path) -> dict[str, Any]:
    return {
        "name": "tiny", "gpu": False, "steps": 4, "save_every": 2, "rows": 2, "group": 4,
        "data": {"mint": False, "files": [str(talks)], "held_out": 0.0},
        "prompts": {"layout": "mini", "plan": True, "thinking": False, "limit": 300},
        "policy": {"model": str(policy), "lora": 4},
        "rollout": {"tokens": 10, "together": 8},
        "reward": {"mode": "q+dkl+opening"},
        "update": {"lr": 1e-2},
    }  # fmt: skip


@pytest.fixture
def start(values: dict[str, Any], tmp_path: Path) -> Callable[..., TrlRun]:
    def begin(resume: Path | None = None, **changes: Any) -> TrlRun:
        recipe = check(MintRecipe, values | changes)
        return grpo_run.start(recipe, data=tmp_path, runs=tmp_path / "runs", resume=resume)

    return begin


Start = Callable[..., TrlRun]


def logged(run: TrlRun) -> list[dict[str, Any]]:
    rows = read_metrics(run.run.folder)
    return [{name: value for name, value in row.items() if not name.startswith(NOT_THE_SAME)} for row in rows]


def during(run: TrlRun, step: int, act: Callable[[], None]) -> None:
    """Has something happen in the update of a step, counted from 1."""
    ordinary = run.trainer.training_step

    def training_step(*given: Any, **named: Any) -> Any:
        loss = ordinary(*given, **named)
        if run.trainer.state.global_step + 1 == step:
            run.trainer.training_step = ordinary
            act()
        return loss

    run.trainer.training_step = training_step


def steps_kept(run: TrlRun) -> list[int]:
    return [int(path.name.rpartition("-")[2]) for path in run.run.checkpoints()]
