"""A LoRA adapter laid on a model: a GGUF file of its own, and how much of it is added, 0 to 1."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from companion.engine.gguf_file import Header
from companion.engine.model_file import check_model_file
from companion.engine.protocol import EngineError

LAID = "`companion models add MODEL --adapter FILE` lays it on one."


@dataclass(frozen=True, slots=True)
class Adapter:
    """`scale` 0 leaves the model as it is, 1 is the adapter as it was trained, between is between."""

    path: Path
    scale: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.scale <= 1:
            raise ValueError(f"the scale of an adapter is 0 to 1, not {self.scale}")

    def check(self, model: Header) -> Header:
        """The adapter's header. Raises EngineError where the file is no adapter, or one for another kind of model."""
        header = check_model_file(self.path)
        if not header.is_adapter:
            raise EngineError(f"{self.path.name} is a model, not an adapter: give the adapter's own file.")
        if header.architecture != model.architecture:
            raise EngineError(
                f"{self.path.name} is an adapter for {header.architecture!r} models and {model.name} is "
                f"{model.architecture!r}: give the model that it was trained on."
            )
        return header


def check_no_adapter(path: Path, header: Header) -> None:
    """Raises EngineError for an adapter that is to be loaded as a model."""
    if header.is_adapter:
        raise EngineError(f"{path.name} is an adapter, which is no model by itself: {LAID}")
