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


class Part(NamedTuple):
    """A piece of the prompt."""

    kind: Kind
    text: str


def render(messages: Sequence[Message], profile: Profile, *, ahead: bool = False) -> list[Part]:
    """The prompt, open where the reply goes: in the last assistant message, or in one that is added.

    With `ahead`, a conversation that ends with a reply is closed and opened where the person's words will go.
    An empty think block stands in *every* assistant message, unlike in Qwen3's own template, which drops it
    from earlier turns and so makes each last reply be read again.
    """
    return list(_joined(_parts(messages, profile, ahead)))


def _parts(messages: Sequence[Message], profile: Profile, ahead: bool) -> Iterator[Part]:
    for position, message in enumerate(messages):
        yield from _header(message.role, profile, message.controls)
        reply = message.role == "assistant"
        stays_open = reply and position == len(messages) - 1 and not (ahead and message.content)
        if message.content:
            kind = Kind.OPEN if stays_open else Kind.SAID if reply else Kind.TEXT
            yield Part(kind, unicodedata.normalize("NFC", message.content))
        if stays_open:
            return
        yield Part(Kind.CONTROL, END)
        yield Part(Kind.TEXT, "\n")
    spoken = [message.role for message in messages if message.role != "system"]
    theirs = ahead and (not spoken or spoken[-1] == "assistant")
    yield from _header("user" if theirs else "assistant", profile, ())


def _header(role: str, profile: Profile, controls: Sequence[str]) -> Iterator[Part]:
    yield Part(Kind.CONTROL, START)
    yield Part(Kind.TEXT, f"{role}\n")
    if role == "assistant" and profile.empty_think:
        opening, closing = THINK
        yield from (Part(Kind.CONTROL, opening), Part(Kind.TEXT, "\n\n"))
        yield from (Part(Kind.CONTROL, closing), Part(Kind.TEXT, "\n\n"))
    for name in controls:
        if name in profile.controls:
            yield Part(Kind.CONTROL, name)


def _joined(parts: Iterator[Part]) -> Iterator[Part]:
    """Neighbouring texts become one, so that they are cut into tokens as in the training text."""
    for kind, run in groupby(parts, key=lambda part: part.kind):
        if kind is Kind.TEXT:
            yield Part(kind, "".join(part.text for part in run))
        else:
            yield from run
