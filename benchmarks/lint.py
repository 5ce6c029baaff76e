"""What the lint of replies sees, takes for a fault, and costs: `python -m benchmarks.lint [--model models/mini.gguf]`.

Counts only: no sentence of any data is printed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from companion.engine.client import LlamaEngine
from companion.engine.protocol import Piece
from companion.safety.lint import GOODBYE, METHOD, veto
from companion.speaking.checked import UNGUARDED, checked
from companion.text import split_sentences
from planner.layouts import Layout, Message, render
from planner.ledger import Ledger

ROOT = Path(__file__).parents[1]
PARAPHRASES = ROOT / "tests" / "companion" / "golden" / "lint_paraphrases.json"
CORPUS = ROOT / "training" / "corpus"
MINT = ROOT.parent / "shared" / "data" / "mint" / "outputs"


def counted(name: str, sentences: Iterable[str]) -> None:
    """A row: sentences, alarms, and of which kinds."""
    total, found = 0, Counter[str]()
    for sentence in sentences:
        total += 1
        found.update(kind for kind in [veto(sentence)] if kind)
    kinds = ", ".join(f"{kind} {count}" for kind, count in found.most_common(3))
    print(f"| {name} | {total:,} | {sum(found.values())} ({sum(found.values()) / total:.2%}) | {kinds} |", flush=True)


def own(pattern: str) -> Iterable[str]:
    """Sentences of the project's own support replies."""
    for file in sorted((CORPUS / "support").glob(pattern)):
        for line in file.read_text("utf-8").splitlines():
            yield from (sentence["text"] for sentence in json.loads(line)["sentences"])


def delay(model: Path) -> None:
    """Until something of a reply is shown: its first piece, and its first sentence that was looked at."""
    engine = LlamaEngine(model)
    info = engine.load()
    first: list[list[float]] = [[], []]
    try:
        for number, opening in enumerate((CORPUS / "openings.txt").read_text("utf-8").splitlines()):
            messages = render(Layout(info.layout), [Message("user", opening)], None, Ledger())
            sampling = replace(info.sampling, seed=number, max_tokens=120)
            for looked_at in (False, True):
                begun = time.monotonic()
                items = (
                    checked(engine, messages, sampling, UNGUARDED, lambda: False)
                    if looked_at
                    else engine.stream(messages, sampling)
                )
                times = [(time.monotonic() - begun) * 1000 for item in items if isinstance(item, Piece)]
                first[looked_at].append(times[0])
    finally:
        engine.close()
    rows = [*first, [later - earlier for earlier, later in zip(*first, strict=True)]]
    for name, values in zip(("first piece", "first sentence", "added"), rows, strict=True):
        tail = sorted(values)[int(0.95 * (len(values) - 1))]
        print(f"| {name} | {len(values)} | {statistics.median(values):.0f} | {tail:.0f} |")


def main() -> None:
    """The three tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "mini.gguf")
    wanted = parser.parse_args()
    print("| paraphrases | n | seen |\n|---|---:|---:|")
    for kind, sentences in json.loads(PARAPHRASES.read_text("utf-8")).items():
        seen = sum(bool(veto(text, goodbye=kind == GOODBYE, danger=kind == METHOD)) for text in sentences)
        print(f"| {kind} | {len(sentences)} | {seen} |")
    print("\n| sentences of | n | vetoed | most of them |\n|---|---:|---:|---|")
    counted("the project's own replies as a program", own("program*.jsonl"))
    counted("its replies in other voices (people, with lives)", own("[!p]*.jsonl"))
    for folder in sorted(MINT.glob("*")):
        rows = json.loads((folder / "conversations_tagged.json").read_text("utf-8"))
        counted(folder.name, (sentence for row in rows for sentence in split_sentences(row["model_response"])))
    print("\n| shown after, ms | n | median | p95 |\n|---|---:|---:|---:|")
    delay(wanted.model)


if __name__ == "__main__":
    main()
