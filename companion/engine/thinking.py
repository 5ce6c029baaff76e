"""Telling what a model thinks from what it says, in text that arrives piece by piece."""

from __future__ import annotations

import re
from collections.abc import Iterator

from companion.engine.profile import THINK
from companion.engine.protocol import Piece, Thinking

_TAG = re.compile("|".join(map(re.escape, THINK)))


class Apart:
    """Splits text at `<think>` and `</think>`, wherever they stand. What is in a block never comes out as a reply,
    also where the block is never closed.
    """

    def __init__(self, *, thinking: bool = False) -> None:
        """`thinking` where the text may begin inside a block, as behind a template that has opened it."""
        self.thinking = thinking
        self.tagged = False
        """Whether there has been a tag."""
        self._waiting = ""

    def feed(self, text: str) -> Iterator[Piece | Thinking]:
        """What this text adds, but for the beginning of what may become a tag."""
        text, self._waiting = self._waiting + text, ""
        start = 0
        for tag in _TAG.finditer(text):
            yield from self._said(text[start : tag.start()])
            self.thinking, self.tagged, start = tag[0] == THINK[0], True, tag.end()
        held = _beginning_of_tag(text[start:])
        self._waiting = text[len(text) - held :]
        yield from self._said(text[start : len(text) - held])

    def close(self) -> Iterator[Piece | Thinking]:
        """The end of the text: what has been held back."""
        text, self._waiting = self._waiting, ""
        yield from self._said(text)

    def _said(self, text: str) -> Iterator[Piece | Thinking]:
        if text:
            yield Thinking(text) if self.thinking else Piece(text)


def _beginning_of_tag(text: str) -> int:
    """How many characters at the end of `text` may be the beginning of a tag."""
    longest = max(map(len, THINK)) - 1
    start = text.rfind("<", max(0, len(text) - longest))
    return len(text) - start if start >= 0 and any(tag.startswith(text[start:]) for tag in THINK) else 0
