"""Memory that runs out ends a run with a sentence: where it happened, and what of its recipe can still be smaller."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import torch

from companion.errors import CompanionError
from training.mint_recipe import MintRecipe, Sampling
from training.tuning_recipe import DpoRecipe, SftRecipe

Recipe = MintRecipe | SftRecipe | DpoRecipe
Part = Literal["start", "rollout", "history", "reward", "update", "step"]
"""What a run was at. `step` is all of a step that is none of the others: AdamW's moments are made in the first one."""
SAID = re.compile(r"out of memory|can't allocate memory|_STATUS_ALLOC_FAILED|gpu.memory.utilization", re.IGNORECASE)
"""CUDA's words, the CPU allocator's, cuBLAS's and its sisters', and vLLM's."""
SHORTEST = 256
"""Tokens of a prompt below which nothing of a conversation is left to learn from."""


@contextmanager
def enough_memory(recipe: Recipe, part: Part, where: Callable[[], str]) -> Iterator[None]:
    """Raises CompanionError where memory runs out inside; `where` is asked only then."""
    try:
        yield
    except Exception as error:
        if not ran_out(error):
            raise
        raise CompanionError(
            f"Memory ran out {where()}. Start a new run with less: --set "
            f"{smaller(recipe, part) or 'policy.model=NAME, with a smaller one.'}"
        ) from error


def ran_out(error: Exception) -> bool:
    """Whether there was too little memory. An illegal access to it is another thing: a fault."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError | ValueError) and bool(SAID.search(str(error)))


def smaller(recipe: Recipe, part: Part) -> str | None:
    """The first value that takes less, as `--set` wants it; None where there is none left."""
    ways = _of_grpo(recipe, part) if isinstance(recipe, MintRecipe) else _of_tuning(recipe, part)
    return next(ways, None)


def _of_grpo(recipe: MintRecipe, part: Part) -> Iterator[str]:
    by_transformers = recipe.rollout.engine == "transformers"
    if part == "reward" and recipe.reward.quality != "encoder":
        yield "reward.quality=encoder"
    if part in ("rollout", "history") and by_transformers:
        yield from _fewer_together(recipe.rollout, recipe.group)
    if part == "update":
        yield from _fewer("update.groups", recipe.update.groups)
        if not recipe.update.checkpointing:
            yield "update.checkpointing=true"
    if recipe.policy.lora == 0:
        yield "policy.lora=16"
    elif part in ("start", "step") and recipe.policy.dtype == "float32" and by_transformers:
        yield "policy.dtype=bfloat16"
    if part != "start" or not by_transformers:  # vLLM sets memory aside for the longest prompt and reply
        yield from _shorter(recipe.prompts.limit)


def _of_tuning(recipe: SftRecipe | DpoRecipe, part: Part) -> Iterator[str]:
    if part == "rollout" and isinstance(recipe, DpoRecipe):
        yield from _fewer_together(recipe.rollout, recipe.group)
    if part == "step":
        yield from _fewer("step.together", recipe.step.together)
        if not recipe.step.checkpointing:
            yield "step.checkpointing=true"
    if recipe.policy.lora == 0:
        yield "policy.lora=16"
    elif part == "start" and recipe.policy.dtype == "float32":
        yield "policy.dtype=bfloat16"
    if part != "start":
        yield from _shorter(recipe.prompts.limit)


def _fewer_together(rollout: Sampling, group: int) -> Iterator[str]:
    """A group is never divided."""
    if rollout.together > group:
        yield f"rollout.together={max(group, rollout.together // 2)}"


def _fewer(setting: str, value: int) -> Iterator[str]:
    """The largest that divides it: what could be shared out still can be."""
    if value > 1:
        yield f"{setting}={next(fewer for fewer in range(value // 2, 0, -1) if value % fewer == 0)}"


def _shorter(limit: int) -> Iterator[str]:
    if limit // 2 >= SHORTEST:
        yield f"prompts.limit={limit // 2}"
