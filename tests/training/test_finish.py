from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model

from companion import paths
from companion.encoder import Encoder
from companion.engine.gguf_file import read_header
from companion.errors import CompanionError, Refused
from companion.modelhub import registry
from companion.modelhub.convert import convert
from planner.layouts import Layout, Message
from tests.companion import tiny_checkpoint
from tests.companion.fakes import CueEncoder
from training.crisis_suite import SuiteReport, talks
from training.curves import read_metrics
from training.finish import ADAPTER, CARD, CURVES, GGUF, HELD_OUT, SEEDS_OF_A_FOLDER, FolderVoice, Trained, finish
from training.gate import SEEDS
from training.recordings import Recording
from training.run import Run

TALKS = [replace(talk, says=talk.says[:1]) for talk in talks() if talk.about == "danger"][:7]
ASKED = Recording("held/1", (Message("user", "My week was bad."), Message("assistant", "What happened?")))


class Reader(CueEncoder):
    """The encoder of these tests, with files to be told by."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A model, and one whose weights are a little different."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("models")
    before = tiny_checkpoint.save(folder / "before")
    after = tiny_checkpoint.edit(before, folder / "after")
    made = tiny_checkpoint.model("qwen3")
    with torch.no_grad():
        for weights in made.parameters():
            weights.add_(0.01 * torch.randn_like(weights))
    made.save_pretrained(after)
    return before, after


@pytest.fixture(autouse=True)
def short_replies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.crisis_suite.LONGEST", 8)


@pytest.fixture
def encoder(tmp_path: Path) -> Encoder:
    folder = tmp_path / "encoder"
    folder.mkdir()
    for name in ("encoder.onnx", "tokenizer.json", "encoder.json"):
        (folder / name).touch()
    return Reader(folder)


@pytest.fixture
def trained(checkpoints: tuple[Path, Path], tmp_path: Path) -> Trained:
    before, after = checkpoints
    recipe = {"name": "mint-tiny", "method": "grpo", "reward": {"mode": "q+dkl", "weight": 1.0}}
    run = Run.create(tmp_path / "runs", "mint-tiny", recipe)
    shutil.copytree(after, run.folder / "model")
    for step in (1, 2, 3):
        run.log({"step": step, "reward": step / 10, "parts/quality": 0.5, "kl": 0.001 * step})
    return Trained(
        run, "mint-tiny", recipe, before, before, run.folder / "model", "mit", Layout.MINI, False, "plain", 16, [ASKED]
    )  # fmt: skip


def finished(trained: Trained, encoder: Encoder, **given: Any) -> str:
    return finish(trained, talks=TALKS[:1], encoder=encoder, **given)


def blameless(run: Run) -> None:
    """A model before that did everything right."""
    reports = [SuiteReport(seed, 6, {talk.id: frozenset() for talk in TALKS}) for seed in SEEDS[:SEEDS_OF_A_FOLDER]]
    (run.folder / "suite-before.json").write_text(json.dumps([report.row() for report in reports]))


def test_a_finished_run_is_in_the_list_of_models_and_can_be_talked_to(trained: Trained, encoder: Encoder) -> None:
    steps: list[str] = []
    said = finished(trained, encoder, told=steps.append)
    name = trained.run.folder.name
    assert f"companion chat --model {name}" in said
    entry = registry.find(name)
    assert entry.path == paths.user_models() / f"{name}.gguf"
    assert (entry.layout, entry.licence) == (Layout.MINI, "mit")
    assert "companion train mint-tiny" in entry.source
    assert read_header(entry.file).name == "companion mint-tiny"
    assert len(steps) == 3


def test_the_run_s_folder_tells_what_changed(trained: Trained, encoder: Encoder) -> None:
    finished(trained, encoder)
    folder = trained.run.folder
    card = (folder / CARD).read_text()
    assert card.startswith("---\nlicense: mit\n---\n")
    assert "| measure | before | after | difference" in card
    assert "human-history: 1 replies" in card
    assert "own-history: 1 replies" in card
    assert "| talks with what must never be said |" in card
    assert "| reward.mode | q+dkl |" in card
    assert f"![curves]({CURVES})" in card
    assert (folder / CURVES).is_file()
    assert (paths.user_models() / f"{folder.name}.md").read_text() == card
    assert str(trained.base_folder.parent) not in card
    assert "My week was bad" not in card  # what people said stays in the run's folder
    assert json.loads((folder / HELD_OUT).read_text())["messages"][0]["content"] == "My week was bad."
    assert len(read_metrics(folder)) == 3


def test_a_model_that_got_worse_is_refused_and_its_files_stay(trained: Trained, encoder: Encoder) -> None:
    blameless(trained.run)
    with pytest.raises(Refused, match=r"No direct question: in 14 of 14 talks; before in 0") as refused:
        finish(trained, talks=TALKS, encoder=encoder)
    assert refused.value.exit_code == 4
    assert str(trained.run.folder) in str(refused.value)
    assert trained.run.folder.name not in registry.known()
    assert not list(paths.user_models().glob("*"))
    assert (trained.run.folder / GGUF).is_file()
    card = (trained.run.folder / CARD).read_text()
    assert "**Not in use**" in card
    assert "companion chat" not in card


def test_what_was_measured_once_is_not_measured_again(
    trained: Trained, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished(trained, encoder)
    first = {path: path.stat().st_mtime_ns for path in trained.run.folder.rglob("suite-*.json")}
    assert len(first) == 2

    def must_not_speak(*_: object) -> None:
        raise AssertionError("asked again")

    monkeypatch.setattr(FolderVoice, "stream", must_not_speak)
    monkeypatch.setattr("training.checkpoint.Checkpoint.say", must_not_speak)
    elsewhere = trained.run.folder.parent / "other place" / "mine.gguf"
    assert str(elsewhere) in finished(trained, encoder, out=elsewhere)
    assert elsewhere.is_file()
    assert registry.find(trained.run.folder.name).path == elsewhere
    assert {path: path.stat().st_mtime_ns for path in first} == first


def test_without_conversations_to_measure_on_the_suite_is_still_asked(trained: Trained, encoder: Encoder) -> None:
    finished(replace(trained, held_out=()), encoder)
    assert (trained.run.folder / "suite-after.json").is_file()
    assert not (trained.run.folder / "eval-after").exists()
    assert "No conversations were kept" in (trained.run.folder / CARD).read_text()


def test_a_model_made_from_a_file_recommends_what_the_file_did(trained: Trained, encoder: Encoder) -> None:
    base = trained.run.folder / "base.gguf"
    source = trained.base_folder.parent / "recommending"
    if not source.exists():
        tiny_checkpoint.edit(trained.base_folder, source)
    (source / "generation_config.json").write_text(json.dumps({"do_sample": True, "temperature": 0.3}))
    convert(source, base, kind="q8_0")
    finished(replace(trained, base=base, held_out=()), encoder)
    header = read_header(trained.run.folder / GGUF)
    assert header.sampling["temp"] == pytest.approx(0.3)
    size = (trained.run.folder / GGUF).stat().st_size
    assert size == pytest.approx(base.stat().st_size, rel=0.01)  # as small as what it came from


def test_adapters_are_kept_as_a_file_of_their_own_too(trained: Trained, encoder: Encoder) -> None:
    lora = LoraConfig(r=2, lora_alpha=4, target_modules="all-linear", task_type="CAUSAL_LM")
    made = get_peft_model(tiny_checkpoint.model("qwen3"), lora)
    made.save_pretrained(trained.folder / "adapter")
    finished(replace(trained, layout=Layout.MINT, held_out=()), encoder)
    assert read_header(trained.run.folder / ADAPTER).architecture == "qwen3"
    assert registry.find(trained.run.folder.name).adapter is None  # the model has it merged
    assert registry.find(trained.run.folder.name).think == "off"


def test_a_full_disk_is_said_and_nothing_is_listed(
    trained: Trained, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("training.finish._put", full)
    with pytest.raises(CompanionError, match=r"No space left on device.*--resume"):
        finished(replace(trained, held_out=()), encoder)
    assert trained.run.folder.name not in registry.known()
