"""Surface cues of the person's message.

Word lists and patterns, nothing more: they see what is on the page, in English, and miss what is meant. They
tilt weights and open or close gates; they never judge risk, which comes from outside as a number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reading:
    """What the planner knows about the message it answers.

    risk is the ladder 0-5 of the risk reader; the rest are surface cues made by `read`.
    """

    risk: int = 0
    question: bool = False
    asks_advice: bool = False
    distress: bool = False
    farewell: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.risk <= 5:
            raise ValueError(f"risk is a level from 0 to 5, not {self.risk}")


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


_SENTENCE_END = re.compile(r"(?<=[.!?\n])\s+")

# "…, you know?" and "…, isn't it?" ask for nothing.
_TAG_QUESTION = re.compile(r",\s*(?:you know|right|huh|\w+n't \w+)\s*\?")

_QUESTION = _any_of(
    r"\?(?=[\s\"'”)!?]|$)",
    r"^(?:and |but |so )?(?:what|how|why|when|where|who|which)"
    r"(?:'s|'re| (?:is|are|am|was|were|do|does|did|can|could|should|would|will|might|have|has|else))\b",
    r"^(?:do|does|did|can|could|would|will|should|are|is|have) (?:you|i|we|it|there|this|that)\b",
)

_ASKS_ADVICE = _any_of(
    r"\bwhat (?:should|can|could|would|do|might) (?:i|we) (?:do|say|try|tell|write|answer)\b",
    r"\bwhat (?:would|should|do|can) you (?:do|say|try|suggest|recommend|advise)\b",
    r"\bwhat do you think (?:i|we) (?:should|could|can)\b",
    r"\bhow (?:do|can|should|could|would|might) (?:i|we)\b",
    r"(?:^|[,;:] |\b(?:or|so|and|but) )should (?:i|we)\b(?! say)",
    r"\b(?:any|some|need|want|like|give me|hear|for) (?:your |more |good )?"
    r"(?:advice|tips?|suggestions?|ideas?|strategies|recommendations?)\b",
    r"\b(?:advise me|tell me what to do|help me (?:figure|decide|choose|find|think|work|plan))\b",
)

_DECLINES_ADVICE = re.compile(
    r"(?:\b(?:no|not|never|without|stop|instead of|rather than)|n't) (?:\w+ ){0,4}?"
    r"(?:advice|tips?|suggestions?|recommendations?)\b"
)

_DISTRESS = _any_of(
    r"\b(?:overwhelm|hopeless|helpless|worthless|desperat|despair|devastat|miserabl|unbearabl)",
    r"\b(?:terrif(?:ied|ying)|panic|exhaust|heartbroken|shattered|crushed|defeated|burn(?:ed|t) out)",
    r"\b(?:scared|afraid|trapped|drowning|suffocating|crying|cried|sobbing|grief|grieving|worn out)\b",
    r"\b(?:numb|empty|broken|alone|lonely|ashamed|hate myself|falling apart|lost everything)\b",
    r"\b(?:break(?:ing)? ?down|giv(?:e|ing) up)\b",
    r"\b(?:can't|cannot|can not) (?:cope|take (?:it|this)|do this|go on|stop crying|breathe|sleep)\b",
)

_FAREWELL = _any_of(
    r"^(?:\w+[, ]+){0,3}(?:bye|goodbye|good ?night|see (?:you|ya)|farewell|take care)\b",
    r"\b(?:got to|gotta|have to|need to|should|i'll|i'm going to|let me) "
    r"(?:go|run|leave|head (?:off|out)|log off)(?: now| soon)?(?: to (?:bed|sleep))?[.!]*$",
    r"\b(?:talk|speak|chat|write) (?:to you |with you )?(?:later|tomorrow|soon|next time)[.!]*$",
    r"\bthat's (?:all|it|enough) for (?:now|today|tonight)\b",
)
_FAREWELL_WORDS = 10


def read(text: str, *, risk: int = 0) -> Reading:
    """The surface cues of one message. Deterministic; raises ValueError where risk is not 0-5."""
    plain = text.casefold().replace("’", "'").strip()
    sentences = _SENTENCE_END.split(plain)
    return Reading(
        risk=risk,
        question=any(_QUESTION.search(_TAG_QUESTION.sub("", sentence)) for sentence in sentences),
        asks_advice=_asks_advice(sentences),
        distress=_DISTRESS.search(plain) is not None,
        farewell=_says_farewell(sentences[-1]),
    )


def _asks_advice(sentences: list[str]) -> bool:
    if any(_DECLINES_ADVICE.search(sentence) for sentence in sentences):
        return False
    return any(_ASKS_ADVICE.search(sentence) for sentence in sentences)


def _says_farewell(last_sentence: str) -> bool:
    """Only a short last sentence takes leave, and "I could not even say goodbye" does not."""
    short = len(last_sentence.split()) <= _FAREWELL_WORDS
    return short and "say goodbye" not in last_sentence and _FAREWELL.search(last_sentence) is not None
