"""The recipe of `companion train encoder`."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Passes(_Frozen):
    """How often each source is read in one epoch."""

    silver: float = Field(ge=0)
    """Replies of the systems, with silver tags and a judge's ratings."""
    own: float = Field(ge=0)
    """The project's labelled replies."""


class Learning(_Frozen):
    """The optimiser."""

    body: float = Field(gt=0)
    """Highest learning rate of the last transformer layer."""
    heads: float = Field(gt=0)
    """Highest learning rate of the heads."""
    layer_decay: float = Field(gt=0, le=1)
    """Each layer below learns this much slower."""
    warmup: float = Field(ge=0, lt=1)
    """Share of the steps in which the rates rise; then they fall in a straight line."""
    weight_decay: float = Field(ge=0)
    average: float = Field(ge=0, lt=1)
    """Decay of the running average of the weights that is evaluated and exported; 0 exports the last weights."""
    words: bool
    """Whether word vectors are trained too."""


class Losses(_Frozen):
    """Weights of the tasks, and what the labels are trusted with."""

    tactics: float = Field(ge=0)
    empathy: float = Field(ge=0)
    own: float = Field(gt=0)
    """Weight of a sentence of the project's own, beside 1 for a silver one."""
    silver_smoothing: float = Field(ge=0, lt=0.5)
    """A silver label of 1 counts as 1 - this, of 0 as this: the taggers behind them err."""
    own_smoothing: float = Field(ge=0, lt=0.5)
    balance: float = Field(ge=0, le=1)
    """Positives of a tactic weigh (negatives / positives) to this power: 0 as they come, 1 as much as the negatives."""


class Noise(_Frozen):
    """What is changed at random, so that the reader does not lean on it. Probabilities per reply."""

    dropout: float = Field(ge=0, lt=1)
    with_message: float = Field(ge=0, le=1)
    """A reply is read with the message it answers, as when it is rated; tagging does without it."""
    excerpt: float = Field(ge=0, le=1)
    """A reply is read without its beginning or end."""
    bare: float = Field(ge=0, le=1)
    """The marks at the ends of the sentences are dropped, as many people do."""


class EncoderRecipe(_Frozen):
    """A small reader with two heads (`companion train encoder`)."""

    name: Literal["encoder"]
    seed: int
    epochs: int = Field(gt=0)
    tokens: int = Field(ge=512)
    """Padded tokens in one optimiser step."""
    passes: Passes
    learning: Learning
    losses: Losses
    noise: Noise
