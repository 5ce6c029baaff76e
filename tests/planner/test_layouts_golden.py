"""The mint layout against the description of MINT's training prompts, and its full text for three ledgers.

The golden files are written anew by `python -m tests.planner.test_layouts_golden`; read the difference.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from planner.layouts import Layout, Message, render, tactic_prompt
from planner.ledger import Ledger, TurnRecord
from planner.policy import plan
from planner.reading import Reading
from planner.tactics import DEFINITIONS, TACTICS, Tactic

GOLDEN = Path(__file__).parent / "golden"
V, Q, P, I = Tactic.VALIDATION, Tactic.QUESTIONING, Tactic.PARAPHRASING, Tactic.INFORMATION  # noqa: E741

HISTORIES = {
    "first": [Message("user", "I could not sleep again.")],
    "second": [
        Message("user", "I could not sleep again."),
        Message("assistant", "That sounds tiring. It makes sense. What keeps you up?"),
        Message("user", "Work, mostly."),
    ],
}
HISTORIES["late"] = HISTORIES["second"]
LEDGERS = {
    "first": Ledger(),
    "second": Ledger((TurnRecord((frozenset({P}), frozenset({V}), frozenset({V, Q})), "that sounds tiring"),)),
    "late": Ledger(
        (
            TurnRecord(tuple(frozenset({tactic}) for tactic in TACTICS), "it sounds like"),
            TurnRecord((frozenset({I}), frozenset({Q}), frozenset({Q}), frozenset()), "one thing that"),
        )
    ),
}


def prompts() -> dict[str, list[Message]]:
    """By the name of the file: as the chat writes it, with a plan, and as training does, without."""
    found = {}
    for name, ledger in LEDGERS.items():
        history = HISTORIES[name]
        found[f"mint_{name}_chat"] = render(Layout.MINT, history, plan(ledger, Reading()), ledger)
        found[f"mint_{name}_training"] = tactic_prompt(history, ledger)
    return found


def written(messages: Sequence[Message]) -> str:
    return "".join(f"[{message.role}]\n{message.content}\n\n" for message in messages)


@pytest.mark.parametrize("name", prompts())
def test_the_full_prompt_is_as_it_was(name: str) -> None:
    assert written(prompts()[name]) == (GOLDEN / f"{name}.txt").read_text("utf-8")


# -- point by point ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", prompts())
def test_one_system_message_has_role_tactics_usage_rules_and_length_in_this_order(name: str) -> None:
    system, *history = prompts()[name]
    role, tactics, usage, rules, length = system.content.split("\n\n")
    assert system.role == "system"
    assert all(message.role != "system" for message in history)
    assert "supports them over a conversation of many turns" in role
    assert "draws on many tactics" in role
    assert [re.match(r"(\d+)\. ", line)[1] for line in tactics.splitlines()[1:]] == [*map(str, range(1, 11))]  # type: ignore[index]
    for line, tactic in zip(tactics.splitlines()[1:], TACTICS, strict=True):
        assert tactic.label in line
        assert DEFINITIONS[tactic].text in line
        assert DEFINITIONS[tactic].example in line
    assert usage.startswith("Tactics so far")
    for said in ("one natural message", "Do not name tactics", "labels or headings", "do not talk about them",
                 "no lists, numbered"):  # fmt: skip
        assert said in rules
    assert "under 200 tokens" in length


@pytest.mark.parametrize("kind", ["chat", "training"])
def test_the_usage_block_says_what_was_used_and_what_was_not(kind: str) -> None:
    first, second, late = (
        prompts()[f"mint_{name}_{kind}"][0].content.split("\n\n")[2].splitlines() for name in LEDGERS
    )
    assert first[1] == "This is the first turn, so none has been used."
    assert not any("Not used yet" in line for line in first)
    # by count, the largest first; equal ones in the fixed order
    assert second[1] == "Your previous turn used: validation (2), paraphrasing (1), questioning (1). Prefer others now."
    assert second[2].startswith("Not used yet: information, assistance")
    assert late[1] == "Your previous turn used: questioning (2), information (1). Prefer others now."
    assert late[2] in {"Every tactic has been used.", "Every tactic that fits now has been used."}


def test_in_training_nothing_is_added_to_the_block_and_nothing_left_out() -> None:
    for name, lines in (("first", 2), ("second", 3), ("late", 3)):
        assert len(prompts()[f"mint_{name}_training"][0].content.split("\n\n")[2].splitlines()) == lines
    unused = prompts()["mint_second_training"][0].content.split("\n\n")[2].splitlines()[2]
    assert all(tactic.label in unused for tactic in TACTICS if tactic not in {V, Q, P})


def test_in_the_chat_what_is_closed_and_worn_out_comes_after_all_that_mint_says() -> None:
    block = prompts()["mint_late_chat"][0].content.split("\n\n")[2].splitlines()
    assert [line.split(":")[0] for line in block[3:]] == ["Leave out for now", "Do not open with"]


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for file, messages in prompts().items():
        (GOLDEN / f"{file}.txt").write_text(written(messages), "utf-8")
