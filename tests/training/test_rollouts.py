# ruff: noqa: E402  (what is imported needs the packages that are looked for first)
from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
transformers = pytest.importorskip("transformers", reason="transformers is not installed")
peft = pytest.importorskip("peft", reason="peft is not installed")

from tests.training.tiny_policy import tiny_policy
from training.rollouts import Reply, Rollouts

pytestmark = pytest.mark.torch
MOST = 24
END = 3
COLD = 1e-4
"""A temperature at which the likeliest token is drawn."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    return tiny_policy(tmp_path_factory.mktemp("policy"))


def load(folder: Path) -> Any:
    return transformers.AutoModelForCausalLM.from_pretrained(folder)


def rollouts(model: Any, together: int = 1000, ends: tuple[int, ...] = (END,)) -> Rollouts:
    return Rollouts(model, ends=ends, padding=0, together=together)


def prompts(count: int) -> list[list[int]]:
    rng = random.Random(1)
    return [[rng.randrange(4, 250) for _ in range(rng.randrange(1, 40))] for _ in range(count)]


def tokens(found: list[list[Reply]]) -> list[list[list[int]]]:
    return [[reply.tokens for reply in group] for group in found]


@torch.no_grad()
def likeliest(model: Any, prompt: list[int], ends: tuple[int, ...] = (END,)) -> list[int]:
    """Greedy decoding without any cache."""
    found: list[int] = []
    while len(found) < MOST and (not found or found[-1] not in ends):
        found.append(int(model(torch.tensor([prompt + found])).logits[0, -1].argmax()))
    return found


@pytest.mark.parametrize("together", [1000, 4, 1])
def test_a_cold_rollout_says_the_likeliest_tokens_however_many_run_together(folder: Path, together: int) -> None:
    asked = prompts(6)
    ends = tuple(range(60))  # common enough for replies to end at different lengths
    expected = [likeliest(load(folder), prompt, ends) for prompt in asked]
    assert len({len(reply) for reply in expected}) > 2
    found = rollouts(load(folder), together, ends).sample(asked, 3, most=MOST, temperature=COLD, seed=1)
    assert tokens(found) == [[reply] * 3 for reply in expected]


def test_replies_are_drawn_as_likely_as_the_model_says(folder: Path) -> None:
    model = load(folder)
    prompt = prompts(1)[0]
    with torch.no_grad():
        expected = torch.softmax(model(torch.tensor([prompt])).logits[0, -1] / 0.7, -1)
    found = rollouts(load(folder)).sample([prompt], 4000, most=1, temperature=0.7, seed=5)
    counted = torch.bincount(torch.tensor([reply.tokens[0] for reply in found[0]]), minlength=len(expected)) / 4000
    assert float((counted - expected).abs().sum()) < 0.2
    assert float(expected.max()) < 0.9  # else the likeliest token alone would do


def test_each_token_has_the_log_probability_that_the_model_gives_it(folder: Path) -> None:
    model, asked = load(folder), prompts(5)
    ends = tuple(range(60))
    found = rollouts(load(folder), together=6, ends=ends).sample(asked, 3, most=MOST, temperature=0.7, seed=4)
    assert len({len(reply.tokens) for group in found for reply in group}) > 3  # some left the batch before others
    for prompt, group in zip(asked, found, strict=True):
        for reply in group:
            with torch.no_grad():
                logits = model(torch.tensor([prompt + reply.tokens])).logits[0, len(prompt) - 1 : -1]
            expected = (logits / 0.7).log_softmax(-1)[torch.arange(len(reply.tokens)), reply.tokens]
            assert torch.allclose(torch.tensor(reply.logps), expected, atol=1e-4)


def test_replies_end_with_the_end_token_or_at_the_limit(folder: Path) -> None:
    ends = tuple(range(100, 120))
    found = rollouts(load(folder), ends=ends).sample(prompts(5), 8, most=MOST, temperature=1.5, seed=2)
    replies = [reply for group in tokens(found) for reply in group]
    assert all(not set(reply[:-1]) & set(ends) for reply in replies)
    assert all(reply[-1] in ends or len(reply) == MOST for reply in replies)
    assert {reply[-1] in ends for reply in replies} == {True, False}


def test_the_same_seed_draws_the_same_replies_and_another_seed_others(folder: Path) -> None:
    sampler = rollouts(load(folder))
    first, again, other = (sampler.sample(prompts(3), 4, most=MOST, temperature=1.0, seed=seed) for seed in (7, 7, 8))
    assert first == again != other
    assert len({tuple(reply.tokens) for reply in first[0]}) > 1


@pytest.mark.parametrize("lora", [True, False])
def test_rollouts_follow_the_trained_weights(folder: Path, lora: bool) -> None:
    policy = load(folder)
    if lora:
        settings = peft.LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM")
        policy = peft.get_peft_model(policy, settings)
    torch.manual_seed(3)
    with torch.no_grad():
        for weight in policy.parameters():
            if weight.requires_grad:
                weight.add_(0.1 * torch.randn_like(weight))
    sampler = rollouts(load(folder))
    asked = prompts(4)
    before = tokens(sampler.sample(asked, 1, most=MOST, temperature=COLD, seed=1))
    sampler.follow(policy)
    after = tokens(sampler.sample(asked, 1, most=MOST, temperature=COLD, seed=1))
    assert before != after
    assert after == [[likeliest(policy, prompt)] for prompt in asked]


def test_the_model_attends_as_before_after_a_rollout(folder: Path) -> None:
    model = load(folder)
    rollouts(model).sample(prompts(1), 2, most=4, temperature=1.0, seed=1)
    assert model.config._attn_implementation == "sdpa"
