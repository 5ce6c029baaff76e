"""Files of a hub repository: looked up, fetched with resumption, and kept only if they are what the hub says.

huggingface_hub finds, names and authorises; the bytes are streamed here. Its own download (2.4) begins a file anew in
each process, looks at the size of a file alone, and would write into the cache in the home folder as well.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

from companion import __version__, telemetry
from companion.engine.model_file import in_words
from companion.errors import CompanionError, NotFound, Refused

if TYPE_CHECKING:
    import httpx2

HUB = "https://huggingface.co"
CHUNK = 1 << 20
TRIES = 4  # in a row that bring not a byte
TIMEOUT = 30.0  # seconds without a byte
FLAT = re.compile(r"[A-Za-z0-9_][\w.-]*", re.ASCII)

Report = Callable[[str, int, int], None]
"""Called now and then with what is being done, how much of it is done, and how much there is: bytes of a file."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file in a repository. `digest` is "sha256:..." of what it holds, or "git:..." as git names a small file."""

    name: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A repository at one commit."""

    repository: str
    commit: str
    files: tuple[RemoteFile, ...]
    licence: str = ""


class Hash(Protocol):
    """What hashlib makes."""

    def update(self, data: bytes, /) -> None: ...

    def hexdigest(self) -> str: ...


def endpoint() -> str:
    """The hub, or the mirror that HF_ENDPOINT names."""
    return (os.environ.get("HF_ENDPOINT") or HUB).rstrip("/")


@contextmanager
def online() -> Iterator[None]:
    """Lets huggingface_hub ask the network, for as long as this lasts; its reports stay switched off.

    Raises CompanionError where the package is missing, Refused where the person has switched the network off.
    """
    if not all(map(find_spec, ("huggingface_hub", "gguf"))):
        raise CompanionError('Fetching models needs more packages: pip install "companion-chat[models]".')
    with telemetry.look_ups_allowed():
        from huggingface_hub import constants

        before = constants.HF_HUB_OFFLINE
        constants.HF_HUB_OFFLINE = False  # it was read when the package was imported, by whom is not known
        logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
        try:
            yield
        finally:
            constants.HF_HUB_OFFLINE = before


def look_up(repository: str, revision: str) -> Snapshot:
    """What is in a repository now. To be called within `online`; raises CompanionError in words."""
    from huggingface_hub import HfApi

    api = HfApi(endpoint=endpoint(), library_name="companion", library_version=__version__)
    with _in_words(repository, revision):
        info = api.model_info(repository, revision=revision, files_metadata=True, timeout=TIMEOUT)
    files = []
    for sibling in info.siblings or []:
        digest = f"sha256:{sibling.lfs.sha256}" if sibling.lfs else f"git:{sibling.blob_id}"
        if FLAT.fullmatch(sibling.rfilename) and sibling.size is not None and not digest.endswith(":None"):
            files.append(RemoteFile(sibling.rfilename, sibling.size, digest))
    if not re.fullmatch(r"[0-9a-f]{40}", info.sha or ""):
        raise CompanionError(
            f"{endpoint()} does not say at which commit {repository} is: it is no hub as this expects."
        )
    card = info.card_data
    return Snapshot(repository, str(info.sha), tuple(files), str(card.get("license") or "") if card else "")


def fetch(
    snapshot: Snapshot,
    file: RemoteFile,
    folder: Path,
    report: Report,
    *,
    wait: Callable[[float], None] = time.sleep,
) -> Path:
    """The file in `folder`, whole and right. What an earlier call left of it is gone on from.

    To be called within `online`. Raises Refused where the bytes are not what the hub says, CompanionError where the
    connection does not hold or the disk is full: what has come so far is kept.
    """
    whole = folder / file.name
    if whole.exists() and whole.stat().st_size == file.size:
        return whole
    part = folder / f"{file.name}.part"
    begun = part.exists()
    try:
        right = _complete(snapshot, file, part, report, wait)
        if not right and begun:  # a machine that went off in the middle may have left anything in it
            part.unlink()
            right = _complete(snapshot, file, part, report, wait)
        if not right:
            part.unlink()
            raise Refused(
                f"{file.name} of {snapshot.repository} is not what the hub says it is (its {file.digest.split(':')[0]} "
                "is another): it was thrown away. Try again, and if that does not help, another network or mirror."
            )
        part.replace(whole)
    except OSError as error:
        raise _of_disk(error, part, file) from None
    return whole


def _complete(snapshot: Snapshot, file: RemoteFile, part: Path, report: Report, wait: Callable[[float], None]) -> bool:
    """Whether `part`, brought to its full length, is what it should be."""
    import httpx2

    with open(os.open(part, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as stream:
        digest = _begun(file)
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
        idle = 0
        while stream.tell() < file.size:
            before = stream.tell()
            try:
                digest = _stream(snapshot, file, stream, digest, report)
                trouble = "it ended too early"
            except httpx2.TransportError as error:
                trouble = str(error) or type(error).__name__
            if stream.tell() >= file.size:
                break
            idle = 0 if stream.tell() > before else idle + 1
            if idle == TRIES:
                raise CompanionError(
                    f"The connection to {endpoint()} does not hold ({trouble}). {in_words(stream.tell())} of "
                    f"{in_words(file.size)} of {file.name} have come and are kept; the same command goes on there."
                )
            wait(float(2**idle - 1))
        stream.flush()
        os.fsync(stream.fileno())
        return stream.tell() == file.size and digest.hexdigest() == file.digest.partition(":")[2]


def _stream(snapshot: Snapshot, file: RemoteFile, stream: IO[bytes], digest: Hash, report: Report) -> Hash:
    """Appends what comes; the digest of all there is then. Raises httpx2.TransportError, OSError, CompanionError."""
    from huggingface_hub import get_session, get_token, hf_hub_url, hf_raise_for_status

    url = hf_hub_url(snapshot.repository, file.name, revision=snapshot.commit, endpoint=endpoint())
    headers = {"Accept-Encoding": "identity", "User-Agent": f"companion/{__version__}"}
    if token := get_token():
        headers["Authorization"] = f"Bearer {token}"  # left out by httpx2 where another host is redirected to
    if stream.tell():
        headers["Range"] = f"bytes={stream.tell()}-"
    with (
        _in_words(snapshot.repository, snapshot.commit, file.name),
        get_session().stream("GET", url, headers=headers, timeout=TIMEOUT) as response,
    ):
        hf_raise_for_status(response)
        if response.status_code != 206 and stream.tell():  # a server that cannot go on in the middle
            stream.seek(0)
            stream.truncate()
            digest = _begun(file)
        for chunk in response.iter_bytes(CHUNK):
            room = file.size - stream.tell()
            stream.write(chunk[:room])
            stream.flush()
            digest.update(chunk[:room])
            report(file.name, stream.tell(), file.size)
            if len(chunk) > room:
                raise Refused(
                    f"{file.name} of {snapshot.repository} is longer than the hub says. Nothing of it is kept."
                )
    return digest


def _begun(file: RemoteFile) -> Hash:
    """Before the first byte. Git hashes the length first."""
    if file.digest.startswith("git:"):
        return hashlib.sha1(f"blob {file.size}\0".encode())
    return hashlib.sha256()


def _of_disk(error: OSError, part: Path, file: RemoteFile) -> CompanionError:
    """What to say of a file that cannot be written."""
    if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
        return CompanionError(f"{part} cannot be written: {error.strerror or error}.")
    there = part.stat().st_size if part.exists() else 0
    return CompanionError(
        f"The disk is full: {in_words(there)} of {in_words(file.size)} of {file.name} have come and are kept. Make "
        f"room for {in_words(file.size - there)} more in {part.parent}; the same command goes on there."
    )


@contextmanager
def _in_words(repository: str, revision: str, file: str = "") -> Iterator[None]:
    """Turns what huggingface_hub raises into our errors; a connection that breaks off inside a file passes through."""
    import httpx2
    from huggingface_hub import errors

    hub = endpoint()
    try:
        yield
    except errors.GatedRepoError:
        raise _gated(hub, repository) from None
    except errors.RevisionNotFoundError:
        raise NotFound(
            f"{repository} has no revision {revision!r} at {hub}. Leave --revision out, or name another."
        ) from None
    except errors.EntryNotFoundError:
        raise NotFound(
            f"{repository} has no file {file!r} at {revision[:12]} any more. Take another --revision."
        ) from None
    except errors.RepositoryNotFoundError:
        raise NotFound(
            f"There is no repository {repository} at {hub}, or it is private. Check the name, or set HF_TOKEN to a "
            "token that may read it."
        ) from None
    except errors.HfHubHTTPError as error:
        raise _refusal(error.response, hub, repository) from None
    except httpx2.TransportError as error:
        if file:
            raise
        raise CompanionError(
            f"{hub} cannot be reached ({error}). Check the connection, or name a mirror in HF_ENDPOINT; a file that "
            "was fetched elsewhere is made known with `companion models add`."
        ) from None
    except (ValueError, TypeError, KeyError, AttributeError, httpx2.InvalidURL) as error:  # a page, say, of a hotel
        raise CompanionError(f"{hub} gave an answer that makes no sense ({error}). Is HF_ENDPOINT right?") from None


def _gated(hub: str, repository: str) -> Refused:
    return Refused(
        f"{repository} wants its licence accepted first: do that at {hub}/{repository}, make a token for reading at "
        f"{hub}/settings/tokens, and set HF_TOKEN to it."
    )


def _refusal(response: httpx2.Response, hub: str, repository: str) -> CompanionError:
    """By the status that the server answered."""
    match response.status_code:
        case 401:
            return Refused(f"{hub} does not accept the token in HF_TOKEN. Make another at {hub}/settings/tokens.")
        case 403:
            return _gated(hub, repository)
        case 429:
            seconds = response.headers.get("Retry-After")
            when = f"in {seconds} seconds" if seconds else "in a few minutes"
            return CompanionError(f"{hub} is asked too often. Try again {when}; what has come is kept.")
        case status:
            return CompanionError(f"{hub} answered {status} for {repository}. Try again later; what has come is kept.")
