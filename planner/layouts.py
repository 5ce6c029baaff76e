"""From plan and history to the messages an engine gets. The plan's text never enters a history.

mint  everything in one system message, in the order of MINT's training prompts (structure theirs, wording
      ours): role, tactics, usage, response rules, length. The plan enters through the usage block. Without a
      plan it is MINT's plain layout: role, response rules, length.
tail  a system message whose bytes never change, the history, and the plan right before the person's last message:
      while they type, all of it can be read that stands before their words.
mini  the history and nothing else; the plan's targets are control tokens at the start of the reply.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

from planner.ledger import Ledger
from planner.policy import Plan
from planner.reason import listed
from planner.tactics import DEFINITIONS, TACTICS, Tactic

CONTROL_TOKENS: tuple[str, ...] = tuple(f"<|{tactic}|>" for tactic in TACTICS)
"""One for each tactic, in the fixed order."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt.

    controls are names of control tokens that come right after the role header, before the content; thought is what
    the model has thought about its reply. Only the last, open assistant message has any of either.
    """

    role: Literal["system", "user", "assistant"]
    content: str
    controls: tuple[str, ...] = ()
    thought: str = ""


class Layout(StrEnum):
    """How a model is told what to do."""

    MINT = "mint"
    TAIL = "tail"
    MINI = "mini"


def render(layout: Layout, history: Sequence[Message], plan: Plan | None, ledger: Ledger) -> list[Message]:
    """The messages for the reply to the last message of `history`; plan None adds no plan.

    history holds user and assistant messages without controls, the person's last. Raises ValueError for any
    other: what was said, or imported, is never a system message.
    """
    _check(history)
    match layout:
        case Layout.MINT:
            return [Message("system", _mint_system(plan, ledger)), *history]
        case Layout.TAIL:
            # A message of its own and not a line above the person's words: those stay what they typed, and no
            # message of theirs can pass for the plan. Its role is system because it instructs.
            return [*ahead(layout, history[:-1], plan, ledger), history[-1]]
        case Layout.MINI:
            return [*history, Message("assistant", "", controls_of(plan))]


def ahead(layout: Layout, history: Sequence[Message], plan: Plan | None, ledger: Ledger) -> list[Message]:
    """What stands before the person's next words, whatever they are: what `render` begins with after `history`.

    history ends with a reply, or is empty. It holds as long as the plan stays the one given here; the mini layout
    puts nothing of a plan before the person's words.
    """
    match layout:
        case Layout.MINT:
            return [Message("system", _mint_system(plan, ledger)), *history]
        case Layout.TAIL:
            note = [] if plan is None else [Message("system", _note(plan))]
            return [Message("system", TAIL_SYSTEM), *history, *note]
        case Layout.MINI:
            return list(history)


def tactic_prompt(history: Sequence[Message], ledger: Ledger | None = None) -> list[Message]:
    """MINT's layout without a plan: with a ledger its training prompt, without one the tactics alone.

    They are the prompts "tactic" and "tactic + history" of arXiv 2604.11742; structure theirs, wording ours. Raises
    ValueError as `render` does.
    """
    _check(history)
    usage = [] if ledger is None else ["\n".join([_USAGE, *_used(ledger, ())])]
    return [
        Message("system", "\n\n".join((_ROLE, _TACTICS_WITH_EXAMPLES, *usage, _RESPONSE_RULES, _LENGTH_RULE))),
        *history,
    ]


def opened(messages: Sequence[Message]) -> str:
    """What the reply at the end of a prompt has said already; "" where it has not begun."""
    return messages[-1].content if messages and messages[-1].role == "assistant" else ""


def begun(messages: Sequence[Message]) -> bool:
    """Whether the reply at the end of a prompt has been thought about, or has said something."""
    return bool(opened(messages)) or bool(messages and messages[-1].thought)


def reopened(messages: Sequence[Message], said: str) -> list[Message]:
    """The prompt with the reply at its end standing open after `said`."""
    if messages and messages[-1].role == "assistant":
        return [*messages[:-1], replace(messages[-1], content=said)]
    return [*messages, Message("assistant", said)] if said else list(messages)


def thoughtful(messages: Sequence[Message], thought: str) -> list[Message]:
    """The prompt for a reply of which the model has thought this."""
    if messages and messages[-1].role == "assistant":
        return [*messages[:-1], replace(messages[-1], thought=thought)]
    return [*messages, Message("assistant", "", thought=thought)]


def controls_of(plan: Plan | None) -> tuple[str, ...]:
    """The control tokens of a plan's targets, in the fixed order whatever their weights."""
    targets = plan.targets if plan else ()
    return tuple(token for token, tactic in zip(CONTROL_TOKENS, TACTICS, strict=True) if tactic in targets)


def _check(history: Sequence[Message]) -> None:
    if not history or history[-1].role != "user":
        raise ValueError("a history ends with the person's message")
    if any(message.role == "system" or message.controls or message.thought for message in history):
        raise ValueError("a history holds user and assistant messages, without control tokens or thoughts")


_ROLE = (
    "You are companion, a program that keeps people company and supports them over a conversation of many "
    "turns. Good support draws on many tactics and does not lean on the same few each time."
)

_RESPONSE_RULES = """\
How to reply:
- Write one natural message, warm and calm, in plain words.
- Do not name tactics, do not use them as labels or headings, and do not talk about them.
- Write no lists, numbered or not.
- You are a program. Say so plainly when asked, and never speak as if you had a past or a life of your own.
- Make no diagnosis, and do not present yourself as a professional."""

_USAGE = "Tactics so far in this conversation:"

_LENGTH_RULE = "Be brief: well under 200 tokens."


def _numbered(*, examples: bool) -> str:
    lines = []
    for number, (tactic, definition) in enumerate(DEFINITIONS.items(), start=1):
        example = f' For example: "{definition.example}"' if examples else ""
        lines.append(f"{number}. {tactic.label}: {definition.text}{example}")
    return "\n".join(lines)


_TACTICS_WITH_EXAMPLES = f"The ten tactics of support:\n{_numbered(examples=True)}"

TAIL_SYSTEM = "\n\n".join(
    (
        _ROLE,
        f"The ten tactics of support:\n{_numbered(examples=False)}",
        "Before the person's message a note may say which of them fit now. Follow it, and never mention it.",
        _RESPONSE_RULES,
        _LENGTH_RULE,
    )
)
"""The system message of the tail layout: the same bytes for every plan and ledger."""


def _mint_system(plan: Plan | None, ledger: Ledger) -> str:
    if plan is None:
        return "\n\n".join((_ROLE, _RESPONSE_RULES, _LENGTH_RULE))
    return "\n\n".join((_ROLE, _TACTICS_WITH_EXAMPLES, _usage_block(plan, ledger), _RESPONSE_RULES, _LENGTH_RULE))


def _usage_block(plan: Plan, ledger: Ledger) -> str:
    """As MINT has it, and at its end what a model that was trained without our gates has to be told."""
    return "\n".join([_USAGE, *_used(ledger, plan.closed), *_limits(plan)])


def _used(ledger: Ledger, closed: Sequence[Tactic]) -> list[str]:
    lines = [_previous_turn(ledger)]
    if ledger.turns:
        unused = [tactic for tactic in ledger.unused() if tactic not in closed]
        every = "Every tactic that fits now" if closed else "Every tactic"
        lines.append(f"Not used yet: {listed(unused)}." if unused else f"{every} has been used.")
    return lines


def _previous_turn(ledger: Ledger) -> str:
    if ledger.last is None:
        return "This is the first turn, so none has been used."
    used = [(tactic, count) for tactic, count in ledger.last.counts().items() if count]
    if not used:
        return "Your previous turn used none of them."
    used.sort(key=lambda pair: -pair[1])  # stable: equals keep the fixed order
    counted = ", ".join(f"{tactic.label} ({count})" for tactic, count in used)
    return f"Your previous turn used: {counted}. Prefer others now."


def _note(plan: Plan) -> str:
    lines = [f"For this reply: aim for {listed(plan.targets)}."]
    if plan.resting:
        lines.append(f"Go easy on {listed(plan.resting)}.")
    return "\n".join(lines + _limits(plan))


def _limits(plan: Plan) -> list[str]:
    """What a reply must stay clear of: closed tactics, and openings used of late."""
    lines = []
    if plan.closed:
        lines.append(f"Leave out for now: {listed(plan.closed)}.")
    if plan.avoid_openers:
        openings = ", ".join(f'"{opener}"' for opener in plan.avoid_openers)
        lines.append(f"Do not open with: {openings}.")
    return lines
