from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from companion.context import CHARACTERS_PER_TOKEN, fit
from companion.engine.protocol import EngineError
from planner.layouts import Message

OVERHEAD = 3


def count(history: Sequence[Message]) -> int:
    """A token is a word; the prompt around the history takes some too."""
    return OVERHEAD + sum(len(message.content.split()) for message in history)


def exchanges(*lengths: int) -> list[Message]:
    """The person's messages of so many words, with a reply of two words between them."""
    history: list[Message] = []
    for length in lengths:
        history += [Message("user", "w " * length), Message("assistant", "so so")]
    return history[:-1]


def test_what_fits_is_left_whole() -> None:
    history = exchanges(2, 2, 2)
    assert fit(history, count, count(history)) == (history, 0)


def test_one_token_less_costs_the_oldest_exchange_and_no_more() -> None:
    history = exchanges(2, 2, 2)
    assert fit(history, count, count(history) - 1) == (history[2:], 2)


def test_a_last_message_that_is_too_long_by_one_token_is_refused_with_both_numbers() -> None:
    with pytest.raises(EngineError, match="about 1,203 tokens long and this model reads 1,202 at a time"):
        fit(exchanges(2, 1200), count, 1202)


def test_a_message_that_was_never_answered_can_be_left_out_alone() -> None:
    history = [Message("user", "w " * 90), Message("user", "w w")]
    assert fit(history, count, 20) == (history[1:], 1)


def test_text_that_cannot_fit_is_not_even_counted() -> None:
    room = 50
    counted: list[int] = []

    def counting(history: Sequence[Message]) -> int:
        counted.append(sum(len(message.content) for message in history))
        return count(history)

    history = [Message("user", "x" * 1_000_000), Message("assistant", "so so"), *exchanges(1, 1, 1)]
    assert fit(history, counting, room) == (history[2:], 2)
    with pytest.raises(EngineError, match=r"125,000 tokens"):
        fit(history[:1], counting, room)
    assert max(counted) <= room * CHARACTERS_PER_TOKEN


@given(st.lists(st.integers(1, 20), min_size=1, max_size=12), st.integers(1, 80))
def test_the_longest_run_of_whole_exchanges_is_kept_that_fits_with_a_quarter_to_spare(
    lengths: list[int], room: int
) -> None:
    history = exchanges(*lengths)
    assume(OVERHEAD + lengths[-1] <= room)
    kept, left_out = fit(history, count, room)
    assert kept == history[left_out:]
    assert kept[0].role == "user"
    assert count(kept) <= room
    if left_out:
        assert count(history) > room
        assert len(kept) == 1 or count(kept) <= room - room // 4
        assert count(history[left_out - 2 :]) > room - room // 4


def test_what_was_left_out_stays_out_while_the_rest_fits() -> None:
    history = exchanges(*[5] * 10)
    _, first = fit(history, count, 40)
    grown = [*history, Message("assistant", "so so"), Message("user", "w w w")]
    assert fit(grown, count, 40, first) == (grown[first:], first)
    assert fit(history[:5], count, 40, first) == (history[:5], 0)  # another branch, shorter than what was left out


def test_a_room_that_is_full_is_not_emptied_anew_in_every_turn() -> None:
    history, first, moved = exchanges(5), 0, 0
    for _ in range(40):
        before = first
        _, first = fit(history, count, 80, first)
        moved += first != before
        history = [*history, Message("assistant", "so so"), Message("user", "w w w w w")]
    assert moved <= 40 * 7 // (80 // 4) + 1


def test_a_message_that_fills_the_room_alone_is_kept() -> None:
    assert fit(exchanges(5, 30), count, 35) == (exchanges(5, 30)[2:], 2)
