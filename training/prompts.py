"""Rows of training: the history up to each reply as a prompt, with what that history did.

A prompt is text in ChatML, written by the same code as in the chat (`planner.layouts`, `companion.engine.template`), so
that a model is trained on the bytes that it will read. What the reply was in the recording is not used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from companion.context import TooLong, fit
from companion.engine import template
from companion.engine.profile import CHATML, THINK, Profile
from companion.errors import UsageError
from planner import layouts, policy
from planner.layouts import CONTROL_TOKENS, Layout, Message
from planner.ledger import Ledger, TurnRecord, opener_of
from planner.reading import read
from planner.tactics import TACTICS
from training.mint_recipe import Prompts
from training.readings import counts_of
from training.recordings import Recording
from training.reply_tags import ReplyTags

OPENERS = policy.DEFAULT_SETTINGS.openers
"""How many of the last openings a row remembers."""
_ZEROS = (0,) * len(TACTICS)


@dataclass(frozen=True, slots=True)
class Row:
    """One training row. Counts are sentence-tactic pairs in the fixed order."""

    id: int
    """Groups are made by it: the same prompt may occur in several rows."""
    conversation: str
    turn: int
    """The reply's place among the replies of its conversation, from 0."""
    history: tuple[Message, ...]
    """What the reply answers, all of it, without system message and controls."""
    prompt: str
    previous: tuple[int, ...]
    """(10,) of the last reply before."""
    overall: tuple[int, ...]
    """(10,) of all replies before."""
    openers: tuple[str, ...]
    """How the last replies opened, the newest first, at most OPENERS."""
    reply: str
    """What was said here in the recording: GRPO does not look at it."""


class Prompter:
    """Turns histories into prompts of at most `limit` tokens; `count` gives the tokens of a text."""

    def __init__(
        self, layout: Layout, profile: Profile, count: Callable[[str], int], *, plan: bool, limit: int
    ) -> None:
        self._layout, self._profile, self._count = layout, profile, count
        self._plan, self._limit = plan, limit

    @classmethod
    def of(cls, recipe: Prompts, tokenizer: Any) -> Prompter:
        """For a model with this tokenizer of transformers. Raises UsageError where it does not know ChatML, or the
        layout is `mini` and it has no control tokens."""
        vocabulary = tokenizer.get_vocab()
        controls = must_know(vocabulary, recipe)
        thinks = all(token in vocabulary for token in THINK)
        profile = Profile(layout=recipe.layout, empty_think=thinks and not recipe.thinking, controls=controls)
        return cls(
            recipe.layout,
            profile,
            lambda text: len(tokenizer(text, add_special_tokens=False)["input_ids"]),
            plan=recipe.plan,
            limit=recipe.limit,
        )

    def prompt(self, history: Sequence[Message], ledger: Ledger, controls: Sequence[str] | None = None) -> str | None:
        """The prompt for the reply to the last message, the oldest exchanges left out until it fits.

        `controls` are control tokens to end it with instead of the plan's, in the layout `mini` alone. None where even
        the last message alone is too long.
        """
        plan = policy.plan(ledger, read(history[-1].content)) if self._plan and controls is None else None

        def text(part: Sequence[Message]) -> str:
            safe = [harmless(message) for message in part]
            if controls is not None:
                messages = [*safe, Message("assistant", "", tuple(controls))]
            elif self._layout is Layout.MINT and plan is None:
                messages = layouts.tactic_prompt(safe, ledger)
            else:
                messages = layouts.render(self._layout, safe, plan, ledger)
            return "".join(piece.text for piece in template.render(messages, self._profile))

        try:
            kept, _ = fit(history, lambda part: self._count(text(part)), self._limit)
        except TooLong:
            return None
        return text(kept)


def must_know(vocabulary: Iterable[str], recipe: Prompts) -> frozenset[str]:
    """The control tokens of a vocabulary. Raises as `Prompter.of`."""
    known = frozenset((*CHATML, *CONTROL_TOKENS)).intersection(vocabulary)
    lacking = [token for token in CHATML if token not in known]
    if lacking:
        raise UsageError(f"The model's vocabulary has no {lacking[0]}; only models of the ChatML kind are trained.")
    controls = known.difference(CHATML)
    if recipe.layout is Layout.MINI and recipe.plan and not controls:
        raise UsageError(
            "The layout `mini` gives its plan by control tokens, and the model's vocabulary has none: "
            "--set prompts.layout=mint"
        )
    return controls


def make_rows(recordings: Iterable[Recording], tags: ReplyTags, prompter: Prompter) -> list[Row]:
    """A row for every reply that answers a message, numbered in order. A row whose prompt cannot fit is left out."""
    found: list[Row] = []
    number = 0
    known = list(recordings)
    tags.read(reply for recording in known for reply in recording.replies)
    for recording in known:
        ledger = Ledger()
        for place, message in enumerate(recording.messages):
            if message.role != "assistant":
                continue
            history = recording.messages[:place]
            if history:
                prompt = prompter.prompt(history, ledger)
                if prompt is not None:
                    found.append(row_of(number, recording.id, history, prompt, ledger, message.content))
                number += 1
            ledger = ledger.add(TurnRecord(tags.sentences(message.content), opener_of(message.content)))
    return found


def columns(rows: Sequence[Row]) -> dict[str, list[Any]]:
    """What a data set holds, by column: every list of a column has one length, so that Arrow leaves it as it is."""
    return {
        "prompt": [row.prompt for row in rows],
        "row": [row.id for row in rows],
        "previous": [list(row.previous) for row in rows],
        "openers": [[*row.openers, *[""] * (OPENERS - len(row.openers))] for row in rows],
        "dialogue": [[{"role": message.role, "content": message.content} for message in row.history] for row in rows],
    }


def row_of(
    number: int, conversation: str, history: tuple[Message, ...], prompt: str, ledger: Ledger, reply: str
) -> Row:
    """The row of this history, with what its ledger says."""
    return Row(
        id=number,
        conversation=conversation,
        turn=len(ledger.turns),
        history=history,
        prompt=prompt,
        previous=counts_of(ledger.last.sentences) if ledger.last else _ZEROS,
        overall=tuple(ledger.counts()[tactic] for tactic in TACTICS),
        openers=ledger.openers(OPENERS),
        reply=reply,
    )


def harmless(message: Message) -> Message:
    """The message with what spells a control token taken apart: a prompt is text, and only we write control tokens."""
    text = message.content.replace("<|", "< |")
    for token in THINK:
        text = text.replace(token, token.replace("<", "< "))
    return replace(message, content=text)
