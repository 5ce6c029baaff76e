"""Trains the network that reads the person's messages for danger: `models/risk`, under an hour on two cores.

    python -m training.risk_reader [--data ../shared/data] [-o models/risk]

The whole of all-MiniLM-L6-v2 learns here. A head on the encoder's frozen trunk, which had learnt to read *replies*,
stayed below what the messages need (docs/CRISIS.md). It learns from `training.risk_messages`: danger, its harmless
neighbours, and thousands of ordinary messages, of which every epoch reads a part. What ships is the mean of the weights
of several such networks, which differ by their seed (Wortsman et al., 2022, arXiv 2203.05482): as small as one, and
nearly as good as all of them together.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import os
import random
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from companion import paths
from companion.encoder_input import Window, batches, pack, whole_window
from companion.network import TOKENIZER
from companion.safety.risk.network_layer import CARD, MODEL, STEPS
from companion.text import split_sentences
from training.encoder_batches import Words
from training.encoder_export import quantise, write_graph
from training.minilm import HIDDEN, MiniLM, head, load_published, mean_over, published_model
from training.risk_messages import CORPUS, Lesson, fillers, ordinary, own, varied
from training.run import digest, write_json

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
OUTPUT = "risk"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How it is trained."""

    epochs: int = 2
    tokens: int = 2048
    """Padded tokens in a batch."""
    rate: float = 3e-4
    """Highest learning rate of the last layer."""
    head_rate: float = 1e-3
    layer_decay: float = 0.85
    """Each layer below learns this much slower; word vectors stay as they are."""
    dropout: float = 0.1
    decay: float = 0.01
    smoothing: float = 0.02
    share: float = 0.4
    """Of the ordinary messages, how many an epoch reads."""
    varied: float = 0.5
    """Of our own messages, how many are read once more in another shape (`training.risk_messages.varied`)."""
    limit: int = 128
    """Tokens of a message that are learnt from."""
    seeds: tuple[int, ...] = (0, 1)
    """A network is trained with each, all of them at once."""


class RiskNetwork(nn.Module):
    """MiniLM, and a small reader of the mean over the message and of the first token."""

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        self.body = MiniLM(dropout)
        self.steps = head(2 * HIDDEN, len(STEPS), dropout)

    def forward(self, ids: Tensor, mask: Tensor, segments: Tensor) -> Tensor:
        """(B, T), (B, T), (B, T) -> (B, steps): logits of "this step of the ladder or a higher one"."""
        hidden = self.body(ids, mask, segments).float()
        whole = torch.cat([mean_over(hidden, mask * (1 - segments)), hidden[:, 0]], dim=-1)[:, None]
        logits: Tensor = self.steps(whole).squeeze(1)  # with three axes the head exports as every other layer
        return logits


class Answers(nn.Module):
    """Probabilities instead of logits."""

    def __init__(self, network: RiskNetwork) -> None:
        super().__init__()
        self._network = network

    def forward(self, ids: Tensor, mask: Tensor, segments: Tensor) -> Tensor:
        found: Tensor = self._network(ids, mask, segments).sigmoid()
        return found


@dataclass(frozen=True, slots=True)
class Example:
    """A lesson as the network sees it."""

    window: Window
    truth: tuple[float, ...]
    ordinary: bool


def examples(lessons: Sequence[Lesson], tokenizer: Path) -> list[Example]:
    """The lessons in token ids."""
    from tokenizers import Tokenizer

    words = Words(Tokenizer.from_file(str(tokenizer)))
    found = []
    for lesson in lessons:
        before, *sentences = words.ids([lesson.previous, *(split_sentences(lesson.text) or [""])])
        truth = (float(lesson.noticed), float(lesson.card), float(lesson.grave))
        found.append(Example(whole_window(sentences, before), truth, lesson.ordinary))
    return found


def together(batch: Sequence[Example], limit: int) -> tuple[Tensor, ...]:
    """Ids, mask, segments, each (B, T), and the truth (B, steps)."""
    packed = pack([example.window for example in batch])
    inputs = [torch.from_numpy(array[:, :limit]) for array in (packed.ids, packed.mask, packed.segments)]
    return *inputs, torch.tensor([example.truth for example in batch])


def deal(taught: Sequence[Example], recipe: Recipe, chance: random.Random) -> list[list[Example]]:
    """The batches of an epoch: rows of like length together, in random order."""
    chosen = [example for example in taught if not example.ordinary or chance.random() < recipe.share]
    chance.shuffle(chosen)
    dealt = []
    for start in range(0, len(chosen), 2048):
        part = chosen[start : start + 2048]
        groups = batches([len(example.window.ids) for example in part], recipe.tokens)
        dealt += [[part[index] for index in group] for group in groups]
    chance.shuffle(dealt)
    return dealt


def fit(network: RiskNetwork, taught: Sequence[Example], recipe: Recipe, seed: int = 0) -> RiskNetwork:
    """Trains `network`; returns the running average of its weights."""
    torch.manual_seed(seed)
    chance = random.Random(seed)
    average = copy.deepcopy(network).eval()
    groups = _groups(network, recipe)
    optimiser = torch.optim.AdamW(groups, weight_decay=recipe.decay)
    network.train()
    step, steps, started = 0, 0, time.monotonic()
    for epoch in range(recipe.epochs):
        dealt = deal(taught, recipe, chance)
        steps = steps or recipe.epochs * len(dealt)
        total = 0.0
        for batch in dealt:
            *inputs, truth = together(batch, recipe.limit)
            smooth = truth * (1 - 2 * recipe.smoothing) + recipe.smoothing
            loss = binary_cross_entropy_with_logits(network(*inputs), smooth, reduction="sum") / 64
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            part = min((step + 1) / (0.06 * steps), max(0.02, 1 - step / steps))
            for settings in optimiser.param_groups:
                settings["lr"] = settings["highest"] * part
            optimiser.step()
            step, total = step + 1, total + loss.item()
            _follow(average, network, min(0.995, (step + 1) / (step + 10)))
        mean, seconds = 64 * total / sum(map(len, dealt)), time.monotonic() - started
        print(f"seed {seed}, epoch {epoch + 1} of {recipe.epochs}: loss {mean:.4f}, {seconds:.0f} s", flush=True)
    return average


def _groups(network: RiskNetwork, recipe: Recipe) -> list[dict[str, object]]:
    """The parameters with their rates, the word vectors left out."""
    body = network.body
    body.words.requires_grad_(False)
    depth = len(body.layers)
    rated: list[tuple[nn.Module, float]] = [
        (layer, recipe.rate * recipe.layer_decay ** (depth - 1 - place)) for place, layer in enumerate(body.layers)
    ]
    rated += [(part, recipe.rate * recipe.layer_decay**depth) for part in (body.positions, body.segments, body.norm)]
    rated.append((network.steps, recipe.head_rate))
    return [{"params": list(part.parameters()), "lr": rate, "highest": rate} for part, rate in rated]


@torch.no_grad()
def _follow(average: nn.Module, network: nn.Module, keep: float) -> None:
    for ours, theirs in zip(average.parameters(), network.parameters(), strict=True):
        ours.lerp_(theirs, 1 - keep)


def write(network: RiskNetwork, folder: Path) -> None:
    """The network in int8 with its tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        whole = Path(scratch) / "float.onnx"
        write_graph(Answers(network), whole, INPUTS, (OUTPUT,))
        quantise(whole, folder / MODEL)
    shutil.copyfile(published_model() / TOKENIZER, folder / TOKENIZER)


def trained(data: Path, corpus: Path, recipe: Recipe, seed: int) -> dict[str, Tensor]:
    """The weights of one network. All of them begin alike: where they did not, their mean would be none of them."""
    torch.manual_seed(0)
    network = RiskNetwork(recipe.dropout)
    load_published(network.body, published_model())
    taught, calm = own(corpus), ordinary(data, corpus)
    again = random.Random(seed).sample(taught, round(recipe.varied * len(taught)))
    lessons = [*taught, *varied(again, fillers(calm), seed), *calm]
    return fit(network, examples(lessons, published_model() / TOKENIZER), recipe, seed).state_dict()


def mean(networks: Sequence[Mapping[str, Tensor]]) -> RiskNetwork:
    """One network with the mean of their weights."""
    made = RiskNetwork().eval()
    made.load_state_dict({name: torch.stack([each[name] for each in networks]).mean(0) for name in networks[0]})
    return made


def train(data: Path, target: Path, recipe: Recipe | None = None, corpus: Path = CORPUS) -> None:
    """Read, train, and write the network, its tokenizer and its card into `target`."""
    recipe = recipe or Recipe()
    lessons = [*own(corpus), *ordinary(data, corpus)]
    print(f"{len(lessons)} messages, {sum(lesson.noticed for lesson in lessons)} of them of danger", flush=True)
    threads = max(1, (os.cpu_count() or 1) // len(recipe.seeds))
    with ProcessPoolExecutor(
        len(recipe.seeds), get_context("spawn"), initializer=torch.set_num_threads, initargs=(threads,)
    ) as pool:
        runs = [pool.submit(trained, data, corpus, recipe, seed) for seed in recipe.seeds]
        write(mean([run.result() for run in runs]), target)
    write_json(
        target / CARD,
        {
            "sha256": hashlib.sha256((target / MODEL).read_bytes()).hexdigest(),
            "recipe": asdict(recipe),
            "messages": len(lessons),
            "ordinary": sum(lesson.ordinary for lesson in lessons),
            "sha256_of_messages": digest(repr(lesson) for lesson in lessons),
        },
    )
    print(f"{(target / MODEL).stat().st_size:,} bytes -> {target / MODEL}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with mint/ and corpora/")
    parser.add_argument("-o", "--output", type=Path, default=paths.shipped_models() / "risk", help="folder to write to")
    arguments = parser.parse_args()
    train(arguments.data, arguments.output)


if __name__ == "__main__":
    main()
