"""Checkpoints that cannot be converted: a sentence each, and no file is left behind or harmed."""

from __future__ import annotations

import contextlib
import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gguf", reason="gguf is not installed")
pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

import gguf
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from companion.errors import CompanionError, NotFound, Refused, UsageError
from companion.modelhub.weights import read_contents
from tests.companion.conversion import checkpoint as checkpoint
from tests.companion.conversion import checkpoints as checkpoints
from tests.companion.conversion import write
from tests.companion.tiny_checkpoint import Family, edit

pytestmark = pytest.mark.torch


def refused(kind: type[CompanionError], match: str, checkpoint: Path) -> None:
    out = checkpoint.parent / "out.gguf"
    with pytest.raises(kind, match=match):
        write(checkpoint, out)
    assert not list(out.parent.glob("out*"))


@pytest.mark.parametrize("architecture", ["Gemma3ForCausalLM", "Qwen3ForSequenceClassification"])
def test_another_architecture_is_refused(architecture: str, checkpoint: Path, tmp_path: Path) -> None:
    other = edit(checkpoint, tmp_path / "other", architectures=[architecture])
    refused(UsageError, rf"other holds a '{architecture}' model; Qwen3, Qwen2\.5, Llama 3 and SmolLM2 can", other)


def test_an_unknown_scaling_of_positions_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    scaled = edit(checkpoint, tmp_path / "scaled", rope_parameters={"rope_type": "longrope", "factor": 4.0})
    refused(UsageError, r"scales its rotary positions by 'longrope'", scaled)


def test_a_config_without_sizes_is_named(checkpoint: Path, tmp_path: Path) -> None:
    refused(
        CompanionError, r"config\.json lacks 'hidden_size'", edit(checkpoint, tmp_path / "o", without=("hidden_size",))
    )


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"has no config\.json; give the folder of a saved model\."):
        write(tmp_path, tmp_path / "out.gguf")


def test_a_pickle_is_refused_unopened(checkpoint: Path, tmp_path: Path) -> None:
    pickled = edit(checkpoint, tmp_path / "pickled")
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    refused(Refused, r"pickle files \(\.bin\), which can run code", pickled)


def test_a_tensor_without_a_name_in_gguf_leaves_no_file_behind(checkpoint: Path, tmp_path: Path) -> None:
    strange = edit(checkpoint, tmp_path / "strange")
    weights = load_file(strange / "model.safetensors")
    save_file(weights | {"adapter.up": weights["model.norm.weight"]}, strange / "model.safetensors")
    refused(UsageError, r"has a tensor 'adapter\.up' that a qwen3 GGUF does not", strange)


@pytest.mark.parametrize("name", ["model.norm.weight", "model.layers.1.mlp.up_proj.weight"])
def test_a_tensor_that_is_lacking_is_named(name: str, checkpoint: Path, tmp_path: Path) -> None:
    less = edit(checkpoint, tmp_path / "less")
    weights = load_file(less / "model.safetensors")
    del weights[name]
    save_file(weights, less / "model.safetensors")
    refused(CompanionError, r"less lacks (output_norm|blk\.1\.ffn_up)\.weight", less)


def test_a_shard_that_is_lacking_is_named(checkpoints: dict[Family, Path], tmp_path: Path) -> None:
    less = edit(checkpoints["qwen2"], tmp_path / "less")
    next(less.glob("model-00002*")).unlink()
    refused(NotFound, r"has no model-00002-of-.*, which model\.safetensors\.index\.json names", less)


def test_a_file_that_is_cut_off_is_named(checkpoint: Path, tmp_path: Path) -> None:
    cut = edit(checkpoint, tmp_path / "cut")
    with (cut / "model.safetensors").open("r+b") as file:
        file.truncate(100_000)
    refused(CompanionError, r"model\.safetensors is incomplete \(100000 of \d+ bytes\)", cut)


@pytest.mark.parametrize("size", ["num_hidden_layers", "vocab_size", "num_attention_heads"])
@pytest.mark.parametrize("value", [0, -1, 10**12, "many", None])
def test_a_size_that_no_model_has_is_a_sentence(size: str, value: Any, checkpoint: Path, tmp_path: Path) -> None:
    odd = edit(checkpoint, tmp_path / "odd", **{size: value})
    refused(CompanionError, r"config\.json makes no sense \(", odd)


@pytest.mark.parametrize(("key", "value"), [("top_k", "many"), ("temperature", [1]), ("top_p", {})])
def test_a_generation_config_that_makes_no_sense_is_a_sentence(
    key: str, value: Any, checkpoint: Path, tmp_path: Path
) -> None:
    odd = edit(checkpoint, tmp_path / "odd")
    (odd / "generation_config.json").write_text(json.dumps({key: value}))
    refused(CompanionError, r"says something that makes no sense", odd)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["dtype", "shape", "a"]), inner),
    max_leaves=6,
)
CONTENTS = st.dictionaries(
    st.text(max_size=3),
    JUNK
    | st.fixed_dictionaries({"dtype": st.sampled_from(["F32", "BF16", "I8"]), "shape": JUNK, "data_offsets": JUNK}),
    max_size=3,
)


@given(st.binary(max_size=60) | CONTENTS.map(lambda contents: json.dumps(contents).encode()))
def test_whatever_a_safetensors_file_begins_with_is_read_or_refused(tmp_path_factory: Any, junk: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "junk.safetensors"
    file.write_bytes(len(junk).to_bytes(8, "little") + junk)
    with contextlib.suppress(CompanionError):
        read_contents(file)


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\xff" * 8,
        (5).to_bytes(8, "little") + b"[1,2]",
        (2**40).to_bytes(8, "little") + b"{}",
        (60).to_bytes(8, "little") + b'{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}',
        (64).to_bytes(8, "little") + b'{"a": {"dtype": "F32", "shape": [-2], "data_offsets": [0, -8]}}  ',
    ],
)
def test_a_damaged_table_of_contents_is_a_sentence(damage: bytes, checkpoint: Path, tmp_path: Path) -> None:
    bad = edit(checkpoint, tmp_path / "bad")
    (bad / "model.safetensors").write_bytes(damage)
    refused(CompanionError, r"model\.safetensors is damaged: its table of contents", bad)


def test_an_index_cannot_name_files_elsewhere(checkpoints: dict[Family, Path], tmp_path: Path) -> None:
    sly = edit(checkpoints["qwen3"], tmp_path / "sly")
    (sly / "model.safetensors.index.json").write_text('{"weight_map": {"a": "../qwen2/model.safetensors"}}')
    refused(UsageError, r"names a file outside its folder", sly)


def test_a_model_quantised_already_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    quantised = edit(checkpoint, tmp_path / "q", quantization_config={"quant_method": "fp8"})
    refused(UsageError, r"was quantised already: get it in 16 bits", quantised)


def test_numbers_that_f16_cannot_hold_are_no_silent_infinities(checkpoint: Path, tmp_path: Path) -> None:
    large = edit(checkpoint, tmp_path / "large")
    weights = load_file(large / "model.safetensors")
    weights["model.embed_tokens.weight"][3, 4] = 1e5
    save_file(weights, large / "model.safetensors")
    with pytest.raises(UsageError, match=r"'model\.embed_tokens\.weight' has numbers that f16 cannot hold"):
        write(large, tmp_path / "out.gguf", "f16")
    assert not list(tmp_path.glob("out*"))
    assert write(large, tmp_path / "out.gguf", "bf16").is_file()


@pytest.mark.parametrize(
    ("part", "value", "match"),
    [
        ("model", {"type": "Unigram"}, r"another kind than byte-level BPE \('Unigram'\)"),
        ("pre_tokenizer", {"type": "Whitespace"}, r"splits text in a way that is not known here \(Whitespace\)"),
        ("model", {"type": "BPE", "vocab": {"a": 9999}, "merges": []}, r"more tokens than the 528 of config\.json"),
        ("model", {"type": "BPE", "vocab": 3}, r"is no tokenizer\.json"),
    ],
)
def test_another_tokenizer_is_refused(part: str, value: Any, match: str, checkpoint: Path, tmp_path: Path) -> None:
    other = edit(checkpoint, tmp_path / "other")
    tokenizer = json.loads((other / "tokenizer.json").read_text())
    (other / "tokenizer.json").write_text(json.dumps(tokenizer | {part: value}))
    refused(CompanionError, match, other)


def test_a_write_that_breaks_off_leaves_the_old_file_as_it_was(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.gguf"
    out.write_bytes(b"old")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(gguf.GGUFWriter, "write_tensors_to_file", full)
    with pytest.raises(OSError, match="No space left"):
        write(checkpoint, out)
    assert out.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["out.gguf"]
