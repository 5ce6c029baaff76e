"""The engine for servers as tests ask it: of a server that says what they tell it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from companion.engine.openai import OpenAIEngine
from companion.engine.protocol import Finish, Message, Piece, Sampling, Thinking
from tests.companion.openai_server import MODEL, Ability, OpenAIServer, Say

HELLO = (Message("user", "Qzxw hello"),)
PLAIN = Sampling(max_tokens=50)
Serve = Callable[..., OpenAIServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[OpenAIServer] = []

    def make(say: Say | str = "Yes.", **ability: object) -> OpenAIServer:
        said: Say = (lambda body: say) if isinstance(say, str) else say
        servers.append(OpenAIServer(said, Ability(**ability)))  # type: ignore[arg-type]
        return servers[-1]

    yield make
    for server in servers:
        server.close()


def engine_for(server: OpenAIServer, **options: object) -> OpenAIEngine:
    return OpenAIEngine(server.address, MODEL, **options)  # type: ignore[arg-type]


def said(engine: OpenAIEngine, sampling: Sampling = PLAIN, *more: Message) -> tuple[str, str, Finish]:
    """What is thought, what is said, and how it ended."""
    *parts, finish = engine.stream([*HELLO, *more], sampling)
    assert isinstance(finish, Finish)
    thoughts = "".join(part.text for part in parts if isinstance(part, Thinking))
    return thoughts, "".join(part.text for part in parts if isinstance(part, Piece)), finish
