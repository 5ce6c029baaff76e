from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
from accelerate.commands.config.config_args import load_config_from_file

from companion.errors import UsageError
from planner.layouts import CONTROL_TOKENS, Layout
from tests.training.tiny_policy import tiny_policy
from training import policy
from training.finish import mode_of
from training.mint_recipe import Prompts
from training.prompt_modes import Mode
from training.prompts import must_know


def test_a_model_of_the_hub_is_measured_where_its_files_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "models--tiny--policy"
    snapshot = cache / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    tiny_policy(snapshot)
    (cache / "refs").mkdir()
    (cache / "refs" / "main").write_text("abc")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert policy.folder_of("tiny/policy") == snapshot
    assert policy.folder_of(str(snapshot)) == snapshot


@pytest.mark.parametrize(
    ("prompts", "mode"),
    [
        (Prompts(layout=Layout.MINT), "tactics+history"),
        (Prompts(layout=Layout.MINT, plan=True), "plan"),
        (Prompts(layout=Layout.MINI), "plain"),
        (Prompts(layout=Layout.MINI, plan=True), "plan"),
        (Prompts(layout=Layout.TAIL), "plain"),
    ],
)
def test_a_model_is_measured_with_the_prompts_that_it_was_trained_with(prompts: Prompts, mode: Mode) -> None:
    assert mode_of(prompts) == mode


@pytest.mark.parametrize(
    ("name", "kind", "machines", "processes"),
    [("one-gpu", "NO", 1, 1), ("eight-gpus", "MULTI_GPU", 1, 8), ("nodes", "MULTI_GPU", 2, 16)],
)
def test_the_files_for_several_gpus_are_what_accelerate_reads(
    name: str, kind: str, machines: int, processes: int
) -> None:
    config = load_config_from_file(str(files("training.recipes") / "accelerate" / f"{name}.yaml"))
    assert config.distributed_type == kind
    assert (config.num_machines, config.num_processes, config.mixed_precision) == (machines, processes, "no")


def test_the_special_tokens_of_a_gguf_file_are_known_before_it_is_unpacked(tmp_path: Path) -> None:
    mini = Path(__file__).parents[2] / "models" / "mini.gguf"
    if not mini.is_file():
        pytest.skip("models/mini.gguf is not here")
    assert must_know(policy.vocabulary(mini), Prompts(layout=Layout.MINI, plan=True)) == frozenset(CONTROL_TOKENS)
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(mini.read_bytes()[:1000])
    with pytest.raises(UsageError, match=r"cut\.gguf is no GGUF file that can be read"):
        policy.vocabulary(cut)
