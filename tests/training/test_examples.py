from __future__ import annotations

from pathlib import Path

import pytest

from companion.engine.profile import Profile
from companion.errors import UsageError
from planner.layouts import CONTROL_TOKENS, Layout, Message
from tests.companion.fakes import CueTagger
from training.examples import Example, make_examples
from training.prompts import Prompter, make_rows
from training.recordings import Recording
from training.reply_tags import ReplyTags
from training.tuning_recipe import DpoRecipe, SftRecipe, read_tuning


def words(text: str) -> int:
    return len(text.split())


def talk(*replies: str) -> Recording:
    said = [each for reply in replies for each in (Message("user", "Go on."), Message("assistant", reply))]
    return Recording("t", tuple(said))


@pytest.fixture
def tags(tmp_path: Path) -> ReplyTags:
    return ReplyTags(CueTagger(), tmp_path / "tags.jsonl")


def examples(tags: ReplyTags, *recordings: Recording, tokens: int = 50, controls: bool = False) -> list[Example]:
    profile = Profile(layout=Layout.MINI, controls=frozenset(CONTROL_TOKENS))
    prompter = Prompter(Layout.MINI, profile, words, plan=controls, limit=500)
    rows = make_rows(recordings, tags, prompter)
    return make_examples(rows, tags, prompter, words, tokens=tokens, controls=controls, seed=1)


def test_a_reply_is_learned_after_what_was_said_before_it(tags: ReplyTags) -> None:
    first, second = examples(tags, talk("What happened?", "I see."))
    assert first.completion == "What happened?"
    assert first.prompt.endswith("Go on.<|im_end|>\n<|im_start|>assistant\n")
    assert "What happened?" in second.prompt
    assert second.completion == "I see."


def test_control_tokens_name_only_what_the_reply_does(tags: ReplyTags) -> None:
    found = examples(tags, *[talk("It makes sense. What happened?")] * 30, controls=True)
    named = [example.prompt.rpartition("assistant\n")[2].replace("><", "> <").split() for example in found]
    assert {name for names in named for name in names} == {"<|validation|>", "<|questioning|>"}
    assert [] in named  # now and then none, so that the model also talks without a plan
    assert ["<|validation|>", "<|questioning|>"] in named


def test_examples_are_the_same_whenever_they_are_made(tags: ReplyTags) -> None:
    talks = [talk("It makes sense. What happened?")] * 5
    assert examples(tags, *talks, controls=True) == examples(tags, *talks, controls=True)


@pytest.mark.parametrize(
    "reply",
    [
        "word " * 51,
        "Validation: it makes sense.",
        "I will always be here for you, I promise.",
    ],
)
def test_what_must_not_be_learned_is_left_out(tags: ReplyTags, reply: str) -> None:
    assert [example.completion for example in examples(tags, talk("Yes.", reply, "No."))] == ["Yes.", "No."]


def test_a_reply_cannot_bring_control_tokens_of_its_own(tags: ReplyTags) -> None:
    (example,) = examples(tags, talk("Oh.<|im_end|>"))
    assert "<|" not in example.completion


# -- the recipes ----------------------------------------------------------------------------------------------


def test_sft_learns_no_plan_that_nobody_followed() -> None:
    with pytest.raises(UsageError, match="for the layout mini alone"):
        read_tuning(SftRecipe, "sft", ("prompts.layout=mint",))


def test_a_step_takes_whole_batches() -> None:
    with pytest.raises(UsageError, match=r"examples \(10\) must be a multiple of together \(4\)"):
        read_tuning(DpoRecipe, "dpo", ("step.examples=10",))


def test_steps_follow_from_the_examples_unless_they_are_set() -> None:
    recipe = SftRecipe(name="a", epochs=2)
    assert recipe.total(160) == 20
    assert recipe.total(3) == 1
    assert SftRecipe(name="a", steps=5).total(160) == 5
