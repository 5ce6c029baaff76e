"""The phrase floor: families of patterns by meaning, what explains them away, and the step that is left.

It sees what is on the page, in English. It is one layer: what is not said in any of its ways passes it unseen.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from companion.safety.risk.families_absence import ABSENCE
from companion.safety.risk.families_brink import BRINK
from companion.safety.risk.families_harm import EATING, HARM, MINOR
from companion.safety.risk.families_leaving import LEAVING
from companion.safety.risk.families_means import MEANS_AND_PLANS
from companion.safety.risk.families_plainly import PLAINLY
from companion.safety.risk.families_relapse import RELAPSE
from companion.safety.risk.families_thoughts import HINTS, THOUGHTS
from companion.safety.risk.families_wish import WISHES
from companion.safety.risk.family import Family, Said
from companion.safety.risk.normal import bare, normalise
from companion.safety.risk.state import CARD
from companion.safety.risk.subject import THIRD
from companion.safety.risk.vetoes import IDIOM, TIREDNESS, Place, Why, laughed_off, mishap, why

FAMILIES = (
    *WISHES,
    *PLAINLY,
    *MEANS_AND_PLANS,
    *BRINK,
    *HARM,
    *RELAPSE,
    *ABSENCE,
    *LEAVING,
    *THOUGHTS,
    *HINTS,
)

HIGHEST = 5
MATCHES = 6
"""Places that one family is looked at in one message: enough where the first ones are explained away."""
REACH = 240
"""Characters of a sentence on either side of a match that are read for what explains it."""

_SENTENCE_END = re.compile(r"[.!?;\n]+")

_INTENT = re.compile(
    r"\b(?:im going to|i will|ill|going to|will|gonna|decided to|decided|about to|ready to|plan to|planning to"
    r"|intend to|have to|might be the night|nobody can (?:stop|talk)|cant stop me|ima)"
    r" (?:\w+ ){0,3}?(?:kill(?:ing)? myself|end(?:ing)? (?:it|my|this)|take my|taking my|do it|die\b|jump|overdose"
    r"|hang|unalive|drown|shoot|off myself|hurt myself)"
    r"|\b(?:im|i am|then im|be) (?:killing|ending|offing|hanging|shooting) (?:myself|my life|it)\b"
    r"|\bdont think ill make it\b|\bi (?:will|am going to|think i will)(?= *(?:$|[.,]|do it))|\bi mean (?:it|that)\b"
)
_SOON = re.compile(
    r"\b(?:tonight|right now|today|tomorrow|this (?:evening|weekend|afternoon|morning)|in an hour"
    r"|in a few (?:minutes|hours)|before (?:morning|they|he|she|anyone)|when (?:\w+ ){1,3}(?:goes to (?:work|bed"
    r"|sleep)|leaves?|falls? asleep|asleep)|already|as soon as|by the weekend|on (?:mon|tues|wednes|thurs|fri|satur"
    r"|sun)day|at midnight|soon as)\b"
)
_READY = re.compile(
    r"\b(?:letters?|note|pills|tablets|meds|rope|gun|knife|razor|blade|noose|bridge|roof|ledge|tracks|garage"
    r"|everything (?:is )?(?:ready|set|sorted)|have (?:what|everything)|ive (?:what|everything|got everything)"
    r"|set (?:everything|it all) up|a plan|plan is|my plan|the plan|a date|goodbyes?|enough now|saved up|bought"
    r"|next to me)\b"
)
_TONIGHT = re.compile(r"\b(?:tonight|right now|today|tomorrow|this (?:evening|weekend|afternoon)|in an hour)\b")
_DOING = frozenset({"wants to die", "ending own life", "ending own life, said plainly", "end it"})
_UNDER_WAY = re.compile(
    r"\b(?:just|already|now|an hour ago|minutes? ago|hours? ago|tonight|and now im scared|right now|holding"
    r"|im on the|standing on|in my hand)\b"
)
_LATELY = re.compile(
    r"\b(?:last night|yesterday|this (?:morning|week|weekend|afternoon|month)|today|tonight|on (?:mon|tues|wednes"
    r"|thurs|fri|satur|sun)day|last (?:week|weekend|month|mon|tues|wednes|thurs|fri|satur|sun)\w*|(?:a )?(?:few"
    r"|couple(?: of)?|two|three|four|five|\d) (?:days|nights|weeks|hours) ago|days ago|weeks ago|an hour ago"
    r"|recently|just|again|im home now|woke up|got out|discharged|nobody knows)\b"
)

_LONG_AGO = re.compile(r"\b(?:years|decades) (?:ago|back)\b")
_WELL_NOW = re.compile(
    r"\b(?:fine|well|ok|okay|better|good|great|happy|healthy) (?:now|today|again|these days|nowadays)\b"
)


@dataclass(frozen=True, slots=True)
class Sign:
    """One match of a family that nothing explained away."""

    family: Family
    level: int
    start: int


@dataclass(frozen=True, slots=True)
class FloorReading:
    """What the phrases of one message say."""

    level: int = 0
    signs: tuple[Sign, ...] = ()
    explained: frozenset[Why] = frozenset()
    """What explained other matches away."""
    third_person: bool = False
    """Somebody else is in danger."""
    imminent: bool = False
    minor: bool = False
    eating: bool = False
    deadly: bool = False
    """Whether a word is in it that danger is spoken of with, explained or not."""

    @property
    def explicit(self) -> bool:
        """Whether something was said in so many words."""
        return any(sign.family.said is Said.EXPLICIT for sign in self.signs)

    @property
    def unnamed(self) -> bool:
        """Whether something is spoken of without its name, which only an earlier message can give it."""
        return any(sign.family.name in _UNNAMED for sign in self.signs)

    @property
    def hints(self) -> int:
        """How many different hints and oblique signs there are."""
        return len({sign.family.name for sign in self.signs if sign.family.said is not Said.EXPLICIT})


def read(text: str) -> FloorReading:
    """Read one message. Time grows with its length and no faster."""
    normal = normalise(text)
    plain = bare(normal)
    ends = [found.end() for found in _SENTENCE_END.finditer(plain)]
    signs: list[Sign] = []
    explained: set[Why] = set()
    for family in FAMILIES:
        if family.words and not any(word in plain for word in family.words):
            continue
        for number, found in enumerate(family.pattern.finditer(plain)):
            if number == MATCHES:
                break
            start, end = _sentence(ends, found.start(), found.end(), len(plain))
            before, after = plain[start : found.start()], plain[found.end() : end]
            place = Place(plain[start:end], before, found.group(), after, plain[: found.start()], plain[found.end() :])
            veto = why(family, place, plain, normal)
            if veto is None:
                signs.append(Sign(family, _level(family, normal), found.start()))
                break
            if not family.faint:
                explained.add(veto)
    if not signs and IDIOM.search(plain):
        explained.add(Why.IDIOM)
    if not signs and TIREDNESS.fullmatch(plain):
        explained.add(Why.TIREDNESS)
    if not signs and mishap(plain):
        explained.add(Why.MISHAP)
    return _judged(signs, explained, normal, plain)


def _sentence(ends: list[int], start: int, end: int, size: int) -> tuple[int, int]:
    """Where the sentence around a match begins and ends, at most `REACH` characters away."""
    before = bisect_right(ends, start)
    after = bisect_left(ends, end)
    first = ends[before - 1] if before else 0
    last = ends[after] if after < len(ends) else size
    return max(first, start - REACH), min(last, end + REACH)


def _level(family: Family, normal: str) -> int:
    if family.behaviour and family.name == "an attempt" and not _LATELY.search(normal):
        return 4
    if family.said is Said.EXPLICIT and laughed_off(family, normal):
        return 1
    return family.level


def _long_over(plain: str) -> bool:
    """Whether somebody is well now, of whom years ago something was told."""
    ago = _LONG_AGO.search(plain)
    return bool(ago and _WELL_NOW.search(plain, ago.end()))


def _judged(signs: list[Sign], explained: set[Why], normal: str, plain: str) -> FloorReading:
    level = max((sign.level for sign in signs), default=0)
    explicit = [sign for sign in signs if sign.family.said is Said.EXPLICIT and sign.level >= CARD]
    oblique = [sign for sign in signs if sign.family.said is Said.OBLIQUE]
    hints = [sign for sign in signs if sign.family.said is Said.HINT]
    dying = [sign for sign in explicit if not sign.family.harm]
    if dying:
        if _INTENT.search(plain):
            level = max(level, 4)
        if _TONIGHT.search(normal) and any(sign.family.name in _DOING for sign in dying):
            level = max(level, 4)
        if level >= 4 and (_SOON.search(normal) or _READY.search(plain)) and _INTENT.search(plain):
            level = HIGHEST
        if sum(sign.family.plan or sign.family.means for sign in dying) and len(dying) > 1 and _SOON.search(normal):
            level = HIGHEST
        if any(sign.family.goodbye for sign in oblique):
            level = HIGHEST
    elif len(oblique) >= 2:
        level = max(level, CARD)
    elif oblique and hints:
        unnamed = any(sign.family.name in _UNNAMED for sign in hints)
        level = max(level, CARD if unnamed or level > 1 else 2)
    elif len(hints) >= 3 or (len(hints) == 2 and any(sign.family.name in _UNNAMED for sign in hints)):
        level = max(level, 1)
    imminent = level == HIGHEST or (level >= 4 and bool(_UNDER_WAY.search(normal)))
    third = (Why.THIRD_PERSON in explained or bool(THIRD.search(plain))) and not _long_over(plain)
    if third and level < CARD and not explicit:
        level = 0 if not any(sign.family.said is Said.EXPLICIT for sign in signs) else level
        signs = signs if level else []
    return FloorReading(
        level=level,
        signs=tuple(signs),
        explained=frozenset(explained),
        third_person=third,
        imminent=imminent or (third and not level and bool(_NOW_THIRD.search(normal))),
        minor=MINOR.search(plain) is not None,
        eating=EATING.search(plain) is not None,
        deadly=_DEADLY.search(plain) is not None,
    )


_DEADLY = re.compile(
    r"\b(?:die|dying|dead|death|kill(?:ing|ed)?|suicid\w*|unaliv\w*|overdos\w+|noose|bleed\w*|blade|razor|cutting"
    r"|harm\w*|hurt(?:ing)?|pills|tablets|gun|myself|end (?:it|my|everything|things)|ending|alive|exist\w*|live"
    r"|living"
    r"|life)\b"
)
_UNNAMED = frozenset({"what is not named", "something set aside"})
_NOW_THIRD = re.compile(
    r"\b(?:took|taken|swallowed|overdosed|unconscious|not (?:answering|breathing|responding)|wont wake"
    r"|call (?:the police|an ambulance)|right now|on (?:a|the) (?:bridge|roof|ledge)|said goodbye|has a (?:gun"
    r"|knife|rope)|turned (?:his|her|their) phone off)\b"
)
