# ruff: noqa: E402  (what is imported needs the packages that are looked for first)
from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")
pytest.importorskip("gguf", reason="gguf is not installed")

from companion.cli import run, train
from companion.engine.client import LlamaEngine
from companion.engine.protocol import Finish, Message, Piece, Sampling
from tests.companion.fakes import CueEncoder
from tests.training.tiny_mini import RECIPE, STEPS, World
from tests.training.tiny_mini import world as world
from training import mini, reply_tags

pytestmark = pytest.mark.torch


@pytest.fixture
def arguments(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A tiny recipe, made-up text, folders of the test's own; not compiled, on one thread."""
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(RECIPE)
    monkeypatch.setattr(mini, "OWN_TEXT", world.own)
    monkeypatch.setattr(mini, "Encoder", CueEncoder)
    monkeypatch.setattr(reply_tags, "fingerprint", lambda folder: "cues")
    monkeypatch.setattr(torch, "compile", lambda function: function)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield ["train", str(recipe), "--data", str(world.data), "--runs", str(tmp_path / "runs")]
    torch.set_num_threads(threads)


@pytest.mark.llama
def test_a_trained_model_can_be_talked_to(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
    out = tmp_path / "new" / "out.gguf"
    assert run([*arguments, "-o", str(out)]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"{STEPS} steps, from step 0" in captured.err
    assert f"{STEPS}/{STEPS}" in captured.err  # the bar
    assert f"Wrote {out}. Talk to it: companion chat --model {out}" in captured.err

    engine = LlamaEngine(out)
    info = engine.load()
    assert (info.name, info.layout, info.context) == ("companion mini", "mini", 128)
    *pieces, finish = engine.stream(
        [Message("user", "I feel tired today."), Message("assistant", "", ("<|validation|>",))],
        Sampling(max_tokens=12, seed=1),
    )
    engine.close()
    assert isinstance(finish, Finish)
    assert finish.reply_tokens > 0
    assert all(isinstance(piece, Piece) for piece in pieces)


def test_a_stopped_run_says_how_to_go_on_and_goes_on(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ordinary = mini.Trainer.train
    with monkeypatch.context() as patch:
        patch.setattr(mini.Trainer, "train", lambda trainer: bool(ordinary(trainer, until=5)) and False)
        assert run([*arguments, "-o", str(tmp_path / "out.gguf")]) == 130
    (folder,) = (tmp_path / "runs").iterdir()
    assert f"Stopped at step 5. Continue: companion train --resume {folder}\n" in capsys.readouterr().err
    assert run(["train", "--resume", str(folder)]) == 0
    assert f"{STEPS} steps, from step 5" in capsys.readouterr().err
    assert (tmp_path / "out.gguf").is_file()
    steps = [json.loads(line)["step"] for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert steps == list(range(1, STEPS + 1))
    assert list((tmp_path / "runs").iterdir()) == [folder]


@pytest.mark.parametrize("where", ["start", "finish"])
def test_a_run_interrupted_before_or_after_its_steps_says_how_to_go_on(
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    where: str,
) -> None:
    def interrupted(*_: object) -> Any:
        raise KeyboardInterrupt

    few = ["--set", "stages.0.tokens=1", "--set", "stages.1.tokens=1"]
    with monkeypatch.context() as patch:
        patch.setattr(mini.Trainer, "_tokenizer" if where == "start" else "finish", interrupted)
        assert run([*arguments, *few]) == 130
    (folder,) = (tmp_path / "runs").iterdir()
    assert capsys.readouterr().err.endswith(f"Stopped. Continue: companion train --resume {folder}\n")
    assert run(["train", "--resume", str(folder)]) == 0


def test_without_an_output_the_model_goes_where_the_chat_finds_it(
    arguments: list[str], own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = ["--set", "stages.0.tokens=1", "--set", "stages.1.tokens=1"]
    assert run([*arguments, *few]) == 0
    assert (own_home / "data" / "models" / "mini.gguf").is_file()
    assert "2 steps, from step 0" in capsys.readouterr().err


def test_a_run_that_has_begun_cannot_be_changed(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*arguments, "--resume", str(tmp_path), "--set", "seed=1"]) == 2
    assert "--set cannot change a run that has begun" in capsys.readouterr().err


def test_a_folder_that_is_no_run_cannot_be_resumed(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*arguments, "--resume", str(tmp_path)]) == 3
    assert "holds no run (no recipe.json)" in capsys.readouterr().err


def test_missing_packages_are_named_with_the_command_that_installs_them(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def find_spec(name: str) -> Any:
        return None if name in ("torch", "gguf") else object()

    monkeypatch.setattr(train, "find_spec", find_spec)
    assert run(arguments) == 1
    assert capsys.readouterr().err == (
        'companion: Training needs more packages (torch, gguf): pip install "companion-chat[train]" '
        "(torch first, see README).\n"
    )


def test_what_is_needed_only_at_a_run_s_end_is_looked_for_before_it_begins(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(train, "find_spec", lambda name: None if name == "matplotlib" else object())
    assert run(["train", "mint-mini"]) == 1
    assert "Training needs more packages (matplotlib): pip install" in capsys.readouterr().err


def test_a_missing_data_folder_is_a_sentence_and_leaves_no_run(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments[arguments.index("--data") + 1] = str(tmp_path / "nowhere")
    assert run(arguments) == 3
    error = capsys.readouterr().err
    assert error.startswith("companion: The text for 'common_voice' is not at ")
    assert error.endswith("Give the data folder with --data.\n")
    assert not (tmp_path / "runs").exists()


def test_a_recipe_that_cannot_be_used_is_a_sentence(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*arguments, "--set", "stages.0.rows=0"]) == 2
    assert "stages.0.rows: Input should be greater than 0 (it is 0)" in capsys.readouterr().err


def test_an_unknown_recipe_is_a_sentence_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "maxi"]) == 3
    assert "There is no recipe 'maxi'. Recipes: " in capsys.readouterr().err


def test_an_output_that_is_a_folder_is_refused_before_training(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*arguments, "-o", str(tmp_path)]) == 2
    assert "is a folder" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()
