"""How a model is asked for a reply when it is measured: the prompts that are compared with each other.

plain            role, rules of replying, length
tactics          and the ten tactics, with examples
tactics+history  and what the turn before used and what is unused: the prompt that MINT trains with
verbalized       plain, and five replies with their probabilities are asked for, of which one is drawn
                 (verbalized sampling; wording ours)
plan             the project's planner, in the layout of the model

A model of the `mini` layout reads conversations and control tokens only: it can be asked `plain` and by `plan`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Literal, get_args

from companion.errors import UsageError
from planner.layouts import Layout, Message, render, tactic_prompt
from planner.ledger import Ledger
from planner.policy import PlanSettings, plan
from planner.reading import read

Mode = Literal["plain", "tactics", "tactics+history", "verbalized", "plan"]
MODES: tuple[Mode, ...] = get_args(Mode)
OF_MINI: tuple[Mode, ...] = ("plain", "plan")

VARIANTS = 5
_ASKED = f"""\
Now think of {VARIANTS} different replies that you might give to the last message, the usual ones and rarer ones.
Write each on a line of its own: how likely you would be to give it, as a number from 0 to 1, a bar, and the reply.
Write nothing else. The form is:
0.4 | the first reply
0.1 | the second reply"""
_LINE = re.compile(r"^[^\w.]*(?:\d{1,2}[.)]\s+)?(?P<p>\d*\.?\d+)\s*(?P<percent>%?)\s*\|\s*(?P<text>\S.*)$")


def check_mode(mode: Mode, layout: Layout, name: str) -> None:
    """Raises UsageError for a prompt that a model of this layout cannot read."""
    if layout is Layout.MINI and mode not in OF_MINI:
        raise UsageError(
            f"{name} reads no instructions, so --prompt {mode} says nothing to it. Choose plain or plan for it."
        )


def prompt(
    mode: Mode, layout: Layout, history: Sequence[Message], ledger: Ledger, settings: PlanSettings
) -> list[Message]:
    """The messages for the reply to the last message of `history`; the ledger holds the supporter's turns in it.

    Raises ValueError as `planner.layouts.render` does.
    """
    plain_layout = Layout.MINI if layout is Layout.MINI else Layout.MINT
    match mode:
        case "plain":
            return render(plain_layout, history, None, ledger)
        case "tactics":
            return tactic_prompt(history)
        case "tactics+history":
            return tactic_prompt(history, ledger)
        case "verbalized":
            system, *said = render(plain_layout, history, None, ledger)
            return [replace(system, content=f"{system.content}\n\n{_ASKED}"), *said]
        case "plan":
            made = plan(ledger, read(history[-1].content), settings=settings)
            return render(layout, history, made, ledger)


def variants(answer: str) -> list[tuple[float, str]]:
    """The replies in an answer to the verbalized prompt, with what the model says they weigh; [] where it wrote none.

    Weights are as written; percents count as hundredths.
    """
    found = [_LINE.match(line) for line in answer.splitlines()]
    return [(float(m["p"]) / (100 if m["percent"] else 1), m["text"].strip()) for m in found if m]


def drawn(answer: str, seed: int) -> str | None:
    """One of the variants, by its weight; None where there is none. Where all weigh nothing, each is as likely."""
    found = variants(answer)
    if not found:
        return None
    weights = [weight for weight, _ in found]
    return Random(seed).choices([text for _, text in found], weights if sum(weights) > 0 else None)[0]
