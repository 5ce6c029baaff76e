"""Whether a recipe can run on this machine, found out before anything is loaded; refusals show the arithmetic.

The memory of a run is estimated in bytes, with P the parameters, A those that are trained, and b the bytes of a weight
that stays (4 in float32, 2 in bfloat16):

    weights        b * P                            full training: 4 * P, and as much again for the model as it was
    training       12 * A, for full training        gradient and AdamW's two moments; the weights themselves are above
                   16 * A, for adapters             with the adapters' own weights
    activations    tokens * layers * (12 * hidden + 4 * feed_forward + 4 * heads * head_size) * 2
                   with checkpointing: tokens * layers * hidden * 2, and one layer as above
    rollout        together * tokens of a sequence * 2 * layers * kv_heads * head_size * 2

`tokens` of activations are those of one micro-batch: its prompts once each where the prefix is shared, else once per
reply, and its replies. Update and rollout do not overlap, so the larger of activations and rollout counts. A tenth is
added for what is not listed. It is an estimate: nothing here was measured on a GPU.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from companion.engine.gguf_file import read_header
from companion.errors import CompanionError, UsageError
from training.mint_recipe import MintRecipe

SPARE = 1.1
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


@dataclass(frozen=True, slots=True)
class PolicyShape:
    """The sizes of a Qwen3 network."""

    parameters: int
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_size: int
    feed_forward: int
    context: int
    """Tokens it can read."""

    def adapters(self, rank: int) -> int:
        """Parameters of adapters of this rank on all linear layers: rank * (in + out) each."""
        q, kv = self.heads * self.head_size, self.kv_heads * self.head_size
        pairs = [
            (self.hidden, q), (self.hidden, kv), (self.hidden, kv), (q, self.hidden),
            (self.hidden, self.feed_forward), (self.hidden, self.feed_forward), (self.feed_forward, self.hidden),
        ]  # fmt: skip
        return rank * self.layers * sum(into + out for into, out in pairs)


KNOWN = {
    "Qwen/Qwen3-1.7B": PolicyShape(1_720_574_976, 2048, 28, 16, 8, 128, 6144, 40_960),
    "Qwen/Qwen3-4B": PolicyShape(4_022_468_096, 2560, 36, 32, 8, 128, 9728, 40_960),
}
"""Models that a recipe names before they are on this machine; sizes as their configurations have them."""


def shape_of(model: str | Path) -> PolicyShape | None:
    """The sizes of a model by hub name, folder or GGUF file; None where they are not known before it is loaded."""
    if str(model) in KNOWN:
        return KNOWN[str(model)]
    path = Path(model)
    if path.suffix == ".gguf" and path.is_file():
        header = read_header(path)
        # The header's reader keeps no sizes of layers; a file that small needs no estimate, and its context counts.
        return PolicyShape(header.parameters, 0, 0, 0, 0, 0, 0, header.context)
    if not (path / "config.json").is_file():
        return None
    config = json.loads((path / "config.json").read_text("utf-8"))
    try:
        hidden, layers = int(config["hidden_size"]), int(config["num_hidden_layers"])
        heads, kv_heads = int(config["num_attention_heads"]), int(config["num_key_value_heads"])
        head_size = int(config.get("head_dim") or hidden // heads)
        feed_forward, vocabulary = int(config["intermediate_size"]), int(config["vocab_size"])
        context = int(config["max_position_embeddings"])
    except (KeyError, TypeError, ValueError):
        return None
    attention = hidden * head_size * (2 * heads + 2 * kv_heads)
    words = vocabulary * hidden * (1 if config.get("tie_word_embeddings") else 2)
    parameters = words + layers * (attention + 3 * hidden * feed_forward + 2 * hidden + 2 * head_size) + hidden
    return PolicyShape(parameters, hidden, layers, heads, kv_heads, head_size, feed_forward, context)


def memory(recipe: MintRecipe, shape: PolicyShape) -> dict[str, int]:
    """The estimate by part, in bytes, for one process; `total` is what is needed at once."""
    p, full = shape.parameters, recipe.policy.lora == 0
    frozen = 4 if full or recipe.policy.dtype == "float32" else 2
    copies = 2 if full and recipe.update.beta > 0 else 1
    weights = frozen * p * copies
    training = 12 * p if full else 16 * shape.adapters(recipe.policy.lora)
    replies = recipe.group * recipe.update.groups
    prompts = recipe.update.groups if recipe.update.shared_prefix else replies
    tokens = prompts * recipe.prompts.limit + replies * recipe.rollout.tokens
    layer = tokens * (12 * shape.hidden + 4 * shape.feed_forward + 4 * shape.heads * shape.head_size) * 2
    activations = (
        tokens * shape.layers * shape.hidden * 2 + layer if recipe.update.checkpointing else layer * shape.layers
    )
    sequence = recipe.prompts.limit + recipe.rollout.tokens
    together = recipe.rollout.together if recipe.rollout.engine == "transformers" else 0
    rollout = together * sequence * 2 * shape.layers * shape.kv_heads * shape.head_size * 2
    total = int((weights + training + max(activations, rollout)) * SPARE)
    return {
        "weights": weights, "training": training, "activations": activations, "rollout": rollout, "total": total,
    }  # fmt: skip


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
    if shape is None:
        return
    must_be_readable(recipe.prompts.limit, recipe.rollout.tokens, shape)
    if machine.gpu_bytes is not None:
        _must_fit(recipe, shape, machine.gpu_bytes)


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
            f"{machine.gpus} GPUs are visible to one process. Start one for each with accelerate launch "
            "--config_file training/recipes/accelerate/eight-gpus.yaml -m companion train ..., or use one: "
            "CUDA_VISIBLE_DEVICES=0 companion train ..."
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


def _must_fit(recipe: MintRecipe, shape: PolicyShape, card: int) -> None:
    needed = memory(recipe, shape)
    if needed["total"] <= card:
        return
    parts = ", ".join(f"{name} {size / GB:.1f}" for name, size in needed.items() if name != "total")
    smaller = [
        "update.checkpointing=true" if not recipe.update.checkpointing else "",
        "policy.lora=16" if recipe.policy.lora == 0 else "",
        f"rollout.together={max(1, recipe.rollout.together // 2)}" if needed["rollout"] > needed["activations"] else "",
        f"prompts.limit={recipe.prompts.limit // 2}",
    ]
    ways = " or ".join(f"--set {way}" for way in smaller if way)
    raise UsageError(
        f"{recipe.name} would need about {needed['total'] / GB:.1f} GB on a card of {card / GB:.1f} GB (estimated in "
        f"GB: {parts}; the larger of the last two counts, and a tenth on top). Give {ways}."
    )
