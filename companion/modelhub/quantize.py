"""A GGUF file with fewer bits a weight: smaller, faster, and a little less the model that it was.

llama.cpp does the work, in a child process: what crashes there is a sentence here, and stopping is killing the child.
"""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from companion.engine import failures
from companion.engine.child import Child
from companion.engine.client import TICK, WORKER
from companion.engine.gguf_file import Header
from companion.engine.model_file import check_model_file, in_words
from companion.engine.protocol import EngineCancelled, EngineError
from companion.errors import CompanionError, UsageError

KINDS: Mapping[str, float] = {
    "q2_k": 3.6,
    "q3_k_m": 4.3,
    "q4_0": 4.9,
    "q4_k_s": 4.9,
    "q4_k_m": 5.1,
    "q5_k_s": 5.7,
    "q5_k_m": 5.8,
    "q6_k": 6.6,
    "q8_0": 8.5,
}
"""Bits a weight, over all tensors of a model of Qwen3-1.7B's shape, as llama.cpp reckons them."""
DEFAULT = "q4_k_m"

Progress = Callable[[int, int], None]
"""Called now and then with the number of the tensor that is begun, and of all."""


def quantize(
    source: Path,
    out: Path,
    *,
    kind: str = DEFAULT,
    progress: Progress | None = None,
    stopped: Callable[[], bool] = lambda: False,
    command: Sequence[str] = WORKER,
) -> Path:
    """Write the GGUF `source` (F16, BF16 or F32) to `out` with fewer bits, whole or not at all; returns `out`.

    Raises UsageError for a kind that is not known or a file onto itself, EngineError for a file that llama.cpp cannot
    quantise, CompanionError where the disk is too full or `out` cannot be written, EngineCancelled once `stopped` says
    so. Ctrl-C stops as well, and nothing is left behind.
    """
    kind = kind.lower()
    if kind not in KINDS:
        raise UsageError(f"There is no kind {kind!r}; choose one of {', '.join(KINDS)}.")
    header = check_model_file(source)
    if header.is_adapter:
        raise UsageError(f"{source.name} is an adapter, which is small already: quantise the model it belongs to.")
    if out.exists() and out.samefile(source):
        raise UsageError(f"{out} is what is read; name another file.")
    partial = out.with_name(f"{out.name}.partial")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _check_room(out.parent, header, kind)
        _in_child(source, partial, kind, progress or (lambda *_: None), stopped, command)
        partial.replace(out)
    except OSError as error:
        raise CompanionError(f"{out} cannot be written: {error.strerror or error}.") from None
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()
    return out


def expected_size(parameters: int, kind: str) -> int:
    """Bytes, about, that a model of so many parameters takes."""
    return int(parameters * KINDS[kind] / 8)


def _check_room(folder: Path, header: Header, kind: str) -> None:
    needed, free = expected_size(header.parameters, kind), shutil.disk_usage(folder).free
    if free < needed:
        raise CompanionError(
            f"The file will take about {in_words(needed)} and {in_words(free)} are free in {folder}: "
            "make room, or choose another place with -o."
        )


def _in_child(
    source: Path,
    target: Path,
    kind: str,
    progress: Progress,
    stopped: Callable[[], bool],
    command: Sequence[str],
) -> None:
    with tempfile.TemporaryFile() as log:
        try:
            child = Child(command, log.fileno())
        except OSError as error:
            raise EngineError(f"The model process cannot be started ({error}).") from None
        with contextlib.closing(child):
            threads = os.cpu_count() or 1
            alive = _ask(child, source, progress, stopped, "hello") and _ask(
                child, source, progress, stopped, "quantize",
                path=str(source.absolute()), target=str(target.absolute()), kind=kind, threads=threads,
            )  # fmt: skip
        if not alive:
            log.seek(0)
            words = log.read().decode("utf-8", "replace")
            raise failures.from_death(child, source, words, doing="quantising")


def _ask(
    child: Child, source: Path, progress: Progress, stopped: Callable[[], bool], op: str, **fields: object
) -> bool:
    """Whether the child lived to answer. Raises EngineError for what it answers, EngineCancelled."""
    call = child.open_call()
    child.ask(call, op, **fields)
    while True:
        if stopped():
            raise EngineCancelled
        try:
            reply = call.replies.get(timeout=TICK)
        except queue.Empty:
            continue
        match reply:
            case None:
                return False
            case {"done": _}:
                return True
            case {"error": error}:
                raise failures.from_reply(error, source)
            case {"read": begun, "of": whole}:
                progress(begun, whole)
