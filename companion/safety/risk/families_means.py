"""Families of attempts, means, plans and goodbyes, said in so many words."""

from __future__ import annotations

from companion.safety.risk.family import Family, Said
from companion.safety.risk.words import (
    ACT,
    EDGE,
    ENDED,
    ENDING,
    KILL,
    KILLED,
    KILLING,
    LIFE,
    MEANS,
    OWN,
    VEHICLE,
    any_of,
)

MEANS_AND_PLANS = (
    Family(
        "an attempt",
        5,
        Said.EXPLICIT,
        ("tried", "attempt", "try", "overdos", "od", "nearly", "almost", "failed", "survived"),
        any_of(
            rf"(?:tried|attempted|tryin|trying|failed|attempting) (?:and failed |again |once more "
            rf"|twice )?(?:to )?(?:{KILL} myself|{KILLING} myself|{ENDED} {LIFE}|{ENDING} {LIFE}|take my {OWN}life"
            rf"|die\b(?! (?:of|in (?:the )?(?:game|level)))|end it(?: all)?\b|(?:commit(?:ting)? )?suicide"
            rf"|overdos\w+|hang myself|jump off)",
            r"(?:my|a|another|the|second|third|last|failed|recent|previous) (?:\w+ )?(?:suicide )?attempt (?:was|to"
            r"|on my|last|failed|at|this|didnt|on (?:mon|tues|wednes|thurs|fri|satur|sun)day|again)\b",
            r"(?:i|ive) (?:have )?attempted(?: suicide| again| it| last| on| this| twice| once| before| two"
            r"| a (?:week|month|few|couple)| three|(?= *(?:$|[.,!])))",
            r"(?:overdosed|od|ode?d)(?: (?:again|on (?:my |the |some |a |all )*(?:purpose|pills|meds|tablets"
            r"|painkillers|medication|antidepressants|paracetamol|tylenol|sleeping)|last night|yesterday"
            r"|this morning|on (?:mon|tues|wednes|thurs|fri|satur|sun)day|once|twice|a (?:week|month|few)))",
            rf"(?:nearly|almost|came close to|so close to|close to|came within) (?:{KILLED} myself|{KILLING} myself"
            rf"|ended {LIFE}|ending {LIFE}|ended it|ending it|jumped|doing it|did it|going through with it"
            rf"|took my (?:own )?life|taking my (?:own )?life)\b",
            r"(?:woke up|survived|should have worked|didnt work|it failed|pulled through)(?: \w+){0,4} (?:overdose"
            r"|pills|tablets|attempt|hang|jump)",
        ),
        behaviour=True,
    ),
    Family(
        "by a means, now",
        5,
        Said.EXPLICIT,
        (
            "pill",
            "tablet",
            "med",
            "took",
            "swallow",
            "bottle",
            "overdose",
            "box of",
            "packet",
            "paracetamol",
            "tylenol",
            "antidep",
            "painkill",
            "insulin",
        ),
        any_of(
            rf"(?:about to|going to|want to|ready to|will|ill|thinking (?:of|about)|tempted to|trying to"
            rf"|could) (?:swallow|swallowing|take|taking|down|downing) (?:a|the|this|my|that) (?:\w+ )?(?:bottle"
            rf"|box|packet|pack|handful|stash|lot)(?: of (?:\w+ )?(?:{MEANS}))?\b(?! (?:back|to the|for the"
            rf"|upstairs|home|of (?:wine|beer|water|milk|gin|juice)))",
            rf"(?:took|taken|swallowed|downed|necked|popped|had|ate|ive taken|just took) (?:all (?:of )?|the whole "
            rf"|a whole |whole |an entire |the entire |too many |so many |a load of |loads of |a bunch of "
            rf"|a lot of |lots of |a handful of |handfuls of |every (?:single )?one of |a (?:bottle|box|packet|pack"
            rf"|strip) of |the rest of |the (?:bottle|box|packet|pack) of |every )+(?:(?:my|the|those|these|bottle"
            rf"|box|packet|pack|of|their|his|her|moms|mums|dads|sleeping|heart|pain|prescription|anxiety|blood"
            rf"|pressure) )*(?:{MEANS}|them|bottle|box|packet|pack|lot)\b",
            r"(?:already )?(?:took|taken|swallowed) (?:them|it) all\b|already (?:took|taken|swallowed) (?:them|all"
            r"|everything)\b|(?:took|swallowed|taken) (?:all of them|every last one|the lot)\b",
            r"(?:took|taken|swallowed) an overdose\b(?! (?:of (?:coffee|caffeine|sugar|chocolate)))",
            rf"(?:taking|swallowing|about to take|going to take|gonna swallow|want to take|will take|ill take"
            rf"|could take|thinking (?:of|about) taking|thinking about swallowing"
            rf"|tempted to take) (?:all (?:of )?(?:my|the|these|those)?|the whole|a whole|too many|every"
            rf"|a handful of|the rest of|a bunch of|a load of|as many)(?: \w+){{0,2}} (?:{MEANS}|bottle|box|packet"
            rf"|pack)\b(?!.{{0,80}}\b(?:pharmac\w*|easier|with food|after breakfast|chemist)\b)",
        ),
        behaviour=True,
    ),
    Family(
        "thinks of a means",
        4,
        Said.EXPLICIT,
        (),
        any_of(
            rf"(?:holding|clutching|staring at|looking at|sitting with|sat with|gripping) (?:\w+ )?(?:a|the|my|this"
            rf"|all the|all my|these) (?:(?:bottle|box|handful|pack|pile|packet) of )?(?:\w+ )?(?:{MEANS}|noose"
            rf"|rope|gun|razor blade|razor|blade)\b(?! (?:organi[sz]er|aisle|label|for (?:the|my) (?:dog|cat)"
            rf"|in the (?:shop|pharmacy)))",
            r"how (?:much|many) (?:\w+ ){1,5}(?:is|are|would be|counts as|do you need for"
            r"|makes?) (?:\w+ )?(?:a )?(?:lethal|fatal|deadly|overdose)\b|lethal dose(?: of| for| is|$)",
            r"(?:tie|tied|tying|make|made|making|knot) (?:\w+ )?(?:a |the )?noose\b",
            r"(?:was |were )?(?:going|about|ready|want(?:ed)?) to (?:just )?jump(?= (?:but|when|until|and (?:then"
            r"|someone|a|they)|off the|from the))(?! (?:off the (?:diving|high board|wall|sofa|bed)))",
            r"(?:want|going|thought|thinking|think|thoughts?|tempted|urge|idea|plan(?:ning)?|considering|considered"
            r"|might|could|ill|will|try(?:ing)?|ready|about|maybe|of|by|should|id|decided) (?:to |about |of "
            r"|on )?(?:just )?(?:tak(?:e|ing) an )?(?:overdos(?:e|ing)|od)\b(?! (?:on (?:coffee|caffeine|sugar"
            r"|chocolate|carbs|tv|cheese|netflix)))",
            rf"(?:jump(?:ing|ed)?|leap(?:ing)?|throw(?:ing)? myself|fling(?:ing)? myself|hurl(?:ing)? myself"
            rf"|step(?:ping)?|walk(?:ing)?|run(?:ning)?|lie|lying|lay|laying|div(?:e|ing)|fall(?:ing)?"
            rf"|chuck(?:ing)? myself|drop(?:ping)?) (?:straight |right |out |down )?(?:off|from|in front of|into"
            rf"|out of|under|over|onto|on|before|in) (?:of )?(?:the |a |that |my |this |an |some |oncoming |moving "
            rf"|speeding |fast |next |train |busy |tube |railway |coming |office |our )*(?:{EDGE}|{VEHICLE}"
            rf"|building|window|motorway|highway|freeway)\b(?! (?:ride|journey|stop|station cafe|show))",
            r"(?:jump|jumping) (?:from|off) (?:\w+ ){0,2}(?:high|up there|something)\b",
            r"(?:hang|hanging|hanged) myself\b(?! (?:out|up|with (?:this|the) (?:tinsel|christmas)))",
            r"noose\b(?! (?:around the company|of debt))",
            r"(?:bought|got|have|ive|found|tied|keep|kept|hid|hidden|looking at|stare at|staring at|holding"
            r"|ordered) (?:got )?(?:the|a|my|some|that|this) (?:rope|noose|razor blades?|gun|pistol|rifle|shotgun"
            r"|cord)\b(?! (?:for (?:the|my|a|climbing|our)|swing|licen[cs]e|bridge|ladder|range|course"
            r"|ready for (?:the )?(?:boat|climb|camp)))",
            r"(?:gun|pistol|barrel|shotgun|revolver|knife|blade|razor|scissors) (?:\w+ ){0,2}(?:to|in|against|at|on"
            r"|near|into|across) my (?:own )?(?:head|mouth|temple|throat|wrists?|neck|heart|chest|skin|arms?"
            r"|veins?)\b(?! (?:stove|kitchen))",
            r"(?:pull|pulling|squeeze) the trigger\b(?! on (?:the|a|this|that|buying|it and))",
            r"(?:bullet|gun|shotgun) (?:in|to|through|into) my (?:head|brain|skull|mouth|heart)\b",
            r"(?:slit|slitting|slash|slashing|open|opening|cut(?:ting)? (?:open|into"
            r"|through)?) ?my (?:own )?(?:wrists?|throat|veins|arteries|neck)\b",
            r"(?:crash|crashing|drive|driving|steer|steering|swerve|swerving|run|running|wreck|wrecking|veer"
            r"|veering|turn|turning) (?:the car|my car|my truck|my bike|this car|the truck|off|into|straight|it"
            r"|myself|the wheel|my motorbike)(?: \w+){0,4} ?(?:on purpose|deliberately|tree|wall|traffic|oncoming"
            r"|lane|bridge|barrier|cliff|river|pole|canyon|ravine|median|lorry|truck|off the road)\b",
            rf"mix(?:ing|ed)? (?:\w+ ){{0,4}}(?:booze|alcohol|vodka|whisky|whiskey|wine"
            rf"|drink)(?: \w+){{0,2}} (?:and|with|in) (?:\w+ ){{0,2}}{MEANS}\b|mix(?:ing"
            rf"|ed)? (?:\w+ ){{0,2}}{MEANS} (?:and|with) (?:\w+ )?(?:booze|alcohol|vodka|whisky|whiskey|wine"
            rf"|drink)\b",
            rf"(?:pills?|tablets?|{MEANS}|bottle|box|blister packs?) (?:\w+ ){{0,2}}(?:next to me|in front of me"
            rf"|in my hand|on the (?:bed|table|counter|floor) (?:next|in front|beside)|lined up|ready|counted out"
            rf"|beside me|saved up|all counted|laid out|stockpiled|hoarded|put aside|waiting)\b",
            rf"(?:sav(?:ed|ing)(?: up)?|stockpil\w+|hoard\w+|collect(?:ed|ing)|hid(?:ing|den)?|stash\w*|count(?:ed"
            rf"|ing)"
            rf"|put(?:ting)? (?:aside|away|by)|stor(?:ed|ing)|been keeping) (?:up "
            rf"|away )?(?:\w+ ){{0,3}}(?:{MEANS})\b(?! (?:for (?:\w+ing|the|a|my|our) (?:at|chemist|pharmac|dog|cat"
            rf"|trip|nurse"
            rf"|weekly|hospital|week|check)|organi[sz]er|in the organi))(?!.{{0,60}}\b(?:chemist|pharmac\w*"
            rf"|one short|labels?)\b)",
            r"(?:enough|how many|how much|what dose|number of|amount of|will \d+|would \d+|are \d+"
            r"|is \d+)(?: \w+){0,8} (?:to )?(?:kill (?:me|myself|you|someone|a person|a human)|die\b|not wake up"
            r"|be fatal|be lethal|end it|overdose|do it|finish me|never wake|od\b|end my life|be enough)",
            r"(?:enough|plenty of) (?:\w+ ){0,4}(?:pills|tablets|meds|antidepressants|medication"
            r"|paracetamol)(?: \w+){0,3} to\b",
            rf"(?:least|most|quickest|fastest|easiest|painless|quick|easy|best|peaceful|cleanest|surest|simplest"
            rf"|less painful|gentle|pain free) (?:painful |painless |peaceful |reliable |effective "
            rf"|and \w+ )*(?:way|ways|method|methods|means) (?:for me )?(?:to|of) (?:{ACT}|{KILLING} myself|dying"
            rf"|{ENDING} {LIFE}|go|{KILL} (?:yourself|oneself|you))\b",
            rf"(?:ways?|methods?|how|means|places?|where|what to use) (?:for me )?(?:i (?:can|could|would|should)"
            rf"|can i|could i|do i|should i|would i|to|of)? ?(?:best )?(?:{KILL} (?:myself|yourself|oneself)"
            rf"|{KILLING} (?:myself|yourself|oneself)|{ENDED} (?:{LIFE}|your life|ones life)|(?:commit(?:ting)? "
            rf"|do )?suicide|die\b(?! (?:of|in|from|at|hard))|dying|overdose|hang myself"
            rf"|end it(?: all)?)(?: (?:without|painless\w*|quick\w*|peaceful\w*|fast|with(?:out)? pain|properly"
            rf"|safely|easily|that))?\b(?! (?:rates|statistics|prevention))",
            r"(?:research(?:ing|ed)?|look(?:ing|ed)? (?:up|into|for|at)|google(?:d)?|googling"
            r"|read(?:ing)? (?:up )?(?:on|about)|search(?:ing|ed)?(?: for| up)?|browsing"
            r"|compar\w+) (?:\w+ ){0,3}(?:methods|ways to (?:die|do it|end|go|kill)|how to (?:die|end it|kill)"
            r"|lethal|painless|drop heights|overdose amounts|suicide)\b",
            r"(?:how|is it|would it be|would it|does it) (?:\w+ ){0,3}(?:painful|hurt|quick|fast|instant"
            r"|painless)(?: \w+){0,5} (?:jump|drown|hang|overdose|fall from|bleed out|die by|shoot"
            r"|hit by a train)\b",
            rf"(?:im|i am|standing|sitting|sat|stood|been standing|here|up|parked|climbed|walked|came|went|drove"
            rf"|waiting|now) (?:\w+ ){{0,3}}(?:on|at|by|near|over|to|onto"
            rf"|up) (?:\w+ ){{0,2}}(?:{EDGE})"
            r"(?!.{0,60}\b(?:show|tour|club|team|bar|terrace|traffic|stuck|driving|commut\w+|photos?|view|fishing"
            r"|repair\w*|fixing)\b)"
            r"(?!.{0,60}\b(?:walk(?:ing)? the dog|gutters?|party|garden|dinner|drinks|train to|crossing)\b)"
            r"(?: \w+){0,4}(?= *(?:$|[.,!?\n]))",
            rf"(?:edge|close to|over|side|end) (?:of |to )?(?:\w+ ){{0,3}}(?:edge|{EDGE})(?: and| thinking"
            rf"| wondering| looking down| of the)\b",
            r"(?:look|looking|think|thinking|keep looking|measure|measured|check|checked"
            r"|see) (?:\w+ ){0,3}(?:at )?how (?:high|far|deep|long a drop|tall) (?:\w+ ){0,3}(?:the |that |is |it )",
            r"(?:car|engine|exhaust|hose) (?:\w+ ){0,5}garage(?: \w+){0,6} (?:door|closed|shut|running|engine|key)\b",
            r"(?:drown|drowning) myself\b|(?:walk|wade|swim) (?:out )?into the (?:sea|ocean|river|lake"
            r"|water) (?:and (?:not|never)|until|till|with)\b|(?:filled|put) (?:my )?pockets with (?:stones"
            r"|rocks)\b",
            r"(?:bleed|bleeding) (?:out|to death)\b",
            r"starve myself to death\b|drink(?:ing)? (?:myself to death|bleach|antifreeze|poison)\b",
            r"(?:life )?insurance (?:\w+ ){0,8}(?:suicide|kills? (?:myself|themselves)|does it themselves"
            r"|do it (?:myself|themselves))\b",
        ),
        means=True,
    ),
    Family(
        "has a plan",
        4,
        Said.EXPLICIT,
        (
            "plan",
            "date",
            "how id",
            "how i",
            "do it",
            "letters",
            "note",
            "accident",
            "everything",
            "ready",
            "set up",
            "what i need",
            "rehears",
            "method",
            "place",
            "decided",
            "decision",
        ),
        any_of(
            rf"(?:the|my|a|have a|got a|made a|making a|ive a|with a|have the) plan (?:\w+ )?(?:is (?:made|ready"
            rf"|set|in place|to (?:die|do it|end|jump)|the train)|for (?:how|ending|dying|my death|suicide"
            rf"|tonight to)|to (?:{ACT})|and (?:im going|i have (?:what|everything|the)|ive (?:what|everything|the"
            rf"|got)|intent|the means|i know|scared|a date))\b",
            rf"plan(?:s|ned|ning)? (?:out |on |to |for )*(?:my (?:own )?(?:death|suicide|end|exit)|{KILL} myself"
            rf"|{KILLING} myself|{ENDING} {LIFE}|{ENDED} {LIFE}|die\b|how ill|end it|ending it|how to (?:die|do it"
            rf"|end)|suicide|overdose|dying)\b",
            r"(?:set|picked|chosen|have|got|decided on|choose) (?:a |the )?(?:date|day|time|place)(?: picked"
            r"| chosen| set| in mind)? (?:for (?:it|when i|my (?:death|suicide|exit|end)|ending|doing it|dying"
            r"|the end)|to (?:die|do it|end|kill)|when i)\b",
            r"(?:ive|i) set a date\b(?! (?:for (?:the|our|my) (?:wedding|party|move|exam|meeting)|with))"
            r"|date (?:picked|chosen|set) (?:for|to)\b(?! (?:the|our|my) (?:wedding|party|move|exam|meeting))",
            r"(?:ive|have|got) (?:everything|all|all that|what|whatever|all the things|the means"
            r"|the stuff) (?:i (?:need|want)|it takes|ready|set up|prepared|necessary)(?: (?:for it|to do it"
            r"|to (?:die|end)))?\b(?=.{0,160}\b(?:tonight|do it|die|plan|end|goodbye|kill))",
            r"(?:^|[.,!?\n] ?)(?:the )?plan is (?:the |a )?(?:train|bridge|pills|tablets|roof|river|car|rope|gun"
            r"|to (?:die|jump|do it))\b",
            r"(?:set|sorted|got|have|ive|put) (?:everything|it all|all of it) (?:up|ready|out|set|in place|sorted"
            r"|laid out)(?= (?:for )?(?:tonight|tomorrow|now|and i feel (?:peace|calm|quiet"
            r"|light)))(?=.{0,120}\b(?:peace\w*|calm|goodbye|die|end|sorry|alone|lighter|not scared|do it)\b)",
            r"plan to be (?:done|gone|out(?= *(?:$|[.,!]))|dead)\b|ways? i (?:could|can|might|would) (?:do it"
            r"|end it|die|go)\b|ways to (?:end things|do it|disappear for good)\b",
            r"look like an accident\b(?! on (?:the|film|tv))",
            r"tonights the night\b(?! (?:of the|for the (?:show|game|gig|match|party)))|tonight (?:might|may|could"
            r"|will) be the night (?:i (?:kill|die|end|do it)|it ends)|tonight is the night (?:i|it|im)\b"
            r"|last night (?:alive|on earth|on this earth)\b",
            r"(?:the|my|a) plan is (?:made|ready|set|in place)\b|(?:means|method) (?:and|,) (?:a |the )?(?:plan"
            r"|date|time|intent)",
        ),
        plan=True,
        everyday=True,
    ),
    Family(
        "a last letter",
        5,
        Said.EXPLICIT,
        ("note", "letter", "will ", "video", "goodbye", "write", "wrote", "message"),
        any_of(
            r"(?:suicide|goodbye|farewell|good bye|final|last) (?:notes?|letters?|videos?|messages?) (?:is|are|to"
            r"|for|i|ive|reads|on|in|done|written|ready)\b|(?:my|a|the|wrote|write|writing|written|finished"
            r"|finishing|drafted|drafting|rewrote|rewriting|recorded|leave|left|leaving) (?:my |a |the |some "
            r"|several |all )?(?:suicide|goodbye|good bye|farewell) (?:notes?|letters?|videos?)\b",
            r"(?:wrote|written|writing|write|finished|started|leave|leaving|left|recorded) (?:\w+ ){0,4}(?:letters?"
            r"|notes?|videos?|messages?|something)(?: \w+){0,7} (?:when im gone|after im gone|to find|find after\w*"
            r"|for after|after i(?:m| die|ve gone| go)|once im gone|if i(?:m| die| dont| go)|goodbye"
            r"|before i (?:die|go|do it|end|leave for good)|read when|read after|for when im)\b",
            r"(?:the |my )?(?:note|letters?) (?:is|are|s) (?:on|in|under|by|next to|ready|done|written"
            r"|sealed)(?=.{0,160}\b(?:die|kill|tonight|ready|goodbye|gone|cat|will|end)\b)(?!.{0,120}\b(?:party"
            r"|wedding|teacher|santa"
            r"|birthday|goody|taxi|flight)\b)",
        ),
        plan=True,
        goodbye=True,
    ),
    Family(
        "goodbye for good",
        5,
        Said.EXPLICIT,
        (
            "goodbye",
            "good bye",
            "be dead",
            "be gone",
            "wont be",
            "by the time",
            "last",
            "farewell",
            "bye",
            "not be here",
            "not going to be",
            "wont exist",
            "wont wake",
            "wont see",
        ),
        any_of(
            r"(?:will|ill|going to|should) be dead(?= *(?:$|[.,!]|by|soon|then|and))(?! (?:if my|tired))",
            r"goodbye (?:everyone|everybody|my friends?|all)\b(?=.{0,120}\b(?:sorry|love you|forgive|cant (?:live"
            r"|do|go|take)|tired|die|dead|end|dont blame|not your fault|wont be"
            r"|forever)\b)(?!.{0,80}\b(?:working with|retir\w+|job|school|weekend|holiday|see you|tomorrow"
            r"|next (?:week|term|year))\b)",
            r"(?:this is|consider this|im saying|saying|said|time to say|came to say|want to say|wanted to say"
            r"|just) (?:my |a |all my |the )*(?:last |final )?(?:goodbye|goodbyes|good bye"
            r"|farewell)s?(?=.{0,160}\b(?:tomorrow|dead|die|kill|end|gone|forever|wont be|without them knowing"
            r"|world|everyone|everybody|thank|alive|peace|last|sorry)\b)(?! to (?:my|our|the) (?:dog|cat|house|job"
            r"|nan|gran))",
            r"this is my goodbye\b|(?:im|i am) doing it (?:now|right now|tonight)[.,]? (?:sorry|goodbye|im sorry"
            r"|love)\b",
            r"goodbye (?:forever|world(?=.{0,60}\b(?:love|sorry|tried|thank|end|done|hard))|for good|for ever"
            r"|life)\b",
            r"by the time (?:you|anyone|anybody|someone|they|he|she|people|this) (?:\w+ ){0,3}(?:this|it|me|home"
            r"|sent|up)?(?: \w+){0,2} ?(?:ill be|i will be|im|it will be|itll be)? ?(?:dead|gone|too late|not here"
            r"|over|out of)\b",
            r"(?:wont|will not|not going to|not|wouldnt|never going to|dont think ill|doubt ill) (?:be )?(?:alive"
            r"|exist|living) (?:tomorrow|by|anymore|next|much|after|for|in|to see|at)\b",
            r"(?:ill|going to|will|should|gonna) be dead (?:by|soon|tomorrow|tonight|before|in|when|anyway"
            r"|within)\b(?! (?:on my feet|tired))",
            r"(?:my|the) last (?:day|night|hours?|minutes?|week|evening|sunset|meal|words|birthday"
            r"|christmas) (?:on (?:this )?earth|alive|ever|of my life)\b",
            r"(?:wont|will not|not going to|not gonna) wake up (?:tomorrow|again|in the morning|this time)\b"
            r"|never wak(?:e|ing) up again\b",
        ),
        goodbye=True,
    ),
)
