"""What the tests of a study's sources read of them: replies, with the bits of their tactics."""

from __future__ import annotations

from pathlib import Path

from companion.study.said import BIT
from companion.study.sources import read

A, Q, V = BIT["advice"], BIT["questioning"], BIT["validation"]


def replies(path: Path) -> list[tuple[str, int, tuple[int, ...] | None]]:
    return [(said.conversation, said.place, said.sentences) for said in read(path) if said.supporter]
