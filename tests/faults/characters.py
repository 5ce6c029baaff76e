"""Characters of every kind through `text.clean` and the sentence splitter: `python -m tests.faults.characters`.

What holds for any text: cleaning again changes nothing, nothing that steers a terminal or hides is left, pieces give
what the whole gives, and the sentences are the text apart from white space.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import unicodedata

from companion.text import Cleaner, clean, split_sentences

CONTROLS = "\x1b\x9b\x9d\x90\x98\x9c\x07\x18\x1a\x00\x7f\x85[]P^_X(\\;m@~"
HIDDEN = "\u200b\u200c\u200d\u200e\u202e\u2066\ufeff\u00ad\ufe0f\ufe0e\U000e0101\U000e0041\u180e"
LINES = "\r\n\t\u2028\u2029 "
WORDS = 'abc éß 今日は。 Dr. e.g. it\'s… "Why?" \U0001f469\U0001f680❤1\ufe0f\u20e3 (so) - 2. '
LONGEST = 20_000


def text_of(chance: random.Random) -> str:
    """Up to LONGEST characters in a mixture of its own; now and then an escape sequence that does not end."""
    parts: list[str] = []
    length = chance.choice((1, 10, 100, 1000, LONGEST))
    weights = [chance.random() ** 3 for _ in range(5)]
    while length > 0:
        run = min(length, chance.choice((1, 1, 2, 5, 40, 5000)))
        match chance.choices(range(5), weights)[0]:
            case 0:
                part = "".join(chance.choices(CONTROLS, k=run))
            case 1:
                part = "".join(chance.choices(HIDDEN, k=run))
            case 2:
                part = "".join(chance.choices(LINES, k=run))
            case 3:
                part = "".join(chance.choices(WORDS, k=run))
            case _:
                part = "".join(chr(chance.randrange(sys.maxunicode + 1)) for _ in range(run))
        parts.append(part)
        length -= run
    return "".join(parts)


def wrong_with(text: str, chance: random.Random) -> list[str]:
    """What does not hold for this text, in words."""
    found = []
    cleaned = clean(text)
    if clean(cleaned) != cleaned:
        found.append("cleaning again changes it")
    if bad := {character for character in set(cleaned) if _forbidden(character)}:
        found.append(f"left: {sorted(map(ascii, bad))}")
    cleaner, pieces, at = Cleaner(), [], 0
    while at < len(text):
        step = chance.choice((1, 2, 7, 100, 5000))
        pieces.append(cleaner.feed(text[at : at + step]))
        at += step
    if "".join(pieces) + cleaner.close() != cleaned:
        found.append("pieces give something else than the whole")
    sentences = split_sentences(cleaned)
    if "".join("".join(sentences).split()) != "".join(cleaned.split()):
        found.append("the sentences are not the text")
    return found


def _forbidden(character: str) -> bool:
    category = unicodedata.category(character)
    return (category in {"Cf", "Cs", "Zl", "Zp"} and character != "\u200d") or (
        category == "Cc" and character not in "\n\t"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.characters", description=__doc__)
    parser.add_argument("--millions", type=float, default=10, help="how many characters (default: 10 million)")
    parser.add_argument("--seed", type=int, default=None)
    given = parser.parse_args()
    seed = random.randrange(1_000_000) if given.seed is None else given.seed
    chance = random.Random(seed)
    started, count, texts, wrong = time.monotonic(), 0, 0, 0
    print(f"seed {seed}", flush=True)
    while count < given.millions * 1e6:
        text = text_of(chance)
        count, texts = count + len(text), texts + 1
        if found := wrong_with(text, chance):
            wrong += 1
            print(f"text {texts}: {'; '.join(found)}: {text[:200]!a}")
    print(f"{count:,} characters in {texts:,} texts, {wrong} wrong, {time.monotonic() - started:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
