"""`LlamaEngine`: llama.cpp in a child process, behind the `Engine` protocol. Nothing here imports llama_cpp.

A child, because loading redirects the process's own terminal descriptors, and a native crash must become a
sentence and not the end of the program. What the child was told, the next child can be told again: it holds
no state of value.
"""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

from companion.engine import failures
from companion.engine.adapter import Adapter, check_no_adapter
from companion.engine.child import Call, Child, Reply
from companion.engine.child_log import ChildLog
from companion.engine.gguf_file import Header
from companion.engine.model_file import (
    available_memory,
    check_memory,
    check_model_file,
    check_sha256,
    needed_memory,
)
from companion.engine.profile import Profile, guess
from companion.engine.protocol import (
    Branches,
    Continuation,
    EngineCancelled,
    EngineDied,
    EngineError,
    EngineInfo,
    Finish,
    FinishReason,
    LoadProgress,
    Message,
    Piece,
    ReadProgress,
    Sampling,
    Thinking,
    check_count,
)
from companion.engine.remembered import Remembered, model_key
from companion.engine.template import render
from companion.modelhub.memory import context_for
from planner.layouts import Layout, begun

WORKER = (sys.executable, "-m", "companion.engine.worker")
PATIENCE = 2.0  # seconds that a cancelled child has before it is killed
TICK = 0.1  # seconds between reports of progress while the library says nothing

Progress = Callable[[LoadProgress], None]
Fact = TypeVar("Fact")


class LlamaEngine:
    """A GGUF file that can be talked to."""

    address = None

    def __init__(
        self,
        path: Path,
        *,
        profile: Profile | None = None,
        adapter: Adapter | None = None,
        layout: Layout | None = None,
        sha256: str = "",
        state_dir: Path | None = None,
        context: int | None = None,
        threads: int | None = None,
        gpu_layers: int | None = None,
        think: bool = False,
        sampling: Mapping[str, Any] | None = None,
        worker_command: Sequence[str] = WORKER,
        memory: Callable[[], int | None] = available_memory,
        patience: float = PATIENCE,
    ) -> None:
        """`profile` None is guessed from the file, for at most `context` tokens and the `layout`, if one is given.

        `context` None is chosen by memory. A file that has another hash than `sha256`, if one is given, is not loaded.
        `threads` None is one for each core that is free, `gpu_layers` None is all of them where the library can use a
        graphics card. It is to `think` if it can. `sampling` is what is recommended beyond the file. `state_dir` holds
        the child's log and what is remembered about models; without it neither is kept.
        """
        self.path = Path(path).expanduser().absolute()
        self._given_profile = profile
        self._adapter = adapter
        self._layout = layout
        self._sha256 = sha256
        self._log = ChildLog(state_dir / "engine.log" if state_dir else None)
        self._context = context
        self._threads, self._gpu_layers = threads, gpu_layers
        self._think, self._advice = think, dict(sampling or {})
        self._command = tuple(worker_command)
        self._memory = memory
        self._patience = patience
        self._plain_weights = Remembered(state_dir / "engine.json" if state_dir else None, "plain_weights")
        self._hashes = Remembered(state_dir / "hashes.json" if state_dir else None, "hashes")
        self._child: Child | None = None
        self._call: Call | None = None
        self._loaded: tuple[EngineInfo, Profile] | None = None
        self._lock = threading.Lock()
        self._cancelled = False
        self._closed = False

    # -- the protocol ---------------------------------------------------------------------------------------

    def load(self, progress: Progress | None = None) -> EngineInfo:
        self._begin()
        return self._ready(progress)[0]

    def count_tokens(self, messages: Sequence[Message]) -> int:
        self._begin()
        _, profile = self._ready()
        reply = self._next(self._ask("count", parts=render(messages, profile)))
        with _understood():
            return int(reply["done"]["tokens"])

    def prefill(self, messages: Sequence[Message], progress: ReadProgress | None = None) -> int:
        self._begin()
        try:
            _, profile = self._ready()
            call = self._ask("prefill", parts=render(messages, profile, ahead=True))
            while True:
                match self._next(call):
                    case {"read": read, "of": whole}:
                        if progress:
                            progress(read, whole)
                    case {"done": outcome}:
                        with _understood():
                            return int(outcome["tokens"])
        except EngineCancelled:
            return 0

    def stream(self, messages: Sequence[Message], sampling: Sampling) -> Iterator[Piece | Thinking | Finish]:
        self._begin()  # at once, so that a cancel between this call and the first piece counts
        return self._stream(tuple(messages), sampling)

    def branch(self, messages: Sequence[Message], sampling: Sampling, count: int, *, limit: int = 64) -> Branches:
        check_count(count)
        self._begin()
        started = time.monotonic()
        try:
            _, profile = self._ready()
            bounds = {"count": count, "limit": limit}
            call = self._ask("branch", parts=render(messages, profile), sampling=asdict(sampling), **bounds)
            offer = self._next(call).get("done", {})
        except EngineCancelled:
            offer = {"continuations": [], "prompt_tokens": 0, "cached_tokens": 0, "steps": 0, "decode_ms": 0.0}
        total_ms = (time.monotonic() - started) * 1000
        cancelled = self._cancelled  # also where the cancel came too late to shorten anything
        with _understood():
            return Branches(
                continuations=() if cancelled else tuple(Continuation(**way) for way in offer["continuations"]),
                prompt_tokens=offer["prompt_tokens"],
                cached_tokens=offer["cached_tokens"],
                first_ms=total_ms - offer["decode_ms"],
                total_ms=total_ms,
                cancelled=cancelled,
                steps=offer["steps"],
            )

    def cancel(self) -> None:
        with self._lock:
            if self._cancelled:
                return
            self._cancelled = True
            child, call = self._child, self._call
        self._stop(child, call)

    def close(self) -> None:
        with self._lock:
            self._closed = self._cancelled = True
            child, self._child = self._child, None
        if child:
            child.close()

    @property
    def profile(self) -> Profile | None:
        """How the model is talked to; None before it is loaded, unless it was given."""
        return self._loaded[1] if self._loaded else self._given_profile

    @property
    def pid(self) -> int | None:
        """The model process, while there is one."""
        child = self._child
        return child.pid if child and child.alive else None

    # -- a call ---------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        with self._lock:
            if self._closed:
                raise EngineError("The engine is closed.")
            self._cancelled = False

    def _stop(self, child: Child | None, call: Call | None) -> None:
        """The call settles soon after, at the latest when the child is killed."""
        if child and call and not call.settled.is_set():
            child.stop(call, self._patience)

    def _stream(self, messages: tuple[Message, ...], sampling: Sampling) -> Iterator[Piece | Thinking | Finish]:
        started = time.monotonic()
        first_ms: float | None = None

        def finish(
            reason: FinishReason, prompt_tokens: int = 0, cached_tokens: int = 0, reply_tokens: int = 0
        ) -> Finish:
            total_ms = (time.monotonic() - started) * 1000
            first = total_ms if first_ms is None else first_ms
            return Finish(reason, prompt_tokens, cached_tokens, reply_tokens, first, total_ms)

        call: Call | None = None
        try:
            _, profile = self._ready()
            think = profile.thinks and sampling.think_tokens > 0 and not begun(messages)
            sampling = replace(sampling, think_tokens=sampling.think_tokens if think else 0)
            call = self._ask("stream", parts=render(messages, profile, think=think), sampling=asdict(sampling))
            while True:
                match self._next(call):
                    case {"text": text}:
                        first_ms = first_ms or (time.monotonic() - started) * 1000
                        yield Piece(text)
                    case {"thought": text}:
                        yield Thinking(text)
                    case {"done": outcome}:
                        with _understood():
                            ended = finish(**outcome)
                        yield ended
                        return
        except EngineCancelled:
            yield finish("cancelled")
        finally:
            self._stop(self._child, call)  # where the reader walked away in mid-reply

    def _ask(self, op: str, **fields: object) -> Call:
        """Raises EngineCancelled where the call was cancelled before it came this far."""
        with self._lock:
            child = self._child
            if self._cancelled or child is None:
                raise EngineCancelled
            self._call = call = child.open_call()
        child.ask(call, op, **fields)
        return call

    def _next(self, call: Call, timeout: float | None = None) -> Reply:
        """The next reply that is not an error. Raises queue.Empty after `timeout` seconds."""
        reply = call.replies.get(timeout=timeout)
        if reply is None:
            raise self._death()
        if "error" in reply:
            with _understood():
                failure = failures.from_reply(reply["error"], self.path)
            raise failure
        return reply

    def _death(self) -> EngineError:
        """A child that was killed on purpose has been cancelled; the next call starts another in any case."""
        with self._lock:
            if self._cancelled or self._child is None:
                return EngineCancelled()
            return EngineDied(self._child.how_it_ended)

    # -- loading --------------------------------------------------------------------------------------------

    def _ready(self, progress: Progress | None = None) -> tuple[EngineInfo, Profile]:
        """Starts a child where there is none, or where it has died since the last call."""
        child, call = self._child, self._call
        if child and call:  # a reply that was not read to its end may be in the way
            self._stop(child, call)
            call.settled.wait()
        if self._loaded is None or child is None or not child.alive:
            self._discard()
            self._loaded = self._load(progress or (lambda _: None))
        return self._loaded

    def _load(self, progress: Progress) -> tuple[EngineInfo, Profile]:
        started = time.monotonic()
        header = check_model_file(self.path)
        check_no_adapter(self.path, header)
        if self._adapter:
            self._adapter.check(header)
        size = self._of_file(lambda: self.path.stat().st_size)
        available = self._memory()
        profile = self._profile(header, size, available)
        check_memory(self.path.name, needed_memory(header, size, profile.context), available)

        def report(fraction: float | None) -> None:
            progress(LoadProgress(fraction, time.monotonic() - started, size))

        if self._sha256:
            self._of_file(lambda: check_sha256(self.path, self._sha256, self._hashes, self._still_wanted))
        try:
            facts = self._start(profile, report)
        except EngineDied:
            error = self._why_it_died()
            self._discard()
            raise error from None
        except BaseException:
            self._discard()
            raise
        seconds = time.monotonic() - started
        report(1.0)
        with _understood():
            info = EngineInfo(
                name=header.name,
                path=str(self.path),
                context=int(facts["context"]),
                layout=profile.layout.value,
                parameters=int(facts["parameters"]),
                size=size,
                seconds=seconds,
                sampling=profile.sampling,
                step_seconds=float(facts["step"]),
                threads=int(facts.get("threads", 0)),
                gpu=bool(facts.get("gpu")),
                plain_weights=bool(facts.get("plain_weights")),
                can_think=profile.thinks or profile.empty_think,
                thinks=profile.thinks,
            )
        return info, profile

    def _profile(self, header: Header, size: int, available: int | None) -> Profile:
        if self._given_profile:
            return self._given_profile
        limit = self._context or context_for(size, header.cache_bytes, header.context, available)
        found = guess(header, limit, self._layout, think=self._think)
        return replace(found, sampling=replace(found.sampling, **self._advice))

    def _start(self, profile: Profile, report: Callable[[float | None], None]) -> dict[str, Any]:
        """A child that has loaded the model and passed its self-test; a crash is answered by one more try."""

        def load(*, extra_buffers: bool) -> dict[str, Any]:
            call = self._ask(
                "load",
                path=str(self.path),
                context=profile.context,
                threads=self._threads,
                gpu_layers=self._gpu_layers,
                adapter=str(self._adapter.path) if self._adapter else None,
                scale=self._adapter.scale if self._adapter else 0.0,
                extra_buffers=extra_buffers,
            )
            return self._await(call, report) | {"plain_weights": not extra_buffers}

        self._spawn()
        hello = self._await(self._ask("hello"), report)
        with _understood():
            library = str(hello["version"])
        key = self._of_file(lambda: model_key(self.path, library))
        if key in self._plain_weights:
            return load(extra_buffers=False)
        try:
            return load(extra_buffers=True)
        except EngineDied:
            if self._child is None or self._child.signal not in failures.CRASHES:
                raise
        self._spawn()
        facts = load(extra_buffers=False)
        self._plain_weights.add(key)
        return facts

    def _still_wanted(self) -> None:
        """Raises EngineCancelled where the call was cancelled."""
        with self._lock:
            if self._cancelled:
                raise EngineCancelled

    def _of_file(self, fact: Callable[[], Fact]) -> Fact:
        """Raises EngineError where the model's file was taken away since it was checked."""
        try:
            return fact()
        except OSError as error:
            raise EngineError(f"{self.path} cannot be read: {error.strerror}.") from None

    def _await(self, call: Call, report: Callable[[float | None], None]) -> dict[str, Any]:
        fraction: float | None = None
        while True:
            report(fraction)
            try:
                reply = self._next(call, timeout=TICK)
            except queue.Empty:
                continue
            if "done" in reply:
                return dict(reply["done"])
            fraction = reply.get("progress")

    def _spawn(self) -> None:
        log = self._log.open()
        try:
            child = Child(self._command, log)
        except OSError as error:
            raise EngineError(f"The model process cannot be started ({error}).") from None
        finally:
            if log >= 0:
                os.close(log)
        with self._lock:
            self._child = child
            closed = self._closed
        if closed:
            child.close()

    def _discard(self) -> None:
        with self._lock:
            child, self._child, self._loaded = self._child, None, None
        if child:
            child.close()

    def _why_it_died(self) -> EngineError:
        with self._lock:
            child = self._child
        if child is None:
            return EngineCancelled()
        return failures.from_death(child, self.path, self._log.last_words())


@contextlib.contextmanager
def _understood() -> Iterator[None]:
    """Raises EngineError where an answer of the child does not have in it what it should."""
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        raise EngineError(f"The model process gave an answer that makes no sense ({error!r}): try again.") from None
