# ruff: noqa: E402  (what is imported needs the packages that are looked for first)
"""A LoRA adapter that peft made, laid on a GGUF: the logits of the merged model, of the base, and of between."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

pytest.importorskip("gguf", reason="gguf is not installed")
torch = pytest.importorskip("torch", reason="torch is not installed")
peft = pytest.importorskip("peft", reason="peft is not installed")
pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")

import gguf
import numpy as np
from safetensors.numpy import load_file, save_file
from transformers import AutoModelForCausalLM

from companion.cli.opening import new_engine
from companion.engine.adapter import Adapter
from companion.engine.client import LlamaEngine
from companion.engine.gguf_file import read_header
from companion.engine.inbox import StopFlag
from companion.engine.llama import LlamaModel, LoadFailed
from companion.engine.protocol import EngineError, Finish, Message, Piece, Sampling
from companion.errors import CompanionError, NotFound, Refused, UsageError
from companion.modelhub import registry
from companion.modelhub.adapter import convert_adapter
from companion.modelhub.convert import convert
from companion.modelhub.entry import Entry
from companion.settings import Settings
from tests.companion.tiny_checkpoint import Family, edit, save

pytestmark = [pytest.mark.llama, pytest.mark.torch]
IDS = [5, 70, 200, 33, 410, 290, 7, 120, 18]
LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
HELLO = [Message("user", "hello there")]


def train(base: Path, folder: Path, **changes: Any) -> Path:
    """An adapter with pairs that are not zero, saved by peft."""
    torch.set_num_threads(1)
    torch.manual_seed(1)
    config = peft.LoraConfig(
        **({"r": 4, "lora_alpha": 8, "target_modules": LINEAR, "task_type": "CAUSAL_LM"} | changes)
    )
    model = peft.get_peft_model(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), config)
    with torch.no_grad():
        for name, values in model.named_parameters():
            if "lora_" in name:
                values.copy_(torch.randn_like(values) * 0.1)
    model.save_pretrained(folder)
    return folder


def merged_logits(base: Path, adapter: Path | None) -> Any:
    """Of the last of IDS, by transformers, the adapter merged into the weights."""
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, attn_implementation="eager")
    if adapter:
        model = peft.PeftModel.from_pretrained(model, adapter).merge_and_unload()
    with torch.no_grad():
        return model.eval()(torch.tensor([IDS])).logits[0, -1].numpy()


def file_logits(file: Path, adapter: Path | None = None, scale: float = 1.0) -> Any:
    """Of the last of IDS, as the engine's child computes them."""
    model = LlamaModel(str(file), context=64, extra_buffers=False, stop=StopFlag(), progress=lambda _: True)
    if adapter:
        model.lay(str(adapter), scale)
    model.use_threads(1)
    model.read(IDS)
    found = np.array(model.logits())
    model.close()
    return found


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("base") / "base")


@pytest.fixture(scope="module")
def file(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return convert(base, tmp_path_factory.mktemp("file") / "base.gguf", kind="f32")


@pytest.fixture(scope="module")
def trained(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(base, tmp_path_factory.mktemp("trained") / "adapter")


@pytest.fixture(scope="module")
def adapter(base: Path, trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return convert_adapter(trained, tmp_path_factory.mktemp("adapter") / "adapter.gguf")


def distance(one: Any, other: Any) -> float:
    return float(np.abs(one - other).max())


def test_an_adapter_at_scale_1_is_the_merged_model(base: Path, file: Path, trained: Path, adapter: Path) -> None:
    with_it, without = merged_logits(base, trained), merged_logits(base, None)
    assert distance(with_it, without) > 1  # else the bound says little
    assert distance(file_logits(file, adapter), with_it) < 1e-2


def test_at_scale_0_it_is_the_base_and_at_a_half_between(base: Path, file: Path, adapter: Path) -> None:
    nothing, half, whole = (file_logits(file, adapter, scale) for scale in (0.0, 0.5, 1.0))
    assert distance(nothing, file_logits(file)) == 0
    assert distance(nothing, merged_logits(base, None)) < 1e-2
    assert 0 < distance(half, nothing) < distance(whole, nothing)
    assert 0 < distance(half, whole) < distance(whole, nothing)


@pytest.mark.parametrize("family", [family for family in get_args(Family) if family != "qwen3"])
def test_so_do_adapters_of_the_other_families(family: Family, tmp_path: Path) -> None:
    base = save(tmp_path / "base", family)
    trained = train(base, tmp_path / "trained")
    made = convert_adapter(trained, tmp_path / "adapter.gguf")
    file = convert(base, tmp_path / "base.gguf", kind="f32")
    assert distance(file_logits(file, made), merged_logits(base, trained)) < 1e-2


def test_ranks_of_their_own_are_what_peft_computes(base: Path, file: Path, tmp_path: Path) -> None:
    trained = train(base, tmp_path / "trained", rank_pattern={"q_proj": 8})
    made = convert_adapter(trained, tmp_path / "adapter.gguf")
    assert distance(file_logits(file, made), merged_logits(base, trained)) < 1e-2


def test_16_bits_are_half_the_file_and_nearly_the_same_logits(
    base: Path, file: Path, trained: Path, adapter: Path, tmp_path: Path
) -> None:
    made = convert_adapter(trained, tmp_path / "adapter.gguf", kind="f16")
    assert made.stat().st_size < 0.7 * adapter.stat().st_size
    assert distance(file_logits(file, made), merged_logits(base, trained)) < 1e-1


def test_the_file_says_what_llama_cpps_own_converter_writes(adapter: Path) -> None:
    reader = gguf.GGUFReader(adapter)
    told = {key: field.contents() for key, field in reader.fields.items() if not key.startswith("GGUF.")}
    assert told == {
        "general.architecture": "qwen3", "general.type": "adapter", "adapter.type": "lora", "adapter.lora.alpha": 8.0,
        "general.quantization_version": 2, "general.name": "Adapter",
        "general.tags": ["lora", "transformers", "text-generation"],
    }  # fmt: skip
    shapes = {tensor.name: tuple(int(n) for n in reversed(tensor.shape)) for tensor in reader.tensors}
    assert len(shapes) == 2 * 2 * len(LINEAR)
    assert shapes["blk.1.attn_q.weight.lora_a"] == (4, 64)
    assert shapes["blk.1.attn_q.weight.lora_b"] == (128, 4)
    assert read_header(adapter).is_adapter
    assert b"/base" not in adapter.read_bytes()  # where the base lies is nobody's business


def test_the_base_can_be_a_gguf_file(trained: Path, file: Path, adapter: Path, tmp_path: Path) -> None:
    config = json.loads((trained / "adapter_config.json").read_text()) | {"base_model_name_or_path": "somebody/model"}
    moved = edit_adapter(trained, tmp_path / "adapter", config)
    with pytest.raises(NotFound, match=r"was trained on somebody/model, which is no folder .* say with --base"):
        convert_adapter(moved, tmp_path / "out.gguf")
    made = convert_adapter(moved, tmp_path / "out.gguf", base=file)
    assert [t.data.tobytes() for t in gguf.GGUFReader(made).tensors] == [
        t.data.tobytes() for t in gguf.GGUFReader(adapter).tensors
    ]


# -- in the engine ----------------------------------------------------------------------------------------------


def reply(file: Path, adapter: Adapter | None = None) -> str:
    engine = LlamaEngine(file, adapter=adapter, threads=1)
    *pieces, finish = engine.stream(HELLO, Sampling(temperature=0, max_tokens=12))
    engine.close()
    assert isinstance(finish, Finish)
    return "".join(piece.text for piece in pieces if isinstance(piece, Piece))


def test_the_engine_speaks_as_the_merged_model_does(
    base: Path, file: Path, trained: Path, adapter: Path, tmp_path: Path
) -> None:
    model = peft.PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), trained)
    folder = edit(base, tmp_path / "merged")
    model.merge_and_unload().save_pretrained(folder)
    merged = reply(convert(folder, tmp_path / "merged.gguf", kind="f32"))
    assert reply(file, Adapter(adapter)) == merged
    assert reply(file, Adapter(adapter, 0.0)) == reply(file) != merged


def test_an_adapter_is_no_model_and_a_model_no_adapter(file: Path, adapter: Path) -> None:
    with pytest.raises(
        EngineError, match=r"adapter\.gguf is an adapter, which is no model by itself: `companion models"
    ):
        LlamaEngine(adapter).load()
    with pytest.raises(EngineError, match=r"base\.gguf is a model, not an adapter: give the adapter's own file\."):
        LlamaEngine(file, adapter=Adapter(file)).load()


def test_an_adapter_for_another_kind_of_model_is_a_sentence(file: Path, tmp_path: Path) -> None:
    other = save(tmp_path / "other", "qwen2")
    made = convert_adapter(train(other, tmp_path / "trained"), tmp_path / "adapter.gguf")
    with pytest.raises(EngineError, match=r"adapter\.gguf is an adapter for 'qwen2' models and .* is 'qwen3'"):
        LlamaEngine(file, adapter=Adapter(made)).load()


def test_an_adapter_for_another_size_is_a_sentence(adapter: Path, tmp_path: Path) -> None:
    other = convert(save(tmp_path / "other", hidden_size=96), tmp_path / "other.gguf", kind="f32")
    with pytest.raises(EngineError, match=r"other\.gguf .* cannot be loaded: .*shape"):
        LlamaEngine(other, adapter=Adapter(adapter)).load()
    with pytest.raises(LoadFailed):
        file_logits(other, adapter)


def test_an_adapter_that_is_gone_is_a_sentence(file: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"There is no model file at .*gone\.gguf"):
        LlamaEngine(file, adapter=Adapter(tmp_path / "gone.gguf")).load()


def test_the_adapter_of_an_entry_is_laid_on_its_model_in_a_chat(
    file: Path, adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPANION_HOME", str(tmp_path))
    registry.add(Entry(name="warm", path=file, adapter=adapter, adapter_scale=0.25))
    engine = new_engine(Settings(model="warm"), off_record=True)
    assert isinstance(engine, LlamaEngine)
    assert engine.load().name == "Base"
    engine.close()
    registry.add(Entry(name="warm", path=file, adapter=tmp_path / "gone.gguf"))
    with pytest.raises(NotFound, match=r"no model file at .*gone\.gguf"):
        new_engine(Settings(model="warm"), off_record=True).load()


@pytest.mark.parametrize("scale", [-0.1, 1.5, float("nan")])
def test_a_scale_beyond_0_to_1_is_refused(scale: float, adapter: Path) -> None:
    with pytest.raises(ValueError, match=r"0 to 1"):
        Adapter(adapter, scale)


# -- what cannot be converted -----------------------------------------------------------------------------------


def edit_adapter(trained: Path, folder: Path, config: dict[str, Any]) -> Path:
    folder.mkdir()
    (folder / "adapter_model.safetensors").write_bytes((trained / "adapter_model.safetensors").read_bytes())
    (folder / "adapter_config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"peft_type": "IA3"}, r"an adapter of the type 'IA3'; only LORA"),
        ({"use_rslora": True}, r"rank-stabilised scaling \(use_rslora\)"),
        ({"use_dora": True}, r"DoRA \(use_dora\)"),
        ({"bias": "all"}, r"biases \(bias\)"),
        ({"modules_to_save": ["lm_head"]}, r"whole layers of its own \(modules_to_save\)"),
        ({"alpha_pattern": {"q_proj": 3}}, r"several alphas \(alpha_pattern\)"),
        ({"init_lora_weights": "pissa"}, r"another base than it names \(init_lora_weights 'pissa'\)"),
        ({"lora_alpha": None}, r"has no lora_alpha"),
    ],
)
def test_what_is_more_than_pairs_is_refused(changes: dict[str, Any], match: str, trained: Path, tmp_path: Path) -> None:
    config = json.loads((trained / "adapter_config.json").read_text())
    with pytest.raises(CompanionError, match=match):
        convert_adapter(edit_adapter(trained, tmp_path / "adapter", config | changes), tmp_path / "out.gguf")
    assert not list(tmp_path.glob("out*"))


Weights = dict[str, Any]
Q = "base_model.model.model.layers.0.self_attn.q_proj.lora_"


def without_b(weights: Weights) -> Weights:
    return {name: values for name, values in weights.items() if name != f"{Q}B.weight"}


def without_a(weights: Weights) -> Weights:
    return {name: values for name, values in weights.items() if name != f"{Q}A.weight"}


def with_a_strange_layer(weights: Weights) -> Weights:
    return weights | {name.replace("q_proj", "x_proj"): weights[name] for name in (f"{Q}A.weight", f"{Q}B.weight")}


def with_an_output(weights: Weights) -> Weights:
    return weights | {f"base_model.model.lm_head.lora_{side}.weight": weights[f"{Q}{side}.weight"] for side in "AB"}


@pytest.mark.parametrize("damage", [without_a, without_b, with_a_strange_layer, with_an_output])
def test_a_tensor_that_fits_nothing_is_named(
    damage: Callable[[Weights], Weights], trained: Path, tmp_path: Path
) -> None:
    odd = edit_adapter(trained, tmp_path / "odd", json.loads((trained / "adapter_config.json").read_text()))
    save_file(damage(load_file(odd / "adapter_model.safetensors")), odd / "adapter_model.safetensors")
    with pytest.raises(UsageError, match=r"odd has a tensor 'base_model\.model\..*', which cannot be added to a qwen3"):
        convert_adapter(odd, tmp_path / "out.gguf")
    assert not list(tmp_path.glob("out*"))


def test_a_pickle_is_refused_unopened(trained: Path, tmp_path: Path) -> None:
    odd = edit_adapter(trained, tmp_path / "odd", json.loads((trained / "adapter_config.json").read_text()))
    (odd / "adapter_model.safetensors").rename(odd / "adapter_model.bin")
    with pytest.raises(Refused, match=r"in a pickle file \(\.bin\)"):
        convert_adapter(odd, tmp_path / "out.gguf")
