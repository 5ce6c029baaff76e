# ruff: noqa: E402  (what is imported needs the packages that are looked for first)
from __future__ import annotations

import errno
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gguf", reason="gguf is not installed")
torch = pytest.importorskip("torch", reason="torch is not installed")
transformers = pytest.importorskip("transformers", reason="transformers is not installed")
pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")

import gguf

from companion.engine.gguf_file import read_header
from companion.errors import NotFound, UsageError
from planner.layouts import CONTROL_TOKENS
from training.gguf import write_gguf
from training.tokens import END, END_OF_TEXT, SPECIAL, train_tokenizer

pytestmark = [pytest.mark.llama, pytest.mark.torch]
ROOT = Path(__file__).parents[2]


def script(path: Path) -> Any:
    """A script as a module. By path, because a package in the environment may be called `benchmarks` as well."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


check = script(ROOT / "benchmarks" / "gguf_check.py")
PROMPTS = check.PROMPTS

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


def save(folder: Path, *, tied: bool, dtype: Any = None, **changes: Any) -> Path:
    """A random Qwen3 in Hugging Face form; wide logits, and norms that are not one, so that a swap would show."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    words = " ".join(PROMPTS).split()
    tokenizer = train_tokenizer(iter([*PROMPTS, *words] * 5), 500)
    size = 512  # a little more than the tokenizer has
    shape = {
        "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4,
        "num_key_value_heads": 2, "head_dim": 32,
    }  # fmt: skip
    config = transformers.Qwen3Config(
        vocab_size=size,
        max_position_embeddings=256,
        tie_word_embeddings=tied,
        rope_parameters={"rope_type": "default", "rope_theta": 50_000.0},
        bos_token_id=None,
        eos_token_id=tokenizer.token_to_id(END),
        pad_token_id=tokenizer.token_to_id(END_OF_TEXT),
        **(shape | changes),
    )
    model = transformers.Qwen3ForCausalLM(config)
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if name.endswith("norm.weight"):
                weights.copy_(1 + 0.3 * torch.randn_like(weights))
            elif "embed" in name or "lm_head" in name:
                weights.copy_(0.3 * torch.randn_like(weights))
            else:
                weights.copy_(torch.randn_like(weights) * weights.shape[1] ** -0.5)
    model.to(dtype or torch.float32).save_pretrained(folder)
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=END, pad_token=END_OF_TEXT)
    fast.save_pretrained(folder)
    return folder


def edit(checkpoint: Path, folder: Path, *, without: tuple[str, ...] = (), **changes: Any) -> Path:
    """A copy of the checkpoint with another config."""
    folder.mkdir()
    for file in checkpoint.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    config = json.loads((folder / "config.json").read_text())
    config = {key: value for key, value in (config | changes).items() if key not in without}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def write(checkpoint: Path, out: Path, kind: Any = "f32") -> Path:
    return write_gguf(checkpoint, out, kind, name="tiny model", licence="mit")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("tied") / "model", tied=True)


@pytest.fixture(scope="module")
def written(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(checkpoint, tmp_path_factory.mktemp("written") / "tiny.gguf")


@pytest.fixture(scope="module")
def prompts(checkpoint: Path) -> list[list[int]]:
    return check.checkpoint_ids(checkpoint, PROMPTS)


def test_an_f32_file_gives_the_logits_of_transformers(
    checkpoint: Path, written: Path, prompts: list[list[int]]
) -> None:
    theirs = check.checkpoint_logits(checkpoint, prompts)
    largest, agree = check.difference(check.file_logits(written, prompts), theirs)
    assert largest < 1e-3
    assert agree == 1
    assert all(logits.std() > 1 for logits in theirs)  # else the bound says little


def test_so_does_a_model_whose_output_is_not_tied(tmp_path: Path, prompts: list[list[int]]) -> None:
    checkpoint = save(tmp_path / "model", tied=False)
    file = write(checkpoint, tmp_path / "untied.gguf")
    assert check.difference(check.file_logits(file, prompts), check.checkpoint_logits(checkpoint, prompts))[0] < 1e-3


def test_so_does_a_checkpoint_in_bfloat16(tmp_path: Path, prompts: list[list[int]]) -> None:
    checkpoint = save(tmp_path / "model", tied=True, dtype=torch.bfloat16)
    file = write(checkpoint, tmp_path / "bfloat16.gguf")
    assert check.difference(check.file_logits(file, prompts), check.checkpoint_logits(checkpoint, prompts))[0] < 1e-3


def test_q8_0_loads_and_mostly_agrees(checkpoint: Path, tmp_path: Path, prompts: list[list[int]]) -> None:
    file = write(checkpoint, tmp_path / "q8.gguf", "q8_0")
    largest, agree = check.difference(check.file_logits(file, prompts), check.checkpoint_logits(checkpoint, prompts))
    assert largest < 1
    assert agree > 0.9


def test_rows_that_are_no_whole_blocks_stay_f16_in_a_q8_0_file(tmp_path: Path, prompts: list[list[int]]) -> None:
    checkpoint = save(tmp_path / "model", tied=True, hidden_size=48)
    file = write(checkpoint, tmp_path / "q8.gguf", "q8_0")
    kinds = {tensor.name: tensor.tensor_type.name for tensor in gguf.GGUFReader(file).tensors}
    assert kinds["blk.0.attn_q.weight"] == "F16"
    assert kinds["blk.0.ffn_down.weight"] == "Q8_0"
    assert check.difference(check.file_logits(file, prompts), check.checkpoint_logits(checkpoint, prompts))[1] > 0.9


@pytest.mark.parametrize("text", MIXED)
def test_token_ids_are_those_of_transformers(checkpoint: Path, written: Path, text: str) -> None:
    assert check.file_ids(written, [text]) == check.checkpoint_ids(checkpoint, [text])


def test_the_header_says_what_the_chat_needs_to_know(written: Path) -> None:
    header = read_header(written)
    assert (header.name, header.architecture, header.context) == ("tiny model", "qwen3", 256)
    assert set(CONTROL_TOKENS) < header.specials
    assert header.size == written.stat().st_size


def test_ids_without_a_token_are_padding(written: Path) -> None:
    fields = gguf.GGUFReader(written).fields
    tokens, kinds = fields["tokenizer.ggml.tokens"].contents(), fields["tokenizer.ggml.token_type"].contents()
    unused = [token for token, kind in zip(tokens, kinds, strict=True) if kind == gguf.TokenType.UNUSED]
    assert len(tokens) == 512
    assert len(unused) >= 12
    assert all(token.startswith("[PAD") for token in unused)


def test_the_config_of_older_transformers_is_read_too(
    checkpoint: Path, written: Path, tmp_path: Path, prompts: list[list[int]]
) -> None:
    older = edit(checkpoint, tmp_path / "older", without=("rope_parameters", "pad_token_id"), rope_theta=50_000.0)
    file = write(older, tmp_path / "older.gguf")
    assert check.difference(check.file_logits(file, prompts), check.file_logits(written, prompts))[0] == 0


def test_another_architecture_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    other = edit(checkpoint, tmp_path / "other", model_type="llama")
    with pytest.raises(UsageError, match=r"other holds a 'llama' model; only 'qwen3' can be written\."):
        write(other, tmp_path / "out.gguf")
    assert not list(tmp_path.glob("out*"))


def test_scaled_positions_are_refused(checkpoint: Path, tmp_path: Path) -> None:
    scaled = edit(checkpoint, tmp_path / "scaled", rope_scaling={"rope_type": "yarn", "factor": 4.0})
    with pytest.raises(UsageError, match=r"scales its rotary positions \('yarn'\)"):
        write(scaled, tmp_path / "out.gguf")
    assert not list(tmp_path.glob("out*"))


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"has no config\.json; give the folder of a saved model\."):
        write(tmp_path, tmp_path / "out.gguf")


def test_a_tensor_without_a_name_in_gguf_leaves_no_file_behind(checkpoint: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    strange = edit(checkpoint, tmp_path / "strange")
    weights = load_file(strange / "model.safetensors")
    save_file(weights | {"adapter.up": weights["model.norm.weight"]}, strange / "model.safetensors")
    with pytest.raises(UsageError, match=r"has a tensor 'adapter\.up'"):
        write(strange, tmp_path / "out.gguf")
    assert not list(tmp_path.glob("out*"))


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


def test_the_check_script_prints_the_difference(checkpoint: Path, written: Path) -> None:
    command = [sys.executable, "benchmarks/gguf_check.py", str(checkpoint), str(written)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert float(lines[0].split()[-1]) < 1e-3
    assert lines[1].split()[3] == "100.0%"
    assert lines[2].split()[-1] == "True"


def test_a_recommended_temperature_is_what_the_chat_reads_from_the_file(checkpoint: Path, tmp_path: Path) -> None:
    path = write_gguf(checkpoint, tmp_path / "warm.gguf", "q8_0", name="warm", licence="mit", temperature=0.6)
    assert read_header(path).sampling == pytest.approx({"temp": 0.6})
    plain = write_gguf(checkpoint, tmp_path / "plain.gguf", "q8_0", name="plain", licence="mit")
    assert read_header(plain).sampling == {}
