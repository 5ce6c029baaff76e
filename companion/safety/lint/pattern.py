"""How the patterns of the lint are put together."""

from __future__ import annotations

import re


def any_of(*patterns: str) -> re.Pattern[str]:
    """One pattern for all of them, whatever the case."""
    return re.compile("|".join(patterns), re.IGNORECASE)


ONE_WORD = r"(?:[\w'-]+ )?"
FEW_WORDS = r"(?:[\w'-]+,? ){0,3}"
SOME_WORDS = r"(?:[\w'-]+,? ){0,6}"
