"""Replies tagged by many processes, here or on a Ray cluster: the encoder as a stage of Ray Data.

Replies are read, and what comes back is counted or written, where the command was given; only the tagging, which is
nearly all of the work, is done elsewhere. Chunks are those of a single process, because the last digits of a score
depend on what is tagged beside it: the output is the same to the byte. A worker that dies is started again, and its
chunk is tagged again.

Only this module imports ray.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from companion.encoder import CARD, Encoder
from companion.errors import CompanionError, UsageError
from companion.tagging import EncoderTagger, Replies, Scores, Tagger
from planner.tactics import Tactic

ADDRESS = "RAY_ADDRESS"
"""The variable by which Ray finds a cluster that is there; without it one is started on this machine."""
WINDOW = 128
"""Chunks for each worker that are held at once."""
OBJECT_STORE = 200 << 20
"""Bytes of memory that the workers of this machine share."""

Maker = Callable[[], Tagger]
"""Makes the tagger of a worker, in the worker."""


def cluster_address() -> str | None:
    """The cluster that is used, None for one of this machine that ends with the command."""
    return os.environ.get(ADDRESS) or None


@contextmanager
def workers(count: int | None, encoder: Encoder) -> Iterator[RayTagger]:
    """A tagger with this many workers, by default one for each core. Raises CompanionError, UsageError."""
    if find_spec("ray") is None or find_spec("pyarrow") is None:
        raise CompanionError('--engine ray needs more packages: pip install "companion-chat[scale]".')
    with TemporaryDirectory(prefix="companion-ray-", ignore_cleanup_errors=True) as folder:
        cores = _start(count, Path(folder))
        import ray

        try:
            if count is not None and count > cores:
                raise UsageError(f"The cluster has {cores} cores, so there can be no {count} workers.")
            card = (encoder.folder / CARD).read_bytes()
            yield RayTagger(partial(tagger_of, str(encoder.folder), card), count or cores)
        finally:
            ray.shutdown()


def _start(count: int | None, folder: Path) -> int:
    """Starts Ray, without its page and its reports, or goes to the cluster that is there; the number of cores.

    Once in a process: Ray looks at its switches when it is imported.
    """
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    local: dict[str, Any] = {}
    if cluster_address() is None:
        # A token of this run, so that nobody else on the network or the machine may talk to the workers.
        token = folder / "token"
        token.touch(0o600)
        token.write_text(secrets.token_hex(32), encoding="ascii")
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token)}
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # this machine by itself: listens at 127.0.0.1
        local = {"address": "local", "num_cpus": count, "object_store_memory": OBJECT_STORE, "_temp_dir": str(folder)}
    import ray
    import ray.data

    logging.getLogger("ray.data").setLevel(logging.ERROR)
    try:
        with _without_standard_error():
            ray.init(include_dashboard=False if local else None, log_to_driver=False, logging_level="ERROR", **local)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        raise CompanionError(f"Ray does not start: {_first_line(error)}") from None
    ray._private.worker._worker_logs_enabled = False  # "a worker died" would stand among the rows
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.execution_options.preserve_order = True
    return int(ray.cluster_resources().get("CPU", 1))


@contextmanager
def _without_standard_error() -> Iterator[None]:
    """For what the native half of Ray says of its own start; errors come as exceptions."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


class RayTagger:
    """The encoder of every worker, behind the `Tagger` interface."""

    name = EncoderTagger.name

    def __init__(self, make: Maker, count: int) -> None:
        self._make, self._count = make, count

    def tag(self, sentences: Sequence[str]) -> list[dict[Tactic, float]]:
        return self.tag_replies([sentences])[0] if sentences else []

    def tag_replies(self, replies: Replies) -> list[Scores]:
        return next(self.tag_chunks([replies]))

    def tag_chunks(self, chunks: Iterable[Replies]) -> Iterator[list[Scores]]:
        """The scores of each chunk, in order; a window of chunks is on its way at once."""
        waiting = iter(chunks)
        while window := list(islice(waiting, WINDOW * self._count)):
            found = self._tagged([chunk for chunk in window if chunk])
            yield from (next(found) if chunk else [] for chunk in window)

    def _tagged(self, window: Sequence[Replies]) -> Iterator[list[Scores]]:
        if not window:
            return
        import ray
        import ray.data

        rows = [{"number": number, "replies": json.dumps(replies)} for number, replies in enumerate(window)]
        data = ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
            Stage, fn_constructor_args=(self._make,), batch_size=1, batch_format="numpy",
            compute=ray.data.ActorPoolStrategy(size=min(self._count, len(rows))), num_cpus=1,
        )  # fmt: skip
        number = -1
        try:
            for number, row in enumerate(data.iter_rows()):
                if row["number"] != number:
                    raise CompanionError(
                        f"Ray gave chunk {row['number']} in the place of {number}; nothing is certain."
                    )
                yield [[_scores(sentence) for sentence in reply] for reply in json.loads(row["scores"])]
        except (ray.exceptions.RayError, ray.data.exceptions.RayDataUserCodeException) as error:
            raise CompanionError(f"The workers cannot go on: {_first_line(error)}") from None
        if number + 1 != len(rows):
            raise CompanionError(f"Of {len(rows)} chunks only {number + 1} came back.")


class Stage:
    """In a worker: a batch of chunks, as JSON, tagged by one encoder."""

    def __init__(self, make: Maker) -> None:
        self._tagger = make()

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        tagged = [self._tagger.tag_replies(json.loads(replies)) for replies in batch["replies"]]
        return {"number": batch["number"], "scores": [json.dumps(each) for each in tagged]}


def tagger_of(folder: str, card: bytes) -> Tagger:
    """The encoder of a worker's machine, in the same folder or where it ships. Raises CompanionError for another."""
    encoder = Encoder(Path(folder) if Path(folder).is_dir() else None, threads=1)
    encoder.check()
    if (encoder.folder / CARD).read_bytes() != card:
        raise CompanionError("A worker has another encoder; install the same version everywhere.")
    return EncoderTagger(encoder)


def _scores(sentence: dict[str, float]) -> dict[Tactic, float]:
    return {Tactic(name): score for name, score in sentence.items()}


def _first_line(error: BaseException) -> str:
    cause = error
    while isinstance(inner := getattr(cause, "cause", None) or cause.__cause__, BaseException):
        cause = inner
    return (str(cause).strip().splitlines() or [type(cause).__name__])[0].rstrip(".") + "."
