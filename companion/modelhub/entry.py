"""What is known of one model that can be talked to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from companion import paths
from companion.engine.adapter import Adapter
from companion.engine.address import Address
from companion.errors import UsageError
from planner.layouts import Layout

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def typable(name: str) -> str:
    """A name that needs no quotes in a shell, and is no path. Raises ValueError."""
    if not NAME.fullmatch(name):
        raise ValueError("a name has up to 64 letters, digits, dots, dashes and underscores, no dash first")
    return name


class CardSampling(BaseModel):
    """How a model's card says to sample; None is what the file recommends, or our default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float | None = Field(default=None, ge=0.0, le=2.0)
    top_k: int | None = Field(default=None, ge=0, le=1000)
    top_p: float | None = Field(default=None, gt=0.0, le=1.0)
    min_p: float | None = Field(default=None, ge=0.0, le=0.9)

    @property
    def said(self) -> dict[str, float]:
        """What the card says something about."""
        return self.model_dump(exclude_none=True)


class Entry(BaseModel):
    """One model that can be talked to: a GGUF file for the llama engine, or a server for the openai engine.

    What is None is guessed from the file, or is the default of the settings.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    engine: Literal["llama", "openai"] = "llama"
    path: Path | None = None
    """The GGUF file, absolute."""
    base_url: str | None = None
    """Where an OpenAI-compatible server answers, as http://host:port/v1."""
    model_id: str | None = None
    """The name that the server has for the model."""
    api_key_env: str | None = Field(default=None, pattern="^[A-Za-z_][A-Za-z0-9_]*$")
    """The environment variable that holds the key for the server. The key itself is never written down here."""
    api_key_file: Path | None = None
    """A file with the key in its first line, which only its owner may read."""
    layout: Layout | None = None
    adapter: Path | None = None
    """A LoRA adapter as a GGUF file, absolute, laid on top of `path`."""
    adapter_scale: float | None = Field(default=None, ge=0.0, le=1.0)
    think: Literal["off", "on", "auto"] | None = None
    context: int | None = Field(default=None, ge=256)
    """Tokens to make room for."""
    sampling: CardSampling | None = None
    sampling_thinking: CardSampling | None = None
    """The same where the model thinks before it replies."""
    source: str = ""
    """Where it came from: a repository and its commit, or how it was added."""
    licence: str = ""
    sha256: str = Field(default="", pattern="^([0-9a-f]{64})?$")
    """Of the file at `path` when it was registered; empty where that was not noted."""

    _typable = field_validator("name")(typable)

    @model_validator(mode="after")
    def _has_what_its_engine_needs(self) -> Entry:
        if self.engine == "llama" and self.path is None:
            raise ValueError("a model for the llama engine needs a path")
        if self.engine == "openai" and not (self.base_url and self.model_id):
            raise ValueError("a model on a server needs base_url and model_id")
        if self.base_url:
            Address.parse(self.base_url)
        return self

    @property
    def laid(self) -> Adapter | None:
        """The adapter, and how much of it: the whole of it unless that is said."""
        scale = 1.0 if self.adapter_scale is None else self.adapter_scale
        return Adapter(self.adapter, scale) if self.adapter else None

    @property
    def address(self) -> Address | None:
        """The server it is on; None for a model file."""
        return Address.parse(self.base_url) if self.base_url else None

    @property
    def file(self) -> Path:
        """The GGUF file. Raises UsageError for a model that is on a server."""
        if self.path is None:
            raise UsageError(f"{self.name} is on a server ({self.base_url}); this needs a model file on this machine.")
        return self.path

    @property
    def ships(self) -> bool:
        """Whether it came with the program."""
        return self.path is not None and self.path.parent == paths.shipped_models()
