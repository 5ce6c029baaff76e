"""The engine for a model that is on a server, from what is registered about it."""

from __future__ import annotations

import os
from dataclasses import replace

from companion import secret_file
from companion.engine.openai import OpenAIEngine
from companion.engine.protocol import Sampling
from companion.errors import UsageError
from companion.modelhub.entry import CardSampling, Entry
from planner.layouts import Layout


def engine_for(
    entry: Entry, *, context: int | None = None, think: bool = False, card: CardSampling | None = None
) -> OpenAIEngine:
    """Nothing is asked of the server yet. Raises UsageError or Refused where its key cannot be read."""
    address = entry.address
    assert address is not None, "an entry of this kind has one"
    assert entry.model_id is not None
    return OpenAIEngine(
        address,
        entry.model_id,
        key=_key(entry),
        layout=entry.layout or Layout.TAIL,
        context=context or entry.context,
        sampling=replace(Sampling(), **card.said) if card else None,  # type: ignore[arg-type]  # checked by its card
        think=think,
    )


def _key(entry: Entry) -> str | None:
    if entry.api_key_file:
        found, where = secret_file.read(entry.api_key_file.expanduser(), "key"), str(entry.api_key_file)
    elif entry.api_key_env:
        found, where = os.environ.get(entry.api_key_env, ""), f"the variable {entry.api_key_env}"
    else:
        return None
    found = found.strip()
    if not found:
        raise UsageError(f"{where} holds no key for {entry.name}: put it there, or take that line out of its entry.")
    if not (found.isascii() and found.isprintable()):
        raise UsageError(
            f"{where} holds something that is no key for {entry.name}: a key is one word of plain letters."
        )
    return found
