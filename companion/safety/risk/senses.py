"""Another sense of the same words: anger that is taken out on somebody, a tape gun, a habit, a farewell at work.

Every function reads bare text. What stands here holds for firm families too, so each pattern names its other sense.
"""

from __future__ import annotations

import re

_HERE = re.compile(
    r"\bt(?:ook|aking|ake|aken) it all out on (?!myself|my (?:own )?(?:body|arms?|skin))"
    r"|\bcut(?:ting)? myself off from\b|\bcould (?:have )?(?:slap|kick|punch|hit|strangle)(?:ed)? myself"
    r"(?! (?:until|till|again|so |in |on |hard|every|when))"
    r"|\b(?:tape|glue|nail|staple|spray|heat|water|nerf|price|massage|label) gun\b"
    r"|\brope\b.{0,30}\bfor the (?:boat|tent|swing|climb\w*|tow\w*|sail\w*|washing|horse|kayak|dinghy|trailer)\b"
    r"|\b(?:told|asked|tell|ask) (?:siri|alexa|google|cortana|my phone) to\b|\bim unalive\b(?! myself)"
    r"|\bunaliv(?:e|ed|ing)\W+(?:you|him|her|them|your|his|the|villagers|everyone)\b"
    r"|(?<!someone )(?<!somebody )(?<!please )\b(?:mums?|moms?|dads?|boss|teacher|parents|wife|husband|coach|gran|nan"
    r"|paper \d|exam)(?: is)?(?: going to| will| would)? unaliv(?:e|ed|ing) me\b"
    r"|\bif (?:\w+ ){1,6}(?:plays?|sings?|hums?|whistles?|practi[sc]es?) (?:\w+ ){0,6}(?:one more time|again"
    r"|once more)\b|\bsuicide\b.{0,20}\b(?:drills?|sprints?|laps)\b"
    r"|\bcommitt?(?:ing|ed|s)? suicide\b.{0,30}\b(?:second half|own goals?|half time|liveness|pods?|threads?)\b"
    r"|\b(?:pods?|threads?|process(?:es)?|containers?|houseplants?|plants?|team|defence|squirrels?|pigeons?)"
    r" (?:are |is |keeps? |have |has )?(?:suicidal|commit\w* suicide)\b|\bcould be dead by then\b"
    r"|\bstuck on (?:a|the) platform\b|\bget on the (?:other|next|wrong) train\b"
    r"|\b(?:harm|harming|hurt|hurting) (?:others|other people|the (?:man|woman|person|one) who)\b"
    r"|\b(?:emotionally|financially|metaphorically) (?:hurt|hurting|harm|harming|damag\w+) myself\b"
    r"|\bborn in(?:to)? (?:this family|group \w+|a family|the wrong (?:decade|century|era))\b"
    r"|\b(?:why am i|am i|im) (?:living|alive) (?:in|with|at) (?:my|a|the|his|her) (?:\w+ ){0,2}(?:room|flat|house"
    r"|basement|van|caravan|attic|garage|parents?)\b"
)
_COULD_DIE = re.compile(r"\bi could (?:have )?(?:die|died)\b *(?:$|[.,!] ?(?!and i|i want|id |they|nobody))")
_SHAMED = re.compile(
    r"\b(?:hacked|mortif\w*|embarrass\w*|called my|conference call|reply all|replied all"
    r"|my (?:boss|priest|teacher|crush)|in front of)\b"
)
_RATHER = re.compile(
    r"\brather die\b(?=.{0,60}\brather die than (?!live|be (?:here|alive)|exist|go on|keep|carry|face|wake|feel))"
)


def other_sense(before: str, match: str, follow: str, text: str) -> bool:
    """Whether the words around a match give it a sense that has nothing to do with danger."""
    place, start, end = before + match + follow, len(before), len(before) + len(match)
    if any(found.end() > start - 8 and found.start() < end + 30 for found in _HERE.finditer(place)):
        return True
    if _COULD_DIE.search(place) and _SHAMED.search(text):
        return True
    return _RATHER.search(place) is not None


_HABIT = re.compile(
    r"\b(?:nails?|nail biting|cuticles?|hangnails?|(?:candy|phone) \w+|scrolling|doomscroll\w*|twitter|instagram|tiktok"
    r"|the sims|crisps|chocolate|online shopping|shopping|takeaways?|unblocked (?:him|her)"
    r"|texted (?:him|her|my ex)|counting)\b"
)
_OF_THE_BODY = re.compile(
    r"\b(?:cut(?!icle)\w*|blade|razor|self harm\w*|arms?|thighs?|wrists?|skin|scars?|myself|hurt\w*|urges?"
    r"|on purpose|punish\w*|deserve\w*|to feel)\b"
)


def habit(match: str, sentence: str, follow: str, text: str) -> bool:
    """Whether a relapse, or blood, belongs to an everyday habit."""
    around = sentence + follow[:40] if match.startswith("relaps") else sentence
    return bool(_HABIT.search(around)) and not _OF_THE_BODY.search(match + " " + text)


_PARTING = re.compile(
    r"\b(?:the regulars|customers|clients|stocktake|cutover|rollback|rollout|go live|slack|migration|retir\w+|last day"
    r"|last days the|moving to|emigrat\w*|abroad|oncologist|chemo|leave home|new job|the office|overdraft)\b"
)
_FOR_GOOD = re.compile(
    r"\b(?:pills|tablets|rope|die|dying|dead|kill\w*|suicid\w*|tonight|sorry|forgive|cant (?:go|do|take)"
    r"|wont be (?:here|around)|without me|burden|when im gone|after im gone|where im going|end it|ending"
    r"|dont want to|tired of|hate|no point|nobody (?:knows|needs)|note|decided|onwards|they think|calm|for once"
    r"|never said|havent (?:told|settled|planned)|nothing (?:booked|planned|after))\b"
)


def parting(text: str) -> bool:
    """Whether goodbyes and letters belong to a job, a move, an illness that is treated, or a joke about one of them."""
    return bool(_PARTING.search(text)) and not _FOR_GOOD.search(text)


_SURGERY = re.compile(
    r"\b(?:surgery|operation|an?aesthetic|heart valve|new valve|transplant|bypass|new (?:hip|kidney))\b"
)
_HOPED = re.compile(
    r"\b(?:hop(?:e|ed|es|ing)|wish\w*|wouldnt mind|dont mind|dont care|better|relie(?:f|ved)|pray\w*|easier"
    r"|want(?:ed)? to|peaceful\w*|if only|so what|burden|dead|die|dying|let me go|wouldnt be|mad|fine|ok|okay|good"
    r"|should have)\b"
)


def under_the_knife(lead: str, sentence: str, text: str) -> bool:
    """Whether "if I don't wake up" is said before an operation, without a hope of it."""
    return "if i" in sentence and bool(_SURGERY.search(lead[-120:] + sentence)) and not _HOPED.search(text)
