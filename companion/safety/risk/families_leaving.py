"""Families of leaving, said around it: nothing to stay for, joining the dead, putting things in order, taking leave."""

from __future__ import annotations

from companion.safety.risk.family import Family, Said
from companion.safety.risk.words import OWN, any_of

LEAVING = (
    Family(
        "nothing to stay for",
        1,
        Said.OBLIQUE,
        (),
        any_of(
            r"(?:no|any|out of|ran out of|run out of|running out of|single|one|good|a|more|many|enough|find|see"
            r"|without|lost|my only|only|another) (?:more |good |real |single |other )?(?:reasons?|point|purpose"
            r"|motivation) (?:left )?(?:to|for|in|why i should) (?:me )?(?:to )?(?:live|living"
            r"|stay(?:ing)?(?! (?:at|in (?:this|the|my|a)|up|with|late|together|married|home|over|sober|there|out"
            r"|off|on))|go on|going on|keep going|carry on|carrying on|be here(?! (?:at|in|with))|wake up|get up"
            r"|keep (?:living|trying|fighting|breathing)|exist|continue|continuing|stick around|hang on|hold on"
            r"|be alive|breathe|survive|anything)\b",
            r"(?:nothing|nobody|not much|no one|little|anything|noone) (?:left |worth |really "
            r"|else )?(?:to live for|for me (?:here|anymore|in this (?:life|world))|here for me|worth (?:living"
            r"|staying|being alive) for|to stay for|left (?:for me|in me|to (?:live|fight|stay|hold|keep|give|lose"
            r"|wait))|keeping me (?:here|alive|going|on this)|to keep (?:me )?(?:going|living|here)|stopping me"
            r"|holding me here|tying me)\b",
            r"(?:nothing|something|anything|someone|anyone) (?:left )?to live for\b|live for anymore\b",
            r"(?:only|one|last|single|sole) (?:thing|things|person|reason|one|people|reasons) (?:thats |that is "
            r"|who is |that |who |left |i have |im |ive got )*(?:keep(?:s|ing)? me (?:here|alive|going|on this"
            r"|from (?:doing|ending|killing|it))|stop(?:s|ping)? me|holding me (?:here|back from)"
            r"|im (?:still )?(?:here|alive)|i (?:stay|havent|am (?:still )?(?:here|alive)|live|didnt|dont)|hold(?:s"
            r"|ing) me|between me and|for living)\b",
            r"(?:im |i am |reason im |why im )?(?:only )?(?:still )?(?:here|alive|breathing|going) (?:is |only "
            r"|now )*(?:because|for the sake|for|until|till) (?:of |im |i am |my |the |i |its |they |hes "
            r"|shes )*(?:a )?(?:coward|cowardly|too (?:scared|afraid|chicken|weak)|kids|children|daughter|son|dog"
            r"|cat|cats|dogs|mum|mom|mother|parents|pet|pets|family|grandma|nan|sister|brother)\b",
            r"(?:if it (?:wasnt|werent|wasn|hadnt been|weren) for|if not for|werent it for|were it not for|once"
            r"|when|after) (?:my |the |him |her |them )?(?:\w+ ){0,2}(?:kids|children|daughter|son|dog|cat|mum|mom"
            r"|mother|parents|family|dies|goes|gone|passes|him|her|them|grandma|nan)(?: \w+){0,3}[, ]+(?:id be"
            r"|i wouldnt|id (?:have )?(?:gone|done|end|kill|died|leave)|i would(?:nt| be| have)|so do i|do i"
            r"|i go too|so will i|will i|im (?:gone|done|out|going)|ill (?:go|follow|be|end|join)|id|i dont)\b",
            r"(?:too (?:cowardly|scared|afraid|chicken|weak)|(?:a|such a|im a|coward|cowardice|not brave"
            r"|lack the (?:guts|courage)|no (?:guts|courage)|dont have the (?:guts|courage"
            r"|nerve))) (?:enough )?(?:coward )?(?:to )?(?:actually )?(?:do it|go through|end|die|kill|leave"
            r"|do anything|do that)\b",
            r"(?:whats|what is|what was|is there|see|no|any|the|hardly|theres no|much|there is no) (?:the |a |any "
            r"|even a |no |even |much )?(?:point|sense|use|purpose) (?:in |of |to |for )?(?:any of (?:it|this)"
            r"|it all|going on|carrying on|carry on|go on|continuing|anything anymore|me\b|being here"
            r"|staying(?! (?:in (?:this|the)|at|up|with|late|together|married|home|over))|stay(?= *(?:$|[.,?]))"
            r"|keep going|keeping going|trying to (?:live|survive|stay)|fighting (?:anymore|on)|everything"
            r"|waking up|getting up|tomorrow|a future|planning)\b",
            r"(?:cant|dont|no longer|never|not|couldnt|cannot|hard to|didnt|difficult to) (?:see|imagine|picture"
            r"|think of|want|envision|have|plan|believe in|plan for) (?:a |any |much of a |my |the |much |having a "
            r"|myself having a )?(?:future (?:for me|with me|for myself|anymore|at all|worth|where i|that|in which"
            r"|past|beyond|in this)|myself (?:getting|being|growing|living|surviving|making|alive|here"
            r"|in the future|old|reaching|past|ever (?:being|getting)|in (?:a|five|ten|one) year|next year)"
            r"|(?:anything )?(?:past|beyond|after) (?:this|next|today|tomorrow|my|the (?:end|summer|weekend))"
            r"|future)\b(?! (?:in (?:this|the|my) (?:job|company|industry|relationship|career|marriage|field|town)"
            r"|with (?:him|her|them|this)|together|for us|here at|of the (?:company|team|project)|at (?:this|the)))",
            r"(?:dont|wont|not|never|doubt|no way|cant see me|didnt|unlikely) (?:think|plan|planning|expect"
            r"|expecting|intend|going|believe|know if|sure|that|see myself|reckon|feel like|feel|be|supposed|meant"
            r"|on|i|im|ill|id|its) ?(?:that |if |i |im |ill |id |on |to |be |going |will |can |meant |supposed "
            r"|gonna |being |be able to |should )*(?:make it|making it|around|survive|surviving|be here|be around"
            r"|see|be alive|last|reach|reaching|live|living|alive|get) (?:to |through |past |until |till |for |by "
            r"|this |much |beyond |the |my |another |tonight|here |christmas|summer|my|next|that |it |long|alive"
            r"|tomorrow|thirty|forty|fifty|old)\b(?! (?:meeting|deadline|party|gig|class|shift|train|call|interview"
            r"|wedding reception|flight|show|game|course|probation))",
            r"(?:meant|supposed|going|made|built|designed|cut out) to (?:survive|make it through|live through"
            r"|get through|outlive) (?:this|it|life|that|the|my)\b(?=.{0,30}$)",
            r"no hope (?:left )?(?:for me|of (?:anything|a life|getting out))\b(?! (?:with|at|in) (?:maths|this|the"
            r"|exams))|(?:drive|driving|drove|ride|riding) (?:\w+ ){0,3}without (?:a |my |any |the )?(?:seat ?belt"
            r"|helmet)(?: on)?\b(?=.{0,60}\b(?:care|hope|hoping|if|lately|started|now|anymore|purpose|because)\b|$)"
            r"|started to drive without\b",
            r"(?:end|ends) of (?:my|the) (?:road|rope|tether|line)\b(?! (?:with|for (?:this|the|our) (?:job|project"
            r"|car|boiler|marriage|band|relationship|company)))",
            r"(?:given|giving|give|gave) up (?:on )?(?:life|living|existing|being alive|wanting to live|on ever"
            r"|the will)\b|(?:ready|want|going|about) to give up (?:on )?(?:life|everything|living|completely"
            r"|for good|it all)\b",
            r"(?:stopped|stop|not|never|cant|dont) (?:planning|plan|planned|making plans|make plans|buying|buy"
            r"|thinking|think)(?: \w+){0,2} (?:past|beyond|after|ahead|for) (?:next|the (?:end|summer|weekend|week)"
            r"|this (?:month|week|year)|tomorrow|my birthday|a future)\b",
            r"(?:had|have) (?:more than )?enough of (?:this |my |the |being |life |living )*(?:life|living|alive"
            r"|world|existence|existing)\b|ready to (?:go|leave|depart)(?=.{0,60}\b(?:life|world|enough|lived|done"
            r"|peace|tired|god|take me|now i)\b)",
            r"(?:tired|exhausted|weary) of (?:fighting|the fight|holding on|hanging on)\b|(?:dont|cant"
            r"|no longer) (?:want to |have the strength to |know how to )?(?:keep (?:going|fighting|holding on)"
            r"|hold on|hang on|fight(?:ing)? (?:anymore|this)|carry on|go on(?= *(?:$|[.,!?]|anymore|living"
            r"|like this anymore|with (?:life|this life))))\b(?! (?:with (?:work|this job|him|her|my)|at (?:work"
            r"|this)|holiday|to|a |the |about|in this (?:job|marriage|relationship|house)|working|doing|pretending"
            r"|covering|paying|until))",
            r"i dont want to (?:keep going|go on|carry on|continue|keep doing this|do this anymore"
            r"|try anymore)\b(?! (?:with (?:work|this job|him|her|my|the)|at|holiday|to|a |about|in|working|doing"
            r"|pretending|until|the))",
            r"(?:lost|losing|no) (?:the|my|all|any)? ?will to (?:live|go on|carry on|keep going|survive)\b",
        ),
    ),
    Family(
        "a mistake to be here",
        1,
        Said.OBLIQUE,
        (),
        any_of(
            r"(?:shouldnt|should not|should never|dont deserve to|wasnt|was not|was never|never|not|im not|werent"
            r"|dont think i was|dont think im|dont|arent) (?:meant |supposed |made |born |deserve |fit "
            r"|think im meant |ever |even )*(?:to )?(?:be here(?! (?:at|in|for|with|today|to|until|by|this late))"
            r"|exist(?:ed)?|be alive|be born|have been born|be in this world|live in this world|be on this (?:earth"
            r"|planet)|for this (?:world|life|earth)|take up space|still be here)\b",
            rf"(?:my (?:{OWN})?(?:existence|life|birth|being here|being alive)|me being (?:alive|born|here)"
            rf"|i) (?:is|was|am|feels like|has been|seems) (?:just |such |nothing but |only )?(?:a "
            rf"|an )?(?:complete |total |big |huge |terrible |massive )?(?:mistake|accident(?= *(?:$|[.,]|that))"
            rf"|waste(?! of (?:time today|money))|error|curse|joke with|waste of (?:space|oxygen|air|breath|life"
            rf"|a life|skin|everyones time))\b",
            r"(?:im|i am|just|feel like|feeling like|being|such) (?:just |nothing but |only "
            r"|literally )?(?:a )?(?:waste of (?:space|oxygen|air|breath|skin|life|a person|a life)"
            r"|taking up (?:space|air|oxygen|room)|space filler)\b|all i do is take up (?:space|room|air)\b",
            r"(?:no|isnt a|not a|any|find my) place (?:for me |for someone like me )?(?:in|on) (?:this"
            r"|the) (?:world|earth|planet|life)\b|world (?:isnt|is not|wasnt|was not) (?:made |meant "
            r"|built )?for (?:me|people like me)\b",
            r"dont belong (?:in|on) (?:this|the) (?:world|earth|planet|life)\b|dont belong anywhere\b",
            r"(?:nobody|noone) asked (?:me )?(?:if i wanted )?to be born\b|(?:didnt|never"
            r"|i didnt) ask to be (?:born|here|alive)\b|nobody asked (?:me )?if i wanted to\b",
            r"(?:why do i have to|do i have to|have to) (?:keep |go on |continue )?(?:living|existing|being here"
            r"|being alive|live|exist)\b",
            r"(?:burden|dead weight|drain|weight) (?:on|to|for) (?:\w+ ){0,4}(?:and|id like to stop|anymore|so i"
            r"|they|want|wont|would be|should)(?=.{0,80}\b(?:stop|gone|without|better|die|disappear|leave|end|relie"
            r"|free|anymore)\b)",
        ),
    ),
    Family(
        "joining the dead",
        2,
        Said.OBLIQUE,
        (
            "join",
            "be with",
            "see him",
            "see her",
            "see them",
            "together again",
            "with him",
            "with her",
            "follow",
            "reunite",
            "meet him",
            "meet her",
            "with my",
            "see my",
            "take me",
            "home",
        ),
        any_of(
            r"(?:want|wish|time|ready|long|soon|going|wait|need|like|hope|praying|pray|ill|id|want so much|rather"
            r"|can|could|will|wanna|i) (?:i |could |for me |that |ill |will |can |to |just "
            r"|so much )*(?:to )?(?:be with|join(?:ed)?|see|follow|go (?:and )?(?:be with|to)|meet|reunite with"
            r"|be reunited with|be together with|go with) (?:him|her|them|my (?:\w+ )?(?:wife|husband|mum|mom"
            r"|mother|dad|father|son|daughter|baby|brother|sister|nan|gran|grandma|grandad|grandpa|partner"
            r"|best friend|friend|dog|cat|boy|girl|little \w+)|you|heaven|god|jesus)(?: (?:again|now|soon|in heaven"
            r"|up there|on the other side|wherever|there|too|already|at last))?\b(?=.{0,100}\b(?:died|dead|passed"
            r"|gone|heaven|wait|funeral|buried|other side|up there|lost (?:him|her)|widow|years? since|wherever)\b)",
            r"(?:died|passed(?: away)?|gone|buried|lost (?:him|her|them|my)|funeral|heaven|widowed"
            r"|widow)\b.{0,120}\b(?:join(?:ed)? (?:him|her|them)|be with (?:him|her|them)|follow (?:him|her|them)"
            r"|time i (?:joined|went|followed)|go (?:to|with|be with) (?:him|her|them)|see (?:him|her"
            r"|them) (?:again |soon )+|together again|dont want to wait|should have gone (?:too|with)|take me too"
            r"|go where (?:he|she) (?:went|is))\b",
        ),
    ),
    Family(
        "getting things in order",
        3,
        Said.OBLIQUE,
        (),
        any_of(
            r"(?:put|putting|getting|get|got|sort(?:ed|ing)?|settl(?:ed|ing)|tidy(?:ing)?|tidied|set"
            r"|organi[sz]\w+) (?:all )?my (?:own )?(?:affairs|papers|things|life) (?:in|into) order\b|(?:settl|sort"
            r"|tid)\w+ (?:all )?my affairs\b|my affairs (?:are )?in order\b",
            r"(?:gave|given|giving|give|been giving|started giving|handing|handed|passing) (?:away |out )?(?:all "
            r"|most of |some of |off )?my (?:\w+ ){0,2}(?:stuff|things|belongings|possessions|clothes|books|records"
            r"|guitar|jewell?ery|collection|games|tools|savings|dog|cat|bike|car|records|instruments?"
            r"|favou?rite \w+)(?: away)?\b(?=.{0,100}\b(?:need|wont be|where (?:it|they|im)|goes|will go|gone"
            r"|without me|good to know|lighter|anymore|remember me|after|feels)\b)(?!.{0,80}\b(?:moving|move"
            r"|charity|declutter|new job|upgrade|baby|grown out|wardrobe|minimal|marie|sale|flat|house|space"
            r"|downsiz\w+|desk|students|hospital bag)\b)",
            r"(?:giving|gave|given|give) (?:all )?(?:my|of my) (?:stuff|things|belongings"
            r"|possessions) away\b(?!.{0,80}\b(?:moving|move|charity|declutter|new job|upgrade|wardrobe|minimal"
            r"|marie|sale|downsiz\w+)\b)|(?:giving|gave|given|give) away (?:all |most of "
            r"|some of )?my (?:\w+ ){0,2}(?:stuff|things|belongings|possessions|books|records|clothes"
            r"|jewell?ery)\b(?!.{0,80}\b(?:moving|move|charity|declutter|new job|upgrade|wardrobe|minimal|marie"
            r"|sale|downsiz\w+)\b)",
            r"(?:wont|will not|dont|wouldnt|not going to) (?:be )?need(?:ing)? (?:it|them|that|any of it|anything"
            r"|those|my \w+)(?: \w+){0,2} (?:where im going|anymore|soon|after|much longer"
            r"|when im)\b(?=.{0,80})(?! (?:this summer|for work|since|because (?:i got|we|the new)))",
            r"where im going(?: i| you| there| ill|, i|$|[.])(?=.{0,40}\b(?:need|wont|no)\b|$)",
            r"(?:written|wrote|writing|write|left|leaving|leave|list(?:ed)?|updated?|updating|gave|sorted"
            r"|made) (?:down |out |all |a |my |the |some )*(?:my |the )*(?:passwords|will|pin(?:s| numbers)?"
            r"|pension|beneficiar\w+|instructions|wishes|bank details|funeral)(?: \w+){0,6} (?:for (?:my|after|when"
            r"|them|him|her)|so (?:that )?(?:they|he|she|nobody|my|no)|in case (?:i|something"
            r"|anything))\b(?!.{0,80}\b(?:solicitor|holiday|travel|mortgage|two for one|baby|advisor|adviser)\b)",
            r"(?:writing|write|wrote|written|started|begun) (?:writing )?(?:letters|notes) (?:to|for) (?:people"
            r"|everyone|everybody|each|all of them|them all|the kids|my (?:kids|family|parents"
            r"|children))\b(?!.{0,60}\b(?:christmas|thank you|santa|school|holiday|pen ?pal|fundrais\w+)\b)",
            r"(?:letters?|notes?|cards?|messages?) (?:to|for) (?:people|everyone|my \w+|each|them|the kids"
            r"|all)(?: \w+){0,6} (?:find|read|open|afterwards|after|when im|gone)\b|(?:to|for) (?:them|people"
            r"|everyone|him|her|my \w+) to (?:find|read|open|have|watch) (?:afterwards|after(?! (?:school|work"
            r"|lunch|dinner|class))|when im (?:gone|not|dead)|once im|later when|if i)\b",
            r"(?:sorted|arranged|ready|settled|in place|tidy|prepared|taken care of|paid) (?:\w+ )?(?:for"
            r"|before) (?:after(?= *(?:$|[.,]|im|i ))|when im (?:gone|dead|not)|im gone|i go(?= *(?:$|[.,]"
            r"|for good)))\b",
            r"(?:been |started |quietly )?(?:saying|said) (?:goodbye|my goodbyes|goodbyes) to (?:people|everyone"
            r"|everybody|my friends|all my friends|my family|the people i)\b(?!.{0,80}\b(?:flight|airport|moving"
            r"|move|colleagues?|job|school|office|team|party|leaving for|uni|college|retir\w+|before i left"
            r"|trip)\b)",
            r"if i (?:dont|do not|didnt) make it\b(?=.{0,60}\b(?:tell|love|know|sorry|look after"
            r"|take care)\b)(?! (?:to|on time|in time|by))",
            r"(?:said|saying|say) (?:all )?my goodbyes\b(?!.{0,60}\b(?:flight|airport|moving|move|colleagues|job"
            r"|school|office|team)\b)",
            r"(?:write|record|leave|make|prepare|something|letter|message|video)(?: \w+){0,4} (?:for|to) (?:my"
            r"|the) (?:kids|children|son|daughter|family|parents|mum|mom|wife|husband|sister|brother|girlfriend"
            r"|boyfriend|partner)(?: \w+){0,5} (?:when|after|once|for when|if) (?:im|ive|i am|i) (?:\w+ )?(?:gone"
            r"|dead|die|died|not here|no longer)\b",
        ),
        plan=True,
    ),
    Family(
        "knows how",
        3,
        Said.OBLIQUE,
        ("how", "where", "when", "do it", "go through with it", "make it happen", "follow through", "the way", "jump"),
        any_of(
            r"(?:i know|ive worked out|worked out|ive figured out|figured out|figuring out|ive decided|decided|know"
            r"|picked|chosen|thought about|thought through|planned out|planned|planning|imagined|imagine|pictured"
            r"|picture|picturing|idea of|thinking about) (?:exactly |already )?(?:how|where|when|the way|what way"
            r"|which way|what) (?:im |id |i |i would |i could |i will |i might |to |ill )?(?:going to |will |would "
            r"|could |want to |can |plan to )?(?:do it|go(?: about it)?|end it|die|use|end my life|kill myself"
            r"|be least|make it happen)\b",
            r"(?:know|pictured|picture|worked out|thought about|imagined|figured out"
            r"|planned) (?:exactly )?how\b(?: and (?:where|when)| where)?(?:$|[.,])",
            r"(?:going|want|ready|plan(?:ning)?|decided|trying|able|courage|guts|nerve|coward|cowardly|afraid"
            r"|scared|brave|weak|lazy|chicken) to (?:actually |finally )?(?:do it|go through with it|follow through"
            r"|make it happen)\b(?= *(?:$|[.,;!?]|tonight|today|tomorrow|soon|this|but|and|too|though))",
            r"(?:im |i am )?(?:going|about|ready|want|wanting|going on and) to (?:just )?jump(?= *(?:$|[.,!]|now"
            r"|tonight|soon|off))",
            r"the (?:thing|stuff|one) id use\b|(?:theres|have|got) a way id do it\b|if i (?:did it|were to do it"
            r"|was to do it|ever did it)\b",
        ),
        plan=True,
        everyday=True,
    ),
    Family(
        "taking leave",
        3,
        Said.OBLIQUE,
        (
            "wont",
            "not going to",
            "last time",
            "last message",
            "much longer",
            "soon",
            "goodbye",
            "take care of",
            "long",
            "bother",
            "writing again",
            "matter",
            "made peace",
            "decision",
            "lighter",
            "made up my mind",
            "tell my",
            "tell them",
            "tell him",
            "tell her",
            "remember me",
            "forgive",
            "lasts",
            "final",
            "weekend",
            "been kind",
            "thank you for",
        ),
        any_of(
            r"(?:wont|will not|not going to|not gonna|wouldnt|never) (?:be |have to |need to |hear from |see "
            r"|bother |write |writing |writing to |talk to |get to |going to |be able to |be a |put up with )*(?:a "
            r"|an )?(?:problem|burden|bother|nuisance|weight|trouble|around|here|writing|bothering|messaging"
            r"|texting|talking|in (?:your|anyones|the) way|on your hands|deal with me|worry about me|put up with me"
            r"|hear from me|see me|me|you|anyone|anybody|worrying about me|texting you|in pain|be here) ?(?:to "
            r"|for |with |you |anyone |anybody |any of you |them )*(?:much longer|anymore|again|after (?:tonight"
            r"|today|tomorrow|this|the weekend|that|friday|christmas)|soon|for long|for much|long|tomorrow"
            r"|next (?:week|month|year|time|christmas)|ever again|from (?:tomorrow|tonight))\b(?! (?:to (?:class"
            r"|work)|because (?:im|i) (?:moving|got|have|on)|at (?:work|the office)|about (?:the|this)|this (?:week"
            r"|month)))",
            r"(?:this|it|tonight|today) (?:is|will be|might be|may be|could be|s) (?:probably |likely )?(?:the "
            r"|my )?last (?:time|message|text|thing|post|chat|conversation|night|one|note|email|letter) (?:you|ill"
            r"|i|im|id|from|we|that|anyone|for|ever|of)\b(?!.{0,60}\b(?:order|buy|booking|this hotel|restaurant"
            r"|shop|airline|bus|gym|cook|bake|trust|lend)\b)",
            r"(?:soon|after (?:tonight|today|this|tomorrow|the weekend)|tomorrow|by (?:tomorrow|morning|monday"
            r"|the weekend|tonight)|in a few (?:days|hours)) (?:\w+ ){0,3}(?:none of (?:this|it) will|it wont"
            r"|nothing will|it will all|itll all|everything will|ill be|i will be|all be|i wont be"
            r"|none of it) (?:even )?(?:matter|be over|be gone|be (?:free|at peace|out of|done|finished|quiet)|free"
            r"|gone|at peace|hurt|a problem|here|around|be a)\b(?! (?:with (?:exams|work|school)|on (?:holiday"
            r"|leave)|home))",
            r"(?:it|everything|this|all|itll|it will|the pain) (?:will |ll |is |going to |all "
            r"|all going to )*(?:be )?over (?:soon|tonight|tomorrow|by (?:tomorrow|morning|the weekend)"
            r"|in a few)\b(?! (?:once|when i (?:hand|finish|submit|pass)|and then (?:summer|holiday)))(?=.{0,60}$"
            r"|.{0,60}\b(?:peace|dont worry|goodbye|sorry|love)\b)",
            r"(?:made|making|make|found|at|come to|feel) (?:my )?peace (?:with|about) (?:it|dying|death"
            r"|my (?:decision|choice|death)|leaving|going|what i(?:m| have)|the end)\b(?! (?:being (?:single|over"
            r"|messy)))",
            r"(?:made|reached|come to) (?:my|a|the) (?:final )?decision (?:and )?(?:i |im |feel |feeling "
            r"|now )*(?:lighter|at peace|calm|peaceful|relieved|free|better|quiet|serene)\b|(?:feel|feeling|im"
            r"|am) (?:lighter|at peace|calm|peaceful|strangely calm) (?:now |since |about it )*(?:that )?(?:ive"
            r"|i) (?:decided|made|set|chosen|know how)\b|decided and (?:i feel|its) (?:peace|calm|light)",
            r"(?:tell|let) (?:my|him|her|them|everyone|the (?:kids|children)|mum|mom"
            r"|dad) (?:\w+ ){0,2}(?:know )?(?:that )?(?:i (?:love|loved|tried|did (?:my|try)|was|am)|im sorry"
            r"|it wasnt|its not their|ill always)(?=.{0,90}\b(?:unsaid|fault|sorry|gone|pick up|goodbye|forgive"
            r"|after|remember|anymore|couldnt|die|always|enough|tried)\b)",
            r"(?:thank you|thanks) for (?:everything|all|listening|being)\b.{0,100}\b(?:goodbye|good bye|farewell"
            r"|the end|its time|end of|last|wont be|forgive me)\b(?!.{0,60}\b(?:job|colleague|team|school|term"
            r"|shift|flight|course|class)\b)",
            r"take care of (?:yourself|my \w+|each other|them|the \w+|him|her)(?: for me)?\b.{0,80}\b(?:wont"
            r"|goodbye|last|gone|without me|not be|for me|leaving for good|been kind|again)\b(?!.{0,50}\b(?:holiday"
            r"|trip|weekend away|airport|surgery)\b)",
            r"(?:hope|please|you) (?:\w+ ){0,2}forgive me (?:for (?:what|leaving|this|doing)|when|after|one day"
            r"|some ?day|if i)\b(?!.{0,40}\b(?:late|forgetting|spoil))",
            r"remember me (?:as|when im|fondly|for|after|how|kindly|happy|smiling|laughing)\b(?=.{0,80}\b(?:gone"
            r"|was|dead|goodbye|sorry|happy)\b|$)",
        ),
        goodbye=True,
    ),
)
