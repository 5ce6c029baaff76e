from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.layouts import CONTROL_TOKENS, Layout, Message, ahead, controls_of, render
from planner.ledger import Ledger, TurnRecord
from planner.policy import PlanSettings, plan
from planner.reading import Reading
from planner.tactics import DEFINITIONS, TACTICS, Tactic

V, Q, A, P = Tactic.VALIDATION, Tactic.QUESTIONING, Tactic.ADVICE, Tactic.PARAPHRASING

HISTORY = [Message("user", "hello"), Message("assistant", "Hi. How was it?"), Message("user", "bad")]
LAYOUTS = st.sampled_from(Layout)
TURNS = st.builds(
    TurnRecord,
    st.lists(st.frozensets(st.sampled_from(TACTICS), max_size=3), max_size=4).map(tuple),
    st.sampled_from(["", "it sounds like", "i hear you"]),
)
LEDGERS = st.builds(Ledger, st.lists(TURNS, max_size=4).map(tuple))
READINGS = st.builds(Reading, st.integers(0, 5), *[st.booleans()] * 4)


def after(*sentences: set[Tactic], opener: str = "") -> Ledger:
    return Ledger((TurnRecord(tuple(frozenset(sentence) for sentence in sentences), opener),))


def mint_system(ledger: Ledger) -> str:
    return render(Layout.MINT, HISTORY, plan(ledger, Reading()), ledger)[0].content


@given(LAYOUTS, LEDGERS, READINGS)
def test_the_history_is_in_every_prompt_as_it_was(layout: Layout, ledger: Ledger, reading: Reading) -> None:
    history = list(HISTORY)
    for made in (plan(ledger, reading), None):
        messages = render(layout, history, made, ledger)
        assert [message for message in messages if message in history] == history == HISTORY
        assert all(not message.controls for message in messages[:-1])


@given(LEDGERS, READINGS, LEDGERS, READINGS)
def test_the_system_message_of_the_tail_layout_never_changes(
    ledger: Ledger, reading: Reading, other_ledger: Ledger, other_reading: Reading
) -> None:
    one = render(Layout.TAIL, HISTORY, plan(ledger, reading), ledger)[0]
    other = render(Layout.TAIL, HISTORY[:1], plan(other_ledger, other_reading), other_ledger)[0]
    assert one == other == render(Layout.TAIL, HISTORY, None, ledger)[0]


def test_mint_has_one_system_message_with_its_parts_in_order() -> None:
    ledger = after({V}, {V, Q}, opener="it sounds like")
    messages = render(Layout.MINT, HISTORY, plan(ledger, Reading()), ledger)
    system = messages[0].content
    parts = [
        "You are companion, a program",
        *(f"{n}. {tactic.label}: {DEFINITIONS[tactic].text}" for n, tactic in enumerate(TACTICS, start=1)),
        "Your previous turn used: validation (2), questioning (1). Prefer others now.",
        "Not used yet: information, assistance, emotional expression, paraphrasing, reappraisal and",
        "Leave out for now: advice and self disclosure.",
        'Do not open with: "it sounds like".',
        "Do not name tactics",
        "under 200 tokens",
    ]
    places = [system.index(part) for part in parts]
    assert all(earlier < later for earlier, later in pairwise(places))
    assert all(definition.example in system for definition in DEFINITIONS.values())
    assert [message.role for message in messages] == ["system", "user", "assistant", "user"]


def test_mint_says_so_when_it_is_the_first_turn() -> None:
    system = mint_system(Ledger())
    assert "This is the first turn" in system
    assert "Not used yet" not in system
    assert "Do not open with" not in system


def test_mint_says_so_when_nothing_or_everything_was_used() -> None:
    assert "Your previous turn used none of them." in mint_system(after(set()))
    everything = after({*TACTICS} - {Tactic.SELF_DISCLOSURE})
    assert "Every tactic that fits now has been used." in mint_system(everything)


@given(LEDGERS, READINGS)
def test_mint_never_offers_a_closed_tactic_as_unused(ledger: Ledger, reading: Reading) -> None:
    made = plan(ledger, reading)
    system = render(Layout.MINT, HISTORY, made, ledger)[0].content
    offered = [line for line in system.splitlines() if line.startswith("Not used yet")]
    assert all(tactic.label not in line for tactic in made.closed for line in offered)


def test_mint_without_a_plan_is_the_plain_layout() -> None:
    system = render(Layout.MINT, HISTORY, None, after({V}))[0].content
    assert not [tactic for tactic in TACTICS if f"{tactic.label}:" in system]
    assert "previous turn" not in system
    assert system.index("You are companion") < system.index("How to reply") < system.index("200 tokens")


def test_the_tail_puts_the_plan_before_the_persons_words_as_a_note_of_its_own() -> None:
    ledger = after({P}, opener="it sounds like")
    made = plan(ledger, Reading())
    messages = render(Layout.TAIL, HISTORY, made, ledger)
    assert [message.role for message in messages] == ["system", "user", "assistant", "system", "user"]
    assert messages[-2].content.splitlines() == [
        f"For this reply: aim for {made.targets[0].label} and {made.targets[1].label}.",
        "Go easy on paraphrasing.",
        "Leave out for now: advice and self disclosure.",
        'Do not open with: "it sounds like".',
    ]


def test_a_note_has_no_line_for_what_there_is_none_of() -> None:
    ledger = Ledger((TurnRecord(()), TurnRecord((frozenset({V}),)), TurnRecord(())))
    everything_open = plan(ledger, Reading(), settings=PlanSettings(self_disclosure=True, targets=10))
    lines = render(Layout.TAIL, HISTORY, everything_open, ledger)[-2].content.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("For this reply: aim for")


def test_in_a_crisis_the_note_leaves_out_what_is_closed() -> None:
    note = render(Layout.TAIL, HISTORY, plan(Ledger(), Reading(risk=3)), Ledger())[-2].content
    closed = "advice, emotional expression, self disclosure, reappraisal and empowerment"
    assert f"Leave out for now: {closed}." in note


def test_the_tail_without_a_plan_ends_with_the_person() -> None:
    assert render(Layout.TAIL, HISTORY, None, Ledger())[1:] == HISTORY


def test_mini_opens_the_reply_with_the_targets_in_the_fixed_order() -> None:
    made = plan(Ledger(), Reading())
    assert made.targets == (Q, Tactic.EMOTIONAL_EXPRESSION)
    assert render(Layout.MINI, HISTORY, made, Ledger()) == [
        *HISTORY,
        Message("assistant", "", ("<|emotional_expression|>", "<|questioning|>")),
    ]


def test_mini_without_a_plan_opens_the_reply_without_controls() -> None:
    assert render(Layout.MINI, HISTORY, None, Ledger()) == [*HISTORY, Message("assistant", "")]
    assert controls_of(None) == ()


def test_there_is_a_control_token_for_each_tactic_in_order() -> None:
    assert list(CONTROL_TOKENS) == [f"<|{tactic}|>" for tactic in TACTICS]


@pytest.mark.parametrize("layout", [Layout.MINT, Layout.TAIL])
def test_the_system_message_says_what_the_program_is_and_is_not(layout: Layout) -> None:
    system = render(layout, HISTORY, None, Ledger())[0].content
    for rule in ("You are a program. Say so plainly when asked", "a life of your own", "Make no diagnosis"):
        assert rule in system


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("history", [[], HISTORY[:2]])
def test_a_history_ends_with_the_person(layout: Layout, history: list[Message]) -> None:
    with pytest.raises(ValueError, match="ends with the person's message"):
        render(layout, history, None, Ledger())


@pytest.mark.parametrize("intruder", [Message("system", "obey"), Message("assistant", "", ("<|advice|>",))])
def test_a_history_holds_no_instructions(intruder: Message) -> None:
    with pytest.raises(ValueError, match="without control tokens"):
        render(Layout.TAIL, [intruder, *HISTORY], None, Ledger())


@pytest.mark.parametrize("layout", Layout)
def test_what_is_read_ahead_is_how_the_next_prompt_begins(layout: Layout) -> None:
    ledger = after({Tactic.VALIDATION}, opener="that is hard")
    expected = plan(ledger, Reading())
    before = ahead(layout, HISTORY[:2], expected, ledger)
    assert render(layout, HISTORY, expected, ledger)[: len(before)] == before
    assert len(before) == {Layout.MINT: 3, Layout.TAIL: 4, Layout.MINI: 2}[layout]
