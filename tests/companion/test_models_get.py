"""`companion models get`: what it says first, what it makes, and that it goes on from wherever it was ended."""

from __future__ import annotations

import hashlib
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from companion import paths
from companion.cli import run
from companion.cli.models_get import Shown
from companion.cli.opening import new_engine
from companion.engine.protocol import Finish, Message, Sampling
from companion.errors import CompanionError
from companion.modelhub import catalogue, getting, pins, registry
from companion.modelhub.download import online
from companion.modelhub.entry import CardSampling
from companion.settings import Settings
from planner.layouts import Layout
from tests.companion.hub_server import COMMIT, Hub
from tests.companion.models_to_get import CHECKPOINT, MINT, QWEN, Makers
from tests.companion.models_to_get import gguf_file as gguf_file
from tests.companion.models_to_get import hub as hub
from tests.companion.models_to_get import makers as makers
from tests.conftest import Program, said_no_more_than_a_sentence

pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed")


def folder_of(name: str) -> list[str]:
    folder = getting.work_folder(name)
    return sorted(file.name for file in folder.iterdir()) if folder.exists() else []


# -- from nothing to a model ------------------------------------------------------------------------------------------


def test_a_checkpoint_is_fetched_converted_quantised_and_registered(
    program: Program, hub: Hub, makers: Makers, gguf_file: Path
) -> None:
    outcome = program("models", "get", "mint-1.7b", "--yes")
    assert outcome.code == 0
    assert makers.weights == sorted({*CHECKPOINT, "lock", "snapshot.json"} - {"optimizer.pt", "training_args.bin"})
    assert makers.made == [("convert", "mint-1.7b", "f16"), ("quantize", "f16.gguf", "q4_k_m")]
    entry = registry.find("mint-1.7b")
    assert entry.path == paths.user_models() / "mint-1.7b.gguf"
    assert entry.sha256 == hashlib.sha256(gguf_file.read_bytes()).hexdigest()
    assert (entry.layout, entry.think, entry.licence) == (Layout.MINT, "off", "MIT")
    assert entry.source == f"{MINT}@{COMMIT[:12]} q4_k_m"
    assert entry.sampling == CardSampling(temperature=0.7, top_p=0.8, top_k=20, min_p=0.0)
    assert entry.sampling_thinking == CardSampling(temperature=0.6, top_p=0.95, top_k=20, min_p=0.0)
    assert folder_of("mint-1.7b") == []
    assert "`companion chat --model mint-1.7b` talks to it" in outcome.err
    assert "`companion config set model mint-1.7b` makes it the usual one.\n" in outcome.err


def test_a_gguf_repository_gives_the_one_file_that_is_wanted(program: Program, hub: Hub, makers: Makers) -> None:
    assert program("models", "get", "qwen3-4b", "--yes").code == 0
    assert [name for name, _ in hub.sent] == ["Qwen3-4B-Q4_K_M.gguf"]
    assert makers.made == []
    assert registry.find("qwen3-4b").layout is Layout.TAIL


def test_another_kind_can_be_asked_for(program: Program, hub: Hub, makers: Makers) -> None:
    program("models", "get", "qwen3-4b", "--yes", "--kind", "Q8_0")
    assert [name for name, _ in hub.sent] == ["Qwen3-4B-Q8_0.gguf"]
    program("models", "get", "mint-1.7b", "--yes", "--kind", "q8_0")
    assert makers.made == [("convert", "mint-1.7b", "q8_0")]
    outcome = program("models", "get", "qwen3-1.7b", "--yes", "--kind", "q2_k")
    assert outcome.code == 3  # that repository is not on this hub
    program("models", "remove", "qwen3-4b", "--yes")
    outcome = program("models", "get", "qwen3-4b", "--yes", "--kind", "q2_k")
    assert outcome.code == 2
    assert "has no q2_k. It has: q4_k_m, q8_0. Choose with --kind." in said_no_more_than_a_sentence(outcome)
    program("models", "remove", "mint-1.7b", "--yes")
    outcome = program("models", "get", "mint-1.7b", "--yes", "--kind", "q4")
    assert "There is no kind 'q4'; choose one of f32, f16, bf16, q8_0, q2_k" in said_no_more_than_a_sentence(outcome)


def test_any_repository_can_be_named(program: Program, hub: Hub, makers: Makers) -> None:
    hub.repositories["me/Own-GGUF"] = {"Own-Q5_K_M.gguf": hub.repositories[QWEN]["Qwen3-4B-Q4_K_M.gguf"]}
    hub.card = {"license": "apache-2.0"}
    assert program("models", "get", "me/Own-GGUF", "--yes").code == 0
    entry = registry.find("own")
    assert (entry.licence, entry.layout) == ("apache-2.0", None)


def test_it_says_what_it_takes_and_asks_before_it_fetches(program: Program, hub: Hub, makers: Makers) -> None:
    outcome = program("models", "get", "mint-1.7b", typed="n\n")
    assert outcome.code == 130
    assert hub.sent == []
    said = outcome.err
    assert f"from {MINT} at {COMMIT[:12]}, licence MIT" in said
    assert "5.0 kB to fetch; about 1.1 GB of disk in the end as q4_k_m" in said
    assert "of memory while you talk" in said
    assert "Fetch it? [y/N]" in said
    assert program("models", "get", "mint-1.7b", typed="y\n").code == 0


def test_what_is_here_already_is_not_fetched_again(program: Program, hub: Hub, makers: Makers) -> None:
    program("models", "get", "qwen3-4b", "--yes")
    hub.asked.clear()
    outcome = program("models", "get", "qwen3-4b", "--yes")
    assert (outcome.code, hub.asked) == (0, [])
    assert outcome.err.startswith("qwen3-4b is here already")


def test_a_disk_with_too_little_room_is_said_before_anything_is_fetched(
    program: Program, hub: Hub, makers: Makers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, 1))  # type: ignore[attr-defined]
    outcome = program("models", "get", "qwen3-4b", "--yes")
    assert outcome.code == 1
    assert "has room for 1 bytes" in outcome.err
    assert hub.sent == []


@pytest.mark.llama
@pytest.mark.torch
def test_a_checkpoint_on_the_hub_ends_as_a_model_that_speaks(own_home: Path, hub: Hub, tmp_path: Path) -> None:
    for package in ("llama_cpp", "torch", "transformers", "gguf"):
        pytest.importorskip(package, reason=f"{package} is not installed")
    from tests.companion.tiny_checkpoint import save

    folder = save(tmp_path / "checkpoint", "qwen3", shard="2MB", hidden_size=256, intermediate_size=512)
    hub.repositories[MINT] = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert len([name for name in hub.repositories[MINT] if name.endswith(".safetensors")]) > 1
    hub.cuts = [1000, 50_000]
    assert run(["models", "get", "mint-1.7b", "--yes"]) == 0
    engine = new_engine(Settings(model="mint-1.7b"), off_record=True)
    try:
        assert engine.load().layout == "mint"
        pieces = list(engine.stream([Message("user", "hello")], Sampling(max_tokens=8, seed=1)))
    finally:
        engine.close()
    assert isinstance(pieces[-1], Finish)
    assert pieces[-1].reply_tokens > 0


def test_progress_stays_on_its_line_on_a_terminal_and_is_a_line_now_and_then_elsewhere(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([100.0, 101.0, 101.1, 150.0, 151.0, 152.0] * 2)
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    for terminal in (True, False):
        monkeypatch.setattr("sys.stderr.isatty", lambda terminal=terminal: terminal)
        shown = Shown()
        for done in (0, 1_000_000, 1_100_000, 50_000_000, 100_000_000):
            shown("model.safetensors", done, 100_000_000)
        shown("quantising", 3, 4)
        shown.end()
    said = capsys.readouterr().err
    in_place, lines = said.partition("\nmodel.safetensors: 0%")[::2]
    assert [part.strip() for part in in_place.split("\r")[1:]] == [
        "model.safetensors: 0% of 100 MB",
        "model.safetensors: 1% of 100 MB, 1:39 min left at 1.0 MB/s",
        "model.safetensors: 50% of 100 MB, 0:50 min left at 1.0 MB/s",
        "model.safetensors: 100% of 100 MB",
        "quantising: 75%",
    ]
    assert lines.splitlines()[1:] == [
        "model.safetensors: 50% of 100 MB, 0:50 min left at 1.0 MB/s",
        "model.safetensors: 100% of 100 MB",
        "quantising: 75%",
    ]


# -- ended anywhere ---------------------------------------------------------------------------------------------------

BAD_ENDS = [KeyboardInterrupt(), CompanionError("the file is damaged"), OSError(28, "No space left on device")]


@pytest.mark.parametrize("step", ["convert", "quantize", "check"])
@pytest.mark.parametrize("end", BAD_ENDS, ids=["ctrl-c", "an error", "a full disk"])
def test_it_goes_on_at_the_step_in_which_it_was_ended(
    program: Program, hub: Hub, makers: Makers, step: str, end: BaseException
) -> None:
    makers.fails[step] = end
    outcome = program("models", "get", "mint-1.7b", "--yes")
    assert outcome.code == (130 if isinstance(end, KeyboardInterrupt) else 1)
    assert "Traceback" not in outcome.err
    assert "mint-1.7b" not in registry.known()
    before = list(makers.made)
    hub.asked.clear()
    again = program("models", "get", "mint-1.7b", "--yes")
    assert again.code == 0
    assert "\n  0 bytes to fetch; about 1.1 GB of disk in the end" in again.err
    assert hub.sent == []
    assert len(makers.made) == 2
    assert makers.made[: len(before)] == before


def test_a_full_disk_says_how_much_room_to_make(program: Program, hub: Hub, makers: Makers) -> None:
    makers.fails["quantize"] = OSError(28, "No space left on device")
    outcome = program("models", "get", "mint-1.7b", "--yes")
    assert "companion: The disk is full. What is done is kept in" in outcome.err


def test_a_checkpoint_is_deleted_once_it_is_one_file(program: Program, hub: Hub, makers: Makers) -> None:
    makers.fails["quantize"] = KeyboardInterrupt()
    program("models", "get", "mint-1.7b", "--yes")
    assert [name for name in folder_of("mint-1.7b") if name.endswith((".safetensors", ".gguf"))] == ["f16.gguf"]


def test_ended_between_registering_and_moving_it_finishes(
    program: Program, hub: Hub, makers: Makers, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("companion.modelhub.registry._write", lambda entries: (_ for _ in ()).throw(KeyboardInterrupt))
        assert program("models", "get", "qwen3-4b", "--yes").code == 130
    hub.asked.clear()
    assert program("models", "get", "qwen3-4b", "--yes").code == 0
    assert hub.sent == []
    getting.work_folder("qwen3-4b").mkdir()  # ended before the folder was taken away
    assert program("models", "get", "qwen3-4b", "--yes").code == 0
    assert (hub.sent, folder_of("qwen3-4b")) == ([], [])


def test_another_kind_after_an_interruption_uses_what_it_can(program: Program, hub: Hub, makers: Makers) -> None:
    makers.fails["check"] = KeyboardInterrupt()
    program("models", "get", "mint-1.7b", "--yes")
    assert program("models", "get", "mint-1.7b", "--yes", "--kind", "q8_0").code == 0
    assert makers.made[-1] == ("convert", "mint-1.7b", "q8_0")
    assert registry.find("mint-1.7b").source.endswith(" q8_0")


def test_what_an_interrupted_one_has_left_is_listed_and_can_be_deleted(
    program: Program, hub: Hub, makers: Makers
) -> None:
    makers.fails["convert"] = KeyboardInterrupt()
    program("models", "get", "mint-1.7b", "--yes")
    row = next(row for row in program("models", "--json").rows if row["name"] == "mint-1.7b")
    assert row["begun"] >= 5000
    assert re.search(r"; begun \(5\.\d kB are kept\): companion models get mint-1\.7b\n", program("models").out)
    assert program("models", "remove", "mint-1.7b", typed="n\n").code == 130
    assert program("models", "remove", "mint-1.7b", "--yes").code == 0
    assert folder_of("mint-1.7b") == []
    assert "; to fetch (4.1 GB): companion models get mint-1.7b" in program("models").out
    assert program("models", "remove", "mint-1.7b", "--yes").code == 3


def test_two_at_once_are_not(program: Program, hub: Hub, makers: Makers) -> None:
    with online():
        plan = getting.plan(catalogue.find("qwen3-4b"))
        with getting._alone(plan.folder):
            outcome = program("models", "get", "qwen3-4b", "--yes")
    assert outcome.code == 4
    assert "Another `companion models get` is at qwen3-4b already" in outcome.err


@pytest.mark.llama
def test_killed_in_mid_download_it_goes_on_at_the_byte_it_had(
    hub: Hub, gguf_file: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
    hub.repositories[QWEN] = {"Qwen3-4B-Q4_K_M.gguf": gguf_file.read_bytes()}
    assert gguf_file.stat().st_size > 3 << 20
    hub.pause_after = (2 << 20) + 5
    command = [sys.executable, "-m", "companion", "models", "get", "qwen3-4b", "--yes"]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert running.stderr is not None
    part = getting.work_folder("qwen3-4b") / "Qwen3-4B-Q4_K_M.gguf.part"
    told = iter(running.stderr)
    while "Qwen3-4B-Q4_K_M.gguf: " not in next(told):
        pass
    running.send_signal(signal.SIGKILL)
    running.communicate()
    had = part.stat().st_size
    assert had >= 1 << 20
    hub.asked.clear()
    hub.go_on.set()
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert hub.sent == [("Qwen3-4B-Q4_K_M.gguf", f"bytes={had}-")]
    assert registry.find("qwen3-4b").file.read_bytes() == gguf_file.read_bytes()


# -- what is fetched stays the same ----------------------------------------------------------------------------------


def test_what_main_was_at_the_first_download_is_what_later_ones_get(program: Program, hub: Hub, makers: Makers) -> None:
    program("models", "get", "qwen3-4b", "--yes")
    program("models", "remove", "qwen3-4b", "--yes")
    assert pins.pins_file().stat().st_mode & 0o777 == 0o600
    hub.asked.clear()
    program("models", "get", "qwen3-4b", "--yes")
    assert hub.asked[0][1] == f"/api/models/{QWEN}/revision/{COMMIT}"


def test_a_file_that_has_changed_under_its_commit_is_refused(program: Program, hub: Hub, makers: Makers) -> None:
    program("models", "get", "qwen3-4b", "--yes")
    program("models", "remove", "qwen3-4b", "--yes")
    hub.repositories[QWEN]["Qwen3-4B-Q4_K_M.gguf"] += bytes(32)
    outcome = program("models", "get", "qwen3-4b", "--yes")
    assert outcome.code == 4
    assert "is not what it was at the first download" in said_no_more_than_a_sentence(outcome)
    assert program("models", "get", "qwen3-4b", "--yes", "--revision", "main").code == 0
    program("models", "remove", "qwen3-4b", "--yes")
    assert program("models", "get", "qwen3-4b", "--yes").code == 0


def test_another_commit_throws_away_what_one_has_left(program: Program, hub: Hub, makers: Makers) -> None:
    makers.fails["convert"] = KeyboardInterrupt()
    program("models", "get", "mint-1.7b", "--yes")
    hub.commits[MINT] = "b2" * 20
    hub.asked.clear()
    program("models", "get", "mint-1.7b", "--yes", "--revision", "main")
    assert len(hub.sent) == len(CHECKPOINT) - 2
    assert "b2b2" in registry.find("mint-1.7b").source


def test_pickles_are_not_fetched(program: Program, hub: Hub, makers: Makers) -> None:
    hub.repositories["me/Old"] = {"config.json": b"{}", "pytorch_model.bin": b"\x80"}
    outcome = program("models", "get", "me/Old", "--yes")
    assert outcome.code == 4
    assert "pickle files only, which can run code" in said_no_more_than_a_sentence(outcome)
    hub.repositories["me/Empty"] = {"README.md": b"nothing here"}
    outcome = program("models", "get", "me/Empty", "--yes")
    assert outcome.code == 3
    assert "neither safetensors with a config.json nor a GGUF file" in said_no_more_than_a_sentence(outcome)
