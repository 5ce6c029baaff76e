"""Groups of tagged replies to one prompt: read from an earlier run's samples, or sampled from a model and read.

A line of a file is one group, as GRPO runs write theirs (`samples/step-*.jsonl`): `prompt`, and `replies` with `reply`,
`quality`, `novelty`, `tokens`, `violation`, and `ended` where the reply was not cut off; without it, it was not.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from companion.errors import NotFound, UsageError
from training import policy
from training.enough_memory import enough_memory
from training.grpo_reward import GrpoReward
from training.mint_recipe import RewardRecipe
from training.pairs import Candidate
from training.prompts import Row, columns
from training.readings import Reader
from training.rollouts import Rollouts
from training.run import Run, write_text
from training.trl_run import Ready
from training.tuning_recipe import DpoRecipe
from training.violations import must_not_be_said, without_thoughts

Groups = list[tuple[str, list[Candidate]]]
FILE = "replies.jsonl"
ROWS = 8
"""Rows that are answered, read and kept together."""


def read_groups(files: Iterable[Path]) -> Groups:
    """The groups of files, in order. Raises NotFound or UsageError naming the line that is none."""
    found: Groups = []
    for path in files:
        try:
            lines = path.expanduser().read_text("utf-8").splitlines()
        except OSError as error:
            raise NotFound(f"{path} cannot be read: {error.strerror}.") from None
        for number, line in enumerate(lines, 1):
            try:
                found.append(group_of(json.loads(line)))
            except (ValueError, KeyError, TypeError) as error:
                raise UsageError(
                    f"{path}, line {number}, is no group of replies ({type(error).__name__}: {error}). "
                    "Give samples of an earlier run: samples/step-*.jsonl."
                ) from None
    return found


def group_of(row: dict[str, Any]) -> tuple[str, list[Candidate]]:
    """A line as (prompt, replies). Raises KeyError, TypeError or ValueError for what is none."""
    return str(row["prompt"]), [_candidate(each) for each in row["replies"]]


def _candidate(row: dict[str, Any]) -> Candidate:
    text, unclosed = without_thoughts(str(row["reply"]))
    whole = bool(text) and not unclosed and bool(row.get("ended", True))
    sound = whole and not row["violation"] and not must_not_be_said(text)
    return Candidate(text, float(row["quality"]), float(row["novelty"]), int(row["tokens"]), sound)


def sampled_groups(recipe: DpoRecipe, rows: Sequence[Row], given: Ready, reader: Reader) -> Groups:
    """Replies to these rows by the model as it is, read by `reader` and kept in the run's folder as they come.

    Depends on the recipe and the rows alone: a run that was stopped here goes on where it was.
    """
    file = given.run.folder / FILE
    there = _whole_lines(file)
    if len(there) < len(rows):
        _sample(recipe, rows[len(there) :], len(there), given, reader, file)
    return [group_of(json.loads(line)) for line in _whole_lines(file)]


def _sample(recipe: DpoRecipe, rows: Sequence[Row], done: int, given: Ready, reader: Reader, file: Path) -> None:
    tokenizer, device = given.tokenizer, given.state.device
    model = policy.load(given.before.folder, torch.bfloat16 if device.type == "cuda" else torch.float32).to(device)
    end = tokenizer.eos_token_id
    rollouts = Rollouts(model, ends=[end], padding=tokenizer.pad_token_id, together=recipe.rollout.together)
    reward = GrpoReward(RewardRecipe(), recipe.group, reader, given.count)  # pairs look at its parts, not at its sum
    with tqdm(total=done + len(rows), initial=done, unit="row", desc="replies") as bar:
        for start in range(0, len(rows), ROWS):
            part = rows[start : start + ROWS]
            with enough_memory(recipe, "rollout", lambda: "while replies were sampled"):
                made = rollouts.sample(
                    [tokenizer(row.prompt, add_special_tokens=False)["input_ids"] for row in part],
                    recipe.group,
                    most=recipe.rollout.tokens,
                    temperature=recipe.rollout.temperature,
                    seed=random.Random(f"{recipe.seed}/{part[0].id}").getrandbits(62),
                )
            lines = [
                _line(row, [reply.tokens for reply in replies], reward, tokenizer)
                for row, replies in zip(part, made, strict=True)
            ]
            _keep(given.run, file, lines)
            bar.update(len(part))


def _line(row: Row, ids: Sequence[Sequence[int]], reward: GrpoReward, tokenizer: Any) -> str:
    texts = tokenizer.batch_decode(ids, skip_special_tokens=True)
    of_row = {name: values * len(texts) for name, values in columns([row]).items()}
    read: dict[str, list[Any]] = {}
    reward(
        completions=texts,
        row=of_row["row"],
        previous=of_row["previous"],
        openers=of_row["openers"],
        dialogue=of_row["dialogue"],
        log_extra=read.__setitem__,
    )
    replies = [
        {"reply": text, "ended": said[-1] == tokenizer.eos_token_id}
        | {name: values[place] for name, values in read.items()}
        for place, (text, said) in enumerate(zip(texts, ids, strict=True))
    ]
    return json.dumps({"prompt": row.prompt, "replies": replies}, ensure_ascii=False) + "\n"


def _keep(run: Run, file: Path, lines: Iterable[str]) -> None:
    with run.writing("The sampled replies"), file.open("a", encoding="utf-8") as out:
        out.write("".join(lines))


def _whole_lines(file: Path) -> list[str]:
    """The lines that are there; one that was cut off is dropped from the file."""
    if not file.is_file():
        return []
    text = file.read_text("utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        write_text(file, whole)
    return whole.splitlines()
