# ruff: noqa: E402  (what is imported needs the packages that are looked for first)
"""A file that is its source passes; one that is not, in whatever way, is told apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gguf", reason="gguf is not installed")
torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")
pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")

import numpy as np
from safetensors.numpy import load_file, save_file

from companion.engine.protocol import EngineError
from companion.errors import NotFound
from companion.modelhub.check import MOST, TEXT, check, in_lines, likeness_of, source_ids
from companion.modelhub.convert import convert
from companion.modelhub.quantize import quantize
from tests.companion import tiny_gguf
from tests.companion.tiny_checkpoint import edit, save, save_tokenizer

pytestmark = [pytest.mark.llama, pytest.mark.torch]
WIDE: dict[str, Any] = {"hidden_size": 256, "intermediate_size": 512}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("source") / "wide", **WIDE)


@pytest.fixture(scope="module")
def file(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return convert(source, tmp_path_factory.mktemp("file") / "wide.gguf", kind="f16")


def test_a_file_that_is_its_source_has_no_faults(source: Path, file: Path) -> None:
    report = check(file, source=source, threads=1)
    assert report.faults == ()
    assert report.same_tokens is True
    assert report.likeness is not None
    assert report.likeness.correlation > 0.9999
    assert report.likeness.positions == MOST
    assert min(report.reply_speed, report.reading_speed) > 0
    assert report.memory is None or report.memory > file.stat().st_size
    assert 16 <= report.bits < 20


@pytest.mark.parametrize("kind", ["q8_0", "q6_k", "q5_k_m", "q4_k_m", "q4_0"])
def test_fewer_bits_are_no_fault(kind: str, source: Path, file: Path, tmp_path: Path) -> None:
    report = check(quantize(file, tmp_path / "few.gguf", kind=kind), source=source, threads=1)
    assert report.faults == ()


def test_without_a_source_nothing_is_compared_and_that_is_said(file: Path) -> None:
    report = check(file, threads=1)
    assert report.faults == ()
    assert report.likeness is None
    assert "not compared" in dict(in_lines(report))["source"]


def test_a_matrix_that_is_another_is_found(source: Path, file: Path, tmp_path: Path) -> None:
    other = edit(source, tmp_path / "other")
    weights = load_file(other / "model.safetensors")
    name = "model.layers.1.self_attn.v_proj.weight"
    weights[name] = np.ascontiguousarray(weights[name][::-1])
    save_file(weights, other / "model.safetensors")
    report = check(file, source=other, threads=1)
    assert [fault.split(":")[0] for fault in report.faults] == ["wide.gguf computes something else than its source"]


def test_a_vocabulary_that_is_another_is_found(source: Path, file: Path, tmp_path: Path) -> None:
    other = edit(source, tmp_path / "other")
    save_tokenizer(other, "smollm2")
    report = check(file, source=other, threads=1)
    assert report.same_tokens is False
    assert any("splits text into other tokens" in fault for fault in report.faults)


def test_a_model_that_computes_nothing_that_makes_sense_is_found(source: Path, tmp_path: Path) -> None:
    broken = edit(source, tmp_path / "broken")
    weights = load_file(broken / "model.safetensors")
    weights["model.norm.weight"][:] = np.nan
    save_file(weights, broken / "model.safetensors")
    report = check(convert(broken, tmp_path / "broken.gguf", kind="f32"), source=broken, threads=1)
    assert [fault for fault in report.faults if "nothing that makes sense" in fault]


def test_a_model_that_cannot_be_talked_to_is_looked_at_and_that_is_a_fault(tmp_path: Path) -> None:
    file = tiny_gguf.write(tmp_path / "plain.gguf", chatml=False)
    report = check(file, threads=1)
    assert [fault for fault in report.faults if "no control token <|im_start|>" in fault]
    assert report.reply_speed > 0


def test_a_file_that_cannot_be_loaded_is_a_sentence(file: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(file.read_bytes()[:-1000])
    with pytest.raises(EngineError, match=r"cut\.gguf is incomplete"):
        check(cut)


def test_a_source_that_is_no_checkpoint_is_a_sentence(file: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"has no (config|tokenizer)\.json"):
        check(file, source=tmp_path)


def test_the_lines_name_everything(source: Path, file: Path) -> None:
    lines = dict(in_lines(check(file, source=source, threads=1)))
    assert list(lines) == ["file", "parameters", "layout", "load", "memory", "speed", "tokens", "logits"]
    assert lines["tokens"] == "the source's"
    assert lines["layout"].startswith("mini, ")


def test_logits_are_like_themselves_and_not_like_others() -> None:
    rng = np.random.default_rng(0)
    one, other = (rng.standard_normal((5, 300), dtype=np.float32) for _ in range(2))
    same = likeness_of(one, one)
    assert (same.correlation, same.largest, same.agree) == (pytest.approx(1), 0, 1)
    assert abs(likeness_of(one, other).correlation) < 0.1
    assert likeness_of(one, one + 3).correlation == pytest.approx(1)


def test_the_text_has_more_tokens_than_are_compared(source: Path) -> None:
    assert len(source_ids(source, TEXT)) > MOST
