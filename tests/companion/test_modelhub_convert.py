# ruff: noqa: E402  (what is imported needs the packages that are looked for first)
"""Checkpoints as GGUF files: the logits and token ids of transformers, and the metadata of llama.cpp's own converter.

What that converter writes for checkpoints like these was compared once, key by key and byte by byte
(benchmarks/RESULTS.md); here it is written down.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import tracemalloc
import unicodedata
from pathlib import Path
from typing import Any, get_args

import pytest

pytest.importorskip("gguf", reason="gguf is not installed")
torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")
pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")

import gguf
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from companion.engine.gguf_file import read_header
from companion.errors import CompanionError, NotFound, Refused, UsageError
from companion.modelhub.architectures import frequency_factors, read_architecture
from companion.modelhub.convert import convert
from companion.modelhub.streamed import permuted
from companion.modelhub.weights import open_checkpoint, read_contents
from planner.layouts import CONTROL_TOKENS
from tests.companion import model_logits
from tests.companion.tiny_checkpoint import SIZE, Family, edit, save
from training.tokens import SPECIAL

pytestmark = [pytest.mark.llama, pytest.mark.torch]
FAMILIES: tuple[Family, ...] = get_args(Family)


PROMPTS = model_logits.PROMPTS

MIXED = [
    *PROMPTS,
    "don't DON'T we'll I'd 's 'S ' '' it''s ’s",
    "1 12 123 1234567890 ٣٤ ½ x2y3",
    "   leading, trailing   ",
    "tabs\t\tand\nlines\r\n\r\n \n  end\n\n\n",
    "\U0001f600\U0001f44d\U0001f3fd —…\u00a0 “quoted”",
    "Как дела? Добре! 今天很累。こんにちは 한국어 สวัสดี",
    "".join(SPECIAL),
]


def write(checkpoint: Path, out: Path, kind: Any = "f32") -> Path:
    return convert(checkpoint, out, kind=kind, name="tiny model")


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[Family, Path]:
    """One of each family, in shards."""
    folder = tmp_path_factory.mktemp("checkpoints")
    return {family: save(folder / family, family, tied=family != "qwen2", shard="100KB") for family in FAMILIES}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Qwen3, in one file."""
    return save(tmp_path_factory.mktemp("whole") / "model")


@pytest.fixture(scope="module")
def written(checkpoints: dict[Family, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[Family, Path]:
    """Each in F32."""
    folder = tmp_path_factory.mktemp("written")
    return {family: write(source, folder / f"{family}.gguf") for family, source in checkpoints.items()}


def ids_of(checkpoint: Path) -> list[list[int]]:
    found: list[list[int]] = model_logits.checkpoint_ids(checkpoint, PROMPTS)
    return found


def difference(file: Path, checkpoint: Path) -> tuple[float, float]:
    """(largest difference of a logit, share of positions whose likeliest token agrees)."""
    ids = ids_of(checkpoint)
    theirs = model_logits.checkpoint_logits(checkpoint, ids)
    assert all(logits.std() > 1 for logits in theirs)  # else a bound says little
    found: tuple[float, float] = model_logits.difference(model_logits.file_logits(file, ids), theirs)
    return found


def metadata(file: Path) -> dict[str, tuple[str, Any]]:
    """(type, value) of each key; the type of an array is that of its items."""
    fields = gguf.GGUFReader(file).fields
    return {key: (field.types[-1].name, field.contents()) for key, field in fields.items() if key[:5] != "GGUF."}


def sizes(file: Path) -> dict[str, Any]:
    """What a file says of the model, not of where it comes from."""
    return {key: value for key, value in metadata(file).items() if not key.startswith("general.")}


def kinds(file: Path) -> dict[str, str]:
    return {tensor.name: tensor.tensor_type.name for tensor in gguf.GGUFReader(file).tensors}


@pytest.mark.parametrize("family", FAMILIES)
def test_an_f32_file_gives_the_logits_of_transformers(
    family: Family, checkpoints: dict[Family, Path], written: dict[Family, Path]
) -> None:
    largest, agree = difference(written[family], checkpoints[family])
    assert largest < 1e-3
    assert agree == 1


def test_so_does_a_model_whose_output_is_not_tied(tmp_path: Path) -> None:
    checkpoint = save(tmp_path / "model", tied=False)
    file = write(checkpoint, tmp_path / "untied.gguf")
    assert difference(file, checkpoint)[0] < 1e-3
    assert "output.weight" in kinds(file)


def test_so_does_a_checkpoint_in_bfloat16(tmp_path: Path) -> None:
    checkpoint = save(tmp_path / "model", dtype=torch.bfloat16)
    assert difference(write(checkpoint, tmp_path / "bfloat16.gguf"), checkpoint)[0] < 1e-3


@pytest.mark.parametrize(("kind", "bound"), [("f16", 0.1), ("bf16", 0.5), ("q8_0", 1.0)])
def test_fewer_bits_load_and_mostly_agree(kind: str, bound: float, checkpoint: Path, tmp_path: Path) -> None:
    largest, agree = difference(write(checkpoint, tmp_path / "few.gguf", kind), checkpoint)
    assert largest < bound
    assert agree > 0.9


def test_a_bfloat16_checkpoint_keeps_its_bits_in_a_bfloat16_file(tmp_path: Path) -> None:
    from safetensors.torch import load_file as load_torch

    checkpoint = save(tmp_path / "model", dtype=torch.bfloat16)
    file = write(checkpoint, tmp_path / "out.gguf", "bf16")
    (embedding,) = (tensor for tensor in gguf.GGUFReader(file).tensors if tensor.name == "token_embd.weight")
    theirs = load_torch(checkpoint / "model.safetensors")["model.embed_tokens.weight"]
    assert embedding.data.tobytes() == theirs.view(torch.uint8).numpy().tobytes()


def test_rows_that_are_no_whole_blocks_stay_f16_in_a_q8_0_file(tmp_path: Path) -> None:
    checkpoint = save(tmp_path / "model", hidden_size=48)
    file = write(checkpoint, tmp_path / "q8.gguf", "q8_0")
    assert kinds(file)["blk.0.attn_q.weight"] == "F16"
    assert kinds(file)["blk.0.ffn_down.weight"] == "Q8_0"
    assert difference(file, checkpoint)[1] > 0.9


@pytest.mark.parametrize("family", FAMILIES)
def test_token_ids_are_those_of_transformers(
    family: Family, checkpoints: dict[Family, Path], written: dict[Family, Path]
) -> None:
    texts = [unicodedata.normalize("NFC", text) for text in MIXED]
    assert model_logits.file_ids(written[family], texts) == model_logits.checkpoint_ids(checkpoints[family], texts)


SPLIT_NAMES = {"qwen3": "qwen2", "qwen2": "qwen2", "llama3": "llama-bpe", "smollm2": "smollm"}


@pytest.mark.parametrize("family", FAMILIES)
def test_metadata_is_what_llama_cpps_own_converter_writes(family: Family, written: dict[Family, Path]) -> None:
    found = metadata(written[family])
    arch = {"qwen3": "qwen3", "qwen2": "qwen2"}.get(family, "llama")
    keys: dict[str, Any] = {
        "block_count": 2, "context_length": 512, "embedding_length": 64, "feed_forward_length": 96,
        "attention.head_count": 4, "attention.head_count_kv": 2,
    }  # fmt: skip
    if arch != "qwen2":
        head = 32 if arch == "qwen3" else 16
        keys |= {"attention.key_length": head, "attention.value_length": head}
    if arch == "llama":
        keys |= {"vocab_size": SIZE, "rope.dimension_count": 16}
    expected: dict[str, tuple[str, Any]] = {f"{arch}.{key}": ("UINT32", value) for key, value in keys.items()}
    expected |= {
        "general.architecture": ("STRING", arch),
        "general.type": ("STRING", "model"),
        "general.name": ("STRING", "tiny model"),
        "general.file_type": ("UINT32", 0),
        "general.quantization_version": ("UINT32", 2),
        f"{arch}.rope.freq_base": ("FLOAT32", 5e5 if family == "llama3" else 50_000.0),
        f"{arch}.attention.layer_norm_rms_epsilon": ("FLOAT32", pytest.approx(1e-6)),
        "tokenizer.ggml.model": ("STRING", "gpt2"),
        "tokenizer.ggml.pre": ("STRING", SPLIT_NAMES[family]),
        "tokenizer.ggml.bos_token_id": ("UINT32", 480),
        "tokenizer.ggml.eos_token_id": ("UINT32", 482),
        "tokenizer.ggml.padding_token_id": ("UINT32", 480),
    }
    added = {"qwen3": (False, False, None), "qwen2": (False, False, None), "llama3": (True, False, False)}
    for name, value in zip(("bos", "eos", "sep"), added.get(family, (None, None, None)), strict=True):
        if value is not None:
            expected[f"tokenizer.ggml.add_{name}_token"] = ("BOOL", value)
    rest = found.keys() - expected.keys() - {"general.basename", "general.version"}  # as the folder is called
    assert {key: found[key] for key in expected if key in found} == expected
    assert rest == {
        "general.size_label", "tokenizer.ggml.tokens", "tokenizer.ggml.token_type",
        "tokenizer.ggml.merges", "tokenizer.chat_template",
    }  # fmt: skip
    assert found["tokenizer.ggml.token_type"][0] == "INT32"


def test_the_vocabulary_of_smollm_says_that_no_token_is_put_before_a_text(tmp_path: Path) -> None:
    checkpoint = save(tmp_path / "model", "smollm2", vocab_size=49152, num_hidden_layers=1)
    config = json.loads((checkpoint / "tokenizer_config.json").read_text())
    (checkpoint / "tokenizer_config.json").write_text(json.dumps(config | {"add_prefix_space": False}))
    found = metadata(write(checkpoint, tmp_path / "out.gguf"))
    assert found["tokenizer.ggml.add_bos_token"] == ("BOOL", False)
    assert found["tokenizer.ggml.add_space_prefix"] == ("BOOL", False)


def test_what_looks_special_is_a_control_token_and_other_added_ones_are_text(written: dict[Family, Path]) -> None:
    found = metadata(written["qwen3"])
    tokens, types = found["tokenizer.ggml.tokens"][1], found["tokenizer.ggml.token_type"][1]
    of = dict(zip(tokens, types, strict=True))
    assert of["<|fim_prefix|>"] == of["<|im_end|>"] == gguf.TokenType.CONTROL
    assert of["<think>"] == gguf.TokenType.USER_DEFINED
    assert of["a"] == gguf.TokenType.NORMAL


def test_the_scaling_of_llama_3_becomes_a_tensor(checkpoints: dict[Family, Path], written: dict[Family, Path]) -> None:
    (factors,) = (t for t in gguf.GGUFReader(written["llama3"]).tensors if t.name == "rope_freqs.weight")
    assert factors.data.shape == (8,)
    assert factors.data[0] == 1  # short waves are left alone
    assert factors.data[-1] == 8  # long ones are stretched by the factor
    assert set(factors.data.tolist()) - {1, 8}
    assert frequency_factors(read_architecture(checkpoints["qwen3"])) is None


def test_the_header_says_what_the_chat_needs_to_know(written: dict[Family, Path]) -> None:
    header = read_header(written["qwen3"])
    assert (header.name, header.architecture, header.context) == ("tiny model", "qwen3", 512)
    assert set(CONTROL_TOKENS) < header.specials
    assert header.size == written["qwen3"].stat().st_size


def test_ids_without_a_token_are_padding(written: dict[Family, Path]) -> None:
    found = metadata(written["qwen3"])
    tokens, types = found["tokenizer.ggml.tokens"][1], found["tokenizer.ggml.token_type"][1]
    unused = [token for token, kind in zip(tokens, types, strict=True) if kind == gguf.TokenType.UNUSED]
    assert len(tokens) == SIZE
    assert len(unused) >= 12
    assert all(token.startswith("[PAD") for token in unused)


@pytest.mark.parametrize("family", ["qwen3", "llama3"])
def test_the_config_of_older_transformers_is_read_too(
    family: Family, checkpoints: dict[Family, Path], written: dict[Family, Path], tmp_path: Path
) -> None:
    rope = json.loads((checkpoints[family] / "config.json").read_text())["rope_parameters"]
    theta = rope.pop("rope_theta")
    older = edit(
        checkpoints[family], tmp_path / "older", without=("rope_parameters",), rope_theta=theta,
        rope_scaling=rope if family == "llama3" else None,
    )  # fmt: skip
    file = write(older, tmp_path / "older.gguf")
    assert sizes(file) == sizes(written[family])


def test_scaled_positions_are_written_as_llama_cpp_names_them(checkpoint: Path, tmp_path: Path) -> None:
    yarn = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 128, "beta_fast": 32.0}
    found = metadata(write(edit(checkpoint, tmp_path / "yarn", rope_parameters=yarn), tmp_path / "yarn.gguf"))
    assert found["qwen3.rope.scaling.type"] == ("STRING", "yarn")
    assert found["qwen3.rope.scaling.factor"] == ("FLOAT32", 4.0)
    assert found["qwen3.rope.scaling.original_context_length"] == ("UINT32", 128)
    assert found["qwen3.rope.scaling.yarn_beta_fast"] == ("FLOAT32", 32.0)


def test_the_card_and_the_generation_config_go_into_the_file(checkpoint: Path, tmp_path: Path) -> None:
    told = edit(checkpoint, tmp_path / "told")
    (told / "README.md").write_text("---\nlicense: mit\nlanguage: [en]\n---\nA model.\n")
    (told / "generation_config.json").write_text('{"temperature": 0.6, "top_k": 20, "repetition_penalty": 1.05}')
    file = write(told, tmp_path / "told.gguf")
    assert read_header(file).sampling == pytest.approx({"temp": 0.6, "top_k": 20, "penalty_repeat": 1.05})
    assert metadata(file)["general.license"] == ("STRING", "mit")
    assert read_header(write(checkpoint, tmp_path / "plain.gguf")).sampling == {}


def test_a_model_without_a_name_is_called_by_its_folder(checkpoint: Path, tmp_path: Path) -> None:
    named = edit(checkpoint, tmp_path / "Qwen3-1.7B-Kind")
    file = convert(named, tmp_path / "out.gguf", kind="q8_0")
    assert metadata(file)["general.name"] == ("STRING", "Qwen3 1.7B Kind")


def test_progress_counts_the_bytes_of_all_tensors(checkpoint: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    file = convert(
        checkpoint, tmp_path / "out.gguf", kind="f16", progress=lambda done, total: seen.append((done, total))
    )
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1] == sum(int(tensor.n_bytes) for tensor in gguf.GGUFReader(file).tensors)


def test_memory_does_not_grow_with_the_number_of_layers(tmp_path: Path) -> None:
    def peak(layers: int) -> int:
        checkpoint = save(tmp_path / f"of{layers}", num_hidden_layers=layers, hidden_size=512, intermediate_size=1024)
        tracemalloc.start()
        convert(checkpoint, tmp_path / "out.gguf", kind="q8_0")
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(8) < peak(2) + 500_000  # six layers more are 50 MB in F32


# -- what cannot be converted -----------------------------------------------------------------------------------


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


def test_the_folder_of_the_file_is_made(checkpoint: Path, tmp_path: Path) -> None:
    assert write(checkpoint, tmp_path / "new" / "folder" / "out.gguf").is_file()


@pytest.mark.parametrize("rows", [1, 5, 1000])
def test_a_tensor_read_by_rows_is_the_tensor(rows: int, checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("companion.modelhub.weights.CHUNK", rows * 64)
    theirs = load_file(checkpoint / "model.safetensors")
    for name, weight in open_checkpoint(checkpoint).items():
        assert np.array_equal(np.concatenate(list(weight.chunks())), theirs[name])


@given(st.integers(1, 5), st.integers(1, 8), st.integers(1, 3))
def test_the_rows_of_each_head_are_taken_in_turn_from_its_halves(heads: int, half: int, columns: int) -> None:
    values = np.arange(heads * 2 * half * columns, dtype=np.float32).reshape(-1, columns)
    turned = permuted(values, heads)
    for head, side, row in np.ndindex(heads, 2, half):
        start = head * 2 * half
        assert np.array_equal(turned[start + 2 * row + side], values[start + side * half + row])
