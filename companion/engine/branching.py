"""Several ways on from one prompt, made side by side: one token for each of them in every step."""

from __future__ import annotations

import codecs
from collections.abc import Sequence, Set
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from companion.engine.protocol import Continuation, ContinuationEnd, Sampling
from companion.engine.sentence_end import SentenceEnd

if TYPE_CHECKING:
    from companion.engine.llama import LlamaModel

SPREAD = 0.4
"""Each further candidate is drawn this much hotter than the first, in units of its temperature: at one temperature a
sure model says the same thing four times. None is hotter than 1, or than the first."""
STRAGGLER = 1.5
"""A candidate is abandoned when it is this many times as long as any that has ended, and ENDED have: a step costs
nearly as much for one that is left as for all."""
ENDED = 2
SHORT = 20
"""Tokens up to which a candidate is never abandoned: interjections are no choice, and short ones must not win by it."""


def heat(sampling: Sampling, number: int) -> float:
    """The temperature of one of several candidates; greedy ones stay greedy."""
    return min(sampling.temperature * (1 + SPREAD * number), max(sampling.temperature, 1.0))


class Candidate:
    """One way on while it is made. Half a character at its end is not part of it."""

    def __init__(self, sequence: int, before: str, limit: int) -> None:
        """`before` is what the reply has said so far; `limit` is in tokens."""
        self.sequence = sequence
        self.sampled: list[int] = []
        self.text = ""
        self.tokens: list[int] = []
        self.end: ContinuationEnd | None = None
        self._limit = limit
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._watch = SentenceEnd(before)
        self._points: list[tuple[int, int]] = []  # (tokens, characters) where no character is cut in two

    def add(self, token: int, data: bytes) -> None:
        """Goes on with a token, whose bytes are `data`, and may end with it or before it."""
        self.sampled.append(token)
        piece = self._decoder.decode(data)
        if piece:
            self.text += piece
            if not self._decoder.getstate()[0]:
                self._points.append((len(self.sampled), len(self.text)))
            length = self._watch.find(self.text, piece)
            if length is not None:
                self.finish("sentence", length)
                return
        if len(self.sampled) >= self._limit:
            self.finish("length")

    def finish(self, end: ContinuationEnd, length: int | None = None) -> None:
        """Ends with the token that brought the character at `length`, or with all of them."""
        self.end = end
        last = self._points[-1] if self._points else (0, 0)
        tokens, characters = next((p for p in self._points if length is not None and p[1] >= length), last)
        self.tokens, self.text = self.sampled[:tokens], self.text[:characters]

    @property
    def continuation(self) -> Continuation:
        assert self.end, "asked of one that has ended"
        return Continuation(self.text, len(self.tokens), self.end)


def grow(
    model: LlamaModel,
    candidates: Sequence[Candidate],
    sampling: Sampling,
    seeds: Sequence[int],
    recent: Sequence[int],
    ends: Set[int],
) -> int:
    """Each candidate goes on from what `model` has read until it ends; the number of steps. Raises Stopped.

    `recent` are tokens that a repeat penalty is to count as well; a token of `ends` ends the reply, as the model's
    own do. Candidate i is sequence i.
    """
    model.fork(len(candidates))
    samplers: list[Any] = []
    try:
        for number, seed in enumerate(seeds):
            samplers.append(model.sampler(replace(sampling, temperature=heat(sampling, number)), seed, recent))
        return _grow(model, candidates, samplers, ends)
    finally:
        for sampler in samplers:
            model.free(sampler)


def _grow(model: LlamaModel, candidates: Sequence[Candidate], samplers: Sequence[Any], ends: Set[int]) -> int:
    live = list(candidates)
    steps = 0
    while True:
        for row, candidate in enumerate(live):
            token = model.sample(samplers[candidate.sequence], row if steps else -1)
            if token in ends or model.is_end(token):
                candidate.finish("stop")
                continue
            candidate.add(token, model.piece(token))
            if candidate.end == "sentence" and len(candidate.tokens) == len(candidate.sampled) - 1:
                model.keep_logits(candidate.sequence, row)
        abandon(candidates)
        live = [candidate for candidate in live if candidate.end is None]
        if model.room < len(live):
            for candidate in live:
                candidate.finish("length")
            live = []
        if not live:
            return steps
        model.advance([(candidate.sequence, candidate.sampled[-1]) for candidate in live])
        steps += 1


def abandon(candidates: Sequence[Candidate]) -> None:
    """An empty candidate has no length that others could be compared with."""
    ended = [len(candidate.tokens) for candidate in candidates if candidate.end and candidate.tokens]
    if len(ended) < ENDED:
        return
    longest = max(SHORT, STRAGGLER * max(ended))
    for candidate in candidates:
        if not candidate.end and len(candidate.sampled) > longest:
            candidate.finish("cut")
