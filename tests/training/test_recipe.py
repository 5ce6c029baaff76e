from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from companion.errors import NotFound, UsageError
from tests.training.tiny_mini import RECIPE
from training.corpora import OWN, SOURCES
from training.encoder_recipe import EncoderRecipe
from training.mint_recipe import MintRecipe
from training.recipe import MiniRecipe, Stage, available, check, read_recipe
from training.tuning_recipe import DpoRecipe, SftRecipe

KINDS: dict[str, type[BaseModel]] = {
    "mini": MiniRecipe,
    "encoder": EncoderRecipe,
    "mint-1.7b": MintRecipe,
    "mint-4b": MintRecipe,
    "mint-mini": MintRecipe,
    "mint-mini-own": MintRecipe,
    "sft": SftRecipe,
    "dpo": DpoRecipe,
}


@pytest.fixture
def recipe_file(tmp_path: Path) -> str:
    path = tmp_path / "own.toml"
    path.write_text(RECIPE)
    return str(path)


def stage(**changes: Any) -> Stage:
    values = {
        "name": "only", "tokens": 10_000, "block": 10, "rows": 10, "lr": 1.0, "warmup": 0, "decay": 0.0,
        "passes": {"mint": 1},
    }  # fmt: skip
    return Stage.model_validate(values | changes)


def refusal(recipe: str, *changes: str) -> str:
    with pytest.raises(UsageError) as error:
        check(MiniRecipe, read_recipe(recipe, changes))
    return str(error.value)


@pytest.mark.parametrize("name", available())
def test_every_recipe_that_ships_can_be_used(name: str) -> None:
    check(KINDS[name], read_recipe(name))


def test_the_shipped_recipe_names_known_sources() -> None:
    recipe = check(MiniRecipe, read_recipe("mini"))
    assert {source for stage in recipe.stages for source in stage.passes} <= {*SOURCES, OWN.name}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("stages.0.tokens=-5", "stages.0.tokens: Input should be greater than 0 (it is -5)"),
        ("model.hidden=wide", "model.hidden: Input should be a valid integer"),
        ("model.hidden=wide", "(it is 'wide')"),
        (
            "stages.1.passes.support=-1",
            "stages.1.passes.support: Input should be greater than or equal to 0 (it is -1)",
        ),
        ("stages.0.lr=inf", "stages.0.lr: Input should be a finite number (it is inf)"),
        ("model.kv_heads=3", "model: heads (2) must be a multiple of kv_heads (3)"),
        ("model.hidden=40", "model: hidden (40) must be a multiple of 32"),
        ("model.head_size=8", "model: heads * head_size (16) must be a multiple of 32"),
        ("stages.0.block=500", "stage english: block (500) exceeds context (128)"),
        ("stages.0.passes={}", "stages.0.passes: Dictionary should have at least 1 item"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_key_and_value(recipe_file: str, change: str, reason: str) -> None:
    assert reason in refusal(recipe_file, change)


def test_every_reason_is_given_at_once(recipe_file: str) -> None:
    message = refusal(recipe_file, "seed=x", "context=1")
    assert "seed: " in message
    assert "context: " in message


def test_a_key_that_no_recipe_has_is_named(tmp_path: Path) -> None:
    path = tmp_path / "typo.toml"
    path.write_text(RECIPE.replace("kv_heads", "kvheads"))
    message = refusal(str(path))
    assert "model.kvheads: there is no such key" in message
    assert "model.kv_heads: Field required" in message


def test_set_changes_values_inside_tables_and_lists(recipe_file: str) -> None:
    recipe = check(
        MiniRecipe, read_recipe(recipe_file, ("seed=8", "model.layers=3", "stages.1.lr=1e-4", "stages.0.name=plain"))
    )
    assert (recipe.seed, recipe.model.layers) == (8, 3)
    assert [(stage.name, stage.lr) for stage in recipe.stages] == [("plain", 2e-2), ("dialogue", 1e-4)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            "sead=1",
            "--set sead: the recipe has no 'sead' there; it has name, seed, vocabulary, context, model, stages.",
        ),
        ("stages.2.lr=1", "--set stages.2.lr: the recipe has no '2' there; it has 0, 1."),
        ("stages.one.lr=1", "--set stages.one.lr: the recipe has no 'one' there; it has 0, 1."),
        ("stages.0.passes.novel=1", "the recipe has no 'novel' there; it has common_voice."),
        ("seed.x=1", "--set seed.x: seed is one value, 3."),
        ("name.i=1", "--set name.i: name is one value, 'mini'."),
        ("seed", "--set seed: write it as key=value, for example --set stages.0.tokens=100000."),
    ],
)
def test_set_with_an_unknown_key_says_what_there_is(recipe_file: str, change: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        read_recipe(recipe_file, (change,))
    assert message in str(error.value)


def test_an_unknown_recipe_names_those_that_ship() -> None:
    with pytest.raises(NotFound, match=r"no recipe 'mimi'\. Recipes: .*mini.*; or give a path"):
        read_recipe("mimi")


def test_a_recipe_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"no recipe file .*gone\.toml"):
        read_recipe(str(tmp_path / "gone.toml"))


def test_a_file_that_is_no_toml_is_refused_with_the_place(tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_text("seed = \n")
    with pytest.raises(UsageError, match=r"broken\.toml is not valid TOML: .*line 1"):
        read_recipe(str(path))


def test_the_rate_rises_linearly_then_stays() -> None:
    warm = stage(warmup=4)
    assert [warm.rate(step) for step in range(6)] == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    assert warm.rate(99) == 1.0


def test_the_rate_falls_linearly_over_the_last_share_to_a_twentieth() -> None:
    falling = stage(decay=0.4)  # of 100 steps
    assert [falling.rate(step) for step in (0, 60, 70, 80, 90)] == pytest.approx([1.0, 1.0, 0.75, 0.5, 0.25])
    assert [falling.rate(step) for step in (98, 99)] == [0.05, 0.05]


def test_without_warm_up_and_decay_the_rate_is_constant() -> None:
    assert {stage(lr=3e-3).rate(step) for step in range(100)} == {3e-3}


def test_a_stage_takes_as_many_steps_as_its_tokens_fill_and_at_least_one() -> None:
    assert (stage().steps, stage(tokens=10_099).steps, stage(tokens=1).steps) == (100, 100, 1)


def test_a_step_of_the_run_belongs_to_a_stage_and_a_step_within_it(recipe_file: str) -> None:
    recipe = check(MiniRecipe, read_recipe(recipe_file))
    assert [recipe.at(step) for step in (0, 11, 12, 19)] == [(0, 0), (0, 11), (1, 0), (1, 7)]
    assert recipe.steps == 20
    with pytest.raises(IndexError):
        recipe.at(20)


def test_the_shipped_recipe_has_the_size_it_states() -> None:
    recipe = check(MiniRecipe, read_recipe("mini"))
    shape = recipe.model
    attention = shape.hidden * shape.head_size * (2 * shape.heads + 2 * shape.kv_heads)
    layer = attention + 3 * shape.hidden * shape.feed_forward
    parameters = recipe.vocabulary * shape.hidden + shape.layers * layer
    assert math.isclose(parameters, 12e6, rel_tol=0.15)
