"""What went wrong in the child, as the sentence a person reads."""

from __future__ import annotations

import re
import signal
from pathlib import Path
from typing import Any

from companion.engine.child import Child
from companion.engine.model_file import in_words
from companion.engine.protocol import ContextFull, EngineCancelled, EngineError

INSTALL = '`make install` in the source tree, or `pip install "companion-chat[llama]"`'
NO_MEMORY = re.compile(
    r"cannot allocate memory|failed to allocate|unable to allocate|memory allocation still failed|memoryerror"
    r"|bad_alloc|mem_buffer != NULL|failed to map segment|can't start new thread",
    re.I,
)
UNKNOWN_ARCHITECTURE = re.compile(r"unknown model architecture: '([^']*)'")
REQUANTISED = re.compile(r"requantizing from type")
CRASHES = frozenset({signal.SIGSEGV, signal.SIGILL, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE})


def out_of_memory(path: Path) -> EngineError:
    return EngineError(
        f"There was not enough memory to load {_named(path)}: "
        "close other programs, or choose a smaller model (`companion models list`)."
    )


def from_reply(error: dict[str, Any], path: Path) -> EngineError:
    """For an `error` reply of the worker."""
    detail = str(error.get("detail", ""))
    match error["code"]:
        case "full":
            return ContextFull(int(error["tokens"]), int(error["context"]))
        case "cancelled":
            return EngineCancelled()
        case "missing":
            return EngineError(f"llama-cpp-python is not installed ({detail}): install it with {INSTALL}.")
        case "version":
            return EngineError(
                f"llama-cpp-python {detail} is installed, and this program works with 0.3.36 up to 0.4: "
                f"install one of these with {INSTALL}."
            )
        case "load" | "broken" | "internal" if NO_MEMORY.search(detail):
            return out_of_memory(path)
        case "broken":
            return EngineError(f"llama-cpp-python cannot be used ({detail}): install it again with {INSTALL}.")
        case "load" if unknown := UNKNOWN_ARCHITECTURE.search(detail):
            return EngineError(
                f"{path.name} has the architecture {unknown[1]!r}, which this llama.cpp does not know: "
                "choose another model (`companion models list`), or upgrade llama-cpp-python."
            )
        case "load":
            return EngineError(f"{_named(path)} cannot be loaded: {_first_complaint(detail)}.")
        case "quantize" if REQUANTISED.search(detail):
            return EngineError(f"{_named(path)} was quantised already: quantise the 16-bit file it was made of.")
        case "quantize":
            return EngineError(f"{_named(path)} cannot be quantised: {_first_complaint(detail)}.")
        case _:
            return EngineError(f"The model process reported an error it cannot name ({detail}): try again.")


def from_death(child: Child, path: Path, last_words: str, *, doing: str = "loading") -> EngineError:
    """For a child that ended while it was loading, or `doing` else; `last_words` is the end of its log."""
    if child.signal == signal.SIGKILL or NO_MEMORY.search(last_words):
        return out_of_memory(path)
    if child.signal in CRASHES:
        return EngineError(
            f"llama.cpp crashes on this machine with {path.name} ({child.how_it_ended}): "
            f"install llama-cpp-python again with {INSTALL}, and see `companion doctor`."
        )
    return EngineError(f"The model process ended while it was {doing} {path.name} ({child.how_it_ended}).")


def _first_complaint(detail: str) -> str:
    """The library repeats what went wrong on every level it passes; the first line is the cause."""
    return detail.partition("; ")[0].removeprefix("error loading model: ") or "llama.cpp gives no reason"


def _named(path: Path) -> str:
    try:
        return f"{path.name} ({in_words(path.stat().st_size)})"
    except OSError:  # it is gone
        return path.name
