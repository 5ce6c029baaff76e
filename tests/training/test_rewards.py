from __future__ import annotations

from dataclasses import replace
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.tactics import TACTICS
from training.rewards import MODES, VIOLATION, Mode, Scored, Weights, rewards, scaled


def counts(**named: int) -> tuple[int, ...]:
    return tuple(named.get(tactic.value, 0) for tactic in TACTICS)


VALIDATION = counts(validation=1)


def reply(row: int = 0, quality: float = 0.5, tokens: int = 50, **changes: object) -> Scored:
    values = {"counts": VALIDATION, "previous": counts()} | changes
    return Scored(row=row, quality=quality, tokens=tokens, **values)  # type: ignore[arg-type]


# Worked by hand from the formulas. The last turn was one sentence of validation. With +0.1 on each of ten tactics:
#   A  validation once        the same distribution                        KL = 0               H = 0
#   B  questioning once       0.55 ln 11 + 0.05 ln (1/11) = 0.5 ln 11      KL = 1.198948        H = 0
#   C  validation, questioning: totals 3 against 2
#      11/30 ln (2/3) + 11/30 ln (22/3) + 8/30 ln (2/3)                    KL = 0.473763        H = ln 2
#   D  empty: the worst of the others                                      KL = 0               H = 0
# Scaled: quality 0, 0.5, 1, 0; KL 0, 1, 0.395149, 0; H 0, 0, 1, 0. Lengths: 1, 200/400, 1, 1.
GROUP = [
    Scored(7, VALIDATION, VALIDATION, quality=0.2, tokens=100),
    Scored(7, counts(questioning=1), VALIDATION, quality=0.4, tokens=400, opener=0.5),
    Scored(7, counts(validation=1, questioning=1), VALIDATION, quality=0.6, tokens=200, run_on=0.4),
    Scored(7, counts(), VALIDATION, quality=99.0, tokens=0, empty=True),
]
WORKED: dict[Mode, list[float]] = {
    "q": [0, 0.25, 1, 0],
    "dkl": [0, 0.5, 0.395149, 0],
    "h": [0, 0, 1, 0],
    "q+dkl": [0, 0.75, 1.395149, 0],
    "q+h": [0, 0.25, 2, 0],
    "q+dkl+h": [0, 0.5, 1.697575, 0],
    "q+dkl+opening": [0, 0.75 - 0.5, 1.395149 - 0.5 * 0.4, 0],
}


def totals(scored: list[Scored], mode: Mode = "q+dkl", **settings: float) -> list[float]:
    return [each.total for each in rewards(scored, mode, **settings)]  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_gives_the_values_worked_by_hand(mode: Mode) -> None:
    assert totals(GROUP, mode) == pytest.approx(WORKED[mode], abs=1e-6)


def test_the_raw_parts_are_those_worked_by_hand() -> None:
    found = rewards(GROUP, "q+dkl")
    assert [each.kl for each in found] == pytest.approx([0, 0.5 * log(11), 0.473763, 0], abs=1e-6)
    assert [each.h for each in found] == pytest.approx([0, 0, log(2), 0])
    assert [each.quality for each in found] == [0.2, 0.4, 0.6, 0.2]
    assert [each.length for each in found] == [1, 0.5, 1, 1]


def test_kl_without_a_last_turn_is_against_a_flat_distribution() -> None:
    # 0.7 ln 7 + 9 * (1/30) ln (1/3)
    assert rewards([reply(counts=counts(validation=2))], "dkl")[0].kl == pytest.approx(1.032553, abs=1e-6)


def test_kl_is_capped_at_five() -> None:
    assert rewards([reply(counts=counts(questioning=30), previous=counts(validation=1000))], "dkl")[0].kl == 5.0


def test_entropy_of_a_reply_is_in_nats() -> None:
    one = rewards([reply(counts=counts(advice=2, validation=1, questioning=1))], "h")[0]
    assert one.h == pytest.approx(1.039721, abs=1e-6)  # 0.5 ln 2 + 2 * 0.25 ln 4


@pytest.mark.parametrize("mode", MODES)
def test_a_violation_costs_two(mode: Mode) -> None:
    named = [GROUP[0], replace(GROUP[1], violation=True), *GROUP[2:]]
    assert totals(named, mode)[1] == pytest.approx(totals(GROUP, mode)[1] - VIOLATION)


def test_the_weight_is_that_of_novelty_beside_quality() -> None:
    assert totals(GROUP, weights=Weights(novelty=3.0))[2] == pytest.approx(1 + 3 * 0.395149, abs=1e-6)  # type: ignore[arg-type]


def test_a_flat_group_gets_a_half() -> None:
    assert totals([reply(), reply()]) == [1.0, 1.0]  # 0.5 + 0.5


def test_groups_are_made_by_row_and_not_by_place() -> None:
    mixed = [reply(1, 0.0), reply(2, 10.0), reply(1, 1.0), reply(2, 30.0), reply(2, 20.0)]
    assert [each.quality_scaled for each in rewards(mixed, "q")] == [0, 0, 1, 1, 0.5]


def test_all_replies_of_a_group_may_be_empty() -> None:
    assert totals([reply(empty=True, quality=float("nan")), reply(empty=True)]) == [1.0, 1.0]


@pytest.mark.parametrize("quality", [float("nan"), float("inf")])
def test_a_quality_that_is_no_number_is_refused(quality: float) -> None:
    with pytest.raises(ValueError, match="row 4"):
        rewards([reply(4, quality)], "q")


def test_a_reply_beyond_the_length_loses_in_proportion() -> None:
    assert rewards([reply(tokens=80)], "q", length=80)[0].length == 1
    assert rewards([reply(tokens=320)], "q", length=80)[0].length == 0.25


# -- the floor ------------------------------------------------------------------------------------------------


def test_a_spread_below_the_floor_is_not_stretched() -> None:
    assert scaled([0.50, 0.51], floor=0.1) == pytest.approx([0.45, 0.55])


def test_a_spread_of_the_floor_or_more_is_stretched_to_the_whole_range() -> None:
    assert scaled([0.5, 0.6], floor=0.1) == pytest.approx([0, 1])
    assert scaled([0.5, 0.9, 0.7], floor=0.1) == pytest.approx([0, 1, 0.5])


def test_the_floor_is_a_share_of_each_part_s_own_range() -> None:
    group = [
        Scored(0, counts(validation=1), VALIDATION, quality=0.5, tokens=1),
        Scored(0, counts(validation=1, questioning=1), VALIDATION, quality=0.55, tokens=1),
    ]
    first, second = rewards(group, "q+dkl+h", floor=0.2)
    assert second.quality_scaled - first.quality_scaled == pytest.approx(0.05 / 0.2)
    assert second.kl_scaled - first.kl_scaled == pytest.approx(0.473763 / (0.2 * 5), abs=1e-6)
    assert second.h_scaled - first.h_scaled == pytest.approx(1)  # ln 2 is more than a fifth of ln 10


# -- invariants -----------------------------------------------------------------------------------------------

NUMBERS = st.integers(-10_000, 10_000).map(lambda number: number / 100)
REPLIES = st.builds(
    Scored,
    row=st.integers(0, 2),
    counts=st.tuples(*[st.integers(0, 4)] * 10),
    previous=st.tuples(*[st.integers(0, 4)] * 10),
    quality=NUMBERS,
    tokens=st.integers(0, 900),
    violation=st.booleans(),
    opener=st.floats(0, 1),
    run_on=st.floats(0, 1),
    empty=st.booleans(),
)


@given(st.lists(NUMBERS, min_size=1), st.sampled_from([0.0, 0.1, 5.0]))
def test_scaled_values_lie_in_zero_to_one_and_keep_their_order(values: list[float], floor: float) -> None:
    found = scaled(values, floor)
    assert all(-1e-9 <= value <= 1 + 1e-9 for value in found)
    assert sorted(range(len(values)), key=lambda i: (values[i], i)) == sorted(
        range(len(values)), key=lambda i: (found[i], values[i], i)
    )


@given(st.lists(REPLIES, min_size=1, max_size=12), st.sampled_from(MODES), st.randoms(use_true_random=False))
def test_the_order_of_replies_does_not_matter(scored: list[Scored], mode: Mode, chance: object) -> None:
    order = list(range(len(scored)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    mixed = totals([scored[place] for place in order], mode)
    assert mixed == [totals(scored, mode)[place] for place in order]


@given(st.lists(REPLIES, min_size=1, max_size=12), st.sampled_from(MODES))
def test_an_empty_reply_is_never_scaled_above_another_of_its_group(scored: list[Scored], mode: Mode) -> None:
    found = rewards(scored, mode)
    for each, reward in zip(scored, found, strict=True):
        if each.empty:
            others = [other for mine, other in zip(scored, found, strict=True) if mine.row == each.row]
            for part in ("quality_scaled", "kl_scaled", "h_scaled"):
                assert getattr(reward, part) == min(getattr(other, part) for other in others)


@given(REPLIES, st.integers(1, 9))
def test_one_more_use_of_the_last_turn_s_only_tactic_never_raises_kl(each: Scored, times: int) -> None:
    last = counts(validation=times)
    fewer = replace(each, counts=counts(questioning=1, validation=1), previous=last, empty=False)
    more = replace(fewer, counts=counts(questioning=1, validation=2))
    assert rewards([more], "dkl")[0].kl <= rewards([fewer], "dkl")[0].kl
