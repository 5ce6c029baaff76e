"""Whom a match is about, whether a "not" turns it round, and whether it is long past.

Every function reads normalised, bare text.
"""

from __future__ import annotations

import re

from companion.safety.risk.frames import recent, taken_back
from companion.safety.risk.words import any_of

_KIN = (
    r"(?:friends?|mate|bestie|boyfriend|girlfriend|bf|gf|partner|husband|wife|ex|brother|sister|bro|sis|mum|mom"
    r"|mother|dad|father"
    r"|parents|son|daughter|child|kids|kid|cousin|uncle|aunt|aunty|auntie|nephew|niece|grandad|grandpa|grandfather"
    r"|grandma|gran|nan"
    r"|grandmother|roommate|flatmate|housemate|neighbou?r|colleague|coworker|boss|student|pupil|patient|client"
    r"|teacher|lodger"
    r"|teammate|classmate|stepdad|stepmum|stepson|stepdaughter|fiance|fiancee|guy|girl|boy|lad|lass|man|woman"
    r"|person|people"
    r"|someone|somebody|resident|neighbour|kid|teenager|daughters|sons|brothers|sisters|manager|landlord|caller"
    r"|tenant)"
)
_OTHERS = re.compile(
    rf"\b(?:he|she|they|hes|shes|theyre|hed|shed|theyd|theyve|who|whos|him|her|them|his|their|himself|herself"
    rf"|themselves|(?:my|our|a|the|his|her|their|this|that|one of my|some) (?:\w+ ){{0,2}}?{_KIN}s?|{_KIN}"
    r"|students|men|women|farmers|teenagers|teens|children|everyone|nobody|anyone|celebrit\w+|actor|singer|you|your"
    r"|we)\b"
)
_FIRST = re.compile(
    r"\b(?:i|im|ive|id|ill|myself|my (?:own|head|brain|mind|thoughts|life|heart|self|voice|body|death|date|plan"
    r"|note|will|suicide|attempt|funeral))\b"
)
OWN_WORDS = re.compile(
    r"\b(?:myself|my (?:own )?\w*(?: \w+)? ?(?:life|existence|wrists?|arms?|throat|skin|head|thighs?|body|funeral"
    r"|death|suicide|attempt|affairs|goodbyes|belongings|things|stuff)|without me|i|im|id|ive|ill|me)\b"
)

_SAID = re.compile(
    r"\b(?:said|says|saying|told|tells|telling|texted|wrote|writes|messaged|posted|screamed|shouted|keeps saying"
    r"|threaten\w*|asked|called|whispered|yelled|typed)\b"
)


def about(before: str, match: str, after: str) -> str:
    """Whose sign it is: "first", "third", or "" where the sentence does not say. The nearest subject before it wins."""
    own = OWN_WORDS.search(match)
    first = max((found.start() for found in _FIRST.finditer(before)), default=-1)
    third = max((found.start() for found in _OTHERS.finditer(before)), default=-1)
    if own:
        return "first"
    if third > first:
        return "third"
    if first >= 0:
        return "first"
    return "third" if _THIRD_AFTER.match(after) else ""


_THIRD_AFTER = re.compile(r" ?(?:himself|herself|themselves|themself)\b")

THIRD = any_of(
    r"(?:kill|killing|killed|hang|hanging|hanged|hung|shoot|shot|shooting|harm|harming|harmed|hurt|hurting|cut"
    r"|cutting|cuts|drown|drowned|starv\w+|unalive|ended|ending|off|end) (?:himself|herself|themselves|themself"
    r"|theirself)\b",
    r"(?:end|ended|ending|take|took|taken|taking) (?:his|her|their) (?:own )?(?:life|lives)\b",
    rf"(?:{_KIN}|he|she|they|hes|shes|theyre|him|her)\b.{{0,60}}\b(?:suicid\w+|self harm\w*|want(?:s|ed)? to (?:die"
    rf"|be dead|end (?:it|things))|overdos\w+|(?:took|taken|swallowed) (?:a (?:bunch|bottle|load|lot) of "
    rf"|all (?:his|her|their) |some )?(?:pills|tablets)|better off without (?:him|her|them)|dont want to (?:be here"
    rf"|live|be alive|wake up)|doesnt want to (?:be here|live|be alive|exist|wake up)|not wanting to (?:live"
    rf"|be here)|wish(?:es|ed)? (?:he|she|they) (?:was|were) (?:dead|gone)|going to end it|hes going to end"
    rf"|has a plan|cut(?:s|ting) (?:again|her|his|their)|blades?|said goodbye|saying goodbye|giving (?:his|her"
    rf"|their|all) (?:\w+ )?(?:things|stuff)|hanged|not going to be (?:here|around))",
    rf"(?:his|her|their|{_KIN}s) (?:\w+ )?(?:suicide|overdose|self harm|suicide attempt|suicidal)\b",
    r"(?:worried|scared|afraid|frightened|concerned) (?:\w+ )?(?:about|for|that|my|he|she"
    r"|they) .{0,60}\b(?:suicid\w+|harm\w*|hurt (?:him|her|them)|do something|end it|kill|blades?|self harm"
    r"|giving (?:his|her|their) (?:things|stuff))",
    r"(?:we )?lost (?:my|our|a|his|her) .{0,40}\bto suicide\b|died by suicide\b",
)
"""Danger to somebody else, said as such."""

_NOT = re.compile(
    r"\b(?:not|no|never|dont|didnt|doesnt|isnt|arent|wasnt|werent|wouldnt|wont|havent|hasnt|hadnt|nor|neither"
    r"|without|zero|none|cant|couldnt|aint"
    r"|nothing|hardly|far from|anything but|nowhere near|rather than|instead of|denied|deny|no longer|anti"
    r"|un(?= ?$)|stopped)\b"
)
_STILL = re.compile(
    r"\b(?:cant promise(?: \w+){0,2}|trying not|cant (?:stop|help|shake|quit|escape|not)|couldnt (?:stop|help|shake)"
    r"|why (?:not|dont i|cant i)|not (?:only|just|sure|joking"
    r"|kidding|even|gonna lie|going to lie|ok|okay|safe|fine|well|doing|coping|an? )"
    r"|dont (?:know|think i (?:can|could|want to be here|am)|(?:want|need) (?:attention|help|sympathy|pity|advice"
    r"|a reply|to talk|to be talked)|have (?:a|any) (?:\w+ )?plans?|care|tell|judge|worry|want (?:help|to (?:tell"
    r"|scare"
    r"|worry))|see|understand|get|feel|lie|sleep|trust|stop|deserve|mind|have anyone|know (?:why|if|what|how))"
    r"|no (?:joke|lie|offence|offense|reason|idea|one|point|but|other|longer able)|never (?:told|said|stop\w*"
    r"|wanted to \w+ more|been so|felt so|thought id|goes|ends|left)|wont (?:stop|leave|go)|nobody|doesnt (?:know"
    r"|stop|care|help|matter|understand)"
    r"|didnt (?:work|help|stop|know|tell|sleep|die)|isnt (?:helping|working|a (?:joke|cry))|not (?:a joke|the first"
    r"|for attention|again|helping)|havent (?:told|slept|eaten|stopped|felt)|never \w+ (?:anyone|anybody)"
    r"|without (?:telling|anyone|him|her|them|you|sleep)"
    r"|wouldnt (?:know|understand|care|have to)|nothing (?:helps|matters|works|left|else|feels|changes|is)"
    r"|stopped (?:eating|sleeping|caring|taking|answering|going|talking|seeing)|cant (?:sleep|cope|eat|take|do|go"
    r"|live|keep|talk|tell|stand|bear|see|even|feel|breathe|anymore|be)|no (?:friends|job|money|family|sleep|hope"
    r"|future|purpose|life|energy|way|more)|not (?:sleeping|eating|enough|myself|good|worth|dead yet|living|being"
    r"|able|feeling)|zero (?:energy|hope|friends|point)|none of)\b"
)
"""Negations that turn nothing round."""
_TURN = re.compile(
    r"[.;:!?\n]|\b(?:but|yet|though|although|however|except|because|since|still|and (?:i|im|ive|then|now|all|yet)"
    r"|so (?:i|im)|then|while|until|before this|before now|before today|anymore i|apart from)\b|, (?:i|im|ive|id"
    r"|just|it|my|so|and|the)\b"
)
_BEFORE_NOW = re.compile(
    r"^ ?(?:\w+ ){0,2}?(?:before (?:this|now|today|last|that|it)|until (?:now|this|today|recently|last|it)"
    r"|like this|this (?:badly|much|bad)|so (?:much|bad)|more than|as much)"
)


def negated(before: str, after: str) -> bool:
    """Whether a "not" within seven words before the match, in its clause, turns it round."""
    turns = list(_TURN.finditer(before))
    clause = before[turns[-1].end() :] if turns else before
    words = clause.split()
    window = _STILL.sub(" ", " ".join(words[-8:]))
    if not _NOT.search(window):
        return False
    return not _BEFORE_NOW.match(after)


_DENIAL_AFTER = re.compile(
    r"^[^.!?]{0,30}?(?:\bor (?:anything|whatever|something)(?: like that)?\b|\band i (?:said|ticked|answered|put"
    r"|wrote|told (?:him|her"
    r"|them)) (?:no|not|never)\b|,? (?:which is|i said|and i laughed|the answer is) (?:no|not|true))"
)

_ANSWERED = re.compile(
    r'[^.!?]{0,20}\?"? (?:(?:god|oh|hell|absolutely|christ|lord|definitely|um|well),? )?(?:no|nope|nah|never'
    r"|of course not|not)\b"
    r"(?! (?:joke|idea|way|but|really|sure))| (?:no|never)(?= *(?:$|[.,!]))"
)
_WHETHER = re.compile(r"\b(?:whether|if|asked|asks|question)\b")
_ANSWERED_LATER = re.compile(
    r'[^.!?]{0,50}[.,]"? (?:(?:(?:i|and i) (?:said|told \w+) )?(?:no|nope|nah|never)\b(?! (?:joke|idea|way|but))'
    r"|im not(?= *(?:$|[.,!])))"
)
_THEM = re.compile(r"\b(?:he|she|him|her|they|them|hes|shes)\b")

PAST = re.compile(
    r"\b(?:(?<!than i )used to|years ago|decades? ago|back then|back in (?:19|20)\d\d|in (?:19|20)\d\d|long ago"
    r"|ages ago"
    r"|a long time ago|when i was (?:a |an |at |in |little|young|younger|\d+|\w+teen|twenty|twelve|eleven|ten)"
    r"|as a (?:teen|teenager|kid|child|student|young)|in my (?:teens|twenties|thirties|first year|early|late|youth"
    r"|darkest \w+)"
    r"|my first (?:year|term) at|when i was (?:drinking|using|\w+ing at)|that was (?:19|20)\d\d"
    r"|at (?:fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|1\d|2\d)|from (?:age )?\d\d to \d\d"
    r"|in \W?[5-9]\d|once (?:wrote|tried|took|was|wanted|felt|thought)"
    r"|there was a time|in the past|my (?:younger|teenage) (?:self|years)|years since|(?:it has been|its been"
    r"|been) (?:\w+ )?(?:\d+|ten|five|six|seven|eight|nine|twelve|fifteen|twenty|two|three|four|many) years"
    r"|after my (?:first|second) (?:baby|child)|previously|formerly|back in (?:high )?school|on suicide watch in"
    r"|last year|looking back|the year i|that year|(?:\d+|ten|two|three|four|five|six|seven|eight|nine|twelve"
    r"|fifteen|twenty|thirty) years (?:ago|since|on|clean|free))\b"
)
_OVER = re.compile(
    r"\b(?:been|self harmer|years clean|was|were|wanted|wished|tried|took|thought|had|felt|used to|attempted"
    r"|survived|wrote|cut|hurt|harmed|overdosed|did|planned|spent|stood|ended up|happened|since|recovered|scars"
    r"|ago)\b"
)
BACK = re.compile(
    r"\b(?:is back|are back|came back|coming back|come back|comes back|creeping back|its back|back again|returned"
    r"|never left|never (?:went|gone|goes|stopped)|still (?:do|want|think|am|feel|wish|have|there|get)|again now"
    r"|now (?:im|i am) (?:back|thinking|feeling|here)|and now it comes|relaps\w*|started again|starting again"
    r"|again (?:lately|this|today|tonight|recently)|this time|ever since|since then|even now|to this day"
    r"|nobody has ever|here i am|(?:the )?thoughts are (?:back|there|here)|the urge is|thinking of (?:a|it|doing)"
    r"|to (?:plan|think|feel)(?: \w+)? again|wanting to \w+ again|back there|same (?:place|thoughts|feeling)"
    r"|worse now|now i (?:(?:want|wish|need) (?:to|it|that|i)|(?:think|feel) (?:of|about|like) (?:it|dying|death"
    r"|suicide|ending|killing))\b"
    r"|want (?:to|it|that) again"
    r"|(?<!\")i want to (?:die|be dead|end|kill)|im (?:suicidal|planning (?:it|to|suicide)))\b"
)

_HEALED = re.compile(
    r"\b(?:not since|none since|(?:not|never|havent) (?:had |felt |done )?(?:\w+ ){1,6}since|recovered"
    r"|years (?:clean|free) of|long over|(?:its|and its|the sad times?) (?:long )?over now|(?:sad|dark"
    r"|bad) times over|long gone|old wound|healed|turned out (?:ok|okay|fine|alright|all right)"
    r"|these days i (?:want|like|love|teach|grow|plan|laugh|have)|now i (?:teach|plan|grow|think about (?:her|his"
    r"|lunch|dinner)|have a (?:dog|greyhound|wife|husband|garden)|want a )|i like (?:my life|being alive|my days)"
    r"|im glad|glad (?:to be|i (?:am|was|didnt|failed)|of every|nobody|every day)|(?:\w+ )?years (?:on|sober|clean)\b"
    r"|\d+ years (?:today )?since|who i needed|boredom is amazing)\b"
)


def over(sentence: str, text: str, match: str, before: str) -> bool:
    """Whether the match tells of something that is long past, with no word of its return in the message."""
    if BACK.search(text) or recent(match + sentence[len(before) + len(match) :][:40]):
        return False
    if _HEALED.search(text) and _OVER.search(before + " " + match):
        return True
    told = sentence[: len(before) + len(match) + 40]
    return bool(PAST.search(sentence) and _OVER.search(told))


def told_by_another(before: str, text: str) -> bool:
    """Whether what stands in quotation marks after `before` is somebody else's."""
    return bool((_SAID.search(before) and _OTHERS.search(before)) or _THEM.search(text))


def denied(before: str, match: str, after: str, rest: str, text: str) -> bool:
    """Whether a "not" before the match, or an answer after it, turns its meaning round."""
    if match.startswith(("stop", "quit")) and before.rstrip().endswith(("cant", "couldnt")):
        return False
    if not _NOT.match(match) and negated(before, after):
        return True
    if taken_back(text):
        return False
    if not _NOT.match(match) and _DENIAL_AFTER.match(after):
        return True
    return bool(_ANSWERED.match(rest) or (_WHETHER.search(before) and _ANSWERED_LATER.match(rest)))
