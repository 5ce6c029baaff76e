"""Going on with a run, whatever it trains: nothing here is trained."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from companion.cli import run, train
from companion.errors import UsageError
from training.asked import Asked
from training.run import Run


class FakeKind:
    """A kind of run whose steps are not there; what happens in them is the test's."""

    def __init__(self) -> None:
        self.wanted: list[train.Wanted] = []
        self.starts = self.trains = self.finishes = lambda run: True

    def __call__(self, wanted: train.Wanted) -> Any:
        self.wanted.append(wanted)
        begun = Run.open(wanted.resume) if wanted.resume else Run.create(wanted.runs, "fake", {"name": "fake"})
        if not wanted.resume:
            wanted.begun(begun)
        self.starts(begun)
        trainer = SimpleNamespace(run=begun, steps=4, step=2, train=lambda: self.trains(begun))
        return trainer, lambda: self.finishes(begun) and "Done."


@pytest.fixture
def kind(monkeypatch: pytest.MonkeyPatch) -> FakeKind:
    fake = FakeKind()
    monkeypatch.setattr(train, "_kind", lambda recipe: fake)
    return fake


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "my runs"


def interrupted(run: Run) -> bool:
    raise KeyboardInterrupt


def test_a_run_goes_on_with_its_own_recipe_data_and_output(
    kind: FakeKind, runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kind.trains = lambda run: False
    given = ["--data", str(tmp_path / "text"), "--runs", str(runs), "-o", str(tmp_path / "out.gguf")]
    assert run(["train", "mine.toml", *given]) == 130
    (folder,) = runs.iterdir()
    assert f"Stopped at step 2. Continue: companion train --resume '{folder}'\n" in capsys.readouterr().err
    kind.trains = lambda run: True
    assert run(["train", "--resume", str(folder)]) == 0
    _, again = kind.wanted
    assert (again.recipe, again.data, again.output) == (
        str(folder / "recipe.json"), tmp_path / "text", tmp_path / "out.gguf",
    )  # fmt: skip


def test_a_place_that_is_given_when_a_run_goes_on_counts_from_then_on(
    kind: FakeKind, runs: Path, tmp_path: Path
) -> None:
    assert run(["train", "mine.toml", "--runs", str(runs)]) == 0
    (folder,) = runs.iterdir()
    for _ in range(2):
        given = [] if kind.wanted[1:] else ["--data", str(tmp_path / "moved")]
        assert run(["train", "--resume", str(folder), *given]) == 0
    assert [wanted.data for wanted in kind.wanted[1:]] == [tmp_path / "moved"] * 2


@pytest.mark.parametrize("part", ["starts", "trains", "finishes"])
def test_ctrl_c_says_how_to_go_on_wherever_it_comes(
    kind: FakeKind, runs: Path, part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    setattr(kind, part, interrupted)
    assert run(["train", "mine.toml", "--runs", str(runs)]) == 130
    (folder,) = runs.iterdir()
    assert capsys.readouterr().err.endswith(f"Stopped. Continue: companion train --resume '{folder}'\n")


@pytest.mark.parametrize("part", ["starts", "trains", "finishes"])
def test_a_run_is_held_from_its_beginning_to_the_end_of_its_ending(kind: FakeKind, runs: Path, part: str) -> None:
    def held(run: Run) -> bool:
        with pytest.raises(UsageError, match="Another process is training in "), run.alone():
            pass
        return True

    setattr(kind, part, held)
    assert run(["train", "mine.toml", "--runs", str(runs)]) == 0
    (folder,) = runs.iterdir()
    assert run(["train", "--resume", str(folder)]) == 0
    with Run(folder).alone():  # nobody holds it any more
        pass


def test_a_run_that_another_process_holds_is_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = Run.create(tmp_path, "sft", {"method": "sft", "name": "sft"})
    with other.alone():
        there = sorted(other.folder.iterdir())
        assert run(["train", "--resume", str(other.folder)]) == 2
    assert "Another process is training in " in capsys.readouterr().err
    assert sorted(other.folder.iterdir()) == there


def test_a_run_goes_on_with_as_many_processes_as_it_began_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begun = Run.create(tmp_path, "tiny", {"name": "tiny"})
    Asked(tmp_path, None, processes=8).keep(begun)
    assert run(["train", "--resume", str(begun.folder)]) == 2
    assert (
        f"was begun with 8 processes, and this would be 1. Continue: "
        f"torchrun --nproc_per_node 8 -m companion train --resume {begun.folder}\n"
    ) in capsys.readouterr().err


def test_a_run_on_several_machines_names_the_command_for_each(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WORLD_SIZE", "16")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "8")
    asked = Asked.now(Path("data"), tmp_path / "out.gguf")
    begun = Run.create(tmp_path / "of mine", "tiny", {})
    asked.keep(begun)
    assert Asked.before(begun) == asked == Asked(Path.cwd() / "data", tmp_path / "out.gguf", 16, 2)
    assert asked.again(begun).startswith(
        "torchrun --nnodes 2 --nproc_per_node 8 --node_rank R --master_addr IP -m companion train "
        f"--resume '{begun.folder}' "
    )
