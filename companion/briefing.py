"""Before a reply: what was done so far, what is planned, and what the model is shown of the conversation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from companion.context import alternating, fit, history_of
from companion.engine.protocol import Engine, EngineInfo
from companion.safety.watch import Watch
from companion.settings import Settings
from companion.speaking.sampling import room_for
from companion.store import Role, Store, Turn
from companion.tagging import Tagger, used
from companion.text import split_sentences
from planner.layouts import Layout, Message, ahead, render, reopened
from planner.ledger import Ledger, TurnRecord, opener_of
from planner.policy import Plan, PlanSettings, plan
from planner.reading import Reading, read
from planner.tactics import Tactic

NEXT_WORDS = 96
"""Tokens that are left free for the person's next message when the prompt before it is read ahead."""


class Briefing:
    """For one conversation. Remembers which replies were read, and where what the model is shown begins."""

    def __init__(
        self,
        store: Store,
        engine: Engine,
        tagger: Tagger,
        settings: Settings,
        watch: Watch,
        taste: Callable[[], Mapping[Tactic, float]],
    ) -> None:
        """`taste` is asked at every plan what the person likes."""
        self._store, self._engine, self._tagger, self._settings = store, engine, tagger, settings
        self._watch, self._taste = watch, taste
        self._records: dict[int, TurnRecord] = {}
        """What the replies did that were read so far, by turn."""
        self._first = 0
        """The first message of the history that the model was last shown."""

    def ledger(self, turns: Sequence[Turn]) -> Ledger:
        """What the companion's replies among `turns` did. One that a crash cut off was never tagged: it is read now."""
        replies = [turn for turn in turns if turn.role is Role.ASSISTANT and turn.text]
        unknown = [turn for turn in replies if turn.id not in self._records]
        if unknown:
            stored = self._store.sentences(unknown[0].session_id, unknown[0].id - 1)
            for turn in unknown:
                if turn.id in stored:
                    tactics = [frozenset(map(Tactic, sentence.tactics)) for sentence in stored[turn.id]]
                else:
                    tactics = [used(scores) for scores in self._tagger.tag(split_sentences(turn.text))]
                self._records[turn.id] = TurnRecord(tuple(tactics), opener_of(turn.text))
        return Ledger(tuple(self._records[turn.id] for turn in replies))

    def plan(self, turns: Sequence[Turn], ledger: Ledger) -> Plan | None:
        """For the reply to the last of `turns`, the person's; None where nothing is planned."""
        return self._plan(ledger, read(turns[-1].text, risk=self._watch.level(turns[-1])))

    def next_plan(self, turns: Sequence[Turn], ledger: Ledger) -> Plan | None:
        """For the reply to a next message without any cues; None where nothing is planned."""
        said = next((turn for turn in reversed(turns) if turn.role is Role.USER), None)
        return self._plan(ledger, Reading(risk=self._watch.level(said) if said else 0))

    def prompt(
        self, turns: Sequence[Turn], made: Plan | None, ledger: Ledger, info: EngineInfo, said: str
    ) -> tuple[list[Message], int]:
        """The messages for the engine, and the number of messages left out. `said` is what the reply begins with.

        Raises TooLong.
        """
        layout = Layout(info.layout)

        def whole(part: Sequence[Message]) -> list[Message]:
            return reopened(render(layout, alternating(part), made, ledger), said)

        room = room_for(info, self._settings).prompt
        kept, self._first = fit(
            history_of(turns), lambda part: self._engine.count_tokens(whole(part)), room, self._first
        )
        return whole(kept), self._first

    def before_next(self, turns: Sequence[Turn]) -> list[Message]:
        """The next prompt up to the place of the person's words, planned as for a message without any cues."""
        info = self._engine.load()
        if not turns or turns[-1].role is not Role.ASSISTANT:
            return []
        layout, ledger = Layout(info.layout), self.ledger(turns)
        made = self.next_plan(turns, ledger)

        def whole(part: Sequence[Message]) -> list[Message]:
            return ahead(layout, alternating(part[:-1]), made, ledger)

        history = [*history_of(turns), Message("user", "")]
        room = room_for(info, self._settings).prompt - NEXT_WORDS
        kept, self._first = fit(history, lambda part: self._engine.count_tokens(whole(part)), room, self._first)
        return whole(kept)

    def _plan(self, ledger: Ledger, reading: Reading) -> Plan | None:
        if not self._settings.planner:
            return None
        chosen = PlanSettings(strength=self._settings.variety, self_disclosure=self._settings.self_disclosure)
        return plan(ledger, reading, taste=self._taste(), settings=chosen)
