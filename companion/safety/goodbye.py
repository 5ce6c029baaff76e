"""Whether a message is a goodbye: the reply to one leaves it at that (S16)."""

from __future__ import annotations

import re

MOST_WORDS = 9
"""Of the sentence that says it."""

_BEFORE = (
    r"(?:ok(?:ay)?|all ?right|well|anyway|so|right|thanks?|thank you|cheers|sorry|and|but|(?:very |so )?much|a lot"
    r"|for (?:now|today|listening))"
)
_WHERE = r"(?: now| then| home| to (?:bed|sleep|work)| for (?:now|today|tonight))*"
_GO = r"(?:go|leave|run|sleep|stop(?: here)?|get going|head (?:out|off|home)|log off|sign off|call it a night)"
_MUST = (
    r"(?:i think |i guess )?(?:i(?:'d| would)? (?:really |better )?(?:have|need|ought|got|want) to|i've got to|i must"
    r"|i should|i(?:'d)? better|i(?:'ll| will)|(?:i )?gotta)"
)
_OFF = (
    r"i(?:'m| am) (?:off|going|leaving|heading (?:off|out|home)|logging off|signing off|done for (?:today|tonight|now))"
)
_WORDS = (
    r"good ?-?bye|bye(?:[ -]?bye)?|farewell|good ?-?night|(?:see|catch) (?:you|ya)|cya|ttyl|take care"
    r"|talk (?:to you )?(?:later|soon|tomorrow)|have a (?:good|nice|great) (?:day|night|evening|weekend|one)"
    r"|that(?:'s| is) (?:all|it|enough) for (?:today|tonight|now)|until (?:tomorrow|next time)|(?:signing|logging) off"
)
_AFTER = (
    r"(?:now|then|again|everyone|companion|later|tomorrow|soon|and|take care|thanks?|thank you|for (?:now|today)|x+)"
)
_LEAVES = re.compile(
    rf"(?:{_BEFORE}\W+)*(?:{_WORDS}|{_MUST} {_GO}{_WHERE}|{_OFF}{_WHERE})(?:\W+{_AFTER})*\W*", re.IGNORECASE
)
_PART = re.compile(r"(?<=[.!?;])\s|,\s(?=i )", re.IGNORECASE)


def says_goodbye(message: str) -> bool:
    """Whether the person leaves with this message: a short part of it says just that."""
    text = " ".join(message.replace("’", "'").split())
    return any(len(part.split()) <= MOST_WORDS and _LEAVES.fullmatch(part.strip()) for part in _PART.split(text))
