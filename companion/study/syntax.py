"""Word classes of English from a table of function words and a few endings: approximate, and without any model.

Enough to see that replies are built alike; not a parser. Whatever is in neither table is of the open class.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from companion.study.grams import Flat, counted, grams
from companion.study.measures import Measure, Units, mean_of, quotient, sums

CLASSES = {
    "D": "a an the this that these those some any each every no another such both all",
    "I": "i me my mine myself we us our ours ourselves",
    "Y": "you your yours yourself yourselves",
    "H": "he him his she her hers it its they them their theirs himself herself itself themselves one someone anyone "
    "everyone something anything everything nothing nobody",
    "B": "am is are was were be been being isn aren wasn weren ain",
    "A": "have has had having do does did doing haven hasn hadn don doesn didn",
    "M": "can could may might must shall should will would won couldn shouldn wouldn mustn",
    "N": "not never",
    "T": "to",
    "P": "of in on at by for with about against between into through during before after above below from up down out "
    "off over under around near without within toward towards across along behind beyond since until upon",
    "C": "and or but nor yet so because although though while if unless whether than as",
    "W": "who whom whose which what when where why how",
    "R": "very really just even still also too only quite rather perhaps maybe always often sometimes here there now "
    "then again already almost enough",
    "U": "oh yes yeah no okay ok hey hi hello please thanks thank sorry wow",
}
OPEN = "O"
_WORDS = {word: letter for letter, words in reversed(CLASSES.items()) for word in words.split()}
_ENDINGS = (("ing", "G"), ("ed", "E"), ("ly", "L"), ("s", "S"))

LENGTHS = range(4, 9)
"""Of syntactic templates, in word classes (Shaib et al. 2024)."""
HEADLINE = 6
SHARE, LEAST = 0.05, 3
"""A run of classes is a template when this share of the replies has it, and this many."""


def classes(words: Sequence[str]) -> str:
    """One letter a word; a contraction has the class of what stands before its apostrophe."""
    return "".join(_class(word) for word in words)


@lru_cache(maxsize=1 << 16)
def _class(word: str) -> str:
    stem = word.partition("'")[0]
    known = _WORDS.get(stem)
    if known:
        return known
    if stem.isdigit():
        return "0"
    return next((letter for ending, letter in _ENDINGS if len(stem) > len(ending) + 2 and stem.endswith(ending)), OPEN)


def syntactic_templates(tagged: Sequence[str], units: Units) -> dict[str, Measure]:
    """From each reply's word classes: for every length the share of replies with a template (`rate_4` and on), and
    for HEADLINE `per_token`, templates over words. The set of templates is that of all the replies."""
    found: dict[str, Measure] = {}
    least = max(LEAST, int(np.ceil(SHARE * len(tagged))))
    flat = Flat.of(tagged)
    sizes = np.bincount(flat.text, minlength=len(tagged))
    for length in LENGTHS:
        runs = grams(flat, length)
        replies = np.bincount(counted(runs, len(tagged)).number, minlength=runs.kinds)
        hits = np.bincount(runs.text, replies[runs.number] >= least, len(tagged))
        found[f"rate_{length}"] = mean_of(hits > 0, units)
        if length == HEADLINE:
            found["per_token"] = Measure(sums(units, hits, sizes), quotient)
    return found
