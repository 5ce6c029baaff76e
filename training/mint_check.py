"""Whether a recipe can run on this machine, found out before anything is loaded; refusals show the arithmetic."""

from __future__ import annotations

import os
from dataclasses import dataclass

from companion.errors import CompanionError, UsageError
from training.enough_memory import Part, Recipe, smaller
from training.memory import grpo_memory, total, tuning_memory
from training.mint_recipe import MintRecipe
from training.policy_shape import PolicyShape
from training.recipe import apply, check
from training.tuning_recipe import DpoRecipe, SftRecipe

GB = 1 << 30


@dataclass(frozen=True, slots=True)
class Machine:
    """What a run has: all processes alike."""

    processes: int
    gpu_bytes: int | None
    """Memory of each process's GPU; None without one."""
    gpus: int = 1
    """GPUs that fall to one process; a launcher gives each its own."""
    bfloat16: bool = True
    """Whether the GPU computes in it."""

    @classmethod
    def here(cls) -> Machine:
        """This machine, as the launcher describes it (`accelerate launch`, torchrun)."""
        import torch

        launched = os.environ.get("WORLD_SIZE")
        if not torch.cuda.is_available():
            return cls(int(launched or 1), None)
        return cls(
            int(launched or 1),
            torch.cuda.get_device_properties(0).total_memory,
            1 if launched else torch.cuda.device_count(),
            torch.cuda.is_bf16_supported(),
        )


def check_machine(recipe: MintRecipe, machine: Machine, shape: PolicyShape | None) -> None:
    """Raises CompanionError without the GPU that is needed, UsageError where the numbers do not work out."""
    must_have_gpu(recipe.name, recipe.gpu, machine)
    share = machine.processes * recipe.update.groups
    if recipe.rows % share:
        raise UsageError(
            f"{recipe.rows} rows a step cannot be shared out in whole groups: {machine.processes} processes with "
            f"{recipe.update.groups} groups in a micro-batch take {machine.processes} x {recipe.update.groups} = "
            f"{share} at a time, and {recipe.rows} / {share} = {recipe.rows / share:.2f}. "
            f"Give --set rows={-(-recipe.rows // share) * share}, or another number of processes."
        )
    if shape is not None:
        must_be_readable(recipe.prompts.limit, recipe.rollout.tokens, shape)


def check_tuning(recipe: SftRecipe | DpoRecipe, machine: Machine, shape: PolicyShape | None) -> None:
    """As `check_machine`."""
    must_have_gpu(recipe.name, recipe.gpu, machine)
    step = recipe.step
    share = step.together * machine.processes
    if step.examples % share:
        raise UsageError(
            f"{step.examples} examples a step cannot be shared out over {machine.processes} processes with "
            f"{step.together} at once: {step.examples} / ({machine.processes} x {step.together}) = "
            f"{step.examples / share:.2f}. Give --set step.examples={-(-step.examples // share) * share}."
        )
    if shape is not None:
        must_be_readable(recipe.prompts.limit, recipe.longest, shape)


def must_have_gpu(name: str, gpu: bool, machine: Machine) -> None:
    """Raises CompanionError without the GPU that a recipe needs, UsageError where one process would have several."""
    if not gpu:
        return
    if machine.gpu_bytes is None:
        raise CompanionError(
            f"The recipe {name} needs a GPU, and torch sees none here. `companion train mint-mini` trains the "
            "model that ships on a CPU, in minutes; --set gpu=false tries this one all the same."
        )
    if machine.gpus > 1:
        raise UsageError(
            f"{machine.gpus} GPUs are visible to one process. Start one for each: torchrun --nproc_per_node "
            f"{machine.gpus} -m companion train ..., or use one: CUDA_VISIBLE_DEVICES=0 companion train ..."
        )
    if not machine.bfloat16:
        raise CompanionError(
            f"The recipe {name} computes in bfloat16 on a GPU, and the one here cannot (NVIDIA's can from 2020 on). "
            "Take another one, or --set gpu=false."
        )


def must_be_readable(prompt: int, reply: int, shape: PolicyShape) -> None:
    """Raises UsageError where the longest prompt and reply are more than the model can read."""
    if prompt + reply > shape.context:
        raise UsageError(
            f"A prompt of {prompt:,} tokens and a reply of {reply:,} make {prompt + reply:,}, and the model reads "
            f"{shape.context:,}. Give --set prompts.limit={max(64, shape.context - reply)}, or shorter replies."
        )


def must_fit(recipe: Recipe, machine: Machine, shape: PolicyShape | None) -> None:
    """Raises UsageError where the estimate of memory is more than the card has (`training.memory`)."""
    card = machine.gpu_bytes
    if shape is None or card is None or not (recipe.gpu and recipe.check_memory):
        return
    parts = _memory(recipe, shape, machine.processes, card)
    if (needed := total(parts)) <= card:
        return
    shown = ", ".join(f"{name} {size / GB:.1f}" for name, size in parts.items() if size)
    raise UsageError(
        f"{recipe.name} would need about {needed / GB:.1f} GB on a card of {card / GB:.1f} GB (estimated in GB: "
        f"{shown}; of update and rollout the larger counts, and a tenth is added). "
        f"{_what_fits(recipe, shape, machine.processes, card)}; --set check_memory=false tries it all the same."
    )


def _memory(recipe: Recipe, shape: PolicyShape, processes: int, card: int) -> dict[str, int]:
    if isinstance(recipe, MintRecipe):
        return grpo_memory(recipe, shape, processes, card)
    return tuning_memory(recipe, shape, processes)


def _what_fits(recipe: Recipe, shape: PolicyShape, processes: int, card: int) -> str:
    """The settings with which the estimate is no more than the card, one after the other made smaller."""
    values, changes = recipe.model_dump(mode="json"), dict[str, str]()
    while total(parts := _memory(recipe, shape, processes, card)) > card:
        tuned: Part = "update" if isinstance(recipe, MintRecipe) else "step"
        way = smaller(recipe, "rollout" if parts.get("rollout", 0) > parts["update"] else tuned)
        if way is None:
            return "No setting makes it fit: take a smaller model"
        apply(values, way)
        changes[way.partition("=")[0]] = way
        recipe = check(type(recipe), values)
    return "Give " + " ".join(f"--set {way}" for way in changes.values())
