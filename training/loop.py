"""The loop that every training goes round: one optimiser step after another, from wherever the run folder stands."""

from __future__ import annotations

import io
import math
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

import torch
from tqdm import tqdm

from companion.errors import CompanionError
from training.run import Interrupt, Run


class Loop(ABC):
    """What a trainer is made from: it brings a step, a state and a length; stopping and going on are here."""

    checkpoint_every: ClassVar[int]
    """Steps between two checkpoints."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.step = 0
        """Optimiser steps done."""

    @property
    @abstractmethod
    def steps(self) -> int:
        """Optimiser steps of the whole run."""

    @abstractmethod
    def train_step(self) -> dict[str, Any]:
        """One optimiser step; moves `step` on and returns its metrics: step, loss, tokens_per_second and more."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Everything that going on exactly needs, as `torch.save` takes it; `step` is added."""

    @abstractmethod
    def restore(self, state: dict[str, Any]) -> None:
        """Go back to a state."""

    def measure(self) -> dict[str, Any]:
        """Metrics of this step that cost more than the step; nothing at most steps."""
        return {}

    def resume(self) -> None:
        """Go back to the newest checkpoint, or to the beginning where there is none."""
        checkpoints = self.run.checkpoints()
        if checkpoints:
            state = torch.load(checkpoints[-1] / "state.pt", weights_only=True)
            self.restore(state)
            self.step = state["step"]
        self.run.rewind(self.step)

    def save(self) -> Path:
        """Write a checkpoint of the current step. Raises CompanionError when the disk is full."""
        with self.run.checkpoint(self.step) as folder:
            buffer = io.BytesIO()  # written to a file itself, torch makes a RuntimeError of a full disk
            torch.save({"step": self.step} | self.state(), buffer)
            (folder / "state.pt").write_bytes(buffer.getbuffer())
        return self.run.checkpoints()[-1]

    def train(self, until: int | None = None) -> bool:
        """Train to the end of the recipe, or to step `until`; False when a person stopped it. A checkpoint is left."""
        end = min(self.steps, until or self.steps)
        with Interrupt() as interrupt, tqdm(total=self.steps, initial=self.step, unit="step") as bar:
            while self.step < end and not interrupt.requested:
                metrics = self.train_step()
                self.run.log(metrics | self.measure())
                stage = f"{metrics['stage']}: " if "stage" in metrics else ""
                bar.set_description(f"{stage}loss {metrics['loss']:.3f}, {metrics['tokens_per_second']} tokens/s")
                bar.update()
                if self.step % self.checkpoint_every == 0:
                    self.save()
        if self.step % self.checkpoint_every or not self.run.checkpoints():
            self.save()
        return self.step >= end

    def must_be_numbers(self, loss: float, norm: float, where: str, change: str) -> None:
        """Raises CompanionError when loss or gradient are none: the weights are still good, and must stay so.

        `where` says at which part and rate of the recipe, `change` which of its values to lower.
        """
        if not (math.isfinite(loss) and math.isfinite(norm)):
            raise CompanionError(
                f"Training broke down at step {self.step + 1} ({where}): the loss is {loss}, "
                f"the gradient's norm {norm}. Start again with a lower one: --set {change}."
            )
