# ruff: noqa: E402  (what is imported needs the packages that are looked for first)
from __future__ import annotations

import json
import math
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")
pytest.importorskip("gguf", reason="gguf is not installed")

from companion.errors import CompanionError, NotFound, UsageError
from tests.training.mini_runs import CHECKPOINTS, EVALUATIONS, TINY, begin, proceed
from tests.training.mini_runs import small_and_slow as small_and_slow
from tests.training.tiny_mini import FIRST_STAGE, STEPS, VALUES, World, make_world
from tests.training.tiny_mini import world as world
from training.mini import Trainer, find_source, start
from training.run import Run

pytestmark = pytest.mark.torch
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def whole(world: World, tmp_path_factory: pytest.TempPathFactory) -> Trainer:
    """A run that nothing interrupted."""
    trainer = begin(world, tmp_path_factory.mktemp("runs"))
    assert trainer.train()
    return trainer


def rows(trainer: Trainer) -> list[dict[str, Any]]:
    """The metrics, but for the speed."""
    lines = (trainer.run.folder / "metrics.jsonl").read_text().splitlines()
    return [{key: value for key, value in json.loads(line).items() if key != "tokens_per_second"} for line in lines]


def weights(trainer: Trainer) -> dict[str, Any]:
    return dict(trainer.model.state_dict())


def checkpoints(trainer: Trainer) -> list[int]:
    return [int(path.name[-6:]) for path in trainer.run.checkpoints()]


def assert_same(continued: Trainer, whole: Trainer) -> None:
    assert rows(continued) == rows(whole)
    for name, values in weights(whole).items():
        assert torch.equal(values, weights(continued)[name]), name


def during(trainer: Trainer, step: int, act: Any) -> None:
    """Have `act` called in the middle of that step."""
    ordinary = trainer._forward

    def forward(part: Any) -> Any:
        if trainer.step == step - 1:
            act()
        return ordinary(part)

    trainer._forward = forward


# -- a whole run ----------------------------------------------------------------------------------------------


def test_a_tiny_model_learns(whole: Trainer) -> None:
    losses = [row["loss"] for row in rows(whole)]
    assert losses[0] == pytest.approx(math.log(TINY.vocabulary), rel=0.05)
    assert max(losses[-3:]) < 0.9 * losses[0]


def test_every_step_is_logged_with_its_stage_and_rate(whole: Trainer) -> None:
    logged = rows(whole)
    assert [row["step"] for row in logged] == list(range(1, STEPS + 1))
    assert [row["stage"] for row in logged] == ["english"] * FIRST_STAGE + ["dialogue"] * (STEPS - FIRST_STAGE)
    assert [row["lr"] for row in logged] == [
        TINY.stages[index].rate(within) for index, within in map(TINY.at, range(STEPS))
    ]
    assert all(row["grad_norm"] > 0 for row in logged)


def test_held_out_perplexity_is_logged_now_and_then_and_at_the_end(whole: Trainer) -> None:
    measured = {row["step"]: row["perplexity"] for row in rows(whole) if "perplexity" in row}
    assert list(measured) == [EVALUATIONS, STEPS]
    for step in measured:
        assert 1 < measured[step]["common_voice"] < TINY.vocabulary
    assert measured[STEPS]["common_voice"] < measured[EVALUATIONS]["common_voice"]


def test_checkpoints_are_left_at_regular_steps_and_at_the_end(whole: Trainer) -> None:
    assert checkpoints(whole) == [12, 16, 20]


def test_a_run_that_is_done_does_nothing_more_when_resumed(world: World, whole: Trainer) -> None:
    before = rows(whole)
    again = proceed(world, whole.run.folder)
    assert again.train()
    assert rows(again) == before
    assert checkpoints(again) == [12, 16, 20]


# -- stopping and going on ------------------------------------------------------------------------------------


@pytest.mark.parametrize("stop", [7, FIRST_STAGE, 15])
def test_a_run_stopped_and_resumed_equals_one_that_never_stopped(
    world: World, whole: Trainer, tmp_path: Path, stop: int
) -> None:
    first = begin(world, tmp_path)
    first.train(until=stop)
    assert first.step == stop
    continued = proceed(world, first.run.folder)
    assert continued.step == stop
    assert continued.train()
    assert_same(continued, whole)


def test_ctrl_c_stops_after_the_step_with_a_checkpoint(world: World, whole: Trainer, tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    first = begin(world, tmp_path)
    during(first, 6, lambda: os.kill(os.getpid(), signal.SIGINT))
    assert not first.train()
    assert signal.getsignal(signal.SIGINT) is before
    assert first.step == 6
    assert checkpoints(first) == [4, 6]
    continued = proceed(world, first.run.folder)
    assert continued.train()
    assert_same(continued, whole)


def test_a_second_ctrl_c_acts_at_once_and_loses_the_steps_since_the_last_checkpoint(
    world: World, tmp_path: Path
) -> None:
    def twice() -> None:
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)

    first = begin(world, tmp_path)
    during(first, 6, twice)
    with pytest.raises(KeyboardInterrupt):
        first.train()
    assert checkpoints(first) == [4]
    continued = proceed(world, first.run.folder)
    assert continued.step == 4
    assert [row["step"] for row in rows(continued)] == [1, 2, 3, 4]


KILLED = """
import os, signal, sys
from pathlib import Path
import torch
from tests.companion.fakes import CueTagger
from training import mini
from training.mini import Corpus, Trainer
from training.recipe import MiniRecipe, check
from training.reply_tags import ReplyTags
from training.run import Run

torch.set_num_threads(1)
Trainer.checkpoint_every, mini.EVALUATE_EVERY = {checkpoints}, {evaluations}
run = Run.open(Path(sys.argv[1]))
corpus = Corpus(Path(sys.argv[2]), Path(sys.argv[3]), run.folder / "data.json")
tags = ReplyTags(CueTagger(), run.folder / "tactics.jsonl")
trainer = Trainer(run, check(MiniRecipe, run.recipe()), corpus, tags, compiled=False)
ordinary = trainer._forward

def forward(part):
    if trainer.step == 10:
        os.kill(os.getpid(), signal.SIGKILL)
    return ordinary(part)

trainer._forward = forward
trainer.train()
"""


def test_a_killed_run_goes_on_from_its_last_checkpoint(world: World, whole: Trainer, tmp_path: Path) -> None:
    folder = Run.create(tmp_path, "mini", TINY.model_dump()).folder
    code = KILLED.format(checkpoints=CHECKPOINTS, evaluations=EVALUATIONS)
    command = [sys.executable, "-c", code, str(folder), str(world.data), str(world.own)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert len((folder / "metrics.jsonl").read_text().splitlines()) == 10
    continued = proceed(world, folder)
    assert continued.step == 8
    assert continued.train()
    assert_same(continued, whole)


def test_a_run_that_ended_before_its_first_checkpoint_begins_anew(world: World, tmp_path: Path) -> None:
    first = begin(world, tmp_path)
    first.run.log({"step": 1, "loss": 6.4})
    again = proceed(world, first.run.folder)
    assert again.step == 0
    assert rows(again) == []


def test_a_tokenizer_is_learned_once_and_kept_with_the_run(world: World, tmp_path: Path) -> None:
    first = begin(world, tmp_path)
    learned = (first.run.folder / "tokenizer.json").read_bytes()
    proceed(world, first.run.folder)
    assert (first.run.folder / "tokenizer.json").read_bytes() == learned


# -- what a run refuses, and how it fails ---------------------------------------------------------------------


@pytest.fixture
def own_world(tmp_path: Path) -> World:
    """Text that the test may change."""
    return make_world(tmp_path / "world")


def test_changed_text_is_refused_on_resume(own_world: World, tmp_path: Path) -> None:
    first = begin(own_world, tmp_path / "runs")
    first.train(until=1)
    own_world.sentences.write_text("Another first line.\n" + own_world.sentences.read_text())
    continued = proceed(own_world, first.run.folder)
    with pytest.raises(UsageError, match="text of 'common_voice' changed since this run began; start a new run"):
        continued.train()
    assert [row["step"] for row in rows(continued)] == [1]


def test_changed_tactics_under_the_same_text_are_refused_on_resume(own_world: World, tmp_path: Path) -> None:
    first = begin(own_world, tmp_path / "runs")
    first.train(until=FIRST_STAGE + 1)
    own_world.replies.write_text(own_world.replies.read_text().replace('"questioning"', '"advice"'))
    continued = proceed(own_world, first.run.folder)
    with pytest.raises(UsageError, match="rows of stage 'dialogue' are not those this run began with"):
        continued.train()


def test_a_run_from_before_rows_were_recorded_can_be_resumed(world: World, whole: Trainer, tmp_path: Path) -> None:
    first = begin(world, tmp_path)
    first.train(until=7)
    record = first.run.folder / "data.json"
    known = json.loads(record.read_text())
    record.write_text(json.dumps({name: value for name, value in known.items() if not name.startswith("rows of")}))
    continued = proceed(world, first.run.folder)
    assert continued.train()
    assert_same(continued, whole)


@pytest.mark.parametrize("broken", ["loss", "gradient"])
def test_a_loss_that_is_no_number_ends_with_a_sentence_and_saves_nothing(
    world: World, tmp_path: Path, broken: str
) -> None:
    trainer = begin(world, tmp_path)
    trainer.train(until=4)
    good = {name: values.clone() for name, values in weights(trainer).items()}
    ordinary = trainer._loss

    def forward(part: Any) -> Any:
        loss = ordinary(part)
        if broken == "loss":
            return loss * math.nan
        next(trainer.model.parameters()).register_hook(lambda gradient: gradient * math.inf)
        return loss

    trainer._forward = forward
    with pytest.raises(CompanionError) as error:
        trainer.train()
    assert str(error.value).startswith("Training broke down at step 5 (stage english, lr 0.02): the loss is ")
    assert str(error.value).endswith("Start again with a lower one: --set stages.0.lr=0.01.")
    assert checkpoints(trainer) == [4]
    for name, values in good.items():
        assert torch.equal(values, weights(trainer)[name])


def test_a_full_disk_ends_with_a_sentence_and_the_run_can_go_on(world: World, whole: Trainer, tmp_path: Path) -> None:
    trainer = begin(world, tmp_path)
    trainer.train(until=4)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))  # bytes: enough for metrics, not for weights
    try:
        with pytest.raises(CompanionError, match=r"checkpoint at step 8 could not be written .* --resume "):
            trainer.train()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert checkpoints(trainer) == [4]
    continued = proceed(world, trainer.run.folder)
    assert continued.train()
    assert_same(continued, whole)


def test_text_missing_for_a_later_stage_is_found_before_anything_is_made(world: World, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"The text for 'support' is not at .*elsewhere"):
        start(VALUES, data=world.data, own=tmp_path / "elsewhere", runs=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_a_source_that_does_not_exist_is_named_with_those_that_do(world: World) -> None:
    with pytest.raises(NotFound, match=r"names the source 'diaries'; known: common_voice, .*, support\."):
        find_source("diaries", world.data, world.own)


def test_too_little_text_for_one_row_is_a_sentence(own_world: World, tmp_path: Path) -> None:
    own_world.sentences.write_text("One short line.\n")
    trainer = begin(own_world, tmp_path / "runs")
    with pytest.raises(UsageError, match=r"stage 'english' has \d+ tokens, fewer than one row of 33; name more"):
        trainer.train()


def test_a_file_that_cannot_be_written_is_a_sentence_and_nothing_is_lost(whole: Trainer, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CompanionError, match=r"could not be written: .* Nothing is lost: .*--resume .* -o FILE"):
        whole.finish(tmp_path / "file" / "out.gguf")


def test_a_run_without_an_encoder_says_so_before_anything_is_made(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("companion.paths.shipped_models", lambda: tmp_path)
    with pytest.raises(NotFound, match=r"encoder\.onnx is not there. `companion train encoder` makes it"):
        start(VALUES, data=world.data, own=world.own, runs=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
