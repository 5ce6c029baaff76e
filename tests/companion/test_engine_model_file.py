"""Model files before anything native opens them: headers, refusals, profiles."""

from __future__ import annotations

import hashlib
import os
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.engine.client import LlamaEngine
from companion.engine.gguf_file import DamagedHeader, read_header
from companion.engine.model_file import (
    available_memory,
    check_memory,
    check_model_file,
    check_sha256,
    in_words,
    needed_memory,
)
from companion.engine.profile import guess, recommended
from companion.engine.protocol import EngineCancelled, EngineError, ModelMissing, ModelRefused, Sampling
from companion.engine.remembered import Remembered
from planner.layouts import CONTROL_TOKENS, Layout


def test_the_header_says_what_the_file_is(tiny_model: Path) -> None:
    header = read_header(tiny_model)
    assert header.name == "tiny"
    assert header.architecture == "qwen3"
    assert header.context == 2048
    assert header.size == tiny_model.stat().st_size
    assert header.cache_bytes == 2 * 2 * (32 + 32) * 2  # layers, heads, key and value, f16
    assert header.specials == {"<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>", *CONTROL_TOKENS}


def test_the_header_agrees_with_the_gguf_package(tiny_model: Path) -> None:
    gguf = pytest.importorskip("gguf")
    reader = gguf.GGUFReader(tiny_model)
    assert read_header(tiny_model).parameters == sum(int(tensor.n_elements) for tensor in reader.tensors)


def test_quantised_tensors_have_the_size_that_the_gguf_package_gives_them() -> None:
    gguf = pytest.importorskip("gguf")
    from companion.engine.gguf_file import BLOCKS

    theirs = {int(kind): size for kind, size in gguf.GGML_QUANT_SIZES.items()}
    assert {kind: theirs[kind] for kind in BLOCKS} == BLOCKS


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_file_cut_off_anywhere_is_refused_and_never_crashes(tiny_model: Path, data: st.DataObject) -> None:
    whole = tiny_model.read_bytes()
    length = data.draw(st.integers(0, len(whole) - 1))
    path = tiny_model.parent / "cut.gguf"
    path.write_bytes(whole[:length])
    with pytest.raises(EngineError, match=r"cut\.gguf is (not a GGUF|incomplete|damaged or incomplete)"):
        check_model_file(path)


def test_absurd_counts_are_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "absurd.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 2**60, 2**60) + bytes(1000))
    with pytest.raises(DamagedHeader, match="count"):
        read_header(path)


@pytest.mark.parametrize("version", [1, 4, 0x03000000])
def test_an_unknown_version_is_refused(tmp_path: Path, version: int) -> None:
    path = tmp_path / "other.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", version, 0, 0))
    with pytest.raises(EngineError, match=f"GGUF version {version}"):
        check_model_file(path)


def test_a_file_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="companion models list") as error:
        check_model_file(tmp_path / "none.gguf")
    assert error.value.exit_code == 3


def test_a_folder_is_refused_with_what_to_give_instead(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"is a folder: give the path of the \.gguf file"):
        check_model_file(tmp_path)


@pytest.mark.parametrize("suffix", [".bin", ".pt", ".pth", ".CKPT"])
def test_a_pickle_is_refused_for_safety(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(ModelRefused, match="can run code") as error:
        check_model_file(tmp_path / f"model{suffix}")
    assert error.value.exit_code == 4


def test_safetensors_are_refused_with_the_way_to_a_gguf(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="companion models convert"):
        check_model_file(tmp_path / "model.safetensors")


def test_memory_is_weights_cache_and_working_room(tiny_model: Path) -> None:
    header = read_header(tiny_model)
    more = needed_memory(header, 1000, 4096) - needed_memory(header, 0, 0)
    assert more == 1000 + 4096 * header.cache_bytes


def test_too_little_memory_names_both_numbers() -> None:
    with pytest.raises(EngineError, match=r"big\.gguf needs about 2\.5 GB of memory and 800 MB are free"):
        check_memory("big.gguf", 2_500_000_000, 800_000_000)
    check_memory("big.gguf", 2_500_000_000, None)
    check_memory("big.gguf", 2_500_000_000, 3_000_000_000)


def test_this_machine_tells_its_free_memory_or_nothing() -> None:
    free = available_memory()
    assert free is None or free > 1_000_000


@pytest.mark.parametrize(
    ("size", "words"),
    [(12, "12 bytes"), (1_500, "1.5 kB"), (394_000_000, "394 MB"), (1_105_000_000, "1.1 GB")],
)
def test_sizes_are_written_as_people_write_them(size: int, words: str) -> None:
    assert in_words(size) == words


def test_a_model_with_the_plans_control_tokens_gets_the_mini_layout(tiny_model: Path) -> None:
    profile = guess(read_header(tiny_model))
    assert profile.layout is Layout.MINI
    assert profile.controls == frozenset(CONTROL_TOKENS)
    assert not profile.empty_think
    assert profile.context == 2048


@pytest.mark.parametrize(
    ("name", "architecture", "layout", "empty_think"),
    [
        ("MINT-empathy-Qwen3-1.7B", "qwen3", Layout.MINT, True),
        ("Qwen3 0.6B", "qwen3", Layout.TAIL, True),
        ("SmolLM2", "llama", Layout.TAIL, False),
    ],
)
def test_other_models_get_theirs_by_name_and_architecture(
    tmp_path: Path, name: str, architecture: str, layout: Layout, empty_think: bool
) -> None:
    pytest.importorskip("gguf")
    from tests.companion import tiny_gguf

    path = tiny_gguf.write(tmp_path / "a.gguf", name=name, architecture=architecture, plan_controls=False)
    profile = guess(read_header(path))
    assert (profile.layout, profile.empty_think) == (layout, empty_think)


def test_a_model_without_chatml_is_refused_by_name(tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    from tests.companion import tiny_gguf

    path = tiny_gguf.write(tmp_path / "base.gguf", name="Some Base", chatml=False)
    with pytest.raises(EngineError, match=r"Some Base has no control token <\|im_start\|>"):
        guess(check_model_file(path))


def test_what_a_file_recommends_for_sampling_counts_and_nonsense_does_not() -> None:
    assert recommended({"temp": 0.6, "top_k": 20, "min_p": 7.0}) == Sampling(temperature=0.6, top_k=20)
    assert recommended({}) == Sampling()


# -- the hash of a registered file ------------------------------------------------------------------------------------


def test_a_file_with_another_hash_than_was_registered_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(b"what was registered")
    expected = hashlib.sha256(b"what was registered").hexdigest()
    known = Remembered(tmp_path / "hashes.json", "hashes")
    check_sha256(path, expected, known, lambda: None)
    stat = path.stat()
    path.write_bytes(b"what is there today")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # as somebody would who wants it not to be seen
    with pytest.raises(ModelRefused, match=rf"m\.gguf is not the file that was registered.*{expected[:12]}"):
        check_sha256(path, expected, known, lambda: None)


def test_a_file_that_has_not_changed_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(bytes(3 << 20))
    expected, read = hashlib.sha256(bytes(3 << 20)).hexdigest(), []
    for _ in range(2):
        check_sha256(path, expected, Remembered(tmp_path / "hashes.json", "hashes"), lambda: read.append(1))
    assert len(read) == 3


def test_the_engine_loads_no_file_that_is_not_the_registered_one(tiny_model: Path) -> None:
    engine = LlamaEngine(tiny_model, sha256="0" * 64, worker_command=("false",))
    with pytest.raises(ModelRefused, match="is not the file that was registered"):
        engine.load()


def test_reading_a_large_file_for_its_hash_can_be_cancelled(tiny_model: Path) -> None:
    engine = LlamaEngine(tiny_model, sha256="0" * 64, memory=lambda: engine.cancel(), worker_command=("false",))
    with pytest.raises(EngineCancelled):
        engine.load()
