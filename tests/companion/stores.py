"""Stores, each in a file and in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from companion.store import Status, Store, Turn


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "companion.db"


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, path: Path) -> Iterator[Store]:
    with Store(path if request.param == "file" else None) as store:
        yield store


def finished(store: Store, session_id: str, parent: int | None, text: str) -> Turn:
    reply = store.begin_reply(session_id, parent)
    return store.finish_reply(reply.id, Status.COMPLETE, text)
