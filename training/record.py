"""What a run of TRL's trainers leaves behind as it goes: metrics, TensorBoard, a bar; and how it is stopped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm
from transformers import TrainerCallback

from training.run import Interrupt, Run


class Record(TrainerCallback):  # type: ignore[misc]  # transformers is untyped here
    """Written after every step, by the first process alone."""

    def __init__(self, run: Run, shown: Mapping[str, str]) -> None:
        """`shown` are the metrics beside the bar, and what they are called there."""
        self._run, self._shown = run, shown
        self._board: SummaryWriter | None = None
        self._bar: Any = None

    def written(self, step: int) -> dict[str, float]:
        """Whatever else is to be written after a step; more metrics of it."""
        return {}

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.is_world_process_zero:
            self._board = SummaryWriter(self._run.folder / "tensorboard", purge_step=state.global_step + 1)
            self._bar = tqdm(total=state.max_steps, initial=state.global_step, unit="step")

    def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, Any], **_: Any) -> None:
        if not state.is_world_process_zero or "loss" not in logs or self._board is None:
            return
        step = state.global_step
        metrics = {name: value for name, value in logs.items() if isinstance(value, int | float)} | self.written(step)
        self._run.log({"step": step} | metrics)
        for name, value in metrics.items():
            self._board.add_scalar(name, value, step)
        parts = ", ".join(f"{label} {metrics[name]:.3f}" for name, label in self._shown.items() if name in metrics)
        self._bar.set_description(parts)
        self._bar.update(step - self._bar.n)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self._board is not None:
            self._board.close()
        if self._bar is not None:
            self._bar.close()


class Stop(TrainerCallback):  # type: ignore[misc]
    """Ends the run after the current step, with a checkpoint, once any process was asked to."""

    def __init__(self, interrupt: Interrupt, accelerator: Any) -> None:
        self._interrupt, self._accelerator = interrupt, accelerator

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        asked = self._interrupt.requested
        if self._accelerator.num_processes > 1:
            flag = torch.tensor(float(asked), device=self._accelerator.device)
            asked = bool(self._accelerator.reduce(flag) > 0)
        if asked:
            control.should_save = control.should_training_stop = True
