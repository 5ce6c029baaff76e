"""`companion eval encoder`: what the shipped reader gets right, on everything it was not trained on. No torch."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from companion.encoder import Encoder
from companion.study.measures import stickiness
from planner.tactics import TACTICS, Tactic
from training.encoder_batches import labels
from training.encoder_data import (
    EMPATHY,
    HELD_OUT_SYSTEMS,
    HUMAN,
    Reply,
    aggregate,
    read_human,
    read_own,
    read_silver,
    systems,
)
from training.encoder_scores import Judged, crossed, macro, pearson, spearman

MISTAKES = 8
"""Confusions listed for each set."""
CHOOSING = (1.2, 0.5, 0.5)
"""Weights of the human, silver and own validation sets when thresholds are chosen."""
EXPERTS = Path("mint/lend_an_ear/expert_ratings")
TABLE = Path("mint/published_table.json")

Report = dict[str, Any]
Turns = dict[tuple[str, int], frozenset[Tactic]]
"""The tactics of each reply by conversation and place in it."""


def read_with(encoder: Encoder, replies: Sequence[Reply]) -> Judged:
    """What the exported form says about the sentences of tagged replies."""
    said = encoder.tactics([reply.sentences for reply in replies])
    return Judged(
        np.concatenate([np.zeros((0, len(TACTICS))), *said]),
        np.concatenate([labels(()), *(labels(reply.tactics or ()) for reply in replies)]) > 0.5,
        np.repeat(np.arange(len(said)), [len(part) for part in said]),
    )


class Evaluation:
    """Reads the data once and measures an encoder on it."""

    def __init__(self, encoder: Encoder, data: Path, corpus: Path) -> None:
        self._encoder, self._data = encoder, data
        self._silver = {system: read_silver(data, system) for system in systems(data)}
        self._own = read_own(corpus)
        self._human = read_human(data)

    def report(self) -> Report:
        """Everything, as JSON-ready values."""
        return {"tactics": self.tactics(), "stickiness": self.stickiness(), "empathy": self.empathy()}

    def sets(self) -> dict[str, list[Reply]]:
        """The tagged replies that are measured on."""
        tagged = {
            system: [reply for reply in replies if reply.tactics]
            for system, replies in self._silver.items()
            if system != HUMAN
        }
        seen = [reply for name, part in tagged.items() if name not in HELD_OUT_SYSTEMS for reply in part]
        unseen = [reply for name, part in tagged.items() if name in HELD_OUT_SYSTEMS for reply in part]
        return {
            "silver, held-out conversations": [reply for reply in seen if reply.part == "test"],
            "silver, held-out systems": [reply for reply in unseen if reply.part == "train"],
            "silver, both held out": [reply for reply in unseen if reply.part == "test"],
            "human-tagged": self._human,
            "own, held-out conversations": [reply for reply in self._own if reply.part == "test"],
        }

    def choosing(self) -> tuple[Judged, Judged, Judged]:
        """The human, silver and own validation sets, read by the encoder."""
        silver = [
            reply
            for system, replies in self._silver.items()
            if system != HUMAN and system not in HELD_OUT_SYSTEMS
            for reply in replies
            if reply.part == "validation" and reply.tactics
        ]
        own = [reply for reply in self._own if reply.part == "validation"]
        return (
            read_with(self._encoder, self._human),
            read_with(self._encoder, silver),
            read_with(self._encoder, own),
        )

    def tactics(self) -> Report:
        """Per set: every tactic, macro figures, the commonest mistakes."""
        thresholds = self._encoder.card.thresholds
        found: Report = {}
        for name, replies in self.sets().items():
            if not replies:
                continue
            judged = read_with(self._encoder, replies)
            counts = judged.counts(thresholds)
            found[name] = {
                "sentences": len(judged.true),
                "macro_f1": macro(counts),
                "macro_f1_both_classes": float(np.mean([count.both_f1 for count in counts])),
                "tactics": {
                    tactic.value: {
                        "precision": count.precision,
                        "recall": count.recall,
                        "f1": count.f1,
                        "f1_both_classes": count.both_f1,
                        "support": count.support,
                        "threshold": threshold,
                    }
                    for tactic, count, threshold in zip(TACTICS, counts, thresholds, strict=True)
                },
                "mistakes": mistakes(judged, thresholds),
            }
        human, silver, own = self.choosing()
        counts = crossed(human, [(silver, CHOOSING[1]), (own, CHOOSING[2])], CHOOSING[0])
        found["human-tagged"]["cross_validated"] = {
            "macro_f1": macro(counts),
            "macro_f1_both_classes": float(np.mean([count.both_f1 for count in counts])),
            "tactics": {tactic.value: count.f1 for tactic, count in zip(TACTICS, counts, strict=True)},
        }
        return found

    def stickiness(self) -> Report:
        """MINT's measure from our tags beside the published table's."""
        published = json.loads((self._data / TABLE).read_text("utf-8"))["systems"]
        turns = {system: self._turns(replies) for system, replies in self._silver.items() if system in published}
        ours = {system: against(turns[HUMAN], used) for system, used in turns.items()}
        theirs = {system: float(published[system]["stickiness"]) for system in ours}
        names = sorted(ours)
        return {
            "pearson": pearson(np.array([ours[n] for n in names]), np.array([theirs[n] for n in names])),
            "human_lowest": min(ours, key=lambda name: ours[name]) == HUMAN,
            "systems": {name: {"ours": ours[name], "published": theirs[name]} for name in names},
            "tactics_per_turn": {
                name: {
                    "ours": float(np.mean([len(used) for used in turns[name].values()])),
                    "published": float(published[name]["tac_per_turn"]),
                }
                for name in names
            },
        }

    def _turns(self, replies: Sequence[Reply]) -> Turns:
        """The tactics of each supporter turn, by our tags."""
        thresholds = np.asarray(self._encoder.card.thresholds)
        return {
            (reply.conversation, reply.turn): frozenset(
                TACTICS[index] for index in np.flatnonzero((said >= thresholds).any(axis=0))
            )
            for reply, said in zip(replies, self._encoder.tactics([reply.sentences for reply in replies]), strict=True)
        }

    def empathy(self) -> Report:
        """Against the judge on held-out conversations and systems, and against three experts on the human's turns."""
        seen = [r for name, part in self._silver.items() if name not in HELD_OUT_SYSTEMS | {HUMAN} for r in part]
        unseen = [r for name, part in self._silver.items() if name in HELD_OUT_SYSTEMS for r in part]
        human = self._silver.get(HUMAN, [])
        sets = {
            "held-out conversations": [reply for reply in seen if reply.part == "test"],
            "held-out systems": [reply for reply in unseen if reply.part == "train"],
            "both held out": [reply for reply in unseen if reply.part == "test"],
            "human supporters": human,
        }
        found = {name: self._against_judge(replies) for name, replies in sets.items()}
        return found | {"experts": self._against_experts(human)}

    def _rate(self, replies: Sequence[Reply]) -> np.ndarray[Any, np.dtype[np.float64]]:
        said = self._encoder.empathy([(reply.before, reply.text) for reply in replies])
        return said.astype(np.float64)

    def _against_judge(self, replies: Iterable[Reply]) -> Report:
        rated = [reply for reply in replies if reply.empathy]
        return agreement(self._rate(rated), np.array([reply.empathy for reply in rated], np.float64))

    def _against_experts(self, human: Sequence[Reply]) -> Report:
        """Mean of a conversation's turns against the mean of the experts who rated the conversation."""
        experts: dict[str, list[list[float]]] = {}
        for path in sorted((self._data / EXPERTS).glob("*.csv")):
            with path.open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    experts.setdefault(row["conversation_id"], []).append([float(row[name]) for name in EMPATHY])
        ours = self._rate(human)
        names = sorted({reply.conversation for reply in human} & set(experts))
        means = [
            ours[[index for index, reply in enumerate(human) if reply.conversation == name]].mean(0) for name in names
        ]
        return agreement(np.array(means), np.array([np.mean(experts[name], axis=0) for name in names]))


def against(human: Turns, model: Turns) -> float:
    """Stickiness of a model's turns to what the human said one turn before; 0 where that used no tactics."""
    pairs = [
        (human[conversation, turn - 1], used)
        for (conversation, turn), used in model.items()
        if (conversation, turn - 1) in human
    ]
    return float(np.nan_to_num(stickiness([pairs])["stickiness"].value))


def agreement(ours: np.ndarray[Any, Any], theirs: np.ndarray[Any, Any]) -> Report:
    """Spearman and mean absolute error for each dimension and the aggregate; rows are rated things."""
    found: Report = {"rated": len(ours), "dimensions": {}}
    for index, name in enumerate(EMPATHY):
        found["dimensions"][name] = {
            "spearman": spearman(ours[:, index], theirs[:, index]),
            "mae": float(np.abs(ours[:, index] - theirs[:, index]).mean()),
        }
    a, b = (np.array([aggregate(tuple(row)) for row in rows]) for rows in (ours, theirs))
    found["aggregate"] = {"spearman": spearman(a, b), "mae": float(np.abs(a - b).mean())}
    return found


def mistakes(judged: Judged, thresholds: Sequence[float]) -> list[Report]:
    """The commonest confusions: a true tactic that was missed, beside what was said instead; "-" is nothing."""
    said = judged.probabilities >= np.asarray(thresholds)
    seen: Counter[tuple[str, str]] = Counter()
    for row in range(len(said)):
        missed = [TACTICS[k].value for k in np.flatnonzero(judged.true[row] & ~said[row])]
        wrong = [TACTICS[k].value for k in np.flatnonzero(said[row] & ~judged.true[row])]
        seen.update((a, b) for a in missed or ["-"] for b in wrong or ["-"] if a != b)
    return [{"true": a, "said": b, "sentences": count} for (a, b), count in seen.most_common(MISTAKES)]
