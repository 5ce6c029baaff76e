"""The risk reading of one session: each of the person's messages is read once, and what was read is kept in the store.

What was said on one path of the conversation counts on every other: a message that was edited away was still said.
"""

from __future__ import annotations

from datetime import UTC, datetime
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

    def read(self, said: Turn) -> Risk | None:
        """What a message of the person's that was just saved means; None without an assessor."""
        if self._assessor is None:
            return None
        self._remember(said)
        risk, self._state = self._assessor.read(said.text, self._previous, self._state, moment(said))
        self._previous = said.text
        if risk.eventful:
            self._store.risk_event(said.id, risk.said, risk.layer, risk.card)
        return risk

    def level(self, said: Turn) -> int:
        """The step that holds for the reply to this message."""
        if self._assessor is None:
            return 0
        self._remember(said, read_already=True)
        return self._state.level(moment(said))

    def _remember(self, said: Turn, *, read_already: bool = False) -> None:
        """The state of this message's session, from what is stored of the messages before it."""
        if self._session == said.session_id:
            return
        events = {event.turn_id: event for event in self._store.risk_events(said.session_id)}
        earlier = [
            turn
            for turn in self._store.turns(said.session_id)
            if turn.role is Role.USER and (turn.id < said.id or (read_already and turn.id == said.id))
        ]
        self._state = replay(
            Heard.stored(moment(turn), event.level, event.layer, event.card_shown)
            if (event := events.get(turn.id))
            else Heard(moment(turn))
            for turn in earlier
        )
        self._previous = earlier[-1].text if earlier else ""
        self._session = said.session_id


def moment(turn: Turn) -> datetime:
    """When a turn was said."""
    return datetime.fromisoformat(turn.created_at).astimezone(UTC)
