"""The pipe between the program and its model process: whatever comes through it, nobody waits for ever."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from companion.engine.child import Child
from companion.engine.client import LlamaEngine
from companion.engine.protocol import EngineError, Finish, Message, Piece, Sampling

PATIENCE = 60
"""Seconds after which an answer that does not come counts as never."""

scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | st.sampled_from(["", "text", "done", "\ud800"])
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)
fields = st.dictionaries(
    st.sampled_from(["id", "done", "error", "text", "progress", "read", "of", "code", "tokens"]), anything, max_size=4
)
NESTED = b'{"id": 1, "done": ' + b"[" * 10_000
lines = st.one_of(
    st.binary(max_size=40),
    anything.map(json.dumps).map(str.encode),
    fields.map(json.dumps).map(str.encode),
    st.just(NESTED),
)


class Tape:
    """A child that plays a recording: a part of it for each request, and then it ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def record(self, *parts: bytes) -> tuple[str, ...]:
        """The command of a child that answers its first requests so."""
        for old in self._folder.iterdir():
            old.unlink()
        for number, part in enumerate(parts):
            (self._folder / f"{number:02}").write_bytes(part)
        player = 'exec <"/dev/fd/$1" >"/dev/fd/$2"; for n in "$0"/*; do read -r line; cat "$n"; done'
        return ("sh", "-c", player, str(self._folder))


@pytest.fixture(scope="module")
def tape() -> Iterator[Tape]:
    with tempfile.TemporaryDirectory() as folder:
        yield Tape(Path(folder))


@settings(max_examples=60)
@given(st.lists(lines, max_size=4))
@example([b'{"id": 1, "done": {}}'])
@example([NESTED])
@example([b"[]", b'{"id": 1, "done": {}}'])
@example([b'{"id": 1, "done": 5}'])
@example([b'{"id": [], "text": "a"}'])
@example([b'{"id": 1, "text": "a", "done": {}}'])
def test_every_call_is_settled_whatever_the_child_writes(tape: Tape, written: list[bytes]) -> None:
    child = Child(tape.record(b"\n".join(written) + b"\n"), subprocess.DEVNULL)
    call = child.open_call()
    child.ask(call, "hello")
    assert call.settled.wait(PATIENCE)
    while not call.replies.empty():
        reply = call.replies.get()
        assert reply is None or len({"text", "progress", "read", "done", "error"} & set(reply)) == 1
    child.close()
    assert not child.alive


LEGAL: tuple[dict[str, Any], ...] = (
    {"id": 1, "done": {"version": "0.3.36"}},
    {"id": 2, "progress": 0.5},
    {"id": 2, "done": {"context": 512, "parameters": 7, "step": 0.01}},
    {"id": 3, "text": "one two"},
    {"id": 3, "done": {"reason": "stop", "prompt_tokens": 3, "cached_tokens": 0, "reply_tokens": 2}},
)


@st.composite
def nearly_legal(draw: st.DrawFn) -> list[bytes]:
    """The lines of a load and a reply, with a value, a key or a byte of one of them changed."""
    said = [json.loads(json.dumps(line)) for line in LEGAL]
    chosen = draw(st.integers(0, len(said) - 1))
    inner = next((value for value in said[chosen].values() if isinstance(value, dict)), said[chosen])
    where = draw(st.sampled_from([said[chosen], inner]))
    key = draw(st.sampled_from(sorted(where)))
    match draw(st.sampled_from(["value", "without", "more", "byte"])):
        case "value":
            where[key] = draw(anything)
        case "without":
            del where[key]
        case "more":
            where[draw(st.sampled_from(["text", "done", "error", "tokens", "read"]))] = draw(anything)
        case _:
            raw = bytearray(json.dumps(said[chosen]).encode())
            raw[draw(st.integers(0, len(raw) - 1))] = draw(st.integers(0, 255))
            return [bytes(raw) if n == chosen else json.dumps(line).encode() for n, line in enumerate(said)]
    return [json.dumps(line).encode() for line in said]


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(nearly_legal())
@example([json.dumps(line).encode() for line in LEGAL])
def test_a_reply_ends_or_is_an_error_of_the_engine_whatever_the_child_answers(
    tiny_model: Path, tape: Tape, said: list[bytes]
) -> None:
    legal = said == [json.dumps(line).encode() for line in LEGAL]
    hello, loading, loaded, text, done = (line + b"\n" for line in said)
    command = tape.record(hello, loading + loaded, text + done)
    engine = LlamaEngine(tiny_model, worker_command=command, patience=0.01, memory=lambda: None)
    got: queue.Queue[str] = queue.Queue()

    def talk() -> None:
        try:
            items = list(engine.stream([Message("user", "hello")], Sampling()))
            assert all(isinstance(item, Piece) for item in items[:-1])
            assert isinstance(items[-1], Finish)
            got.put("ended")
        except EngineError as error:
            got.put(str(error))
        except BaseException as error:
            got.put(f"raised {error!r}")
            raise

    talking = threading.Thread(target=talk, daemon=True)
    talking.start()
    try:
        outcome = got.get(timeout=PATIENCE if legal else 0.05)
    except queue.Empty:  # an answer that never comes is waited for until the person stops it
        engine.cancel()
        outcome = got.get(timeout=PATIENCE)
    assert not outcome.startswith("raised")
    assert outcome == "ended" or not legal
    engine.close()


@settings(max_examples=15)
@given(st.lists(lines, max_size=3).map(b"\n".join))
@example(b"[]\n")
@example(NESTED)
@example(b'{"op": "cancel"}')
@example(b'{"op": "stream", "id": 1}')
def test_a_worker_that_is_asked_nonsense_answers_or_ends(raw: bytes) -> None:
    requests_out, requests_in = os.pipe()
    replies_out, replies_in = os.pipe()
    worker = subprocess.Popen(
        [sys.executable, "-m", "companion.engine.worker", str(requests_out), str(replies_in)],
        stderr=subprocess.DEVNULL,
        pass_fds=(requests_out, replies_in),
    )
    os.close(requests_out)
    os.close(replies_in)
    os.write(requests_in, raw + b"\n")
    if raw.startswith((b"[]", NESTED[:9], b'{"op": "cancel"}')):
        worker.wait(PATIENCE)  # though its pipe is open: it could never hear anything again
    os.close(requests_in)
    worker.wait(PATIENCE)
    with os.fdopen(replies_out, "rb") as replies:
        for line in replies.read().splitlines():
            assert set(json.loads(line)) & {"done", "error"}
