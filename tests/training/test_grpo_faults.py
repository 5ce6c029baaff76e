"""What can go wrong in a run of GRPO, and what is left of it."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import torch

from companion.errors import CompanionError, UsageError
from tests.training.grpo_runs import Start, during, logged, steps_kept
from tests.training.grpo_runs import fakes as fakes
from tests.training.grpo_runs import policy as policy
from tests.training.grpo_runs import start as start
from tests.training.grpo_runs import talks as talks
from tests.training.grpo_runs import values as values
from tests.training.local_server import Answer, serving
from training import grpo_run
from training.policy import load


def test_a_reward_that_is_no_number_ends_the_run(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    run = start()
    monkeypatch.setattr(
        grpo_run.GrpoReward,
        "__call__",
        lambda self, *, completions, **_: [float("nan"), *[1.0] * (len(completions) - 1)],
    )
    with pytest.raises(CompanionError, match=r"A reward at step 1 is no number\..*--resume "):
        run.train()


def test_a_reader_that_dies_ends_the_run_with_its_sentence(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(*_: Any, **__: Any) -> Any:
        raise CompanionError("http://localhost:1 does not answer.")

    monkeypatch.setattr("training.readings.EncoderQuality.quality", dead)
    with pytest.raises(CompanionError, match="does not answer"):
        start().train()


def test_a_reward_server_that_dies_ends_the_run_and_once_it_is_back_the_run_goes_on(start: Start) -> None:
    def scores(asked: Any) -> Answer:
        return 200, json.dumps({"scores": [len(reply) % 7 / 7 for reply in asked["replies"]]}).encode()

    with ExitStack() as alive:
        server = alive.enter_context(serving(scores))
        run = start(reward={"quality": server.url, "tries": 1})
        during(run, 3, alive.close)
        with pytest.raises(CompanionError, match=rf"reward server at {server.url} cannot be used: .*--resume"):
            run.train()
    assert len(server.asked) == 3
    assert steps_kept(run) == [2]
    with serving(scores, port=urlsplit(server.url).port or 0):
        again = start(run.run.folder)
        assert again.step == 2
        assert again.train()
    assert [row["step"] for row in logged(again)] == [1, 2, 3, 4]


def test_a_mixture_of_experts_is_refused_before_its_weights_are_looked_for(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"architectures": ["Qwen3MoeForCausalLM"]}))
    with pytest.raises(UsageError, match=r"a 'Qwen3MoeForCausalLM' model; Qwen3, .* can be converted"):
        load(str(tmp_path), torch.float32)


def test_a_full_disk_is_a_sentence_and_the_earlier_checkpoints_stay(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start()
    ordinary = torch.save

    def save(value: Any, file: Any, *given: Any, **named: Any) -> None:
        if "checkpoint-000004" in str(file):
            raise RuntimeError("[enforce fail at inline_container.cc:858] . PytorchStreamWriter failed writing file")
        ordinary(value, file, *given, **named)

    monkeypatch.setattr(torch, "save", save)
    with pytest.raises(CompanionError, match=r"The checkpoint at step 4 could not be written .*Free some space"):
        run.train()
    assert steps_kept(run) == [2]
    assert not list(run.run.folder.glob("*.partial"))


def exhausted(*_: Any, **__: Any) -> Any:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")


@pytest.mark.parametrize(
    ("where", "place", "setting"),
    [
        ("_sample", ", in the rollout", "rollout.together=4"),
        ("compute_loss", ", in the update", "update.checkpointing=true"),
        ("_clip_grad_norm", "", "policy.dtype=bfloat16"),  # as the optimiser's step, outside of TRL's training_step
    ],
)
def test_out_of_memory_names_the_setting_that_takes_less(start: Start, where: str, place: str, setting: str) -> None:
    run = start()
    setattr(run.trainer, where, exhausted)
    with pytest.raises(CompanionError, match=rf"Memory ran out at step 1{place}\. .* --set {setting}$"):
        run.train()


def test_out_of_memory_before_the_first_step_is_a_sentence(
    start: Start, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.policy.load", exhausted)
    with pytest.raises(CompanionError, match=r"before the first step\. .* --set policy\.lora=16$"):
        start(policy={"model": str(policy), "lora": 0})


def test_out_of_memory_at_the_end_loses_nothing(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    run = start(steps=1)
    assert run.train()
    monkeypatch.setattr("training.trl_run.finish", exhausted)
    with pytest.raises(CompanionError, match=rf"Nothing is lost: .* --resume {run.run.folder}$"):
        run.finish(None, print)


def test_a_gradient_that_is_no_number_leaves_the_weights_as_they_were(start: Start) -> None:
    run = start()
    adapters = [weight for weight in run.trainer.model.parameters() if weight.requires_grad]
    before = [weight.clone() for weight in adapters]
    during(run, 1, lambda: adapters[0].grad.fill_(float("nan")))  # type: ignore[union-attr]
    with pytest.raises(CompanionError, match=r"Training broke down at step 1 .*--set update\.lr=0\.005"):
        run.train()
    assert all(torch.equal(old, new) for old, new in zip(before, adapters, strict=True))
