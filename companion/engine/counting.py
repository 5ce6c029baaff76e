"""How many tokens a prompt has, as a server counts them, or as is guessed from what it counted before."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence

from companion.engine.chunks import numbers, parsed
from companion.engine.exchange import NoAnswer
from companion.engine.link import Link
from companion.engine.manner import Manner
from companion.engine.protocol import EngineError
from planner.layouts import Message

REMEMBERED = 16
PER_BYTE = 1 / 3
"""Tokens of a byte of text, until the server has said how many a prompt had: more than most texts have."""
PER_MESSAGE = 5
LONG_ENOUGH = 400
"""Bytes of a prompt from which its length says something about the next one's."""


class Counter:
    """Counts for one server."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._counted: OrderedDict[tuple[Message, ...], int] = OrderedDict()
        self._per_byte = PER_BYTE

    def count(self, manner: Manner, messages: Sequence[Message]) -> int:
        """Where the server does not count, an estimate. Raises EngineError."""
        key = tuple(messages)
        if key not in self._counted:
            found = self._ask(manner, messages)
            if found is None:
                return self.estimate(messages)
            self._counted[key] = found
            if len(self._counted) > REMEMBERED:
                self._counted.popitem(last=False)
        return self._counted[key]

    def about(self, manner: Manner, messages: Sequence[Message]) -> int:
        """For a reply that is already there: it does not fail because nobody counts."""
        try:
            return self.count(manner, messages)
        except EngineError:
            return self.estimate(messages)

    def estimate(self, messages: Sequence[Message]) -> int:
        return math.ceil(_bytes(messages) * self._per_byte) + _around(messages)

    def learn(self, messages: Sequence[Message], tokens: int) -> None:
        """The server has counted this prompt: the next estimate is better for it."""
        size = _bytes(messages)
        if size >= LONG_ENOUGH and tokens:
            self._per_byte = min(1.0, max(0.1, (tokens - _around(messages)) / size))

    def _ask(self, manner: Manner, messages: Sequence[Message]) -> int | None:
        root = self._link.address.root
        body = {**manner.body(self._link.model, messages), **manner.thinking(False)}
        if manner.counts == "messages":
            return self._number(f"{root}/tokenize", body, "count")
        if manner.counts == "template":
            head, answer = self._link.ask("POST", f"{root}/apply-template", body)
            prompt = _field(answer, "prompt") if head.good else None
            if isinstance(prompt, str):
                cut = {"content": prompt, "add_special": True, "parse_special": True}
                return self._number(f"{root}/tokenize", cut, "tokens")
        return None

    def _number(self, url: str, body: dict[str, object], key: str) -> int | None:
        head, answer = self._link.ask("POST", url, body)
        found = _field(answer, key) if head.good else None
        return len(found) if isinstance(found, list) else numbers({key: found}, key)


def _field(answer: str, key: str) -> object:
    try:
        return parsed(answer).get(key)
    except NoAnswer:
        return None


def _bytes(messages: Sequence[Message]) -> int:
    return sum(len(message.content.encode("utf-8", "replace")) for message in messages)


def _around(messages: Sequence[Message]) -> int:
    return PER_MESSAGE * (len(messages) + 1)
