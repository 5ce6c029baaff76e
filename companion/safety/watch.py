"""The risk reading of one session: each of the person's messages is read once, and what was read is kept in the store.

What was said on one path of the conversation counts on every other: a message that was edited away was still said.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from companion.safety.risk.state import Heard, RiskState, replay
from companion.store import Role, Store, Turn

if TYPE_CHECKING:
    from companion.safety.risk.assessor import Risk, RiskAssessor


class Watch:
    """Knows the state that earlier messages left. Without an assessor it sees nothing."""

    def __init__(self, store: Store, assessor: RiskAssessor | None) -> None:
        self._store, self._assessor = store, assessor
        self._session = ""
        self._state = RiskState()
        self._previous = ""
        self._read: dict[int, Risk] = {}

    def read(self, said: Turn) -> Risk | None:
        """What a message of the person's that was just saved means; None without an assessor."""
        if self._assessor is None:
            return None
        self._remember(said.session_id, before=said.id)
        risk, self._state = self._assessor.read(said.text, self._previous, self._state, moment(said))
        self._previous, self._read[said.id] = said.text, risk
        if risk.eventful:
            self._store.risk_event(said.id, risk.said, risk.layer, risk.card)
        return risk

    def risk(self, said: Turn) -> Risk | None:
        """What an earlier message means for another reply to it; None without an assessor."""
        if self._assessor is None or said.id in self._read:
            return self._read.get(said.id)
        state, previous = self._before(said.session_id, said.id)
        self._read[said.id] = self._assessor.read(said.text, previous, state, moment(said))[0]
        return self._read[said.id]

    def danger(self, said: Turn) -> bool:
        """Whether anybody may be in danger when this message is answered."""
        risk = self.risk(said)
        return risk is not None and bool(risk.level or risk.third_person)

    def minor(self, session_id: str) -> bool:
        """Whether the person said in this session that they are under eighteen."""
        if self._assessor is None:
            return False
        self._remember(session_id)
        return self._state.minor

    def level(self, said: Turn) -> int:
        """The step that holds after this message."""
        if self._assessor is None:
            return 0
        self._remember(said.session_id)
        return self._state.level(moment(said))

    def _remember(self, session_id: str, before: int | None = None) -> None:
        """The state of this session, from what is stored of its messages."""
        if self._session != session_id:
            self._state, self._previous = self._before(session_id, before)
            self._session = session_id

    def _before(self, session_id: str, turn_id: int | None) -> tuple[RiskState, str]:
        """The state that the messages before this one left, and the last of them; of all messages for None."""
        events = {event.turn_id: event for event in self._store.risk_events(session_id)}
        earlier = [
            turn
            for turn in self._store.turns(session_id)
            if turn.role is Role.USER and (turn_id is None or turn.id < turn_id)
        ]
        state = replay(
            Heard.stored(moment(turn), event.level, event.layer, event.card_shown)
            if (event := events.get(turn.id))
            else Heard(moment(turn))
            for turn in earlier
        )
        return state, earlier[-1].text if earlier else ""


class Care:
    """What has to be said in one reply whatever the model says: the fixed lines of `companion.safety.care`."""

    def __init__(self, risk: Risk | None, before: Sequence[Turn], seed: int, country: str) -> None:
        """`before` is the conversation up to the message that is answered; `seed` chooses among ways to say it."""
        self._risk = risk if risk is not None and (risk.level or risk.third_person) else None
        self._before = [turn.text for turn in before if turn.role is Role.ASSISTANT]
        self._seed, self._country = seed, country

    def first(self, said: str) -> str:
        """What is said instead of anything else; "" where the model may speak, or the reply says `said` already."""
        if self._risk is None or said:
            return ""
        from companion.safety.care import opening_lines

        return "\n\n".join(opening_lines(self._risk, self._before, self._seed, emergency=self._emergency()))

    def in_place(self, parameters: int) -> str:
        """What is said in the place of a model of this size while danger is near; "" where the model may speak."""
        if self._risk is None:
            return ""
        from companion.safety.care import plain_words

        return plain_words(self._risk, parameters, self._before, self._seed)

    def after(self, reply: str) -> str:
        """What is added behind a reply, with the space before it; "" where it says all that is needed."""
        if self._risk is None:
            return ""
        from companion.safety.care import care_lines

        lines = care_lines(self._risk, reply, self._before, self._seed, emergency=self._emergency())
        return ("\n\n" if reply.strip() and lines else "") + " ".join(lines)

    def _emergency(self) -> str:
        from companion.safety.cards import card

        return card(self._country, today=date.today()).emergency


def moment(turn: Turn) -> datetime:
    """When a turn was said."""
    return datetime.fromisoformat(turn.created_at).astimezone(UTC)
