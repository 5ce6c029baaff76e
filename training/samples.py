"""Replies of a model to fifty opening messages, for reading: `python -m training.samples MODEL.gguf`.

They go through the same planner, layout and engine as in the chat, off the record, but are said as they come: what the
model does by itself, without choosing among sentences.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from companion.conversation import Conversation
from companion.encoder import Encoder
from companion.engine.client import LlamaEngine
from companion.events import Finished
from companion.settings import Settings
from companion.store import Store
from companion.tagging import EncoderTagger

OPENINGS = Path(__file__).parent / "corpus" / "openings.txt"


def samples(model: Path, messages: list[str], settings: Settings) -> Iterator[tuple[str, str]]:
    """(message, reply) pairs, every message in a session of its own."""
    encoder = Encoder()
    encoder.check()
    tagger = EncoderTagger(encoder)
    engine = LlamaEngine(model)
    try:
        with Store(None) as store:
            for message in messages:
                conversation = Conversation(store, engine, tagger, store.new_session(model.stem), settings)
                for event in conversation.say(message):
                    if isinstance(event, Finished):
                        yield message, event.reply.text
    finally:
        engine.close()


def main() -> None:
    """Print the pairs as a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--temperature", type=float, help="what the model recommends, unless given")
    parser.add_argument("-n", type=int, default=50, help="how many of the fifty messages")
    chosen = parser.parse_args()
    messages = OPENINGS.read_text("utf-8").splitlines()[: chosen.n]
    print("| message | reply |\n|---|---|")
    settings = Settings(seed=chosen.seed, temperature=chosen.temperature, candidates=1)
    for message, reply in samples(chosen.model, messages, settings):
        print(f"| {message} | {' '.join(reply.split())} |")


if __name__ == "__main__":
    main()
