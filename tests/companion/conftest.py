"""Models to test engines with: written once for the whole run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.companion import openai_peer


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


@pytest.fixture(scope="session")
def slow_peer(slow_model: Path) -> Iterator[openai_peer.Peer]:
    """llama-cpp-python's server with the model that is slow enough to be interrupted."""
    pytest.importorskip("fastapi", reason="fastapi is not installed: llama-cpp-python's server needs it")
    with openai_peer.running(slow_model, 4096, chat_format="chatml") as peer:
        yield peer


@pytest.fixture(scope="session")
def talking_peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[openai_peer.Peer]:
    """The same with a model whose replies are sentences, and whose template leaves a reply open that has begun."""
    pytest.importorskip("fastapi", reason="fastapi is not installed: llama-cpp-python's server needs it")
    from tests.companion import tiny_gguf

    folder = tmp_path_factory.mktemp("peer")
    model = tiny_gguf.write(folder / "sentences.gguf", replies="sentences", template=tiny_gguf.GOES_ON)
    with openai_peer.running(model, 2048) as peer:
        yield peer
