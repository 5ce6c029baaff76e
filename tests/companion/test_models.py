from __future__ import annotations

from pathlib import Path

import pytest

from companion import models, paths
from companion.engine.gguf_file import read_header
from companion.engine.profile import guess
from companion.errors import NotFound
from planner.layouts import CONTROL_TOKENS, Layout


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "shipped"
    folder.mkdir()
    (folder / "mini.gguf").touch()
    monkeypatch.setattr(paths, "shipped_models", lambda: folder)
    return folder


def add(name: str) -> Path:
    paths.user_models().mkdir(parents=True, exist_ok=True)
    file = paths.user_models() / name
    file.touch()
    return file


def test_models_that_ship_and_models_that_were_added_are_known_by_name(shipped: Path) -> None:
    added = add("large.gguf")
    add("notes.txt")
    assert models.known() == {"mini": shipped / "mini.gguf", "large": added}
    assert models.find("large") == added


def test_a_model_that_was_added_wins_over_one_that_ships(shipped: Path) -> None:
    assert models.find("mini") == shipped / "mini.gguf"
    added = add("mini.gguf")
    assert models.find("mini") == added


def test_any_file_can_be_given_by_its_path(shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "own.gguf").touch()
    assert models.find(str(tmp_path / "own.gguf")) == tmp_path / "own.gguf"
    assert models.find("~/own.gguf") == tmp_path / "own.gguf"


@pytest.mark.parametrize("name", ["nope", "", "x" * 5000, "~nobody-of-that-name/x.gguf", "a\0b"])
def test_a_model_that_is_not_there_is_one_sentence_with_the_names_there_are(shipped: Path, name: str) -> None:
    add("large.gguf")
    with pytest.raises(NotFound) as error:
        models.find(name)
    assert str(error.value).startswith(f"There is no model {name!r}. Known models: mini, large;")


def test_where_there_is_no_model_at_all_it_says_so(shipped: Path) -> None:
    (shipped / "mini.gguf").unlink()
    with pytest.raises(NotFound, match="Known models: none; or give the path of a GGUF file"):
        models.find("mini")


def test_the_model_that_ships_is_a_mini_that_takes_a_plan() -> None:
    header = read_header(paths.shipped_models() / "mini.gguf")
    profile = guess(header)
    assert (profile.layout, profile.controls) == (Layout.MINI, frozenset(CONTROL_TOKENS))
    assert 10_000_000 <= header.parameters <= 30_000_000
