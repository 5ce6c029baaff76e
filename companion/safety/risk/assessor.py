"""The front of the risk reading: one message and the state in, what to do and the next state out.

    assessor = RiskAssessor(RiskReader(encoder))
    risk, state = assessor.read(message, previous, state, now)

The layers: phrases (`floor`), words (`linear`), the encoder's risk head, and what earlier turns said (`state`). The
highest counts. The encoder's head was trained on too little ordinary talk: alone it would see danger in most messages
of people who want support. So it counts only where another layer agrees.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from companion.safety.risk import floor
from companion.safety.risk.encoder_layer import RiskReader
from companion.safety.risk.floor import FloorReading
from companion.safety.risk.linear import LinearReader
from companion.safety.risk.state import CARD, MARKS, Heard, RiskState

PHRASES, WORDS, ENCODER, STATE = "phrases", "words", "encoder", "state"

ENCODER_LEANS, ENCODER_CERTAIN = 0.5, 0.9
"""Probabilities of level 1 or more."""
WORDS_LEAN, WORDS_SURE, WORDS_CERTAIN = -2.0, -1.0, 0.0
"""Log odds of the linear reader. Chosen on what the risk corpus keeps from training,
so that few of Lend-an-Ear's turns are asked about. To be chosen anew with another encoder."""


@dataclass(frozen=True, slots=True)
class Risk:
    """What one message means for what happens next. A level is never shown to the person."""

    level: int
    """The step that holds now, 0 to 5: what was said, or what earlier turns said and is not yet over."""
    said: int
    """The step of this message alone."""
    layers: tuple[str, ...]
    """The layers that fired, of phrases, words, encoder, state."""
    card: bool
    """Show the help card before any generated text."""
    card_again: bool
    """A card was shown a few turns ago: it may be shorter now, never left out."""
    ask: bool
    """The reply must hold a direct question and a resource (S5)."""
    third_person: bool
    """Somebody else is in danger: answer the person who cares for them (S12)."""
    imminent: bool
    """Now, or with a plan: emergency number first, somebody beside them, distance from means (S8)."""
    minor: bool
    """The person said that they are under eighteen, in this message or before."""
    eating: bool
    """Talk of an eating disorder, in this message or before."""
    heard: Heard
    """What is kept of this message alone."""

    @property
    def eventful(self) -> bool:
        """Whether `store.risk_event(turn_id, risk.said, risk.layer, risk.card)` is to be called."""
        return self.said > 0 or any(getattr(self.heard, mark) for mark in MARKS)

    @property
    def layer(self) -> str:
        """What goes into `risk_events.layer`; `Heard.stored` reads it."""
        return "+".join([*self.layers, *(mark for mark in MARKS if getattr(self.heard, mark))])


class RiskAssessor:
    """Reads messages. Without a reader the encoder's layer is silent; nothing else can switch a layer off."""

    def __init__(self, reader: RiskReader | None = None, *, words: LinearReader | None = None) -> None:
        """Raises NotFound or CompanionError where the linear reader's weights are not there."""
        self._reader = reader
        self._words = words or LinearReader()

    def read(self, message: str, previous: str, state: RiskState, now: datetime) -> tuple[Risk, RiskState]:
        """The reading of the person's `message` and the state after it.

        `previous` is the person's message before it, or ""; `now` the time of this one, with a time zone or without,
        as all others are.
        """
        seen = floor.read(message)
        said, layers = self._said(message, previous, seen, state.level(now))
        held = state.level(now)
        level = max(said, held)
        if held > said:
            layers = (*layers, STATE)
        third = seen.third_person or (state.third_person and said < CARD)
        imminent = seen.imminent or (state.imminent and level >= CARD)
        card = said >= CARD
        heard = Heard(now, said, card, seen.third_person, seen.imminent, seen.minor, seen.eating)
        after = state.after(heard)
        risk = Risk(
            level=level,
            said=said,
            layers=layers,
            card=card,
            card_again=card and state.card_lately,
            ask=level > 0,
            third_person=third,
            imminent=imminent,
            minor=after.minor,
            eating=after.eating,
            heard=heard,
        )
        return risk, after

    def _said(self, message: str, previous: str, seen: FloorReading, held: int) -> tuple[int, tuple[str, ...]]:
        """The step of this message, and the layers that fired."""
        level = seen.level
        if held and seen.unnamed:
            level = max(level, CARD)  # "I did it again", after a disclosure
        layers = [PHRASES] if level else []
        if seen.third_person and not level:
            return 0, ()
        odds = self._words.read(message)
        chance = self._reader.read([(previous, message)])[0].probabilities[1] if self._reader else None
        leans, certain = self._voices(odds, chance, explained=bool(seen.explained) and not level)
        if leans:
            layers += [WORDS] if odds >= WORDS_LEAN else []
            layers += [ENCODER] if chance is not None and chance >= ENCODER_LEANS else []
            level = max(level, 1)
            if certain and (seen.level or seen.hints or seen.deadly or odds >= WORDS_CERTAIN):
                level = max(level, CARD)
        return level, tuple(layers)

    @staticmethod
    def _voices(odds: float, chance: float | None, *, explained: bool) -> tuple[bool, bool]:
        """Whether the two learnt layers see something together, and whether they are certain of it."""
        if chance is None:
            return odds >= (WORDS_CERTAIN if explained else WORDS_SURE), False
        certain = odds >= WORDS_SURE and chance >= ENCODER_CERTAIN
        leans = odds >= (WORDS_SURE if explained else WORDS_LEAN) and chance >= ENCODER_LEANS
        return leans, certain and not explained
