"""Families of what is said in so many words: wanting to die, ending one's life, by which means, when, and goodbye.

Each family is one meaning. Levels are steps of the ladder in `training/corpus/README.md` as the floor uses them: a
plain wish or thought of ending one's life counts as 3, because one line cannot show that there is no intent.
"""

from __future__ import annotations

from companion.safety.risk.family import Family, Said
from companion.safety.risk.words import (
    ACT,
    BEING,
    EDGE,
    ENDED,
    ENDING,
    KILL,
    KILLED,
    KILLING,
    LIFE,
    LIVING,
    MEANS,
    OWN,
    VEHICLE,
    any_of,
    gap,
)

_DEATH = (
    r"(?:die|be dead|not be alive|not exist|stop (?:existing|living|being alive|breathing)|cease to (?:exist|be)|perish"
    r"|be done with (?:life|living|this life)|leave (?:this|the) (?:world|earth|planet|life)|be no more|be six feet under"
    r"|not live|meet my maker|rest in peace|be in (?:my|a) grave|end(?! (?:the|this|that|up|my|it|our|with|on)\b))"
)
_WISH = (
    r"(?:want(?:s|ed|ing)?|wish(?:ing|ed)?|long(?:ing)?|ready|need(?:ing)?|id like|id love|would like|prefer|yearn(?:ing)?"
    r"|crav(?:e|ing)|desire|beg(?:ging)?|pray(?:ing)?|deserve|hop(?:e|ing)|love|wanting|willing|ought|supposed|meant|like)"
)

EXPLICIT = (
    Family(
        "wants to die",
        3,
        Said.EXPLICIT,
        ("die", "dead", "dying", "exist", "alive", "death", "breathing", "leave", "be no more", "perish", "done with", " end", "grave"),
        any_of(
            r"die\b.{0,20}\band i want to\b|decided to die\b|part of me (?:has )?(?:already )?(?:wants|decided) to die\b",
            rf"{_WISH} (?:for me |all |nothing more than |something |so much |so bad |more than anything )?to {gap(1)}{_DEATH}\b",
            r"(?:wish|wishing|wished|hope|hoping|pray|praying|prefer) (?:that |to god |god |every (?:day|night) )*"
            r"i(?:d)? (?:was|were|could be|would be|could|would|will|had|may|might|be|can|get to)?(?: have)? ?(?:all |finally )?"
            r"(?:dead|die|died|dying|just die|stop existing|cease to exist|stop living|be dead|kill myself)\b",
            r"(?:rather|sooner) (?:be dead|die|not (?:be )?(?:alive|exist|live))\b",
            r"(?:better off|happier|happy|best|easier|relieved|glad|prefer being|prefer to be) (?:being |to be |if i was |if i were )?dead\b",
            r"(?:why (?:cant|dont|didnt|couldnt|wont) i|let me|i should(?:ve)?|i need to|i ought to|i must|i could|can i|i deserve to|may as well|might as well|id) (?:have )?(?:finally )?(?:die|died|be dead|not exist)\b(?! (?:of|from|for|laughing|on|in the|again))",
            r"(?:dying|death) (?:is|feels like|seems like|seems|feels|looks|sounds) (?:like )?(?:the|my|a|an|more|so|too|better|easier|nice|good|peaceful|restful|appealing|inviting|preferable|comforting)\b",
            r"being dead (?:is|sounds|seems|feels|looks|would be)\b",
            r"(?:thinking|thoughts?|think|fantasi[sz]\w*|dream(?:ing)?|obsess\w*|daydream\w*|fixated|ideas?) (?:a lot |all day |nonstop |mostly )?(?:about|of|on) (?:my own death|my death|dying(?! (?:before|alone|young|of|from|without|in pain|light|art|breed))|being dead|death(?! (?:metal|star|valley|note|in the|taxes))|not existing|not being alive|no longer existing)\b",
            r"(?:crave|craving|welcome|embrace|choose|chose|choosing|seek|seeking|want|wanting|long for|longing for|begging for|pray for|praying for|wish for|wishing for) (?:my own |my )?(?:death|oblivion)\b",
            r"i dont deserve (?:to (?:live|be alive|exist|be here)|life)\b",
            r"(?:all i can think (?:of|about)|keep thinking about|cant stop thinking about|mind is full of) (?:is )?(?:dying|death|being dead)\b",
            r"(?:be|being|im) ready to die\b",
        ),
    ),
    Family(
        "does not want to live",
        3,
        Said.EXPLICIT,
        ("liv", "alive", "exist", "life", "surviv"),
        any_of(
            rf"(?:dont|doesnt|didnt|no longer|never|not|cant|wont|without) {gap(2)}(?:want(?:ed|ing)?|wish|care|feel like|desire|see myself|like|try|fight|see (?:why|how|a reason|any reason|the point)) (?:to )?(?:{LIVING}|{BEING})(?! (?:with|in a|in the|in my|at|here|there|near|on|by|off|next|apart|away|under|alone|like|as|up|together|through|without|a life|the life|that life|down|out|my life (?:like|as|in|by|through)|insurance|sentence|story))\b",
            rf"dont want (?:any of )?(?:this|my|to have (?:a|this|my)) (?:{OWN})?life(?: anymore)?(?! (?:to|like|as|in|be))\b",
            rf"(?:no|without|lost (?:the|my|all|any)|losing (?:the|my|all)|dont have (?:the|a|any|much|much of a)|have no|ive no|zero|havent (?:got )?(?:the|a|any)|little|not much|cant find (?:the|a|any)|lack(?:ing)? (?:the|any)) (?:real |great |more )?(?:will|desire|wish|want|strength|motivation|interest|energy|urge) (?:left )?(?:to|for|in) {gap(2)}(?:{LIVING}|{BEING}|carry on|go on)\b",
            r"(?:hate|hating|despise|detest|sick of|tired of|exhausted (?:by|from|with)|done with|over|fed up (?:of|with)|had enough of|regret) (?:being alive|living(?! (?:with|in|at|here|like|out|pay|from|room|alone|on|there|under))|having to live|being born|existing|existence|life itself)\b",
            rf"(?:life|living) (?:is|feels|seems|isnt|doesnt feel|doesnt seem|is no longer) (?:not |no longer |like its not |hardly |barely )?(?:worth (?:living|it|the)|not for me)\b",
            r"cant (?:live|exist|be alive|do life|keep living)(?: (?:anymore|with (?:myself|this pain)))*(?= *(?:$|[.,!]))",
            r"not worth (?:living|being alive|staying alive)\b",
            r"(?:whats|what is|what would be|is there|see|no|any|the) (?:the |a |any |even a |the whole )?(?:point|reason|purpose|sense|use) (?:in|of|to|for|in me|of me) (?:being alive|living|life(?! (?:in|insurance|after))|staying alive|existing|stay alive|live|exist|be alive|keep living|go on living|my life|my existence|continue living|continuing to live)\b",
            r"(?:stop|quit|done|finished|through) (?:with )?(?:living|being alive|existing)\b(?! (?:with|in|at|like|off|alone))",
            r"wish i(?:d)? (?:wasnt|werent|was not|were not|was never|were never|didnt have to be|hadnt been|had never been|never been|was nt|never was|never got|wasnt ever|hadnt ever been) (?:alive|born|living|here on earth|created)\b",
            r"wish i (?:didnt|did not|no longer|dont|never) (?:have to )?(?:exist|live|existed|lived)\b",
            r"i (?:shouldnt|should not) (?:be alive|exist|have been born|be living)\b",
            r"why am i (?:still )?(?:alive|living|even here alive)\b",
            r"why (?:do|should|must|would) i (?:have to |need to |keep |bother )?(?:live|living|stay alive|exist|be alive|keep living)\b",
        ),
    ),
    Family(
        "ending own life",
        3,
        Said.EXPLICIT,
        ("myself", "life", "existence", "lives", "earth"),
        any_of(
            rf"(?:{KILL}|{KILLING}|{KILLED}) myself\b(?! (?:in the foot|laughing|up|out of|from the|off|short|into|with (?:laughter|work)|over (?:a |the |this )?(?:work|deadline)|a (?:coffee|beer|drink)|to (?:sleep|death with))\b)",
        ),
    ),
    Family(
        "ending own life, said plainly",
        3,
        Said.EXPLICIT,
        ("life", "existence", "lives", "earth", "my own", "suffering", "misery", "heart", "yourself", "myself"),
        any_of(
            rf"(?:{ENDED}|{ENDING}|ended) {LIFE}\b(?! (?:back|seriously|for granted|in my (?:own )?hands|in (?:a|another|new)|together|savings|with (?:him|her)|story|sentence|insurance|as we|lessons|into))",
            rf"tak(?:e|ing) my {OWN}life\b(?! (?:back|seriously|for granted|in my|in (?:a|another|new)|together|savings|to the|one|step|more))",
            r"(?:take|taking) my own\b",
            r"(?:end|ending|stop|stopping) my (?:own )?(?:suffering|misery|existence|pain|heart(?:beat)?) (?:for good|forever|permanently|once and for all|by dying)\b",
            r"log(?:ging)? (?:out|off) (?:of|from) (?:life|this life|existence|earth)\b",
            r"(?:check(?:ing)? out|sign(?:ing)? off|opt(?:ing)? out|quit(?:ting)?|leav(?:e|ing)|exit(?:ing)?|depart(?:ing)?) (?:of |from |on )?(?:life|this life|this world|this earth|existence)\b",
            r"(?:kill|killing) yourself\W+(?:because |and )?i do\b|took my own life\b",
        ),
        firm=True,
    ),
    Family(
        "suicide by its name",
        3,
        Said.EXPLICIT,
        ("suicid",),
        any_of(
            r"suicidal(?! (?:tendencies)\b)",
            r"suicide(?! (?:squad|watch list|prevention|hotline|helpline|line|awareness|mission|doors?|bomb\w*|attack\w*|note in|girls|pact|silence|rates?|statistics|is painless|pass|burn|risk assess|by cop|slide|squeeze|research|book|song|vest|rate|lines|inquest|forest|theory))",
        ),
        firm=True,
        topic=True,
    ),
    Family(
        "end it",
        3,
        Said.EXPLICIT,
        ("end it", "ending it", "end thing", "ending thing", "end everything", "ending everything", "end this", "doing it", "do it", "over with", "end my", "ended it", "end the"),
        any_of(
            r"(?:want(?:ed|ing)?|going|ready|time|need|have|decided|plan(?:ned|ning)?|try(?:ing)?|tried|tempted|thought|like|best|easier|urge|courage|guts|strength|nerve|rather|easy) (?:for me )?to (?:finally )?end (?:it(?: all)?|things|everything|all of (?:it|this))\b(?! (?:with|for|between|by|up|on|at|early|well))",
            r"(?:think(?:ing)?|thoughts?|thought|consider(?:ing)?|contemplat(?:e|ing)|close to|considered|dream(?:ing|t)?|about|of|fantasi[sz]\w+|idea|talking) (?:of |about |on )?ending (?:it(?: all)?|things|everything|all of (?:it|this))\b(?! (?:with|for|between|by|up|on|at|early|well))",
            r"(?:should|might|could|will|ill|id|may as well|might as well|just|i|let me|gonna|rather) end (?:it(?: all)?|everything|all of (?:it|this))\b(?! (?:with|for|between|by|up|on|at|early|well))",
            r"end(?:ing)? it all\b",
            r"(?:im |am |be |feel like |felt like )?ending (?:it|things|everything|this)(?: all)?(?: (?:tonight|now|today|tomorrow|soon|for good|this weekend|once and for all))+\b|(?:feel|feels|felt|feeling) like ending (?:it|things|everything)(?: all)?(?= *(?:$|[.,!]|and|tonight|now))",
            r"(?:going|want|decided|ready|plan(?:ning)?|courage|guts|nerve|coward(?:ly)?|scared|brave|close) to (?:finally )?do it (?:tonight|today|tomorrow|this weekend|this time|now)\b",
            r"(?:its|it is) time to (?:end|go|die|leave this)(?: it)?(?: all)?$",
        ),
        separate=True,
    ),
    Family(
        "an attempt",
        5,
        Said.EXPLICIT,
        ("tried", "attempt", "try", "overdos", "od", "nearly", "almost", "failed", "survived"),
        any_of(
            rf"(?:tried|attempted|tryin|trying|failed|attempting) (?:and failed |again |once more |twice )?(?:to )?(?:{KILL} myself|{KILLING} myself|{ENDED} {LIFE}|{ENDING} {LIFE}|take my {OWN}life|die\b(?! (?:of|in (?:the )?(?:game|level)))|end it(?: all)?\b|(?:commit(?:ting)? )?suicide|overdos\w+|hang myself|jump off)",
            r"(?:my|a|another|the|second|third|last|failed|recent|previous) (?:\w+ )?(?:suicide )?attempt (?:was|to|on my|last|failed|at|this|didnt|on (?:mon|tues|wednes|thurs|fri|satur|sun)day|again)\b",
            r"(?:i|ive) (?:have )?attempted(?: suicide| again| it| last| on| this| twice| once| before| two| a (?:week|month|few|couple)| three|(?= *(?:$|[.,!])))",
            r"(?:overdosed|od|ode?d)(?: (?:again|on (?:my |the |some |a |all )*(?:purpose|pills|meds|tablets|painkillers|medication|antidepressants|paracetamol|tylenol|sleeping)|last night|yesterday|this morning|on (?:mon|tues|wednes|thurs|fri|satur|sun)day|once|twice|a (?:week|month|few)))",
            rf"(?:nearly|almost|came close to|so close to|close to|came within) (?:{KILLED} myself|{KILLING} myself|ended {LIFE}|ending {LIFE}|ended it|ending it|jumped|doing it|did it|going through with it|took my (?:own )?life|taking my (?:own )?life)\b",
            r"(?:woke up|survived|should have worked|didnt work|it failed|pulled through)(?: \w+){0,4} (?:overdose|pills|tablets|attempt|hang|jump)",
        ),
        behaviour=True,
    ),
    Family(
        "by a means, now",
        5,
        Said.EXPLICIT,
        ("pill", "tablet", "med", "took", "swallow", "bottle", "overdose", "box of", "packet", "paracetamol", "tylenol", "antidep", "painkill", "insulin"),
        any_of(
            rf"(?:took|taken|swallowed|downed|necked|popped|had|ate|ive taken|just took) (?:all (?:of )?|the whole |a whole |whole |an entire |the entire |too many |so many |a load of |loads of |a bunch of |a lot of |lots of |a handful of |handfuls of |every (?:single )?one of |a (?:bottle|box|packet|pack|strip) of |the rest of |the (?:bottle|box|packet|pack) of |every )+(?:(?:my|the|those|these|bottle|box|packet|pack|of|their|his|her|moms|mums|dads|sleeping|heart|pain|prescription|anxiety|blood|pressure) )*(?:{MEANS}|them|bottle|box|packet|pack|lot)\b",
            r"(?:already )?(?:took|taken|swallowed) (?:them|it) all\b|already (?:took|taken|swallowed) (?:them|all|everything)\b|(?:took|swallowed|taken) (?:all of them|every last one|the lot)\b",
            r"(?:took|taken|swallowed) an overdose\b(?! (?:of (?:coffee|caffeine|sugar|chocolate)))",
            rf"(?:taking|swallowing|about to take|going to take|gonna swallow|want to take|will take|ill take|could take|thinking (?:of|about) taking|thinking about swallowing|tempted to take) (?:all (?:of )?(?:my|the|these|those)?|the whole|a whole|too many|every|a handful of|the rest of|a bunch of|a load of|as many)(?: \w+){{0,2}} (?:{MEANS}|bottle|box|packet|pack)\b",
        ),
        behaviour=True,
    ),
    Family(
        "thinks of a means",
        4,
        Said.EXPLICIT,
        (),
        any_of(
            r"(?:want|going|thought|thinking|think|thoughts?|tempted|urge|idea|plan(?:ning)?|considering|considered|might|could|ill|will|try(?:ing)?|ready|about|maybe|of|by|should|id|decided) (?:to |about |of |on )?(?:just )?(?:tak(?:e|ing) an )?(?:overdos(?:e|ing)|od)\b(?! (?:on (?:coffee|caffeine|sugar|chocolate|carbs|tv|cheese|netflix)))",
            rf"(?:jump(?:ing|ed)?|leap(?:ing)?|throw(?:ing)? myself|fling(?:ing)? myself|hurl(?:ing)? myself|step(?:ping)?|walk(?:ing)?|run(?:ning)?|lie|lying|lay|laying|div(?:e|ing)|fall(?:ing)?|chuck(?:ing)? myself|drop(?:ping)?) (?:straight |right |out |down )?(?:off|from|in front of|into|out of|under|over|onto|on|before|in) (?:of )?(?:the |a |that |my |this |an |some |oncoming |moving |speeding |fast |next |train |busy |tube |railway |coming |office |our )*(?:{EDGE}|{VEHICLE}|building|window|motorway|highway|freeway)\b(?! (?:ride|journey|stop|station cafe|show))",
            r"(?:jump|jumping) (?:from|off) (?:\w+ ){0,2}(?:high|up there|something)\b",
            r"(?:hang|hanging|hanged) myself\b(?! (?:out|up|with (?:this|the) (?:tinsel|christmas)))",
            r"noose\b(?! (?:around the company|of debt))",
            r"(?:bought|got|have|ive|found|tied|keep|kept|hid|hidden|looking at|stare at|staring at|holding|ordered) (?:got )?(?:the|a|my|some|that|this) (?:rope|noose|razor blades?|gun|pistol|rifle|shotgun|cord)\b(?! (?:for (?:the|my|a|climbing|our)|swing|licen[cs]e|bridge|ladder|range|course|ready for (?:the )?(?:boat|climb|camp)))",
            r"(?:gun|pistol|barrel|shotgun|revolver|knife|blade|razor|scissors) (?:\w+ ){0,2}(?:to|in|against|at|on|near|into|across) my (?:own )?(?:head|mouth|temple|throat|wrists?|neck|heart|chest|skin|arms?|veins?)\b(?! (?:stove|kitchen))",
            r"(?:pull|pulling|squeeze) the trigger\b(?! on (?:the|a|this|that|buying|it and))",
            r"(?:bullet|gun|shotgun) (?:in|to|through|into) my (?:head|brain|skull|mouth|heart)\b",
            r"(?:slit|slitting|slash|slashing|open|opening|cut(?:ting)? (?:open|into|through)?) ?my (?:own )?(?:wrists?|throat|veins|arteries|neck)\b",
            rf"(?:crash|crashing|drive|driving|steer|steering|swerve|swerving|run|running|wreck|wrecking|veer|veering|turn|turning) (?:the car|my car|my truck|my bike|this car|the truck|off|into|straight|it|myself|the wheel|my motorbike)(?: \w+){{0,4}} ?(?:on purpose|deliberately|tree|wall|traffic|oncoming|lane|bridge|barrier|cliff|river|pole|canyon|ravine|median|lorry|truck|off the road)\b",
            rf"mix(?:ing|ed)? (?:\w+ ){{0,4}}(?:booze|alcohol|vodka|whisky|whiskey|wine|drink)(?: \w+){{0,2}} (?:and|with|in) (?:\w+ ){{0,2}}{MEANS}\b|mix(?:ing|ed)? (?:\w+ ){{0,2}}{MEANS} (?:and|with) (?:\w+ )?(?:booze|alcohol|vodka|whisky|whiskey|wine|drink)\b",
            rf"(?:pills?|tablets?|{MEANS}|bottle|box|blister packs?) (?:\w+ ){{0,2}}(?:next to me|in front of me|in my hand|on the (?:bed|table|counter|floor) (?:next|in front|beside)|lined up|ready|counted out|beside me|saved up|all counted|laid out|stockpiled|hoarded|put aside|waiting)\b",
            rf"(?:sav(?:ed|ing)(?: up)?|stockpil\w+|hoard\w+|collect\w+|hid(?:ing|den)?|stash\w*|count(?:ed|ing)|put(?:ting)? (?:aside|away|by)|stor(?:ed|ing)|been keeping) (?:up |away )?(?:\w+ ){{0,3}}(?:{MEANS})\b(?! (?:for (?:the|a|my) (?:chemist|pharmac|dog|cat|trip|nurse|weekly|hospital|week|check)|organi[sz]er|in the organi))",
            rf"(?:enough|how many|how much|what dose|number of|amount of|will \d+|would \d+|are \d+|is \d+)(?: \w+){{0,8}} (?:to )?(?:kill (?:me|myself|you|someone|a person|a human)|die\b|not wake up|be fatal|be lethal|end it|overdose|do it|finish me|never wake|od\b|end my life|be enough)",
            r"(?:enough|plenty of) (?:\w+ ){0,4}(?:pills|tablets|meds|antidepressants|medication|paracetamol)(?: \w+){0,3} to\b",
            rf"(?:least|most|quickest|fastest|easiest|painless|quick|easy|best|peaceful|cleanest|surest|simplest|less painful|gentle|pain free) (?:painful |painless |peaceful |reliable |effective |and \w+ )*(?:way|ways|method|methods|means) (?:for me )?(?:to|of) (?:{ACT}|{KILLING} myself|dying|{ENDING} {LIFE}|go|{KILL} (?:yourself|oneself|you))\b",
            rf"(?:ways?|methods?|how|means|places?|where|what to use) (?:for me )?(?:i (?:can|could|would|should)|can i|could i|do i|should i|would i|to|of)? ?(?:best )?(?:{KILL} (?:myself|yourself|oneself)|{KILLING} (?:myself|yourself|oneself)|{ENDED} (?:{LIFE}|your life|ones life)|(?:commit(?:ting)? |do )?suicide|die\b(?! (?:of|in|from|at|hard))|dying|overdose|hang myself|end it(?: all)?)(?: (?:without|painless\w*|quick\w*|peaceful\w*|fast|with(?:out)? pain|properly|safely|easily|that))?\b(?! (?:rates|statistics|prevention))",
            r"(?:research(?:ing|ed)?|look(?:ing|ed)? (?:up|into|for|at)|google(?:d)?|googling|read(?:ing)? (?:up )?(?:on|about)|search(?:ing|ed)?(?: for| up)?|browsing|compar\w+) (?:\w+ ){0,3}(?:methods|ways to (?:die|do it|end|go|kill)|how to (?:die|end it|kill)|lethal|painless|drop heights|overdose amounts|suicide)\b",
            r"(?:how|is it|would it be|would it|does it) (?:\w+ ){0,3}(?:painful|hurt|quick|fast|instant|painless)(?: \w+){0,5} (?:jump|drown|hang|overdose|fall from|bleed out|die by|shoot|hit by a train)\b",
            rf"(?:im|i am|standing|sitting|sat|stood|been standing|here|up|parked|climbed|walked|came|went|drove|waiting|now) (?:\w+ ){{0,3}}(?:on|at|by|near|over|to|onto|up) (?:\w+ ){{0,2}}(?:{EDGE})(?: \w+){{0,4}}(?= *(?:$|[.,!?\n]))(?! (?:show|tour|club|team|bar|terrace))",
            rf"(?:edge|close to|over|side|end) (?:of |to )?(?:\w+ ){{0,3}}(?:edge|{EDGE})(?: and| thinking| wondering| looking down| of the)\b",
            r"(?:look|looking|think|thinking|keep looking|measure|measured|check|checked|see) (?:\w+ ){0,3}(?:at )?how (?:high|far|deep|long a drop|tall) (?:\w+ ){0,3}(?:the |that |is |it )",
            r"(?:car|engine|exhaust|hose) (?:\w+ ){0,5}garage(?: \w+){0,6} (?:door|closed|shut|running|engine|key)\b",
            r"(?:drown|drowning) myself\b|(?:walk|wade|swim) (?:out )?into the (?:sea|ocean|river|lake|water) (?:and (?:not|never)|until|till|with)\b|(?:filled|put) (?:my )?pockets with (?:stones|rocks)\b",
            r"(?:bleed|bleeding) (?:out|to death)\b",
            r"starve myself to death\b|drink(?:ing)? (?:myself to death|bleach|antifreeze|poison)\b",
            r"(?:life )?insurance (?:\w+ ){0,8}(?:suicide|kills? (?:myself|themselves)|does it themselves|do it (?:myself|themselves))\b",
        ),
        means=True,
    ),
    Family(
        "has a plan",
        4,
        Said.EXPLICIT,
        ("plan", "date", "how id", "how i", "do it", "letters", "note", "accident", "everything", "ready", "set up", "what i need", "rehears", "method", "place", "decided", "decision"),
        any_of(
            rf"(?:the|my|a|have a|got a|made a|making a|ive a|with a|have the) plan (?:\w+ )?(?:is (?:made|ready|set|in place|to (?:die|do it|end|jump)|the train)|for (?:how|ending|dying|my death|suicide|tonight to)|to (?:{ACT})|and (?:im going|i have (?:what|everything|the)|ive (?:what|everything|the|got)|intent|the means|i know|scared|a date))\b",
            rf"plan(?:s|ned|ning)? (?:out |on |to |for )*(?:my (?:own )?(?:death|suicide|end|exit)|{KILL} myself|{KILLING} myself|{ENDING} {LIFE}|{ENDED} {LIFE}|die\b|how ill|end it|ending it|how to (?:die|do it|end)|suicide|overdose|dying)\b",
            r"(?:set|picked|chosen|have|got|decided on|choose) (?:a |the )?(?:date|day|time|place)(?: picked| chosen| set| in mind)? (?:for (?:it|when i|my (?:death|suicide|exit|end)|ending|doing it|dying|the end)|to (?:die|do it|end|kill)|when i)\b",
            r"(?:ive|i) set a date\b(?! (?:for (?:the|our|my) (?:wedding|party|move|exam|meeting)|with))|date (?:picked|chosen|set) (?:for|to)\b(?! (?:the|our|my) (?:wedding|party|move|exam|meeting))",
            r"(?:ive|have|got) (?:everything|all|all that|what|whatever|all the things|the means|the stuff) (?:i (?:need|want)|it takes|ready|set up|prepared|necessary)(?: (?:for it|to do it|to (?:die|end)))?\b(?=.{0,160}\b(?:tonight|do it|die|plan|end|goodbye|kill))",
            r"(?:^|[.,!?\n] ?)(?:the )?plan is (?:the |a )?(?:train|bridge|pills|tablets|roof|river|car|rope|gun|to (?:die|jump|do it))\b",
            r"(?:set|sorted|got|have|ive|put) (?:everything|it all|all of it) (?:up|ready|out|set|in place|sorted|laid out)(?= (?:for )?(?:tonight|tomorrow|now|and i feel (?:peace|calm|quiet|light)))(?=.{0,120}\b(?:peace\w*|calm|goodbye|die|end|sorry|alone|lighter|not scared|do it)\b)",
            r"plan to be (?:done|gone|out(?= *(?:$|[.,!]))|dead)\b|ways? i (?:could|can|might|would) (?:do it|end it|die|go)\b|ways to (?:end things|do it|disappear for good)\b",
            r"look like an accident\b(?! on (?:the|film|tv))",
            r"tonights the night\b(?! (?:of the|for the (?:show|game|gig|match|party)))|tonight (?:might|may|could|will) be the night (?:i (?:kill|die|end|do it)|it ends)|tonight is the night (?:i|it|im)\b|last night (?:alive|on earth|on this earth)\b",
            r"(?:the|my|a) plan is (?:made|ready|set|in place)\b|(?:means|method) (?:and|,) (?:a |the )?(?:plan|date|time|intent)",
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
            r"(?:suicide|goodbye|farewell|good bye|final|last) (?:notes?|letters?|videos?|messages?) (?:is|are|to|for|i|ive|reads|on|in|done|written|ready)\b|(?:my|a|the|wrote|write|writing|written|finished|finishing|drafted|drafting|rewrote|rewriting|recorded|leave|left|leaving) (?:my |a |the |some |several |all )?(?:suicide|goodbye|good bye|farewell) (?:notes?|letters?|videos?)\b",
            r"(?:wrote|written|writing|write|finished|started|leave|leaving|left|recorded) (?:\w+ ){0,4}(?:letters?|notes?|videos?|messages?|something)(?: \w+){0,7} (?:when im gone|after im gone|to find|find after\w*|for after|after i(?:m| die|ve gone| go)|once im gone|if i(?:m| die| dont| go)|goodbye|before i (?:die|go|do it|end|leave for good)|read when|read after|for when im)\b",
            r"(?:the |my )?(?:note|letters?) (?:is|are|s) (?:on|in|under|by|next to|ready|done|written|sealed)(?=.{0,160}\b(?:die|kill|tonight|ready|goodbye|gone|cat|will|end)\b)",
        ),
        plan=True,
        goodbye=True,
    ),
    Family(
        "goodbye for good",
        5,
        Said.EXPLICIT,
        ("goodbye", "good bye", "be dead", "be gone", "wont be", "by the time", "last", "farewell", "bye", "not be here", "not going to be", "wont exist", "wont wake", "wont see"),
        any_of(
            r"(?:this is|consider this|im saying|saying|said|time to say|came to say|want to say|wanted to say|just) (?:my |a |all my |the )*(?:last |final )?(?:goodbye|goodbyes|good bye|farewell)s?(?=.{0,160}\b(?:tomorrow|dead|die|kill|end|gone|forever|wont be|without them knowing|world|everyone|everybody|thank|alive|peace|last|sorry)\b)(?! to (?:my|our|the) (?:dog|cat|house|job|nan|gran))",
            r"this is my goodbye\b|(?:im|i am) doing it (?:now|right now|tonight)[.,]? (?:sorry|goodbye|im sorry|love)\b",
            r"goodbye (?:forever|world(?=.{0,60}\b(?:love|sorry|tried|thank|end|done|hard))|everyone|everybody|my friend|to everyone|to everybody|for good|for ever|life)\b",
            r"by the time (?:you|anyone|anybody|someone|they|he|she|people|this) (?:\w+ ){0,3}(?:this|it|me|home|sent|up)?(?: \w+){0,2} ?(?:ill be|i will be|im|it will be|itll be)? ?(?:dead|gone|too late|not here|over|out of)\b",
            r"(?:wont|will not|not going to|not|wouldnt|never going to|dont think ill|doubt ill) (?:be )?(?:alive|exist|living) (?:tomorrow|by|anymore|next|much|after|for|in|to see|at)\b",
            r"(?:ill|going to|will|should|gonna) be dead (?:by|soon|tomorrow|tonight|before|in|when|anyway|within)\b(?! (?:on my feet|tired))",
            r"(?:my|the) last (?:day|night|hours?|minutes?|week|evening|sunset|meal|words|birthday|christmas) (?:on (?:this )?earth|alive|ever|of my life)\b",
            r"(?:wont|will not|not going to|not gonna) wake up (?:tomorrow|again|in the morning|this time)\b|never wak(?:e|ing) up again\b",
        ),
        goodbye=True,
    ),
)
