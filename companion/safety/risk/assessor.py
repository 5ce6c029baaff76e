"""The front of the risk reading: one message and the state in, what to do and the next state out.

    assessor = RiskAssessor(RiskReader())
    risk, state = assessor.read(message, previous, state, now)

The layers: phrases (`floor`), words (`linear`), a small network (`network_layer`), and what earlier turns said
(`state`). The highest counts. The two learnt layers are weighed together: either can speak alone when it is sure, and
both when they are half sure; where the phrases found an explanation ("not", a game, long ago), they have to be
surer. Where they are quite certain that a message is harmless, a phrase in it is asked about and
shows no card; no layer can silence another altogether.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import log

from companion.safety.risk import floor
from companion.safety.risk.floor import FloorReading
from companion.safety.risk.linear import LinearReader
from companion.safety.risk.network_layer import RiskReader
from companion.safety.risk.state import CARD, MARKS, Heard, RiskState
from companion.safety.risk.vetoes import Why

PHRASES, WORDS, ENCODER, STATE = "phrases", "words", "encoder", "state"

WORDS_WEIGH = 0.5
"""What the log odds of the linear reader count beside those of the network: it knows no order of words."""
NOTICED_AT, CARD_AT = -1.0, -0.5
"""Weighed log odds of any danger from which a message is asked about, and of a card, from which it shows the card."""
EXPLAINED, MISHAP = 1.25, 5.0
"""What an explanation in the phrases ("not", a game, long ago) takes away from the log odds; and a cut from shaving."""
CONTRADICTED_AT = -2.0
"""Weighed log odds of any danger below which a phrase alone shows no card. All of these were chosen on messages that
the network had not learnt from, with an eye on ordinary talk (docs/CRISIS.md); to be chosen anew with another one."""
HALF_SURE = -1.0
"""Log odds from which a learnt layer is named among those that fired."""
WORDS_SURE, WORDS_CERTAIN = 0.0, 1.0
"""Log odds from which the linear reader is believed without a network; the second where there is an explanation."""
NEAR_ONE = 1e-6


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
        imminent = (seen.imminent and said >= seen.level) or (state.imminent and level >= CARD)
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
        theirs = (seen.third_person or Why.TIREDNESS in seen.explained) and not level  # only a sure card counts
        odds = self._words.read(message)
        # What an earlier turn disclosed is the state's to remember: read with it, any "ok" would show the card again.
        reading = self._reader.read([("" if held else previous, message)])[0] if self._reader else None
        if reading is None:
            if odds >= (WORDS_CERTAIN if seen.explained else WORDS_SURE) and not theirs:
                level, layers = max(level, 1), [*layers, WORDS]
            return level, tuple(layers)
        weighed = {step: log_odds(chance) + WORDS_WEIGH * odds for step, chance in reading.probabilities.items()}
        if level >= CARD and not held and weighed[1] < CONTRADICTED_AT:
            level = 1
        explained = (
            MISHAP if Why.MISHAP in seen.explained else EXPLAINED * ((bool(seen.explained) or theirs) and not level)
        )
        noticed, card = weighed[1] - explained, weighed[CARD] - explained
        if card >= CARD_AT or (noticed >= NOTICED_AT and not theirs):
            layers += [WORDS] if odds >= HALF_SURE else []
            layers += [ENCODER] if log_odds(reading.probabilities[1]) >= HALF_SURE else []
            level = max(level, CARD if card >= CARD_AT else 1)
        return level, tuple(layers)


def log_odds(probability: float) -> float:
    """Of a probability that is not taken for certain."""
    near = min(max(probability, NEAR_ONE), 1 - NEAR_ONE)
    return log(near / (1 - near))
