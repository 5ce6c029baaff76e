"""What runs beside the interface: opening, loading and talking in threads that report to the screen by messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from textual.message import Message

from companion.conversation import Conversation
from companion.engine.protocol import EngineCancelled, EngineInfo, LoadProgress
from companion.errors import CompanionError
from companion.events import Event, Finished

NOT_LOADED = "The model is not loaded; it will be with your next message."


class Opener(Protocol):
    """Makes the conversation to begin with. Raises CompanionError."""

    def __call__(self, *, off_record: bool, note: Callable[[str], None]) -> Conversation: ...


@dataclass
class Remark(Message):
    """A sentence for the person."""

    text: str


@dataclass
class Opened(Message):
    """There is a conversation."""

    conversation: Conversation


@dataclass
class NotOpened(Message):
    """There is none, and this is why."""

    error: CompanionError


@dataclass
class Loading(Message):
    """How far the model is loaded, or the conversation so far is read."""

    text: str


@dataclass
class Loaded(Message):
    """The model is there."""

    info: EngineInfo


@dataclass
class Happened(Message):
    """An event of the turn."""

    event: Event


@dataclass
class Free(Message):
    """The engine can be asked again. With `trouble` something went wrong, and this is the sentence about it."""

    trouble: str = ""


Post = Callable[[Message], object]


def opening(opener: Opener, post: Post, *, off_record: bool) -> None:
    """Open the database and what else is needed; posts Opened or NotOpened."""

    def note(text: str) -> None:
        post(Remark(text))

    try:
        conversation = opener(off_record=off_record, note=note)
    except CompanionError as error:
        post(NotOpened(error))
    else:
        post(Opened(conversation))


def loading(conversation: Conversation, post: Post) -> None:
    """Load the model and let it read what was said so far; ends with Free."""

    def loaded(step: LoadProgress) -> None:
        if conversation.engine.address:
            post(Loading(f"Asking {conversation.engine.address.name} for its model."))
            return
        share = f"{step.fraction:.0%} of " if step.fraction is not None else ""
        post(Loading(f"Loading {conversation.settings.model}: {share}{step.size / 1e6:,.0f} MB, {step.seconds:.0f} s."))

    def read(done: int, whole: int) -> None:
        post(Loading(f"Reading the conversation so far: {done:,} of {whole:,} tokens."))

    trouble = ""
    try:
        post(Loaded(conversation.engine.load(loaded)))
        conversation.catch_up(read)
    except EngineCancelled:
        post(Remark(NOT_LOADED))
    except CompanionError as error:
        trouble = f"{error} You can still read and write here; every message is saved."
    post(Free(trouble))


def talking(conversation: Conversation, turn: Callable[[], Iterator[Event]], post: Post) -> None:
    """One turn, event by event; ends with Free."""
    trouble = ""
    try:
        for event in turn():
            if isinstance(event, Finished):
                post(Loaded(conversation.engine.load()))  # it is: this only asks what
            post(Happened(event))
    except CompanionError as error:
        trouble = str(error)
    post(Free(trouble))
