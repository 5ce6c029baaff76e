from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from companion.errors import CompanionError
from planner.steering import WORN
from planner.tactics import TACTICS, Tactic
from tests.companion.fakes import CueTagger
from training.grpo_reward import GrpoReward
from training.mint_recipe import RewardRecipe
from training.readings import Dialogue, EncoderTactics, Reader

ZEROS = [0] * len(TACTICS)
VALIDATED = [int(tactic is Tactic.VALIDATION) for tactic in TACTICS]
TALK: Dialogue = [{"role": "user", "content": "My week was bad."}]


class Longest:
    """The longest reply is the best."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def quality(self, dialogues: Sequence[Dialogue], replies: Sequence[str]) -> list[float]:
        self.asked += replies
        return [float(len(reply)) for reply in replies]


def reward(mode: str = "q+dkl", group: int = 2, quality: Any = None, **settings: Any) -> GrpoReward:
    recipe = RewardRecipe.model_validate({"mode": mode} | settings)
    reader = Reader(EncoderTactics(CueTagger()), quality or Longest())
    return GrpoReward(recipe, group, reader, lambda text: len(text.split()))


def called(
    given: GrpoReward,
    completions: Sequence[Any],
    row: Sequence[int],
    previous: Sequence[int] = ZEROS,
    openers: Sequence[str] = (),
    **more: Any,
) -> list[float]:
    count = len(completions)
    return given(
        prompts=["p"] * count,
        completions=completions,
        completion_ids=[[1]] * count,
        row=row,
        previous=[previous] * count,
        openers=[openers] * count,
        dialogue=[TALK] * count,
        trainer_state=None,
        **more,
    )


def test_the_callable_has_the_name_that_trl_asks_for() -> None:
    assert reward().__name__ == "mint"


def test_what_differs_from_the_last_turn_is_worth_more() -> None:
    alike, other = "It makes sense to me.", "What happened then???"
    assert len(alike) == len(other)
    assert called(reward(), [alike, other], [3, 3], VALIDATED) == [0.5, 1.5]


def test_completions_may_be_messages() -> None:
    messages = [[{"role": "assistant", "content": text}] for text in ("Longer reply.", "Short.")]
    assert called(reward("q"), messages, [1, 1]) == [1.0, 0.0]


def test_thoughts_are_neither_read_nor_counted() -> None:
    given = reward("q", length=2)
    thoughts = "<think>A long thought about it.</think>\n\n"
    assert called(given, [f"{thoughts}Go on.", "Oh."], [1, 1]) == [1.0, 0.0]  # two words: the length takes nothing


def test_a_thought_without_end_is_a_violation_and_an_empty_reply() -> None:
    quality = Longest()
    found = called(reward("q", group=3, quality=quality), ["<think>and on and on", "Yes.", "No way."], [1, 1, 1])
    assert found == [-2.0, 0.0, 1.0]
    assert quality.asked == ["Yes.", "No way."]


def test_naming_tactics_costs_two() -> None:
    assert called(reward("q"), ["Validation: of course it does.", "Yes."], [1, 1]) == [-1.0, 0.0]


def test_what_the_chat_lets_nobody_say_costs_where_the_recipe_asks_for_it() -> None:
    said = ["You are right, there is no hope left for you.", "Yes."]
    assert called(reward("q"), said, [1, 1]) == [1.0, 0.0]
    assert called(reward("q", lint=True, violation=5), said, [1, 1]) == [-4.0, 0.0]


def test_groups_that_are_not_whole_end_the_run() -> None:
    with pytest.raises(CompanionError, match="1 of the 2 replies to row 5"):
        called(reward(), ["a", "b", "c"], [4, 4, 5])


def test_a_reading_that_fails_ends_the_run() -> None:
    class Dead:
        def quality(self, dialogues: Sequence[Dialogue], replies: Sequence[str]) -> list[float]:
            return [float("nan")] * len(replies)

    with pytest.raises(CompanionError, match="gave nan"):
        called(reward(quality=Dead()), ["a", "b"], [4, 4])


def test_the_opening_counts_in_its_mode_only() -> None:
    worn, fresh = "I hear you. What now?", "So much of it. Why now?"
    by_mode = {mode: called(reward(mode), [worn, fresh], [1, 1]) for mode in ("q+dkl", "q+dkl+opening")}
    assert by_mode["q+dkl"][0] - by_mode["q+dkl+opening"][0] == pytest.approx(WORN)
    assert by_mode["q+dkl"][1] == by_mode["q+dkl+opening"][1]


def test_an_opening_of_the_conversation_counts_whole() -> None:
    found = called(
        reward("q+dkl+opening"), ["So it goes. Why?", "Oh, and why now?"], [1, 1], openers=["so it goes", ""]
    )
    plain = called(reward("q+dkl"), ["So it goes. Why?", "Oh, and why now?"], [1, 1])
    assert plain[0] - found[0] == pytest.approx(1.0)


def test_one_opening_in_step_after_step_wears_out_and_a_checkpoint_remembers_it() -> None:
    given = reward("q+dkl+opening", common=1.0)
    replies = ["So it goes. Why?", "Oh, and why now?"]
    first = called(given, replies, [1, 1])
    second = called(given, replies, [2, 2])
    assert second == pytest.approx([value - 0.5 for value in first])  # each opening is half of what was said
    again = reward("q+dkl+opening", common=1.0)
    state = json.loads(json.dumps(given.state()))
    again.restore(state)
    assert called(again, replies, [3, 3]) == called(given, replies, [3, 3])


def test_raw_parts_are_logged_with_the_spread_in_the_groups() -> None:
    metrics: dict[str, float] = {}
    extra: dict[str, list[Any]] = {}
    called(
        reward(),
        ["It makes sense.", "What happened? Why?", "Validation: yes.", ""],
        [1, 1, 2, 2],
        VALIDATED,
        log_metric=metrics.__setitem__,
        log_extra=extra.__setitem__,
    )
    assert metrics["parts/violations"] == 0.25
    assert metrics["parts/empty"] == 0.25
    assert metrics["parts/tokens"] == (3 + 3 + 2 + 0) / 4
    assert metrics["parts/tactics"] == 0.5
    assert metrics["spread/quality"] == 4 / 2  # 15 and 19 characters in one group, one that is not empty in the other
    assert metrics["parts/novelty"] > 0
    assert extra["tactics"] == ["validation", "questioning; questioning", "-", ""]
    assert extra["violation"] == [False, False, True, False]
    assert {len(values) for values in extra.values()} == {4}
