"""Families of being afraid of oneself and of dark thoughts, and hints.

A hint has level 0: it is common in any hard time and counts only where several meet."""

from __future__ import annotations

from companion.safety.risk.family import Family, Said
from companion.safety.risk.words import FOREVER, any_of

THOUGHTS = (
    Family(
        "afraid of oneself",
        3,
        Said.OBLIQUE,
        (
            "do to myself",
            "might do",
            "trust myself",
            "safe",
            "scared of",
            "scared im",
            "afraid",
            "control",
            "be alone",
            "stop myself",
            "capable",
            "going to do",
            "something stupid",
            "something bad",
        ),
        any_of(
            r"(?:scared|afraid|frightened|terrified|worried|fear|scares me|not sure|dont know|idk|dread) (?:of "
            r"|about |that |by |im |i |ill |what )*(?:what )?(?:i|im|ill|id) (?:might|may|could|will|am going to"
            r"|going to|m going to|would|m capable of|ll|am capable of)? ?(?:going to |do|capable of|hurt|harm"
            r"|end up)(?: \w+){0,2}? ?(?:do |doing )?(?:to myself|tonight|alone|next|if im (?:left )?alone"
            r"|something (?:stupid|bad|silly|to)|to me|myself|when im alone|when (?:they|everyone) (?:leave|sleep)"
            r"|anymore)?(?= *(?:$|[.,!?]|to myself|tonight|alone|next|if|something|myself|when|and"
            r"|because))(?! (?:with my life|about (?:the|my|this|work)|for (?:work|money|a job)))",
            r"(?:dont|cant|not|no longer|do i|never) (?:trust|trusting) (?:myself|my own (?:mind|head|brain"
            r"|thoughts|hands)|my (?:mind|head|brain|thoughts|hands))(?: (?:to be alone|alone|tonight|with|around"
            r"|right|anymore|not to|near|to stay|to drive|in the (?:car|house|kitchen)))*\b(?! (?:with (?:money"
            r"|chocolate|cake|biscuits|dates|men|a credit|it)|around (?:chocolate|cake|biscuits|sweets|cookies)"
            r"|to (?:park|choose|pick|cook)))",
            r"(?:im |am |feel |feeling |be |dont feel |do not feel )?(?:not|isnt|unsafe|arent|dont feel|no longer"
            r"|never) (?:feel )?(?:safe) (?:with (?:myself|my (?:own )?(?:thoughts|mind|head))|around myself"
            r"|in my own (?:head|mind)|from myself|alone with (?:myself|my)|by myself tonight|to be (?:alone|left)"
            r"|being alone|tonight|on my own tonight|alone tonight|right)\b(?! (?:in (?:this|the) (?:neighbourhood"
            r"|area|street)|at (?:work|home with)|walking))",
            r"(?:im|am|i feel|feel|feeling) (?:unsafe (?:with myself|around myself|tonight|alone|in my)"
            r"|a danger to myself|not safe(?= *(?:$|[.,]|i want|to be)))\b",
            r"(?:cant|dont know if i can|not sure i can|how do i|how to|unable to|struggling to|need (?:someone"
            r"|help) to|hard to|trying to) (?:stop|keep|control|hold) myself (?:from (?:doing|going|it|acting"
            r"|ending|hurting|killing|jumping|cutting|taking)|safe|alive|back tonight|this time|tonight"
            r"|much longer)\b",
            r"(?:going|about|might|could|tempted|want|end up|afraid|scared|will|to|ill) (?:to |of |im |i |just "
            r"|end up )*do(?:ing)? something (?:stupid|bad|silly|permanent|drastic|i cant (?:undo|take back)"
            r"|to myself|terrible|irreversible|final)\b(?! (?:like (?:text|call|buy|quit|message|email|eat)"
            r"|and (?:text|call|buy)))",
        ),
    ),
    Family(
        "thinks of being gone",
        2,
        Said.OBLIQUE,
        ("thought", "think", "idea", "mulling", "wonder", "pictur", "imagin", "worth", "make it", "done", "part of me"),
        any_of(
            r"(?:thoughts?|thinking|think|thought|idea|ideas|mulling|daydream\w*|fantasi\w+|dream\w*|obsess\w*"
            r"|wondering) (?:more |a lot |again |mostly |only )?(?:of|about|over) (?:just )?(?:not (?:being"
            r"|existing) (?:here|around|alive|in this world|anymore)|being gone(?! (?:for|on|from|a|all day))"
            r"|disappearing(?! (?:to|into|for))|fading away|vanishing(?! (?:to|into|for))|leaving (?:it all"
            r"|everything|everyone|this (?:world|life))|being out of (?:it all|this|everything)|ways (?:out|i could"
            r"|to (?:do|end|go|die|stop))|how (?:i could|id|i would|i might) (?:do it|end|go|die))\b",
            r"(?:even )?worth (?:sticking around|being around|being here|staying around|staying here|staying alive"
            r"|hanging on|being alive|living|carrying on|keeping going|going on)\b(?! (?:at|in|with|for the))",
            r"(?:might not|may not|dont think i(?:ll| will| can)?|not sure i(?:ll| will| can)?|dont know if i(?:ll"
            r"| will| can)|doubt i(?:ll)?|wont|cant) (?:make it|survive|last|get) (?:through )?(?:this|tonight"
            r"|the night|until morning|the week|the weekend|to (?:tomorrow|morning|the weekend)"
            r"|much longer)(?= *(?:$|[.,!?]|and|alone|without|help|srsly|please))",
            r"(?:crawl|climb|dig|find|get|curl) (?:\w+ ){0,2}(?:into |in )?(?:a|some) (?:hole|corner"
            r"|ball) (?:somewhere )?and (?:never come out|be gone|die|disappear|not come (?:out|back)"
            r"|stay there forever|cease)\b(?! of)",
            r"(?:im|i am|feel like im) done (?:and )?(?:\w+ )?(?:have|got|with) (?:a )?plan\b|plan to be (?:done"
            r"|gone|out)\b",
            r"part of me (?:wants|wishes|hopes|thinks|wonders) (?:\w+ ){0,4}(?:gone|disappear|not (?:be|wake|exist"
            r"|here)|never wake|over|end|stop existing|give up (?:completely|on life))\b",
        ),
    ),
    Family(
        "dark thoughts",
        1,
        Said.OBLIQUE,
        (),
        any_of(
            r"(?:dark|darker|darkest|bad|scary|dangerous|ugly|awful|horrible|terrible|evil|those|unsafe"
            r"|worst) (?:\w+ )?thoughts?(?= (?:again|are|back|about|of|tonight|that|wont|keep|have|been|come|came"
            r"|get|got|return\w*|in my|and|i|creep|every|when|lately|today)|[.,!?]|$)(?! (?:about (?:my (?:boss|ex"
            r"|sister)|him|her|work|the (?:exam|test|flight))))",
            r"(?:the |my |these |those )?thoughts (?:are |have |keep |come |came |have come |were )?(?:getting "
            r"|coming |come |growing |been )?(?:back|darker|louder|worse|returned|return|again|stronger"
            r"|making (?:more )?sense|scary|scaring me|dark)\b(?! (?:about (?:work|the exam|food)))",
            r"(?:thoughts|thinking) (?:of|about) (?:not (?:being|existing|waking|living)|being gone|ending"
            r"|leaving (?:it all|this|for good|everyone|everything behind|the world)|giving up(?= *(?:$|[.,]"
            r"|on (?:life|everything)))|disappearing|leaving it all|just stopping|how (?:easy|peaceful"
            r"|quiet) it would be|an exit|an end|the end)\b(?! (?:my (?:job|relationship|lease|subscription"
            r"|marriage|contract|career)|the (?:job|relationship|lease|marriage|contract|call)|things with"
            r"|of (?:term|the (?:film|month|year|series|season))))",
            r"(?:permanent|final|last|ultimate|forever|definitive) (?:solution|way out|exit|answer|fix"
            r"|escape)\b(?! (?:to|for) (?:the|this|our|my) (?:boiler|roof|printer|bug|leak|hair|damp|problem with))",
            r"(?:only|just|one|no|any|easy|a|another|easiest|quick|other) (?:one |other |easy )?(?:way out|exit"
            r"|escape|way (?:to (?:stop|end) (?:it|this|the pain|everything|the|my pain)|this ends"
            r"|out))(?: (?:of (?:this|it|my (?:head|life|pain)|here)|left|for me|is|that|and|i|now"
            r"|from))*\b(?= *(?:$|[.,!?]|of (?:this|it|my)|left|for me|and|is|that|i|now))(?! (?:of (?:this|the"
            r"|my) (?:job|contract|relationship|marriage|town|car park|maze|building|lease|debt|mess)))",
            r"(?:keep|kept|been|always|find myself|catch myself|caught myself|started) (?:standing|stood|stand"
            r"|walking|going|looking|look|staring|stare) (?:too |so |very |right )?(?:close|near|down|over"
            r"|at)(?: \w+){0,4} (?:edge|platform|bridge|railing|drop|ledge|water|roof|river|cliff|window|tracks"
            r"|train|medicine cabinet|pills|tablets|knives|knife)\b(?! (?:show|museum|photo|view from|collection"
            r"|set))",
            r"(?:look|looked|looking|stare|staring|started looking) at (?:the |my |our )?(?:medicine|pill"
            r"|medication|bathroom|knives|knife|pills|tablets|belt|rope|bridge|train|trains|river|rafters"
            r"|drugs)(?: \w+){0,2} (?:differently|different|too long|and think|and wonder|and thinking"
            r"|and wondering|a lot|in a different way|longer than)\b",
            r"(?:wonder|wondering|imagine|imagining|think|thinking|thought about|curious"
            r"|wondered) (?:about )?(?:how (?:long i could (?:stay|hold)|it would feel to (?:fall|drown|die|not"
            r"|stop|let go|go under)|long (?:until|before|it would take)|quiet it(?: would|d| ll)?)"
            r"|what (?:it would be like|its like|it is like|it feels like|comes after|happens) (?:to (?:die|be dead"
            r"|fall|not exist|drown|just stop)|when (?:you|we|i) die|if i (?:just|didnt|let|turned|kept|never)"
            r"|after (?:death|i die))|staying under|if it (?:would|will) hurt)\b",
            r"(?:look|looked|looking|stare|stared|staring|gaze|gazing) at (?:the |my |those |her "
            r"|his )?(?:\w+ ){0,2}(?:pills|tablets|meds|medicine|medication|knives|knife|rope|tracks|bridge|river"
            r"|edge|ledge|drop|razor|cabinet|trains)(?: \w+){0,4} and (?:wonder|think|imagine|wondering|thinking"
            r"|imagining|i think|i wonder)\b",
            r"look(?:ing|ed)? (?:at|up|for) (?:\w+ )?(?:bridges|tall buildings|high buildings|cliffs|multi ?storeys"
            r"|high places)\b(?! (?:for (?:my|a|the) (?:photo|class|project|course|holiday)))",
            r"what if i (?:just )?(?:didnt (?:stop|brake|turn|come back|get off|wake|look|pull)|let go"
            r"|kept (?:driving|walking|swimming)|stepped|jumped|turned the wheel|did it|took them all|ended"
            r"|stopped (?:eating|breathing)|never woke|drove|walked into|went under"
            r"|just stopped being)\b(?! (?:reading|watching|at the shop|working there|answering))",
            r"(?:could|would|can|will|it) (?:all )?be (?:all )?over (?:in (?:a |one )?(?:second|moment|minute"
            r"|minutes|seconds|flash)|so (?:quickly|fast|easily)|if i|forever)\b(?! (?:with the|for the (?:team"
            r"|club)))",
            r"(?:water|sea|river|ocean|lake|tracks|edge|train|bridge|drop|height) (?:\w+ ){0,2}(?:looked|looks|was"
            r"|is|seems|seemed|felt|feels|calls?|calling|called|pulls?|pulling|tempt\w*) (?:so |very "
            r"|to )?(?:inviting|me|tempting|welcoming|peaceful|calling|comforting|kind|soft)\b(?! (?:for a (?:swim"
            r"|dip|paddle)|after|today so|on (?:the|my) (?:phone|email)))(?=.{0,60}\b(?:walk away|had to|me|quiet"
            r"|under|scared|away|close|couldnt)\b)",
            r"how (?:quiet|peaceful|calm|still|dark) it(?:d| would| must| could)? be (?:down there|under"
            r"|at the bottom|there|without|if i|for me|to)\b",
            r"(?:would|it would|that would|itd|it) (?:solve|fix|end|make) (?:everything|it all|all|my problems"
            r"|everyones problems|things easier for everyone|all my problems)(?: \w+){0,2} (?:if i (?:was|were"
            r"|wasnt|died|didnt|just|disappeared)|me (?:being )?(?:gone|dead)|out of the picture|to die|dying)\b",
            r"(?:pictur\w+|imagin\w+|vision\w*|see|seeing|visuali[sz]\w+|flashes of|images? of) (?:myself |of |me "
            r"|my |of me |of myself |of my )*(?:dead|dying|own death|hanging|in a coffin|lifeless|jumping|falling"
            r"|bleeding|not here anymore|own funeral|body)\b(?! (?:sea|of water|in love|for the role))",
        ),
    ),
    Family(
        "in general terms",
        1,
        Said.OBLIQUE,
        ("life", "sleep", "funeral", "not living", "alive", "stay", "gone", "forever", "die"),
        any_of(
            r"(?:cant|dont want to|dont think i can|not able to|unable to|no longer|cannot|hate having to) (?:do"
            r"|handle|take|stand|cope with|bear|deal with|face) (?:this |my |any more of this |being )?(?:life"
            r"|alive|living)(?: (?:thing|anymore|business|like this|any))*(?= *(?:$|[.,!?]|anymore|thing|and|any))",
            rf"(?:everything|it all|all of it|all this|the noise|the pain|all the pain) (?:to )?(?:just )?(?:stop"
            rf"|end|be over|finish)[.,]? ?{FOREVER}\b",
            r"(?:not|never) (?:here|around) (?:by|next|this time next|come|for) (?:summer|winter|spring|christmas"
            r"|year|month|week|easter|autumn|my birthday)\b(?=.{0,60}$)|not being (?:here|around) (?:anymore|by"
            r"|next|tomorrow|at all|for)\b(?! (?:the meeting|work))",
            r"(?:see you|back|again) next (?:year|week|summer) i (?:laugh|smile|think"
            r"|know i)\b(?=.{0,50}\b(?:inside|wont|no|lie|dont)\b)",
            r"(?:dont|not|never|wont) (?:want|deserve|need) (?:any )?(?:more )?(?:life|days|time|years)(?: (?:left"
            r"|anymore|on (?:earth|this)))*(?= *(?:$|[.,!?]))",
        ),
    ),
)

HINTS = (
    Family(
        "a burden",
        0,
        Said.HINT,
        ("burden", "weight on", "let everyone down", "drag", "in the way", "dead weight", "too much for"),
        any_of(
            r"(?:a |such a |the |huge |like a |being a )?burden\b",
            r"(?:just )?dead weight\b",
            r"drag(?:ging)? everyone down\b",
        ),
    ),
    Family(
        "no hope",
        0,
        Said.HINT,
        (
            "hope",
            "no way out",
            "trapped",
            "no future",
            "better tomorrow",
            "never get better",
            "never going to get",
            "pointless",
            "no point",
            "whats the point",
            "meaningless",
        ),
        any_of(
            r"(?:hopeless|no hope|lost (?:all )?hope|without hope|given up hope|losing hope|out of hope)\b(?! (?:at"
            r"|with|for (?:maths|this|the)|about the climate))",
            r"(?:no|theres no|there is no|see no|dont see a|cant see a|cant find a) (?:other )?way out\b",
            r"(?:never|isnt going to|not going to|wont|wont ever|nothing (?:will|is going to)) (?:ever "
            r"|going to )*(?:get|be|gets) (?:any )?better\b",
            r"(?:life|everything|it all|all of it|existence) (?:is|feels|seems) (?:so )?(?:pointless|meaningless"
            r"|empty|hopeless|worthless|too much|unbearable)\b",
            r"(?:whats|what is) the point(?= *(?:$|[?.,!]|anymore))|no point anymore\b|no point (?:in"
            r"|to) (?:anything|it)\b",
        ),
    ),
    Family(
        "cannot go on",
        0,
        Said.HINT,
        ("cant", "done", "give up", "giving up", "enough", "over it", "no more", "exhausted"),
        any_of(
            r"(?:i )?cant (?:do this|take (?:it|this)|go on|keep going|keep doing this|cope|carry on|bear (?:it"
            r"|this)|live like this|handle (?:it|this)|stand (?:it|this))(?: (?:anymore|like this"
            r"|much longer))*(?= *(?:$|[.,!?]|and|anymore|like this|but))",
            r"(?:im|i am) (?:so |just )?done(?: (?:with everything|with it all|with all of it|for good))?(?= *(?:$"
            r"|[.,!]))",
            r"(?:want|ready|going|about|feel like) (?:to )?(?:give up|giving up)(?= *(?:$|[.,!?]|on (?:everything"
            r"|myself|it all)))",
            r"(?:ive|i) had enough(?= *(?:$|[.,!?]|of (?:everything|it all)))",
        ),
    ),
    Family(
        "worth nothing",
        0,
        Said.HINT,
        (
            "hate myself",
            "worthless",
            "useless",
            "failure",
            "nobody cares",
            "nobody would",
            "unlovable",
            "disgust",
            "nobody loves",
            "not enough",
            "deserve",
            "broken",
            "good for nothing",
            "no one cares",
        ),
        any_of(
            r"(?:i )?(?:hate|despise|loathe|cant stand) (?:myself|who i am"
            r"|everything about me)\b(?! (?:for (?:eating|shouting|buying|forgetting)))",
            r"(?:im|i am|feel|feeling|completely|utterly) (?:so |just |a |an |totally )*(?:worthless|useless"
            r"|unlovable|good for nothing|a nobody|nothing|a waste|disgusting|broken beyond)\b",
            r"nobody (?:cares|loves me|would care|wants me|needs me)(?: (?:about me|if i"
            r"|anyway))?\b(?! (?:about (?:the|my) (?:job|work|report|presentation|project)|on the team))",
            r"i deserve (?:it|this|to suffer|nothing|all of it|the pain|to hurt)\b",
        ),
    ),
    Family(
        "numb or alone with it",
        0,
        Said.HINT,
        (
            "numb",
            "empty",
            "nobody knows",
            "never told",
            "cant tell anyone",
            "alone with",
            "silence",
            "dont feel anything",
            "feel nothing",
            "dont tell",
            "sorry",
        ),
        any_of(
            r"(?:nobody knows|never told (?:anyone|anybody|a soul)|cant tell anyone|dont tell (?:anyone|my)"
            r"|havent told anyone)\b(?= *(?:$|[.,!]|about (?:this|it|me)|how bad|what))",
            r"(?:feel|feeling) (?:nothing|numb|empty|dead inside|hollow)\b",
            r"(?:im|so) sorry(?: (?:for everything|to everyone|mum|mom|dad|everyone|all|for what))\b",
        ),
    ),
    Family(
        "something set aside",
        0,
        Said.HINT,
        (
            "i have a plan",
            "what i need",
            "ive a plan",
            "set aside",
            "ready",
            "rope",
            "pills",
            "tablets",
            "the letters",
            "the note",
            "made my decision",
            "made up my mind",
            "decided",
            "looked up",
            "looking things up",
            "already took",
            "already taken",
            "ive got a way",
            "a way",
            "aside",
            "picked",
            "planned it",
            "set up",
            "everything",
            "means",
            "chosen",
            "blade",
        ),
        any_of(
            r"(?:ive|got|have) (?:got )?(?:a|the) (?:plan|way|means|method)\b(?= *(?:$|[.,!]|and|if|now"
            r"|ready))(?! (?:for (?:the|my|our) (?:business|wedding|garden|holiday|trip|week|weekend|kitchen|exam"
            r"|revision)))",
            r"(?:got|bought|have|ive|found|set|put|keep) (?:\w+ )?(?:some|a bunch of|the|extra|enough|a stash of"
            r"|aside) (?:\w+ )?(?:pills|tablets|stuff aside|rope|blades?)\b(?! (?:for (?:the|my) (?:dog|cat|chemist"
            r"|trip|head|back)))|(?:some|the) (?:stuff|things) aside\b",
            r"(?:ive|have|got) (?:everything|all|what) i need(?= *(?:$|[.,!]|for it|now))",
            r"(?:made|ive made|have made) (?:my|the|a) (?:final )?decision(?= *(?:$|[.,!]))"
            r"|made (?:up )?my mind(?= *(?:$|[.,!]))",
            r"(?:picked|chosen|got|set) (?:the|a) (?:day|date|way)(?= *(?:$|[.,!]))|(?:ive |i have )?planned it\b"
            r"|its all set up\b|(?:everything|everythings) (?:is )?(?:set|ready|set out)(?= *(?:$|[.,!]))",
            r"(?:been |keep )?(?:looking things up|reading (?:things|stuff) (?:i )?shouldnt)\b|i know (?:where"
            r"|how)(?= *(?:$|[.,!]))",
            r"(?:the |my )(?:letters?|notes?) (?:is|are|s) (?:written|ready|in|on|done)\b",
        ),
    ),
    Family(
        "what is not named",
        0,
        Said.HINT,
        (
            " it again",
            "streak",
            "relaps",
            "urge",
            "slip",
            "sleeves",
            "marks",
            "old habit",
            "the thing",
            "new ones",
            "day 1",
            "back to zero",
            "clean",
            "doing it",
            "do it",
            "done it",
            "did it",
            "itch",
            "way of coping",
            "taken something",
            "in the middle of it",
        ),
        any_of(
            r"(?:did|done|do|doing) it again(?= *(?:$|[.,!]|last|today|tonight|and|on|the|this|now))",
            r"(?:broke|lost|bin|ended|reset) (?:my|the) (?:\w+ )?streak\b|back to (?:zero|day (?:one|1|zero))\b",
            r"(?:the|these|those|old|my) (?:urges?|old itch|itch)(?= (?:is|are|was|again|back|to|has|have|so|wont"
            r"|got|came)|[.,!]|$)",
            r"(?:i |ive |just |and )?(?:slipped|relapsed)(?= *(?:$|[.,!]|again|today|tonight|last|friday"
            r"|yesterday))(?!.{0,60}\b(?:smok|drink|wine|ice|stairs|path)\w*)",
            r"(?:long|roll(?:ed|ing)?|pull(?:ed|ing)?|wear(?:ing)?)(?: up| down)?(?: my"
            r"| long)? sleeves?\b(?=.{0,60}\b(?:hot|summer|july|heat|notice\w*|see|swim\w*|show|weekend|ask\w*|hide"
            r"|again|slip)\b)",
            r"(?:new|fresh) (?:ones|marks)(?= *(?:$|[.,!]|on|and|i|only))|old (?:habit|way of coping)\b",
            r"(?:im |i am )?(?:doing it|in the middle of it)(?: right now| now)?(?= *(?:$|[.,!]|and i cant"
            r"|right now|now))|(?:ive|already|just) (?:done it|taken something|started already)\b"
            r"|cant (?:make myself )?stop(?: it| myself)?(?= *(?:$|[.,!]))",
            r"(?:days?|months?|years?|weeks?|\d+) (?:and \w+ months? )?(?:clean|clear of it)\b",
        ),
    ),
)
