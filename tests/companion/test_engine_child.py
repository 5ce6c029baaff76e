"""The parent's side of the child process, with a child that misbehaves on cue and needs no llama_cpp."""

from __future__ import annotations

import json
import os
import signal
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from companion.engine.client import LlamaEngine
from companion.engine.protocol import EngineCancelled, EngineDied, EngineError, Finish, Message, Piece, Sampling

HELLO = [Message("user", "hello")]

FAKE_WORKER = """
import json, os, signal, sys, time

behaviour, record, requests, replies = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
replies = os.fdopen(replies, "wb", buffering=0)

def send(request, **reply):
    replies.write(json.dumps({"id": request["id"], **reply}).encode() + b"\\n")

for line in os.fdopen(requests, "rb"):
    request = json.loads(line)
    with open(record, "a") as file:
        file.write(json.dumps(request) + "\\n")
    match request["op"], behaviour:
        case "hello", "missing" | "broken" | "version":
            send(request, error={"code": behaviour, "detail": "0.2.1"})
        case "hello", "noisy":
            print("noise on 1", flush=True)
            print("noise on 2", file=sys.stderr, flush=True)
            send(request, done={"version": "0.3.36"})
        case "hello", _:
            send(request, done={"version": "0.3.36"})
        case "load", "crashes with extra buffers" if request["extra_buffers"]:
            os.kill(os.getpid(), signal.SIGSEGV)
        case "load", "crashes":
            os.kill(os.getpid(), signal.SIGILL)
        case "load", "is killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "load", "gives up":
            sys.exit(3)
        case "load", "aborts for memory":
            print("terminate called after throwing an instance of 'std::bad_alloc'", file=sys.stderr, flush=True)
            os.abort()
        case "load", "hangs while loading":
            signal.pause()
        case "load", "says why not":
            send(request, error={"code": "load", "detail": "unknown model architecture: 'mystery'"})
        case "load", "reads no more once loaded":
            send(request, done={"context": 512, "parameters": 7, "step": 0.01})
            signal.pause()
        case "load", _:
            send(request, progress=0.5)
            send(request, done={"context": 512, "parameters": 7, "step": 0.01})
        case "stream", "hangs in mid-reply":
            send(request, text="one ")
            signal.pause()
        case "stream", "dies in mid-reply":
            send(request, text="one ")
            replies.write(b'{"id": 3, "te')
            os.kill(os.getpid(), signal.SIGKILL)
        case "stream", _:
            send(request, text="one two")
            send(request, done={"reason": "stop", "prompt_tokens": 3, "cached_tokens": 0, "reply_tokens": 2})
        case "cancel", _:
            pass
        case _, "breaks":
            send(request, error={"code": "internal", "detail": "KeyError"})
"""


class Room:
    """Engines whose child behaves as told, and what the children were asked."""

    def __init__(self, model: Path, folder: Path) -> None:
        self.model = model
        self.state = folder / "state"
        self.script = folder / "fake_worker.py"
        self.script.write_text(FAKE_WORKER, encoding="utf-8")
        self.record = folder / "requests.jsonl"
        self.engines: list[LlamaEngine] = []

    def engine(self, behaviour: str, *, patience: float = 30, free: int | None = None) -> LlamaEngine:
        command = (sys.executable, str(self.script), behaviour, str(self.record))
        self.engines.append(
            LlamaEngine(
                self.model,
                state_dir=self.state,
                worker_command=command,
                patience=patience,
                memory=lambda: free,
            )
        )
        return self.engines[-1]

    def loads(self) -> list[bool]:
        """Whether each load so far was with extra buffers."""
        requests = [json.loads(line) for line in self.record.read_text(encoding="utf-8").splitlines()]
        return [request["extra_buffers"] for request in requests if request["op"] == "load"]


@pytest.fixture
def room(tiny_model: Path, tmp_path: Path) -> Iterator[Room]:
    room = Room(tiny_model, tmp_path)
    yield room
    for engine in room.engines:
        engine.close()


def test_a_model_that_crashes_with_extra_buffers_is_loaded_without_and_this_is_remembered(room: Room) -> None:
    assert room.engine("crashes with extra buffers").load().context == 512
    assert room.loads() == [True, False]
    room.engine("crashes with extra buffers").load()
    assert room.loads() == [True, False, False]


def test_what_is_remembered_of_a_file_does_not_hold_for_a_changed_one(room: Room, tmp_path: Path) -> None:
    copy = tmp_path / "copy.gguf"
    copy.write_bytes(room.model.read_bytes())
    room.model = copy
    room.engine("crashes with extra buffers").load()
    os.utime(copy, (1, 1))
    room.engine("crashes with extra buffers").load()
    assert room.loads() == [True, False, True, False]


def test_a_model_that_crashes_either_way_is_one_sentence(room: Room) -> None:
    with pytest.raises(EngineError, match=r"crashes on this machine with tiny\.gguf \(signal 4\)"):
        room.engine("crashes").load()
    assert room.loads() == [True, False]
    assert not (room.state / "engine.json").exists()


@pytest.mark.parametrize("behaviour", ["is killed", "aborts for memory"])
def test_a_child_that_is_killed_while_loading_probably_had_too_little_memory(room: Room, behaviour: str) -> None:
    with pytest.raises(EngineError, match=r"not enough memory to load tiny\.gguf \(24\d kB\)"):
        room.engine(behaviour).load()


def test_a_child_that_gives_up_is_reported_with_its_exit_status(room: Room) -> None:
    with pytest.raises(EngineError, match="exit status 3"):
        room.engine("gives up").load()


@pytest.mark.parametrize(
    ("behaviour", "sentence"),
    [
        ("missing", "llama-cpp-python is not installed .* `make install` .*companion-chat\\[llama\\]"),
        ("broken", "cannot be used .* `make install`"),
        ("version", r"llama-cpp-python 0\.2\.1 is installed.* 0\.3\.36"),
        ("says why not", "architecture 'mystery'"),
    ],
)
def test_what_the_child_reports_becomes_a_sentence_with_the_remedy(room: Room, behaviour: str, sentence: str) -> None:
    with pytest.raises(EngineError, match=sentence):
        room.engine(behaviour).load()


def test_a_failed_load_can_be_tried_again(room: Room) -> None:
    engine = room.engine("says why not")
    for _ in range(2):
        with pytest.raises(EngineError, match="mystery"):
            engine.load()


def test_a_child_that_ignores_a_cancel_is_killed_and_the_reply_ends_as_cancelled(room: Room) -> None:
    engine = room.engine("hangs in mid-reply", patience=0.05)
    stream = engine.stream(HELLO, Sampling())
    assert next(stream) == Piece("one ")
    first = engine.pid
    engine.cancel()
    (finish,) = stream
    assert isinstance(finish, Finish)
    assert finish.reason == "cancelled"
    assert next(engine.stream(HELLO, Sampling())) == Piece("one ")
    assert engine.pid != first


def test_a_load_can_be_cancelled_though_the_child_hangs(room: Room) -> None:
    engine = room.engine("hangs while loading", patience=0.05)
    with pytest.raises(EngineCancelled):
        engine.load(lambda progress: engine.cancel())


def test_a_reply_that_nobody_reads_on_and_a_child_that_hangs_do_not_disturb_the_next(room: Room) -> None:
    engine = room.engine("hangs in mid-reply", patience=0.05)
    abandoned = engine.stream(HELLO, Sampling())
    next(abandoned)
    assert next(engine.stream(HELLO, Sampling())) == Piece("one ")


def test_a_request_that_fills_the_pipe_to_a_hanging_child_can_be_cancelled(room: Room) -> None:
    engine = room.engine("reads no more once loaded", patience=0.05)
    engine.load()
    threading.Timer(0.1, engine.cancel).start()
    (finish,) = engine.stream([Message("user", "x" * 1_000_000)], Sampling())
    assert isinstance(finish, Finish)
    assert finish.reason == "cancelled"


def test_a_child_that_dies_in_mid_reply_is_one_sentence_and_the_next_call_starts_another(room: Room) -> None:
    engine = room.engine("dies in mid-reply")
    for _ in range(2):
        stream = engine.stream(HELLO, Sampling())
        assert next(stream) == Piece("one ")
        with pytest.raises(EngineDied, match=r"signal 9\). Your conversation is saved; the next message starts"):
            next(stream)
    assert len(room.loads()) == 2


def test_an_error_inside_the_child_does_not_end_it(room: Room) -> None:
    engine = room.engine("breaks")
    with pytest.raises(EngineError, match="KeyError"):
        engine.count_tokens(HELLO)
    assert next(engine.stream(HELLO, Sampling())) == Piece("one two")
    assert len(room.loads()) == 1


def test_what_the_child_prints_goes_to_a_private_log_and_not_to_the_terminal(
    room: Room, capfd: pytest.CaptureFixture[str]
) -> None:
    room.engine("noisy").load()
    log = room.state / "engine.log"
    assert log.read_text(encoding="utf-8") == "noise on 1\nnoise on 2\n"
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert stat.S_IMODE(room.state.stat().st_mode) == 0o700
    assert capfd.readouterr() == ("", "")


def test_too_little_memory_is_told_before_a_child_is_started(room: Room) -> None:
    with pytest.raises(EngineError, match=r"tiny\.gguf needs about 121 MB of memory and 50 MB are free"):
        room.engine("plain", free=50_000_000).load()
    assert not room.record.exists()


def test_a_program_that_cannot_be_started_is_a_sentence(tiny_model: Path, tmp_path: Path) -> None:
    engine = LlamaEngine(tiny_model, worker_command=[str(tmp_path / "no such program")])
    with pytest.raises(EngineError, match="cannot be started"):
        engine.load()


def test_the_child_is_not_in_the_group_that_a_terminal_interrupts(room: Room) -> None:
    engine = room.engine("plain")
    engine.load()
    assert engine.pid is not None
    assert os.getsid(engine.pid) == engine.pid


def test_closing_ends_the_child(room: Room) -> None:
    engine = room.engine("hangs in mid-reply")
    next(engine.stream(HELLO, Sampling()))
    pid = engine.pid
    assert pid is not None
    engine.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)
