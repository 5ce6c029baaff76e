"""What a model thinks, while it thinks: cleaned, and by whole sentences that may be shown, as those of a reply are."""

from __future__ import annotations

import time

from companion.engine.sentence_end import SentenceEnd
from companion.speaking.checked import Guard
from companion.text import Cleaner

LONGEST = 400
"""Characters without an end, after which what there is is looked at."""


class Thoughts:
    """Those before one reply."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._cleaner, self._end = Cleaner(), SentenceEnd()
        self._waiting = ""
        self._began: float | None = None

    @property
    def seconds(self) -> float:
        """Since the first of them came."""
        return 0.0 if self._began is None else time.monotonic() - self._began

    def feed(self, text: str) -> str:
        """What may be shown now."""
        if self._began is None:
            self._began = time.monotonic()
        piece = self._cleaner.feed(text)
        self._waiting += piece
        shown = ""
        while (length := self._end.find(self._waiting, piece)) is not None or len(self._waiting) > LONGEST:
            cut = LONGEST if length is None else length
            shown += self._let(self._waiting[:cut])
            piece = self._waiting = self._waiting[cut:]
            self._end = SentenceEnd()
        return shown

    def close(self) -> str:
        """What may be shown of the rest, when the thinking is over."""
        rest, self._waiting = self._waiting + self._cleaner.close(), ""
        return self._let(rest)

    def _let(self, sentence: str) -> str:
        return "" if self._guard.veto(sentence) else sentence
