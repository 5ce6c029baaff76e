"""How a reply is drawn, and the room there is for it: as the model recommends, unless the settings say otherwise."""

from __future__ import annotations

from dataclasses import replace

from companion.context import Room
from companion.engine.protocol import EngineInfo, Sampling
from companion.settings import Settings


def room_for(info: EngineInfo, chosen: Settings) -> Room:
    """Tokens for the prompt, for the reply, and for what is thought before it."""
    context = min(chosen.context or info.context, info.context)
    return Room.of(context, chosen.reply_tokens, chosen.think_tokens if info.thinks else 0)


def sampling_for(info: EngineInfo, chosen: Settings) -> Sampling:
    """How a reply is drawn, with those bounds."""
    advised, room = info.sampling, room_for(info, chosen)
    return replace(
        advised,
        temperature=advised.temperature if chosen.temperature is None else chosen.temperature,
        top_p=advised.top_p if chosen.top_p is None else chosen.top_p,
        max_tokens=room.reply,
        think_tokens=room.thought,
        seed=chosen.seed,
    )
