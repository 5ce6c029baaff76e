"""The child process: `python -m companion.engine.worker REQUESTS REPLIES`, two inherited pipe descriptors.

One JSON object a line. A request has an `op` and an `id`; every reply carries that id, and the last one has
`done` or `error`. Descriptors 1 and 2 are the log file before this module runs: the parent opens it, nothing
is redirected here, and no text of a conversation is ever written to it.
"""

from __future__ import annotations

import faulthandler
import json
import os
import sys
import time
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from companion.engine.cores import Cores
from companion.engine.inbox import Inbox
from companion.engine.protocol import Sampling

if TYPE_CHECKING:
    from companion.engine.speaker import Speaker

OLDEST, TOO_NEW = (0, 3, 36), (0, 4)
"""The releases of llama-cpp-python whose struct layouts and signatures this code was tested with."""
PROGRESS_SECONDS = 0.05


class Failure(Exception):
    """A request that failed in a way the parent has a sentence for."""

    def __init__(self, code: str, **details: object) -> None:
        super().__init__(code)
        self.reply = {"code": code, **details}


class Worker:
    """Answers requests one after the other, until the parent is gone."""

    def __init__(self, requests: int, replies: int) -> None:
        self._inbox = Inbox(requests)
        self._replies = os.fdopen(replies, "wb")
        self._speaker: Speaker | None = None
        self._cores = Cores()
        self._threads: int | None = None

    def run(self) -> None:
        while True:
            request = self._inbox.next()
            number = request["id"]
            try:
                self._send(number, done=self._answer(request))
            except Failure as failure:
                self._send(number, error=failure.reply)
            except Exception as error:
                # Only the type and the places: the message of an error may quote the text it was about.
                traceback.print_tb(error.__traceback__)
                print(type(error).__name__, file=sys.stderr, flush=True)
                self._send(number, error={"code": "internal", "detail": type(error).__name__})

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        match request["op"]:
            case "hello":
                return {"version": library_version()}
            case "load":
                self._speaker, facts = self._load(request)
                return facts
            case "quantize":
                return self._quantize(request)
            case op if self._speaker is None:
                raise Failure("internal", detail=f"{op} before load")
            case _:
                return self._speak(self._speaker, request)

    def _speak(self, speaker: Speaker, request: dict[str, Any]) -> dict[str, Any]:
        from companion.engine.probing import probe
        from companion.engine.speaker import TooLong

        speaker.model.use_threads(self._threads or self._cores.free())
        match request["op"]:
            case "tokenize":
                return {"ids": speaker.model.tokenize(request["text"])}
            case "probe":
                return asdict(probe(speaker.model, request["ids"], Path(request["logits"])))
        parts = request["parts"]
        try:
            match request["op"]:
                case "count":
                    return {"tokens": speaker.count(parts)}
                case "prefill":
                    number = request["id"]
                    return {"tokens": speaker.prefill(parts, lambda read, of: self._send(number, read=read, of=of))}
                case "stream":
                    sampling = Sampling(**request["sampling"])
                    number = request["id"]
                    return asdict(
                        speaker.stream(
                            parts,
                            sampling,
                            lambda text: self._send(number, text=text),
                            lambda text: self._send(number, thought=text),
                        )
                    )
                case "branch":
                    sampling = Sampling(**request["sampling"])
                    return asdict(speaker.branch(parts, sampling, request["count"], request["limit"]))
                case op:
                    raise Failure("internal", detail=f"no request is called {op}")
        except TooLong as error:
            raise Failure("full", tokens=error.tokens, context=speaker.model.context) from None

    def _load(self, request: dict[str, Any]) -> tuple[Speaker, dict[str, Any]]:
        from companion.engine.llama import ALL, LlamaModel, LoadFailed, Stopped, complaints
        from companion.engine.speaker import Speaker

        stop = self._inbox.stop
        sent = 0.0

        def progress(fraction: float) -> bool:
            nonlocal sent
            if time.monotonic() - sent >= PROGRESS_SECONDS:
                self._send(request["id"], progress=fraction)
                sent = time.monotonic()
            return not stop.raised

        try:
            model = LlamaModel(
                request["path"],
                context=request["context"],
                extra_buffers=request["extra_buffers"],
                stop=stop,
                progress=progress,
                gpu_layers=ALL if request.get("gpu_layers") is None else request["gpu_layers"],
            )
            if request.get("adapter"):
                model.lay(request["adapter"], request["scale"])
            self._threads = request["threads"]
            threads = self._threads or self._cores.free()
            model.use_threads(threads)
            step = model.self_test()
        except (LoadFailed, Stopped):
            raise Failure("cancelled" if stop.raised else "load", detail="; ".join(complaints)) from None
        facts = {"context": model.context, "parameters": model.parameters, "step": step}
        return Speaker(model), {**facts, "threads": threads, "gpu": model.gpu}

    def _quantize(self, request: dict[str, Any]) -> dict[str, Any]:
        from companion.engine.llama import complaints
        from companion.engine.quantizing import QuantizeFailed, quantize

        def report(begun: int, whole: int) -> None:
            self._send(request["id"], read=begun, of=whole)

        try:
            quantize(request["path"], request["target"], request["kind"], request["threads"], report)
        except QuantizeFailed:
            raise Failure("quantize", detail="; ".join(complaints)) from None
        return {}

    def _send(self, number: int, **reply: object) -> None:
        self._replies.write(json.dumps({"id": number, **reply}).encode() + b"\n")
        self._replies.flush()


def library_version() -> str:
    """The version of llama-cpp-python, which is imported here for the first time, with all that uses it."""
    try:
        import llama_cpp

        import companion.engine.speaker  # noqa: F401
    except ModuleNotFoundError as error:
        raise Failure("missing", detail=str(error)) from None
    except Exception as error:  # a library of another platform, half an installation, a function that is gone
        raise Failure("broken", detail=f"{type(error).__name__}: {error}") from None
    version = str(llama_cpp.__version__)
    if not OLDEST <= tuple(int(number) for number in version.split(".")[:3]) < TOO_NEW:
        raise Failure("version", detail=version)
    return version


if __name__ == "__main__":
    faulthandler.enable()
    Worker(int(sys.argv[1]), int(sys.argv[2])).run()
