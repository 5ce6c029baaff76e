"""A loaded model process that is asked for anything: it answers, or it ends and says so. It never keeps one waiting."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from companion.engine.child import Child
from companion.engine.client import WORKER
from tests.companion import tiny_gguf

pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
pytestmark = pytest.mark.llama

PATIENCE = 60
"""Seconds after which an answer that does not come counts as never."""

numbers = st.integers(-2, 40) | st.floats() | st.sampled_from([None, "4", 10**9, True])
kinds = st.sampled_from(["control", "text", "said", "open"])
texts = st.sampled_from(["hello", "", "<|im_start|>", "<|im_end|>", "\n", "\x00", "\ud800", "今日は", "word " * 300])
parts = st.lists(st.tuples(kinds, texts | st.text(max_size=6)).map(list), max_size=6)
samplings = st.fixed_dictionaries(
    {"max_tokens": st.integers(-1, 12)},
    optional=dict.fromkeys(("temperature", "top_k", "top_p", "min_p", "repeat_penalty", "seed", "other"), numbers),
)
requests = st.fixed_dictionaries(
    {"op": st.sampled_from(["count", "prefill", "stream", "branch", "hello", "nonsense"])},
    optional={
        "parts": parts | parts | parts | st.none() | st.text(max_size=3) | st.lists(numbers, max_size=3),
        "sampling": samplings | st.none(),
        "count": st.integers(-1, 6) | numbers,
        "limit": st.integers(-1, 8),
    },
)


class Room:
    """A worker with a model; another one where the last has ended."""

    def __init__(self, model: Path) -> None:
        self._model = model
        self._child = self._start()
        self.ended = 0

    def _start(self) -> Child:
        child = Child(WORKER, subprocess.DEVNULL)
        loaded = self._answer(child, op="load", path=str(self._model), context=128, threads=1, extra_buffers=True)
        assert loaded is not None
        assert "done" in loaded
        return child

    def ask(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """The last of the replies; None where the worker has ended."""
        answer = self._answer(self._child, **request)
        if answer is None:
            self.ended += 1
            self._child.close()
            self._child = self._start()
        return answer

    def _answer(self, child: Child, *, op: str, **fields: object) -> dict[str, Any] | None:
        call = child.open_call()
        child.ask(call, op, **fields)
        assert call.settled.wait(PATIENCE), (op, fields)
        replies = []
        while not call.replies.empty():
            replies.append(call.replies.get())
        assert all(reply is not None and "text" not in reply for reply in replies[-1:] if reply)
        return replies[-1]

    def close(self) -> None:
        self._child.close()


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    with tempfile.TemporaryDirectory() as folder:
        made = Room(tiny_gguf.write(Path(folder) / "tiny.gguf"))
        yield made
        made.close()


HELLO = [["text", "hello"]]


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(requests)
@example({"op": "count", "parts": HELLO})
@example({"op": "branch", "parts": HELLO, "sampling": {"max_tokens": 4}, "count": 99, "limit": 4})
@example({"op": "branch", "parts": HELLO, "sampling": {"max_tokens": 4}, "count": 0, "limit": 4})
@example({"op": "stream", "parts": HELLO, "sampling": {"max_tokens": 4, "temperature": float("nan")}})
@example({"op": "stream", "parts": HELLO, "sampling": {"max_tokens": 4, "top_k": -(10**9), "seed": -1}})
@example({"op": "stream", "parts": [], "sampling": {"max_tokens": 4}})
def test_any_request_is_answered_or_ends_the_worker_and_the_next_one_is_answered(
    room: Room, asked: dict[str, Any]
) -> None:
    room.ask(asked)
    after = room.ask({"op": "count", "parts": HELLO})
    assert after is not None
    assert after["done"]["tokens"] > 0
