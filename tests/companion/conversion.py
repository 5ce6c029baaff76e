"""Checkpoints for the tests of their conversion, and the file that is written of one."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest

from companion.modelhub.convert import convert
from tests.companion.tiny_checkpoint import Family, save

FAMILIES: tuple[Family, ...] = get_args(Family)


def write(checkpoint: Path, out: Path, kind: Any = "f32") -> Path:
    return convert(checkpoint, out, kind=kind, name="tiny model")


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[Family, Path]:
    """One of each family, in shards."""
    folder = tmp_path_factory.mktemp("checkpoints")
    return {family: save(folder / family, family, tied=family != "qwen2", shard="100KB") for family in FAMILIES}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Qwen3, in one file."""
    return save(tmp_path_factory.mktemp("whole") / "model")
