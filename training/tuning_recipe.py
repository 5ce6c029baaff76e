"""The recipes of `companion train sft` and `companion train dpo`: learning from replies as they are, and from pairs."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from planner.layouts import Layout
from training.mint_recipe import Conversations, Ending, Policy, Prompts, Readers, Sampling
from training.pairs import PairRule
from training.recipe import apply, check, read_recipe


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Step(_Frozen):
    """One optimiser step."""

    lr: float = Field(default=1e-5, gt=0)
    """Highest learning rate."""
    warmup: float = Field(default=0.05, ge=0, lt=1)
    """Share of the steps in which it rises; then it falls in a straight line."""
    examples: int = Field(default=16, ge=1)
    """Examples, or pairs, in one step over all processes."""
    together: int = Field(default=4, ge=1)
    """Of those, how many are read at once in one process."""
    weight_decay: float = Field(default=0.01, ge=0)
    clip: float = Field(default=1.0, gt=0)
    """Largest norm of the gradient."""
    checkpointing: bool = False
    """Keep fewer activations and compute them again."""

    @model_validator(mode="after")
    def _whole(self) -> Step:
        if self.examples % self.together:
            raise ValueError(f"examples ({self.examples}) must be a multiple of together ({self.together})")
        return self


class TuningRecipe(_Frozen):
    """What both have."""

    name: str = Field(pattern=r"^[\w.+-]{1,60}$")
    seed: int = 1
    gpu: bool = True
    """Whether it needs a GPU."""
    check_memory: bool = True
    """Whether it is refused where the estimate of its memory is more than the card has (`training.memory`)."""
    epochs: float = Field(default=1.0, gt=0)
    steps: int | None = Field(default=None, ge=1)
    """Ends the run after so many steps, whatever the epochs."""
    save_every: int = Field(default=50, ge=1)
    """Steps between two checkpoints."""
    data: Conversations = Conversations()
    prompts: Prompts = Prompts()
    policy: Policy = Policy()
    step: Step = Step()
    ending: Ending = Ending()

    @model_validator(mode="after")
    def _learns_from_something(self) -> TuningRecipe:
        if not self.data.mint and not self.data.files:
            raise ValueError("there is nothing to learn from: data.mint is false and data.files is empty")
        return self

    def total(self, examples: int) -> int:
        """Optimiser steps over so many examples."""
        return self.steps or max(1, int(examples // self.step.examples * self.epochs))


class SftRecipe(TuningRecipe):
    """Learning replies as they stand in conversations."""

    method: Literal["sft"] = "sft"
    tokens: int = Field(default=320, ge=8)
    """Of the longest reply that is learned; longer ones are left out."""

    @property
    def longest(self) -> int:
        """Tokens of the longest reply."""
        return self.tokens

    @model_validator(mode="after")
    def _plan_is_what_was_done(self) -> SftRecipe:
        if self.prompts.plan and self.prompts.layout is not Layout.MINI:
            raise ValueError(
                "prompts.plan is for the layout mini alone, where it is the tactics that the reply uses: "
                "a reply that nobody planned would teach a model to pass over its plan"
            )
        return self


class DpoRecipe(TuningRecipe):
    """Learning from pairs of replies to one prompt, of which one is better by `training.pairs`."""

    method: Literal["dpo"] = "dpo"
    beta: float = Field(default=0.1, gt=0)
    """How strongly the model is held to what it was."""
    files: tuple[str, ...] = ()
    """Tagged replies to make pairs from: `samples/*.jsonl` of an earlier run. None: the model's own are sampled."""
    rows: int = Field(default=240, ge=1)
    """Rows for which replies are sampled."""
    group: int = Field(default=6, ge=2)
    """Replies that are sampled for each."""
    rollout: Sampling = Sampling(tokens=320)
    reward: Readers = Readers()
    """Who reads the sampled replies."""
    pairs: PairRule = PairRule()

    @property
    def longest(self) -> int:
        """Tokens of the longest reply."""
        return self.rollout.tokens


Kind = TypeVar("Kind", SftRecipe, DpoRecipe)


def read_tuning(kind: type[Kind], name: str, changes: tuple[str, ...] = ()) -> Kind:
    """A shipped recipe or a TOML file with `key=value` changes.

    Raises NotFound for an unknown recipe, UsageError for one that cannot be used.
    """
    values: dict[str, Any] = check(kind, read_recipe(name)).model_dump(mode="json")
    for change in changes:
        apply(values, change)
    return check(kind, values)
