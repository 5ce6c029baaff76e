"""How worn a reply's opening is, and how far it runs on: the terms of `q+dkl+opening`, both in 0..1.

    opener = max(recent, 0.6 * worn, group, common, within)

    recent   the share of its first three words that one of the conversation's last openings begins with, the worst of
             them (`planner.steering.opener_part`)
    worn     the same against the openings that programs of this kind are known for (`WORN_OPENERS`)
    group    the mean of the same against each other reply of the group
    common   the share of the last `RECENT` replies of the run that open with the same three words, in units of the
             share from which an opening counts as wholly worn; at most 1
    within   the mean over the reply's sentences but the first: how far each opens as one before it, or says its words
             again (`planner.steering.echo_part`), whichever is more

The first two alone would pay for any one new opening said to everybody; the next two take that back. Without the last,
a small model ends in one question that it asks ten times.

    run_on = max over sentences of `planner.steering.run_on_part`, with the words the reply has left of `REPLY_WORDS`
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence

from companion.text import split_sentences
from planner.ledger import opener_of, words_of
from planner.policy import REPLY_WORDS
from planner.steering import WORN, WORN_OPENERS, echo_part, opener_part, run_on_part

RECENT = 256
"""Replies of the run that are remembered."""


class Openings:
    """The openings of the run's last replies. `common` is the share from which an opening counts as wholly worn."""

    def __init__(self, common: float = 0.1) -> None:
        self._common = common
        self._last: deque[str] = deque(maxlen=RECENT)
        self._counts: Counter[str] = Counter()

    @property
    def last(self) -> list[str]:
        """What is remembered, oldest first: part of the state of a run that is to go on exactly."""
        return list(self._last)

    def remember(self, openers: Iterable[str]) -> None:
        """Take in the openings of replies (`planner.ledger.opener_of`); those without words are passed over."""
        for opener in openers:
            if not opener:
                continue
            if len(self._last) == RECENT:
                self._counts[self._last[0]] -= 1
            self._last.append(opener)
            self._counts[opener] += 1

    def forget(self) -> None:
        """Begin anew."""
        self._last.clear()
        self._counts.clear()

    def commonness(self, opener: str) -> float:
        """How near the opening is to being wholly worn in this run, 0..1; 0 before anything was said."""
        if not self._last:
            return 0.0
        return min(1.0, self._counts[opener] / len(self._last) / self._common)

    def worn(self, group: Sequence[str], recent: Sequence[str]) -> list[float]:
        """`opener` of each reply of a group; `recent` are the last openings of the conversation they belong to."""
        openers = [opener_of(reply) for reply in group]
        return [max(self._worn(place, openers, recent), within(reply)) for place, reply in enumerate(group)]

    def _worn(self, place: int, openers: Sequence[str], recent: Sequence[str]) -> float:
        mine = openers[place]
        others = [opener for other, opener in enumerate(openers) if other != place]
        alike = sum(opener_part(mine, [other]) for other in others) / max(1, len(others))
        worn = WORN * opener_part(mine, WORN_OPENERS)
        return max(opener_part(mine, [each for each in recent if each]), worn, alike, self.commonness(mine))


def within(reply: str) -> float:
    """How much the sentences of a reply open alike or say the same again; 0 for a single one."""
    sentences = split_sentences(reply)
    openers = [opener_of(sentence) for sentence in sentences]
    again = [
        max(opener_part(sentence, [each for each in openers[:place] if each]), echo_part(sentence, sentences[:place]))
        for place, sentence in enumerate(sentences)
    ]
    return sum(again) / max(1, len(sentences) - 1)


def run_on(reply: str) -> float:
    """How far the worst sentence of a reply runs on, 0..1."""
    worst, said = 0.0, 0
    for sentence in split_sentences(reply):
        worst = max(worst, run_on_part(sentence, room=REPLY_WORDS - said))
        said += len(words_of(sentence))
    return worst
