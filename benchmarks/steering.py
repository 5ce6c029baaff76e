"""What steering and reading ahead cost and save.

    python benchmarks/steering.py MODEL.gguf... [--tokens 192] [--repeats 3] [--threads 2]

For each model two tables. Replies: one streamed against four candidates for each sentence, tagging and choosing
included, by wall time per token that is kept; runs alternate, prompts have been read before. First token: at turn 10,
with and without reading ahead, for the two layouts with a system message. `decode.py` measures decoding. Random
weights (`random_gguf.py`) serve for speed: their sentences are noise, long ones, which end at the bound of a candidate.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from companion.encoder import Encoder
from companion.engine.client import LlamaEngine
from companion.engine.model_file import in_words
from companion.engine.protocol import Branches, ContextFull, Finish, Message, Piece, Sampling
from companion.paths import shipped_models
from companion.rating import Rater
from companion.speaking.choice import Choice, Chooser
from companion.speaking.pace import Pace
from companion.speaking.steered import steered
from companion.tagging import EncoderTagger, Tagger
from planner.layouts import Layout, ahead, render
from planner.ledger import Ledger, TurnRecord
from planner.policy import plan
from planner.reading import read
from planner.steering import SteeringWeights
from planner.tactics import TACTICS, Tactic

CANDIDATES = 4
BUDGET = 1.5
SOONER = 5.0
TURN = 10
THEIRS = "I had a long day, my sister called again about the house, and I do not know how to say no to her."
OURS = (
    "That sounds like a lot to carry at the end of a day. You care about her, and you are tired, and both are true at "
    "once. It makes sense that saying no feels harder when you have nothing left. What would you like her to "
    "understand about how this week has been for you?"
)


class Watched(LlamaEngine):
    """Keeps what each branching took."""

    def __init__(self, path: Path, threads: int) -> None:
        super().__init__(path, threads=threads)
        self.branchings: list[Branches] = []

    def branch(self, messages: Sequence[Message], sampling: Sampling, count: int, *, limit: int = 64) -> Branches:
        self.branchings.append(super().branch(messages, sampling, count, limit=limit))
        return self.branchings[-1]


class NoTagger:
    """Stands in where no encoder is installed."""

    name = "none"

    def tag(self, sentences: Sequence[str]) -> list[dict[Tactic, float]]:
        return [{} for _ in sentences]

    def tag_replies(self, replies: Sequence[Sequence[str]]) -> list[list[dict[Tactic, float]]]:
        return [self.tag(sentences) for sentences in replies]


@dataclass
class Run:
    """Replies made in a row: the seconds they took, their tokens and characters."""

    seconds: float = 0.0
    tokens: int = 0
    characters: int = 0
    choosing: float = 0.0
    """Seconds of them in which there was no decoding."""
    sentences: int = 0

    @property
    def per_token(self) -> float:
        return self.seconds / self.tokens

    @property
    def per_character(self) -> float:
        return self.seconds / max(1, self.characters)


class Bench:
    """One model, talked to about one thing."""

    def __init__(self, path: Path, arguments: argparse.Namespace, tagger: Tagger, rater: Rater | None) -> None:
        self.engine = Watched(path, arguments.threads)
        self.info = self.engine.load()
        self.tokens: int = arguments.tokens
        self.tagger, self.rater = tagger, rater
        self.messages = self.prompt(Layout(self.info.layout), [Message("user", THEIRS)], 0)

    def prompt(self, layout: Layout, history: Sequence[Message], turns: int) -> list[Message]:
        return render(layout, history, plan(ledger(turns), read(THEIRS)), ledger(turns))

    def sampling(self, seed: int) -> Sampling:
        recommended = self.info.sampling
        return Sampling(temperature=recommended.temperature, max_tokens=self.tokens, seed=seed)

    def streamed(self, seed: int) -> Run:
        run = Run()
        while run.tokens < self.tokens:
            self.engine.prefill(self.messages)
            started = time.perf_counter()
            for part in self.engine.stream(self.messages, self.sampling(seed)):
                match part:
                    case Piece(text):
                        run.characters += len(text)
                    case Finish():
                        run.tokens += max(1, part.reply_tokens)
            run.seconds += time.perf_counter() - started
            seed += 1000
        return run

    def steered(self, seed: int) -> Run:
        run = Run()
        self.engine.branchings.clear()
        while run.tokens < self.tokens:
            self.engine.prefill(self.messages)
            made = plan(Ledger(()), read(THEIRS))
            chooser = Chooser(self.tagger, self.rater, made, Ledger(()), SteeringWeights(), THEIRS)
            pace = Pace(CANDIDATES, math.inf)
            started = time.perf_counter()
            for part in steered(self.engine, self.messages, self.sampling(seed), chooser, pace, lambda: False):
                match part:
                    case Choice():
                        run.sentences += 1
                    case Piece(text):
                        run.characters += len(text)
                    case Finish():
                        run.tokens += max(1, part.reply_tokens)
            run.seconds += time.perf_counter() - started
            seed += 1000
        run.choosing = run.seconds - sum(each.total_ms for each in self.engine.branchings) / 1000
        return run

    def replies(self, repeats: int) -> str:
        self.streamed(0), self.steered(0)  # the first run warms up
        pairs = [(self.streamed(seed), self.steered(seed)) for seed in range(1, repeats + 1)]
        one, four = (list(runs) for runs in zip(*pairs, strict=True))
        # Runs next to each other share the weather of the machine, so the ratio is taken pair by pair.
        ratio = statistics.median(b.per_token / a.per_token for a, b in pairs)
        by_character = statistics.median(b.per_character / a.per_character for a, b in pairs)
        steps = sum(each.steps for each in self.engine.branchings)
        decoding = sum(each.total_ms - each.first_ms for each in self.engine.branchings) / 1000
        step = decoding / max(1, steps) / one[-1].per_token
        share = sum(run.choosing for run in four) / sum(run.seconds for run in four)
        rows = [
            "| | ms per token kept | ms per character |",
            "|---|---:|---:|",
            f"| one, streamed | {medians(one)} |",
            f"| {CANDIDATES} candidates, chosen | {medians(four)} |",
            "",
            f"Ratio, median of {repeats} pairs: {ratio:.2f} per token, {by_character:.2f} per character "
            f"({'within' if ratio <= BUDGET else 'over'} the budget of {BUDGET}).",
            f"Of it: a step of decoding {step:.2f} times that of one; {steps / four[-1].tokens:.2f} steps for a token "
            f"that is kept; {share:.0%} of the time spent tagging, rating, choosing and asking, "
            f"{sum(run.choosing for run in four) / sum(run.sentences for run in four) * 1000:.0f} ms a sentence.",
        ]
        return "\n".join(rows)

    def first_tokens(self, repeats: int) -> str:
        """The first token of turn 10: after reading ahead, with what turn 9 left in the cache, and from nothing."""
        rows = [
            "| layout | prompt | reading ahead | the last turn read | nothing read | sooner than either |",
            "|---|---:|---:|---:|---:|---:|",
        ]
        ways = (self.after_reading_ahead, self.after_a_turn, self.after_nothing)
        for layout in (Layout.TAIL, Layout.MINT):
            try:
                took = [[way(layout) for way in ways] for _ in range(repeats)]
            except ContextFull as error:
                rows.append(f"| {layout.value} | {error.tokens} tokens: more than the context | | | | |")
                continue
            prompt = took[0][0].prompt_tokens
            ahead_ms, *others = (statistics.median(run.first_ms for run in runs) for runs in zip(*took, strict=True))
            cells = " | ".join(f"{ms:.0f} ms" for ms in (ahead_ms, *others))
            sooner = ", ".join(f"{ms / ahead_ms:.1f} times" for ms in others)
            rows.append(f"| {layout.value} | {prompt} tokens | {cells} | {sooner} |")
        return "\n".join(rows) + f"\n\nBudget: {SOONER:.0f} times sooner."

    def after_reading_ahead(self, layout: Layout) -> Finish:
        self.settle(layout)
        made = plan(ledger(TURN - 1), read(THEIRS))
        self.engine.prefill(ahead(layout, talk(TURN)[:-1], made, ledger(TURN - 1)))
        return self.first(layout)

    def after_a_turn(self, layout: Layout) -> Finish:
        self.settle(layout)
        return self.first(layout)

    def after_nothing(self, layout: Layout) -> Finish:
        self.engine.prefill([Message("user", "something else")])
        return self.first(layout)

    def settle(self, layout: Layout) -> None:
        """The cache is as the turn before left it: that turn's prompt, and the reply."""
        opened = self.prompt(layout, talk(TURN - 1), TURN - 2)
        self.engine.prefill([Message("user", "something else")])
        list(self.engine.stream([*opened, Message("assistant", OURS)], Sampling(max_tokens=1, seed=1)))

    def first(self, layout: Layout) -> Finish:
        prompt = self.prompt(layout, talk(TURN), TURN - 1)
        *_, finish = self.engine.stream(prompt, Sampling(max_tokens=4, seed=1))
        assert isinstance(finish, Finish)
        return finish


def talk(turns: int) -> list[Message]:
    """So many turns, the last of which waits for its reply."""
    said: list[Message] = []
    for turn in range(1, turns + 1):
        said += [Message("user", f"{turn}. {THEIRS}"), Message("assistant", OURS)]
    return said[:-1]


def ledger(turns: int) -> Ledger:
    """Each turn used two tactics, not always the same."""
    return Ledger(tuple(TurnRecord((frozenset({TACTICS[i % 10], TACTICS[(3 * i + 1) % 10]}),)) for i in range(turns)))


def medians(runs: Sequence[Run]) -> str:
    def median(value: Callable[[Run], float]) -> str:
        return f"{statistics.median(map(value, runs)) * 1000:.2f}"

    return f"{median(lambda run: run.per_token)} | {median(lambda run: run.per_character)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path, nargs="+")
    parser.add_argument("--tokens", type=int, default=192)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    installed = (shipped_models() / "encoder" / "encoder.onnx").exists()
    encoder = Encoder(threads=arguments.threads)
    tagger = EncoderTagger(encoder) if installed else NoTagger()
    for path in arguments.models:
        bench = Bench(path, arguments, tagger, Rater(encoder) if installed else None)
        print(f"{path.name}, {in_words(path.stat().st_size)}, {'' if installed else 'no encoder installed, '}", end="")
        print(f"{arguments.threads} threads\n\n{bench.replies(arguments.repeats)}\n", flush=True)
        print(f"{bench.first_tokens(arguments.repeats)}\n", flush=True)
        bench.engine.close()


if __name__ == "__main__":
    main()
