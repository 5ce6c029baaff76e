"""What `companion models get` knows by name: catalogue.toml in models/, and one of the person's own that adds to it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, field_validator

from companion import paths
from companion.errors import NotFound
from companion.modelhub import memory, toml_file
from companion.modelhub.entry import CardSampling, typable
from planner.layouts import Layout

REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
LARGE = "mint-4b"
USUAL = "mint-1.7b"


class Offer(BaseModel):
    """A model that can be fetched, or that ships. Sizes are in bytes, by the kind of GGUF; the first is the usual one.

    What is None or empty is found out when it is fetched.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    purpose: str = ""
    repository: str = Field(default="", pattern=f"^({REPOSITORY.pattern})?$")
    """owner/name on the hub; empty for what ships."""
    revision: str = "main"
    """A commit, or a branch that is looked up once: see `companion.modelhub.pins`."""
    layout: Layout | None = None
    think: Literal["off", "on", "auto"] | None = None
    context: int = Field(default=0, ge=0)
    """Tokens the model was trained to read."""
    licence: str = ""
    download: int = Field(default=0, ge=0)
    per_token: int = Field(default=0, ge=0)
    """Bytes of key-value cache for one token."""
    sizes: dict[str, PositiveInt] = {}
    sampling: CardSampling | None = None
    sampling_thinking: CardSampling | None = None
    sha256: str = Field(default="", pattern="^([0-9a-f]{64})?$")
    """Of the file that ships."""

    _typable = field_validator("name")(typable)

    @property
    def kind(self) -> str:
        """The usual kind of GGUF."""
        return next(iter(self.sizes), "q4_k_m")

    def memory(self, weights: int, available: int | None) -> int:
        """Bytes it takes to talk, with the context that is chosen where `available` bytes are free."""
        tokens = memory.context_for(weights, self.per_token, self.context, available)
        return memory.needed(weights, self.per_token, tokens)


def offers() -> dict[str, Offer]:
    """Every entry by name, the person's own over those that ship. Raises UsageError naming what is wrong in a file."""
    return shipped_offers() | _read(paths.user_catalogue())


def shipped_offers() -> dict[str, Offer]:
    """Those that came with the program: a slip in the person's own file must not keep them from talking."""
    return _read(shipped_catalogue())


def _read(file: Path) -> dict[str, Offer]:
    return {name: toml_file.checked(Offer, name, table, str(file)) for name, table in toml_file.tables(file).items()}


def shipped_catalogue() -> Path:
    """The file that came with the program."""
    return paths.shipped_models() / "catalogue.toml"


def find(name: str) -> Offer:
    """The entry of this name, or one for the hub repository owner/name. Raises NotFound with the names there are."""
    known = offers()
    if name in known:
        return known[name]
    if REPOSITORY.fullmatch(name):
        return Offer(name=name.partition("/")[2].removesuffix("-GGUF")[:64].lower(), repository=name)
    names = ", ".join(offer for offer, entry in known.items() if entry.repository) or "none"
    raise NotFound(f"The catalogue has no model {name!r}. It has: {names}; or give a repository, as OWNER/NAME.")


def suggested() -> str:
    """The one to begin with here: the large one where there are 4 cores and 8 GB of memory."""
    return LARGE if (os.cpu_count() or 1) >= 4 and (memory.total() or 0) >= 8_000_000_000 else USUAL
