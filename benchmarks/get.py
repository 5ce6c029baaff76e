"""What it takes to get a model: `companion models get` with a checkpoint of Qwen3-1.7B's shape from a local server.

    python -m benchmarks.get FOLDER [--kind q4_k_m] [--layers 28]

Makes the checkpoint (random weights in bfloat16, 3.4 GB, the tokenizer of the tests) in FOLDER unless it is there,
serves it with the server of the tests, and runs the real command in a home of its own inside FOLDER. Time of each step,
and the most memory that the command and its children had at once: their own (anonymous), and with pages of files.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

from tests.companion.hub_server import Hub, git_id, serve, sha256_of
from tests.companion.tiny_checkpoint import save_tokenizer

REPOSITORY = "hongli-zhan/MINT-empathy-Qwen3-1.7B"
HIDDEN, WIDE, WORDS, HEADS, CACHED, HEAD = 2048, 6144, 151_936, 16, 8, 128
CONFIG = {
    "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "vocab_size": WORDS, "hidden_size": HIDDEN,
    "intermediate_size": WIDE, "num_attention_heads": HEADS, "num_key_value_heads": CACHED, "head_dim": HEAD,
    "max_position_embeddings": 40_960, "rms_norm_eps": 1e-6, "rope_theta": 1_000_000, "tie_word_embeddings": True,
    "torch_dtype": "bfloat16", "hidden_act": "silu", "attention_bias": False,
}  # fmt: skip


def shapes(layers: int) -> dict[str, tuple[int, ...]]:
    """Of every tensor of the checkpoint."""
    found: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (WORDS, HIDDEN), "model.norm.weight": (HIDDEN,)}
    for layer in range(layers):
        parts: dict[str, tuple[int, ...]] = {
            "self_attn.q_proj": (HEADS * HEAD, HIDDEN), "self_attn.k_proj": (CACHED * HEAD, HIDDEN),
            "self_attn.v_proj": (CACHED * HEAD, HIDDEN), "self_attn.o_proj": (HIDDEN, HEADS * HEAD),
            "self_attn.q_norm": (HEAD,), "self_attn.k_norm": (HEAD,), "mlp.gate_proj": (WIDE, HIDDEN),
            "mlp.up_proj": (WIDE, HIDDEN), "mlp.down_proj": (HIDDEN, WIDE), "input_layernorm": (HIDDEN,),
            "post_attention_layernorm": (HIDDEN,),
        }  # fmt: skip
        found |= {f"model.layers.{layer}.{name}.weight": shape for name, shape in parts.items()}
    return found


def make(folder: Path, layers: int) -> None:
    """The checkpoint. Its weights repeat after 16 million: what is measured does not depend on them."""
    folder.mkdir(parents=True)
    save_tokenizer(folder, "qwen3")
    (folder / "config.json").write_text(json.dumps(CONFIG | {"num_hidden_layers": layers}))
    normal = np.random.default_rng(0).standard_normal(1 << 24, dtype=np.float32) * np.float32(0.02)
    weights = (normal.view(np.uint32) >> 16).astype(np.uint16)  # bfloat16 is the upper half of a float
    ones = np.full(HIDDEN, 0x3F80, np.uint16)
    header, at = {}, 0
    for name, shape in shapes(layers).items():
        size = int(np.prod(shape)) * 2
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    with (folder / "model.safetensors").open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for shape in shapes(layers).values():
            left = int(np.prod(shape))
            while left:
                piece = (ones if len(shape) == 1 else weights)[:left]
                file.write(piece.tobytes())
                left -= len(piece)


def memory(pid: int) -> tuple[int, int]:
    """(anonymous, resident) kB of a process and all below it."""
    anonymous = resident = 0
    waiting = [pid]
    while waiting:
        process = Path("/proc") / str(waiting.pop())
        try:
            lines = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
            waiting += map(int, (process / "task" / process.name / "children").read_text().split())
        except (OSError, ValueError):
            continue
        anonymous += int(lines.get("RssAnon", "0").split()[0])
        resident += int(lines.get("VmRSS", "0").split()[0])
    return anonymous, resident


def step_after(line: str, before: str) -> str:
    """Which step begins with this line of the command's."""
    what, _, rest = line.strip().partition(": ")
    if what.endswith((".json", ".safetensors")):
        return "fetching"
    if what in {"converting", "quantising"} and rest.startswith("100%"):
        return f"after {what}: trying it out"
    return what if what in {"converting", "quantising", "noting its hash"} else before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kind", default="q4_k_m")
    parser.add_argument("--layers", type=int, default=28)
    given = parser.parse_args()
    checkpoint, home = given.folder / f"checkpoint-{given.layers}", given.folder / "home"
    if not checkpoint.exists():
        make(checkpoint, given.layers)
    shutil.rmtree(home, ignore_errors=True)
    hub = Hub({REPOSITORY: {file.name: file.read_bytes() for file in checkpoint.iterdir()}})
    for data in hub.repositories[REPOSITORY].values():
        sha256_of(data), git_id(data)  # once, and before anybody waits for it
    command = [sys.executable, "-m", "companion", "models", "get", "mint-1.7b", "--yes", "--kind", given.kind]
    began: dict[str, float] = {"looking up": time.monotonic()}
    peaks: dict[str, tuple[int, int]] = {}
    with serve(hub):
        here = {name: value for name, value in os.environ.items() if not name.endswith("_OFFLINE")}
        here |= {"HF_ENDPOINT": hub.url, "COMPANION_HOME": str(home)}
        running = subprocess.Popen(command, env=here, stderr=subprocess.PIPE, text=True)

        def listen() -> None:
            for line in running.stderr or ():
                print(line, end="", file=sys.stderr, flush=True)
                began.setdefault(step_after(line, list(began)[-1]), time.monotonic())

        listener = threading.Thread(target=listen)
        listener.start()
        while running.poll() is None:
            step, now = list(began)[-1], memory(running.pid)
            before = peaks.get(step, (0, 0))
            peaks[step] = (max(before[0], now[0]), max(before[1], now[1]))
            time.sleep(0.2)
        listener.join()
    ended = time.monotonic()
    print("\n| step | seconds | own memory, MB | with files, MB |\n|---|---:|---:|---:|")
    starts = [*began.values(), ended]
    for index, step in enumerate(began):
        own, all_of_it = peaks.get(step, (0, 0))
        seconds = starts[index + 1] - starts[index]
        print(f"| {step} | {seconds:.0f} | {own / 1000:,.0f} | {all_of_it / 1000:,.0f} |")
    spent = os.times()
    cpu = spent.children_user + spent.children_system
    print(f"\n{ended - starts[0]:.0f} s in all, {cpu:.0f} s of them on a processor; exit code {running.returncode}")


if __name__ == "__main__":
    main()
