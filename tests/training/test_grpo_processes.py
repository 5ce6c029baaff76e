"""GRPO in two processes that talk over gloo, as `accelerate launch` starts them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.training.tiny_policy import tiny_policy
from training.curves import read_metrics

ROOT = Path(__file__).parents[2]
RECIPE = """
name = "tiny"
gpu = false
steps = 2
save_every = 1
rows = 4
group = 4

[data]
mint = false
files = ["{talks}"]
held_out = 0.0

[prompts]
layout = "mini"
plan = true
thinking = false
limit = 300

[policy]
model = "{policy}"
lora = 4

[rollout]
tokens = 10
together = 8

[update]
lr = 1e-2
groups = 2

[own_history]
every = 1
"""
PROGRAM = """
import sys
from pathlib import Path
import torch
from companion.cli import run
from tests.companion.fakes import CueEncoder
from training import grpo_run, reply_tags, trl_run
from training.mint_recipe import read_mint

class Reader(CueEncoder):
    def __init__(self):
        super().__init__()
        self.folder = None

torch.set_num_threads(1)
grpo_run.Encoder, reply_tags.fingerprint = Reader, lambda folder: "tests"
alone = lambda: not torch.distributed.is_initialized()
trl_run.finish = lambda trained, out, told: f"finished {trained.folder.name}, alone: {alone()}"
ordinary = grpo_run.GrpoReward.__call__

def odd(self, *, completion_ids, **given):
    ordinary(self, completion_ids=completion_ids, **given)  # it refuses groups that are not whole
    return [sum(token % 2 for token in ids) / len(ids) for ids in completion_ids]

grpo_run.GrpoReward.__call__ = odd
recipe, runs = sys.argv[1:]
stock = read_mint(recipe, ("update.shared_prefix=false",))
plain = grpo_run.start(stock, data=Path(runs), runs=Path(f"{runs}-false"))
group = torch.distributed.group.WORLD._get_backend(torch.device("cpu"))
assert group.options._timeout == trl_run.PATIENCE
assert plain.train()
sys.exit(run(["train", recipe, "--runs", f"{runs}-true"]))
"""


def free_port() -> str:
    with socket.socket() as found:
        found.bind(("localhost", 0))
        return str(found.getsockname()[1])


def launched(program: Path, *arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    launcher = ["-m", "torch.distributed.run", "--nproc_per_node", "2", "--master_port", free_port()]
    environment = os.environ | {
        "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "COMPANION_HOME": str(home), "PYTHONWARNINGS": "ignore",
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, *launcher, str(program), *arguments],
        env=environment, cwd=ROOT, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip


@pytest.mark.skipif(not torch.distributed.is_available(), reason="torch was built without distributed")
def test_two_processes_train_whole_groups_with_the_gradients_of_trl(tmp_path: Path) -> None:
    policy = tiny_policy(tmp_path / "policy")
    declared = policy / "generation_config.json"
    values = json.loads(declared.read_text())
    declared.write_text(json.dumps(values | {"eos_token_id": [values["eos_token_id"], *range(60)]}))
    talks = tmp_path / "talks.jsonl"
    said = [("user", "Trouble {}."), ("assistant", "Oh."), ("user", "More of it."), ("assistant", "Hm.")]
    rows = [
        {"id": f"talk-{i}", "messages": [{"role": role, "content": text.format(i)} for role, text in said]}
        for i in range(8)
    ]
    talks.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "tiny.toml").write_text(RECIPE.format(talks=talks, policy=policy))
    (tmp_path / "program.py").write_text(PROGRAM)

    done = launched(
        tmp_path / "program.py", str(tmp_path / "tiny.toml"), str(tmp_path / "runs"), home=tmp_path / "home"
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stderr.count("2 steps, from step 0") == 1  # said once, not by every process
    assert done.stderr.count("finished model, alone: True") == 1
    (shared,), (stock,) = (list((tmp_path / f"runs-{on}").iterdir()) for on in ("true", "false"))
    ours, theirs = read_metrics(shared), read_metrics(stock)
    assert [row["step"] for row in ours] == [1, 2]
    for row, other in zip(ours, theirs, strict=True):
        for name in ("loss", "grad_norm", "reward", "kl"):
            assert row[name] == pytest.approx(other[name], rel=1e-3, abs=1e-5), name
    assert ours[0]["grad_norm"] > 0
    assert ours[1]["kl"] > 0
    groups = [json.loads(line) for line in (shared / "samples" / "step-000001.jsonl").read_text().splitlines()]
    assert [len(group["replies"]) for group in groups] == [4] * 4  # of both processes
    assert {file.name for file in (shared / "checkpoint-000002").glob("*-[01].json")} == {
        "carried-0.json", "carried-1.json",
    }  # fmt: skip
