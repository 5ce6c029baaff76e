# ruff: noqa: E402  (what is imported needs the packages that are looked for first)
"""Checkpoints as GGUF files: the logits and token ids of transformers, and the metadata of llama.cpp's own converter.

What that converter writes for checkpoints like these was compared once, key by key and byte by byte
(benchmarks/RESULTS.md); here it is written down.
"""

from __future__ import annotations

import json
import tracemalloc
import unicodedata
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gguf", reason="gguf is not installed")
torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")
pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")

import gguf
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file

from companion.engine.gguf_file import read_header
from companion.modelhub.architectures import frequency_factors, read_architecture
from companion.modelhub.convert import convert
from companion.modelhub.streamed import permuted
from companion.modelhub.weights import open_checkpoint
from planner.layouts import CONTROL_TOKENS
from tests.companion import model_logits
from tests.companion.conversion import FAMILIES, write
from tests.companion.conversion import checkpoint as checkpoint
from tests.companion.conversion import checkpoints as checkpoints
from tests.companion.model_logits import MIXED, PROMPTS
from tests.companion.tiny_checkpoint import SIZE, Family, edit, save

pytestmark = [pytest.mark.llama, pytest.mark.torch]


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
