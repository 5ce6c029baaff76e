"""What TRL's trainers write goes into our run folder, whole or not at all; what goes wrong is a sentence."""

from __future__ import annotations

import errno
import json
import math
import os
import shutil
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from transformers import Trainer

from companion.errors import CompanionError, UsageError
from training.run import Run


class InRunFolder(Trainer):  # type: ignore[misc]  # transformers is untyped here
    """Stands before a trainer of TRL's among the bases of ours."""

    run: Run
    rate: tuple[str, float]
    """The setting of the learning rate, and its value."""

    def carried(self) -> dict[str, Any]:
        """What each process carries on beside what TRL saves, as JSON."""
        return {"tokens": self._total_train_tokens}

    def carry_on(self, carried: dict[str, Any]) -> None:
        """Take up what was carried."""
        self._total_train_tokens = carried["tokens"]

    def _clip_grad_norm(self, model: Any) -> Any:
        """Before the optimiser's step: the weights are still good, and must stay so."""
        norm = super()._clip_grad_norm(model)
        setting, rate = self.rate
        if not math.isfinite(float(norm)):
            raise CompanionError(
                f"Training broke down at step {self.state.global_step + 1} (lr {rate:g}): the gradient's norm is "
                f"{float(norm)}. Start again with a lower one: --set {setting}={rate / 2:g}."
            )
        return norm

    def create_model_card(self, *_: Any, **__: Any) -> None:
        """TRL's card praises TRL; ours is written at the end of the run."""

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """As transformers' own, but whole or not at all, whatever interrupts it."""
        step = self.state.global_step
        partial = self.run.folder / f"checkpoint-{step:06d}.partial"
        if not self.accelerator.is_main_process:
            self.accelerator.wait_for_everyone()
            self._save_into(partial, model, trial)
            self.accelerator.wait_for_everyone()
            return
        with self.run.checkpoint(step) as folder:
            self.accelerator.wait_for_everyone()
            self._save_into(folder, model, trial)
            self.accelerator.wait_for_everyone()
            inner = folder / f"checkpoint-{step}"
            for file in inner.iterdir():
                file.rename(folder / file.name)
            inner.rmdir()

    def _save_into(self, folder: Path, model: Any, trial: Any) -> None:
        """Transformers makes a folder in `folder`. Raises OSError for a full disk, whatever its writers make of it."""
        before, self.args.output_dir = self.args.output_dir, str(folder)
        inner = folder / f"checkpoint-{self.state.global_step}"
        try:
            super()._save_checkpoint(model, trial)
            self._carried_in(inner).write_text(json.dumps(self.carried()))
        except (RuntimeError, SafetensorError) as error:
            full = shutil.disk_usage(folder).free < 1 << 20 or "space" in str(error).lower()
            if not full and "write" not in str(error).lower():
                raise
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        finally:
            self.args.output_dir = before

    def go_on_from(self, checkpoint: Path) -> None:
        """Restore what is not TRL's. Raises UsageError for a checkpoint of another version, or a damaged one."""
        try:
            self.carry_on(json.loads(self._carried_in(checkpoint).read_text("utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageError(
                f"{checkpoint} cannot be gone on from ({type(error).__name__}: {error}): it is damaged, or another "
                "version or number of processes wrote it. Take it away to go on from the one before."
            ) from None

    def _carried_in(self, checkpoint: Path) -> Path:
        return checkpoint / f"carried-{self.accelerator.process_index}.json"
