"""Events in any order, also those that no turn would bring: the chat goes on."""

from __future__ import annotations

import random

import pytest

from companion.engine.protocol import EngineDied, EngineInfo
from companion.events import (
    Event,
    Failed,
    Finished,
    Planned,
    Reply,
    ReplyBegun,
    Stopped,
    Timings,
    Token,
    Trimmed,
    UserSaved,
)
from companion.store import Role, Store
from companion.tui.talking import Free, Happened, Loaded, Loading, Remark
from planner.ledger import Ledger
from planner.policy import plan
from planner.reading import Reading
from tests.companion.tui.conftest import Talks

TEXTS = (
    "",
    " ",
    "I hear you.",
    "**bold",
    "```\ncode",
    "[link](http://x",
    "\n\n",
    "# ",
    "今日は",
    "\U0001f33f",
    "| a |\n|-",
    "<b>",
    "x" * 300,
)
INFO = EngineInfo("scripted", None, 512, "tail", 0, 0, 0.0)
EVENTS = 60


class Sequence:
    """Events drawn from one seed, about turns of this session. `strays` is the share of those that are about others."""

    def __init__(self, store: Store, session: str, seed: int, strays: float) -> None:
        self._store, self._session, self._strays = store, session, strays
        self._chance = random.Random(seed)
        elsewhere = store.new_session(None).id
        self._stray = {role: (store.add_turn(elsewhere, role, "elsewhere").id, 0, -1, 10**9) for role in Role}
        self._turns: dict[Role, list[int]] = {role: [] for role in Role}

    def turn(self, role: Role) -> int:
        """A turn, new or not."""
        chance, turns = self._chance, self._turns[role]
        if chance.random() < self._strays:
            return chance.choice(self._stray[role])
        if not turns or chance.random() < 0.5:
            parent = chance.choice([None, *self._turns[Role.USER], *self._turns[Role.ASSISTANT]])
            turns.append(self._store.add_turn(self._session, role, chance.choice(TEXTS), parent).id)
        return chance.choice(turns)

    def message(self) -> Happened | Free | Loading | Loaded | Remark:
        chance = self._chance
        match chance.randrange(12):
            case 0:
                return Free(chance.choice(TEXTS))
            case 1:
                return Loading(chance.choice(TEXTS))
            case 2:
                return Loaded(INFO)
            case 3:
                return Remark(chance.choice(TEXTS))
            case _:
                return Happened(self.event())

    def event(self) -> Event:
        chance = self._chance
        reply = Reply(
            self.turn(Role.ASSISTANT), chance.choice(TEXTS), "complete", (), None,
            Timings(chance.randrange(9), 0, chance.randrange(9), chance.random(), chance.random()),
        )  # fmt: skip
        return chance.choice(
            (
                lambda: UserSaved(self.turn(Role.USER), chance.choice(TEXTS)),
                lambda: ReplyBegun(self.turn(Role.ASSISTANT), self.turn(Role.USER), chance.choice(TEXTS)),
                lambda: Planned(plan(Ledger(), Reading())),
                lambda: Trimmed(chance.choice((-1, 0, 1, 5, 10**6))),
                lambda: Token(chance.choice(TEXTS)),
                lambda: Token(chance.choice(TEXTS)),
                lambda: Finished(reply),
                lambda: Stopped(reply),
                lambda: Failed(reply, EngineDied("signal 9")),
            )
        )()


@pytest.mark.parametrize("seed", range(6))
async def test_any_events_in_any_order_leave_a_chat_that_can_be_talked_in(talks: Talks, seed: int) -> None:
    await talk_after(talks, seed, strays=0.0)


@pytest.mark.parametrize("seed", range(3))
async def test_events_about_turns_that_are_not_here_are_passed_over(talks: Talks, seed: int) -> None:
    await talk_after(talks, seed, strays=0.2)


async def talk_after(talks: Talks, seed: int, *, strays: float) -> None:
    """The events of this seed, and then a message that is said and answered."""
    async with talks() as talk:
        assert talk.chat.conversation is not None
        drawn = Sequence(talk.store, talk.chat.conversation.session.id, seed, strays)
        for _ in range(EVENTS):
            talk.chat.post_message(drawn.message())
            await talk.pilot.pause(0)
        talk.chat.post_message(Free())
        await talk.rest()
        await talk.say("are you still there?")
        await talk.sees("are you still there?")
        assert talk.turns[-1].text == "I hear you."
