"""The GRPO update that reads each prompt once for its group, against TRL's own, in one run.

Prompts and replies are random tokens of the wanted lengths, weights are random: neither matters for speed. Both
trainers get the same replies; loss and gradient are printed so that it can be seen that they do the same. On a CPU the
seconds are those of the processor, on one thread, so that other work on the machine does not count. The network there
has a small vocabulary: away from a GPU, TRL's head goes over the prompts too, which would make the ratio look better.

    OMP_NUM_THREADS=1 python -m benchmarks.grpo_update                      # a small network on the CPU
    OMP_NUM_THREADS=1 python -m benchmarks.grpo_update --spread             # prompts of many lengths, as MINT's are
    python -m benchmarks.grpo_update --shape 1.7b --spread --run            # on a GPU; also 4b

With --run, steps of the recipe's own run follow (`benchmarks.grpo_step`): rollout, reward and update, what they take of
a step, tokens a second, and how long the whole run would take. On a GPU, peak memory is printed too. Nothing of that
has been run on one yet.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from dataclasses import dataclass
from typing import Any

from companion import telemetry

telemetry.switch_off()

import torch  # noqa: E402
from datasets import Dataset  # noqa: E402
from peft import LoraConfig  # noqa: E402
from tokenizers import Tokenizer, models  # noqa: E402
from transformers import PreTrainedTokenizerFast, PrinterCallback, Qwen3Config, Qwen3ForCausalLM  # noqa: E402
from trl import GRPOConfig, GRPOTrainer  # noqa: E402

from benchmarks.grpo_step import measure  # noqa: E402
from training.mint_recipe import read_mint  # noqa: E402
from training.policy_shape import KNOWN, PolicyShape  # noqa: E402
from training.shared_prefix import SharedPrefixTrainer  # noqa: E402


@dataclass(frozen=True)
class Shape:
    """A network, and the tokens of a prompt and a reply."""

    network: PolicyShape
    words: int
    prompt: int
    reply: int

    @property
    def matrices(self) -> int:
        """Weights that multiply every token; the head multiplies those of replies alone, and is left out."""
        return self.network.layers * sum(into * out for into, out in self.network.linear)


SHAPES = {
    "cpu": Shape(PolicyShape(3_279_616, 256, 4, 4, 2, 64, 768, 40_960), 512, 800, 100),
    "1.7b": Shape(KNOWN["Qwen/Qwen3-1.7B"], 151_936, 1612, 220),
    "4b": Shape(KNOWN["Qwen/Qwen3-4B"], 151_936, 1612, 220),
}
RECIPES = {"cpu": "mint-1.7b", "1.7b": "mint-1.7b", "4b": "mint-4b"}
TRIAL = ("gpu=false", "rows=2", "rollout.tokens=200")
"""Makes the recipe small enough for a CPU, to try this out; its figures say nothing."""


def network(shape: Shape, device: str) -> Any:
    torch.manual_seed(0)
    sizes = shape.network
    config = Qwen3Config(
        vocab_size=shape.words, hidden_size=sizes.hidden, intermediate_size=sizes.feed_forward,
        num_hidden_layers=sizes.layers, num_attention_heads=sizes.heads, num_key_value_heads=sizes.kv_heads,
        head_dim=sizes.head_size, max_position_embeddings=sizes.context, tie_word_embeddings=True, bos_token_id=None,
        eos_token_id=1, pad_token_id=0,
    )  # fmt: skip
    with torch.device(device):
        return Qwen3ForCausalLM(config)


def tokenizer() -> PreTrainedTokenizerFast:
    core = Tokenizer(models.WordLevel({"<pad>": 0, "<end>": 1, "<unk>": 2}, unk_token="<unk>"))
    return PreTrainedTokenizerFast(tokenizer_object=core, pad_token="<pad>", eos_token="<end>", unk_token="<unk>")


def lengths(shape: Shape, rows: int, spread: bool, rng: random.Random) -> list[int]:
    """Of prompts; with `spread` they vary as those of MINT's data: median 0.8 of the mean, and a long tail."""
    if not spread:
        return [shape.prompt] * rows
    drawn = [rng.lognormvariate(0, 0.65) for _ in range(rows)]
    return [max(32, int(shape.prompt * each / statistics.fmean(drawn))) for each in drawn]


def prompts(shape: Shape, rows: int, spread: bool) -> list[list[int]]:
    rng = random.Random(1)
    return [[rng.randrange(3, shape.words) for _ in range(each)] for each in lengths(shape, rows, spread, rng)]


class Said:
    """Replies that cost nothing, as TRL's `rollout_func`: it is given each prompt once for each reply."""

    def __init__(self, shape: Shape, asked: list[list[int]]) -> None:
        self._shape, self._asked = shape, asked

    def __call__(self, given: list[str], trainer: Any) -> dict[str, Any]:
        rng = random.Random(trainer.state.global_step)
        replies = [[rng.randrange(3, self._shape.words) for _ in range(self._shape.reply - 1)] + [1] for _ in given]
        return {"prompt_ids": [self._asked[int(each)] for each in given], "completion_ids": replies, "logprobs": None}


def train(kind: type, shape: Shape, arguments: argparse.Namespace, device: str) -> tuple[list[float], list[Any]]:
    """(seconds of each optimiser step, what each logs)."""
    clock = time.perf_counter if device == "cuda" else time.process_time
    asked = prompts(shape, arguments.groups, arguments.spread)
    seconds: list[float] = []

    class Timed(kind):  # type: ignore[misc]
        def training_step(self, *given: Any, **named: Any) -> Any:
            started = clock()
            loss = super().training_step(*given, **named)
            if device == "cuda":
                torch.cuda.synchronize()
            if self._step % arguments.groups == 1 or arguments.groups == 1:
                seconds.append(0.0)
            seconds[-1] += clock() - started
            return loss

    with tempfile.TemporaryDirectory() as folder:
        trainer = Timed(
            model=network(shape, device),
            reward_funcs=lambda completion_ids, **_: [float(sum(ids) % 7) for ids in completion_ids],
            train_dataset=Dataset.from_dict({"prompt": [str(i) for i in range(arguments.groups)]}),
            processing_class=tokenizer(),
            rollout_func=Said(shape, asked),
            peft_config=LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"),
            args=GRPOConfig(
                output_dir=folder, use_cpu=device == "cpu", bf16=device == "cuda", seed=0, report_to="none",
                logging_steps=1, save_strategy="no", disable_tqdm=True, num_generations=8,
                per_device_train_batch_size=8, gradient_accumulation_steps=arguments.groups,
                max_completion_length=shape.reply, num_train_epochs=arguments.steps, shuffle_dataset=False, beta=0.01,
                use_bias_correction_kl=False, loss_type="dapo", learning_rate=1e-5, lr_scheduler_type="constant",
                gradient_checkpointing=arguments.checkpointing,
            ),
        )  # fmt: skip
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    return seconds, [(row["loss"], row["grad_norm"]) for row in trainer.state.log_history if "loss" in row]


def rate(device: str) -> float:
    """Operations a second of one large matrix product, in bfloat16 on a GPU and in float32 elsewhere."""
    size, kind = (8192, torch.bfloat16) if device == "cuda" else (1024, torch.float32)
    left, right = (torch.randn(size, size, device=device, dtype=kind) for _ in range(2))
    best = float("inf")
    clock = time.perf_counter if device == "cuda" else time.process_time
    for _ in range(10):
        started = clock()
        left @ right
        if device == "cuda":
            torch.cuda.synchronize()
        best = min(best, clock() - started)
    return 2 * size**3 / best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=SHAPES, default="cpu")
    parser.add_argument("--groups", type=int, default=2, help="of eight replies, in one optimiser step")
    parser.add_argument("--steps", type=int, default=3, help="the first is left out of the figures")
    parser.add_argument("--spread", action="store_true", help="prompts of many lengths")
    parser.add_argument("--checkpointing", action="store_true")
    parser.add_argument("--run", action="store_true", help="also steps of the recipe's run")
    parser.add_argument("--only", choices=("stock", "shared"), help="where memory is too small for TRL's own")
    arguments = parser.parse_args()
    shape = SHAPES[arguments.shape]
    torch.set_num_threads(1)
    device = "cuda" if arguments.shape != "cpu" else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        parser.error("this shape needs a GPU, and torch sees none")
    peak = rate(device)
    asked = prompts(shape, arguments.groups, arguments.spread)
    tokens = sum(len(prompt) + 8 * shape.reply for prompt in asked)
    print(f"{arguments.groups} groups of 8, prompts of {sorted(map(len, asked))}, replies of {shape.reply} tokens")
    print(f"matrix product: {peak / 1e9:,.0f} GFLOP/s")
    medians = {}
    for name, kind in (("stock", GRPOTrainer), ("shared", SharedPrefixTrainer)):
        if arguments.only in (None, name):
            if device == "cuda":
                torch.cuda.reset_peak_memory_stats()
            seconds, logged = train(kind, shape, arguments, device)
            medians[name] = statistics.median(seconds[1:] or seconds)
            each = [round(second, 2) for second in seconds]
            line = f"{name}: {medians[name]:.2f} s an update, {each}, loss and gradient {logged}"
            if name == "shared":  # forward, the gradient of activations, and the reference's forward: 2 each a weight
                line += f", {6 * shape.matrices * tokens / medians[name] / peak:.0%} of that rate"
            if device == "cuda":
                line += f", peak {torch.cuda.max_memory_allocated() / 2**30:.1f} GiB"
            print(line)
    if len(medians) == 2:
        print(f"ratio {medians['stock'] / medians['shared']:.2f}")
    if arguments.run:
        run(shape, arguments, device, peak)


def run(shape: Shape, arguments: argparse.Namespace, device: str, peak: float) -> None:
    """Prints what steps of the recipe's run took; `peak` is the rate of a matrix product."""
    changes = (f"steps={arguments.steps}", *(("update.checkpointing=true",) if arguments.checkpointing else ()))
    recipe = read_mint(RECIPES[arguments.shape], changes + (TRIAL if device == "cpu" else ()))
    if device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    asked = lengths(shape, recipe.rows // 2, arguments.spread, random.Random(1))  # a conversation is two rows
    steps = measure(lambda: network(shape, device).bfloat16(), recipe, asked, shape.reply)
    work = 6 * shape.matrices * (steps.prompts + steps.replies)  # as above
    line = f"{steps}, {work / steps.seconds['update'] / peak:.0%} of that rate"
    if device == "cuda":
        line += f"\npeak {torch.cuda.max_memory_allocated() / 2**30:.1f} GiB"
    print(line)


if __name__ == "__main__":
    main()
