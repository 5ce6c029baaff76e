"""`companion models`: list, add, path and remove."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from companion import paths
from companion.engine.gguf_file import read_header
from companion.modelhub import registry
from planner.layouts import Layout
from tests.companion.tiny_gguf import write
from tests.conftest import Program, said_no_more_than_a_sentence

FETCHED = ("mint-1.7b", "mint-4b", "qwen3-1.7b", "qwen3-4b")


def test_the_list_shows_what_a_model_costs_and_what_is_wrong_with_one(program: Program) -> None:
    (paths.user_models() / "mini.gguf").unlink()
    (paths.user_models() / "broken.gguf").write_bytes(b"GGUF")
    tiny = write(paths.user_models() / "tiny.gguf")
    lines = {line.split()[0]: line for line in program("models").out.splitlines()}
    assert set(lines) == {"mini", "broken", "tiny", *FETCHED}
    assert "13 MB disk" in lines["mini"]
    assert lines["mini"].endswith("fits       mini  a demonstration that ships: it talks, and knows nothing")
    assert "broken.gguf is damaged or incomplete" in lines["broken"]
    assert lines["tiny"].endswith(f" mini  {tiny}")
    rows = {row["name"]: row for row in program("models", "list", "--json").rows}
    assert (rows["mini"]["ships"], rows["mini"]["licence"]) == (True, "MIT")
    assert rows["tiny"]["disk"] == tiny.stat().st_size
    assert rows["tiny"]["memory"] > rows["tiny"]["disk"]
    assert (rows["tiny"]["layout"], rows["tiny"]["here"], rows["tiny"]["download"]) == ("mini", True, None)
    assert rows["broken"]["problem"].startswith("broken.gguf is damaged")


def test_the_list_shows_what_could_be_fetched_and_whether_it_fits(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    for free, fits in ((20_000_000_000, "fits"), (1_500_000_000, "tight"), (900_000_000, "too large")):
        monkeypatch.setattr("companion.modelhub.listing.available_memory", lambda free=free: free)
        whole = 1_000_000_000 if fits == "too large" else 20_000_000_000
        monkeypatch.setattr("companion.modelhub.memory.total", lambda whole=whole: whole)
        row = {row["name"]: row for row in program("models", "list", "--json").rows}["mint-4b"]
        assert (row["fit"], row["here"]) == (fits, False)
    assert (row["download"], row["disk"], row["layout"]) == (8_060_000_000, 2_494_000_000, "mint")
    assert row["source"] == "hongli-zhan/MINT-empathy-Qwen3-4B"
    line = next(line for line in program("models").out.splitlines() if line.startswith("mint-1.7b "))
    assert line.endswith("for most machines; to fetch (4.1 GB): companion models get mint-1.7b")


def test_less_memory_is_needed_where_a_shorter_context_is_chosen(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def need(free: int) -> int:
        monkeypatch.setattr("companion.modelhub.listing.available_memory", lambda: free)
        return next(row["memory"] for row in program("models", "--json").rows if row["name"] == "mint-1.7b")

    per_token, weights, working = 114_688, 1_105_000_000, 120_000_000
    assert need(20_000_000_000) == weights + 4096 * per_token + working
    assert need(1_500_000_000) == weights + 1024 * per_token + working


def test_a_file_is_added_where_it_lies_and_its_guessed_layout_is_said(program: Program, tmp_path: Path) -> None:
    file = write(tmp_path / "MINT-own.gguf", name="My MINT model", plan_controls=False)
    outcome = program("models", "add", str(file), "--name", "own", "--context", "512")
    assert outcome.code == 0
    entry = registry.find("own")
    assert entry.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert outcome.err.splitlines()[0] == f"own: {file}, layout mint (guessed), sha256 {entry.sha256}"
    assert (entry.path, entry.context, entry.layout) == (file, 512, None)
    assert program("models", "path", "own").out == f"{file}\n"
    program("models", "add", str(file), "--layout", "tail")
    assert registry.find("MINT-own").layout is Layout.TAIL
    assert read_header(file).name == "My MINT model"


def test_a_server_is_added_by_its_url(program: Program) -> None:
    outcome = program("models", "add", "http://gpu:8000/v1/", "--model-id", "org/big", "--name", "big")
    assert "leaves this machine" in outcome.err
    entry = registry.find("big")
    assert (entry.engine, entry.base_url, entry.model_id) == ("openai", "http://gpu:8000/v1", "org/big")
    assert "on a server" in program("models").out
    assert program("models", "path", "big").code == 2


def test_an_adapter_is_added_on_top_of_its_base(program: Program, tmp_path: Path) -> None:
    base, adapter = write(tmp_path / "base.gguf"), write(tmp_path / "lora.gguf")
    program("models", "add", str(base), "--name", "tuned", "--adapter", str(adapter), "--adapter-scale", "0.5")
    entry = registry.find("tuned")
    assert (entry.path, entry.adapter, entry.adapter_scale) == (base, adapter, 0.5)


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["nowhere.gguf"], 3, "There is no model file at"),
        (["model.bin"], 4, "model.bin is a pickle file"),
        (["text.gguf"], 1, "text.gguf is not a GGUF file"),
        (["http://gpu/v1", "--name", "x"], 2, "A server needs --model-id"),
        (
            ["http://gpu/v1", "--model-id", "m", "--name", "x", "--adapter", "a.gguf"],
            2,
            "--adapter is for a model file",
        ),
        (["tiny.gguf", "--model-id", "m"], 2, "--model-id is for a server's URL"),
        (["tiny.gguf", "--adapter-scale", "1"], 2, "--adapter-scale needs an --adapter"),
        (["tiny.gguf", "--name", "a b"], 2, "a name has up to 64 letters"),
        (["tiny.gguf", "--name", "mini"], 4, "There is a model 'mini' already."),
        (["foreign.gguf"], 1, "only models of the ChatML kind can be talked to"),
    ],
)
def test_what_cannot_be_added_is_a_sentence(
    program: Program,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("model.bin").write_bytes(b"\x80\x04")
    Path("text.gguf").write_text("hello")
    write(Path("tiny.gguf"))
    write(Path("foreign.gguf"), chatml=False)
    outcome = program("models", "add", *arguments)
    assert outcome.code == code
    assert sentence in said_no_more_than_a_sentence(outcome)
    assert registry.registered() == {}


def test_a_model_is_removed_only_after_a_yes_and_its_file_stays_where_it_is_not_ours(
    program: Program, tmp_path: Path
) -> None:
    file = write(tmp_path / "own.gguf")
    program("models", "add", str(file))
    assert program("models", "remove", "own", typed="n\n").code == 130
    assert "own" in registry.known()
    assert program("models", "remove", "own", typed="y\n").err.endswith(f"own is removed. {file} stays where it is.\n")
    assert file.exists()
    ours = write(paths.user_models() / "ours.gguf")
    outcome = program("models", "remove", "ours", "--yes")
    assert outcome.err.startswith(f"{ours}  ")
    assert outcome.err.endswith("ours is removed.\n")
    assert not ours.exists()


def test_what_is_not_there_or_ships_is_not_removed(program: Program) -> None:
    assert program("models", "remove", "nope").code == 3
    (paths.user_models() / "mini.gguf").unlink()
    outcome = program("models", "remove", "mini")
    assert outcome.code == 4
    assert said_no_more_than_a_sentence(outcome).startswith("mini came with the program")


def test_the_folder_of_the_models_is_named(program: Program) -> None:
    assert program("models", "path").out == f"{paths.user_models()}\n"
