"""What the encoder learns from and is measured on: readers and splits. No torch here.

Silver tags and ratings are split by conversation and by system; the project's own replies by conversation. The human
supporter (`gold`) and the human tags are never trained on.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from companion.errors import NotFound
from companion.text import clean, split_sentences
from planner.tactics import Tactic

Part = Literal["train", "validation", "test"]

HUMAN = "gold"
"""The human supporter among the systems: for measuring only."""
HELD_OUT_SYSTEMS = frozenset({"baseline6_vs_tactic_history_Qwen3-1.7B", "ours3_q_dkl_h_Qwen3-4B"})
"""Systems of which nothing is trained on, a prompted and a trained one."""
EMPATHY = (
    "validating_emotions",
    "encouraging_elaboration",
    "demonstrating_understanding",
    "advice_giving",
    "self_oriented",
    "dismissing_emotions",
)
REVERSED = frozenset({"advice_giving", "self_oriented", "dismissing_emotions"})
"""Dimensions that count as 6 - x in the aggregate."""

OWN = ("support", "letters")
"""Folders of the corpus with labelled replies."""
OUTPUTS, RATINGS, HUMAN_TAGS = Path("mint/outputs"), Path("mint/ratings"), Path("mint/human_tagged_sentences.jsonl")


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply, its sentences, the tactics of each, and what a judge thought of it, where that is known."""

    source: str
    """A system's name, `own` or `human`."""
    conversation: str
    part: Part
    before: str
    """The message it answers."""
    sentences: tuple[str, ...]
    tactics: tuple[frozenset[Tactic], ...] | None
    """None where the tags do not fit the sentences."""
    empathy: tuple[float, ...] | None = None
    turn: int = 0

    @property
    def text(self) -> str:
        return " ".join(self.sentences)

    def line(self) -> str:
        """Everything about it in one line that is the same in every run."""
        tactics = self.tactics and [sorted(used) for used in self.tactics]
        known = [self.source, self.conversation, self.part, self.before, self.sentences, tactics, self.empathy]
        return json.dumps(known, ensure_ascii=False)


def share(key: str) -> float:
    """A number in 0..1 that depends on the key alone."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:6], "big") / 2**48


def part_of(key: str, validation: float, test: float) -> Part:
    """Where everything with this key goes."""
    place = share(key)
    return "test" if place < test else "validation" if place < test + validation else "train"


def aggregate(dimensions: tuple[float, ...] | list[float]) -> float:
    """The mean of the six dimensions with the three unkind ones reversed (mint.md, evaluation)."""
    kind = [6 - value if name in REVERSED else value for name, value in zip(EMPATHY, dimensions, strict=True)]
    return sum(kind) / len(kind)


def systems(data: Path) -> list[str]:
    """Names of the systems whose tagged replies are there. Raises NotFound where there are none."""
    found = sorted(path.parent.name for path in (data / OUTPUTS).glob("*/conversations_tagged.json"))
    if not found:
        raise NotFound(f"There are no tagged replies under {data / OUTPUTS}. Give the data folder with --data.")
    return found


def silver_part(conversation: str) -> Part:
    """Of the fifty conversations three are held out for choosing and twelve for measuring."""
    return part_of(f"lend-an-ear/{conversation}", 0.05, 0.13)


def read_silver(data: Path, system: str) -> list[Reply]:
    """One system's replies. Tags that do not fit the sentences as they are split here are left out."""
    ratings = _ratings(data / RATINGS / f"{system}.csv")
    found = []
    for row in json.loads((data / OUTPUTS / system / "conversations_tagged.json").read_text("utf-8")):
        sentences = tuple(split_sentences(clean(row["model_response"])))
        tags = [frozenset(map(Tactic, names)) for names in row["sentence_tactics"]]
        history = row["conversation_history"]
        turn = sum(message["role"] == "assistant" for message in history)
        found.append(
            Reply(
                source=system,
                conversation=row["conversation_id"],
                part=silver_part(row["conversation_id"]),
                before=clean(history[-1]["content"]) if history else "",
                sentences=sentences,
                tactics=tuple(tags) if len(tags) == len(sentences) else None,
                empathy=ratings.get((row["conversation_id"], len(history))),
                turn=turn,
            )
        )
    return found


def _ratings(path: Path) -> dict[tuple[str, int], tuple[float, ...]]:
    """(conversation, number of messages before the reply) -> the six dimensions. Empty where nothing was rated."""
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {
            (row["conversation_id"], int(row["turn_index"])): tuple(float(row[name]) for name in EMPATHY)
            for row in csv.DictReader(file)
            if all(row[name] for name in EMPATHY)
        }


def read_own(corpus: Path) -> list[Reply]:
    """The project's labelled replies; consecutive items of one conversation stay on one side of the split.

    `support` holds talk, `letters` long replies in the manner of an advice column.
    """
    found = []
    for row in (row for folder in OWN for row in corpus_rows(corpus / folder)):
        conversation = row["context"][0]["text"]
        sentences = [(clean(item["text"]), frozenset(map(Tactic, item["tactics"]))) for item in row["sentences"]]
        found.append(
            Reply(
                source="own",
                conversation=conversation,
                part=part_of(f"own/{conversation}", 0.07, 0.08),
                before=clean(row["context"][-1]["text"]),
                sentences=tuple(text for text, _ in sentences),
                tactics=tuple(tags for _, tags in sentences),
            )
        )
    return found


def read_human(data: Path) -> list[Reply]:
    """The human-tagged replies, sentences as given there: for thresholds and stopping, never for weights."""
    path = data / HUMAN_TAGS
    if not path.exists():
        raise NotFound(f"There is no {path}. Give the data folder with --data.")
    replies: dict[str, list[tuple[str, frozenset[Tactic]]]] = {}
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        sentence = clean(_mended(row["sentence"]))
        replies.setdefault(row["response"], []).append((sentence, frozenset(map(Tactic, row["tactics"]))))
    return [
        Reply(
            source="human",
            conversation=str(number),
            part="validation",
            before="",
            sentences=tuple(text for text, _ in sentences),
            tactics=tuple(tags for _, tags in sentences),
        )
        for number, sentences in enumerate(replies.values())
    ]


def _mended(text: str) -> str:
    """Curly quotes that were saved as UTF-8 and read as Mac Roman, which some of the human-tagged replies hold."""
    for broken, meant in (("‚Äô", "’"), ("‚Äò", "‘"), ("‚Äú", "“"), ("‚Äù", "”"), ("‚Äî", "—"), ("‚Äì", "–")):
        text = text.replace(broken, meant)
    return text


def corpus_rows(folder: Path) -> Iterator[dict[str, Any]]:
    """The lines of a folder of the corpus. Raises NotFound where there is none."""
    paths = sorted(folder.glob("*.jsonl"))
    if not paths:
        raise NotFound(f"There are no .jsonl files in {folder}.")
    for path in paths:
        for line in path.read_text("utf-8").splitlines():
            if line.strip():
                yield json.loads(line)
