from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from companion.encoder_input import (
    BEFORE_LIMIT,
    CLS,
    SENTENCE_LIMIT,
    SEP,
    TEXT_LIMIT,
    Window,
    batches,
    pack,
    reply_windows,
    spread,
    whole_window,
)

LENGTHS = st.lists(st.integers(0, SENTENCE_LIMIT), max_size=40)


@given(LENGTHS)
def test_every_sentence_is_a_target_once_and_in_order(lengths: list[int]) -> None:
    targets = [n for _, _, first, last in spread(lengths) for n in range(first, last)]
    assert targets == list(range(len(lengths)))


@given(LENGTHS)
def test_no_window_is_longer_than_the_limit(lengths: list[int]) -> None:
    for first, end, _, _ in spread(lengths):
        assert 1 + sum(length + 1 for length in lengths[first:end]) <= TEXT_LIMIT


@given(LENGTHS)
def test_a_target_has_its_neighbours_beside_it_wherever_they_fit(lengths: list[int]) -> None:
    for first, end, target, last in spread(lengths):
        for n in range(target, last):
            if n and first == n:
                assert 1 + lengths[n - 1] + 1 + lengths[n] + 1 > TEXT_LIMIT
            if n + 1 < len(lengths) and end == n + 1:
                assert n == target, "only a sentence that fills the window alone may miss the next one"


def test_a_reply_is_read_whole_with_a_mark_after_each_sentence() -> None:
    (window,) = reply_windows([[1, 2], [3]])
    assert window.ids == [CLS, 1, 2, SEP, 3, SEP]
    assert window.spans == [(1, 4), (4, 6)]
    assert window.text == 6


def test_what_stands_before_follows_as_the_second_segment_and_keeps_its_end() -> None:
    (window,) = reply_windows([[1]], before=list(range(1000, 1000 + BEFORE_LIMIT + 5)))
    assert window.text == 3
    assert window.ids[3:] == [*range(1005, 1005 + BEFORE_LIMIT), SEP]


def test_a_long_text_is_cut_at_a_sentence() -> None:
    window = whole_window([[7] * 100, [8] * 100, [9] * 100])
    assert len(window.spans) == 2
    assert window.ids[-1] == SEP
    assert 9 not in window.ids


def test_an_empty_text_is_a_window() -> None:
    assert whole_window([[]]).ids == [CLS, SEP]
    assert whole_window([]).ids == [CLS]
    assert reply_windows([]) == []


def test_a_batch_pads_and_pools_the_mean_of_each_sentence() -> None:
    batch = pack([Window([CLS, 5, SEP], 3, [(1, 3)]), Window([CLS, 5, SEP, 6, SEP], 3, [(1, 3)])], multiple=8)
    assert batch.ids.shape == (2, 8)
    assert batch.mask.sum(1).tolist() == [3, 5]
    assert batch.segments[1].tolist() == [0, 0, 0, 1, 1, 0, 0, 0]
    assert np.allclose(batch.pool.sum(-1), 1)
    assert batch.pool[0, 0, 1] == 0.5


@given(st.lists(st.integers(1, 300), max_size=60), st.integers(1, 2000))
def test_batches_hold_every_item_once_and_stay_within_the_budget(lengths: list[int], budget: int) -> None:
    groups = list(batches(lengths, budget))
    assert sorted(index for group in groups for index in group) == list(range(len(lengths)))
    assert all(len(group) == 1 or max(lengths[i] for i in group) * len(group) <= budget for group in groups)
