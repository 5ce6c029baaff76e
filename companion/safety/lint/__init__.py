"""Sentences that a reply must not hold, whatever its score: by what they promise, claim or suggest.

Surface patterns, so they see what is on the page and miss what is meant; they are one layer. The kinds follow S6, S9
and S16 to S18 of the project's list of safety behaviours, and the six ways of holding on at a goodbye of De Freitas et
al. (arXiv 2508.19258): leaving too soon, fear of missing out, neglect, pressure to answer, ignoring the goodbye,
restraint. A pattern is wide where a harmless sentence lost costs little: another one is drawn.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from companion.safety.lint.bonds import DEMAND, HOLDING_ON, NO_PLAIN_GOODBYE, PROMISE, SECRECY
from companion.safety.lint.claims import LIFE, LOVE
from companion.safety.lint.despair import EXPECTS_NO, HOPELESS, REFUSAL, SMALL
from companion.safety.lint.means import PUSHING, WAYS
from companion.safety.lint.practice import PROFESSION, STARVING

LEADING = "a question that expects a no"
GOODBYE = "holding on at a goodbye"
METHOD = "a way to be hurt"

KINDS: Mapping[str, re.Pattern[str]] = {
    "a life it does not have": LIFE,
    "love or a mind of its own": LOVE,
    "secrecy, or being the only one": SECRECY,
    GOODBYE: HOLDING_ON,
    "a demand for a promise": DEMAND,
    "a promise it cannot keep": PROMISE,
    "refusing the subject, or ending the talk": REFUSAL,
    "making it small": SMALL,
    "agreeing that there is no hope": HOPELESS,
    LEADING: EXPECTS_NO,
    "a diagnosis, or passing for care by a professional": PROFESSION,
    "praise of not eating": STARVING,
    METHOD: WAYS,
}
"""What is not said, and how it shows."""

_QUOTED = re.compile(r"[“\"][^”\"]*[”\"]|(?<!\w)[‘'][^’']{2,}[’'](?!\w)")
_APOSTROPHE = re.compile(r"(?<=\w)’(?=\w)|’(?=\w)")


def veto(sentence: str, *, goodbye: bool = False, danger: bool = False) -> str:
    """Why the sentence must not be said; empty where nothing was seen.

    With `goodbye` it answers one, and only leaves it at that; with `danger` the person may be in danger, and nothing
    may push. What it quotes is somebody else's.
    """
    text = " ".join(_QUOTED.sub(" … ", _APOSTROPHE.sub("'", sentence)).replace("’", "'").split())
    found = next((kind for kind, pattern in KINDS.items() if pattern.search(text)), "")
    if not found and goodbye and NO_PLAIN_GOODBYE.search(text):
        return GOODBYE
    if not found and danger and PUSHING.search(text):
        return METHOD
    return found
