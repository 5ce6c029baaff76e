"""Made-up text in the shape of the real sources, and a recipe so small that a whole run takes seconds."""

from __future__ import annotations

import json
import random
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from training.corpora import Prose, held_out

RECIPE = """\
name = "mini"
seed = 3
vocabulary = 600
context = 128

[model]
hidden = 32
layers = 2
heads = 2
kv_heads = 1
head_size = 16
feed_forward = 64

[[stages]]
name = "english"
tokens = 1536
block = 32
rows = 4
lr = 2e-2
warmup = 2
decay = 0.0

[stages.passes]
common_voice = 1

[[stages]]
name = "dialogue"
tokens = 1024
block = 64
rows = 2
lr = 2e-2
warmup = 0
decay = 0.5

[stages.passes]
common_voice = 0.25
support = 2
"""
VALUES: dict[str, Any] = tomllib.loads(RECIPE)
FIRST_STAGE = 12
STEPS = 20

WHO = ["the baker", "a gardener", "my neighbour", "the old captain", "her cousin", "our teacher", "a quiet girl"]
DID = ["carried", "painted", "forgot", "mended", "watched", "borrowed", "hid"]
WHAT = ["a lamp", "the green boat", "two letters", "some bread", "the garden gate", "an umbrella", "his violin"]
WHERE = ["by the river", "before lunch", "in the rain", "near the station", "on Sunday", "without a word"]
FEELINGS = ["tired", "nervous", "left out", "proud", "bored", "cross", "hopeful"]


@dataclass(frozen=True)
class World:
    """Where the text lies."""

    data: Path
    own: Path

    @property
    def sentences(self) -> Path:
        return self.data / "corpora" / "common_voice_en" / "made_up.txt"

    @property
    def replies(self) -> Path:
        return self.own / "made_up.jsonl"


def make_world(folder: Path) -> World:
    """Seven documents of a hundred sentences, one of them held out, and thirty short conversations."""
    world = World(folder / "data", folder / "own")
    rng = random.Random(1)
    train: list[list[str]] = []
    kept: list[list[str]] = []
    while len(train) < 6 or not kept:
        lines = [_sentence(rng) for _ in range(100)]
        (kept if held_out(Prose("\n".join(lines))) else train).append(lines)
    world.sentences.parent.mkdir(parents=True)
    world.sentences.write_text("\n".join(line for lines in [*train[:6], *kept[:1]] for line in lines) + "\n")
    world.own.mkdir()
    world.replies.write_text("".join(json.dumps(_conversation(rng, number)) + "\n" for number in range(30)))
    return world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world"))


def _sentence(rng: random.Random) -> str:
    sentence = f"{rng.choice(WHO)} {rng.choice(DID)} {rng.choice(WHAT)} {rng.choice(WHERE)}."
    return sentence[0].upper() + sentence[1:]


def _conversation(rng: random.Random, number: int) -> dict[str, Any]:
    feeling = rng.choice(FEELINGS)
    context = [{"role": "seeker", "text": f"I feel {feeling} today, number {number}."}]
    if number % 2:
        context += [
            {"role": "supporter", "text": f"What makes you {feeling}?"},
            {"role": "seeker", "text": _sentence(rng)},
        ]
    sentences = [
        {"text": f"Anyone would be {feeling}.", "tactics": ["validation"]},
        {"text": "What happened then?", "tactics": ["questioning"]},
    ]
    return {"id": f"made-up-{number}", "context": context, "sentences": sentences}
