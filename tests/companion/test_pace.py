from __future__ import annotations

import pytest

from companion.speaking.pace import Pace


def test_a_fast_machine_tries_as_many_as_it_may() -> None:
    pace = Pace(4, 2.5)
    pace.note(1, 1, 0.001)
    assert pace.candidates == 4
    assert Pace(2, 2.5).candidates == 2


@pytest.mark.parametrize(("step", "candidates"), [(0.05, 4), (0.06, 3), (0.08, 2), (0.2, 1)])
def test_a_slow_machine_tries_fewer_so_that_a_sentence_of_twenty_tokens_is_in_time(
    step: float, candidates: int
) -> None:
    pace = Pace(4, 2.5)
    pace.note(1, 10, 10 * step)
    assert pace.candidates == candidates
    assert pace.sentence(candidates) <= 2.5 or candidates == 1


def test_what_four_took_is_what_four_are_expected_to_take() -> None:
    pace = Pace(4, 2.5)
    pace.note(4, 10, 1.0)
    assert pace.sentence(4) == pytest.approx(20 * 0.1)
    assert pace.sentence(1) < pace.sentence(2) < pace.sentence(3) < pace.sentence(4)


def test_a_machine_that_becomes_busy_or_free_is_followed_by_what_is_tried_alone() -> None:
    pace = Pace(4, 2.5)
    step = {"busy": 1.0, "free": 0.01}

    def speak(machine: str, sentences: int) -> list[int]:
        tried = []
        for _ in range(sentences):
            tried.append(pace.candidates)
            pace.note(tried[-1], 20, 20 * step[machine])
        return tried

    assert speak("free", 3) == [4, 4, 4]
    assert speak("busy", 10)[-1] == 1
    assert speak("free", 20)[-1] == 4


def test_long_sentences_leave_time_for_fewer() -> None:
    pace = Pace(4, 2.5)
    pace.note(1, 1, 0.05)
    assert pace.candidates == 4
    for _ in range(20):
        pace.note_sentence(60)
    assert pace.candidates == 1


def test_no_step_is_no_measurement() -> None:
    pace = Pace(4, 2.5)
    pace.note(4, 0, 1.0)
    assert not pace.measured
    assert pace.candidates == 4
