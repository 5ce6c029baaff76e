"""How a model runs: what reaches the engine from settings and list, and what `doctor` says about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from companion import settings
from companion.cli import doctor_engine
from companion.cli.opening import new_engine
from companion.engine.client import LlamaEngine
from companion.engine.protocol import EngineInfo, Sampling
from companion.modelhub import registry
from companion.modelhub.entry import CardSampling, Entry
from companion.settings import Settings
from tests.companion.openai_server import MODEL, Ability, OpenAIServer
from tests.conftest import Program

INFO = EngineInfo("tiny", "tiny.gguf", 2048, "tail", 10**6, 10**6, 0.5, threads=2, can_think=True)
CARD = CardSampling(temperature=0.7, top_k=20)
THINKING = CardSampling(temperature=0.6)


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the engine was made with."""
    found: dict[str, Any] = {}
    monkeypatch.setattr("companion.cli.opening.LlamaEngine", lambda path, **options: found.update(options))
    return found


def on_list(**more: Any) -> Entry:
    return Entry(name="one", path=Path("/models/one.gguf"), sampling=CARD, sampling_thinking=THINKING, **more)


@pytest.mark.parametrize(
    ("entry", "setting", "thinks"),
    [
        (None, "auto", False), ("auto", "auto", False), ("off", "auto", False), ("on", "auto", True),
        ("on", "off", False), ("off", "on", True), (None, "on", True),
    ],
)  # fmt: skip
def test_a_model_thinks_as_the_settings_say_or_as_its_entry_does_and_is_sampled_accordingly(
    given: dict[str, Any], entry: Any, setting: Any, thinks: bool
) -> None:
    registry.add(on_list(think=entry))
    new_engine(Settings(model="one", think=setting))
    assert given["think"] is thinks
    assert given["sampling"] == ({"temperature": 0.6} if thinks else {"temperature": 0.7, "top_k": 20})


def test_threads_and_layers_reach_the_engine(given: dict[str, Any]) -> None:
    registry.add(on_list())
    new_engine(Settings(model="one", threads=3, gpu_layers=7))
    assert (given["threads"], given["gpu_layers"]) == (3, 7)
    new_engine(Settings(model="one"))
    assert (given["threads"], given["gpu_layers"]) == (None, None)


@pytest.mark.llama
def test_the_card_counts_beyond_the_file_and_the_layers_are_taken(tiny_model: Path) -> None:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
    engine = LlamaEngine(tiny_model, sampling={"top_k": 20, "temperature": 0.3}, gpu_layers=0, threads=1)
    info = engine.load()
    assert info.sampling == replace(Sampling(), top_k=20, temperature=0.3)
    assert info.threads == 1
    engine.close()


def test_sampling_is_shown_with_where_each_value_comes_from() -> None:
    info = replace(INFO, sampling=Sampling(temperature=0.7, top_k=20, top_p=0.8))
    said = doctor_engine._sampling(info, on_list(), Settings(top_p=0.5))
    assert said.startswith(
        "temperature 0.7 (its entry), top_p 0.5 (settings), top_k 20 (its entry), min_p 0.05 (default)"
    )
    assert doctor_engine._sampling(info, Entry(name="x", path=Path("/x")), Settings()).startswith(
        "temperature 0.7 (its file"
    )


def test_computing_is_shown_with_how_to_change_it() -> None:
    assert "built without one" in doctor_engine._computing(INFO, Settings()).found
    card = doctor_engine._computing(replace(INFO, gpu=True), Settings()).found
    assert "all layers on the graphics card (`companion config set gpu_layers N`)" in card
    assert "7 layers on" in doctor_engine._computing(replace(INFO, gpu=True), Settings(gpu_layers=7)).found
    crashed = doctor_engine._computing(replace(INFO, plain_weights=True), Settings()).found
    assert "repacked weights crash" in crashed
    assert "engine.json" in crashed


@pytest.mark.parametrize(
    ("info", "said"),
    [
        (INFO, "off (`companion config set think on`"),
        (replace(INFO, can_think=False), "does not think before it replies"),
        (replace(INFO, thinks=True), "on, at most 512 tokens (`companion config set think_tokens N`"),
    ],
)
def test_thinking_is_shown_with_how_to_change_it(info: EngineInfo, said: str) -> None:
    assert said in doctor_engine._thinking(info, Settings())


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    server = OpenAIServer(lambda body: "Yes.", Ability(opens=None, counts=None))
    yield server
    server.close()


def test_a_server_is_described_by_what_it_can_do(told: Program, server: OpenAIServer) -> None:
    registry.add(Entry(name="far", engine="openai", base_url=server.url, model_id=MODEL))
    settings.set_value("model", "far")
    found = {row["name"]: row for row in told("doctor", "--json").rows}
    said = found["engine"]["found"]
    assert f"{server.address.name} (on this machine) answered" in said
    assert "reads 4,096 tokens" in said
    assert "estimated; replies are streamed whole" in said
    assert "cannot go on in the middle" in found["engine"]["fix"]
    assert "computing" not in found


def test_a_server_that_nobody_agreed_to_is_not_asked(told: Program) -> None:
    registry.add(Entry(name="far", engine="openai", base_url="http://gpu.example/v1", model_id=MODEL))
    settings.set_value("model", "far")
    found = {row["name"]: row for row in told("doctor", "--json").rows}
    assert not found["engine"]["right"]
    assert "nobody has agreed to that yet" in found["engine"]["found"]
