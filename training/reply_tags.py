"""The tactics of replies that nobody labelled, read by the encoder and kept in a file.

Reading takes minutes, and is done once: the small model's run keeps the file in its folder; runs that learn from
conversations share one, in `training/` in the data folder.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tqdm import tqdm

from companion.encoder import CARD, MODEL, TOKENIZER, Encoder
from companion.tagging import EncoderTagger, Tagger, used
from companion.text import split_sentences
from planner.tactics import Tactic
from training.run import write_text

TOGETHER = 256
"""Replies that are read at once."""


class ReplyTags:
    """Tactics by reply. `file` holds a JSON line for every reply that was read: a hash of its text, and the tactics of
    each sentence."""

    def __init__(self, tagger: Tagger, file: Path) -> None:
        self._tagger, self._file = tagger, file
        self._known: dict[str, tuple[frozenset[Tactic], ...]] = {}
        if file.exists():
            text = file.read_text("utf-8")
            whole = text[: text.rfind("\n") + 1]  # a line that was cut off is read again
            rows: list[dict[str, Any]] = [json.loads(line) for line in whole.splitlines()]
            self._known = {  # a file of an earlier version has lines without sentences: those are read again
                row["reply"]: tuple(frozenset(map(Tactic, tactics)) for tactics in row["sentences"])
                for row in rows
                if "sentences" in row
            }
            if whole != text:
                write_text(file, whole)

    @classmethod
    def of_encoder(cls, encoder: Encoder, folder: Path) -> ReplyTags:
        """Read by `encoder`, kept in `folder` apart from what another encoder read. Raises NotFound without one."""
        encoder.check()
        folder.mkdir(parents=True, exist_ok=True)
        return cls(EncoderTagger(encoder), folder / f"tactics-{fingerprint(encoder.folder)}.jsonl")

    def read(self, replies: Iterable[str]) -> None:
        """Have all of these known, with a bar where there is something to read."""
        new = list(dict.fromkeys(reply for reply in replies if _key(reply) not in self._known))
        if not new:
            return
        with self._file.open("a", encoding="utf-8") as out, tqdm(total=len(new), unit="reply", desc="tactics") as bar:
            for start in range(0, len(new), TOGETHER):
                chunk = new[start : start + TOGETHER]
                scored = self._tagger.tag_replies([split_sentences(reply) for reply in chunk])
                for reply, sentences in zip(chunk, scored, strict=True):
                    found = tuple(used(scores) for scores in sentences)
                    self._known[_key(reply)] = found
                    out.write(json.dumps({"reply": _key(reply), "sentences": [sorted(each) for each in found]}) + "\n")
                bar.update(len(chunk))

    def __getitem__(self, reply: str) -> frozenset[str]:
        """The tactics that the sentences of a reply carry, taken together. Read at once if need be."""
        return frozenset(tactic.value for sentence in self.sentences(reply) for tactic in sentence)

    def sentences(self, reply: str) -> tuple[frozenset[Tactic], ...]:
        """The tactics of each sentence of a reply. Read at once if need be."""
        self.read([reply])
        return self._known[_key(reply)]


def _key(reply: str) -> str:
    return hashlib.sha256(reply.encode()).hexdigest()[:24]


def fingerprint(folder: Path) -> str:
    """Which encoder this is: twelve digits of a SHA-256 over its files, thresholds included."""
    total = hashlib.sha256()
    for name in (MODEL, TOKENIZER, CARD):
        total.update((folder / name).read_bytes())
    return total.hexdigest()[:12]
