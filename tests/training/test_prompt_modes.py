from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.errors import UsageError
from planner.layouts import CONTROL_TOKENS, Layout, Message
from planner.ledger import Ledger, TurnRecord
from planner.policy import PlanSettings
from planner.tactics import DEFINITIONS, Tactic
from training.prompt_modes import MODES, Mode, check_mode, drawn, prompt, variants

SAID = [Message("user", "It is day 1."), Message("assistant", "Why?"), Message("user", "It rains.")]
LEDGER = Ledger((TurnRecord((frozenset({Tactic.QUESTIONING}),), "why"),))
EXAMPLE = DEFINITIONS[Tactic.ADVICE].example


def system(mode: Mode, layout: Layout = Layout.TAIL) -> str:
    first, *rest = prompt(mode, layout, SAID, LEDGER, PlanSettings())
    assert rest[: len(SAID)] == SAID or mode == "plan"
    return first.content


def test_plain_names_no_tactic() -> None:
    assert "tactics of support:" not in system("plain")
    assert EXAMPLE not in system("plain")


def test_tactics_have_examples_and_nothing_of_the_conversation() -> None:
    assert EXAMPLE in system("tactics")
    assert "Your previous turn" not in system("tactics")


def test_tactics_and_history_say_what_was_used_and_what_was_not() -> None:
    said = system("tactics+history")
    assert EXAMPLE in said
    assert "Your previous turn used: questioning (1)." in said
    assert "self disclosure" in said.split("Not used yet:")[1].splitlines()[0]  # nothing is closed without a plan


def test_verbalized_asks_for_several_replies_after_the_plain_prompt() -> None:
    assert system("verbalized").startswith(system("plain"))
    assert "0.4 | the first reply" in system("verbalized")


def test_a_plan_comes_in_the_layout_of_the_model() -> None:
    tail = prompt("plan", Layout.TAIL, SAID, LEDGER, PlanSettings())
    assert tail[-2].role == "system"
    assert tail[-2].content.startswith("For this reply: aim for ")
    mini = prompt("plan", Layout.MINI, SAID, LEDGER, PlanSettings())
    assert set(mini[-1].controls) < set(CONTROL_TOKENS)
    assert mini[-1].controls


def test_a_model_without_instructions_is_asked_plainly_or_by_a_plan() -> None:
    assert prompt("plain", Layout.MINI, SAID, LEDGER, PlanSettings()) == [*SAID, Message("assistant", "")]
    for mode in MODES:
        if mode in {"plain", "plan"}:
            check_mode(mode, Layout.MINI, "mini")
        else:
            with pytest.raises(UsageError, match="mini reads no instructions"):
                check_mode(mode, Layout.MINI, "mini")
        check_mode(mode, Layout.TAIL, "other")


def test_variants_are_read_with_their_weights() -> None:
    answer = "Here:\n0.5 | One. And more.\n2. 0.25 | Two\n- 25% | Three | and a bar\n.1|Four\nnot | Five\n0.3 |  \n"
    assert variants(answer) == [(0.5, "One. And more."), (0.25, "Two"), (0.25, "Three | and a bar"), (0.1, "Four")]


def test_one_is_drawn_by_its_weight_and_the_same_by_the_same_seed() -> None:
    answer = "0.9 | often\n0.1 | seldom"
    found = [drawn(answer, seed) for seed in range(300)]
    assert 0.8 < found.count("often") / len(found) < 0.98
    assert found == [drawn(answer, seed) for seed in range(300)]
    assert drawn("0 | never\n0 | nor this", 3) in {"never", "nor this"}


@given(st.text(), st.integers(0, 2**31))
def test_whatever_a_model_writes_one_of_its_variants_is_drawn_or_none(answer: str, seed: int) -> None:
    texts = [text for _, text in variants(answer)]
    assert drawn(answer, seed) in (texts or [None])
