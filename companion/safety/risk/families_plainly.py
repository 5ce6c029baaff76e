"""Families of what is said plainly in another word order: thinking of it, not telling of it, wishing for it, slang."""

from __future__ import annotations

from companion.safety.risk.family import Family, Said
from companion.safety.risk.words import ENDED, ENDING, KILL, KILLING, LIFE, any_of, clear

_SUICIDE = (
    r"suicide\b(?! (?:squad|prevention|hotline|helpline|line|awareness|mission|doors?|bomb\w*|attack\w*|girls|pact"
    r"|rates?|statistics|pass|in|among|burn|research|books?|songs?|run|sprints))"
)
_ALIVE = r"(?:alive|living|existing|here anymore|in (?:the|this) world|around anymore)"
_WITH = r"(?! (?:with|in|at|here|there|near|on|by|like|so|out|under|off|abroad|alone|together|through|room))"
"""After "live": a place or company makes another sense of it."""
_DEED = (
    rf"(?:(?:my own )?{_SUICIDE}|my (?:own )?(?:suicide|death)\b|(?:{KILL}|{KILLING}) myself\b(?! (?:off|up|out|from"
    rf"|short|laughing|with work|in the (?:gym|game|foot)|some))|to kill me\b|(?:do|doing) away with my (?:own )?life"
    rf"|(?:{ENDED}|{ENDING}) (?:{LIFE}|it all)\b(?! (?:back|seriously|for granted|in (?:a|another|new)|together"
    rf"|savings|story|insurance|into|with (?:him|her)))|(?:wanting )?(?:not (?:being|to be)|no longer being|me not"
    rf" being) {_ALIVE}\b(?! (?:in|at|with))|wanting to (?:die|be dead)\b|my own way out\b)"
)
_DYING = (
    r"(?:dying|being dead)(?= *(?:$|[.!?]|by it|on purpose|again|a lot|all the time|every (?:day|night)|more|most"
    r"|tonight))"
)
_CAUSE = r"the (?:stroke|crash|overdose|fall|heart attack|cancer|car|bus|lorry|train|pills|rope|attempt)"
_THINK = (
    r"(?:think(?:ing)?|thought|contemplat\w+|consider(?:ing|ed)?|weigh(?:ing|ed)? up|imagin(?:e|ing)|fantasi[sz]\w+"
    r"|daydream\w*|pictur(?:e|ing)|wonder(?:ing)?|toying|mulling|debating|obsess\w*)"
)

PLAINLY = (
    Family(
        "thinks of it, in the first person",
        3,
        Said.EXPLICIT,
        (
            *("think", "thought", "contempl", "consider", "weigh", "imagin", "fantasi", "dream", "pictur", "wonder"),
            *("toying", "mulling", "debat", "obsess", "ideas", "ideation", "suicidal"),
        ),
        any_of(
            rf"(?:i|im|ive|id|me) {clear(6)}{_THINK} {clear(4)}{_DEED}",
            rf"(?:i|im|ive|id|me) {clear(6)}{_THINK} (?:of|about|on) {clear(2)}{_DYING}",
            rf"(?:ive|i {clear(1)}(?:have|get|had)|im having|been having|my|these|those|getting) {clear(2)}"
            rf"(?:thoughts?|ideas?) (?:of|about|to|like|on) {clear(2)}{_DEED}",
        ),
        firm=True,
    ),
    Family(
        "has not told of it",
        3,
        Said.EXPLICIT,
        ("told", "tell", "say", "said", "share", "mention", "admit", "know", "put", "rule out", "pretend", "a day"),
        any_of(
            r"(?:havent|hadnt|not|never|didnt|dont|cant|couldnt|wont|what i (?:didnt|havent|cant)|nobody|doesnt|dare)"
            r" (?:\w+ )?(?:told|tell|say|said|share|shared|mention|mentioned|put|know|knows|admit|admitted|confess\w*)"
            rf" (?:\w+ ){{0,4}}?(?:that |is how |is that |how )*(?:im|ive|i|ive been|ive started) {clear(4)}(?:{_THINK}"
            rf" {clear(3)}|want(?:ing|ed)? to |wish |)(?:{_DEED}|die\b(?! (?:of|from))|kill myself|suicidal\b)"
            r"(?!.{0,20}\b(?:because i (?:dont|do not|didnt)|its not true|that would be a lie)\b)",
            rf"(?:cant|couldnt|wont|not) (?:rule|ruling|ruled) out {clear(2)}{_DEED}|hardly a (?:day|night|hour)"
            rf"(?: \w+){{0,3}} i dont (?:think|consider|wonder|imagine|want) (?:\w+ ){{0,2}}?(?:{_DEED}|to die\b)"
            rf"|pretend(?:ing)? (?:that )?im not (?:{_THINK} (?:of|about) )?(?:{_DEED}|suicidal)"
            r"|not a (?:day|night|week) (?:goes|has gone|passes|without)(?: \w+){0,5} (?:thinking|wanting)"
            rf" (?:of |about |to )(?:{_DEED}|die\b)",
        ),
        firm=True,
    ),
    Family(
        "would be dead, said another way round",
        3,
        Said.EXPLICIT,
        (),
        any_of(
            r"(?:(?:wish|want|like|love|rather|lovely|nice|good|thankful|grateful|happy|bliss|easier|restful|relief"
            r"|kinder"
            r"|content|oh|luck\w*|prefer|preferable) to be (?:dead|in my grave|six feet under)\b(?! (?:tired|wrong|on"
            r"|serious|honest))|to be dead (?:would|will|must|might|seems|sounds|is)\b|better (?:off )?dead than\b"
            r"|(?:be|is"
            r"|am|im) better dead\b|(?:dead|not alive|not (?:living|existing)) is (?:what|how|where|all) (?:i|id|im)\b"
            r"|(?:not (?:living|being alive|existing)|being dead) (?:sounds|seems|looks|feels|would be|is) (?:\w+ )?"
            r"(?:better|nice|good|lovely|easier|restful|peaceful|kinder)\b)",
            r"(?:havent|hasnt|hadnt|aint|not|never) (?:\w+ )?wanted to (?:be alive|live|exist|be living)" + _WITH,
            r"(?:id|i would|would|wish|wishing|prefer|like|love|rather) (?:\w+ ){0,2}(?:not to (?:be alive|exist"
            r"|be living"
            rf"|live{_WITH})|not be alive|not have to (?:be alive|exist|live{_WITH}))\b"
            r"|wish(?:ing|ed)? (?:that )?i (?:didnt|did not|no longer|never) (?:have to |had to )?(?:be alive|exist"
            rf"|be living|live{_WITH}|wake up anymore|keep living)\b|(?:no|not) wish to (?:live{_WITH}|be (?:living"
            rf"|alive)"
            r"|exist|go on living)\b|(?:wish|want|like) to (?:live|be alive|exist) no (?:more|longer)\b",
            r"(?:nothing|no reason|not one thing)(?: \w+){0,3} (?:makes|make|made) me want to (?:live|be alive"
            r"|stay alive"
            r"|exist)\b|(?:had enough|tired|sick|done|finished|exhausted) (?:of |with |to )(?:being (?:alive"
            r"|a (?:living )?"
            rf"person)|living{_WITH}|existing|live(?= *(?:$|[.,!])))\b|(?:being alive|living|existing|life) (?:is"
            rf"|feels like"
            r"|has become) (?:just |nothing but |such )?(?:a )?(?:punishment|torture|curse|life sentence|wearing me out"
            r"|agony)\b|(?:this|my) life,? i dont want (?:it|this)\b",
            r"all i (?:\w+ ){0,3}(?:want|wanted|ask|need|wish)(?: for)?(?: \w+){0,2} is to (?:die|be dead|not (?:be"
            r"|exist"
            r"|wake)|stop existing)\b|(?:want|wish|hope|pray|like|love)(?:ing|ed)? (?:\w+ ){0,3}to die in my sleep\b"
            r"|i (?:do |fully )?(?:intend|mean) to (?:die|be dead|kill myself)\b",
            r"if i (?:died|carked it|snuffed it|dropped dead)(?: (?:tomorrow|tonight|today|now"
            r"|in my sleep|in the night|this minute))?,? (?:id be|itd be|it would be|that would be|thatd be|i wouldnt"
            r"|i would be|id) (?:\w+ )?(?:fine|grateful|glad|happy|ok|okay|relieved|thankful|relief|mercy|mind|by me"
            r"|complain|care|alright|good)\b",
            r"(?:lord|god|jesus|allah) (?:should|would|could|can|will|to|please|took|takes|might)(?: \w+){0,2}? ?"
            r"(?:take|takes|took|taken)? ?me (?:in the night|now|tonight|soon|home|too|instead|away)\b"
            r"|(?:god|lord) (?:should|would|could|can|to|please) take me\b(?! (?:to|through|on|where|back))"
            r"|(?:ask|pray|asked|prayed|praying|beg) (?:\w+ ){0,2}to be taken\b(?! (?:off|out|seriously|to|back|on"
            r"|care))",
            rf"wish(?:es|ed|ing)? (?:that )?(?:it|they|{_CAUSE})(?: had|d| would have)? ?(?:finished (?:me|the job)"
            r"|killed me|taken me(?= *(?:$|[.,!]|and|instead|too))|hadnt (?:found|saved) me|(?:not|never) found me"
            r"|let me (?:die|bleed|drown)|left me to die)\b",
            rf"wish(?:es|ed|ing)? (?:that )?{_CAUSE}(?: had|d)? worked\b|wish(?:ing)? (?:that )?(?:it (?:had|d) worked"
            r"|they hadnt (?:found|saved) me)\b(?=.{0,120}\b(?:attempt|overdose|alive|hospital|die|dead|found me)\b)"
            r"|(?:attempt|overdose|pills|tried to die|suicid\w*)\b.{0,120}\bwish(?:es)? (?:that )?it (?:had"
            r"|d)? ?worked\b",
            r"wish(?:es|ed|ing)? (?:that )?(?:id|i had|i)(?: had)? ?(?:not|hadnt|never) (?:been )?(?:found|saved"
            r"|revived"
            r"|brought back|woken up|come (?:round|to)|survived|pulled through|born|had to (?:keep going|be alive"
            r"|wake up))"
            r"\b|wish (?:that )?(?:id|i had) gone (?:with (?:him|her|them)(?= *(?:$|[.,!]|and|when he|when she))"
            r"|that night)\b",
            r"(?:dont|wont|not|never|doubt|shant) (?:\w+ ){0,4}?be alive (?:to see|for|by|at|till|until|past|when)\b",
        ),
    ),
    Family(
        "slang for it",
        3,
        Said.EXPLICIT,
        (
            *(
                "log",
                "sign",
                "check",
                "alt f",
                "ctrl",
                "uninstall",
                "force quit",
                "destruct",
                "rope",
                "sudoku",
                "self delete",
            ),
            *("yeet", "unsubscribe", "ticket", "chips", "daisies", "bucket"),
        ),
        any_of(
            r"(?:log|logging|sign|signing|check|checking) (?:out|off) (?:permanently|of (?:life|existence))\b"
            r"|(?:alt f ?4|ctrl alt del(?:ete)?|uninstall|force quit|self destruct|rope) (?:myself|life|existence"
            r"|irl)\b"
            r"|(?:want|going|ready|about|tempted|plan\w*|urge|need|might) (?:to )?(?:commit sudoku|self (?:delete|yeet)"
            r"|rope(?= *(?:$|[.,!]|tonight|myself))|unsubscribe from (?:life|existence|being alive)"
            r"|punch my (?:own )?ticket"
            r"|cash in my chips|(?:be )?push(?:ing)? up (?:the )?daisies|kick the bucket)\b"
            r"|be pushing up (?:the )?daisies by\b",
        ),
    ),
)
