"""What a GRPO run leaves behind as it goes: metrics, sampled replies, TensorBoard, a bar; and how it is stopped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm
from transformers import TrainerCallback

from training.run import Interrupt, Run

if TYPE_CHECKING:
    from training.grpo import MintTrainer

SHOWN = {"reward": "reward", "parts/quality": "quality", "parts/novelty": "novelty", "kl": "kl"}
"""Beside the bar: the metric, and what it is called there."""


class Record(TrainerCallback):  # type: ignore[misc]  # transformers is untyped here
    """Written after every step, by the first process alone."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.trainer: MintTrainer | None = None
        self._board: SummaryWriter | None = None
        self._bar: Any = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.is_world_process_zero:
            (self._run.folder / "samples").mkdir(exist_ok=True)
            self._board = SummaryWriter(self._run.folder / "tensorboard", purge_step=state.global_step + 1)
            self._bar = tqdm(total=state.max_steps, initial=state.global_step, unit="step")

    def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, Any], **_: Any) -> None:
        if not state.is_world_process_zero or "loss" not in logs or self.trainer is None:
            return
        step = state.global_step
        metrics = {name: value for name, value in logs.items() if isinstance(value, int | float)}
        metrics |= {f"seconds/{name}": round(value, 3) for name, value in _shares(self.trainer.seconds).items()}
        self._run.log({"step": step} | metrics)
        self._write_samples(step, self.trainer._logs)
        for name, value in metrics.items():
            if self._board is not None:
                self._board.add_scalar(name, value, step)
        parts = ", ".join(f"{label} {metrics[name]:.3f}" for name, label in SHOWN.items() if name in metrics)
        self._bar.set_description(parts)
        self._bar.update(step - self._bar.n)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self._board is not None:
            self._board.close()
        if self._bar is not None:
            self._bar.close()

    def _write_samples(self, step: int, logs: Mapping[str, Any]) -> None:
        """One line for each group: its prompt, and its replies with all that is known of them."""
        if self.trainer is None:
            return
        size = self.trainer.num_generations
        columns = {"reply": logs["completion"], "advantage": logs["advantages"], **logs["extra"]}
        columns |= {"reward": next(iter(logs["rewards"].values()))}
        replies = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
        groups = [replies[start : start + size] for start in range(0, len(replies), size)]
        with self._run.writing("The sampled replies"):
            lines = [
                json.dumps({"prompt": prompt, "replies": group}, ensure_ascii=False) + "\n"
                for prompt, group in zip(list(logs["prompt"])[::size], groups, strict=True)
            ]
            (self._run.folder / "samples" / f"step-{step:06d}.jsonl").write_text("".join(lines), "utf-8")


def _shares(seconds: Mapping[str, float]) -> dict[str, float]:
    """What a step's seconds went into: rollout, reward, and all else, which is the update."""
    parts = {name: seconds.get(name, 0.0) for name in ("rollout", "reward")}
    return parts | {"update": seconds.get("all", 0.0) - sum(parts.values())}


class Stop(TrainerCallback):  # type: ignore[misc]
    """Ends the run after the current step, with a checkpoint, once any process was asked to."""

    def __init__(self, interrupt: Interrupt) -> None:
        self._interrupt = interrupt
        self.trainer: MintTrainer | None = None

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        asked = self._interrupt.requested
        if self.trainer is not None and self.trainer.accelerator.num_processes > 1:
            flag = torch.tensor(float(asked), device=self.trainer.accelerator.device)
            asked = bool(self.trainer.accelerator.reduce(flag) > 0)
        if asked:
            control.should_save = control.should_training_stop = True
