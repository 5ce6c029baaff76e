"""A program that talks as it is told: one JSON object a line on standard input, and on the descriptor that is given
one JSON object for each thing the conversation has acknowledged. What was written there outlives this program.

    python -m tests.faults.talker DESCRIPTOR [SESSION]
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from types import FrameType

from companion import settings
from companion.cli.opening import open_conversation
from companion.conversation import Conversation
from companion.errors import CompanionError
from companion.events import Event, Failed, Finished, ReplyBegun, Stopped, Token, UserSaved
from companion.store import Role, connection

LARGEST_JUMP = 400 * 24 * 3600.0
"""Seconds that the wall clock jumps at most, either way."""


class JumpingClock(datetime):
    """The wall clock of a machine whose clock is set while it is read."""

    chance = random.Random()

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # a plain datetime will do
        return datetime.now(tz) + timedelta(seconds=cls.chance.uniform(-LARGEST_JUMP, LARGEST_JUMP))


class Talker:
    """Does what the lines say, and tells what came of it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._conversation: Conversation | None = None
        signal.signal(signal.SIGINT, self._stop)

    def tell(self, **fact: object) -> None:
        os.write(self._descriptor, json.dumps(fact).encode() + b"\n")

    def run(self, session: str | None) -> int:
        try:
            self._conversation = conversation = open_conversation(settings.load(), session=session, resting=True)
        except CompanionError as error:
            self.tell(trouble=str(error))
            return 1
        self.tell(opened=conversation.session.id)
        try:
            for line in sys.stdin:
                self._do(conversation, json.loads(line))
                self.tell(did=True)
        finally:
            conversation.close()
        return 0

    def _do(self, conversation: Conversation, order: dict[str, object]) -> None:
        try:
            match order:
                case {"say": str(text)}:
                    self._follow(conversation, conversation.say(text))
                case {"pause": float(seconds)}:
                    time.sleep(seconds)  # the person reads; the engine reads ahead
                case {"again": ("regenerate" | "go_on" | "edit") as how}:
                    self._follow(conversation, _again(conversation, how))
        except CompanionError as error:
            self.tell(trouble=str(error))

    def _follow(self, conversation: Conversation, events: Iterator[Event]) -> None:
        reply, shown = 0, ""
        for event in events:
            match event:
                case UserSaved(turn_id, text):
                    self.tell(saved=turn_id, text=text)
                case ReplyBegun(turn_id, _, said):
                    reply, shown = turn_id, said
                    self.tell(begun=turn_id)
                case Token(text):
                    shown += text
                    self.tell(shown=reply, text=shown)
                case Finished(done) | Stopped(done) | Failed(done):
                    trouble = event.message if isinstance(event, Failed) else ""
                    self.tell(ended=done.turn_id, text=done.text, status=done.status, trouble=trouble)
                case _:
                    pass

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self._conversation:
            threading.Thread(target=self._conversation.stop, daemon=True).start()


def _again(conversation: Conversation, how: str) -> Iterator[Event]:
    """Another try at the newest turn that allows it; nothing where there is none."""
    turns = conversation.turns()
    role = Role.USER if how == "edit" else Role.ASSISTANT
    newest = next((turn for turn in reversed(turns) if turn.role is role and turn.text), None)
    if newest is None:
        return iter(())
    match how:
        case "regenerate":
            return conversation.regenerate(newest.id)
        case "go_on":
            return conversation.go_on(newest.id)
        case _:
            return conversation.edit(newest.id, f"{newest.text}, or so")


if __name__ == "__main__":
    if "FAULTS_CLOCK" in os.environ:
        JumpingClock.chance.seed(os.environ["FAULTS_CLOCK"])
        connection.datetime = JumpingClock  # type: ignore[attr-defined, misc]
    sys.exit(Talker(int(sys.argv[1])).run(sys.argv[2] if len(sys.argv) > 2 else None))
