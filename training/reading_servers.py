"""Readings from a server: JSON over HTTP, one request a batch.

The contract, for whoever writes one. Requests are POST with `content-type: application/json`; a good answer has status
200 and a JSON object.

    quality   {"dialogues": [[{"role": "user", "content": "..."}, ...], ...], "replies": ["...", ...]}
              -> {"scores": [0.7, ...]}               one number for each reply, higher is better
    tactics   {"replies": [["first sentence", "second sentence"], ...]}
              -> {"tactics": [[["validation"], ["advice", "questioning"]], ...]}   names for each sentence

A server that has not answered in time, to the last byte, or answers with a status of 500 or more, is asked again, after
a second, then two, and so on. One that answers nonsense is not: it would do so again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from http.client import HTTPException, IncompleteRead, InvalidURL
from math import inf, isfinite
from threading import Thread
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from companion.errors import CompanionError, UsageError
from planner.tactics import Tactic
from training.readings import Dialogue, Tagged

LONGEST = 64 << 20
"""Bytes of an answer."""


class _Server:
    """Asks, and asks again. `pause` waits a number of seconds between two tries."""

    what = "reading"
    setting = "reward"

    def __init__(
        self, url: str, *, timeout: float = 60.0, tries: int = 3, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._url, self._timeout, self._tries, self._pause = url, timeout, tries, pause

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        body = json.dumps(request).encode()
        reason = ""
        for attempt in range(self._tries):
            if attempt:
                self._pause(2.0 ** (attempt - 1))
            try:
                return self._object(self._answer(body))
            except HTTPError as error:
                reason = f"it answered with status {error.code}"
                if error.code < 500:
                    break
            except (ValueError, InvalidURL) as error:
                raise UsageError(
                    f"{self._url} is no address of a {self.what} server ({error}). Begin with another: "
                    f"--set {self.setting}=http://localhost:8000/"
                ) from None
            except (OSError, HTTPException) as error:
                reason = self._why(error)
        raise CompanionError(
            f"The {self.what} server at {self._url} cannot be used: {reason}. Start it again, then go on with --resume."
        )

    def _answer(self, body: bytes) -> bytes:
        """All of it, in time: a socket's own timeout is for each of its reads, so it is read in a thread that is left
        behind. Raises TimeoutError, and whatever urllib raises."""
        answer: Future[bytes] = Future()

        def read() -> None:
            try:
                answer.set_result(self._read(body))
            except Exception as error:
                answer.set_exception(error)

        Thread(target=read, daemon=True).start()
        return answer.result(self._timeout)

    def _read(self, body: bytes) -> bytes:
        request = Request(self._url, body, {"content-type": "application/json"})
        with urlopen(request, timeout=self._timeout) as answer:
            raw: bytes = answer.read(LONGEST + 1)
            if len(raw) <= LONGEST and answer.length:  # bytes that were announced and did not come
                raise IncompleteRead(raw, answer.length)
        return raw

    def _why(self, error: Exception) -> str:
        """Refused, timed out, cut off."""
        cause = getattr(error, "reason", None) or error
        if isinstance(cause, TimeoutError):
            return f"it gave no whole answer within {self._timeout:g} seconds"
        return "its answer was cut off" if isinstance(cause, IncompleteRead) else str(cause)

    def _object(self, raw: bytes) -> dict[str, Any]:
        if len(raw) > LONGEST:
            raise self._senseless(f"more than {LONGEST >> 20} MB")
        try:
            found = json.loads(raw)
        except (ValueError, RecursionError):
            raise self._senseless("no JSON") from None
        if not isinstance(found, dict):
            raise self._senseless(f"a {type(found).__name__} and no object")
        return found

    def _list(self, found: dict[str, Any], key: str, length: int) -> list[Any]:
        values = found.get(key)
        if not isinstance(values, list):
            raise self._senseless(f"no list {key!r}")
        if len(values) != length:
            raise self._senseless(f"{len(values)} {key} for {length} replies")
        return values

    def _senseless(self, what: str) -> CompanionError:
        return CompanionError(
            f"The {self.what} server at {self._url} answered with {what:.100}. Training would learn from it, "
            "so it stopped; put the server right, then go on with --resume."
        )


class QualityServer(_Server):
    """A reward model behind HTTP."""

    what = "reward"
    setting = "reward.quality"

    def quality(self, dialogues: Sequence[Dialogue], replies: Sequence[str]) -> list[float]:
        found = self._ask({"dialogues": [list(map(dict, each)) for each in dialogues], "replies": list(replies)})
        scores = self._list(found, "scores", len(replies))
        return [self._score(score) for score in scores]

    def _score(self, value: Any) -> float:
        try:
            score = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else inf
        except OverflowError:
            score = inf
        if not isfinite(score):
            raise self._senseless(f"the score {value!r}")
        return score


class TacticServer(_Server):
    """A tagger behind HTTP."""

    what = "tagger"
    setting = "reward.tactics"

    def tactics(self, replies: Sequence[Sequence[str]]) -> list[Tagged]:
        found = self._ask({"replies": [list(sentences) for sentences in replies]})
        return [
            self._tagged(tags, len(sentences))
            for tags, sentences in zip(self._list(found, "tactics", len(replies)), replies, strict=True)
        ]

    def _tagged(self, tags: Any, sentences: int) -> Tagged:
        if not isinstance(tags, list) or len(tags) != sentences:
            given = len(tags) if isinstance(tags, list) else repr(tags)
            raise self._senseless(f"tags for {given} sentences of a reply that has {sentences}")
        try:
            return tuple(frozenset(Tactic(name) for name in names) for names in tags)
        except (ValueError, TypeError) as error:
            raise self._senseless(f"a tactic that is none ({error})") from None
