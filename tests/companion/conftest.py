"""Models to test engines with: written once for the whole run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
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


SERVERS = ["llama-server", "llama-cpp-python"]
"""Servers of others that the engine for servers is tried with."""


def _needs(server: str) -> None:
    if server == "llama-server":
        pytest.importorskip("xllamacpp", reason="xllamacpp is not installed: it packs llama.cpp's own server")
    else:
        pytest.importorskip("fastapi", reason="fastapi is not installed: llama-cpp-python's server needs it")
        pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")


@pytest.fixture(scope="session")
def slow_peers(slow_model: Path) -> Iterator[Callable[[str], openai_peer.Peer]]:
    """Each of the servers, with the model that is slow enough to be interrupted."""
    with ExitStack() as stack:

        @cache
        def started(server: str) -> openai_peer.Peer:
            _needs(server)
            if server == "llama-server":
                return stack.enter_context(contextmanager(openai_peer.llama_server)(slow_model, 4096))
            return stack.enter_context(contextmanager(openai_peer.llama_cpp_python)(slow_model, 4096, "chatml"))

        yield started


@pytest.fixture(scope="session")
def talking_peers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], openai_peer.Peer]]:
    """The same with a model whose replies are sentences, and whose template leaves a reply open that has begun."""
    pytest.importorskip("gguf", reason="gguf is not installed: it writes the models of the engine tests")
    from tests.companion import tiny_gguf

    path = tmp_path_factory.mktemp("peer") / "sentences.gguf"
    model = tiny_gguf.write(path, replies="sentences", template=tiny_gguf.GOES_ON)
    with ExitStack() as stack:

        @cache
        def started(server: str) -> openai_peer.Peer:
            _needs(server)
            start = openai_peer.llama_server if server == "llama-server" else openai_peer.llama_cpp_python
            return stack.enter_context(contextmanager(start)(model, 2048))

        yield started
