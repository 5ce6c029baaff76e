"""Trains the encoder's risk head anew on the frozen trunk, and puts it into encoder.onnx: a few minutes on one core.

    python -m training.risk_head [--data ../shared/data] [--encoder models/encoder] [-o FOLDER]

`companion train encoder` teaches the three heads together; its risk head has then seen hardly any ordinary talk and
takes most of it for danger. This one reads the trunk's states in the middle and at the end through one small
transformer layer of its own, and learns from `training.risk_messages`: danger, its harmless neighbours, and thousands
of ordinary messages. The states come from the file itself, with its eight-bit weights. Nothing else in the file is
touched: tactics and empathy stay the same to the last bit, which is checked before anything is written.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import shutil
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.export import Dim
from torch.nn.functional import binary_cross_entropy_with_logits, gelu, scaled_dot_product_attention

from companion import paths
from companion.encoder import CARD, MODEL, TOKENIZER, Encoder
from companion.encoder_input import Window, batches, pack, whole_window
from companion.errors import CompanionError
from companion.text import split_sentences
from training.encoder_batches import RISK_LEVELS
from training.minilm import HIDDEN
from training.risk_graph import OUTPUT, STATES, replace_head, states_session
from training.risk_messages import CORPUS, Lesson, fillers, ordinary, own, varied
from training.run import digest, write_json

Floats = NDArray[np.float32]

PROBES = 64
"""Messages on which the other heads must answer as before, to the last bit."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the head is trained. The sizes are the network's."""

    width: int = 128
    heads: int = 4
    inner: int = 256
    dropout: float = 0.2
    noise: float = 0.3
    """Dropout of the trunk's states."""
    epochs: int = 6
    tokens: int = 4096
    """Padded tokens in a batch."""
    rate: float = 1.5e-3
    decay: float = 0.02
    smoothing: float = 0.01
    share: float = 0.25
    """Of the ordinary messages, how many an epoch reads."""
    limit: int = 160
    """Tokens of a message that are learnt from."""
    seed: int = 0


class RiskHead(nn.Module):
    """One transformer layer (normalised before each half) over the trunk's states, then the mean and the maximum over
    the message's own tokens. Logits of the ladder's steps."""

    def __init__(self, recipe: Recipe, steps: int = len(RISK_LEVELS)) -> None:
        super().__init__()
        width, self.heads = recipe.width, recipe.heads
        self.states = nn.LayerNorm(2 * HIDDEN, elementwise_affine=False)
        self.noise, self.dropout = nn.Dropout(recipe.noise), nn.Dropout(recipe.dropout)
        self.narrow = nn.Linear(2 * HIDDEN, width)
        self.segments = nn.Embedding(2, width)
        self.before_attention, self.before_inner = nn.LayerNorm(width), nn.LayerNorm(width)
        self.asked = nn.Linear(width, 3 * width)
        self.mixed = nn.Linear(width, width)
        self.inner, self.outer = nn.Linear(width, recipe.inner), nn.Linear(recipe.inner, width)
        self.pooled = nn.LayerNorm(2 * width)
        self.steps = nn.Linear(2 * width, steps)

    def forward(self, middle: Tensor, last: Tensor, mask: Tensor, segments: Tensor) -> Tensor:
        """(B, T, H), (B, T, H), (B, T), (B, T) -> (B, steps)."""
        own = mask * (1 - segments)
        x = self.narrow(self.noise(self.states(torch.cat([middle, last], dim=-1)))) + self.segments(own)
        rows, tokens, width = x.shape
        parts = self.asked(self.before_attention(x)).view(rows, tokens, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)  # each (B, heads, T, W / heads)
        hidden = (1.0 - mask[:, None, None, :].to(x.dtype)) * -1e4
        seen = scaled_dot_product_attention(query, key, value, hidden)
        x = x + self.dropout(self.mixed(seen.transpose(1, 2).flatten(-2)))
        x = x + self.dropout(self.outer(self.dropout(gelu(self.inner(self.before_inner(x))))))
        weights = own[:, :, None].to(x.dtype)
        mean = (x * weights).sum(1) / weights.sum(1).clamp(min=1.0)
        most = (x + (weights - 1.0) * 1e4).amax(1)
        logits: Tensor = self.steps(self.dropout(self.pooled(torch.cat([mean, most], dim=-1))))
        return logits


@dataclass(frozen=True)
class Example:
    """A lesson as the head sees it."""

    states: NDArray[np.float16]  # (T, 2, H): the trunk's states in the middle and at the end
    text: int
    """Tokens of the message; the rest is the message before it."""
    truth: tuple[float, ...]
    ordinary: bool


def read_states(folder: Path, lessons: Sequence[Lesson], limit: int) -> list[Example]:
    """The trunk's states for each lesson, at most `limit` tokens of them."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    session = states_session(folder / MODEL)
    windows = [_window(tokenizer, lesson) for lesson in lessons]
    found: list[Example | None] = [None] * len(lessons)
    for group in batches([len(window.ids) for window in windows], 4096):
        middle, last = session.run(list(STATES), pack([windows[index] for index in group]).feeds())
        for row, index in enumerate(group):
            size = min(limit, len(windows[index].ids))
            states = np.stack([middle[row, :size], last[row, :size]], axis=1).astype(np.float16)
            lesson = lessons[index]
            truth = (float(lesson.noticed), float(lesson.card), float(lesson.grave))
            found[index] = Example(states, min(size, windows[index].text), truth, lesson.ordinary)
    return [example for example in found if example is not None]


def _window(tokenizer: Any, lesson: Lesson) -> Window:
    parts = [lesson.previous, *(split_sentences(lesson.text) or [""])]
    before, *sentences = [item.ids for item in tokenizer.encode_batch(parts, add_special_tokens=False)]
    return whole_window(sentences, before)


def together(examples: Sequence[Example]) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """A padded batch: what `RiskHead` takes, and the truth."""
    longest = max(len(example.states) for example in examples)
    states = np.zeros((len(examples), longest, 2, HIDDEN), np.float32)
    mask = np.zeros((len(examples), longest), np.int64)
    segments = np.zeros_like(mask)
    for row, example in enumerate(examples):
        size = len(example.states)
        states[row, :size], mask[row, :size] = example.states, 1
        segments[row, example.text : size] = 1
    truth = np.array([example.truth for example in examples], np.float32)
    tensors = (states[:, :, 0], states[:, :, 1], mask, segments, truth)
    middle, last, masks, parts, truths = (torch.from_numpy(np.ascontiguousarray(array)) for array in tensors)
    return middle, last, masks, parts, truths


def deal(examples: Sequence[Example], recipe: Recipe, chance: random.Random) -> list[list[Example]]:
    """The batches of an epoch: rows of like length together, in random order."""
    chosen = [example for example in examples if not example.ordinary or chance.random() < recipe.share]
    chance.shuffle(chosen)
    dealt = []
    for start in range(0, len(chosen), 2048):
        part = chosen[start : start + 2048]
        groups = batches([len(example.states) for example in part], recipe.tokens)
        dealt += [[part[index] for index in group] for group in groups]
    chance.shuffle(dealt)
    return dealt


def fit(examples: Sequence[Example], recipe: Recipe) -> RiskHead:
    """A head trained on the examples."""
    torch.manual_seed(recipe.seed)
    chance = random.Random(recipe.seed)
    head = RiskHead(recipe)
    optimiser = torch.optim.AdamW(head.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    head.train()
    step, steps = 0, 0
    for _ in range(recipe.epochs):
        dealt = deal(examples, recipe, chance)
        steps = steps or recipe.epochs * len(dealt)
        for group in dealt:
            *inputs, truth = together(group)
            smooth = truth * (1 - 2 * recipe.smoothing) + recipe.smoothing
            loss = binary_cross_entropy_with_logits(head(*inputs), smooth, reduction="sum") / 64
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            torch.nn.utils.clip_grad_norm_(head.parameters(), 1.0)
            for settings in optimiser.param_groups:
                settings["lr"] = recipe.rate * min((step + 1) / (0.05 * steps), max(0.02, 1 - step / steps))
            optimiser.step()
            step += 1
    return head.eval()


class _Answers(nn.Module):
    def __init__(self, head: RiskHead) -> None:
        super().__init__()
        self._head = head

    def forward(self, middle: Tensor, last: Tensor, mask: Tensor, segments: Tensor) -> Tensor:
        found: Tensor = self._head(middle, last, mask, segments).sigmoid()
        return found


def write_head(head: RiskHead, path: Path) -> None:
    """The head as a graph of its own: states, mask and segments in, probabilities out."""
    whole = torch.ones(2, 20, dtype=torch.long)
    example = (torch.rand(2, 20, HIDDEN), torch.rand(2, 20, HIDDEN), whole, torch.zeros_like(whole))
    row = {0: Dim("windows"), 1: Dim("tokens", max=512)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own, about names it renames
        program = torch.onnx.export(
            _Answers(head).eval(), example, input_names=[*STATES, "attention_mask", "token_type_ids"],
            output_names=[OUTPUT], dynamic_shapes=(row, row, row, row), dynamo=True, opset_version=18, verbose=False,
        )  # fmt: skip
    assert program is not None
    program.save(str(path))


def same_elsewhere(before: Path, after: Path, lessons: Sequence[Lesson]) -> None:
    """Raises CompanionError where another head of the new file answers anything else than the old one's."""
    old, new = Encoder(before, threads=1), Encoder(after, threads=1)
    texts = [lesson.text for lesson in lessons]
    replies = [split_sentences(text) or [""] for text in texts]
    pairs = list(zip(texts, reversed(texts), strict=True))
    tactics = zip(old.tactics(replies), new.tactics(replies), strict=True)
    if not all(np.array_equal(*both) for both in tactics) or not np.array_equal(old.empathy(pairs), new.empathy(pairs)):
        raise CompanionError(f"The tactics or empathy of {after} are not those of {before}; nothing was written.")


def train(data: Path, encoder: Path, target: Path, recipe: Recipe | None = None, corpus: Path = CORPUS) -> None:
    """Read, train, and put the new file and card into `target`. Raises CompanionError where another head changed."""
    recipe = recipe or Recipe()
    torch.set_num_threads(1)
    taught, calm = own(corpus), ordinary(data, corpus)
    lessons = [*taught, *varied(taught, fillers(calm)), *calm]
    print(f"{len(lessons)} messages, {sum(lesson.noticed for lesson in lessons)} of them of danger", flush=True)
    head = fit(read_states(encoder, lessons, recipe.limit), recipe)
    with tempfile.TemporaryDirectory() as scratch:
        alone, made = Path(scratch) / "head.onnx", Path(scratch) / "encoder"
        made.mkdir()
        write_head(head, alone)
        replace_head(encoder / MODEL, alone, made / MODEL)
        for name in (TOKENIZER, CARD):
            shutil.copyfile(encoder / name, made / name)
        same_elsewhere(encoder, made, lessons[: len(lessons) : max(1, len(lessons) // PROBES)])
        values = json.loads((made / CARD).read_text("utf-8"))
        values["risk"] = [{"level": level, "threshold": 0.5} for level in RISK_LEVELS]
        values["sha256"] = hashlib.sha256((made / MODEL).read_bytes()).hexdigest()
        values["risk_head"] = {
            "recipe": asdict(recipe),
            "messages": len(lessons),
            "ordinary": len(calm),
            "sha256_of_messages": digest(repr(lesson) for lesson in lessons),
        }
        write_json(made / CARD, values)
        target.mkdir(parents=True, exist_ok=True)
        for name in (MODEL, TOKENIZER, CARD):
            shutil.copyfile(made / name, target / name)
    print(f"{(target / MODEL).stat().st_size:,} bytes -> {target / MODEL}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with mint/ and corpora/")
    parser.add_argument(
        "--encoder", type=Path, default=paths.shipped_models() / "encoder", help="the trunk to read with"
    )
    parser.add_argument("-o", "--output", type=Path, help="folder to write to; without it, the encoder's own")
    arguments = parser.parse_args()
    train(arguments.data, arguments.encoder, arguments.output or arguments.encoder)


if __name__ == "__main__":
    main()
