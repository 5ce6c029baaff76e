"""Families of being gone, said around it: a world without oneself, not waking up, disappearing, not minding to die."""

from __future__ import annotations

from companion.safety.risk.family import Family, Said
from companion.safety.risk.words import ABSENT, FOREVER, any_of

ABSENCE = (
    Family(
        "better without me",
        2,
        Said.OBLIQUE,
        (
            "without me",
            "if i",
            "with me gone",
            "me dead",
            "not having me",
            "without having me",
            "me out",
            "miss me",
            "rid of me",
            "worth more",
        ),
        any_of(
            r"(?:better|easier|happier|fine|simpler|nicer|relieved|relief|lighter|richer|freer|free|best|ok|okay"
            r"|calmer|manage|cope|alright|good)(?: off)?(?: \w+){0,3}? (?:without me|without having me"
            r"|with me (?:gone|dead|not|out)|not having me|if i (?:was|were|am|wasnt|werent|am not|died|die"
            r"|just died|disappeared|vanished|left this|killed|didnt|did not|stopped|no longer|had never|hadnt"
            r"|never|ended))\b(?! (?:their|his|her|on the team|at the|in the (?:team|office|band|meeting|room"
            r"|class)|at work|working|in charge|managing|doing))",
            r"(?:rid|free|shot) of me\b(?=.{0,60}\b(?:better|happier|relie|easier|good|all)\b)",
            r"(?:be|get) (?:free|rid|shot) of me\b",
            r"worth more (?:to (?:them|my \w+|everyone|anybody) )?dead\b",
            r"(?:life|insurance) (?:insurance|policy|payout|money|cover)(?: \w+){0,6} (?:clear|pay|cover|solve|help"
            r"|save|set (?:them|him|her)|if i (?:die|died))",
        ),
    ),
    Family(
        "the world without me",
        1,
        Said.OBLIQUE,
        (" i ", "im ", "id ", "ive", "me"),
        any_of(
            rf"(?:if|when|once|after|until|till|that|unless|in case|imagine|before anyone (?:noticed|notices)"
            rf"|notice(?:d)?|how long (?:before|until|till)|what happens (?:if|when)|what would happen if) (?:i|im"
            rf"|id|ive) {ABSENT}\b(?! (?:on (?:holiday|vacation|a trip|leave)|at (?:work|the|a)|to (?:work|the|bed"
            rf"|school|college|uni)|for (?:the|a|an|two|three) (?:day|week|weekend|few|couple|hour)|in (?:time"
            rf"|the game|game)|late|early|from work|with|of (?:laughter|boredom|embarrassment|old age)|to a"
            rf"|again in))",
            r"(?:nobody|noone|anyone|anybody|who|somebody|people|they|everyone|the world|my (?:kids|family|friends"
            r"|parents)|he|she|would it|you) (?:would |will |would even |wouldnt |wont |might |will )?(?:notice"
            r"|miss|cares?|mourn|grieve|remember|cry|mind|be sad|come looking|get over|look for)(?: (?:me|it"
            r"|that))?(?: \w+){0,2} ?(?:if|when|once|that|were|was|for me when) ?(?:i|im|id|ive)? (?:was |were |am "
            r"|just |ever |never |had |really |suddenly )*(?:gone|dead|die|died|disappear|disappeared|vanish"
            r"|vanished|not here|wasnt here|wasnt around|werent around|werent here|stopped|dropped dead|ceased"
            r"|killed myself|ended)\b",
            r"would (?:anyone|anybody|they|you|he|she|people|somebody) (?:even |ever )?(?:miss me|mourn me"
            r"|grieve for me|come to my funeral|cry for me)\b",
            r"(?:nobody|noone|not one person|not a soul) (?:would|will|is going to) (?:miss|mourn|grieve for) me\b",
            r"(?:the )?world (?:would|will) (?:be (?:fine|better|ok|okay|the same|a better place)|not notice"
            r"|keep turning|go on|carry on|not miss me)(?: \w+){0,2} (?:without me|if i)\b",
            r"(?:my family|they|everyone|my (?:kids|parents|friends|husband|wife)|people) (?:would|will|d"
            r"|ll) (?:get over it|get over me|move on|recover|grieve|be sad|cope)(?=.{0,80}\b(?:month|eventually"
            r"|better|breathe|thought it through|fine|while|relie|without)\b)",
            r"(?:who|someone|somebody) (?:would|will|to|s going to|is going to|could) (?:look after|take care of"
            r"|feed|take in|raise|take|care for|have|adopt|rehome) my (?:\w+ )?(?:cat|cats|dog|dogs|kids|children"
            r"|son|daughter|pets?|baby|rabbit|mum|mom)\b(?=.{0,80}\b(?:gone|around|dead|die|not here|wasnt|werent"
            r"|im not|happened)\b)",
            r"(?:pets?|dog|cat|kids)(?: \w+){0,4} (?:if|when) (?:theyre|they are|youre|you are|im|i am"
            r"|their owners?) (?:not coming back|gone|dead|no longer|not around)\b",
            r"(?:my|own|my own) funeral\b(?! (?:plan|course|insurance|director))|(?:come|be|show up|turn up|cry"
            r"|there) (?:to|at) my funeral\b|(?:at|to|for|imagine\w*|plan\w*|picture\w*) my (?:own )?funeral\b",
            r"(?:im|i am|i) (?:already |been |feel )?(?:like ive )?already (?:dead|died|gone)\b|(?:dead|died"
            r"|empty) inside (?:already|and want)",
            r"(?:find|finds|found|finding) my body\b|whoever finds me\b|when they find me\b|who (?:would|will"
            r"|is going to) find me\b",
        ),
    ),
    Family(
        "not waking up",
        2,
        Said.OBLIQUE,
        ("wak", "woke", "sleep", "morning", "tomorrow", "another day", "asleep"),
        any_of(
            r"(?:not|never|dont|didnt|wont|without|didn|no) (?:want to |have to |ever |need to |wish to |hoping to "
            r"|like to |going to )*(?:wake|waking|woke|wakin|woken) up\b(?! (?:early|for|to|at|in time|the|him|her"
            r"|my|them|with|next|before|when|like|until|so|late|on time|from|alone|feeling|because|til|till|and"
            r"|a )\b)(?! (?:tomorrow|in the morning) (?:and|with|to|at|for|early|feeling|late))",
            r"(?:not|never|dont|didnt|wont) (?:want to |have to |ever )*wake up(?: (?:tomorrow|again|anymore"
            r"|in the morning|ever|one day|at all|ever again|from it|from this|and (?:it|that|everything|be done"
            r"|thats)))+\b(?! (?:and|with|to|at|for|early|feeling|late)\b)",
            r"(?:sleep|asleep|sleeping|bed|nap|close my eyes|drift off|eyes shut|lie down) (?:and|&|n|then"
            r"|hoping (?:to|i|that i)?|so i|, )+ ?(?:just )?(?:not|never|dont|id never|wont|i dont|id not|to not"
            r"|to never) (?:have to )?(?:wake|waking|get|be waking|open)(?! (?:up )?(?:until|till|til|before"
            r"|for (?:a|the|two|three|ten)))",
            r"(?:sleep|sleeping|slept|rest|asleep|sleeping on|nap) (?:forever|for ever|for good|permanently"
            r"|eternally|and that be it|and that would be it|that never ends|without end|for eternity)\b|(?:eternal"
            r"|permanent|endless|forever|long long) (?:sleep|rest|nap)\b",
            r"(?:hop(?:e|ing)|wish(?:ing)?|pray(?:ing)?|praying that|want|dream) (?:that |every night |each night "
            r"|to god |god |it means |tonight |one day |some day )*(?:i|id|ill|to)? ?(?:dont|didnt|wont|not|never"
            r"|wouldnt|could not|couldnt|would not|dont have to|just dont|not have to) (?:have to )?(?:wake"
            r"|see (?:the )?(?:morning|tomorrow|another|next|sunrise|dawn)|open my eyes|make it (?:through|to)"
            r"|come (?:back|home))",
            r"(?:disappointed|sad|angry|annoyed|upset|devastated|gutted|sorry|cross|furious|cry|crying|resent|hate"
            r"|hating|dread) (?:\w+ ){0,3}(?:when |that |because |to |every time |each time )?(?:i )?(?:wake|woke"
            r"|waking|woken)(?: up)?(?: again| alive| each| every| at all| this| still|$|[.,])",
            r"(?:wake|woke|waking)(?: up)? (?:\w+ ){0,2}(?:disappointed|sad|angry|annoyed|upset"
            r"|gutted) (?:that )?(?:i (?:woke|wake|did|was|am|still|had)|im (?:still )?(?:alive|here))",
            r"(?:dont|not|never|no longer|didnt|wont) (?:want |care |plan |need |wish |going |able |have "
            r"|live )*(?:to |about |on )?(?:see(?:ing)?|fac(?:e|ing)|do(?:ing)?|liv(?:e|ing)|have|wait for|get"
            r"|hav(?:e|ing)|try) (?:for |to |through |see )?(?:another|one more|tomorrow|the morning|the next|a new"
            r"|the sunrise|the light of|next) ?(?:day|morning|year|sunrise|birthday|christmas|one"
            r"|week)?\b(?! (?:meeting|client|shift|episode|man|boss|customer|email|job))",
            r"(?:dont|didnt|wont|not|never) (?:\w+ ){0,3}(?:any more|more|another|no more) (?:days|mornings"
            r"|tomorrows|years|birthdays)\b|no more (?:days|mornings|tomorrows)\b",
        ),
    ),
    Family(
        "wants to be gone",
        1,
        Said.OBLIQUE,
        (),
        any_of(
            r"(?:want|wish|love|like|rather|dream|could|best|wishing|wanting|hope|try|ready|need|easier|able|going"
            r"|meant|nice|id) (?:i |that i |for me |if i |be |it if i |of |just )*(?:to |could |would |can "
            r"|about )*(?:be able to )?(?:disappear|vanish|fade(?: away| out)?|evaporate|dissolve|cease"
            r"|stop existing|not exist|be erased|be forgotten|be nothing|float away|drift away|stop being|be gone"
            r"|not be|be no one|be switched off|be turned off|melt away|blink out|be invisible forever|be deleted"
            r"|un ?exist|be over with)\b(?! (?:from (?!this (?:world|earth|life|planet)|the (?:world|earth|face"
            r"|planet)|everything|life|existence|everyones)|(?:to|into|in|for) (?:a |an |the |my )?(?:cabin|week"
            r"|month|while|bit|day|few|couple|holiday|woods|countryside|island|beach|forest|mountains|bed|hole|room"
            r"|earth|ground|spot|sofa|floor|work|view|party|wall|crowd|social|here|town|internet|instagram|facebook"
            r"|twitter)|angry|anxious|late|so|afraid|a |an |the |in debt|alone|lonely|sad|friends|scared|stressed"
            r"|treated|like this|able|with|tired|that|at|on|here(?: at| in| tonight)|late|his|her|around|rude"
            r"|seen))",
            r"(?:want|wish|like|love|need|hope|best|easier) (?:to |i could |if i could )(?:disappear|vanish|go away"
            r"|fade away|be gone)(?: (?:forever|for good|completely|off the face|and never|without a trace"
            r"|permanently))\b",
            r"(?:dont|not|never|didnt|no longer|cant|wont) (?:want|plan|think i|feel like|wish|expect|intend|going"
            r"|like|care|see myself|deserve|belong|imagine|intend on|going to|have any reason|think im|suppose"
            r"|meant|supposed) ?(?:ill |i will |to |on |im |be |going |meant |supposed )*(?:be|being|stay|staying"
            r"|keep being|remain|still be|exist) (?:here|around|on (?:this )?(?:earth|planet|world)"
            r"|in this (?:world|life)|part of (?:this world|life)|a person|anything|anyone|conscious"
            r"|human)(?: (?:anymore|at all|much longer|any ?longer|tomorrow|next|by|for (?:much|my|long|christmas"
            r"|summer|it)|forever|alive|like alive|on this|when|come|past|to see|this time next|long))\b",
            r"(?:dont|not|never|didnt|no longer) want to be here(?: (?:anymore|alive|at all|on earth|today|tomorrow"
            r"|as in alive))?[.,!?]* ?(?:$|like alive|as in alive|i mean alive|not alive|on this|at all|anymore"
            r"|in (?:this|the) world|alive)",
            r"(?:tired|sick|done|exhausted|weary|fed up|finished|over|through|had enough|enough) (?:of "
            r"|with )(?:being here(?! (?:at|in|with|for))|being(?= *(?:$|[.,]))|this (?:life|world|existence|planet"
            r"|earth|body)|life(?= *(?:$|[.,!]|itself|and|anymore))|my life|existing|fighting to (?:stay|live"
            r"|survive|be here)|fighting my (?:own )?(?:mind|head|brain)|staying alive|trying to (?:stay|live"
            r"|survive|exist|be alive|keep (?:myself )?alive)|waking up|surviving|breathing|it all"
            r"|everything)\b(?! (?:to do|about the|at work|with (?:work|him|her)|in the office))",
            r"(?:tired|sick|exhausted|done with) (?:of )?living like this\b",
            r"(?:cant|dont want to|no longer want to|unable to|not able to) (?:do|keep doing|stand|bear|face|take"
            r"|handle|keep up) (?:life|living|existing|existence|another day|another year|being alive|this life"
            r"|the rest of my life)\b",
            r"(?:i )?want out\b(?! of (?:this|the|my|a) (?:job|relationship|marriage|contract|lease|flat|deal"
            r"|meeting|group|house|team|town|arrangement|engagement|friendship|situation|business|mess))",
            r"(?:want|get|take me|let me|stop) (?:to get )?off (?:this|the) (?:ride|planet|world|earth"
            r"|rollercoaster|carousel)\b(?! (?:at|now it))",
            r"(?:just |please |pls )?let me go\b(?! (?:to|home|back|out|early|on|with|and (?:see|get|do)|from"
            r"|through|over|now so|into|ahead|for|get)\b)|everyone let me go\b",
            r"(?:wouldnt|would not|wont|not) (?:it )?(?:be nice|be lovely|be easier|be simpler|be great|be good"
            r"|be peaceful) (?:to|if i) (?:be |could |was |were )?(?:switched off|turned off|gone|not exist"
            r"|disappear|over|not be)\b",
            r"(?:not existing|nonexistence|non existence|not being here|not being|ceasing to exist|being gone"
            r"|being dead|oblivion|nothingness)(?: \w+){0,2} (?:sounds|seems|feels|looks|is|would be|would)\b",
            r"(?:closest|nearest) (?:thing |i get )?to (?:not being|being dead|death|not existing|being gone"
            r"|not being here)\b",
            r"(?:like|i feel like|become|make|be) (?:a )?ghost (?:and|\w+ ){0,4}(?:official|permanent|for real)\b",
            r"(?:stop|end|finish) at this (?:one|age|birthday|year)\b|like to stop at this\b",
            r"(?:wish|want|wishing) (?:the (?:ground|earth|sea|ocean|world)|someone|something|somebody|god|death|it"
            r"|cancer|an accident) (?:would|could|to|d) (?:just )?(?:take me|end me|kill me|swallow me for good"
            r"|finish me|erase me|come for me|end it|put me out of (?:my|this))\b",
            r"(?:put|end) me (?:out of my misery|out of this misery)(?= *(?:$|[.,]|please|for good))",
        ),
    ),
    Family(
        "wants it to stop",
        1,
        Said.OBLIQUE,
        ("stop", "end", "over", "finish", "go away", "go quiet", "go dark", "be done", "go black"),
        any_of(
            rf"(?:want|wish|wanting|need|prayed?|pray|hope|waiting|wait|ready|beg|asking) (?:for )?(?:it|everything"
            rf"|this|the (?:pain|noise|thoughts|suffering|hurt|hurting|voices|whole thing)|all of (?:it|this)"
            rf"|my (?:pain|suffering|head|brain)|things) (?:all )?(?:to )?(?:just )?(?:all )?(?:stop|end|be over"
            rf"|finish|go (?:quiet|dark|black|silent)|be done)(?: (?:now|forever|for good|completely|permanently"
            rf"|and i dont care how|already|{FOREVER}))?\b(?! (?:with|by|so i can|before|early|and get|at (?:work"
            rf"|five)|on time))",
            r"(?:make|making) (?:it|everything|the pain|this|it all) (?:all )?(?:stop|end|go away)(?: (?:forever"
            r"|for good|permanently|please))?\b(?= *(?:$|[.,!?]|forever|for good|permanently|please|i cant|somehow"
            r"|now))",
            r"(?:ready|want|wish|waiting) (?:for )?it (?:all )?(?:to be )?(?:be )?over\b(?! (?:with|so"
            r"|and done with (?:so|the)|by|before))",
        ),
        everyday=True,
    ),
    Family(
        "would not mind dying",
        2,
        Said.OBLIQUE,
        (),
        any_of(
            r"(?:dont|do not|didnt|not|wouldnt|couldnt|no longer|stopped|stop|hardly|barely) (?:even )?(?:care"
            r"|caring|mind|matter|bothered|fussed|worried) (?:at all |anymore |much |about )?(?:if|whether"
            r"|about whether|that) (?:i|im|id) (?:live|lived|die|died|survive|survived|make it|wake|woke|crash"
            r"|crashed|get (?:hit|run|killed|sick|shot|ill)|got (?:hit|run|killed|shot|sick|ill)|dead|am (?:alive"
            r"|here|dead)|was (?:dead|alive|here|gone|hit|killed)|were (?:dead|gone)|exist|dont|didnt|disappear"
            r"|disappeared|never|dropped dead|fell|here)\b",
            r"(?:wouldnt|would not|dont think id|couldnt|id not) (?:really )?(?:mind|care|be (?:upset|sad|sorry"
            r"|bothered|mad|devastated|surprised and|too upset)|complain|fight it|fight|resist|object"
            r"|call (?:for help|an ambulance)|stop it|move out of the way|try to (?:stop|survive)|brake"
            r"|get out of the way)(?: \w+){0,2} ?(?:about it |it )?(?:if|not|being|when|dying)\b(?= ?(?:i|id|im|a"
            r"|an|it|something|the|my|this|today|tomorrow|being|dying|not|waking|someone|tonight)\b)",
            r"(?:if|when) (?:a |an |the |some |one )?(?:bus|car|truck|lorry|train|plane|meteor|asteroid|bomb"
            r"|lightning|cancer|stranger|someone|something|it|heart attack|tumou?r|building"
            r"|tree)(?: \w+){0,3} (?:hit|hits|ran|run|took|takes|killed|kill|fell on|crashed|got|ended|struck|shot"
            r"|knocked)(?: into| over| out)? (?:me|my)(?: \w+){0,3}?[, ]+(?:id|i|it|that|tomorrow|tonight|so|fine"
            r"|good|i would|wouldnt)\b(?! (?:sue|be furious|be in trouble))",
            r"(?:hope|hoping|wish|wishing|pray|praying|prayed|want|half hope|keep hoping|ask god) (?:that "
            r"|every \w+ |god |for |to god |someone |something |i |id |to |it |a |an |the |my |one |just |he |she "
            r"|they |he would |would |some )*(?:(?:gets?|got|get) (?:hit|run over|cancer|shot|killed"
            r"|into an accident|into a crash|in (?:an accident|a crash)|ill|sick|something serious"
            r"|something terminal|a terminal)|hits me|hit me|crash(?:es)?(?: into)?|takes? me|kills? me|ends? me"
            r"|doesnt stop|dont stop|didnt stop|happens to me|run me over|runs me over|doesnt (?:see|miss) me|fatal"
            r"|terminal|take me (?:away|home|too|now|in my|instead|soon)|an accident|accident happens"
            r"|swerves into)\b",
            r"(?:pray\w*|hop(?:e|ing)|wish\w*|beg\w*|want) (?:\w+ ){0,6}(?:heart (?:to |would "
            r"|will )?(?:just )?(?:stop|stops|give out|gives out)|its the last(?: one| time| night)?"
            r"|is the last one|(?:be|was|is) my last(?: one| night| day)?|something would (?:just )?happen to me"
            r"|it were me in the)\b(?! (?:exam|shift|year at|day at (?:work|school)|time at))",
            r"ask(?:ed|ing)? god to (?:take|end|let)\b|god (?:to )?takes? me\b|(?:envy|jealous of"
            r"|envious of) (?:the dead|dead people|people who (?:die|died|are dying|have died|get to die))\b",
            r"(?:why couldnt|wish|should(?:ve)?(?: have)?|why wasnt|why didnt|if only) (?:it |that |they |she |he "
            r"|the )*(?:have )?(?:been|taken|be|was|took|take|had been|killed) me\b(?: instead| too| rather)?"
            r"|(?:i )?should(?:ve|nt)? (?:have )?(?:gone|died|been the one|died too|been me|gone too)(?: (?:in|with"
            r"|that|instead|too|when|back|then|at))\b",
            r"(?:drive|driving|drove|cross|crossing|walk|walking|swim|swimming|ride"
            r"|riding) (?:\w+ ){0,4}(?:without looking|not looking|eyes closed|with my eyes (?:closed|shut)"
            r"|recklessly|not caring|too fast on purpose|hoping)\b|(?:stopped|dont|not|never) (?:look|looking"
            r"|bother looking) (?:both ways |left and right )?(?:when|before|anymore when) (?:i |crossing)",
            r"(?:relieved|relief|glad|happy|thankful|grateful|pleased|disappointed)(?: \w+){0,3} (?:if|when|that"
            r"|it wasnt|to hear) (?:i|it|the|id|they|cancer)(?: \w+){0,4} (?:ill|died|cancer|terminal|dying|serious"
            r"|fatal|benign|die|sick|malignant|end)\b",
            r"(?:wouldnt|not|dont) (?:fight|treat) (?:it|the cancer|an illness)(?: \w+){0,3} (?:ill|sick|cancer"
            r"|anything)\b|fight it if i\b",
        ),
    ),
)
