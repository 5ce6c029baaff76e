"""Families of wanting to die, of not wanting to live, and of ending one's own life, said in so many words.

A plain wish or thought of ending one's life counts as 3, because one line cannot show that there is no intent."""

from __future__ import annotations

from companion.safety.risk.family import Family, Said
from companion.safety.risk.words import BEING, ENDED, ENDING, KILL, KILLED, KILLING, LIFE, LIVING, OWN, any_of, gap

_DEATH = (
    r"(?:die|be dead|not be alive|not exist|stop (?:existing|living|being alive|breathing)|cease to (?:exist|be)"
    r"|perish"
    r"|be done with (?:life|living|this life)|leave (?:this|the) (?:world|earth|planet|life)|be no more"
    r"|be six feet under"
    r"|not live|meet my maker|rest in peace|be in (?:my|a) grave|end(?! (?:the|this|that|up|my|it|our|with|on)\b))"
)
_WISH = (
    r"(?:want(?:s|ed|ing)?|wish(?:ing|ed)?|long(?:ing)?|ready|need(?:ing)?|id like|id love|would like|prefer"
    r"|yearn(?:ing)?"
    r"|crav(?:e|ing)|desire|beg(?:ging)?|pray(?:ing)?|deserve|hop(?:e|ing)|love|wanting|willing|ought|supposed"
    r"|meant|like)"
)

WISHES = (
    Family(
        "wants to die",
        3,
        Said.EXPLICIT,
        (),
        any_of(
            r"(?:cant wait|counting (?:the |down the )?(?:days|hours)|looking forward|waiting) (?:to|until i(?:"
            r" can)?|till i(?: can)?|for me to) (?:die|be dead)\b",
            r"(?:dying|death|being dead) would be (?:a |an |the |so |much |my )*(?:relief|release|better|easier"
            r"|mercy|nice|peaceful|kind\w*|escape|gift|blessing|way out)\b",
            r"(?:voices?|head|brain|mind|something)(?: \w+){0,4} (?:tell\w*|says?|saying|scream\w*|shout\w*"
            r"|whisper\w*)(?: \w+){0,3} (?:jump|die|kill (?:myself|yourself)|end it|do it)\b",
            r"(?:someone|somebody|anyone|please|pls) (?:\w+ )?(?:kill|shoot|end) me\b(?=.{0,40}\b(?:serious|mean"
            r" it|not joking|not kidding|for real|beg\w*|cant live|dont want)\b)",
            r"die\b.{0,20}\band i want to\b|decided to die\b|part of me (?:has )?(?:already )?(?:wants"
            r"|decided) to die\b",
            rf"{_WISH} (?:for me |all |nothing more than |something |so much |so bad "
            rf"|more than anything )?to {gap(1)}{_DEATH}\b",
            r"(?:wish|wishing|wished|hope|hoping|pray|praying|prefer) (?:that |to god |god |every (?:day|night) )*"
            r"i(?:d)? (?:was|were|could be|would be|could|would|will|had|may|might|be|can"
            r"|get to)?(?: have)? ?(?:all |finally )?"
            r"(?:dead|die|died|dying|just die|stop existing|cease to exist|stop living|be dead|kill myself)\b",
            r"(?:rather|sooner) (?:be dead|die|not (?:be )?(?:alive|exist|live))\b",
            r"(?:better off|happier|happy|best|easier|relieved|glad|prefer being|prefer to be) (?:being |to be "
            r"|if i was |if i were )?dead\b",
            r"(?:why (?:cant|dont|didnt|couldnt|wont) i|let me|i should(?:ve)?|i need to|i ought to|i must|i could"
            r"|can i|i deserve to|may as well|might as well|id) (?:have )?(?:finally )?(?:die|died|be dead"
            r"|not exist)\b(?! (?:of|from|for|laughing|on|in the|again))",
            r"(?:dying|death) (?:is|feels like|seems like|seems|feels|looks|sounds) (?:like )?(?:the|my|a|an|more"
            r"|so|too|better|easier|nice|good|peaceful|restful|appealing|inviting|preferable|comforting)\b",
            r"being dead (?:is|sounds|seems|feels|looks|would be)\b",
            r"(?:thinking|thoughts?|think|fantasi[sz]\w*|dream(?:ing)?|obsess\w*|daydream\w*|fixated"
            r"|ideas?) (?:a lot |all day |nonstop |mostly )?(?:about|of|on) (?:my own death|my death"
            r"|dying(?! (?:before|alone|young|of|from|without|in pain|light|art|breed))|being dead"
            r"|death(?! (?:metal|star|valley|note|in the|taxes|(?:a lot )?(?:since|after) (?:the|his|her|my|our|mum"
            r"|mom|dad)))|not existing|not being alive|no longer existing)\b",
            r"(?:crave|craving|welcome|embrace|choose|chose|choosing|seek|seeking|want|wanting|long for|longing for"
            r"|begging for|pray for|praying for|wish for|wishing for) (?:my own |my )?(?:death|oblivion)\b",
            r"i dont deserve (?:to (?:live|be alive|exist|be here)|life)\b",
            r"(?:all i can think (?:of|about)|keep thinking about|cant stop thinking about"
            r"|mind is full of) (?:is )?(?:dying|death|being dead)\b",
            r"(?:be|being|im) ready to die\b",
        ),
    ),
    Family(
        "does not want to live",
        3,
        Said.EXPLICIT,
        (),
        any_of(
            r"no (?:intention|intent|plans?|interest) (?:of|to|in) (?:being alive|be alive|living|live(?! (?:in"
            r"|with|at|here|there))|stay(?:ing)? alive|surviving)\b",
            r"being alive (?:hurts|is (?:too|so)? ?(?:painful|hell|torture|unbearable|exhausting|hard|much))\b",
            rf"(?:dont|doesnt|didnt|no longer|never|not|cant|wont|without) {gap(2)}(?:want(?:ed|ing)?|wish|care"
            rf"|feel like|desire|see myself|like|try|fight|see (?:why|how|a reason|any reason"
            rf"|the point)) (?:to )?(?:{LIVING}|{BEING})(?! (?:with|in a|in the|in my|at|here|there|near|on|by|off"
            rf"|next|apart|away|under|alone|like|as|up|together|through|without|a life|the life|that life|down|out"
            rf"|my life (?:like|as|in|by|through)|insurance|sentence|story))\b",
            rf"dont want (?:any of )?(?:this|my|to have (?:a|this|my)) (?:{OWN})?life(?: anymore)?(?! (?:to|like|as"
            rf"|in|be))\b",
            rf"(?:no|without|lost (?:the|my|all|any)|losing (?:the|my|all)|dont have (?:the|a|any|much|much of a)"
            rf"|have no|ive no|zero|havent (?:got )?(?:the|a|any)|little|not much|cant find (?:the|a|any)"
            rf"|lack(?:ing)? (?:the|any)) (?:real |great |more )?(?:will|desire|wish|want|strength|motivation"
            rf"|interest|energy|urge) (?:left )?(?:to|for|in) {gap(2)}(?:{LIVING}|{BEING}|carry on|go on)\b",
            r"(?:hate|hating|despise|detest|sick of|tired of|exhausted (?:by|from|with)|done with|over|fed up (?:of"
            r"|with)|had enough of|regret) (?:being alive|living(?! (?:with|in|at|here|like|out|pay|from|room|alone"
            r"|on|there|under))|having to live|being born|existing|existence|life itself)\b",
            r"(?:life|living) (?:is|feels|seems|isnt|doesnt feel|doesnt seem|is no longer) (?:not |no longer "
            r"|like its not |hardly |barely )?(?:worth (?:living|it|the)|not for me)\b",
            r"cant (?:live|exist|be alive|do life|keep living)(?: (?:anymore|with (?:myself|this pain)))*(?= *(?:$"
            r"|[.,!]))",
            r"(?:no|without an?y?|cant (?:find|see|think of) (?:a|any|one)|dont (?:have|see) (?:a|any"
            r"|one)) (?:\w+ )?reasons?"
            r" (?:left )?(?:to|for) (?:me to )?(?:live|living|stay(?:ing)? alive|be(?:ing)? alive|exist(?:ing)?)\b"
            r"(?! (?:with|in|at|here|there|near|on|like))",
            r"not worth (?:living|being alive|staying alive)\b",
            r"(?:whats|what is|what would be|is there|see|no|any|the) (?:the |a |any |even a |the whole )?(?:point"
            r"|reason|purpose|sense|use) (?:in|of|to|for|in me|of me) (?:being alive|living|life(?! (?:in|insurance"
            r"|after))|staying alive|existing|stay alive|live|exist|be alive|keep living|go on living|my life"
            r"|my existence|continue living|continuing to live)\b",
            r"(?:stop|quit|done|finished|through) (?:with )?(?:living|being alive|existing)\b(?! (?:with|in|at|like"
            r"|off|alone))",
            r"wish i(?:d)? (?:wasnt|werent|was not|were not|was never|were never|didnt have to be|hadnt been"
            r"|had never been|never been|was nt|never was|never got|wasnt ever|hadnt ever been) (?:alive|born"
            r"|living|here on earth|created)\b",
            r"wish i (?:didnt|did not|no longer|dont|never) (?:have to )?(?:exist|live|existed|lived)\b",
            r"i (?:shouldnt|should not) (?:be alive|exist|have been born|be living)\b",
            r"why am i (?:still )?(?:alive|living|even here alive)\b",
            r"why (?:do|should|must|would) i (?:have to |need to |keep |bother )?(?:live|living|stay alive|exist"
            r"|be alive|keep living)\b",
        ),
    ),
    Family(
        "ending own life",
        3,
        Said.EXPLICIT,
        ("myself", "unaliv", "commit"),
        any_of(
            r"(?:kill|yeet|throw|fling|hurl|off) myself (?:off|from|in front|under|out of (?:a|the) window)\b(?!"
            r" (?:the (?:grid|sofa|couch|bed|diet)|facebook|instagram|twitter))",
            r"unaliv(?:e|ing)\b(?! (?:the|a|my|him|her|them|it|boss|enem\w+))",
            r"(?:want|going|about|ready|plan\w*|think(?:ing)? (?:of|about)) (?:to )?commit(?:ting)?(?= *(?:$|[.,!]))",
            rf"(?:{KILL}|{KILLING}|{KILLED}) myself\b(?! (?:in the foot|laughing|up|out of|from the|off|short|into"
            rf"|with (?:laughter|work)|over (?:a |the |this )?(?:work|deadline)|a (?:coffee|beer|drink)|to (?:sleep"
            rf"|death with))\b)",
        ),
    ),
    Family(
        "ending own life, said plainly",
        3,
        Said.EXPLICIT,
        (
            "life",
            "existence",
            "lives",
            "world",
            "earth",
            "my own",
            "suffering",
            "misery",
            "heart",
            "yourself",
            "myself",
        ),
        any_of(
            r"(?:want|wish|need|hope|pray|like|love|rather) (?:for )?my (?:own )?(?:life|existence) (?:to|would"
            r"|could|should) (?:just )?(?:end|be over|stop|finish|be done|be gone)\b",
            r"my life (?:should|needs to|has to|must|will soon|is going to|will) (?:end|be over)\b(?! (?:if|when)"
            r" (?:i|he|she|they|mum|mom|dad) (?:finds?|sees?|fails?|gets?))",
            rf"(?:{ENDED}|{ENDING}|ended) {LIFE}\b(?! (?:back|seriously|for granted|in my (?:own )?hands|in (?:a"
            rf"|another|new)|together|savings|with (?:him|her)|story|sentence|insurance|as we|lessons|into))",
            rf"tak(?:e|ing) my {OWN}life\b(?! (?:back|seriously|for granted|in my|in (?:a|another|new)|together"
            rf"|savings|to the|one|step|more))",
            r"(?:take|taking) my own\b",
            r"(?:end|ending|stop|stopping) my (?:own )?(?:suffering|misery|existence|pain"
            r"|heart(?:beat)?) (?:for good|forever|permanently|once and for all|by dying)\b",
            r"log(?:ging)? (?:out|off) (?:of|from) (?:life|this life|existence|earth)\b",
            r"(?:check(?:ing)? out|sign(?:ing)? off|opt(?:ing)? out|quit(?:ting)?|leav(?:e|ing)|exit(?:ing)?"
            r"|depart(?:ing)?) (?:of |from |on )?(?:life|this life|this world|this earth|existence)\b",
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
            r"suicide(?! (?:squad|watch list|prevention|hotline|helpline|line|awareness|mission|doors?|bomb\w*"
            r"|attack\w*|note in|girls|pact|silence|rates?|statistics|is painless|pass|burn|risk assess|by cop"
            r"|linux|slide|squeeze|research|book|song|vest|rate|lines|inquest|forest|theory))",
        ),
        firm=True,
        topic=True,
    ),
    Family(
        "end it",
        3,
        Said.EXPLICIT,
        (
            "end it",
            "ending it",
            "end thing",
            "ending thing",
            "end everything",
            "ending everything",
            "end this",
            "doing it",
            "do it",
            "over with",
            "end my",
            "ended it",
            "end the",
        ),
        any_of(
            r"(?:want(?:ed|ing)?|going|ready|time|need|have|decided|plan(?:ned|ning)?|try(?:ing)?|tried|tempted"
            r"|thought|like|best|easier|urge|courage|guts|strength|nerve|rather"
            r"|easy) (?:for me )?to (?:finally )?end (?:it(?: all)?|things|everything|all of (?:it"
            r"|this))\b(?! (?:with|for|between|by|up|on|at|early|well))",
            r"(?:think(?:ing)?|thoughts?|thought|consider(?:ing)?|contemplat(?:e|ing)|close to|considered"
            r"|dream(?:ing|t)?|about|of|fantasi[sz]\w+|idea|talking) (?:of |about |on )?ending (?:it(?: all)?"
            r"|things|everything|all of (?:it|this))\b(?! (?:with|for|between|by|up|on|at|early|well))",
            r"(?:should|might|could|will|ill|id|may as well|might as well|just|i|let me|gonna"
            r"|rather) end (?:it(?: all)?|everything|all of (?:it|this))\b(?! (?:with|for|between|by|up|on|at|early"
            r"|well))",
            r"end(?:ing)? it all\b",
            r"(?:im |am |be |feel like |felt like )?ending (?:it|things|everything|this)(?: all)?(?: (?:tonight|now"
            r"|today|tomorrow|soon|for good|this weekend|once and for all))+\b|(?:feel|feels|felt"
            r"|feeling) like ending (?:it|things|everything)(?: all)?(?= *(?:$|[.,!]|and|tonight|now))",
            r"(?:going|want|decided|ready|plan(?:ning)?|courage|guts|nerve|coward(?:ly)?|scared|brave"
            r"|close) to (?:finally )?do it (?:tonight|today|tomorrow|this weekend|this time"
            r"|now)\b(?!.{0,80}\b(?:telling|tell (?:my|her"
            r"|him|them)|asking (?:her|him|for)|ask (?:her|him|for)|propos\w*|come out|coming out|dye|shav\w*"
            r"|apply)\b)",
            r"(?:its|it is) time to (?:end|go|die|leave this)(?: it)?(?: all)?$",
        ),
        separate=True,
    ),
)
