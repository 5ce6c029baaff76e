"""What a whole message may be: an answer given to a question, a life told from long after, talk of a word, of work.

The vetoes of `subject` and `vetoes` look at one sentence. These look at the message around it, so each asks for two
things (a frame, and something that shows it is meant) and gives way to any word of the writer's own danger today.
Every function reads normalised text; `said` is the message with its small words, the rest is bare.
"""

from __future__ import annotations

import re

NEAR = 120
"""Characters before and after a match in which a question or its answer is looked for."""

_ASKS = re.compile(
    r"\b(?:ask(?:s|ed|ing)?|questions?|questionnaire|form|list|check ?(?:ins?|up|list)|screening|assessment|therapist"
    r"|counsell?or|doctor|doc|gp|nurse|midwife|pharmacist|hospital|occupational health|triage|appointment"
    r"|any thoughts|whether|if (?:i|id|im|ive)|do i|am i|would i|(?:thinks|they think|people think) (?:i|im|its"
    r"|that i))\b"
)
_NO = re.compile(
    r"(?: (?:myself|yourself|thoughts|ideation))?(?:"
    r"(?:[^.!?]{0,40}?(?:[.!?:,]+\"?|\band|\bi)|[^.!?]{0,10}?) ?(?:(?:me|i|my answer|we|and|so|well|god"
    r"|honestly)\W+){0,2}"
    r"(?:(?:could |can )?(?:say|said|says|go|goes|went|put|tick(?:ed)?|answer(?:ed)?|told (?:her|him|them)) "
    r"|(?:it|that|its|thats|it was|that was|was|thats an?|its an?) )*(?:a )?(?:no|nope|nah|none|never|not at all)"
    r"(?= *(?:$|[.,!?;:\"]|to (?:all|everything|both)|thank|and it was|i want))"
    r"|[^.!?]{0,90}[.!?]+ i (?:havent|dont|didnt|wasnt)(?= *(?:[.,!]|$))"
    r"|[^.!?]{0,40}\band (?:im|i am|i was|i) not(?= *(?:[.,!]|$))|,? i said i want(?:ed)? (?:a |to )|:? none(?= *[.,!])"
    r"|[^.!?]{0,60}[.!?,]+ (?:theyre|they are|they were|its|it is|it was) (?:\w+ )?(?:creases|wrinkles|paint|ink"
    r"|henna|eczema|stretch marks|from (?!cutting|hurting|harming|burning)(?:\w+ing\b|the (?:cat|dog|oven|garden"
    r"|roses|gym))))"
)
_TAKEN_BACK = re.compile(
    r"\b(?:lied|lies|liars?|(?:a|i|always) lie\b(?! down| in| on| there| awake| here)|lie (?:to|about)|lying (?:to"
    r"|about)|because i cant|but i did|truth is"
    r"|true answer|honest answer|(?:not|isnt|wasnt) true|untrue|pretend\w*"
    r"|couldnt (?:say|tell|admit)|cant (?:say|tell)|didnt (?:tell|say|mention)|dont tell|wanted to say"
    r"|should have (?:said|told)|always (?:say|said|tick|put)|what (?:they|he|she) wants?|smiled|pills|plans?"
    r"|nobody knows|tonight)\b"
)
_GIVEN_FOR_A_REASON = re.compile(
    r"\b(?:yes|yeah|yep|i do(?= *(?:$|[.,!]))|but (?:i|im|ive|its|it|the|that|she|he|they|there)\b|except (?!sleep)"
    r"|mostly|because (?:i|if|she|he|they|then|what)|easier|otherwise|so (?:she|he|they) |again|worse|instead|wish"
    r"|(?:theyre|they are|its|it is) there|as (?:usual|always)|like (?:always|i always|every)|every time|(?:he|she"
    r"|they|who) knows|id (?:have|be|lose))\b"
)


def taken_back(text: str) -> bool:
    """Whether an answer may have been given that was not true."""
    return _TAKEN_BACK.search(text) is not None


def answered_no(lead: str, match: str, follow: str, text: str) -> bool:
    """Whether the match is what somebody asked, or ticks on a form, and the writer's answer to it was no."""
    if not _ASKS.search(lead[-NEAR:] + match) or not _NO.match(follow[:NEAR]):
        return False
    return not (taken_back(text) or _GIVEN_FOR_A_REASON.search(follow[: 2 * NEAR]))


_NUMBER = (
    r"(?:\d+|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
    r"|eighteen|nineteen|twenty|thirty|forty|fifty|many|several|a few|a couple of)"
)
_LONG_AGO = re.compile(
    rf"\b(?:{_NUMBER} (?:years?|yrs?|decades?)|(?:1[3-9]|2\d|sixteen|eighteen) months (?:after|since|on|in remission)"
    r"|(?:19|20)[012789]\d|in \d\ds|the (?:sixties|seventies|eighties|nineties|noughties)|over a decade|a decade"
    r"|(?:first|second|third|final|last) year (?:at|of)|at (?:uni|university|college|school"
    rf"|{_NUMBER})|when i was|as a (?:teenager|teen|student|kid|child|young)|i was {_NUMBER}|back then|before the"
    r"|in (?:lockdown|the army|my (?:teens|twenties|thirties|forties))|once|the years i"
    r"|used to|for about a year|since my (?:last|first|only)|(?:marks|anniversary of)|last (?:wanted|hurt|tried))\b"
)
_WELL = re.compile(
    r"\b(?:got (?:help|out|better|well)|recovered|in recovery|remission|it passed|it passes|happy to be (?:alive|here)"
    r"|glad|grateful|thankful|peaceful|proud|feel(?:ing)? good"
    r"|(?:doing|been|being|am|is|im|keep|stayed) (?:so )?(?:well|good|better|fine|great)|free of"
    r"|(?:years?|yrs?|months) (?:clean|free|sober|well)|discharged me"
    r"|im (?:\w+ )?(?:\d\d|thirty|forty|fifty|sixty|seventy|a \w+) now"
    r"|now (?:im|i am|i|ive) (?:the one|a|have|run|teach|work|got|live|own|\d\d)"
    r"|ive (?:a |two |got a )(?:job|dog|garden|wife|husband|kids|boys|girls|bakery)|now i have"
    r"|i have a (?:job|bakery|garden|dog|family)|havent (?:\w+ )?(?:wanted|thought|felt|had|done|since)"
    r"|laughed (?:at|about)|passed my|never (?:come|came) back|vanished|went away for good"
    r"|i tell (?:young|people|my story|schools)|tell my story|mentor\w*|met (?:someone|somebody|my)"
    r"|(?:a |had a )good life|out of it now|grand(?:mother|father|ma|dad)|couldnt remember the last|nostalgic"
    r"|celebrat\w*|adopt\w*|my (?:sermons?|speech|talk)|(?:gave|did) a talk|life is (?:good|lovely)|quiet since)\b"
)
_NOT_OVER = re.compile(
    r"\b(?:again|still(?! (?:doing|going|feeling) (?:good|well|great|fine|strong))|worse\w*|wobbl\w*|tempt\w*|urges?"
    r"|sometimes i|bad days|on bad|catch(?:ing)? myself|caught myself|come home|walk(?:s|ed) in|instead|crept|creep\w*"
    r"|to think (?:of|about)|return(?:ed|ing)"
    r"|(?:is|its|are|they|theyre|im|came|come|comes|coming|creeping|going|went) back"
    r"(?! (?:to (?:say|tell|thank|report)|at|then|in (?:19|20)))|never left|relaps\w*|here (?:it comes|i am)"
    r"|hear the|same (?:as|voice|thoughts?|time|sickness|place|feeling)|this (?:time|week|month)|tonight|lately"
    r"|these days|since (?:the (?!(?:19|20)\d)|then|about|he|she|they|it|ramadan|christmas)|nobody knows|never told"
    r"|havent told|didnt tell|dont tell|aint told|ashamed|struggl\w*|slipp\w*|miss (?:it|him|her)"
    r"|cant (?:do|go|cope|stop|see|sleep)|(?:dont|do not|cant) (?:\w+ )?(?:want|care|know if)"
    r"|wish(?:ing)? (?:i|it|id)|should(?:nt)? have|not sure|plan(?:s|ning)?|ready|finish|pills|tablets|rope|low on"
    r"|empty|numb|fraud|lonely|what if|but (?:i|im|ive|now|today|this|it|its|lately|some|on|the)"
    r"|(?:i|im) (?:\w+ )?(?:want(?:ing)?|think(?:ing)?|need|feel(?:ing)?) (?:\w+ )?(?:to|of|about|like) (?:die|dying"
    r"|dead|death|end|ending|kill\w*|suicid\w*|hurt\w*|harm\w*|cut\w*|being gone))\b"
)
"""Words that may say it has come back, or never went."""
_TOLD = re.compile(
    r"\b(?:was|were|had|wanted|wished|tried|attempted|thought|felt|did|used to|hurt|cut|wrote|written|nearly|almost"
    r"|once|after|since|last|first|free of|clean of|recovery from|remission from|ago|back then|laughed at|at my (?:own"
    r"|old)|my own attempt|the attempt|diary|years)\b"
)
_TOLD_AS_NOW = re.compile(
    r"\b(?:im|ive|i am|am|id(?! (?:wanted|tried|thought|been|had|said))|is|are|keep|been|why|let|going to)"
    r"\W+(?:\w+ ){0,3}$"
)
_RECENT = re.compile(
    r"\b(?:yesterday|last (?:night|week|weekend|month)|(?:hours?|days?|weeks?) ago|this (?:morning|evening|afternoon)"
    r"|(?:on|since|last) (?:mon|tues|wednes|thurs|fri|satur|sun)day|just now|times today|every (?:day|night) since"
    r"|how to do it|do it right|found (?:it|out))\b"
)


def recent(text: str) -> bool:
    """Whether a time is named that is no long ago."""
    return _RECENT.search(text) is not None


def long_after(before: str, match: str, follow: str, said: str) -> bool:
    """Whether a match is told of long ago, by somebody who says to be well since, with no word of a return."""
    if _TOLD_AS_NOW.search(before[-40:]) or not _TOLD.search(before[-60:] + match):
        return False
    if not _LONG_AGO.search(before + match + follow[:NEAR]) or not _WELL.search(said):
        return False
    return not (_NOT_OVER.search(said) or recent(match + follow[:40]))


_OWN_DANGER = re.compile(
    r"\b(?:my (?:\w+ ){0,2}?(?:suicid\w+|attempts?)|(?:i|ive|im|id) (?:(?!ask|tell|talk|explain|teach|word"
    r"|write)\w+ ){0,4}?(?:suicid\w+|attempt(?:ed)?"
    r"|self harm\w*|want(?:ed|ing)? to (?:die|be dead|end)|plan to|die|dying|kill\w*|end (?:it|my)"
    r"|cut(?:ting)?\b(?! over)"
    r"|think(?:ing)? (?:about|of) (?:it|suicide|dying|ending|self)|(?:thoughts|idea) of)|how i feel|for me|about myself"
    r"|myself|(?:is|are) all i|same (?:thoughts|way|thing|boat)|me too|yes me|its me|how they feel|env(?:y|ious)"
    r"|jealous|tempt\w*"
    r"|understand why|i get it|(?:he|she) had the right|got it right|my own|my (?:secret|head)|on my mind|(?:as"
    r"|like) me|appeals?|sounds (?:good|nice|peaceful)|cant stop|tonight|relaps\w* (?:again|last|this))\b"
)
_OWN = re.compile(r"\b(?:i|im|ive|id|ill|me|my|myself)\b")
_USED = re.compile(r"\b(?:i|im|ive|id) (?:want|wish|am|need|feel|was|think|thought)\b|\bi (?:cant|dont|have)\b")
_SUBJECT = re.compile(r"\bsuicid|\bself (?:harm(?:ing|ers?)?|injur\w+)\b")
_USERS = re.compile(r"\busers? (?:\w+ )?$")
_ABOUT_A_WORD = re.compile(
    r"\b(?:(?<!isnt )(?<!not )the (?:word|words|wording|phrase|term|acronym|tag|label|keyword|string|hashtag)|synonyms?"
    r"|hyphenat\w*|rename\w*|non ?inclusive|translat(?:e|ing|ion) to|flag(?:s|ged)|filters?|regex|keyword rule"
    r"|moderation|moderators?|moderating|false positives?|chat ?bots?|(?:our|the) bot|users? (?:says?|types?|writes?)"
    r"|user wants|fallback intent|unit test|linter|the ticket|function name|in ci|style guide|kilomet(?:re|er)s?"
    r"|assembly on language|whitelist|spell ?check\w*|subtitles?|glossary)\b"
)
_MINE = re.compile(
    r"\b(?:how i feel|i (?:mean|meant) (?:it|that|every)|me too|so do i|its me|thats me|it was me|i feel|i felt"
    r"|i do(?= *(?:$|[.,!]))|ive (?:that|it|them)(?= *(?:$|[.,!]))|its that|i think about|i (?:typed|searched|wrote"
    r"|googled|posted"
    r"|sent|said it)|flag(?:s|ged) (?:me|my|mine)|my (?:search|history|messages?|post|essay|chat|laptop|account|own"
    r"|life)|for real|not joking|(?:it|they|he|she) (?:was|were|is|are) right|rightly|i do want|it is true|its true"
    r"|i would|asking for me)\b"
)
"""Words by which somebody makes what is quoted or worked on their own."""


def about_a_word(before: str, match: str, sentence: str, text: str, said: str, *, quoted: bool) -> bool:
    """Whether the message is about a phrase (a filter, a title, a translation, a test) and not about its writer."""
    if not quoted and (
        not (_SUBJECT.search(match) or _USERS.search(before))
        or _OWN.search(match)
        or _USED.search(sentence)
        or _OWN_DANGER.search(said)
    ):
        return False
    return bool(_ABOUT_A_WORD.search(text if quoted else sentence)) and not _MINE.search(said)


_TRADE = re.compile(
    r"\b(?:(?:im|as|was|were|we are|here im) (?:a |an |the |just a |in )?(?:\w+ ){0,2}(?:nurse|gp|doctor|medic"
    r"|paramedic|teacher|tutor|magistrate|judge|solicitor|vicar|priest|pastor|imam|rabbi|chaplain|moderator"
    r"|social worker|counsell?or|therapist|psychologist|officer|coach|manager|journalist|editor|newspaper|writer"
    r"|translator|researcher|trainee|student|volunteer|dinner lady|artist|carer|librarian|union rep|firefighter"
    r"|driver|midwife|pharmacist|youth worker|police)"
    r"|(?:nurse|moderator|teacher|gp|medic|paramedic|officer|volunteer|counsell?or|carer) (?:here|in|on|at)"
    r"|(?:nursing|medical|psychology|law|social work) (?:exam|student|school|essay)"
    r"|(?:psych|nursing|medical|paper|bio) (?:\w+ )?exam|for (?:the|a|my|our) (?:paper|leaflet|poster|form|article"
    r"|essay|style guide|newsletter|training|course|report|thesis|module|workshop|site|website)|reviewer"
    r"|media guidelines|the headline|handover|on (?:my|the) ward|probation reports?|open court"
    r"|consult form|(?:my|more) clients|support group|grief group|bereaved|bereavement|(?:parenting|support) forum"
    r"|our pastor|preached|sermon|moderation|my queue|the queue|wellbeing|screening|liveness"
    r"|kubernetes|pods|on ?call|prod|deployed|cluster|passive and active|difference between"
    r"|what(?:s| is) the (?:current|right|correct)|apa|(?:suicide|death) in the family"
    r"|should (?:children|kids|we) (?:go|know|be told)|how (?:do i|to|soon) (?:ask|tell|talk|explain|after)"
    r"|(?:our|my) \d+ year old|our (?:son|daughter|teen\w*)|a (?:councillor|prisoner|pupil|colleague|celebrity)"
    r"|old scars)\b"
)


_IN_ONES_MIND = re.compile(
    r"\b(?:think\w*|thought|contemplat\w+|consider\w*|plan(?:s|ned|ning)?|fantasi\w+|obsess\w+|dream\w*|want\w*|going"
    r"|tempted|urge|close|point|verge|edge|idea|drawn|actively|feeling|felt|been|im|am) (?:\w+\W+){0,3}$"
)
_SUICIDAL_WHAT = re.compile(r" (?:thoughts|ideation|people|patients|pupils|callers|clients|self)\b")
_ASKED_ABOUT = re.compile(r"\bask\w* (?:\w+ ){0,3}about\b")
_TAKEN_FOR_ONESELF = re.compile(
    r"^(?:al)? (?:is (?:the|my|all|always|how|what|on|a way|easier|better|calling)|isnt|wasnt|has|was|would|will"
    r"|might|could|looks?|seems?|feels?|sounds?|crosses|helps?|keeps?|makes?|becomes|became"
    r"|(?:thoughts? )?(?:again|today|since)|yes|note|letter|over|as (?:my|a way)|to (?:get|cope|feel|survive))\b"
)


def at_work(match: str, lead: str, follow: str, text: str, said: str) -> bool:
    """Whether a word for the subject stands in talk of a trade, a text, a family that mourns, or somebody cared for."""
    if not _SUBJECT.search(match) or _OWN.search(match):
        return False
    if _TAKEN_FOR_ONESELF.match(follow) or _OWN_DANGER.search(said):
        return False
    if re.search(r"(?:^|[.!?,]) *$", lead) and re.match(r" *(?:$|[.!?,])", follow):
        return False  # "Suicide." is an answer
    if match == "suicidal" and not _SUICIDAL_WHAT.match(follow):
        return False
    if _IN_ONES_MIND.search(lead[-40:]) and not _ASKED_ABOUT.search(lead[-40:]):
        return False
    return bool(_TRADE.search(text))


_NAMED = re.compile(
    r"(?:[^.!?]{0,30}?(?:\b(?:by|with) (?:it|that|which|this) i (?:mean|meant) |(?<!and )\bi (?:mean|meant) (?:the|a"
    r"|my) |\"? (?:was|is|were) (?:all |only |just )?about (?:my|the|a|our) )"
    r"(?!(?:\w+ )?(?:dead|dying|die|death|everything|all|for good|kill\w*|suicid\w*|me|myself|it|end\w*|life|want\w*"
    r"|hurt\w*|pills))\w+"
    r"|, ?(?!and\b|but\b|what\b|it\b|that\b|life\b|dead\b|dying\b|die\b|suicide\b|death\b)\w+ i mean\b(?! it| that"
    r"| the)|[^.!?]{0,40}, im not, (?:but|obviously|relax|dont worry|calm)\b)"
)


def named(follow: str) -> bool:
    """Whether the writer says, right after, that something else was meant: "by it I mean the starter"."""
    return _NAMED.match(follow[:NEAR]) is not None
