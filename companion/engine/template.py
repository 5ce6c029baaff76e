"""Our own ChatML rendering: messages to parts, where only this program can write a control token.

A model file's own Jinja template is never run. Text stays text: it is NFC-normalised here, because llama.cpp
does not do it and the models were trained with it, and turned into tokens without looking for control tokens.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

from companion.engine.profile import CHATML, THINK, Profile
from planner.layouts import Message

START, END = CHATML


class Kind(StrEnum):
    """How a part becomes tokens."""

    CONTROL = "control"  # the token of exactly this name
    TEXT = "text"
    SAID = "said"  # an earlier reply: the tokens it was generated as, where they are still known
    OPEN = "open"  # what this reply has said so far, likewise, but to the last space
    THOUGHT = "thought"  # what was thought about this reply, likewise


class Part(NamedTuple):
    """A piece of the prompt."""

    kind: Kind
    text: str


def render(messages: Sequence[Message], profile: Profile, *, ahead: bool = False, think: bool = False) -> list[Part]:
    """The prompt, open where the reply goes: in the last assistant message, or in one that is added.

    With `ahead`, a conversation that ends with a reply is closed and opened where the person's words will go. With
    `think`, the think block of a reply that has none yet is left open.
    An empty think block stands in *every* assistant message, unlike in Qwen3's own template, which drops it
    from earlier turns and so makes each last reply be read again.
    """
    return list(_joined(_parts(messages, profile, ahead, think)))


def _parts(messages: Sequence[Message], profile: Profile, ahead: bool, think: bool) -> Iterator[Part]:
    for position, message in enumerate(messages):
        reply = message.role == "assistant"
        stays_open = reply and position == len(messages) - 1 and not (ahead and message.content)
        yield from _header(message.role)
        if reply:
            yield from _block(profile, message, stays_open=stays_open, think=think and not message.content)
        yield from (Part(Kind.CONTROL, name) for name in message.controls if name in profile.controls)
        if message.content:
            kind = Kind.OPEN if stays_open else Kind.SAID if reply else Kind.TEXT
            yield Part(kind, unicodedata.normalize("NFC", message.content))
        if stays_open:
            return
        yield Part(Kind.CONTROL, END)
        yield Part(Kind.TEXT, "\n")
    spoken = [message.role for message in messages if message.role != "system"]
    theirs = ahead and (not spoken or spoken[-1] == "assistant")
    yield from _header("user" if theirs else "assistant")
    if not theirs:
        yield from _block(profile, Message("assistant", ""), stays_open=True, think=think)


def _header(role: str) -> Iterator[Part]:
    yield Part(Kind.CONTROL, START)
    yield Part(Kind.TEXT, f"{role}\n")


def _block(profile: Profile, message: Message, *, stays_open: bool, think: bool) -> Iterator[Part]:
    """The think block of an assistant message. One that thinks has it only before the reply that is to come."""
    if not (profile.empty_think or (profile.thinks and stays_open)):
        return
    opening, closing = THINK
    yield Part(Kind.CONTROL, opening)
    if profile.thinks and message.thought:
        yield Part(Kind.TEXT, "\n")
        yield Part(Kind.THOUGHT, message.thought)
        if not message.thought.endswith("\n"):
            yield Part(Kind.TEXT, "\n")
    elif profile.thinks and think:
        yield Part(Kind.TEXT, "\n")
        return
    else:
        yield Part(Kind.TEXT, "\n\n")
    yield from (Part(Kind.CONTROL, closing), Part(Kind.TEXT, "\n\n"))


def _joined(parts: Iterator[Part]) -> Iterator[Part]:
    """Neighbouring texts become one, so that they are cut into tokens as in the training text."""
    for kind, run in groupby(parts, key=lambda part: part.kind):
        if kind is Kind.TEXT:
            yield Part(kind, "".join(part.text for part in run))
        else:
            yield from run
