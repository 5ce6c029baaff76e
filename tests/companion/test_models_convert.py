"""`companion models convert`, `quantize` and `check`, as they are typed."""

from __future__ import annotations

import builtins
import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gguf", reason="gguf is not installed")
pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("peft", reason="peft is not installed")
pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")

from companion import paths
from companion.engine.gguf_file import read_header
from tests.companion.test_modelhub_adapter import train
from tests.companion.tiny_checkpoint import edit, save
from tests.conftest import Program, said_no_more_than_a_sentence

pytestmark = [pytest.mark.llama, pytest.mark.torch]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("checkpoint") / "kind-one", hidden_size=256, intermediate_size=512)


def test_a_checkpoint_becomes_a_model_that_is_known_checked_and_quantised(program: Program, checkpoint: Path) -> None:
    made = program("models", "convert", str(checkpoint))
    file = paths.user_models() / "kind-one.gguf"
    assert (made.code, made.out) == (0, "")
    assert f"{file}  " in made.err
    assert "layout mini (guessed). `companion chat --model kind-one` talks to it" in made.err
    assert program("models", "path", "kind-one").out == f"{file}\n"

    checked = program("models", "check", "kind-one", "--source", str(checkpoint))
    assert checked.code == 0
    assert "tokens      the source's\n" in checked.out
    assert "tokens/s in a reply" in checked.out

    small = program("models", "quantize", "kind-one")
    assert small.code == 0
    assert (paths.user_models() / "kind-one-q4_k_m.gguf").stat().st_size < file.stat().st_size / 2
    (row,) = program("models", "check", "kind-one-q4_k_m", "--source", str(checkpoint), "--json").rows
    assert row["faults"] == []
    assert row["same_tokens"] is True
    assert row["likeness"]["correlation"] > 0.96
    assert 4 < row["bits"] < 8


def test_a_kind_that_is_quantised_is_made_at_once(program: Program, checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "small.gguf"
    assert program("models", "convert", str(checkpoint), "--kind", "Q4_K_M", "-o", str(out), "--name", "Kind").code == 0
    assert read_header(out).name == "Kind"
    assert [file.name for file in tmp_path.glob("small*")] == ["small.gguf"]


def test_what_is_off_ends_with_1_and_is_said(program: Program, checkpoint: Path, tmp_path: Path) -> None:
    assert program("models", "convert", str(checkpoint)).code == 0
    other = edit(checkpoint, tmp_path / "other", rms_norm_eps=3.0)
    checked = program("models", "check", "kind-one", "--source", str(other))
    assert checked.code == 1
    assert checked.err.startswith("Off: kind-one.gguf computes something else than its source: the logits correlate by")
    nowhere = program("models", "check", "kind-one", "--source", str(tmp_path))
    assert nowhere.code == 3
    assert "has no config.json; give the folder of a saved model." in nowhere.err


def test_an_adapter_becomes_one_that_can_be_laid_on_its_model(
    program: Program, checkpoint: Path, tmp_path: Path
) -> None:
    trained = train(checkpoint, tmp_path / "warm")
    assert program("models", "convert", str(checkpoint)).code == 0
    made = program("models", "convert", str(trained))
    adapter = paths.user_models() / "adapters" / "warm.gguf"
    assert (made.code, made.out) == (0, "")
    assert f"`companion models add BASE.gguf --name warm --adapter {adapter}` lays it on its model" in made.err
    file = program("models", "path", "kind-one").out.strip()
    add = ("models", "add", file, "--name", "warm", "--adapter", str(adapter), "--adapter-scale", "0.5")
    assert program(*add).code == 0
    assert program("models", "check", "warm").code == 0
    off = program("models", "check", "warm", "--source", str(checkpoint))  # half the adapter is not the base
    assert off.code == 1
    small = program("models", "convert", str(trained), "--kind", "f16", "-o", str(tmp_path / "half.gguf"))
    assert small.code == 0
    assert (tmp_path / "half.gguf").stat().st_size < adapter.stat().st_size


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (
            ("convert", "/nowhere"),
            3,
            "There is no folder /nowhere; give the folder of a checkpoint",
        ),
        (("convert", "DIR", "--kind", "q9"), 2, "There is no kind 'q9'; choose one of f32, f16, bf16, q8_0, q2_k,"),
        (("convert", "DIR", "--base", "."), 2, "--base is for an adapter; this is a model."),
        (("convert", "some/repository", "-o", "x"), 2, "A repository is fetched into the models folder"),
        (("quantize", "nobody"), 3, "There is no model 'nobody'."),
        (("check", "nobody"), 3, "There is no model 'nobody'."),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    arguments: tuple[str, ...], code: int, words: str, program: Program, checkpoint: Path
) -> None:
    outcome = program("models", *(str(checkpoint) if argument == "DIR" else argument for argument in arguments))
    assert outcome.code == code
    assert words in outcome.err
    said_no_more_than_a_sentence(outcome)


def test_a_file_that_is_there_is_not_written_over(program: Program, checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "there.gguf"
    out.write_bytes(b"mine")
    for command in (("convert", str(checkpoint)), ("quantize", "mini")):
        outcome = program("models", *command, "-o", str(out))
        assert outcome.code == 4
        assert "is there already: name another file with -o" in outcome.err
    assert out.read_bytes() == b"mine"


def test_a_place_that_cannot_be_written_is_a_sentence(program: Program, checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    outcome = program("models", "convert", str(checkpoint), "-o", str(tmp_path / "file" / "out.gguf"))
    assert outcome.code == 1
    assert "cannot be written: " in outcome.err
    said_no_more_than_a_sentence(outcome)


def test_without_gguf_it_is_said_how_to_get_it(
    program: Program, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    for name in [name for name in sys.modules if name.startswith("companion.modelhub.") or name == "gguf"]:
        monkeypatch.delitem(sys.modules, name)
    real = builtins.__import__

    def without(name: str, *arguments: Any, **more: Any) -> Any:
        if name == "gguf":
            raise ModuleNotFoundError("No module named 'gguf'", name="gguf")
        return real(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    outcome = program("models", "convert", str(checkpoint))
    assert outcome.code == 1
    assert "This needs gguf, which is not installed: pip install 'companion-chat[models]'." in outcome.err


def test_progress_is_told_on_standard_error(program: Program, checkpoint: Path, tmp_path: Path) -> None:
    outcome = program("models", "convert", str(checkpoint), "--kind", "q6_k", "-o", str(tmp_path / "o.gguf"))
    assert "converting: 100%" in outcome.err
    assert "quantising: 100%" in outcome.err


def test_a_card_goes_where_the_file_goes(program: Program, checkpoint: Path, tmp_path: Path) -> None:
    told = edit(checkpoint, tmp_path / "told")
    (told / "generation_config.json").write_text(json.dumps({"temperature": 0.5}))
    out = tmp_path / "out.gguf"
    assert program("models", "convert", str(told), "-o", str(out)).code == 0
    assert read_header(out).sampling == pytest.approx({"temp": 0.5})
