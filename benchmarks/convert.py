"""A checkpoint of Qwen3's true shape, random weights, from safetensors to a reply: time, memory, speed.

    python benchmarks/convert.py FOLDER [--shape 1.7b|4b] [--layers N] [--only-convert]

Writes bfloat16 shards and a byte-level vocabulary of the true size, then runs `companion models convert`, `quantize`
and `check` and one `companion say`, each in a process of its own whose time and peak memory are taken. The bound on
decoding is the measured reading speed of memory divided by the size of the file: every token reads all weights once.
For 1.7b FOLDER needs 8 GB for some minutes; what was written is deleted afterwards.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path
from typing import Any

import numpy as np

from companion.modelhub.quantize import KINDS

VOCABULARY, LEARNED = 151_936, 151_643
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SHAPES = {"1.7b": (28, 2048, 16, 6144), "4b": (36, 2560, 32, 9728)}
"""Layers, hidden size, heads, feed-forward size; 8 key-value heads of 128, embeddings tied."""
HEAD, CACHED = 128, 8
SHARD = 1 << 30
POOL = 1 << 24


# -- the checkpoint ---------------------------------------------------------------------------------------------


def tensors(layers: int, hidden: int, heads: int, feed_forward: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield "model.embed_tokens.weight", (VOCABULARY, hidden)
    yield "model.norm.weight", (hidden,)
    for i in range(layers):
        layer = f"model.layers.{i}."
        for name in ("input_layernorm", "post_attention_layernorm"):
            yield f"{layer}{name}.weight", (hidden,)
        for name in ("q_norm", "k_norm"):
            yield f"{layer}self_attn.{name}.weight", (HEAD,)
        for name, rows, columns in (
            ("self_attn.q_proj", heads * HEAD, hidden), ("self_attn.k_proj", CACHED * HEAD, hidden),
            ("self_attn.v_proj", CACHED * HEAD, hidden), ("self_attn.o_proj", hidden, heads * HEAD),
            ("mlp.gate_proj", feed_forward, hidden), ("mlp.up_proj", feed_forward, hidden),
            ("mlp.down_proj", hidden, feed_forward),
        ):  # fmt: skip
            yield f"{layer}{name}.weight", (rows, columns)


def make(folder: Path, layers: int, hidden: int, heads: int, feed_forward: int) -> None:
    """Shards as transformers names them. Weights are stretches of one pool: drawing billions takes minutes."""
    folder.mkdir(parents=True)
    pool = np.random.default_rng(0).standard_normal(POOL, dtype=np.float32)
    shards: list[list[tuple[str, tuple[int, ...]]]] = [[]]
    size = 0
    for name, shape in tensors(layers, hidden, heads, feed_forward):
        bytes_of = 2 * int(np.prod(shape))
        if size and size + bytes_of > SHARD:
            shards.append([])
            size = 0
        shards[-1].append((name, shape))
        size += bytes_of
    index: dict[str, str] = {}
    for number, shard in enumerate(shards, 1):
        name = f"model-{number:05}-of-{len(shards):05}.safetensors"
        index |= {tensor: name for tensor, _ in shard}
        write_shard(folder / name, shard, pool, number)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": index}))
    config = {
        "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "vocab_size": VOCABULARY, "hidden_size": hidden,
        "intermediate_size": feed_forward, "num_hidden_layers": layers, "num_attention_heads": heads,
        "num_key_value_heads": CACHED, "head_dim": HEAD, "max_position_embeddings": 40960, "rms_norm_eps": 1e-6,
        "rope_theta": 1e6, "tie_word_embeddings": True, "eos_token_id": LEARNED + 2, "bos_token_id": LEARNED,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer(), ensure_ascii=False))
    about = {"eos_token": SPECIAL[2], "pad_token": SPECIAL[0], "add_bos_token": False}
    (folder / "tokenizer_config.json").write_text(json.dumps(about))


def write_shard(file: Path, shard: list[tuple[str, tuple[int, ...]]], pool: Any, seed: int) -> None:
    contents, at = {}, 0
    for name, shape in shard:
        size = 2 * int(np.prod(shape))
        contents[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    head = json.dumps(contents).encode()
    head += b" " * (-len(head) % 8)
    with file.open("wb") as out:
        out.write(len(head).to_bytes(8, "little") + head)
        for drawn, (name, shape) in enumerate(shard):
            count = int(np.prod(shape))
            scale = 0.05 if "embed" in name else shape[-1] ** -0.5
            values = np.roll(pool, (seed * 997 + drawn) * 7919) * np.float32(scale)
            if len(shape) == 1:
                values = 1 + values[:count]
            bits = (values.view(np.uint32) >> 16).astype(np.uint16)
            while count > 0:
                out.write(bits[:count].tobytes())
                count -= len(bits)


def tokenizer() -> dict[str, Any]:
    """Byte-level BPE of the true size whose merges are all pairs of bytes, and as many of pairs and a byte."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = [chr(i) for i in printable] + [chr(256 + i) for i in range(256 - len(printable))]
    pairs = list(product(letters, letters))
    more = islice(((a + b, c) for (a, b), c in product(pairs, letters)), LEARNED - 256 - len(pairs))
    merges = [*pairs, *more]
    words = [*letters, *(a + b for a, b in merges)]
    added = [
        {"id": LEARNED + i, "content": token, "special": True, "normalized": False, "single_word": False,
         "lstrip": False, "rstrip": False}
        for i, token in enumerate(SPECIAL)
    ]  # fmt: skip
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    split = {"type": "Split", "pattern": {"Regex": SPLIT}, "behavior": "Isolated", "invert": False}
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": {"type": "NFC"},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, level]}, "post_processor": level,
        "decoder": level,
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": "",
            "end_of_word_suffix": "", "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
            "vocab": {word: i for i, word in enumerate(words)}, "merges": [list(pair) for pair in merges],
        },
    }  # fmt: skip


# -- what is measured -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """A command that has ended: seconds on the wall and on the processor, bytes of memory at most."""

    out: str
    seconds: float
    processor: float
    memory: int


def companion(home: Path, *arguments: str) -> Run:
    environment = os.environ | {"COMPANION_HOME": str(home)}
    started = time.monotonic()
    child = subprocess.Popen(
        [sys.executable, "-m", "companion", *arguments], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert child.stdout is not None
    out = child.stdout.read()
    _, status, used = os.wait4(child.pid, 0)
    if status and not out:  # a check that finds something off says so and goes on
        raise SystemExit(f"companion {' '.join(arguments)} ended with {status}")
    seconds = time.monotonic() - started
    return Run(out, seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def bandwidth(threads: int) -> float:
    """Bytes a second that `threads` threads read from memory together, the best of five."""
    arrays = [np.ones(1 << 28, np.float32) for _ in range(threads)]
    best = 0.0
    for _ in range(5):
        workers = [threading.Thread(target=array.sum) for array in arrays]
        started = time.perf_counter()
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        best = max(best, sum(array.nbytes for array in arrays) / (time.perf_counter() - started))
    return best


def bits_of_kinds(file: Path) -> dict[str, float]:
    """Bits a weight, as llama.cpp reckons them without doing it."""
    import llama_cpp as lib

    from companion.engine.quantizing import TYPES

    found: dict[str, float] = {}
    for kind in KINDS:

        def listen(level: int, text: bytes, _: object, kind: str = kind) -> None:
            if reckoned := re.search(rb"quant size.*\(([\d.]+) BPW\)", text):
                found[kind] = float(reckoned[1])

        listener = lib.llama_log_callback(listen)  # the library keeps a bare pointer to it
        lib.llama_log_set(listener, None)
        params = lib.llama_model_quantize_default_params()
        params.ftype, params.dry_run = TYPES[kind], True
        lib.llama_model_quantize(os.fsencode(file), os.fsencode(file.with_suffix(".none")), ctypes.byref(params))
    return found


def apart(work: Callable[..., Any], *arguments: object) -> Any:
    """In a process of its own: a command that is started is charged with what its starter has used before."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def said(what: str, run: Run, more: str = "") -> None:
    times = f"{run.seconds:7.1f} s  {run.processor:7.1f} s of processor"
    print(f"{what:<12}{times}  {run.memory / 1e9:5.2f} GB  {more}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shape", choices=SHAPES, default="1.7b")
    parser.add_argument("--layers", type=int)
    parser.add_argument("--only-convert", action="store_true")
    given = parser.parse_args()
    layers, *rest = SHAPES[given.shape]
    checkpoint, home = given.folder / "checkpoint", given.folder / "home"
    try:
        print(f"{given.shape}, {given.layers or layers} layers, load before {os.getloadavg()[0]:.1f}", flush=True)
        apart(make, checkpoint, given.layers or layers, *rest)
        measure(checkpoint, home, only_convert=given.only_convert)
    finally:
        for path in (checkpoint, home):
            shutil.rmtree(path, ignore_errors=True)


def measure(checkpoint: Path, home: Path, *, only_convert: bool) -> None:
    size = sum(file.stat().st_size for file in checkpoint.glob("*.safetensors"))
    print(f"{size / 1e9:.2f} GB of safetensors", flush=True)
    whole, small = (home / "data" / "models" / f"{name}.gguf" for name in ("whole", "small"))
    run = companion(home, "models", "convert", str(checkpoint), "-o", str(whole))
    said("convert", run, f"{whole.stat().st_size / 1e9:.2f} GB written")
    if only_convert:
        return
    bits = apart(bits_of_kinds, whole)
    print("bits a weight: " + ", ".join(f"{kind} {number}" for kind, number in bits.items()), flush=True)
    run = companion(home, "models", "quantize", str(whole), "-o", str(small))
    said("quantize", run, f"{small.stat().st_size / 1e9:.3f} GB written")
    look(home, checkpoint, whole)
    whole.unlink()
    before = apart(bandwidth, os.cpu_count() or 1)
    row = look(home, checkpoint, small)
    speed = max(before, apart(bandwidth, os.cpu_count() or 1))
    bound = speed / small.stat().st_size
    share = row["reply_speed"] / bound
    print(f"memory reads {speed / 1e9:.1f} GB/s: bound {bound:.1f} tokens/s, share {share:.0%}", flush=True)
    run = companion(home, "say", "--model", str(small), "--candidates", "1", "--json", "Hello, what a day.")
    said("say", run, json.dumps(json.loads(run.out)["timings"]))


def look(home: Path, checkpoint: Path, file: Path) -> dict[str, Any]:
    run = companion(home, "models", "check", str(file), "--source", str(checkpoint), "--json")
    row: dict[str, Any] = json.loads(run.out)
    like = row["likeness"]
    said("check", run, f"{file.stem}: correlation {like['correlation']:.5f}, likeliest agrees {like['agree']:.0%}")
    speeds = f"{row['reply_speed']:.1f} tokens/s in a reply, {row['reading_speed']:.0f} when reading"
    print(f"            load {row['load_seconds']:.1f} s, {row['memory'] / 1e9:.2f} GB, {speeds}", flush=True)
    return row


if __name__ == "__main__":
    main()
