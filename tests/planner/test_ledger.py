from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.ledger import Ledger, TurnRecord, opener_of
from planner.tactics import TACTICS, Tactic

V, Q, A = Tactic.VALIDATION, Tactic.QUESTIONING, Tactic.ADVICE

LEDGERS = st.builds(
    Ledger,
    st.lists(
        st.builds(
            TurnRecord,
            st.lists(st.frozensets(st.sampled_from(TACTICS), max_size=3), max_size=4).map(tuple),
            st.sampled_from(["", "it sounds like", "i hear you"]),
        ),
        max_size=5,
    ).map(tuple),
)


def turn(*sentences: set[Tactic], opener: str = "") -> TurnRecord:
    return TurnRecord(tuple(frozenset(sentence) for sentence in sentences), opener)


def test_a_turn_counts_sentence_tactic_pairs_in_the_fixed_order() -> None:
    counts = turn({V, Q}, {V}, set()).counts()
    assert tuple(counts) == TACTICS
    assert {tactic: count for tactic, count in counts.items() if count} == {V: 2, Q: 1}


def test_a_turn_knows_its_tactics() -> None:
    assert turn({V, Q}, {V}).tactics == {V, Q}
    assert turn().tactics == frozenset()


def test_usage_weighs_recent_and_heavy_use_most() -> None:
    ledger = Ledger().add(turn({V}, {V}, {Q})).add(turn({Q, A}, set()))
    # last turn, age 0: Q 1/2, A 1/2; the one before, age 1: V 0.6 * 2/3, Q 0.6 * 1/3
    used = {tactic: usage for tactic, usage in ledger.usage(0.6).items() if usage}
    assert used == pytest.approx({Q: 0.7, A: 0.5, V: 0.4})


def test_a_turn_without_tactics_adds_no_usage_but_ages_the_rest() -> None:
    ledger = Ledger((turn({V}), turn(set())))
    assert ledger.usage(0.6)[V] == pytest.approx(0.6)
    assert sum(ledger.usage(0.6).values()) == pytest.approx(0.6)


@given(LEDGERS, st.floats(0, 0.95))
def test_usage_never_reaches_its_bound(ledger: Ledger, gamma: float) -> None:
    usage = ledger.usage(gamma)
    assert tuple(usage) == TACTICS
    assert min(usage.values()) >= 0
    assert sum(usage.values()) <= 1 / (1 - gamma) + 1e-9


def test_the_counts_of_a_ledger_run_over_all_turns_and_the_rest_is_unused() -> None:
    ledger = Ledger((turn({V, Q}), turn({V})))
    assert ledger.counts()[V] == 2
    assert ledger.unused() == tuple(tactic for tactic in TACTICS if tactic not in (V, Q))
    assert Ledger().unused() == TACTICS


def test_adding_a_turn_leaves_the_ledger_as_it_was() -> None:
    empty = Ledger()
    longer = empty.add(turn({V})).add(turn({Q}))
    assert empty.turns == ()
    assert empty.last is None
    assert longer.last == turn({Q})


def test_openers_come_newest_first_each_once_and_from_the_last_turns_only() -> None:
    ledger = Ledger(tuple(turn(opener=opener) for opener in ("long ago", "i see", "oh no", "", "i see")))
    assert ledger.openers(4) == ("i see", "oh no")
    assert ledger.openers(9) == ("i see", "oh no", "long ago")
    assert ledger.openers(0) == ()


@pytest.mark.parametrize(
    ("text", "opener"),
    [
        ("It sounds like a lot.", "it sounds like"),
        ("“I’m SO — sorry…”", "i'm so sorry"),
        ("Oh no!", "oh no"),
        ("…?!", ""),
        ("", ""),
    ],
)
def test_an_opener_is_the_first_three_words_without_case_or_punctuation(text: str, opener: str) -> None:
    assert opener_of(text) == opener
