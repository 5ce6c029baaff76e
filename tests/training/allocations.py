"""What torch would allocate for an update on a GPU, counted without one and without computing anything."""

from __future__ import annotations

import weakref
from dataclasses import replace
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from transformers import Qwen3Config, Qwen3ForCausalLM

from training.policy_shape import PolicyShape
from training.shared_prefix import ATTENTION, lay_out


class Allocations(TorchDispatchMode):
    """Follows every storage that is made within it, in bytes."""

    def __init__(self, there: nn.Module) -> None:
        super().__init__()
        self.now = self.peak = 0
        self._seen = weakref.WeakSet(weight.untyped_storage() for weight in there.parameters())

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        for storage in (leaf.untyped_storage() for leaf in tree_leaves(out) if isinstance(leaf, torch.Tensor)):
            if storage not in self._seen:
                self._seen.add(storage)
                self.now += storage.nbytes()
                self.peak = max(self.peak, self.now)
                weakref.finalize(storage, self._free, storage.nbytes())
        return out

    def _free(self, size: int) -> None:
        self.now -= size


def policy(shape: PolicyShape, rank: int, checkpointing: bool, attention: str) -> Any:
    """A network of these sizes without weights; `rank` 0 is no adapters."""
    with torch.device("meta"):
        model: Any = Qwen3ForCausalLM(
            Qwen3Config(
                vocab_size=64, hidden_size=shape.hidden, num_hidden_layers=shape.layers, head_dim=shape.head_size,
                num_attention_heads=shape.heads, num_key_value_heads=shape.kv_heads,
                intermediate_size=shape.feed_forward, attn_implementation=attention,
            )
        )  # fmt: skip
    if checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    if rank:
        model = get_peft_model(model, LoraConfig(r=rank, target_modules="all-linear"))
        model.enable_input_require_grads()
    return model.train()


def fake(model: nn.Module) -> None:
    """Gives it weights of the mode that is on."""
    for module in model.modules():
        for name, weight in list(module.named_parameters(recurse=False)):
            module.register_parameter(name, nn.Parameter(torch.empty(weight.shape), weight.requires_grad))
        for name, buffer in list(module.named_buffers(recurse=False)):
            module.register_buffer(name, torch.empty(buffer.shape), persistent=False)


def update(shape: PolicyShape, tokens: tuple[int, int, int], *, rank: int, checkpointing: bool, shared: bool) -> int:
    """The most that an update holds, beside the weights; `tokens` are replies, and those of the prompt and a reply."""
    replies, prompt, reply = tokens
    model = policy(shape, rank, checkpointing, ATTENTION if shared else "sdpa")
    given: dict[str, Any] = {
        "input_ids": torch.zeros((replies, prompt + reply), dtype=torch.long),
        "attention_mask": torch.ones((replies, 1, prompt + reply, prompt + reply), dtype=torch.bool),
    }
    if shared:
        row = lay_out(torch.zeros(prompt, dtype=torch.long), [torch.zeros(reply, dtype=torch.long)] * replies)
        known: Any = row.written.nonzero(as_tuple=True)  # as a mask its size could not be known without a value
        row = replace(row, written=known)
        given = {"input_ids": row.tokens[None], "position_ids": row.positions[None], "group_row": row}
    with FakeTensorMode(allow_non_fake_inputs=True):
        fake(model)
        with Allocations(model) as allocations:
            with torch.autocast("cpu", dtype=torch.bfloat16):
                hidden = (model.get_base_model() if rank else model).model(**given, use_cache=False).last_hidden_state
            hidden.float().sum().backward()
    return allocations.peak
