"""Pieces that the families of patterns are put together from. All read a normalised, bare text (`normal`)."""

from __future__ import annotations

import re


def any_of(*patterns: str) -> re.Pattern[str]:
    """One pattern for many, each from the beginning of a word."""
    return re.compile(r"\b(?:" + "|".join(patterns) + ")")


def gap(most: int) -> str:
    """Up to `most` words, and nothing that ends a clause."""
    return rf"(?:\w+ ){{0,{most}}}"


OWN = r"(?:own |whole |entire |sad |miserable |stupid |pathetic |worthless |shitty |damned |sorry |useless |own )*"

LIFE = rf"(?:my|this|the) {OWN}(?:life|existence|days on (?:this )?earth)"

KILL = (
    r"(?:kill|unalive|off|hang|shoot|drown|neck|top|skull|gas|poison|strangle|suffocate|smother|finish|delete|murder"
    r"|end|electrocute|do away with|do in|get rid of|eliminate|dispose of|slit|exit|euthani[sz]e|erase|yeet)"
)
KILLING = (
    r"(?:killing|unaliving|offing|hanging|shooting|drowning|necking|topping|gassing|poisoning|strangling|suffocating"
    r"|smothering|finishing|deleting|murdering|ending|electrocuting|doing away with|getting rid of|eliminating"
    r"|erasing"
    r"|yeeting)"
)
KILLED = r"(?:killed|unalived|offed|hanged|hung|shot|drowned|necked|topped|gassed|poisoned|ended|done away with)"

ENDED = r"(?:end|take|finish|terminate|snuff out|extinguish|stop|throw away|give up)"
ENDING = r"(?:ending|taking|finishing|terminating|stopping|throwing away)"

ACT = (
    rf"(?:{KILL} myself|{ENDED} {LIFE}|(?:commit|do|attempt|die by|complete) suicide|end it(?: all)?|die|be dead"
    r"|do it|end things|end everything|go through with it|jump|overdose|o ?d)"
)
"""What "going to", "decided to" and the like are followed by."""

MEANS = (
    r"(?:pills?|tablets?|meds|medication|antidepressants?|painkillers?|sleeping pills|paracetamol|tylenol|ibuprofen"
    r"|aspirin|opioids?|insulin|blister packs?|capsules|xanax|benzos)"
)

EDGE = (
    r"(?:bridge|roof|rooftop|ledge|(?<!on )edge|railing|railings|balcony|cliff|cliffs|tracks|rails|platform|car park"
    r"|parking (?:garage|structure)|overpass|multi ?storey|tower|window ?sill|viaduct)"
)

VEHICLE = r"(?:train|trains|tube|car|cars|bus|buses|truck|trucks|lorry|traffic|subway|tram|metro|vehicle)"

AGAIN = r"(?:again|lately|today|tonight|last night|yesterday|this (?:morning|week|afternoon|evening|weekend))"

LIVING = (
    r"(?:live|be alive|exist|stay alive|be living|live on|go on living|keep living|keep on living|continue living"
    r"|carry on living|keep being alive|survive)"
)
BEING = r"(?:living|being alive|existing|staying alive|life|existence|waking up|being here|surviving|breathing)"

FOREVER = (
    r"(?:forever|for good|permanently|for ever|once and for all|for eternity|from (?:this )?(?:life|existence|earth"
    r"|world|planet))"
)

ABSENT = (
    r"(?:(?:was|were|am|wasnt|werent|arent|did|didnt|dont|wont|never|no longer|not|had|hadnt|have|suddenly|ever|to be"
    r"|being|be|got|get|went|go|stopped|could|would|to|went and|one day|all of a sudden|simply) )*"
    r"(?:gone|dead|die|died|dying|dies|disappear|disappeared|vanish|vanished|here(?! (?:at|in|for|by|with|to|when"
    r"|last))"
    r"|around|wake up|woke up|existed|exist|existing|alive|born|out of the picture|there tomorrow|there anymore"
    r"|missing|hit by|run over|in the picture|kill(?:ed)? myself|ended it)"
)
"""What "if I" is followed by where somebody imagines the world without them."""

_TURNED = (
    r"(?:not|never|no|nor|neither|nobody|hardly|zero|without|rather|stop(?:ped)?|dont|didnt|doesnt|isnt|arent|wasnt"
    r"|werent|wont|wouldnt"
    r"|cant|couldnt|havent|hasnt|hadnt|used|if|when|he|she|they|we|you|hes|shes|theyre|his|her|their|him|them|who|whose"
    r"|people|someone|somebody|everyone|patients?|characters?)"
)


def clear(most: int) -> str:
    """Up to `most` words, none of which turns round what follows them or gives it to somebody else."""
    return rf"(?:(?:(?:cant|couldnt) (?:stop|help|quit) |(?!{_TURNED}\b)\w+ )){{0,{most}}}?"
