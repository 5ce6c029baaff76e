"""`companion train encoder`: fine-tunes all-MiniLM-L6-v2 with two heads, on a CPU, in under half an hour.

Replies are read whole (`companion.encoder_input`), so an epoch over every silver sentence costs its tokens once. A run
can be stopped anywhere and continues exactly: the same batches, the same random numbers, the same losses.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from companion.encoder_input import BEFORE_LIMIT, Batch, batches, pack, reply_windows
from companion.errors import UsageError
from planner.tactics import TACTICS
from training.encoder_batches import Epochs, Row, Targets, Words, collate, labels
from training.encoder_data import (
    EMPATHY,
    HELD_OUT_SYSTEMS,
    HUMAN,
    REVERSED,
    Reply,
    read_human,
    read_own,
    read_silver,
    systems,
)
from training.encoder_recipe import EncoderRecipe
from training.encoder_scores import Judged, choose, macro
from training.loop import Loop
from training.minilm import LAYERS, Outputs, Reader, load_published, published_model
from training.recipe import check
from training.run import Begun, Run, digest, untold, write_json

CORPUS = Path(__file__).parent / "corpus"
"""The project's own replies, in the repository."""

AGGREGATE = 12.0
"""What an error of the six dimensions' mean counts, beside 1 for each dimension: the mean is what is compared."""
RARE = 5
"""A tactic with fewer sentences in a validation set says nothing there about which weights are better."""
BEST = "best.safetensors"
"""In a run folder: the weights that did best on the validation sets at the end of an epoch."""


@dataclass(frozen=True)
class Sources:
    """Everything a run reads."""

    replies: list[Reply]
    human: list[Reply]

    @classmethod
    def read(cls, data: Path, corpus: Path = CORPUS) -> Sources:
        silver = [
            reply
            for system in systems(data)
            if system != HUMAN and system not in HELD_OUT_SYSTEMS
            for reply in read_silver(data, system)
        ]
        return cls([*silver, *read_own(corpus)], read_human(data))

    def hashes(self) -> dict[str, str]:
        """SHA-256 of what is trained on and of what is chosen by."""
        sources = {
            "silver": [reply.line() for reply in self.replies if reply.source != "own"],
            "own": [reply.line() for reply in self.replies if reply.source == "own"],
            "human": [reply.line() for reply in self.human],
        }
        return {name: digest(iter(lines)) for name, lines in sources.items()}


def tensors(batch: Batch) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """A batch as the network takes it."""
    return (
        torch.from_numpy(batch.ids),
        torch.from_numpy(batch.mask),
        torch.from_numpy(batch.segments),
        torch.from_numpy(batch.pool),
    )


def groups(model: Reader, recipe: EncoderRecipe) -> list[dict[str, Any]]:
    """Parameter groups: the heads fastest, each layer below the last slower; no decay for norms and biases."""
    learning = recipe.learning
    found: dict[tuple[float, float], list[Tensor]] = {}
    for name, parameter in model.named_parameters():
        if name.startswith("body.words") and not learning.words:
            parameter.requires_grad_(False)
            continue
        if name.startswith("body.layers."):
            rate = learning.body * learning.layer_decay ** (LAYERS - 1 - int(name.split(".")[2]))
        elif name.startswith("body."):
            rate = learning.body * learning.layer_decay**LAYERS
        else:
            rate = learning.heads
        decay = learning.weight_decay if parameter.ndim > 1 else 0.0
        found.setdefault((rate, decay), []).append(parameter)
    return [{"params": p, "lr": rate, "top": rate, "weight_decay": decay} for (rate, decay), p in found.items()]


class Trainer(Loop):
    """Trains the reader of a recipe on its sources."""

    checkpoint_every = 200

    def __init__(self, run: Run, recipe: EncoderRecipe, sources: Sources) -> None:
        super().__init__(run)
        self.recipe, self.sources = recipe, sources
        base = published_model()
        self.tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
        self.words = Words(self.tokenizer)
        self._epochs = Epochs(recipe, self.words, [reply for reply in sources.replies if reply.part == "train"])
        torch.manual_seed(recipe.seed)
        self.model = Reader(len(TACTICS), len(EMPATHY), recipe.noise.dropout)
        load_published(self.model.body, base)
        self._average = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
        self._still = set() if recipe.learning.words else {"body.words.weight"}
        self._optimiser = torch.optim.AdamW(groups(self.model, recipe), betas=(0.9, 0.98), fused=True)
        self._positives = torch.from_numpy(self._epochs.positives())
        self._signs = torch.tensor([-1.0 if name in REVERSED else 1.0 for name in EMPATHY])
        self._plan: tuple[int, list[list[Row]]] = (0, self._epochs.batches(0))
        self._per_epoch = len(self._plan[1])
        rows = [row for batch in self._plan[1] for row in batch]
        self._usual = {  # per batch, so that a loss is a sum over rows whatever batch they fall into
            "tactics": max(1.0, sum(row.weight * len(row.tactics) for row in rows) / self._per_epoch),
            "empathy": max(1.0, sum(row.empathy is not None for row in rows) / self._per_epoch),
        }
        self.resume()

    @property
    def steps(self) -> int:
        """Optimiser steps of the whole run: every epoch has as many as the first."""
        return self._per_epoch * self.recipe.epochs

    def state(self) -> dict[str, Any]:
        return {
            "model": self.model.state_dict(),
            "average": self._average,
            "optimiser": self._optimiser.state_dict(),
            "random": torch.get_rng_state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        self._average = state["average"]
        self._optimiser.load_state_dict(state["optimiser"])
        torch.set_rng_state(state["random"])

    def _batch(self) -> list[Row]:
        epoch, within = divmod(self.step, self._per_epoch)
        if self._plan[0] != epoch:
            self._plan = (epoch, self._epochs.batches(epoch))
        dealt = self._plan[1]
        return dealt[within % len(dealt)]

    def _rate(self) -> float:
        """Share of the highest learning rate at this step."""
        warm = max(1, round(self.recipe.learning.warmup * self.steps))
        return min((self.step + 1) / warm, max(0.02, (self.steps - self.step) / max(1, self.steps - warm)))

    def losses(self, outputs: Outputs, targets: Targets) -> dict[str, Tensor]:
        """The loss of each task."""
        weights = torch.from_numpy(targets.tactic_weights)[..., None]
        tactics = binary_cross_entropy_with_logits(
            outputs.tactics, torch.from_numpy(targets.tactics), weights.expand_as(outputs.tactics),
            pos_weight=self._positives, reduction="sum",
        ) / len(TACTICS)  # fmt: skip
        rated = torch.from_numpy(targets.empathy_weights)[:, None]
        off = (outputs.empathy.sigmoid() - torch.from_numpy(targets.empathy)) * rated
        empathy = off.square().sum() + AGGREGATE * (off * self._signs).mean(-1).square().sum()
        usual = self._usual
        return {"tactics": tactics / usual["tactics"], "empathy": empathy / usual["empathy"] / len(EMPATHY)}

    def train_step(self) -> dict[str, Any]:
        """One optimiser step; returns its metrics."""
        started = time.perf_counter()
        batch, targets = collate(self._batch())
        self.model.train()
        with torch.autocast("cpu", torch.bfloat16):
            outputs = self.model(*tensors(batch))
        parts = self.losses(Outputs(outputs.tactics.float(), outputs.empathy.float()), targets)
        weights = self.recipe.losses
        loss = weights.tactics * parts["tactics"] + weights.empathy * parts["empathy"]
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        total = loss.item()
        norm = float(torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0))
        rate = self._rate()
        top = self.recipe.learning.body
        self.must_be_numbers(total, norm, f"learning.body {top:g}", f"learning.body={top / 2:g}")
        for group in self._optimiser.param_groups:
            group["lr"] = group["top"] * rate
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)
        self._remember()
        self.step += 1
        return {
            "step": self.step,
            "loss": total,
            **{name: part.item() for name, part in parts.items()},
            "lr": rate,
            "grad_norm": norm,
            "tokens_per_second": round(batch.ids.size / (time.perf_counter() - started)),
        }

    @torch.no_grad()
    def _remember(self) -> None:
        """Move the running average towards the weights; early on it follows them closely."""
        decay = min(self.recipe.learning.average, (1 + self.step) / (10 + self.step))
        for name, value in self.model.state_dict().items():
            if name not in self._still:
                self._average[name].lerp_(value, 1 - decay)

    def averaged(self) -> Reader:
        """The network with the averaged weights, for reading."""
        reader = Reader(len(TACTICS), len(EMPATHY))
        reader.load_state_dict(self._average)
        return reader.eval()

    def validate(self, reader: Reader) -> dict[str, float]:
        """Macro-F1 of each validation set at thresholds chosen on all of them, and their mean as the score."""
        sets = {
            "silver": [r for r in self.sources.replies if r.source != "own" and r.part == "validation" and r.tactics],
            "own": [r for r in self.sources.replies if r.source == "own" and r.part == "validation"],
            "human": self.sources.human,
        }
        judged = {name: judge(reader, self.words, replies) for name, replies in sets.items() if replies}
        found: dict[str, float] = {}
        thresholds = choose([(part, 1.0) for part in judged.values()])
        for name, part in judged.items():
            counts = part.counts(thresholds)
            found[name] = macro([count for count in counts if count.support >= RARE] or counts)
        found["score"] = sum(found.values()) / max(1, len(found))
        return found

    def measure(self) -> dict[str, Any]:
        """At the end of an epoch the validation sets; the weights are kept where they are the best so far."""
        if self.step % self._per_epoch:
            return {}
        reader = self.averaged()
        found = self.validate(reader)
        record = self.run.folder / "best.json"
        if found["score"] >= _best_score(record):
            save_file(reader.state_dict(), self.run.folder / BEST)
            write_json(record, found | {"step": self.step})
        return {"validation": found}


def _best_score(record: Path) -> float:
    return float(json.loads(record.read_text("utf-8"))["score"]) if record.exists() else -1.0


@torch.no_grad()
def judge(reader: Reader, words: Words, replies: Sequence[Reply], *, exact: bool = False) -> Judged:
    """What the torch form says about the sentences of `replies`; `exact` in float32, otherwise in bf16."""
    windows, places, truth = [], [], []
    for number, reply in enumerate(replies):
        for window in reply_windows(words.reply(reply).sentences):
            windows.append(window)
            places.append(number)
        truth.append(labels(reply.tactics or ()))
    found: list[Any] = [None] * len(windows)
    for group in batches([len(window.ids) for window in windows], 4096):
        with torch.autocast("cpu", torch.bfloat16, enabled=not exact):
            said = reader(*tensors(pack([windows[index] for index in group], 16))).tactics.float().sigmoid().numpy()
        for row, index in enumerate(group):
            found[index] = said[row, : len(windows[index].spans)]
    owners = [np.full(len(part), number) for part, number in zip(found, places, strict=True)]
    return Judged(
        np.concatenate(found).astype(np.float64), np.concatenate(truth) > 0.5, np.concatenate(owners).astype(np.int64)
    )


def load(folder: Path) -> Reader:
    """The best reader of a finished run: the torch form, for tagging in batches."""
    reader = Reader(len(TACTICS), len(EMPATHY))
    reader.load_state_dict(load_file(folder / BEST))
    return reader.eval()


def start(
    values: dict[str, Any],
    *,
    data: Path,
    runs: Path,
    corpus: Path | None = None,
    resume: Path | None = None,
    begun: Begun = untold,
) -> Trainer:
    """A trainer for a new run under `runs`, or for the run in `resume` (whose recipe counts)."""
    check(EncoderRecipe, values)
    sources = Sources.read(data, corpus or CORPUS)
    if resume:
        run = Run.open(resume)
    else:
        run = Run.create(runs, "encoder", check(EncoderRecipe, values).model_dump())
        begun(run)
    recipe = check(EncoderRecipe, run.recipe())
    hashes, record = sources.hashes(), run.folder / "data.json"
    if not record.exists():
        write_json(record, {"hashes": hashes, "held_out_systems": sorted(HELD_OUT_SYSTEMS), "message": BEFORE_LIMIT})
    elif _known(record) != hashes:
        raise UsageError("The data changed since this run began; start a new run, or put the old data back.")
    return Trainer(run, recipe, sources)


def _known(record: Path) -> Any:
    return json.loads(record.read_text("utf-8"))["hashes"]
