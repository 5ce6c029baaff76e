"""From a catalogue entry to a model that can be talked to: fetch, convert, quantise, check, register.

Everything lies in a folder of its own until it is done, and each step leaves one whole file behind, so that whatever
ends it (Ctrl-C, a crash, a cut connection, a full disk), the next call goes on at the step it was in:

    snapshot.json   what is fetched, and which kind is made of it
    NAME.part       a file on its way, gone on from at its last byte
    f16.gguf        the checkpoint as one file; the checkpoint is deleted once it is there
    model.gguf      what will be registered; moved into the models folder last of all
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from companion import paths
from companion.engine.model_file import PICKLES, check_model_file, in_words
from companion.errors import CompanionError, NotFound, Refused, UsageError
from companion.modelhub import pins, registry
from companion.modelhub.catalogue import Offer
from companion.modelhub.download import RemoteFile, Report, Snapshot, endpoint, fetch, look_up
from companion.modelhub.entry import Entry
from companion.modelhub.pins import Pin
from companion.modelhub.quantize import KINDS

BESIDE_WEIGHTS = (
    "README.md",
    "added_tokens.json",
    "config.json",
    "generation_config.json",
    "merges.txt",
    "model.safetensors.index.json",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.json",
)
"""What a conversion reads, of what is there."""
NOTE = "snapshot.json"
CONVERTED = {"f32": 32.0, "f16": 16.0, "bf16": 16.0, "q8_0": 8.5}
"""Bits a weight of the kinds that a checkpoint is converted to at once; others are quantised from f16."""
BITS = CONVERTED | dict(KINDS)

Progress = Callable[[int, int], None]
"""What is done and all there is to do, in bytes or in tensors."""


class Maker(Protocol):
    """`convert.convert` and `quantize.quantize`: make one file of another, whole or not at all."""

    def __call__(self, source: Path, out: Path, /, *, kind: str, progress: Progress) -> Path: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """What a `get` is going to do. Sizes in bytes."""

    offer: Offer
    kind: str
    snapshot: Snapshot
    """Only the files that are needed."""
    is_gguf: bool
    to_fetch: int
    """Bytes that are still to come."""
    room: int
    """Bytes the disk must still have, at the most."""
    size: int
    """Of the model in the end; where it is made here, about."""

    @property
    def folder(self) -> Path:
        """Where everything lies until it is done."""
        return work_folder(self.offer.name)

    @property
    def target(self) -> Path:
        """Where the model will lie."""
        return paths.user_models() / f"{self.offer.name}.gguf"


def work_folder(name: str) -> Path:
    """What a download of this model has left, if there is one."""
    return paths.user_models() / "downloads" / name


def left_of(name: str) -> int:
    """Bytes that an interrupted `get` of this model has left on the disk."""
    folder = work_folder(name)
    return sum(file.stat().st_size for file in folder.iterdir()) if folder.is_dir() else 0


def give_up(name: str) -> None:
    """Delete them. Raises Refused where another process is at it."""
    folder = work_folder(name)
    if folder.is_dir():
        with _alone(folder):
            shutil.rmtree(folder)


def plan(offer: Offer, kind: str | None = None, revision: str | None = None) -> Plan:
    """What is to be done, found out from the hub; to be called within `download.online`.

    Raises UsageError for a kind that there is not, Refused for a repository of pickles, or whose files have changed
    since its first download, CompanionError for what `look_up` cannot do.
    """
    if not offer.repository:
        raise UsageError(f"{offer.name} came with the program: there is nothing to fetch.")
    pin = None if revision else pins.read(offer.repository)
    found = look_up(offer.repository, revision or (pin.commit if pin else offer.revision))
    files, is_gguf = _needed(found, kind or offer.kind, asked=kind is not None)
    snapshot = Snapshot(found.repository, found.commit, files, found.licence)
    if pin:
        pins.check(offer.repository, pin, _digests(snapshot))
    chosen = (kind or offer.kind).lower()
    if is_gguf:
        chosen = kind_of(files[0].name)
    elif chosen not in BITS:
        raise UsageError(f"There is no kind {chosen!r}; choose one of {', '.join(BITS)}.")
    whole = sum(file.size for file in files)
    size = files[0].size if is_gguf else offer.sizes.get(chosen) or int(whole * BITS[chosen] / 16)
    folder = work_folder(offer.name)
    left = _usable(folder, snapshot, chosen)
    if "model.gguf" in left:
        to_fetch = room = 0
    elif "f16.gguf" in left:
        to_fetch, room = 0, size
    else:
        there = (min(file.size, left.get(file.name, left.get(f"{file.name}.part", 0))) for file in files)
        to_fetch = whole - sum(there)
        room = to_fetch + (0 if is_gguf else size if chosen in CONVERTED else max(whole, size))
    return Plan(offer, chosen, snapshot, is_gguf, to_fetch, room, size)


def carry_out(
    plan: Plan,
    report: Report,
    *,
    convert: Maker,
    quantize: Maker,
    check: Callable[[Path], None],
) -> Entry:
    """Do it, from where it was left; the entry that is registered. To be called within `download.online`.

    Raises Refused where another process is at it, CompanionError where a step cannot be done.
    """
    paths.private_folder(paths.user_models())
    with _alone(plan.folder):
        try:
            return _steps(plan, report, convert, quantize, check)
        except OSError as error:
            if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
                raise
            raise CompanionError(
                f"The disk is full. What is done is kept in {plan.folder}; make room for {in_words(plan.room)} and run "
                "the same command again."
            ) from None


def _steps(plan: Plan, report: Report, convert: Maker, quantize: Maker, check: Callable[[Path], None]) -> Entry:
    offer, snapshot, folder = plan.offer, plan.snapshot, plan.folder
    source = f"{offer.repository}@{snapshot.commit[:12]} {plan.kind}"
    done = registry.registered().get(offer.name)
    if done and (done.path, done.source) == (plan.target, source) and plan.target.exists():
        shutil.rmtree(folder, ignore_errors=True)  # all that was left to do
        return done
    _begin(plan)
    pins.write(offer.repository, Pin(snapshot.commit, _digests(snapshot)))
    made, f16 = folder / "model.gguf", folder / "f16.gguf"
    if not made.exists() and not f16.exists():
        for file in snapshot.files:
            fetch(snapshot, file, folder, report)
    if made.exists():
        pass
    elif plan.is_gguf:
        (folder / snapshot.files[0].name).replace(made)
    elif plan.kind in CONVERTED:
        convert(folder, made, kind=plan.kind, progress=_step("converting", report))
    else:
        if not f16.exists():
            convert(folder, f16, kind="f16", progress=_step("converting", report))
        _delete(folder, *(file.name for file in snapshot.files if file.name.endswith(".safetensors")))
        quantize(f16, made, kind=plan.kind, progress=_step("quantising", report))
    _delete(folder, "f16.gguf")
    check_model_file(made)
    check(made)
    entry = Entry(
        name=offer.name,
        path=plan.target,
        layout=offer.layout,
        think=offer.think,
        sampling=offer.sampling,
        sampling_thinking=offer.sampling_thinking,
        source=source,
        licence=offer.licence or snapshot.licence,
        sha256=sha256_of(made, _step("noting its hash", report)),
    )
    registry.add(entry)
    made.replace(plan.target)
    shutil.rmtree(folder, ignore_errors=True)
    return entry


def sha256_of(path: Path, progress: Progress | None = None) -> str:
    """In hexadecimal, of the whole file."""
    digest, size, done = hashlib.sha256(), path.stat().st_size, 0
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
            done += len(chunk)
            if progress:
                progress(done, size)
    return digest.hexdigest()


def kind_of(name: str) -> str:
    """The kind of weights by a GGUF file's name: Qwen3-4B-Q4_K_M.gguf is q4_k_m."""
    return name.removesuffix(".gguf").rpartition("-")[2].lower()


def _needed(found: Snapshot, kind: str, *, asked: bool) -> tuple[tuple[RemoteFile, ...], bool]:
    """The files to fetch, and whether that is one GGUF file. A checkpoint is taken where there are both."""
    by_name = {file.name: file for file in found.files}
    weights = [file for file in found.files if file.name.endswith(".safetensors")]
    if weights and "config.json" in by_name:
        beside = (by_name[name] for name in BESIDE_WEIGHTS if name in by_name)
        return (*beside, *weights), False
    files = {
        kind_of(file.name): file for file in found.files if file.name.endswith(".gguf") and "-of-" not in file.name
    }
    if kind.lower() in files:
        return (files[kind.lower()],), True
    if len(files) == 1 and not asked:
        return tuple(files.values()), True
    if files:
        raise UsageError(f"{found.repository} has no {kind}. It has: {', '.join(sorted(files))}. Choose with --kind.")
    if any(Path(file.name).suffix.lower() in PICKLES for file in found.files):
        raise Refused(
            f"{found.repository} holds its weights in pickle files only, which can run code when they are opened: "
            "nothing is fetched. Look for the same model as safetensors or GGUF."
        )
    raise NotFound(f"{found.repository} at {endpoint()} holds neither safetensors with a config.json nor a GGUF file.")


def _digests(snapshot: Snapshot) -> dict[str, str]:
    return {file.name: file.digest for file in snapshot.files}


def _usable(folder: Path, snapshot: Snapshot, kind: str) -> dict[str, int]:
    """What an earlier call has left that serves this one too: names and bytes."""
    try:
        before = json.loads((folder / NOTE).read_text("utf-8"))
        sizes = {file.name: file.stat().st_size for file in folder.iterdir()}
    except (OSError, ValueError):
        return {}
    if not isinstance(before, dict) or {**before, "kind": kind} != _note(snapshot, kind):
        return {}
    of_another_kind = (
        {"model.gguf", *(["f16.gguf"] if kind in CONVERTED else [])} if before.get("kind") != kind else set()
    )
    return {name: size for name, size in sizes.items() if name not in of_another_kind}


def _note(snapshot: Snapshot, kind: str) -> dict[str, str]:
    return {"repository": snapshot.repository, "commit": snapshot.commit, "kind": kind}


def _begin(plan: Plan) -> None:
    """Notes what is fetched; what is of another commit, or was made for another kind, is thrown away."""
    left = _usable(plan.folder, plan.snapshot, plan.kind)
    _delete(plan.folder, *(file.name for file in plan.folder.iterdir() if file.name not in {*left, "lock"}))
    (plan.folder / NOTE).write_text(json.dumps(_note(plan.snapshot, plan.kind)), encoding="utf-8")


def _delete(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).unlink(missing_ok=True)


def _step(what: str, report: Report) -> Progress:
    return lambda done, whole: report(what, done, whole)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Raises Refused where another process is at this model. A lock that a crash left holds nobody up."""
    paths.private_folder(folder)
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Refused(f"Another `companion models get` is at {folder.name} already.") from None
        yield
    finally:
        os.close(lock)
