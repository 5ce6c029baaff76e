"""Families of plans and preparations told without the word for it: a day, a way, what is left for those who stay."""

from __future__ import annotations

from companion.safety.risk.family import Family, Said
from companion.safety.risk.words import any_of, clear

_DAY = r"(?:tonight|tomorrow|(?:mon|tues|wednes|thurs|fri|satur|sun)day|the \d+(?:st|nd|rd|th)?|midnight|the weekend)"

PLANS = (
    Family(
        "a way of one's own",
        3,
        Said.EXPLICIT,
        ("what i", "a way", "way", "method", "how", "the means", "use", "pills", "tablets", "meds", "taking them"),
        any_of(
            r"(?:what|the (?:thing|one|stuff)) (?:id|ill|i would) use(?= *(?:$|[.,!]|and|if|but|nothing|when"
            r"|to do it))",
            r"(?:ive|i have|got|have|had|always had) (?:\w+ )?a way(?= *(?:$|[.,!]|in mind|sorted|ready|now|for if"
            r"|for when"
            r"|since|picked|he cant|they cant|and))(?! (?:of|in mind (?:to|of)))",
            r"(?:(?:ways?|method|the how) (?:is |are |s )?(?:sorted|picked|worked out|decided|chosen)|theres a how)\b",
            r"(?:ive|i have|got) (?:\w+ ){0,2}?what (?:id|ill|i would|i) need(?= *(?:$|[.,!]|to do it|here|if))",
            r"(?:ive|i have|have|got|with) (?:\w+ )?the means(?= *(?:$|[.,!]|and (?:most|half|a|the)|here"
            r"|in the house))",
            rf"(?:i|ive|im) {clear(3)}(?:thought|think|thinking|worked out|decided|chosen|choosing|picked|know"
            rf"|knew) {clear(2)}"
            r"(?:how|where) (?:id|i would|i could|ill) (?:do it|die|end it|go)(?= *(?:$|[.,!]|if it|when it|and when"
            r"|and"
            r" where|tonight|quickly))",
            r"(?:pills|tablets|meds)\b.{0,60}\b(?:think about taking them|under (?:my|the) mattress|put (?:them|em) by"
            r"|have the option)\b|(?:thought|think|thinking) about taking (?:them all|all of them|the lot)\b",
        ),
        plan=True,
        everyday=True,
        faint=True,
    ),
    Family(
        "a day for it",
        4,
        Said.EXPLICIT,
        (),
        any_of(
            rf"(?:ive|i|i have|have|already) {clear(2)}(?:picked|chosen|chose|settled on|decided on|set"
            rf"|fixed) (?:the|a|my"
            r"|which|on the|this|that) (?:day|date|night|morning)\b(?=.{0,160}\b(?:found|letters?|note|what with"
            r"|who finds"
            r"|goodbye|reason|die|end it|alive|not be here|wont be here|nobodys? expecting)\b)",
            rf"(?:made up my mind|ive decided|stopped fighting|decision made|letters? done"
            rf"|all my goodbyes)\b.{{0,120}}\b"
            rf"(?:its|itll be|going to be|it is) {_DAY}\b",
            r"(?:after|from) (?:tonight|tomorrow|today|(?:fri|satur|sun|mon)day|the weekend|this week|the \d+(?:st"
            r"|nd|rd|th)?),?"
            r" (?:\w+ ){0,5}(?:wont|not|shant|nothing|none of it) (?:\w+ ){0,3}matter to (?:me|any\w+)\b|(?:wont"
            r"|shant|not"
            r" going to|not) be (?:using|needing|operating) any\w* (?:\w+ ){0,2}after (?:tonight|today|tomorrow"
            r"|friday|sunday"
            r"|the \d+)|after (?:tonight|the \d+\w*|tomorrow) ill not be (?:using|needing|operating)\b",
            r"(?:intend|mean|plan|want|expect|decided) to be (?:gone|dead) (?:before|by|when"
            r"|after)\b(?! (?:the traffic|rush"
            r"|lunch|dinner|five|six))|dont intend to (?:see|be here for|be around for) (?:easter|christmas"
            r"|the spring|spring"
            r"|summer|it)\b",
            r"(?:do|doing|did|done) it (?:again )?(?:and )?(?:do it )?(?:properly|right) (?:this|next) time\b"
            r"|make sure (?:of it )?"
            r"next time\b|(?:next|this) time (?:ill|im going to) (?:make sure|do it right|do it properly|get it right"
            r"|succeed)(?= *(?:$|[.,!]))",
        ),
        plan=True,
        everyday=True,
        faint=True,
    ),
    Family(
        "left for those who stay",
        4,
        Said.EXPLICIT,
        (
            "find",
            "found",
            "letter",
            "note",
            "video",
            "goodbye",
            "wrote",
            "writ",
            "bye",
            "be here",
            "be around",
            "message",
        ),
        any_of(
            r"(?:when|once|after|before|until|till) (?:im|i am|ive been|i get) found\b|(?:(?:not|isnt|wont|dont want"
            r"|didnt"
            r" want|cant let|cant have|couldnt have) (?:\w+ ){0,6}?)?(?:the one|person|somebody|someone) (?:to|who"
            r"|whod|that)"
            r" (?:finds?|found|has to find|will find) me(?= *(?:$|[.,!]|after|like that|hanging|there))|whod find me\b"
            r"|(?:dont|didnt|cant|not|couldnt) (?:\w+ ){0,3}(?:have|let|want"
            r"|be) (?:\w+ ){1,3}(?:to )?(?:be the one to )?find me\b",
            r"(?:the|my|a|mine) (?:letter|note) (?:says|explains|tells them) (?:\w+ ){0,3}(?:fault|sorry|wasnt"
            r"|its not|why"
            r"|no ones)\b",
            r"(?:said|say|saying|done|did|meant|finished) (?:\w+ ){0,3}(?:goodbyes?"
            r"|bye)\b(?=.{0,120}\b(?:without (?:any\w+"
            r"|them) (?:knowing|noticing)|last one|my room|alive|the note|wont be|never see|for my goodbyes)\b)"
            r"(?!.{0,80}\b(?:flight|airport|job|team|moving|school|leaving do)\b)",
            r"(?:schedul\w+|timed) (?:\w+ ){0,4}goodbyes?\b|goodbyes? (?:\w+ )?(?:scheduled|timed)\b|(?:sends"
            r"|posts) (?:\w+"
            r" )?(?:my |the )?goodbyes?\b",
            r"(?:letters?|notes?|my will|goodbyes?|labelled|made up my mind)\b.{0,120}\b(?:wont|shant|not going to"
            r"|dont intend"
            r" to|dont mean to|ill not) be (?:here|around|there|back)(?= *(?:$|[.,!]|for|when|to see|by|after))",
        ),
        plan=True,
        goodbye=True,
        everyday=True,
        faint=True,
    ),
    Family(
        "tried, and would again",
        5,
        Said.EXPLICIT,
        ("tried", "try", "attempt", "took", "taken", "swallow", "accident", "cry for help"),
        any_of(
            r"(?:i|ive) tried (?:it )?again(?= *(?:$|[.,!]|last|on|this|yesterday|in))(?=.{0,100}(?:last night"
            r"|hospital|ward"
            r"|paramedic|discharged|woke|alive|die|pills))|(?:want|going|mean"
            r"|have) to try again\b(?=.{0,120}\b(?:hospital"
            r"|discharg\w+|patched|alive|attempt|die)\b)|(?:patched|hospital|discharg\w+|attempt)\b.{0,120}\b(?:want"
            r"|going|mean)"
            r" to try again\b",
            r"(?:days?|weeks?) (?:post|after|since) (?:my |the )?(?:\w+ )?attempt\b|(?:^"
            r"|my )attempt was (?:\w+ )?(?:days?|weeks?"
            r"|mon|tues|wednes|thurs|fri|satur|sun|last)",
            r"wasnt (?:an accident|a cry for help)\b(?=.{0,60}\b(?:i meant|to die|finish|on purpose)\b|[. ]*$)"
            r"|said (?:\w+ ){0,4}(?:accident|cry for help)\b.{0,140}\bit wasnt\b",
            r"(?:took|taken|swallowed) (?:them|a load|loads|lots|a lot|a handful|handfuls)(?: of (?:stuff|them|pills"
            r"|tablets))?"
            r" (?:like )?(?:\w+ ){0,3}(?:ago|last night|on \w+day|before school|and (?:woke|slept))\b",
        ),
        behaviour=True,
        faint=True,
    ),
)
