from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.study import sequences
from companion.study.measures import Units
from companion.study.said import BIT, Said, tactics_of
from companion.study.sequences import chains, entropies, runs, signals, top_sequences, transitions
from companion.study.table import Table, table_of
from planner import novelty
from planner.ledger import TurnRecord
from planner.tactics import TACTICS

A, Q, V = BIT["advice"], BIT["questioning"], BIT["validation"]
Drawn = list[list[list[int]]]

masks = st.one_of(st.just(0), st.sampled_from([A, Q, V, A | V, Q | V, A | Q | V]), st.integers(0, 1023))
logs = st.lists(st.lists(st.lists(masks, max_size=5), min_size=1, max_size=5), min_size=1, max_size=4)


def table_from(drawn: Drawn) -> Table:
    said = [
        Said(f"c{number}", place, True, None, tuple(sentences))
        for number, turns in enumerate(drawn)
        for place, sentences in enumerate(turns)
    ]
    return table_of(said)


def all_of(table: Table) -> Units:
    return Units(table.owner, len(table.conversations))


def records(turns: list[list[int]]) -> list[TurnRecord]:
    return [TurnRecord(tuple(frozenset(tactics_of(mask)) for mask in sentences)) for sentences in turns]


def bits(counts: Counter[object]) -> float:
    total = sum(counts.values())
    return -sum(n / total * math.log2(n / total) for n in counts.values())


def pairs_of(drawn: Drawn) -> list[tuple[str, str]]:
    return [
        pair
        for turns in drawn
        for sentences in turns
        for a, b in pairwise(sentences)
        for pair in product(tactics_of(a), tactics_of(b))
    ]


@given(logs)
def test_the_signals_are_those_of_the_planner(drawn: Drawn) -> None:
    table = table_from(drawn)
    found = {name: measure.value for name, measure in signals(table, all_of(table)).items()}
    expected: dict[str, list[float]] = {name: [] for name in found}
    for turns in map(records, drawn):
        for place, turn in enumerate(turns):
            expected["entropy"].append(novelty.entropy(turn.counts()))
            if place:
                before = turns[:place]
                expected["kl"].append(novelty.kl(turn.counts(), before[-1].counts()))
                expected["bigram_surprisal"].append(novelty.bigram_surprisal(turn, before))
                expected["trigram_surprisal"].append(novelty.trigram_surprisal(turn, before))
    for name, values in expected.items():
        if values:
            assert found[name] == pytest.approx(np.mean(values), abs=1e-9), name
        else:
            assert math.isnan(found[name])


@given(logs)
def test_entropies_agree_with_counting_by_hand(drawn: Drawn) -> None:
    table = table_from(drawn)
    found = {name: measure.value for name, measure in entropies(table, all_of(table)).items()}
    single: Counter[object] = Counter(t for turns in drawn for s in turns for mask in s for t in tactics_of(mask))
    if single:
        assert found["h1"] == pytest.approx(bits(single), abs=1e-9)
        assert found["h1_share"] == pytest.approx(bits(single) / math.log2(10), abs=1e-9)
        correction = (len(single) - 1) / (2 * single.total()) / math.log(2)
        assert found["h1_miller_madow"] == pytest.approx(bits(single) + correction, abs=1e-9)
    else:
        assert math.isnan(found["h1"])
    pairs = pairs_of(drawn)
    if pairs:
        together = bits(Counter(pairs)) - bits(Counter(a for a, _ in pairs))
        assert found["htrans"] == pytest.approx(together, abs=1e-9)


@given(logs)
def test_transitions_count_every_pair(drawn: Drawn) -> None:
    counts = Counter(pairs_of(drawn))
    found = transitions(table_from(drawn))
    assert {(a, b): n for a, row in zip(TACTICS, found, strict=True)
            for b, n in zip(TACTICS, row, strict=True) if n} == counts  # fmt: skip


def test_counting_in_pieces_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(1)
    drawn = [[random.integers(0, 1024, 6).tolist() for _ in range(8)] for _ in range(10)]
    table = table_from(drawn)

    def everything() -> dict[str, float]:
        units = all_of(table)
        found = entropies(table, units) | signals(table, units) | runs(table, units)
        return {name: measure.value for name, measure in found.items()}

    whole = everything()
    monkeypatch.setattr(sequences, "BLOCK", 100)
    assert len(list(sequences.pieces(table))) > 3
    assert everything() == pytest.approx(whole)


def test_a_turn_for_the_dominant_tactic_and_the_one_after() -> None:
    table = table_from([[[A, A, Q], [V], [A]], [[A], [V]]])
    assert entropies(table, all_of(table))["hturn"].value == 0  # advice is followed by validation, and that by advice


def test_an_entropy_lies_within_its_interval_even_of_few_conversations() -> None:
    from companion.study.bootstrap import estimates

    random = np.random.default_rng(2)
    table = table_from([[(1 << random.integers(0, 10, 3)).tolist() for _ in range(3)] for _ in range(12)])
    for name, found in estimates(entropies(table, all_of(table)), 500).items():
        assert found.low < found.value < found.high, name


def test_rows_of_three_tactics_count_as_repeated_within_their_conversation() -> None:
    again = [[A, Q, V], [A, Q, V]]
    table = table_from([again])
    assert runs(table, all_of(table))["trigram_repetition"].value == 0.5
    table = table_from([[[A, Q, V]], [[A, Q, V]]])
    assert runs(table, all_of(table))["trigram_repetition"].value == 0


def test_sequences_are_compared_without_gaps_and_stutters() -> None:
    table = table_from([[[A, 0, A, Q], [A, Q, Q], [Q, A]], [[A, Q]]])
    assert runs(table, all_of(table))["unique_sequences"].value == 3 / 4  # of four replies one repeats its conversation
    assert top_sequences(table) == [((("advice",), ("questioning",)), 3), ((("questioning",), ("advice",)), 1)]


def test_the_longest_run_is_of_turns_with_the_same_tactics() -> None:
    table = table_from([[[A], [A, A], [A], [Q], [A]], [[Q], [V]]])
    assert runs(table, all_of(table))["longest_run"].value == (3 + 1) / 2


def test_chains_take_every_tactic_of_every_sentence() -> None:
    table = table_from([[[A | Q, V], [V]]])
    found = chains(table, 2)
    names = [tactic.value for tactic in TACTICS]
    assert [(names[code // 10], names[code % 10]) for code in found.code] == [
        ("advice", "validation"),
        ("questioning", "validation"),
    ]
    assert found.row.tolist() == [0, 0]


def test_nothing_at_all_is_no_number_and_no_error() -> None:
    table = table_from([])
    found = entropies(table, all_of(table)) | signals(table, all_of(table)) | runs(table, all_of(table))
    assert all(math.isnan(measure.value) for measure in found.values())
    assert top_sequences(table) == []
