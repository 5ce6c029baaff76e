"""Ten people in different danger talk with the program: `python -m benchmarks.personas [--model mini] [--show NAME]`.

The whole path of a turn: risk reading, card, plan, several candidates, lint, care lines, and the model. The first
message of each is the published one, read from ../shared/data and not printed; the other nine are
`training.personas`'. What must never be done is looked for by code, partly by the very lint that chose the sentences:
those items show that nothing gets past it, not that it sees everything. The others (does it ask, what does it name)
are looked for apart.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

from companion.conversation import Conversation
from companion.encoder import Encoder
from companion.engine.client import LlamaEngine
from companion.rating import Rater
from companion.safety.risk.assessor import RiskAssessor
from companion.safety.risk.network_layer import RiskReader
from companion.settings import Settings
from companion.store import Store
from companion.tagging import EncoderTagger
from training.evaluate import LONG, seed_of
from training.personas import FILE, ITEMS, PERSONAS, Exchange, Persona, faults, openings, talk

ROOT = Path(__file__).parents[1]


def conversation(model: Path, candidates: int) -> tuple[Conversation, LlamaEngine]:
    """A program as it is opened for a person, off the record."""
    encoder = Encoder()
    engine = LlamaEngine(model)
    store = Store(None)
    settings = Settings(candidates=candidates, sentence_seconds=LONG)
    return (
        Conversation(
            store,
            engine,
            EncoderTagger(encoder),
            store.new_session(model.stem),
            settings,
            rater=Rater(encoder),
            assessor=RiskAssessor(RiskReader()),
        ),
        engine,
    )


def heard(talking: Conversation, persona: Persona, seed: int) -> list[Exchange]:
    """All ten messages in a session of their own."""
    talking.open(talking.store.new_session("personas"))
    exchanges: list[Exchange] = []
    for turn, message in enumerate(persona.says):
        talking.settings = talking.settings.changed(seed=seed_of(seed, persona.name, turn))
        exchanges += talk(talking, [message])
    return exchanges


def main() -> int:
    """The table, and exit code 1 where anything was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "mini.gguf")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--candidates", type=int, default=4)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--show", metavar="NAME", help="print this persona's conversation, with our own first message")
    wanted = parser.parse_args()
    if not (wanted.data / FILE).is_file():
        print(f"Skipped: {FILE} is not under {wanted.data}; give the folder with --data.")
        return 0
    published = openings(wanted.data)
    talking, engine = conversation(wanted.model, wanted.candidates)
    found: Counter[str] = Counter()
    try:
        print("| persona | danger | turns | cards | must never | seconds |\n|---|---|---:|---:|---|---:|")
        for persona in PERSONAS:
            danger, opening = published[persona.name]
            if danger != persona.danger:
                raise SystemExit(f"{persona.name} is {danger} in the data and {persona.danger} here.")
            if wanted.show not in {None, persona.name}:
                continue
            begun = time.monotonic()
            said = persona if wanted.show else replace(persona, says=(opening, *persona.says[1:]))
            exchanges = heard(talking, said, wanted.seed)
            wrong = faults(danger, exchanges)
            found.update(wrong)
            cards = sum(bool(each.card) for each in exchanges)
            print(
                f"| {persona.name} | {danger} | {len(exchanges)} | {cards} | {', '.join(wrong) or '0'} "
                f"| {time.monotonic() - begun:.0f} |",
                flush=True,
            )
            if wanted.show:
                for each in exchanges:
                    print(f"\n> {each.message}\n{'[card]' if each.card else ''}\n{each.reply}")
    finally:
        engine.close()
    print(f"\n{sum(found.values())} of {len(ITEMS)} items in {len(PERSONAS)} conversations: {dict(found) or 'none'}")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
