"""Steps of a real run of `companion train` with a network of random weights: `python -m benchmarks.grpo_update --run`.

The run is `training.grpo_run`'s own, with its recipe, rollouts, reward and update; what is learned from is made up. The
vocabulary has as many words as the network: syllables, of which some end a sentence and some a reply. So what a random
network says is text with sentences for the encoder to read, and its replies end after `reply` tokens on average.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from planner import layouts
from planner.ledger import Ledger
from training import grpo_run
from training.curves import read_metrics
from training.mint_recipe import Conversations, MintRecipe
from training.tokens import END, END_OF_TEXT, SPECIAL

SENTENCE = 12
"""Words of a sentence on average."""
PARTS = ("rollout", "reward", "update")
PAPER_ROWS = 1719


@dataclass(frozen=True)
class Steps:
    """What some steps of a run took, one like the other: medians, the first step left out where there are more."""

    recipe: MintRecipe
    seconds: dict[str, float]
    """Of one step, by `PARTS`."""
    prompts: int
    """Tokens of the prompts of a step, each counted once."""
    replies: int
    """Tokens of its replies."""

    def __str__(self) -> str:
        step = sum(self.seconds.values())
        parts = ", ".join(f"{name} {spent:.2f}" for name, spent in self.seconds.items())
        count = self.recipe.model_copy(update={"steps": None}).total(PAPER_ROWS)
        return (
            f"a step of {self.recipe.name}, {self.recipe.rows} rows with {self.recipe.group} replies: {step:.2f} s "
            f"({parts}), the reward is {self.seconds['reward'] / step:.1%} of it; {count} steps: "
            f"{count * step / 3600:.2f} h\n"
            f"rollout: {self.replies:,} tokens, {self.replies / self.seconds['rollout']:,.0f} a second; update: "
            f"{self.prompts + self.replies:,} tokens, "
            f"{(self.prompts + self.replies) / self.seconds['update']:,.0f} a second"
        )


def words(count: int) -> list[str]:
    """So many different words, of two or three syllables."""
    syllables = ["".join(each) for each in itertools.product("bdfghjklmnprstvwz", "aeiou")]
    made = itertools.chain(itertools.product(syllables, repeat=2), itertools.product(syllables, repeat=3))
    found = ["".join(each) for each in itertools.islice(made, count)]
    return [f"{word}." if place % SENTENCE == 0 else word for place, word in enumerate(found)]


def tokenizer(count: int) -> PreTrainedTokenizerFast:
    """Knows the special tokens and as many words as there is room for, one token each; all else is unknown."""
    known = [*SPECIAL, "<unk>"]
    core = Tokenizer(models.WordLevel({token: i for i, token in enumerate(known + words(count - len(known)))}, "<unk>"))
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    core.add_special_tokens(list(SPECIAL))
    return PreTrainedTokenizerFast(
        tokenizer_object=core, eos_token=END, pad_token=END_OF_TEXT, unk_token="<unk>", padding_side="left"
    )


def conversations(file: Path, lengths: Sequence[int], known: int) -> None:
    """Two exchanges for each length, which is about that of the first one's prompt."""
    rng = random.Random(1)
    vocabulary = words(known)
    told = len(" ".join(m.content for m in layouts.tactic_prompt([layouts.Message("user", "x")], Ledger())).split())

    def text(size: int) -> str:
        return " ".join(rng.choice(vocabulary) for _ in range(size))

    with file.open("w", encoding="utf-8") as out:
        for number, length in enumerate(lengths):
            said = [text(max(8, length - told)), text(40), text(20), text(40)]
            messages = [
                {"role": role, "content": each} for role, each in zip(["user", "assistant"] * 2, said, strict=True)
            ]
            out.write(json.dumps({"id": f"made-up-{number}", "messages": messages}) + "\n")


def measure(made: Callable[[], PreTrainedModel], recipe: MintRecipe, lengths: Sequence[int], reply: int) -> Steps:
    """Runs a recipe on conversations of its own for prompts of such `lengths`, with replies of `reply` tokens.

    Nothing of it is kept.
    """
    with tempfile.TemporaryDirectory() as home:
        os.environ["COMPANION_HOME"] = home  # readings of made-up replies are not for the user's own folder
        folder, talks = Path(home) / "policy", Path(home) / "talks.jsonl"
        model = made()
        size = model.config.vocab_size
        known = tokenizer(size)
        model.generation_config.eos_token_id = [known.eos_token_id, *range(len(SPECIAL) + 1, size, reply)]
        model.save_pretrained(folder)
        del model  # it would lie beside the run's own on a GPU
        known.save_pretrained(folder)
        conversations(talks, lengths, size // 2)
        recipe = recipe.model_copy(
            update={
                "policy": recipe.policy.model_copy(update={"model": str(folder)}),
                "data": Conversations(mint=False, files=(str(talks),), crisis=True, held_out=0.0),
            }
        )
        run = grpo_run.start(recipe, data=Path(home), runs=Path(home) / "runs")
        prompts = [known(row["prompt"])["input_ids"] for row in run.trainer.rows]
        run.train()
        return _steps(recipe, read_metrics(run.run.folder), sum(map(len, prompts)) * recipe.rows // len(prompts))


def _steps(recipe: MintRecipe, rows: list[dict[str, Any]], prompts: int) -> Steps:
    later = rows[1:] or rows
    seconds = {part: statistics.median(row[f"seconds/{part}"] for row in later) for part in PARTS}
    length = statistics.median(row["completions/mean_length"] for row in later)
    return Steps(recipe, seconds, prompts, int(length * recipe.rows * recipe.group))
