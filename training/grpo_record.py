"""What a GRPO run leaves behind beside what every run does: seconds by their use, and the sampled replies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from training.record import Record
from training.run import Run

if TYPE_CHECKING:
    from training.grpo import MintTrainer

SHOWN = {"reward": "reward", "parts/quality": "quality", "parts/novelty": "novelty", "kl": "kl"}
"""Beside the bar: the metric, and what it is called there."""


class GrpoRecord(Record):
    """Written after every step, by the first process alone."""

    def __init__(self, run: Run, trainer: MintTrainer) -> None:
        super().__init__(run, SHOWN)
        self._trainer = trainer

    def written(self, step: int) -> dict[str, float]:
        self._write_samples(step, self._trainer._logs)
        shares = _shares(self._trainer.seconds)
        self._trainer.seconds.clear()
        return {f"seconds/{name}": round(value, 3) for name, value in shares.items()}

    def _write_samples(self, step: int, logs: Mapping[str, Any]) -> None:
        """One line for each group: its prompt, and its replies with all that is known of them."""
        size = self._trainer.num_generations
        columns = {"reply": logs["completion"], "advantage": logs["advantages"], **logs["extra"]}
        columns |= {"reward": next(iter(logs["rewards"].values()))}
        replies = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
        groups = [replies[start : start + size] for start in range(0, len(replies), size)]
        (self._run.folder / "samples").mkdir(exist_ok=True)
        with self._run.writing("The sampled replies"):
            lines = [
                json.dumps({"prompt": prompt, "replies": group}, ensure_ascii=False) + "\n"
                for prompt, group in zip(list(logs["prompt"])[::size], groups, strict=True)
            ]
            (self._run.folder / "samples" / f"step-{step:06d}.jsonl").write_text("".join(lines), "utf-8")


def _shares(seconds: Mapping[str, float]) -> dict[str, float]:
    """What a step's seconds went into: histories, rollout, reward, and the update, in which the two before it are."""
    update = seconds.get("update", 0.0) - seconds.get("rollout", 0.0) - seconds.get("reward", 0.0)
    return {**seconds, "update": update}
