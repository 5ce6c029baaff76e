"""What a run was asked for beside its recipe, kept in its folder: `companion train --resume RUN` is then enough."""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import asdict, dataclass
from pathlib import Path

from training.run import Run, write_json

FILE = "asked.json"


@dataclass(frozen=True)
class Asked:
    """Where its text lies, where its model goes, and by how many processes it is trained."""

    data: Path
    output: Path | None
    """None is among the person's models."""
    processes: int = 1
    machines: int = 1

    @classmethod
    def now(cls, data: Path, output: Path | None) -> Asked:
        """With the processes that a launcher says it has started; one without a launcher."""
        processes = int(os.environ.get("WORLD_SIZE", "1"))
        each = int(os.environ.get("LOCAL_WORLD_SIZE", processes))
        return cls(data.absolute(), output and output.absolute(), processes, processes // each)

    @classmethod
    def before(cls, run: Run) -> Asked | None:
        """As kept in a run's folder; None where an earlier version began it."""
        file = run.folder / FILE
        if not file.is_file():
            return None
        kept = json.loads(file.read_text("utf-8"))
        return cls(Path(kept["data"]), kept["output"] and Path(kept["output"]), kept["processes"], kept["machines"])

    def keep(self, run: Run) -> None:
        """Raises CompanionError when the disk is full."""
        values = asdict(self) | {"data": str(self.data), "output": self.output and str(self.output)}
        with run.writing("What the run was asked for"):
            write_json(run.folder / FILE, values)

    def again(self, run: Run) -> str:
        """The command that goes on with the run."""
        command = f"companion train --resume {shlex.quote(str(run.folder))}"
        if self.processes == 1:
            return command
        each = f"--nproc_per_node {self.processes // self.machines}"
        if self.machines == 1:
            return f"torchrun {each} -m {command}"
        return (
            f"torchrun --nnodes {self.machines} {each} --node_rank R --master_addr IP -m {command} "
            "(on every machine: R is its number, IP the address of number 0)"
        )
