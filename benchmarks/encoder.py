"""How fast the encoder tags: one reply of eight sentences, and a batch, and how long loading takes.

    python benchmarks/encoder.py [--model FOLDER] [--threads 2]

The text is the project's own labelled replies. The first reading, which loads the network, is shown on its own.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path

from companion.encoder import MODEL, Encoder
from companion.tagging import EncoderTagger

CORPUS = Path(__file__).parents[1] / "training" / "corpus" / "support"
REPEATS = 30


def replies() -> list[list[str]]:
    """The sentences of every reply in the corpus."""
    lines = (line for path in sorted(CORPUS.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines())
    return [[sentence["text"] for sentence in json.loads(line)["sentences"]] for line in lines]


def main() -> None:
    """Measure and print a markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    encoder = Encoder(given.model, threads=given.threads)
    tagger = EncoderTagger(encoder)
    corpus = replies()
    eights = [reply[:8] for reply in corpus if len(reply) >= 8][:REPEATS]
    started = time.perf_counter()
    tagger.tag(eights[0])
    first = time.perf_counter() - started
    single = []
    for reply in eights:
        started = time.perf_counter()
        tagger.tag(reply)
        single.append((time.perf_counter() - started) * 1000)
    batch = []
    for _ in range(3):
        started = time.perf_counter()
        for start in range(0, len(corpus), 128):
            tagger.tag_replies(corpus[start : start + 128])
        batch.append(sum(map(len, corpus)) / (time.perf_counter() - started))
    print(
        f"{encoder.folder / MODEL}: {(encoder.folder / MODEL).stat().st_size / 1e6:.1f} MB, {given.threads} threads\n"
    )
    print("| what | median | worst |\n|---|---:|---:|")
    print(f"| first reading, with loading (ms) | {first * 1000:.0f} | |")
    print(f"| a reply of 8 sentences (ms) | {statistics.median(single):.1f} | {max(single):.1f} |")
    print(f"| batch (sentences a second) | {statistics.median(batch):.0f} | {min(batch):.0f} |")


if __name__ == "__main__":
    main()
