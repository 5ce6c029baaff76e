# ruff: noqa: E402  (what is imported needs the packages that are looked for first)
"""Fewer bits by the real library in a real child, and the ways in which that goes wrong."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

gguf = pytest.importorskip("gguf", reason="gguf is not installed")
pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")

from companion.engine.client import LlamaEngine
from companion.engine.gguf_file import read_header
from companion.engine.protocol import EngineCancelled, EngineError
from companion.errors import CompanionError, NotFound, UsageError
from companion.modelhub.quantize import KINDS, expected_size, quantize
from tests.companion import tiny_gguf

pytestmark = pytest.mark.llama
WIDE = tiny_gguf.Shape(layers=2, hidden=256, feed_forward=512)
"""Rows of whole blocks of 256, as the K kinds need."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_gguf.write(tmp_path_factory.mktemp("source") / "wide.gguf", WIDE)


def kinds(file: Path) -> dict[str, str]:
    return {tensor.name: tensor.tensor_type.name for tensor in gguf.GGUFReader(file).tensors}


def left_behind(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_q4_k_m_is_what_is_made_unless_another_kind_is_named(source: Path, tmp_path: Path) -> None:
    out = quantize(source, tmp_path / "new" / "q4.gguf")
    assert kinds(out)["blk.0.attn_q.weight"] == "Q4_K"
    assert kinds(out)["token_embd.weight"] == "Q6_K"
    assert kinds(out)["output_norm.weight"] == "F32"
    assert out.stat().st_size < source.stat().st_size / 2
    engine = LlamaEngine(out, threads=1)
    assert engine.load().parameters == read_header(source).parameters
    engine.close()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "q4_k_m"])
def test_every_kind_is_made_and_is_about_as_large_as_was_said(kind: str, source: Path, tmp_path: Path) -> None:
    out = quantize(source, tmp_path / "few.gguf", kind=kind.upper())
    letter = kind.split("_")[0].upper()
    assert any(name.startswith(letter) for name in kinds(out).values())
    assert out.stat().st_size < 1.3 * expected_size(read_header(source).parameters, kind) + 10_000
    assert left_behind(tmp_path) == ["few.gguf"]


def test_progress_counts_tensors(source: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    quantize(source, tmp_path / "few.gguf", progress=lambda begun, whole: seen.append((begun, whole)))
    count = len(kinds(source))
    assert seen == [(n, count) for n in range(1, count + 1)]


def test_a_kind_that_does_not_exist_is_named_with_those_that_do(source: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no kind 'q7'; choose one of q2_k, .*q4_k_m"):
        quantize(source, tmp_path / "few.gguf", kind="q7")


def test_a_file_is_not_written_onto_itself(source: Path) -> None:
    before = source.read_bytes()
    with pytest.raises(UsageError, match=r"wide\.gguf is what is read; name another file\."):
        quantize(source, source)
    assert source.read_bytes() == before


def test_a_file_that_was_quantised_already_is_a_sentence(source: Path, tmp_path: Path) -> None:
    few = quantize(source, tmp_path / "few.gguf")
    with pytest.raises(EngineError, match=r"few\.gguf .* was quantised already: quantise the 16-bit file"):
        quantize(few, tmp_path / "fewer.gguf", kind="q2_k")
    assert left_behind(tmp_path) == ["few.gguf"]


def test_a_file_that_is_not_there_and_one_that_is_no_model_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"no model file at"):
        quantize(tmp_path / "gone.gguf", tmp_path / "few.gguf")
    (tmp_path / "page.gguf").write_text("<html>")
    with pytest.raises(EngineError, match=r"page\.gguf is not a GGUF file"):
        quantize(tmp_path / "page.gguf", tmp_path / "few.gguf")
    assert left_behind(tmp_path) == ["page.gguf"]


def test_an_architecture_that_the_library_does_not_know_is_a_sentence(tmp_path: Path) -> None:
    odd = tiny_gguf.write(tmp_path / "odd.gguf", architecture="mystery")
    with pytest.raises(EngineError, match=r"odd\.gguf .* cannot be quantised: .*mystery"):
        quantize(odd, tmp_path / "few.gguf")
    assert left_behind(tmp_path) == ["odd.gguf"]


def test_stopping_leaves_the_old_file_as_it_was(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "few.gguf"
    out.write_bytes(b"old")
    begun: list[int] = []
    with pytest.raises(EngineCancelled):
        quantize(source, out, progress=lambda at, _: begun.append(at), stopped=lambda: bool(begun))
    assert out.read_bytes() == b"old"
    assert left_behind(tmp_path) == ["few.gguf"]


def test_ctrl_c_leaves_nothing_behind(source: Path, tmp_path: Path) -> None:
    def interrupt(*_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        quantize(source, tmp_path / "few.gguf", progress=interrupt)
    assert left_behind(tmp_path) == []


DYING = (
    "import os, runpy, sys, companion.engine.worker as worker;"
    "worker.Worker._quantize = lambda self, request: (open(request['target'], 'wb').write(b'half'), os.{how});"
    "worker.Worker(int(sys.argv[1]), int(sys.argv[2])).run()"
)


@pytest.mark.parametrize(
    ("how", "match"),
    [
        ("kill(os.getpid(), 11)", r"llama\.cpp crashes on this machine with wide\.gguf \(signal 11\)"),
        ("kill(os.getpid(), 9)", r"not enough memory"),
        ("_exit(3)", r"The model process ended while it was quantising wide\.gguf \(exit status 3\)"),
    ],
)
def test_a_crash_is_one_sentence_and_leaves_nothing_behind(how: str, match: str, source: Path, tmp_path: Path) -> None:
    command = (sys.executable, "-c", DYING.format(how=how))
    with pytest.raises(EngineError, match=match):
        quantize(source, tmp_path / "few.gguf", command=command)
    assert left_behind(tmp_path) == []


def test_a_disk_that_is_too_full_is_said_before_anything_is_written(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from collections import namedtuple

    usage = namedtuple("usage", "total used free")(10**12, 10**12, 1000)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    with pytest.raises(CompanionError, match=r"will take about .* and 1\.0 kB are free in .*: make room"):
        quantize(source, tmp_path / "few.gguf")
    assert left_behind(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_a_sentence(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CompanionError, match=r"few\.gguf cannot be written: "):
        quantize(source, tmp_path / "file" / "few.gguf")
