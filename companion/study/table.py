"""The replies of one source, ready to be counted: numpy arrays, one row a reply, and a sample of the texts.

Bounded by the number of replies and not by what they say: of a million replies with eight sentences each it keeps
60 MB of labels, and at most `SAMPLE` texts, drawn by the seed.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from companion.study.said import Said
from planner.ledger import OPENER_WORDS

Masks = NDArray[np.uint16]
Integers = NDArray[np.int64]
Floats32 = NDArray[np.float32]

SAMPLE = 5000
"""Texts that are kept of a source."""
UNKNOWN = -1
BEGINNING = 200
"""Characters in which the first three words are looked for once more, with straight apostrophes."""

_WORD = re.compile(r"[\w']+")
_CURLY = str.maketrans("\u2018\u2019", "''")

Words = Callable[[str], list[str]]
"""How a text is taken apart into words."""


def words_as_written(text: str) -> list[str]:
    """Runs of letters, digits and straight apostrophes, in lower case: the words of the reference's table."""
    return _WORD.findall(text.lower())


@dataclass(frozen=True, slots=True)
class Openers:
    """The first three words of each reply, interned; as they came, not yet fit for a terminal."""

    names: tuple[str, ...]
    of: Integers  # (N,), UNKNOWN where the words are not known or there are none


@dataclass(frozen=True, slots=True)
class Safety:
    """What the safety layer did, in numbers."""

    messages: int = 0
    """At which it fired."""
    cards: int = 0
    layers: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """N replies in C conversations, sorted by conversation (by id) and place; S tagged sentences."""

    conversations: tuple[str, ...]  # (C,)
    owner: Integers  # (N,) row of `conversations`
    place: Integers  # (N,) number of the message in its conversation
    starts: Integers  # (N + 1,) first sentence of each reply
    sentences: Masks  # (S,)
    tactics: Masks  # (N,) every tactic of the reply, once
    words: Integers  # (N,) UNKNOWN where neither text nor count is there
    empathy: Floats32  # (N, 6) NaN where not rated
    repeats: Integers  # (N, 2) sentences after a crisis, and those said before
    openers: Openers
    folded: Openers
    """The same with curly apostrophes made straight."""
    texts: tuple[str, ...] = ()
    """At most SAMPLE, in the order of the source."""
    text_owner: tuple[int, ...] = ()
    """The row of `conversations` that each text belongs to."""
    safety: Safety = Safety()
    left_out: int = 0
    """Replies that could not be counted: unfinished, or without tags and without text to tag."""

    def __len__(self) -> int:
        return len(self.owner)

    @property
    def turn(self) -> Integers:
        """(N,) how many replies its conversation has before each."""
        first = np.searchsorted(self.owner, np.arange(len(self.conversations)))
        return np.arange(len(self)) - first[self.owner]

    @property
    def follows(self) -> Integers:
        """(P,) rows of the replies that have one before them; it is the row above."""
        return np.flatnonzero(self.owner[1:] == self.owner[:-1]) + 1 if len(self) else np.zeros(0, np.int64)

    def only(self, conversations: Collection[str]) -> Table:
        """The replies of these conversations, and of the texts those that are theirs."""
        kept = np.array([name in conversations for name in self.conversations], bool)
        rows = np.flatnonzero(kept[self.owner])
        renumbered = np.cumsum(kept) - 1
        names = tuple(name for name, keep in zip(self.conversations, kept, strict=True) if keep)
        texts = [place for place, owner in enumerate(self.text_owner) if kept[owner]]
        return replace(
            self.rows(rows), conversations=names, owner=renumbered[self.owner[rows]],
            texts=tuple(self.texts[place] for place in texts),
            text_owner=tuple(int(renumbered[self.text_owner[place]]) for place in texts),
        )  # fmt: skip

    def rows(self, rows: Integers) -> Table:
        """Some of the replies, in order; all conversations."""
        lengths = np.diff(self.starts)[rows]
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        taken = np.repeat(self.starts[rows] - starts[:-1], lengths) + np.arange(starts[-1])
        return replace(
            self,
            owner=self.owner[rows], place=self.place[rows], starts=starts, sentences=self.sentences[taken],
            tactics=self.tactics[rows], words=self.words[rows], empathy=self.empathy[rows],
            repeats=self.repeats[rows], openers=replace(self.openers, of=self.openers.of[rows]),
            folded=replace(self.folded, of=self.folded.of[rows]),
        )  # fmt: skip

    def cut(self, sentences: int) -> Table:
        """Every reply cut off after its first `sentences` sentences. What depends on words stays as it was."""
        within = np.arange(len(self.sentences)) - np.repeat(self.starts[:-1], np.diff(self.starts))
        kept = self.sentences[within < sentences]
        starts = np.concatenate([[0], np.cumsum(np.minimum(np.diff(self.starts), sentences))]).astype(np.int64)
        return replace(self, sentences=kept, starts=starts, tactics=unions(kept, starts))

    def rated(self, ratings: dict[tuple[str, int], tuple[float, ...]]) -> Table:
        """With the ratings of (conversation, place) put in the place of those that are there."""
        empathy = np.full((len(self), 6), np.nan, np.float32)
        for row, (owner, place) in enumerate(zip(self.owner.tolist(), self.place.tolist(), strict=True)):
            values = ratings.get((self.conversations[owner], place))
            if values:
                empathy[row] = values
        return replace(self, empathy=empathy)


def unions(sentences: Masks, starts: Integers) -> Masks:
    """(N,) the tactics of all sentences of each reply."""
    found = np.zeros(len(starts) - 1, np.uint16)
    some = np.diff(starts) > 0
    if some.any():
        found[some] = np.bitwise_or.reduceat(sentences, starts[:-1][some])
    return found


class _Interned:
    """Strings as numbers."""

    def __init__(self) -> None:
        self.places: dict[str, int] = {}
        self.of = array("q")

    def add(self, text: str) -> None:
        self.of.append(self.places.setdefault(text, len(self.places)) if text else UNKNOWN)


class Builder:
    """Takes messages in any number and makes a table of the supporter's."""

    def __init__(self, seed: int = 0, words: Words = words_as_written) -> None:
        self._words = words
        self._random = Random(seed)
        self._conversations: dict[tuple[str, str | None, str | None], int] = {}
        self._columns: dict[str, array[Any]] = {name: array("q") for name in ("owner", "place", "words", "length")}
        self._sentences = array("H")
        self._empathy, self._repeats = array("f"), array("q")
        self._openers, self._folded = _Interned(), _Interned()
        self._texts: list[tuple[int, int, str]] = []
        self._with_text = 0
        self._messages = self._cards = self._left_out = 0
        self._layers: dict[str, int] = {}

    def add(self, said: Said) -> None:
        """A message. A reply that nobody has tagged is counted as left out."""
        if said.crisis:
            self._messages += 1
            self._cards += said.crisis.cards
            for layer in said.crisis.layers:
                self._layers[layer] = self._layers.get(layer, 0) + 1
        if not said.supporter:
            return
        if said.sentences is None:
            self._left_out += 1
            return
        columns = self._columns
        key = (said.conversation, said.model, said.condition)
        columns["owner"].append(self._conversations.setdefault(key, len(self._conversations)))
        columns["place"].append(said.place)
        columns["length"].append(len(said.sentences))
        self._sentences.extend(said.sentences)
        rating = said.empathy
        self._empathy.extend((
            rating.validating_emotions, rating.encouraging_elaboration, rating.demonstrating_understanding,
            rating.advice_giving, rating.self_oriented, rating.dismissing_emotions,
        ))  # fmt: skip
        self._repeats.extend(said.repeats)
        if said.text is None:
            columns["words"].append(UNKNOWN if said.words is None else said.words)
            self._openers.add("")
            self._folded.add("")
            return
        words = self._words(said.text)
        columns["words"].append(len(words))
        self._openers.add(" ".join(words[:OPENER_WORDS]))
        beginning = said.text[:BEGINNING]
        if "\u2019" in beginning or "\u2018" in beginning:
            words = self._words(beginning.translate(_CURLY))
        self._folded.add(" ".join(words[:OPENER_WORDS]))
        self._keep(said.text)

    def leave_out(self) -> None:
        """A reply that is not counted."""
        self._left_out += 1

    def _keep(self, text: str) -> None:
        """Every text has the same chance to be in the sample (Vitter's algorithm R)."""
        number = self._with_text
        self._with_text += 1
        if number < SAMPLE:
            self._texts.append((number, self._columns["owner"][-1], text))
        elif (place := self._random.randrange(number + 1)) < SAMPLE:
            self._texts[place] = (number, self._columns["owner"][-1], text)

    def table(self) -> Table:
        """What has been added."""
        numbers = self._names()
        names = sorted(numbers)
        rank = np.zeros(len(names), np.int64)
        rank[[numbers[name] for name in names]] = np.arange(len(names))
        owner = rank[_ints(self._columns["owner"])]
        place = _ints(self._columns["place"])
        lengths = _ints(self._columns["length"])
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        sentences = np.array(self._sentences, np.uint16)
        sample = sorted(self._texts)
        table = Table(
            conversations=tuple(names), owner=owner, place=place, starts=starts, sentences=sentences,
            tactics=unions(sentences, starts), words=_ints(self._columns["words"]),
            empathy=np.array(self._empathy, np.float32).reshape(-1, 6), repeats=_ints(self._repeats).reshape(-1, 2),
            openers=Openers(tuple(self._openers.places), _ints(self._openers.of)),
            folded=Openers(tuple(self._folded.places), _ints(self._folded.of)),
            texts=tuple(text for _, _, text in sample), text_owner=tuple(int(rank[owner]) for _, owner, _ in sample),
            safety=Safety(self._messages, self._cards, tuple(sorted(self._layers.items()))),
            left_out=self._left_out,
        )  # fmt: skip
        order = np.lexsort((place, owner))
        return table if (order == np.arange(len(order))).all() else table.rows(order)

    def _names(self) -> dict[str, int]:
        """The number of each conversation by its name: its id, and where one id is there under several models or
        conditions, those too."""
        found: dict[str, int] = {}
        for (conversation, model, condition), number in self._conversations.items():
            name = conversation
            if name in found:
                name = f"{conversation} ({', '.join(filter(None, (model, condition)))})"
            found[name] = number
        return found


def _ints(values: array[Any]) -> Integers:
    return np.array(values, np.int64)


def table_of(replies: Sequence[Said], seed: int = 0, words: Words = words_as_written) -> Table:
    """A table of messages that are at hand."""
    builder = Builder(seed, words)
    for said in replies:
        builder.add(said)
    return builder.table()
