"""The ledger: what each of the companion's turns did, and how heavily each tactic has been used by now."""

from __future__ import annotations

import re
from dataclasses import dataclass

from planner.tactics import TACTICS, Tactic

OPENER_WORDS = 3
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


def words_of(text: str) -> list[str]:
    """The words of a text, casefolded, with curly apostrophes made straight and punctuation dropped."""
    return _WORD.findall(text.casefold().replace("’", "'"))


def opener_of(text: str) -> str:
    """The first three words of a text, as `words_of` gives them: "It sounds like…" is "it sounds like"."""
    return " ".join(words_of(text)[:OPENER_WORDS])


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """One turn of the companion: the tactics of each sentence, and how the turn opened (`opener_of`)."""

    sentences: tuple[frozenset[Tactic], ...]
    opener: str = ""

    def counts(self) -> dict[Tactic, int]:
        """n_k(t): how many sentences carry each tactic, all ten in the fixed order."""
        return {tactic: sum(tactic in sentence for sentence in self.sentences) for tactic in TACTICS}

    @property
    def tactics(self) -> frozenset[Tactic]:
        """Every tactic of the turn, once."""
        return frozenset().union(*self.sentences)


@dataclass(frozen=True, slots=True)
class Ledger:
    """The companion's turns of one session, oldest first."""

    turns: tuple[TurnRecord, ...] = ()

    def add(self, turn: TurnRecord) -> Ledger:
        """A ledger with one more turn at the end."""
        return Ledger((*self.turns, turn))

    @property
    def last(self) -> TurnRecord | None:
        """The most recent turn, or None before the first."""
        return self.turns[-1] if self.turns else None

    def counts(self) -> dict[Tactic, int]:
        """Sentence-tactic pairs over all turns."""
        per_turn = [turn.counts() for turn in self.turns]
        return {tactic: sum(counts[tactic] for counts in per_turn) for tactic in TACTICS}

    def unused(self) -> tuple[Tactic, ...]:
        """The tactics that no turn has used yet, in the fixed order."""
        return tuple(tactic for tactic, count in self.counts().items() if count == 0)

    def usage(self, gamma: float = 0.6) -> dict[Tactic, float]:
        """u_t = sum over past turns k of gamma^age_k * n_k(t) / n_k: recent, heavy use weighs most.

        age_k is 0 for the last turn; n_k counts all sentence-tactic pairs of turn k. A turn without tactics
        adds nothing, but it ages the others. With gamma < 1 no value reaches 1 / (1 - gamma).
        """
        usage = dict.fromkeys(TACTICS, 0.0)
        for age, turn in enumerate(reversed(self.turns)):
            counts = turn.counts()
            total = sum(counts.values())
            for tactic, count in counts.items():
                if count:
                    usage[tactic] += gamma**age * count / total
        return usage

    def openers(self, n: int) -> tuple[str, ...]:
        """How the last n turns opened, newest first, each opener once; turns without words are left out."""
        recent = reversed(self.turns[max(0, len(self.turns) - n) :])
        return tuple(dict.fromkeys(turn.opener for turn in recent if turn.opener))
