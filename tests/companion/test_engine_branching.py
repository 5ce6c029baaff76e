"""Candidates side by side, with a model that says what it is told: how each of them ends, and when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import pytest

from companion.engine.branching import Candidate, grow, heat
from companion.engine.protocol import Continuation, Sampling

if TYPE_CHECKING:
    from companion.engine.llama import LlamaModel

END = -1
HALF = "é".encode()[:1]


class FakeModel:
    """Sequence i says `says[i]`, piece by piece, and then ends the reply; there is room for `room` more tokens."""

    def __init__(self, *says: Sequence[str | bytes], room: int = 10_000) -> None:
        self._says = [[piece.encode() if isinstance(piece, str) else piece for piece in each] for each in says]
        self._rows: list[int] = []
        self.room = room
        self.batches: list[int] = []
        self.kept_logits: dict[int, int] = {}
        self.freed = 0

    def fork(self, count: int) -> None:
        assert count == len(self._says)

    def sampler(self, sampling: Sampling, seed: int, recent: Sequence[int]) -> list[int]:
        return [seed, 0]

    def sample(self, sampler: list[int], row: int) -> int:
        sequence, position = sampler
        assert row == -1 or self._rows[row] == sequence
        sampler[1] += 1
        return sequence * 1000 + position if position < len(self._says[sequence]) else END

    def piece(self, token: int) -> bytes:
        return self._says[token // 1000][token % 1000]

    def is_end(self, token: int) -> bool:
        return token == END

    def advance(self, steps: Sequence[tuple[int, int]]) -> None:
        self.room -= len(steps)
        assert self.room >= 0
        self._rows = [sequence for sequence, _ in steps]
        self.batches.append(len(steps))

    def keep_logits(self, sequence: int, row: int) -> None:
        assert self._rows[row] == sequence
        self.kept_logits[sequence] = len(self.batches)

    def free(self, sampler: Any) -> None:
        self.freed += 1


def grown(model: FakeModel, count: int, *, limit: int = 64, before: str = "") -> list[Continuation]:
    candidates = [Candidate(sequence, before, limit) for sequence in range(count)]
    steps = grow(cast("LlamaModel", model), candidates, Sampling(), range(count), (), frozenset())
    assert steps == len(model.batches)
    assert model.freed == count
    return [candidate.continuation for candidate in candidates]


def words(count: int) -> list[str]:
    return [" on"] * count


def test_each_candidate_ends_with_its_sentence_and_the_batch_shrinks() -> None:
    model = FakeModel(["Yes", ".", " And"], ["I", " see", ".", " So"], ["Go", " on"])
    assert grown(model, 3) == [
        Continuation("Yes.", 2, "sentence"),
        Continuation("I see.", 3, "sentence"),
        Continuation("Go on", 2, "stop"),
    ]
    assert model.batches == [3, 3, 1]


def test_the_logits_after_a_sentence_are_kept_where_its_last_token_has_been_read() -> None:
    model = FakeModel(["Yes", ".", " And"], ["Yes", ".\n"], ["I", " do", "."], ["I", " do", ".", " So"])
    grown(model, 4)
    assert model.kept_logits == {0: 2, 3: 3}


def test_the_token_that_shows_the_end_is_no_part_of_the_sentence_but_white_space_within_is() -> None:
    (way,) = grown(FakeModel(["I see", ".\n\n", "So"]), 1)
    assert way == Continuation("I see.\n\n", 2, "sentence")


def test_a_candidate_may_be_empty() -> None:
    assert grown(FakeModel([], [], [], []), 4) == [Continuation("", 0, "stop")] * 4
    model = FakeModel([], ["Well", ".", " So"])
    assert grown(model, 2) == [Continuation("", 0, "stop"), Continuation("Well.", 2, "sentence")]


def test_a_candidate_that_never_ends_is_bounded() -> None:
    model = FakeModel(words(99))
    assert grown(model, 1, limit=10) == [Continuation(" on" * 10, 10, "length")]
    assert model.batches == [1] * 9


def test_a_straggler_is_cut_once_two_others_have_ended() -> None:
    model = FakeModel([*words(17), ".", " So"], [*words(15), ".", " So"], words(99), words(99))
    ways = grown(model, 4)
    assert [(way.tokens, way.end) for way in ways] == [(18, "sentence"), (16, "sentence"), (28, "cut"), (28, "cut")]
    assert len(model.batches) == 27


def test_a_short_candidate_is_never_cut() -> None:
    ways = grown(FakeModel(["Oh", ".", " So"], ["Ah", ".", " So"], [*words(9), ".", " So"], words(99)), 4)
    assert [(way.tokens, way.end) for way in ways[2:]] == [(10, "sentence"), (21, "cut")]


def test_a_candidate_is_not_cut_beside_a_single_one_that_has_ended() -> None:
    ways = grown(FakeModel(["No", ".", " So"], [*words(20), ".", " So"]), 2)
    assert [(way.tokens, way.end) for way in ways] == [(2, "sentence"), (21, "sentence")]


def test_a_candidate_is_not_cut_because_others_say_nothing() -> None:
    ways = grown(FakeModel([], [], [*words(20), ".", " So"], ["Yes", ".", " So"]), 4)
    assert [way.tokens for way in ways] == [0, 0, 21, 2]


def test_where_the_context_is_full_every_candidate_ends() -> None:
    model = FakeModel([*words(2), ".", " So"], words(99), words(99), room=10)
    ways = grown(model, 3)
    assert [(way.tokens, way.end) for way in ways] == [(3, "sentence"), (4, "length"), (4, "length")]
    assert model.room == 1


def test_half_a_character_is_no_part_of_a_candidate() -> None:
    model = FakeModel(["caf", HALF], ["caf", HALF, b"\xa9", "!", " Ah"], ["caf", HALF, b"\xa9" + HALF])
    assert grown(model, 3, limit=9) == [
        Continuation("caf", 1, "stop"),
        Continuation("café!", 4, "sentence"),
        Continuation("caf", 1, "stop"),
    ]


def test_what_the_reply_has_said_counts_for_where_a_sentence_ends() -> None:
    says = [" Moss", ".", " Yes", ".", " So"]
    assert grown(FakeModel(says), 1, before="Ask Dr.")[0].text == " Moss."
    assert grown(FakeModel([" ?", " So"]), 1, before="Ask")[0].text == " ?"


def test_samplers_are_freed_when_the_model_fails() -> None:
    class Failing(FakeModel):
        def advance(self, steps: Sequence[tuple[int, int]]) -> None:
            raise RuntimeError

    model = Failing(words(9), words(9))
    with pytest.raises(RuntimeError):
        grown(model, 2)
    assert model.freed == 2


def test_further_candidates_are_drawn_hotter_but_none_wildly() -> None:
    cool = Sampling(temperature=0.3)
    assert [round(heat(cool, number), 2) for number in range(4)] == [0.3, 0.42, 0.54, 0.66]
    warm = Sampling(temperature=0.8)
    assert [round(heat(warm, number), 2) for number in range(4)] == [0.8, 1.0, 1.0, 1.0]
    assert [heat(Sampling(temperature=1.5), number) for number in range(4)] == [1.5] * 4
    assert [heat(Sampling(temperature=0.0), number) for number in range(4)] == [0.0] * 4
