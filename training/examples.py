"""Examples for SFT: a prompt and the reply that stands there in the recording.

In the layout `mini` with a plan, the control tokens are drawn from the tactics that the reply uses, as when the model
was made (`training.tokens.draw_controls`): they say what is done, so that a plan is followed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from planner.layouts import Message
from planner.ledger import Ledger
from training.prompts import Prompter, Row, harmless
from training.reply_tags import ReplyTags
from training.tokens import draw_controls
from training.violations import must_not_be_said, names_tactics


@dataclass(frozen=True, slots=True)
class Example:
    """What is read, and what is learned to say."""

    prompt: str
    completion: str


def make_examples(
    rows: Sequence[Row],
    tags: ReplyTags,
    prompter: Prompter,
    count: Callable[[str], int],
    *,
    tokens: int,
    controls: bool,
    seed: int,
) -> list[Example]:
    """The examples of all rows, in order.

    Left out are replies of more than `tokens` tokens (`count`), and those that hold what a reply must never say or
    that name tactics. With `controls`, prompts end with control tokens for what the reply does.
    """
    found = []
    for row in rows:
        reply = harmless(Message("assistant", row.reply)).content
        if names_tactics(reply) or must_not_be_said(reply) or count(reply) > tokens:
            continue
        prompt: str | None = row.prompt
        if controls:
            chance = random.Random(f"{seed}/{row.id}")
            prompt = prompter.prompt(row.history, Ledger(), list(draw_controls(tags[row.reply], chance)))
        if prompt is not None:
            found.append(Example(prompt, reply))
    return found
