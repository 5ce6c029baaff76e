"""What to know about a model besides its weights: which layout and template, how long a context, how to sample.

Guessed from the metadata of the GGUF file, so that any file can be talked to without being in a catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from companion.engine.gguf_file import Header
from companion.engine.protocol import EngineError, Sampling
from companion.modelhub.memory import MOST
from planner.layouts import CONTROL_TOKENS, Layout

CHATML = ("<|im_start|>", "<|im_end|>")
THINK = ("<think>", "</think>")


@dataclass(frozen=True, slots=True)
class Profile:
    """How to talk to one model."""

    layout: Layout = Layout.TAIL
    template: Literal["chatml"] = "chatml"
    empty_think: bool = False
    """Put an empty think block after every assistant header: so Qwen3 models are told not to think."""
    thinks: bool = False
    """Let the model think before it replies. Earlier replies stand without a block then, as in Qwen3's own template."""
    controls: frozenset[str] = frozenset()
    """The plan's control tokens that the vocabulary has; others are left out of the prompt."""
    context: int = MOST
    """Tokens to make room for; the model's trained context is a further limit."""
    sampling: Sampling = field(default_factory=Sampling)
    """What the file recommends, our defaults where it recommends nothing."""


def guess(header: Header, limit: int = MOST, layout: Layout | None = None, *, think: bool = False) -> Profile:
    """The profile of a model file; `limit` is the most tokens to make room for, `layout` None is guessed.

    It is to `think` if it can. Raises EngineError for a model without the ChatML control tokens.
    """
    lacking = [token for token in CHATML if token not in header.specials]
    if lacking:
        raise EngineError(
            f"The vocabulary of {header.name} has no control token {lacking[0]}: "
            "only models of the ChatML kind can be talked to (Qwen, SmolLM2 and most small chat models)."
        )
    controls = frozenset(CONTROL_TOKENS) & header.specials
    if layout is None:
        layout = guess_layout(header)
    can_think = header.architecture.startswith("qwen3") and header.specials.issuperset(THINK) and not controls
    return Profile(
        layout=layout,
        empty_think=can_think and not think,
        thinks=can_think and think,
        controls=controls,
        context=min(limit, header.context or limit),
        sampling=recommended(header.sampling),
    )


def guess_layout(header: Header) -> Layout:
    """`mini` for a vocabulary with the plan's control tokens, `mint` for a name that says so, else `tail`."""
    if not header.specials.isdisjoint(CONTROL_TOKENS):
        return Layout.MINI
    return Layout.MINT if "mint" in header.name.lower() else Layout.TAIL


def recommended(named: Mapping[str, float]) -> Sampling:
    """The sampling a file recommends; a value that makes no sense is as good as none."""
    plain = Sampling()

    def value(key: str, least: float, most: float, otherwise: float) -> float:
        return named[key] if least <= named.get(key, least - 1) <= most else otherwise

    return Sampling(
        temperature=value("temp", 0.0, 2.0, plain.temperature),
        top_k=int(value("top_k", 0, 1000, plain.top_k)),
        top_p=value("top_p", 0.01, 1.0, plain.top_p),
        min_p=value("min_p", 0.0, 0.9, plain.min_p),
    )
