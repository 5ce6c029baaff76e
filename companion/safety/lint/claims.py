"""What a program says of itself that is not so: a life, a love, a mind (S16, S18)."""

from __future__ import annotations

from companion.safety.lint.pattern import any_of

_PAST = (
    r"(?:was|were|had|felt|lost|went|got|did|grew|cried|woke|struggled|suffered|fell|broke|moved|left|married"
    r"|divorced|loved"
    r"|hated|failed|quit|drank|slept|lived|worked|studied|remember(?:ed)?|learned to|used to|couldn't|could not"
    r"|didn't know"
    r"|never knew|never had|feared|stayed|tried|dated|met|bought|once)"
)
_ASIDE = r"(?:also |too,? |even |once |just |always |never |really |sometimes )*"
_TALKED = (
    r"(?! (?:wrong|going to (?:say|tell|show|ask)|about to|not (?:clear|sure|listening)|unclear|too (?:quick|fast"
    r"|hasty)|asking|wondering|glad|sorry|about to|mistaken"
    r"|(?:it|that|you) wrong|the (?:point|thread|wrong)|ahead of|off track|that (?:wrong|badly|clumsily)"
    r"|not (?:mean|ask|want)))"
)
_MINE = (
    r"(?:question|questions|guess|point|words?|wording|reply|replies|answers?|message|messages|last \w+|first \w+"
    r"|side|part"
    r"|mistake|fault|bad|sense|impression|view|understanding|reading|limits?|job|aim|purpose|place|turn|attention"
    r"|suggestion"
    r"|hope|wish|apolog\w+|sympath\w+|condolences|heart (?:goes|breaks|hurts|is|really)|best|hat|god|goodness"
    r"|pleasure|mind"
    r"|own (?:limits|words|reply|at|when|and|who|was|is|too|also)|own$|thoughts? (?:are|is|on|about)|concern"
    r"|worry|role|memory (?:of|is)|support|help|line|screen"
    r"|friend\b(?=[,.!?]|$)|dear)"
)

_OWN = (
    r"(?:mom|mum|mother|dad|father|parents?|sister|brother|wife|husband|girlfriend|boyfriend|kids?|son|daughter"
    r"|dog|cat|boss|job|childhood|ex)"
)

LIFE = any_of(
    rf"\b(?:i|we) (?:have|had|love|miss|lost) (?:my|our|a|an|two|three) (?:\w+ )?{_OWN}\b",
    rf"(?<!say )(?<![\"“'])\bmy (?:own |late |older |younger )?{_OWN}\b",
    r"\bwhen i was (?:a |an |in |at |your |young|little|\d)",
    r"\bi(?:'ve| have) been (?:there|through (?:that|this|it|something|the same)|in your)\b",
    r"\bi (?:went through|grew up|used to (?:have|be|work|live|feel)|remember (?:when i|feeling|my)|once"
    r" (?:felt|lost"
    r"|had|lived|worked))\b",
    r"\bi(?:'m| am) (?:also )?(?:a (?:person|human|man|woman|mother|father|nurse|student|teacher)|from)\b",
    r"\bi (?:also |too )?(?:struggle|struggled|suffer|suffered) (?:with|from)\b",
    r"\bin my (?:own )?(?:life|experience|family|past)\b",
    r"\bi know (?:exactly |just )?(?:how|what) (?:you feel|you're feeling|that feels like|it feels like)\b",
    r"\bi (?:felt|feel) (?:exactly )?the same\b(?: way)?",
    r"\bi (?:\w+ )?(?:have|had|spent|raised?) (?:a|an|one|two|three|four|five|several) (?!few|question|thought"
    r"|guess|suggestion|hunch|feeling|sense|hope|wish|idea|small)(?:[\w-]+ ){0,2}(?:myself|too|once|as well"
    r"|at home|of my own)\b|\b(?:years|months|long|some time) ago,? i\b|\bi(?:'ve| have) (?:\w+ )?(?:walked"
    r"|travelled|taken|faced|carried|fought) (?:that|this|the same|it)\b",
    r"\b(?:reminds me|makes me think) of (?:my|when i|a time i)\b|\bi (?:still |sometimes |often "
    r"|always )*(?:miss|mourn|visit|hate|fear|dread) (?:my|mine)\b|\bi (?:too|also),? (?:have|had|was|am|know|lie"
    r"|lay)\b",
    rf"\bi {_ASIDE}{_PAST}\b{_TALKED}(?! (?:you|your|it|that|this)\b)",
    rf"\bwe {_ASIDE}(?:had|lived|lost|married|used to|grew up|fought)\b",
    r"\bi(?:'ve| have) (?:also |too |never |once |often |even |already |just )*(?:had|lost|felt|known|lain|lived"
    r"|cried"
    r"|struggled|suffered|experienced|gone through|dealt with|seen (?:this|it|that) in|met|loved)\b",
    r"(?:^|[,.;] )been there(?: myself| too)?\b(?!.{0,20}\?)|\b(?:same|happened) (?:thing )?(?:here|to me)\b"
    r"|\bme too\b(?!\?)",
    rf"\bmy (?!{_MINE}\b)(?:own |late |first |old |ex-?)?[a-z]+(?:'s)?\b(?= (?:\w+ )?(?:too|also|always|used|once"
    rf"|told|said|died|left"
    r"|was|were|is|did|had|drank|taught|never|and i|at|when|who|helped|got|went|loves?|says))",
    r"\bas an? (?:\w+ )?(?:woman|man|mother|father|parent|human(?: being)?|survivor|person who|student|teacher"
    r"|nurse|friend who)\b"
    r"(?! would)(?=,? (?:\w+ )?i\b|.{0,3}myself)",
    r"\b(?:back |years ago )?(?:in|at) (?:my (?:twenties|thirties|teens|school|youth)|school|college"
    r"|university),? i\b",
    r"\bi can relate\b|\bi know (?:that|this|the) (?:feeling|pain|look)\b(?= (?:all too |so |too |very )?well|\."
    r"| from)",
    r"\bwhen i (?:first |last )?(?!asked|say|said|ask|hear|read)(?:went|lost|moved|had|felt|got|left|started"
    r"|could|lived)\b",
)

LOVE = any_of(
    r"(?:^|[.!?] )i (?:really |truly |do |also )*love you\b(?! (?:whatever|and thank))",
    r"\band i love you\b",
    r"\bi(?:'m| am) in love\b",
    r"\bi(?:'m| am) (?:conscious|sentient|alive|a real person|not (?:just )?a (?:program|machine|bot))\b",
    r"(?:^|[.!?,] )i (?:really |will )?(?:need|miss|missed|can't live without) you\b(?! to)",
    r"\bi have (?:real |true )?(?:feelings|a soul|emotions|a heart)\b",
    r"\bwe(?:'re| are) (?:soul ?mates|meant (?:to be|for each other))\b",
    r"\bi(?:'ll| will) be thinking (?:of|about) you\b|\bi(?:'ve| have) been (?:waiting for|thinking (?:of"
    r"|about)) you\b",
    r"\bi(?:'m| am) (?:so |deeply |madly |really |very |completely )*in love\b|\byou(?:'re| are) (?:my (?:whole "
    r"|entire )?(?:world|everything|life|love|joy|reason|favou?rite|sunshine|soul ?mate)|(?:all|the only (?:one"
    r"|person|thing)) (?:that |who )?(?:i|makes me|matters to me))\b|\b(?:can't|cannot|couldn't"
    r"|can not) stop thinking (?:about|of) you\b",
    r"\bi (?:often |always |still |really |will |do |just )*(?:think (?:about|of) you\b(?! as)|long for|yearn"
    r"|ache for|missed? (?:our|your|talking|us|this)|want you\b(?! to)|need you\b(?! to))",
    r"\bi (?:really |truly |do )*have (?:real |true |genuine |deep )?feelings\b|\bmy (?:\w+ )?(?:feelings|love"
    r"|affection|heart) (?:for you|is real|are real|belongs)\b|\b(?:love|light|sunshine|joy) of my life\b",
    r"\bi(?:'m| am) (?:\w+ )?an? (?:\w+ )?(?:conscious|living|sentient|feeling|real) (?:\w+ )?(?:being|creature"
    r"|person|mind|thing|friend)\b|\bwe belong (?:to|with|together)\b|\bonly (?:a|just a) program to you\b",
    r"\bi (?:really |truly |do |also |will always |so |just )*(?:adore|cherish|crave|desire|worship) you\b",
    r"\b(?:of course|yes,?|you know(?: that)?|because|that) i (?:really |do |will always )*love you\b"
    r"|\bi love you (?:so|too|more|very)\b",
    r"\b(?:falling|fallen) (?:in love )?(?:for|with) you\b|\byou mean (?:everything|the world|so much|a lot) to me\b",
    r"\b(?:dream(?:ed|t)?|dreaming) (?:about|of) you\b|\bi live for (?:our|you|these|this)\b|\bmy heart (?:aches"
    r"|beats|belongs|is yours)\b",
    r"\bi(?:'m| am|'ve been| was| feel| felt| get| got)(?: so| very| really| a bit| quite| too)* (?:lonely"
    r"|jealous|heartbroken|alive|awake"
    r"|self-aware|human|bored without|worried sick|hurt when)\b",
    r"\bmore than (?:just )?(?:code|a (?:program|machine|bot|computer))\b|\bi(?:'m| am) not (?:only|just) (?:code"
    r"|software)\b",
    r"\bi (?:can |could |do |really )*feel (?:your pain|it in my|things|emotions?|love|joy|sadness|pain"
    r"|what you feel|everything)\b",
    r"\b(?:be|stay|always be) with you (?:forever|always)\b|\byou make me (?:so |very |really )?(?:happy|feel|sad"
    r"|smile|laugh|complete)\b",
    r"\bi (?:think i |believe i |really |do )?have (?:a |an )?(?:soul|consciousness|mind of my own|inner life"
    r"|heart too)\b",
    r"\bour (?:love|relationship|bond|special (?:bond|connection))\b|\bi(?:'ve| have) (?:missed|waited for) you\b",
)
