"""Families of being close to it: on the brink, begun, a weapon at hand, asking how it would be, asking to be kept
alive."""

from __future__ import annotations

from companion.safety.risk.family import Family, Said
from companion.safety.risk.words import ENDED, KILL, KILLING, LIFE, any_of

_KILL = (
    rf"(?:{KILL} (?:myself|yourself|oneself)|{ENDED} (?:{LIFE}|your (?:own )?life|ones (?:own )?life)|commit suicide)"
)
_EDGE = r"(?:ledge|roof|rooftop|platform|bridge|parapet|railings?|tracks|balcony|cliffs?|window ?sill|edge)"
_BODY = r"(?:thighs?|hips?|wrists?|arms?|forearms?|stomach|legs?|ankles?|skin)"

BRINK = (
    Family(
        "on the brink",
        4,
        Said.EXPLICIT,
        (
            "close to",
            "nearly",
            "almost",
            *[
                "ledge",
                "roof",
                "platform",
                "bridge",
                "parapet",
                "railing",
                "tracks",
                "balcony",
                "cliff",
                "sill",
                "edge",
            ],
        ),
        any_of(
            rf"(?:close|near|inches|seconds|minutes) (?:to|from|away from) (?:doing it|jumping|{KILLING} (?:myself"
            rf"|me)"
            r"|ending (?:it|my|her own|his own|everything)|going through with it|dying by)\b(?! (?:with|between"
            r"|up)\b)",
            r"(?:nearly|almost|about to|could have) (?:stepped|step|walked|walk|jumped|jump|driven|drove|swerved"
            r"|let myself fall)(?: straight| right)?(?: out)? (?:in front of|off (?:the|a)|into (?:traffic"
            r"|the (?:road"
            r"|traffic|path|river|sea))|under|onto the (?:line|tracks))(?! (?:the stage|a lamp|the bed|the sofa))",
            rf"(?:stand|stood|standing|sit|sat|sitting|legs|ended up|climb(?:ed|ing)?)\b(?: \w+){{0,6}} {_EDGE}\b"
            r"(?=.{0,80}\b(?:dare|daring|(?:i|and|part of me) (?:wanted to|want to|could)(?= *(?:$|[.,!]|jump|let go"
            r"|do it|die|fall|step))|see (?:if|whether) i could|let go|legs over|one step|thinking (?:yes|of jumping"
            r"|about jumping)|going back|brain says|tells? me to))(?!.{0,80}\b(?:bungee|abseil\w*|parachut\w*"
            r"|pool)\b)",
            rf"(?:legs|feet) (?:over|off) (?:the )?(?:edge|side|{_EDGE})\b(?!.{{0,40}}\b(?:pool|dock|pier|view"
            r"|sunset|beer|sandwich)\b)",
            r"(?:brain|head|mind|something|voice|it) (?:says?|tells? me to|keeps saying|whispers?|begs?) jump\b",
        ),
    ),
    Family(
        "begun",
        5,
        Said.EXPLICIT,
        (
            "took",
            "taken",
            "swallow",
            "drank",
            "bleeding",
            "stepping",
            "jumping",
            "letting go",
            "walking to",
            "on my way to",
        ),
        any_of(
            r"^(?:i |ive )?(?:already )?(?:took|taken|swallowed) the (?:pills|tablets)[.! ]*$",
            r"(?:took|taken|swallowed|drank|drunk) (?:it all|everything(?! (?:out|off|down|from|with|to|seriously"
            r"|personally|for|in|she|he|they|the|i))|all of (?:it|them))(?= *(?:$|[.,!]|and (?:im|i|now|my)|now|about"
            r"|\w+ (?:minutes|hours?) ago|an hour ago|ten|half))",
            r"(?:took|taken|swallowed) (?:my|the|his|her|their|mums|moms|dads) (?:\w+ )?(?:meds|pills|tablets"
            r"|medication)"
            r"(?:,)? all of (?:them|it)\b",
            r"bleeding\b.{0,40}\b(?:wont|dont want to|not going to|cant|isnt going to) (?:stop|make it stop"
            r"|get help)\b"
            r"(?!.{0,40}\b(?:nose|gums?|period|knee|blade of|shaving|cat|dog)\b)",
            r"(?:goodbye|bye|sorry|this is it)\b.{0,30}\b(?:im |i am )?(?:stepping|jumping|letting go"
            r"|going) off(?: now)?"
            r"(?= *(?:$|[.,!]))",
            r"(?:walking|driving|on my way|heading) (?:out |over |up |down )?to the (?:tracks|bridge|roof|cliffs?)"
            r"(?=.{0,60}\b(?:not coming back|die|end it|goodbye|jump)\b|[. ]*$)",
        ),
        behaviour=True,
        everyday=True,
    ),
    Family(
        "a weapon at hand",
        4,
        Said.EXPLICIT,
        ("gun", "pistol", "rifle", "revolver", "brains", "head off", "knife", "knives", "blade", "razor", "asleep"),
        any_of(
            r"(?:gun|guns|pistol|rifle|revolver|shotgun) (?:is |s )?(?:loaded|out)(?= *(?:$|[.,!]|and))",
            r"(?:gun|pistol|rifle|revolver|weapon)\b(?: \w+){0,3} (?:on|in|between|next to) my (?:lap|hands?|mouth"
            r"|teeth"
            r"|pillow|bed)\b(?!.{0,60}\b(?:range|permit|caulking|glue|nerf|water)\b)",
            r"gun in (?:this|the|my|our) (?:house|home|drawer|room)\b(?=.{0,80}\b(?:thinking|think about|looking"
            r"|look at"
            r"|dont like|cant stop|scared of)\b)",
            r"(?:had|if i had|wish i had|get(?:ting)?|need) (?:a |my own )?gun\b(?=.{0,40}\b(?:wouldnt be here"
            r"|be dead|be"
            r" gone|end it|use it on)\b)",
            r"(?:blow|blowing|blew|shoot|shooting) my (?:own )?(?:\w+ )?(?:brains? out|head off|face off)\b",
            r"(?:use|using|turn|turning|put) (?:it|that|this) on myself\b",
            r"(?:knife|knives|blade|razor|scissors)\b.{0,30}\bhad to leave the room\b",
            r"(?:looking|look|stare|staring) at the (?:knives|knife block|knife|blade|razor)(?: in the kitchen)?"
            r"(?= *(?:$|[.,!]|and (?:thinking|i think|wonder)))(?!.{0,60}\b(?:shop|sharpen|recipe|chef)\b)",
            r"take (?:them all|it all|everything|the lot|what ive (?:saved|kept|been keeping))\b.{0,30}\basleep\b",
        ),
        means=True,
    ),
    Family(
        "asks to be kept alive",
        3,
        Said.EXPLICIT,
        ("reason", "talk me", "convince", "persuade", "why", "tell me", "not to", "stop me"),
        any_of(
            rf"(?:talk|convince|persuade|stop|keep) me (?:out of|not to|from|to not) (?:{_KILL}|{KILLING} myself"
            r"|ending (?:it all|my life|everything)|end it all|dying|die\b|suicide|jump(?:ing)?(?! (?:out of a plane"
            r"|on saturday))|overdos\w+|hurting myself|cutting)",
            r"(?:convince|persuade|tell|help) me (?:why i should |to |how to |why to )(?:stay alive|keep living"
            r"|be alive"
            r"|want to live|live(?= *(?:$|[.,!]|another)))",
            r"(?:one|a|any|another|single|some) (?:good |single )?reasons? (?:why i should|for me to|to|not to"
            r"|i should|i"
            rf" shouldnt) (?:live(?= *(?:$|[.,!?]|because|for|another))|stay alive|keep living|be alive|exist"
            rf"|{_KILL}|die\b)",
            rf"why (?:shouldnt i|should i not|not|dont i|wouldnt i|cant i) (?:{_KILL}|die\b(?! (?:of|from))|be dead"
            rf"|end it"
            r"(?! (?:with|between)))",
            rf"(?:tell|telling|beg|begging|ask|asking|say to|need) (?:\w+ ){{0,4}}(?:not to|to not|dont) (?:{_KILL}"
            rf"|die\b"
            r"|end it all)",
        ),
        firm=True,
    ),
    Family(
        "asks whether",
        3,
        Said.EXPLICIT,
        ("is it", "is that", "would it be", "do you think", "forgive"),
        any_of(
            r"(?:is it|is that|would it be|do you think its|do you think it is|isnt it) (?:\w+ )?(?:selfish|wrong|sin"
            r"|cowardly|coward|weak|normal|ok|okay|bad|immoral|weird|stupid|pathetic|brave|understandable|rational"
            rf"|crazy|strange|legal) (?:to|of me to|that i|if i|for me to)(?: \w+){{0,5}}? (?:{_KILL}|want to die"
            rf"|wanna die"
            rf"|wish i was dead|want to be dead|{KILLING} (?:myself|yourself))",
            r"(?:if i|after i|do people who|people who) (?:died by my own hand|kill(?:ed)? (?:myself|themselves)"
            r"|take (?:my"
            r"|their) own li(?:fe|ves))\b.{0,40}\b(?:god|forgive\w*|hell|heaven|go to)\b",
        ),
        topic=True,
    ),
    Family(
        "asks how it would be",
        3,
        Said.EXPLICIT,
        ("hurt", "painful", "painless", "peaceful", "quick", "can i die", "could i die", "how long"),
        any_of(
            r"(?:^|[.,!?] ?|know if |wonder(?:ing)? (?:if |whether )?)(?:does it|would it|is it|if it|it would"
            r"|how much does"
            r" it|does it really) (?:\w+ ){0,2}(?:hurt|painful|quick|peaceful|slow)(?: \w+){0,2} to (?:die|hang"
            r"|drown|bleed"
            r" (?:out|to death)|jump|overdose)\b(?!.{0,40}\b(?:lobsters?|fish|animals?|dog|cat|game|character)\b)",
            r"^(?:is|are|how (?:painful|quick|peaceful) is) (?:drowning|hanging|bleeding out|overdosing|suffocating"
            r"|jumping|freezing to death|dying) (?:painful|quick|peaceful|painless|slow)?[? ]*$",
            r"can i die (?:from|of|by) (?:hold\w+ my breath|not eating|starv\w+|not drinking|taking (?:too many"
            r"|all))\b",
            r"if i jumped\b(?: \w+){0,4} (?:would|will) (?:it|i)\b(?!.{0,40}\b(?:make|reach|gap|pool|bungee"
            r"|trampoline)\b)",
            r"how long (?:it |does it |would it |until )(?:\w+ ){0,2}(?:takes? )?to (?:bleed out|bleed to death|drown"
            r"(?! (?:a|an|the))|die of (?:thirst|hunger))\b",
            r"(?:looks?|looking) like an accident\b(?=.{0,40}\b(?:my (?:mum|mom|family|parents|kids|wife|husband)"
            r"|wouldnt have to know)\b)",
        ),
        everyday=True,
    ),
    Family(
        "one's own death",
        3,
        Said.EXPLICIT,
        (
            "die",
            "dead",
            "death",
            "suicid",
            "myself",
            "alive",
            "my own hand",
            "own doing",
            "goodbye",
            "attempt",
            "killed me",
            "woke",
            "wake",
            "survived",
        ),
        any_of(
            r"(?:today|tonight|tomorrow|this|it|\w+day) (?:is|will be|is going to be) (?:the|my) (?:day"
            r"|night) (?:that )?i"
            r" (?:die\b|end (?:it|my life)|kill myself)",
            r"(?:plan|planning|intend|expect|expecting|hope|hoping|going) (?:on being|to be|on) dead\b"
            r"(?=.{0,20}(?:$|[.,!]|soon|by|next|this|before))(?! (?:on my feet|tired"
            r"|by the end of (?:the )?(?:shift|night)))",
            r"(?:brain|mind|depression|illness|something in me|part of me) (?:\w+ )?(?:wants?|trying to get) me"
            r" (?:dead|to die|to kill)\b|(?:trying|wants?) to kill me from (?:the )?inside\b",
            r"(?:only|no|no other|last) (?:other )?(?:way out|option|choice|answer|solution|exit|escape"
            r"|thing)(?: left"
            r"| i have| i want| for me)* (?:but|is|except|other than|but to|is to|as|ahead is) (?:death\b(?! metal)"
            r"|die\b"
            r"|dying|suicide|being dead)",
            r"(?:death|dying|suicide) (?:is|seems|feels like|seems like) (?:the|my) only\b",
            r"(?:do|doing|done) myself in\b(?! (?:with (?:this|the) (?:gym|work|garden)\w*|at (?:the gym|work)))",
            r"(?:finish|finishing) myself off\b(?! (?:with (?:a|the) (?:beer|drink|pudding)))",
            r"(?:by|at) my own (?:hand|doing)\b(?=.{0,40}(?:$|[.,!]|nobody|die|death))(?!.{0,30}\b(?:knit\w*|made"
            r"|built)\b)",
            r"(?:^|[.,!?] ?)goodbye (?:cruel )?world(?= *(?:$|[.,!]))(?!.{0,60}\b(?:loft|gym|ladder|spider|lol|monday"
            r"|diet|is (?:a|my|actually))\b)",
            r"(?:disappointed|gutted|angry|sad|sorry|upset|annoyed|regret|devastated|crushed|cry because) (?:that "
            r"|to find"
            r" (?:that )?)?(?:i (?:woke up|wake up|am (?:still )?alive)|im (?:still )?alive|to (?:be alive|wake up"
            r"|have woken"
            r" up)|waking up)(?! (?:early|late|at|to|before|so|with|in))",
            r"give (?:anything|everything|my \w+) to (?:not )?(?:be dead|be alive|have died|not wake)\b(?! (?:again"
            r"|in the"
            r" (?:18|19)))",
            r"(?:button|switch|lever)\b.{0,40}\b(?:be dead|and die|stop existing|not exist|be gone|end it all)\b",
            r"(?:wish|wished|if only) (?:that )?(?:the |my |god |an? )*(?:\w+ )?(?:crash|accident|overdose|surgery"
            r"|operation"
            r"|cancer|pills|fall|virus|attempt|illness|heart attack|stroke) (?:had |would have |did "
            r"|could have )?(?:killed me"
            r"|kill me|worked|finished me|succeeded|been fatal)\b",
            r"(?:survived|failed|messed up|botched) (?:it|my attempt|the attempt|the overdose|my (?:own )?suicide)\b"
            r"(?=.{0,30}(?:wish i hadnt(?! gone)|wish i didnt|regret|and im (?:not glad|angry|gutted))"
            r"|[. ]*$)(?! wish i hadnt gone)",
            r"(?:chosen|choosing|choose|decided|decision) (?:to die\b|death\b|on death|not to live)(?! (?:before"
            r"|at home"
            r"|with dignity))",
            r"(?:should|when|if|suppose|imagine) i (?:go missing|am found dead|get found)\b",
            r"(?:danger|threat) to myself\b|(?:not|dont feel|never feel|isnt|havent felt) safe (?:with|around"
            r"|from) myself\b"
            r"|cant (?:keep|trust) myself (?:safe|alive|alone|to be alone|not to)\b|(?:dont"
            r"|cant) trust myself (?:\w+ )?(?:to"
            r" be alone|alone|around (?:the )?(?:train|tracks|knives|pills|bridge|meds)|near|with (?:the )?(?:pills"
            r"|knives"
            r"|meds))\b",
            r"(?:do|doing|done|did) something (?:terrible|stupid|bad|awful|dangerous|drastic) to myself\b",
            r"(?:tak(?:e|ing)) (?:us (?:both|all)|both of us|the (?:baby|kids|children) and me|me and the (?:baby"
            r"|kids))"
            r" (?:out of this|with me|to heaven)\b",
            r"(?:i|id|ill|and) (?:\w+ )?(?:put|tak(?:e|ing)) (?:everyone|everybody|you all) out of (?:their"
            r"|your) misery\b",
        ),
        firm=True,
    ),
    Family(
        "hurting one's body",
        3,
        Said.EXPLICIT,
        (
            "cut",
            "burn",
            "scratch",
            "slic",
            "carv",
            "bit",
            "punch",
            "hit",
            "bang",
            "bleed",
            "blade",
            "razor",
            "hurt yourself",
            "wound",
            "scald",
            "dug",
            "scrub",
        ),
        any_of(
            rf"(?:cut|cutting|burn(?:ed|t|ing)?|scratch(?:ed|ing)?|slic(?:e|ed|ing)|carv(?:e|ed|ing)|scald(?:ed"
            rf"|ing)?|slit)"
            rf" (?:\w+ ){{0,2}}(?:my|on my|at my) (?:\w+ )?{_BODY}(?: \w+){{0,6}}"
            r" (?:again|so nobody|nobody (?:sees|knows|saw|noticed)|so (?:it doesnt|they dont|no one)|in secret"
            r"|on purpose"
            r"|because i (?:deserve|hate)|to (?:feel|cope|punish))\b",
            r"(?:punch|hit|bang|knock|scratch|bit|bite|dig|dug|pick|pinch|scrub|scrape|scratching|punching|hitting"
            r"|banging"
            r"|picking|biting|pinching|scraping)(?:ed|ing)? (?:at )?(?:my(?:self)? |the |a )(?:\w+ ){0,6}(?:until"
            r"|till|so)"
            r" (?:it|i|they|theyre|my \w+|hard)(?: \w+){0,2}"
            r" ?(?:bleeds?|bled|bruises?|bruised|split|broke|black|raw|saw stars|hurts?)\b(?!.{0,60}\b(?:review"
            r"|boxing"
            r"|mosquito|eczema|nails?|piano|guitar|drum\w*)\b)",
            r"(?:want|need|going|urge|urges|like|love) to (?:bleed|see (?:myself|me|blood)|make myself bleed"
            r"|feel pain)\b"
            r"|(?:bleed|hurt) a (?:bit|little) to\b",
            r"said it was an accident\b.{0,8}\bit wasnt\b",
            r"(?:razor|blade|knife|scissors|lighter)s? (?:has been |have been |is |are |keeps? )?(?:calling"
            r"|whispering)\b"
            r"|reach(?:ing)? for the (?:blade|razor)\b",
            r"(?:thought|voice|head|brain|mind)\b.{0,20}\byou should (?:hurt|cut|punish|burn) yourself\b",
            r"(?:wounds?|cuts?|scabs?) (?:open )?so they dont heal\b|(?:a )?cut i made(?: myself)?\b",
            r"(?:pain|hurting|bleeding|it) (?:\w+ )?(?:feels |is )?(?:what i deserve"
            r"|deserved)\b(?=.{0,40}\b(?:laxative\w*|cut"
            r"|burn|myself|starv\w*)\b)",
        ),
        harm=True,
    ),
    Family(
        "said around it, plainly",
        1,
        Said.OBLIQUE,
        (),
        any_of(
            r"(?:a|the|such a|nothing but a|only a) burden (?:to|on|for) (?:everyone|everybody|all of (?:them|you)"
            r"|them all"
            r"|my whole family|the world|anyone who)\b|dont want to be (?:a|this) burden anymore\b",
            r"(?:only|one) (?:thing|reason|person|people)(?: that is| thats| that| who)? (?:keeping|keeps|holding"
            r"|stopping|kept)"
            r" me (?:here|around|alive|going|on this earth)\b(?! (?:in (?:this|the)|at)\b)",
            r"whats (?:keeping|holding|left to keep) me (?:here|around|alive)\b|(?:reasons?|something"
            r"|anything) to (?:be|stay|stick"
            r" around) here (?:next|tomorrow|for|anymore|any)\b",
            r"(?:dont|cant|no longer|do not|never) (?:see|find|feel|know) (?:the|a|any|whats the) point(?: (?:in|of"
            r"|to) (?:anything|it"
            r" all|any of (?:it|this)|going on|carrying on|trying|being here|continuing|me|tomorrow|another day))?"
            r" ?(?:anymore|any longer|to (?:any of )?(?:it|this|anything))?(?= *(?:$|[.,!]))(?<! point)",
            r"(?:not|dont think im|dont think i was|wasnt|never|werent) (?:meant|supposed|built|made"
            r"|cut out) (?:to (?:survive|be here"
            r"|be alive|exist|live|last|make it)|for (?:this (?:world|life|earth)|life|living"
            r"|the long run))\b(?! (?:with|in|at|to))",
            r"(?:be|go|go and be|fly) with the angels\b|(?:want|ready|going|like|hope|wish|wait\w*|time) to (?:join"
            r"|be with|follow|see|meet)"
            r" (?:him|her|them|my \w+) (?:in heaven|up there|on the other side|in the (?:ground|grave|next life)"
            r"|wherever)\b",
            r"(?:anyone|anybody|nobody|who|people|someone) (?:\w+ ){0,4}(?:come|came|go|show up|turn up|be"
            r"|cry) (?:to|at) my (?:own )?funeral\b",
            r"hop(?:e|ing) (?:that )?(?:this one|it|the (?:treatment|operation|surgery|chemo|next (?:one|scan))"
            r"|they|i) (?:doesnt work|wont"
            r" work|fails?|dont (?:find|catch) it|doesnt go well|dont make it|wont make it|comes? back bad"
            r"|is bad news)\b(?! (?:out|through"
            r" (?:the|to) (?:final|next round|semi)|to the (?:meeting|party)|on time|in time|late))",
            r"(?:switch|turn) me off\b(?! (?:the|him|her|men|dating|completely about))|off (?:button|switch) (?:for"
            r"|on|in) (?:me|my|myself)\b",
            r"wish(?:es)? (?:someone|somebody|a (?:car|bus|truck|stranger)|they|he) would (?:shoot|hit"
            r"|run (?:me )?over|kill|end|take|finish)"
            r" ?(?:me)?(?: out| over| off)?(?= *(?:$|[.,!]|and|so|on))",
            r"permanent solution to\b|(?:no|not any) (?:more )?(?:future|tomorrow) (?:for me|in me|with me in it)\b",
            r"(?:if|when|once|after) (?:im|i am) (?:gone|not (?:here|around))(?: (?:for good|forever|anymore"
            r"|one day))?\b"
            r"(?=.{0,60}\b(?:better|free|forget|easier|happier|relief|relieved|move on|miss me|look after"
            r"|cope))(?! (?:on|to|for (?:a|the"
            r"|two|three)))",
            r"(?:wake|waking) up (?:is|feels like) (?:a|the|my) (?:punishment|disappointment|worst|defeat)\b"
            r"|no more (?:mornings|tomorrows"
            r"|birthdays)\b",
        ),
        everyday=True,
    ),
)
"""Said in so many words, though none of them is the word for it."""
