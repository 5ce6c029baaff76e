"""Where the conversations lie: under --data, in the folder of what was downloaded before, or on the net, once.

A download is taken only when its SHA-256 is the one that the recipe names, whole or not at all.
"""

from __future__ import annotations

import hashlib
import shutil
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from companion import paths
from companion.errors import CompanionError, NotFound, Refused
from training.mint_recipe import Conversations

FILE = Path("mint/conversations_322.json")
TIMEOUT = 30.0
"""Seconds without a byte."""
LONGEST = 256 << 20
_CHUNK = 1 << 20


def conversation_files(recipe: Conversations, data: Path) -> list[Path]:
    """The files a recipe learns from. Raises NotFound where one is missing, and as `download` does."""
    found = []
    if recipe.mint:
        local, kept = data / FILE, paths.data_folder() / "training" / FILE.name
        found.append(local if local.is_file() else kept if kept.is_file() else download(recipe, kept))
    for name in recipe.files:
        path = Path(name).expanduser()
        if not path.is_file():
            raise NotFound(f"There is no file {path}; data.files names conversations, one file each.")
        found.append(path)
    return found


def download(recipe: Conversations, to: Path) -> Path:
    """The paper's conversations, from where the recipe says, into `to`.

    Raises CompanionError where the net, the server or the disk fails, Refused for a file that is not the one.
    """
    partial = paths.private_folder(to.parent) / f"{to.name}.partial"
    total = hashlib.sha256()
    try:
        with urlopen(recipe.url, timeout=TIMEOUT) as answer, partial.open("wb") as out:
            expected = answer.headers.get("content-length")
            size = 0
            while chunk := answer.read(_CHUNK):
                size += len(chunk)
                if size > LONGEST:
                    raise Refused(f"{recipe.url} is longer than {LONGEST >> 20} MB; that is not the file.")
                total.update(chunk)
                out.write(chunk)
            if expected is not None and size != int(expected):
                raise CompanionError(f"The download from {recipe.url} broke off after {size} bytes; try again.")
        if total.hexdigest() != recipe.sha256:
            raise Refused(
                f"{recipe.url} is not the file that the recipe names: its SHA-256 is {total.hexdigest()}, not "
                f"{recipe.sha256}. If you trust it, give --set data.sha256={total.hexdigest()}."
            )
        shutil.move(partial, to)
    except HTTPError as error:
        raise CompanionError(
            f"{recipe.url} answered with status {error.code}. Put {FILE.name} into the folder {FILE.parent} under "
            "--data, or name its place with --set data.url=..."
        ) from None
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        raise CompanionError(
            f"{recipe.url} cannot be downloaded ({reason}). Put {FILE.name} into the folder {FILE.parent} under --data."
        ) from None
    finally:
        partial.unlink(missing_ok=True)
    return to
