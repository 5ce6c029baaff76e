from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.errors import NotFound, UsageError
from companion.experiment.assignment import arm_of
from companion.experiment.design import Design, example, read_design
from companion.settings import Settings
from tests.companion.experiments import DESIGN, design_file

ARMS = st.lists(st.text(min_size=1, max_size=3), min_size=2, max_size=6, unique=True)


@given(ARMS, st.integers(0, 2**32), st.integers(0, 40))
def test_every_block_has_each_arm_once_so_that_arms_stay_balanced(arms: list[str], seed: int, blocks: int) -> None:
    given_out = [arm_of(arms, seed, number) for number in range(blocks * len(arms))]
    assert Counter(given_out) == dict.fromkeys(arms, blocks) if blocks else not given_out
    for number in range(len(given_out)):
        counts = Counter(given_out[:number])
        assert max(counts.values(), default=0) - min((counts[arm] for arm in arms), default=0) <= 1


@given(ARMS, st.integers(0, 2**32), st.integers(0, 500))
def test_the_same_seed_gives_the_same_arm(arms: list[str], seed: int, number: int) -> None:
    assert arm_of(arms, seed, number) == arm_of(arms, seed, number)


def test_the_order_depends_on_the_seed_and_the_block() -> None:
    def order(seed: int) -> list[str]:
        return [arm_of(["a", "b", "c"], seed, number) for number in range(60)]

    assert len({tuple(order(seed)) for seed in range(10)}) == 10
    blocks = {tuple(order(1)[start : start + 3]) for start in range(0, 60, 3)}
    assert len(blocks) > 3


def test_the_example_is_a_whole_design(tmp_path: Path) -> None:
    design = read_design(design_file(tmp_path, example()))
    assert [arm.name for arm in design.arms] == ["plan", "no plan"]
    assert {question.kind for question in design.after} == {"scale", "choice", "text"}
    assert "withdraw" in design.consent


def test_an_arm_changes_what_it_says_and_nothing_else(tmp_path: Path) -> None:
    design = read_design(design_file(tmp_path))
    chosen = Settings(model="other", planner=True, candidates=3, theme="light")
    planned, free = (design.arm(name).settings(chosen) for name in ("planned", "loose"))
    assert (planned.model, planned.planner, planned.candidates, planned.theme) == ("mini", True, 1, "light")
    assert (free.model, free.planner) == ("other", False)
    assert free.sentence_seconds > 60  # as many candidates as the arm says, whatever the machine


def test_a_design_is_read_back_as_it_was_kept(tmp_path: Path) -> None:
    design = read_design(design_file(tmp_path))
    assert Design.model_validate_json(design.model_dump_json()) == design


def test_answers_are_numbers_on_a_scale_and_words_of_a_choice(tmp_path: Path) -> None:
    mood, again, remarks = read_design(design_file(tmp_path)).after
    assert (mood.answers, mood.value(3)) == (tuple("1234567"), 3)
    assert (again.answers, again.value(2)) == (("yes", "no"), "no")
    assert remarks.answers == ()
    assert read_design(design_file(tmp_path)).before[0].ends == "1 is bad, 7 is good."


def test_what_is_shown_is_clean(tmp_path: Path) -> None:
    text = DESIGN.replace("You will write", "You\\u001b[2J will\\u202e write")
    assert "\x1b" not in (consent := read_design(design_file(tmp_path, text)).consent)
    assert "\u202e" not in consent


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('consent = "You', '# "You', "consent is missing"),
        ("planner = true", "planer = true", "no key arms, number 1, planer. Did you mean 'planner'?"),
        ("messages = 2", "message = 2", "no key message. Did you mean 'messages'?"),
        ("most = 5", "most = 50", "reply, number 1, most = 50 cannot be used"),
        ("candidates = 1", "candidates = 5", "arms, number 1, candidates = 5 cannot be used"),
        ('name = "loose"', 'name = "planned"', "two arms are called 'planned'"),
        ('name = "loose"', 'name = "Fr\\u001bee/.."', "a name has up to 40 small letters"),
        ('options = ["yes", "no"]', 'options = ["yes"]', "the choice again needs two options"),
        ('id = "again"', 'id = "mood"', "two questions after have the id 'mood'"),
        ('kind = "text"', 'kind = "essay"', "kind = 'essay' cannot be used"),
        ("seed = 4", "seed =", "is not valid TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, before: str, after: str, words: str) -> None:
    assert before in DESIGN
    with pytest.raises(UsageError) as raised:
        read_design(design_file(tmp_path, DESIGN.replace(before, after, 1)))
    assert words in str(raised.value)
    assert "\x1b" not in str(raised.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        read_design(tmp_path / "nowhere.toml")
