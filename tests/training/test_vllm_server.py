"""TRL's own client against a server that answers as vLLM does; what goes through NCCL, the weights, is left out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from requests.exceptions import ConnectionError, RetryError

from companion.errors import CompanionError
from tests.training.grpo_runs import Start
from tests.training.grpo_runs import fakes as fakes
from tests.training.grpo_runs import policy as policy
from tests.training.grpo_runs import start as start
from tests.training.grpo_runs import talks as talks
from tests.training.grpo_runs import values as values
from tests.training.local_server import Answer, serving
from training import grpo_run, vllm_server
from training.mint_recipe import MintRecipe, read_mint

INFO = {"weight_transfer_config": {"backend": "nccl"}, "model_config": {"logprobs_mode": "processed_logprobs"}}
SAID = (70, 71, 0)
"""The tokens of every reply; the tiny policy ends one with 0."""


def vllm(asked: Any) -> Answer:
    """What TRL's client asks for: health, model and settings by GET, completions and a new cache by POST."""
    match asked:
        case "/health" | None:
            return 200, b""
        case "/v1/models":
            return 200, json.dumps({"data": [{"id": "tiny"}]}).encode()
        case str():
            return 200, json.dumps({"vllm_config": INFO}).encode()
    names = [f"token_id:{token}" for token in SAID]
    said = {"tokens": names, "token_logprobs": [-2.0] * len(SAID), "top_logprobs": [None] * len(SAID)}
    choices = [
        {"prompt_token_ids": prompt, "token_ids": SAID, "logprobs": said}
        for prompt in asked["prompt"]
        for _ in range(asked["n"])
    ]
    return 200, json.dumps({"choices": choices}).encode()


@pytest.fixture(autouse=True)
def without_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grpo_run, "_must_go_together", lambda recipe: None)
    client = "trl.generation.vllm_client"
    for name in (client, "trl.generation.vllm_generation"):
        monkeypatch.setattr(f"{name}.is_vllm_available", lambda **_: True)
    monkeypatch.setattr(f"{client}.VLLMClient.init_communicator", lambda self, device: self.get_server_info())
    monkeypatch.setattr(f"{client}.VLLMClient.update_named_params", lambda self, metadata, weights: [*weights])


def recipe_for(url: str) -> MintRecipe:
    return read_mint("mint-1.7b", ("rollout.engine=vllm-server", f"rollout.url={url}"))


def test_replies_of_a_server_are_learned_from(start: Start) -> None:
    with serving(vllm) as server:
        run = start(steps=1, rollout={"engine": "vllm-server", "url": server.url, "tokens": 10})
        assert run.train()
        (asked,) = [each for each in server.asked if isinstance(each, dict) and "prompt" in each]
    assert (len(asked["prompt"]), asked["n"], asked["max_tokens"], asked["temperature"]) == (2, 4, 10, 1.0)
    assert "/health" in server.asked  # and not //health
    groups = (run.run.folder / "samples" / "step-000001.jsonl").read_text().splitlines()
    assert [len(json.loads(group)["replies"]) for group in groups] == [4, 4]


def test_a_server_that_fails_during_a_run_is_a_sentence(start: Start) -> None:
    def failing(asked: Any) -> Answer:
        return (400, b"no such model") if isinstance(asked, dict) and "prompt" in asked else vllm(asked)

    with serving(failing) as server:
        run = start(steps=1, rollout={"engine": "vllm-server", "url": server.url, "tokens": 10})
        with pytest.raises(CompanionError, match=r"cannot be used: Request failed: 400, no such model\. Start it "):
            run.train()


def test_a_server_that_is_not_there_or_not_well_is_said_at_once_with_what_starts_it() -> None:
    with (
        serving(lambda asked: (503, b"")) as server,
        pytest.raises(CompanionError, match="it answered with status 503"),
    ):
        vllm_server.must_answer(recipe_for(server.url))
    with pytest.raises(CompanionError, match="Connection refused") as refused:
        vllm_server.must_answer(recipe_for(server.url))
    port = server.url.rstrip("/").rpartition(":")[2]
    assert (
        f"VLLM_SERVER_DEV_MODE=1 vllm serve Qwen/Qwen3-1.7B --port {port} --max-model-len 8704 "
        """--weight-transfer-config '{"backend": "nccl"}' --logprobs-mode processed_logprobs"""
    ) in str(refused.value)
    with serving(vllm) as server:
        vllm_server.must_answer(recipe_for(server.url))


@pytest.mark.parametrize(
    ("info", "reason"),
    [
        ({"model_config": {"logprobs_mode": "raw_logprobs"}}, "it runs with --logprobs-mode raw_logprobs"),
        ({}, "model_"),
    ],
)
def test_a_server_whose_probabilities_are_others_is_refused(info: dict[str, Any], reason: str) -> None:
    body = json.dumps({"vllm_config": info}).encode()
    with serving(lambda asked: (200, body)) as server, pytest.raises(CompanionError, match=reason):
        vllm_server.must_answer(recipe_for(server.url))


@pytest.mark.parametrize(
    "error",
    [
        ConnectionError("The vLLM server can't be reached at http://gpu2:8000 after 240.0 seconds."),
        RetryError("too many 500 error responses"),
        RuntimeError("The vLLM server at http://gpu2:8000 has no weight-transfer engine."),
        Exception("Request failed: 504, "),
    ],
)
def test_what_trl_s_client_raises_is_a_sentence(error: Exception) -> None:
    served, here = recipe_for("http://gpu2:8000"), read_mint("mint-1.7b")
    with (
        pytest.raises(CompanionError, match=r"vLLM server at http://gpu2:8000 cannot .* --resume runs/x$"),
        vllm_server.in_words(served, Path("runs/x")),
    ):
        raise error
    with pytest.raises(type(error), match=str(error)), vllm_server.in_words(here, Path("runs/x")):
        raise error


def test_other_faults_stay_faults() -> None:
    with pytest.raises(KeyError), vllm_server.in_words(recipe_for("http://gpu2:8000"), Path("runs/x")):
        raise KeyError("choices")
