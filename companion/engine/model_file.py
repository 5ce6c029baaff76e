"""Is this a model file, and is there memory for it? Each refusal is one sentence, before a child starts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from companion.engine.gguf_file import MAGIC, DamagedHeader, Header, read_header
from companion.engine.protocol import EngineError, ModelMissing, ModelRefused
from companion.engine.remembered import Remembered
from companion.modelhub import memory

PICKLES = frozenset({".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle"})


def check_model_file(path: Path) -> Header:
    """The file's header. Raises EngineError with the reason the file cannot be a model."""
    try:
        if path.is_dir():
            raise EngineError(f"{path} is a folder: give the path of the .gguf file in it.")
        if path.suffix.lower() in PICKLES:
            raise ModelRefused(
                f"{path.name} is a pickle file ({path.suffix}), which can run code when it is opened: "
                "get the model as GGUF instead."
            )
        if path.suffix.lower() == ".safetensors":
            raise EngineError(
                f"{path.name} holds safetensors weights, which are for training: "
                "make a GGUF of the checkpoint with `companion models convert`."
            )
        with path.open("rb") as file:
            start = file.read(len(MAGIC))
        size = path.stat().st_size
        if start != MAGIC:
            raise EngineError(
                f"{path.name} is not a GGUF file ({in_words(size)}, not beginning with the letters GGUF): "
                "get the model again, or give another file."
            )
        header = read_header(path)
    except FileNotFoundError:
        raise ModelMissing(
            f"There is no model file at {path}: `companion models list` shows what is installed."
        ) from None
    except OSError as error:
        raise EngineError(f"{path} cannot be read: {error.strerror}.") from None
    except DamagedHeader as error:
        raise EngineError(
            f"{path.name} is damaged or incomplete ({in_words(size)}; its header cannot be read: {error}): "
            "get the model again."
        ) from None
    if size < header.size:
        raise EngineError(
            f"{path.name} is incomplete ({in_words(size)} of {in_words(header.size)}): get the model again."
        )
    return header


def check_sha256(path: Path, expected: str, known: Remembered, between: Callable[[], None]) -> None:
    """Raises ModelRefused where the file does not have this hash. A file that has not changed since is read once.

    `between` is called for each megabyte, and may raise to end it. Reading takes about two seconds for a gigabyte.
    """
    stat = path.stat()
    key = f"{path}|{stat.st_size}|{stat.st_mtime_ns}|{stat.st_ctime_ns}|{expected}"
    if key in known:
        return
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            between()
            digest.update(chunk)
    if digest.hexdigest() != expected:
        raise ModelRefused(
            f"{path.name} is not the file that was registered: its sha256 begins with {digest.hexdigest()[:12]} and "
            f"should begin with {expected[:12]}. It is not loaded. `companion models remove` and `get` bring it "
            "anew; a file that you changed yourself is made known again with `companion models add`."
        )
    known.add(key)


def needed_memory(header: Header, size: int, context: int) -> int:
    """Bytes: the weights, the key-value cache for the whole context, and what the child works with."""
    return memory.needed(size, header.cache_bytes, context)


def check_memory(name: str, needed: int, available: int | None) -> None:
    """Raises EngineError where the machine has less than is needed; None is a machine that does not tell."""
    if available is not None and available < needed:
        raise EngineError(
            f"{name} needs about {in_words(needed)} of memory and {in_words(available)} are free: "
            "close other programs, or choose a smaller model (`companion models list`)."
        )


def available_memory() -> int | None:
    """Bytes that new work can use without swapping (Linux); None elsewhere."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    kilobytes = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(kilobytes[0]) * 1024 if kilobytes else None


def in_words(size: int) -> str:
    """A number of bytes as people write it: 394 MB, 1.1 GB."""
    for unit, scale in (("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)):
        if size >= scale:
            return f"{size / scale:.1f} {unit}" if size < 10 * scale else f"{size / scale:.0f} {unit}"
    return f"{size} bytes"
