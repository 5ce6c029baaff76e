"""What programs have acknowledged, and whether a database still has all of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

NO_WORDS = "(no words came"
LABEL = "Companion: "


@dataclass
class Witness:
    """The acknowledged turns of one database."""

    sent: set[str] = field(default_factory=set)
    """Every message that may be in it."""
    saved: dict[int, str] = field(default_factory=dict)
    """Messages that were committed."""
    said: set[str] = field(default_factory=set)
    """Messages that must have been, because a reply to them was seen."""
    shown: dict[int, str] = field(default_factory=dict)
    """Replies as far as they were seen."""
    ended: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Replies that were over: their text and status."""
    answers: dict[str, str] = field(default_factory=dict)
    """The text that was seen after a message; for programs that tell no numbers."""

    @property
    def committed(self) -> int:
        return len(self.saved) + len(self.said) + len(self.ended)

    def hear(self, fact: dict[str, Any]) -> None:
        """A line of a talker."""
        match fact:
            case {"saved": int(turn), "text": str(text)}:
                self.saved[turn] = text
                self.sent.add(text)
            case {"shown": int(turn), "text": str(text)}:
                self.shown[turn] = text
            case {"ended": int(turn), "text": str(text), "status": str(status)}:
                self.ended[turn] = (text, status)
            case _:
                pass

    def see(self, messages: list[str], screen: str) -> None:
        """What a plain chat showed while these messages were read from a pipe, one after the other."""
        for message, shown in zip(messages, screen.split(LABEL)[1:], strict=False):
            self.said.add(message)
            if not shown.startswith(NO_WORDS):
                self.answers[message] = shown.rstrip()

    def missing(self, turns: list[tuple[int, str, str, str]]) -> list[str]:
        """What was acknowledged and is not among `turns` (id, role, text, status), in words."""
        by_id = {turn[0]: turn for turn in turns}
        texts = {text: turn for turn, role, text, _ in turns if role == "user"}
        lost = [
            f"message {turn}"
            for turn, text in self.saved.items()
            if by_id.get(turn, (0, "", None))[1:3] != ("user", text)
        ]
        lost += [f"message {text!r}" for text in self.said if text not in texts]
        for turn, (text, status) in self.ended.items():
            if turn not in by_id or by_id[turn][2:] != (text, status):
                lost.append(f"reply {turn} ({status})")
        for turn, shown in self.shown.items():
            if turn not in by_id or not by_id[turn][2].startswith(shown.rstrip()):
                lost.append(f"reply {turn} as far as it was shown")
        replies = [(text, status) for _, role, text, status in turns if role == "assistant"]
        lost += [
            f"the reply to {message!r} as far as it was shown"
            for message, shown in self.answers.items()
            if not any(_holds(text, status, shown) for text, status in replies)
        ]
        return lost

    def strange(self, turns: list[tuple[int, str, str, str]]) -> list[str]:
        """What is among `turns` and cannot be: words nobody said, replies that nobody writes any more."""
        return [
            f"message {turn} was never sent"
            for turn, role, text, _ in turns
            if role == "user" and text not in self.sent
        ] + [f"reply {turn} is still arriving" for turn, _, _, status in turns if status == "streaming"]


def _holds(text: str, status: str, shown: str) -> bool:
    """Whether a reply is what was shown; after a whole one, the program may have said something itself."""
    return text.startswith(shown) or (status == "complete" and text != "" and shown.startswith(f"{text}\n"))


def turns_of(found: str) -> tuple[list[tuple[int, str, str, str]], list[str], str]:
    """The turns, the problems and the trouble in the output of `reopen`."""
    seen = json.loads(found)
    return [(turn, role, text, status) for turn, role, text, status in seen["turns"]], seen["problems"], seen["trouble"]
