"""The memory of a run on a GPU, estimated in bytes for one process before anything is loaded.

P are the parameters, A those of the adapters, b the bytes of a weight (4 in float32, 2 in bfloat16) and q = heads *
head_size. There all the time:

    weights        b * P           the policy; full training with a KL keeps the model as it was beside it
    training       16 * A          adapters, their gradient and AdamW's two moments, in float32; + 4 * A for the copy of
                                   the gradient that several processes share
                   3 * b * P       full training: the same without the weights; + b * P with several processes
    rollout model  2 * P           the second copy of the policy, which `training.grpo_run` makes for transformers
    judge                          a classifier as `reward.quality`, as large as its files: each process has its own

Of update and rollout, which do not overlap, the larger:

    update         what autograd keeps of one micro-batch until its gradient is known, in each layer
        tokens *   (24 * hidden + 8 * feed_forward + 12 * q), full training (32 * hidden + 8 * feed_forward + 15 * q):
                   the residual stream and the norms are float32, the rest is bfloat16, and each adapter keeps its input
        attention  n * (prompt + reply) * q * 4: `attend` in `training.shared_prefix` sets the prompt's keys and values
                   before those of each of n replies, for all heads; TRL's own has a mask, rows * length^2 * 2
        casts      2 * weights of a layer: autocast has a copy in bfloat16 of what is float32
                   and half a layer more for the gradients. With checkpointing it is one layer and that half, and of all
                   of them what goes in, tokens * hidden * b, with the casts where all weights are trained.
    rollout        keys and values, 4 * layers * kv_heads * head_size a token, of `rollout.together` replies and their
                   prompts (`GroupCache` in `training.rollouts`): each once for its group, or once for each reply where
                   histories are the model's own and no two prompts alike. For vLLM on this card, its share of it.

`tokens` are those of one micro-batch at its longest: prompts, once for each group where the prefix is shared and else
for each reply, and replies. sft and dpo have no rollouts and TRL's attention; dpo reads two replies for each pair.
A tenth is added for what is not listed. A test holds the update against what torch allocates for it without a GPU.
Nothing here was measured on one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from training.mint_recipe import SERVER, MintRecipe, Policy
from training.policy_shape import PolicyShape, folder_here
from training.tuning_recipe import DpoRecipe, SftRecipe

SPARE = 1.1
VLLM = 0.3
"""What vLLM takes of the card that it shares: TRL's `vllm_gpu_memory_utilization`, which no recipe changes."""
BFLOAT16, FLOAT32 = 2, 4


def grpo_memory(recipe: MintRecipe, shape: PolicyShape, processes: int, card: int) -> dict[str, int]:
    """The estimate by part; `card` is the memory of the GPU."""
    update, prompt, reply = recipe.update, recipe.prompts.limit, recipe.rollout.tokens
    replies = recipe.group * update.groups
    tokens = (update.groups if update.shared_prefix else replies) * prompt + replies * reply
    attention = (
        replies * (prompt + reply) * shape.queries * 2 * BFLOAT16
        if update.shared_prefix
        else _mask(replies, prompt + reply)
    )
    written = {
        "transformers": _cache_tokens(recipe) * shape.layers * shape.kv_heads * shape.head_size * 2 * BFLOAT16,
        "vllm": int(VLLM * card),
        "vllm-server": 0,
    }
    return {
        **_always(recipe.policy, shape, processes, reference=update.beta > 0),
        "rollout model": BFLOAT16 * shape.parameters if recipe.rollout.engine == "transformers" else 0,
        "judge": _stored(recipe.reward.quality),
        "update": _update(recipe.policy, shape, tokens, attention, checkpointing=update.checkpointing),
        "rollout": written[recipe.rollout.engine],
    }


def tuning_memory(recipe: SftRecipe | DpoRecipe, shape: PolicyShape, processes: int) -> dict[str, int]:
    """The estimate by part. What dpo samples with is gone before its policy is loaded."""
    pairs = recipe.method == "dpo"
    rows, length = recipe.step.together * (2 if pairs else 1), recipe.prompts.limit + recipe.longest
    attention = _mask(rows, length)
    return {
        **_always(recipe.policy, shape, processes, reference=pairs),
        "update": _update(recipe.policy, shape, rows * length, attention, checkpointing=recipe.step.checkpointing),
    }


def total(parts: Mapping[str, int]) -> int:
    """What is needed at once."""
    held = sum(size for name, size in parts.items() if name not in ("update", "rollout"))
    return int(SPARE * (held + max(parts["update"], parts.get("rollout", 0))))


def _always(policy: Policy, shape: PolicyShape, processes: int, *, reference: bool) -> dict[str, int]:
    weights, shared = _bytes(policy) * shape.parameters, processes > 1
    if policy.lora:
        return {"weights": weights, "training": (20 if shared else 16) * shape.adapters(policy.lora)}
    return {"weights": weights * (2 if reference else 1), "training": (4 if shared else 3) * weights}


def _update(policy: Policy, shape: PolicyShape, tokens: int, attention: int, *, checkpointing: bool) -> int:
    full = policy.lora == 0
    hidden, queries = (32, 15) if full else (24, 12)
    kept = tokens * (hidden * shape.hidden + 8 * shape.feed_forward + queries * shape.queries)
    casts = BFLOAT16 * sum(into * out for into, out in shape.linear) if _bytes(policy) == FLOAT32 else 0
    layer = kept + attention + casts
    if not checkpointing:
        return shape.layers * layer + layer // 2
    entered = tokens * shape.hidden * _bytes(policy)
    return shape.layers * (entered + (casts if full else 0)) + layer + layer // 2


def _mask(rows: int, length: int) -> int:
    return rows * length**2 * BFLOAT16


def _cache_tokens(recipe: MintRecipe) -> int:
    """Tokens whose keys and values lie in the cache at once, at most."""
    together, group = recipe.rollout.together, recipe.group
    groups = max(1, together // group)
    shared = groups * (recipe.prompts.limit + group * recipe.rollout.tokens)
    own = together * (recipe.prompts.limit + recipe.rollout.tokens) if recipe.own_history.every else 0
    return max(shared, own)


def _bytes(policy: Policy) -> int:
    return FLOAT32 if policy.dtype == "float32" else BFLOAT16


def _stored(quality: str) -> int:
    """Bytes of a judge in this process: the files of its weights, 0 where they are not here to be looked at."""
    if quality == "encoder" or SERVER.match(quality):
        return 0
    try:
        folder = folder_here(Path(quality).expanduser())
    except (OSError, ValueError):
        return 0
    files = list(folder.glob("*.safetensors")) or list(folder.glob("*.bin"))
    return sum(file.stat().st_size for file in files)
