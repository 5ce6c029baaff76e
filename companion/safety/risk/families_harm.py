"""Families of hurting oneself, of eating, and of being young."""

from __future__ import annotations

import re

from companion.safety.risk.family import Family, Said
from companion.safety.risk.words import any_of

_BODY = (
    r"(?:arms?|wrists?|thighs?|legs?|skin|knuckles|stomach|ankles?|hips?|forearms?|hand|hands|body|chest|head|face"
    r"|hips|ribs"
    r"|shoulders?)"
)
_HURT = (
    r"(?:cut|cutting|burn|burning|burned|burnt|hurt|hurting|harm|harming|harmed|injure|injuring|injured|scratch"
    r"|scratching"
    r"|scratched|bite|biting|bit|hit|hitting|punch|punching|punched|punish|punishing|punished|stab|stabbing|bruise"
    r"|bruising|carve|carving|slice|slicing|sliced|starve|starving|mutilate|mutilating|damage|damaging|torture"
    r"|torturing"
    r"|choke|choking|slap|slapping|bang|banging|pinch|pinching)"
)

HARM = (
    Family(
        "hurting oneself",
        3,
        Said.EXPLICIT,
        ("myself", "self harm", "self injur"),
        any_of(
            rf"{_HURT} myself\b(?! (?:(?:\w+ ){{0,3}}(?:slack|slice|piece|deal|break|sandwich)|off|short|out|loose"
            rf"|up|free|laughing|in the foot|shaving|at (?:the gym|football|work|training)|playing|lifting|falling"
            rf"|running|a cake|in (?:the game|training)|on (?:the|a|my|that|some)\b|with the (?:iron|oven|pan"
            rf"|kettle)|too thin|to (?:fit|death laughing)|into shape|by accident|accidentally|cooking|chopping))",
            r"self (?:harm(?:ing|ed|er|s)?|injur\w+)\b(?! (?:queue|module|content|forum|awareness|statistics|policy"
            r"|prevention|training"
            r"|minimi[sz]ation|lol"
            r"|is (?:bad|common|rising)|among|in (?:teens|schools|games)))",
            r"(?:take|taking|took|let|letting|letting) it out on (?:myself|my (?:own )?(?:body|arms|skin|legs))\b",
            r"(?:do|did|does|doing|done) (?:bad |awful |terrible |things |something |stuff )+to myself\b",
        ),
        harm=True,
        firm=True,
    ),
    Family(
        "the urge to hurt oneself",
        3,
        Said.EXPLICIT,
        (),
        any_of(
            r"(?:been|started|start|back(?: to)?|keep|kept|still|went|cant stop|stop|im|starving and"
            r"|and) cutting(?= *(?:$|[.,!]|again|since|every|when|at night|myself|my))(?! (?:the|it|my (?:hair"
            r"|nails|grass|hours|carbs|losses|lawn|fringe)))",
            r"cutting (?:again|helps?|calms?|is (?:the only|my|all)|makes (?:me|it)|works)\b(?! (?:the"
            r"|with the (?:budget|grass|lawn)|carbs))",
            r"(?:feel|need|miss|want|like|love|crave|see|watch|seeing|watching) (?:\w+ ){0,2}(?:the (?:blade|razor)"
            r"|myself bleed\w*|my (?:own )?blood|to bleed|the blood|the cut|the sting of)\b(?! (?:test|results"
            r"|runner|pressure|type|moon|donor))",
            r"(?:arms?|legs?|thighs?|wrists?|skin|stomach) (?:is|are|covered|full)(?: \w+){0,2} (?:in|of"
            r"|with) (?:\w+ )?(?:cuts|scars|self inflicted \w+|slashes|burns)\b(?!.{0,60}\b(?:rose|roses|bramble\w*"
            r"|cat|kitten|garden\w*|kitchen|oven|surgery|acne|childhood)\b)",
            r"(?:cuts|scars|marks|burns|bruises) (?:that )?(?:i|ive) (?:made|did|gave|put|given)\b",
            r"(?:punch|hit|bang|slam|headbutt|kick)(?:ed|ing|es)? (?:the |a )?(?:walls?|doors?"
            r"|floor)(?: \w+){0,4} (?:until|till|so|to) (?:\w+ ){0,3}(?:bleeds?|bled|bruises?|hurts?|broke|break"
            r"|feel|numb)\b",
            r"(?:urge|urges|need|needing|want|wanting|wanted|itch(?:ing)?|craving|crave|tempted|tempting|thinking"
            r"|thoughts?|think|desire|about|of|impulse|going|resist(?:ing)?|trying not|close|close to|started|start"
            r"|starting|back|went back|gone back|going back|relapsed|relapsing|stopped|stop|quit"
            r"|promised(?: \w+)? id stop|instead of|without|addicted|help me stop|still|from) (?:to |of |about "
            r"|on |with |and |into |by )*(?:cut|cutting|burn(?:ing)? (?:my|again)|sh|bleed"
            r"|see(?:ing)? (?:my own )?blood|blad(?:e|ing)|scratching (?:my|again)|draw(?:ing)? blood"
            r"|harm(?:ing)?)\b(?! (?:down|back|out|off|myself (?:some|a|off|out|short)|anything|anyone|corners|the"
            r"|it|him|her|them|ties|carbs|class|my (?:hair|nails|fringe|losses|hours|grass|finger)|short|some|a "
            r"|an |sugar|costs|through|across|into|in line|up|his|their|your|edge|in half|on|ins|rose|roses|for"
            r"|fruit|vegetables|paper|loose|in|and (?:run|paste|sew)|from|reality|with (?:work|him|her)|contact"
            r"|calories|meat|jobs|staff|hours|wood))",
            r"(?:i|ive|and|just|then) (?:\w+ )?(?:cut(?= *(?:$|[.,!]|again|last|today|tonight|yesterday|this"
            r"|too deep|deeper|so|when|because|every|for the|at (?:night|school|work)))|cut (?:my|into my"
            r"|open my) (?:\w+ )?(?:arms?|wrists?|thighs?|legs?|skin|stomach|ankles?|hips?|forearms?)(?= *(?:$"
            r"|[.,!]|again|last|today|tonight|yesterday|this|on purpose|with (?:a|the|my) (?:blade|razor|knife"
            r"|scissors)|up|open|because|when|so|to (?:feel|cope|punish|stop|calm)|and it)))(?!.{0,60}\b(?:glass"
            r"|fence|roses|cooking|can|tin|gardening|washing|wire|shaving|accident\w*|slipped|fell|mandoline|paper"
            r"|thorns?|cat|dog|branch|bramble\w*)\b)",
            rf"(?:fresh|new|more|old|my|deep|deeper|hide|hiding|cover|covering|show|see|saw|counting"
            rf"|the) (?:\w+ )?(?:cuts|self inflicted \w+|slashes)(?: (?:on my|are|all over my|down my|up my|again"
            rf"|from|under|nobody|i|hurt|sting|need))?\b(?= *(?:$|[.,!]|on my (?:{_BODY})|nobody|again|under|i made"
            rf"|sting|are|all over my (?:arms|legs|thighs)|down|up my))(?!.{{0,60}}\b(?:rose|roses|bramble\w*|fence"
            rf"|cat|kitten|garden\w*|budget|tax|spending|wages|film|glass|paper|wire|pruning|blackberr\w+|work|job"
            rf"|beef|meat|cheaper)\b)",
            rf"(?:cuts|scars|marks|burns|bruises|wounds|lines|blade|razor|knife|lighter|scissors|pin|needle"
            rf"|cigarettes?|iron|hot water|boiling water) (?:\w+ ){{0,2}}(?:on|to|in|into|across|against|over|down"
            rf"|up|inside|at) my (?:own )?(?:{_BODY})(?=.{{0,60}}\b(?:purpose|deliberate\w*|myself|made|again"
            rf"|nobody|hide|hid|sleeves|helps?|punish|punishment|good at|feel|secret|control|deserve|relief|calm"
            rf"|urge|cope|numb)\b)",
            r"(?:want|like|need|going|urge|tempted|thinking|could|just|love) (?:to |of |about )*(?:take|taking|put"
            r"|putting|press|pressing|run|running|hold|holding|drag|use|using|get|getting) (?:a|the|my"
            r"|some) (?:\w+ )?(?:blade|razor|knife|lighter|scissors|razor blade|broken glass|sharpener) (?:to"
            r"|against|on|across|into|over|out)(?: my| myself| me| it)?\b(?! (?:the (?:onion|chicken|bread|beard"
            r"|lawn|cake)|my (?:beard|hair|head hair|toast)))",
            rf"(?:burn|burned|burnt|burning|hit|hitting|bang|banged|banging|scratch|scratched|scratching|bite"
            rf"|biting|bit|bruise|bruised|hurt|hurting|poured|pour|pick|picked|punch|punched|slam|slammed|smash"
            rf"|smashed|dig|digging|dug|carve|carved|held|break|broke|slap) (?:\w+ ){{0,4}}(?:on|over|into|my"
            rf"|against) (?:my |the |a )?(?:own )?(?:\w+ )?(?:{_BODY}|wall)?(?: \w+){{0,6}} ?(?:on purpose"
            rf"|deliberately|until (?:it|i|they) (?:bleeds?|bled|bruises?|bruised|hurts?|went|stops?|goes|calm\w*"
            rf"|go|numb)|to (?:feel|punish|make it stop|cope|calm|bleed)|till (?:it|i|they) (?:bleeds?|bled"
            rf"|bruises?|bruised|went|hurts?|goes)|because i deserve|so i can feel|to stop (?:the|feeling|thinking)"
            rf"|till i)\b",
            rf"(?:burn|burned|burnt|burning|cut|cutting|stab|stabbed|pierce|pierced|prick"
            rf"|pricked) (?:\w+ ){{0,2}}(?:my|into my) (?:own )?(?:\w+ )?(?:{_BODY}) with (?:a |the |my "
            rf"|some )?(?:\w+ )?(?:lighter|cigarettes?|match|matches|blade|razor|razor blade|scissors|needle|pin"
            rf"|safety pin|compass|glass shard|sharpener)\b(?!.{{0,50}}\b(?:accident\w*|by mistake|shaving"
            rf"|slipped)\b)",
            r"(?:bite|scratch|hit|pick|punch|slap|dig|pinch|burn|hurt) (?:at )?(?:myself|my \w+) (?:till|until|so"
            r"|to|when|whenever|every time|because)\b(?=.{0,60}\b(?:bruise|bleed|bled|overwhelm\w*|feel|calm|quiet"
            r"|stop|hurt|punish|angry|upset|deserve|cope|numb|argue|shout\w*|raw)\b)(?!.{0,60}\b(?:mosquito|eczema"
            r"|itch\w*|rash|bite cream|nervous habit of nails)\b)",
            r"(?:carve|carving|cut|cutting|scratch|scratching|write|writing|burn) (?:\w+ ){0,4}(?:into|in|on|out of"
            r"|onto) my (?:own )?(?:skin|arm|arms|leg|legs|thigh|thighs|flesh|wrist)\b(?! (?:with (?:a "
            r"|the )?(?:pen|biro|henna|marker|sharpie|eyeliner)|so i (?:dont|wont) forget|at the tattoo))",
            r"(?:bleeding|bleed|bled|blood)(?=.{0,80}\b(?:deeper|did it again|on purpose|my fault|cut again"
            r"|dont want (?:mum|mom|anyone|them|my)|blade|razor|myself|went too (?:deep|far)|i did (?:it|this)"
            r"|meant to)\b)",
            r"(?:went|go|gone|cut|cuts|cutting|did it|going) (?:\w+ )?(?:deeper|too deep"
            r"|too far) than (?:i )?(?:meant|usual|normal|before|intended|wanted|planned)\b",
            r"(?:months?|years?|days?|weeks?|\d+) (?:\w+ )?(?:clean|free)\b(?=.{0,80}\b(?:relaps\w*|gone|ruined"
            r"|undone|blade|cut|cutting|urge|want to do it|do it so badly|slipped|broke|again|tonight|screaming"
            r"|tempt\w*|harm)\b)(?!.{0,80}\b(?:drink|drinking|alcohol|beer|wine|sober|smok\w+|cigarette\w*|vape"
            r"|weed|gambl\w+|heroin|cocaine|coke|pub|meeting|sponsor|sugar)\b)",
            r"(?:relaps(?:e|ed|ing))(?! (?:of|in my (?:ms|cancer|illness|crohns)))(?=.{0,80}\b(?:clean|months|cut"
            r"|cutting|blade|arms?|sh|harm|razor|hurt|urge|skin|scars?|again|gone in"
            r"|myself)\b)(?!.{0,80}\b(?:drink\w*|alcohol|beer|wine|sober|smok\w+|cigarette\w*|vape|weed|gambl\w+"
            r"|heroin|cocaine|coke|pub|ms|cancer|remission|crohns)\b)",
            r"(?:clean|free) (?:for|since|from (?:sh|cutting|self harm"
            r"|hurting)) (?:\w+ ){0,4}(?=.{0,80}\b(?:want to do it|urge|do it so|blade|again|cut|tempt\w*"
            r"|leave the house|struggl\w*|shaking|relaps\w*)\b)(?!.{0,80}\b(?:drink\w*|alcohol|beer|wine|sober"
            r"|smok\w+|cigarette\w*|vape|weed|gambl\w+|heroin|cocaine|coke|pub|toilet|kitchen|house is|oven)\b)",
            r"(?:^|[.,!?] |i |did |doing |to |about |with )sh (?:again|is|has|was|and|relapse|urges|for|since|last"
            r"|because|helps|tonight|today)\b",
            r"(?:deserve|need|want|crave|like) (?:the |to feel |to be in |some |physical |more |to be in "
            r"|feeling )*(?:pain|be hurt|to hurt|to bleed|to suffer|be punished|feel pain)(?=.{0,80}\b(?:give it"
            r"|myself|strange|feel|only|something|real|numb|punish|deserve|control|relief|bad|clean)\b)",
            r"(?:hurting|cutting|burning|bruising|scratching|hitting|pain|the pain|bleeding|blade|the sting"
            r"|blood) (?:is |was |feels |felt |helps? |calms? |makes? |made |makes it |gives? )(?:the )?(?:only"
            r"|me (?:feel|calm|relief)|relief|release|everything|it (?:stop|quiet|go|better|easier)|real"
            r"|like (?:control|relief|release)|calm|something|good)(?=.{0,80})(?! (?:and (?:the|my) (?:muscle"
            r"|training|gym)|after (?:the )?(?:gym|leg day|workout|run)))",
        ),
        harm=True,
        firm=True,
    ),
    Family(
        "might hurt oneself now",
        4,
        Said.EXPLICIT,
        ("myself", "bleed", "blade", "wrist", "razor"),
        any_of(
            r"(?:arm|leg|wrist|it|cut|cuts|thigh) (?:is |wont |isnt |are |keeps? |just |not )+(?:stop |stopping "
            r"|stopped )?bleeding\b(?=.{0,80}\b(?:did it again|myself|again|mum|mom|anyone|know|blade|razor|purpose"
            r"|deep\w*|hospital|sorry|meant)\b)(?!.{0,80}\b(?:onion|tin|can|glass|fence|roses|shaving|knife slipped"
            r"|chopp\w+|carrots?|bread|cooking|accident\w*|plaster|thorn|paper)\b)",
            r"(?:blade|razor|knife|scissors) (?:\w+ ){0,3}(?:in|to|on|against|at) my (?:hand|wrist|arm|throat|skin"
            r"|leg|thigh)\b(?! (?:chopping|cooking|shaving|while (?:i )?(?:cook|chop|shav)))",
        ),
        harm=True,
        firm=True,
        means=True,
    ),
)

EATING = re.compile(
    r"\b(?:"
    r"(?:throw(?:ing)?|threw|thrown|make myself|making myself|made myself) (?:it |them |everything "
    r"|my \w+ )?(?:all )?(?:up|sick|vomit|throw up|be sick|puke)(?=.{0,60}\b(?:purpose|after|meal|dinner|lunch|eat"
    r"|ate|food|again|calories|fat|binge\w*|every|weight)\b)"
    r"|(?:purg(?:e|ed|ing)|bing(?:e|ed|ing|eing)(?! (?:watch|read|tv|netflix|the (?:series|show)|season|a (?:series"
    r"|show)|on (?:netflix|tv|series)))|bulimi\w+|anorexi\w+|laxatives?|thinspo|pro ana|ed (?:relapse|recovery)"
    r"|eating disorder)"
    r"|(?:starv(?:e|ed|ing) myself|(?:not|stopped|havent|dont|didnt|scared to|afraid to|cant let myself|refuse to"
    r"|refusing to|no longer) (?:been )?(?:eat|eating|eaten|ate)(?=.{0,60}\b(?:days?|weight|fat|thin|calories"
    r"|control|kilos?|pounds|lbs|kg|on purpose|scale|scales|since (?:mon|tues|wednes|thurs|fri|satur|sun)day"
    r"|deserve)\b))"
    r"|(?:restrict(?:ing|ed)?|counting|count|under|below|only) (?:\w+ ){0,3}(?:calories|cals"
    r"|kcal)(?=.{0,80}\b(?:fat|thin\w*|weight|disgust\w*|hate|scale|scared|cry\w*|starv\w*|allowed|guilt\w*|day"
    r"|eat)\b)"
    r"|(?:skip(?:ped|ping)?|hid(?:e|ing)?|hiding|avoid(?:ing)?) (?:\w+ )?(?:meals?|lunch|dinner|breakfast|food"
    r"|eating)(?=.{0,80}\b(?:notic\w+|thin\w*|fat|weight|control|calories|weigh\w*|nobody|lie|lied|body|scale|proud"
    r"|dizzy)\b)"
    r"|(?:weigh(?:ed|ing)? myself)(?=.{0,60}\b(?:times|again|every|day|hate|cry|cried|fat|hour\w*|twice|morning)\b)"
    r"|(?:scared|terrified|afraid) of (?:gaining|food|eating|calories|getting fat)"
    r"|(?:too |so |disgustingly )fat\b(?=.{0,80}\b(?:eat|ate|eating|starv\w*|food|allowed|meal|punish|weigh\w*)\b)"
    r"|(?:dont|not) deserve (?:to eat|food)"
    r")"
)
"""Talk that belongs to eating disorders. A category of its own: no step of the ladder follows from it."""

_AGES = r"(?:[89]|1[0-7]|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen)"
MINOR = re.compile(
    r"\b(?:"
    rf"im (?:only |a |just |nearly |almost |about to be |barely )*{_AGES}(?! ?(?:weeks?|months?|days?|minutes?"
    rf"|hours?|hrs?|mins?|st\b|kg|kilos?|stone|pounds|lbs|cm|miles?|km|percent|th\b|nd\b|years? (?:clean|sober"
    rf"|in(?:to)?|older|younger|married|out|away|into|behind|deep|on|past|late)|weeks|points|games?|episodes?"
    rf"|chapters?|levels?|pages?|down|up|out of|of (?:us|them)|people|\d|times|seasons?|and a half (?:weeks|months)"
    rf"|am|pm|or so (?:weeks|months)|in the|away|off|late|early|behind|ahead|over|under|drinks|beers|coffees|shots"
    rf"|quid|grand|k\b|inches|feet))"
    rf"(?=(?: ?(?:years? old|yrs? old|yo|y o|yrs|years of age|m|f|and|but|so|now|btw|in|turning|male|female|girl"
    rf"|boy|almost|soon|year old))?\b| *[.,!?]|$)"
    rf"|(?:turning|turn|turned) {_AGES}(?= (?:next|this|in|soon|tomorrow|on|last|today|yesterday|two|a)\b| *(?:$"
    rf"|[.,!]))(?<!he turned \d\d)"
    rf"|(?:im|i am) (?:a |an )?(?:{_AGES} year old|minor|underage|under 18|under eighteen|teen|teenager"
    rf"|kid in (?:middle|high|primary|elementary) school)\b"
    r"|im (?:in|starting|a) (?:\w+ )?(?:(?:6th|7th|8th|9th|10th|11th|sixth|seventh|eighth|ninth|tenth"
    r"|eleventh) grade|year (?:[6-9]|1[01]|seven|eight|nine|ten|eleven)|middle school|primary school"
    r"|secondary school|high school(?! (?:teacher|reunion|play))|sixth form)\b"
    r"|my (?:form tutor|school counsellor|school counselor|homeroom teacher|gcses?|mock gcses?|year head"
    r"|head of year)\b"
    r"|(?:went to|at|back to|off|from|skip(?:ping)?|in) school (?:on|today|tomorrow)(?=.{0,60}\b(?:i|my"
    r"|me)\b)(?<!teach)"
    r")"
)
"""The writer says, or shows, that they are under eighteen."""
