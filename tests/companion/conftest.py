"""Models to test engines with: written once for the whole run."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file of 0.2 MB."""
    pytest.importorskip("gguf", reason="gguf is not installed: it writes the models of the engine tests")
    from tests.companion import tiny_gguf

    return tiny_gguf.write(tmp_path_factory.mktemp("models") / "tiny.gguf")


@pytest.fixture(scope="session")
def slow_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file of 33 MB, slow enough to be interrupted."""
    pytest.importorskip("gguf", reason="gguf is not installed: it writes the models of the engine tests")
    from tests.companion import tiny_gguf

    return tiny_gguf.write(tmp_path_factory.mktemp("models") / "slow.gguf", tiny_gguf.SLOW)
