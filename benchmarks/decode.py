"""Tokens per second of our child process against llama.cpp used directly: same file, prompt, sampler and threads.

    python benchmarks/decode.py MODEL.gguf [--tokens 256] [--repeats 7] [--threads 2]

Three ways, interleaved, each in its own process: `LlamaEngine.stream`; a bare low-level loop, which is llama.cpp's own
rate; and the high-level `Llama` class. Decoding only, from the first token to the last. Budget: 95 % of the bare loop.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from companion.engine.child import ENVIRONMENT
from companion.engine.client import LlamaEngine
from companion.engine.model_file import in_words
from companion.engine.protocol import Finish, Message, Sampling

PROMPT = "I had a long day and I do not know where to begin. " * 8
RENDERED = f"<|im_start|>user\n{PROMPT}<|im_end|>\n<|im_start|>assistant\n"
"""What the engine makes of the prompt. With the same seed all three ways then say the same, to the last token."""
REPLIES = 10  # in one measurement: a reply of a model that knows when to stop may be short
CONTEXT = 1024
BUDGET = 0.95
DEFAULT = Sampling()


def ours(path: Path, tokens: int, threads: int) -> Iterator[tuple[int, float]]:
    engine = LlamaEngine(path, threads=threads)
    engine.load()
    seed = 0
    while True:
        seed += 1
        *_, finish = engine.stream([Message("user", PROMPT)], Sampling(max_tokens=tokens, seed=seed))
        assert isinstance(finish, Finish)
        yield finish.reply_tokens - 1, (finish.total_ms - finish.first_ms) / 1000


def bare(path: Path, tokens: int, threads: int) -> Iterator[tuple[int, float]]:
    """llama.cpp with as little Python around it as there can be: no text, no stopping, no cache to keep."""
    import llama_cpp as lib

    lib.llama_log_set(_silent(lib), None)
    model = lib.llama_model_load_from_file(os.fsencode(path), lib.llama_model_default_params())
    vocab = lib.llama_model_get_vocab(model)
    params = lib.llama_context_default_params()
    params.n_ctx, params.n_batch, params.n_ubatch = CONTEXT, 512, 512
    params.n_threads = params.n_threads_batch = threads
    params.flash_attn_type = lib.LLAMA_FLASH_ATTN_TYPE_DISABLED
    context = lib.llama_init_from_model(model, params)
    prompt = RENDERED.encode()
    ids = (lib.llama_token * CONTEXT)()
    length = lib.llama_tokenize(vocab, prompt, len(prompt), ids, CONTEXT, False, True)
    one = (lib.llama_token * 1)()
    seed = 0
    while True:
        seed += 1
        sampler = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
        for step in (
            lib.llama_sampler_init_top_k(DEFAULT.top_k),
            lib.llama_sampler_init_top_p(DEFAULT.top_p, 1),
            lib.llama_sampler_init_min_p(DEFAULT.min_p, 1),
            lib.llama_sampler_init_temp(DEFAULT.temperature),
            lib.llama_sampler_init_dist(seed),
        ):
            lib.llama_sampler_chain_add(sampler, step)
        lib.llama_memory_clear(lib.llama_get_memory(context), True)
        lib.llama_decode(context, lib.llama_batch_get_one(ids, length))
        made = 1
        one[0] = lib.llama_sampler_sample(sampler, context, -1)
        started = time.perf_counter()
        while made < tokens and not lib.llama_vocab_is_eog(vocab, one[0]):
            lib.llama_decode(context, lib.llama_batch_get_one(one, 1))
            one[0] = lib.llama_sampler_sample(sampler, context, -1)
            made += 1
        yield made - 1, time.perf_counter() - started
        lib.llama_sampler_free(sampler)


def high_level(path: Path, tokens: int, threads: int) -> Iterator[tuple[int, float]]:
    import llama_cpp

    llama = llama_cpp.Llama(
        str(path), n_ctx=CONTEXT, n_threads=threads, n_threads_batch=threads, verbose=False, flash_attn=False
    )
    seed = 0
    while True:
        seed += 1
        made, started = 0, 0.0
        for _ in llama.create_completion(
            RENDERED,
            max_tokens=tokens,
            stream=True,
            seed=seed,
            repeat_penalty=1.0,
            temperature=DEFAULT.temperature,
            top_k=DEFAULT.top_k,
            top_p=DEFAULT.top_p,
            min_p=DEFAULT.min_p,
        ):
            made += 1
            started = started or time.perf_counter()
        yield made - 1, time.perf_counter() - started


WAYS = {"ours": ours, "bare": bare, "high-level": high_level}
LABELS = {
    "ours": "`LlamaEngine.stream` (child process)",
    "bare": "llama.cpp, low-level loop",
    "high-level": "llama-cpp-python, `Llama`",
}


def serve(way: str, path: Path, tokens: int, threads: int) -> None:
    """Measure once for each line on standard input."""
    runs = WAYS[way](path, tokens, threads)
    next(runs)  # the first run warms up
    print("ready", flush=True)
    for _ in sys.stdin:
        made, seconds = zip(*(next(runs) for _ in range(REPLIES)), strict=True)
        print(json.dumps(sum(made) / sum(seconds)), flush=True)


class Server:
    """One way of decoding, waiting in its own process; only one of them works at a time."""

    def __init__(self, way: str, arguments: argparse.Namespace) -> None:
        command = [sys.executable, __file__, str(arguments.model), "--serve", way]
        command += ["--tokens", str(arguments.tokens), "--threads", str(arguments.threads)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **ENVIRONMENT},
        )
        self._line()

    def measure(self) -> float:
        """Tokens per second over REPLIES replies."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(self._line())

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


def report(model: Path, rates: dict[str, list[float]]) -> str:
    """A Markdown table, and the verdict."""
    medians = {way: statistics.median(values) for way, values in rates.items()}
    rows = [
        f"| {LABELS[way]} | {medians[way]:.1f} | {min(values):.1f}-{max(values):.1f} | "
        f"{medians[way] / medians['bare']:.1%} |"
        for way, values in rates.items()
    ]
    # Runs next to each other share the weather of the machine, so the ratio is taken pair by pair.
    paired = statistics.median(a / b for a, b in zip(rates["ours"], rates["bare"], strict=True))
    verdict = "within" if paired >= BUDGET else "over"
    pairs = f"ours / llama.cpp, median of {len(rates['ours'])} pairs"
    return "\n".join(
        [
            f"{model.name}, {in_words(model.stat().st_size)}",
            "",
            "| | tok/s (median) | range | of llama.cpp |",
            "|---|---|---|---|",
            *rows,
            "",
            f"{pairs}: {paired:.1%} ({verdict} the budget of {BUDGET:.0%})",
        ]
    )


_kept: list[Any] = []
"""The library keeps bare pointers to these."""


def _silent(lib: Any) -> Any:
    _kept.append(lib.llama_log_callback(lambda level, text, data: None))
    return _kept[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--tokens", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--serve", choices=WAYS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve, arguments.model, arguments.tokens, arguments.threads)
        return
    servers = {way: Server(way, arguments) for way in WAYS}
    rates: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(arguments.repeats):
        for way, server in servers.items():
            rates[way].append(server.measure())
    for server in servers.values():
        server.close()
    print(report(arguments.model, rates))


if __name__ == "__main__":
    main()
