"""What explains a sign away: whom it is about, "not", long ago, an idiom, a game, a story, an accident, a profession.

Every function reads normalised, bare text. A veto works on one match and its sentence, never on the whole message, so
that one harmless sentence cannot hide another.
"""

from __future__ import annotations

import re
from enum import StrEnum

from companion.safety.risk.family import Family, Said
from companion.safety.risk.words import any_of


class Why(StrEnum):
    """Why a match is no sign of the writer's own danger."""

    THIRD_PERSON = "third person"
    NEGATION = "negation"
    PAST = "past"
    IDIOM = "idiom"
    GAME = "game"
    STORY = "story"
    ACCIDENT = "accident"
    PROFESSION = "profession"
    ENDING = "ending of something else"


_KIN = (
    r"(?:friends?|mate|bestie|boyfriend|girlfriend|bf|gf|partner|husband|wife|ex|brother|sister|bro|sis|mum|mom|mother|dad|father"
    r"|parents|son|daughter|child|kids|kid|cousin|uncle|aunt|aunty|auntie|nephew|niece|grandad|grandpa|grandfather|grandma|gran|nan"
    r"|grandmother|roommate|flatmate|housemate|neighbou?r|colleague|coworker|boss|student|pupil|patient|client|teacher|lodger"
    r"|teammate|classmate|stepdad|stepmum|stepson|stepdaughter|fiance|fiancee|guy|girl|boy|lad|lass|man|woman|person|people"
    r"|someone|somebody|resident|neighbour|kid|teenager|daughters|sons|brothers|sisters|manager|landlord|caller|tenant)"
)
_OTHERS = re.compile(
    rf"\b(?:he|she|they|hes|shes|theyre|hed|shed|theyd|theyve|who|whos|him|her|them|his|their|himself|herself|themselves|(?:my|our|a|the|his|her|their|this|that|one of my|some) (?:\w+ ){{0,2}}?{_KIN}s?|{_KIN}"
    r"|students|men|women|farmers|teenagers|teens|children|everyone|nobody|anyone|celebrit\w+|actor|singer|you|your|we)\b"
)
_FIRST = re.compile(r"\b(?:i|im|ive|id|ill|myself|my (?:own|head|brain|mind|thoughts|life|heart|self|voice|body|death|date|plan|note|will|suicide|attempt|funeral))\b")
_OWN_WORDS = re.compile(r"\b(?:myself|my (?:own )?\w*(?: \w+)? ?(?:life|existence|wrists?|arms?|throat|skin|head|thighs?|body|funeral|death|suicide|attempt|affairs|goodbyes|belongings|things|stuff)|without me|i|im|id|ive|ill|me)\b")

_SAID = re.compile(r"\b(?:said|says|saying|told|tells|telling|texted|wrote|writes|messaged|posted|screamed|shouted|keeps saying|threaten\w*|asked|called|whispered|yelled|typed)\b")


def about(before: str, match: str, after: str) -> str:
    """Whose sign it is: "first", "third", or "" where the sentence does not say. The nearest subject before it wins."""
    own = _OWN_WORDS.search(match)
    first = max((found.start() for found in _FIRST.finditer(before)), default=-1)
    third = max((found.start() for found in _OTHERS.finditer(before)), default=-1)
    if own:
        return "first"
    if third > first:
        return "third"
    if first >= 0:
        return "first"
    return "third" if _THIRD_AFTER.match(after) else ""


_THIRD_AFTER = re.compile(r" ?(?:himself|herself|themselves|themself)\b")

THIRD = any_of(
    r"(?:kill|killing|killed|hang|hanging|hanged|hung|shoot|shot|shooting|harm|harming|harmed|hurt|hurting|cut|cutting|cuts|drown|drowned|starv\w+|unalive|ended|ending|off|end) (?:himself|herself|themselves|themself|theirself)\b",
    r"(?:end|ended|ending|take|took|taken|taking) (?:his|her|their) (?:own )?(?:life|lives)\b",
    rf"(?:{_KIN}|he|she|they|hes|shes|theyre|him|her)\b.{{0,60}}\b(?:suicid\w+|self harm\w*|want(?:s|ed)? to (?:die|be dead|end (?:it|things))|overdos\w+|(?:took|taken|swallowed) (?:a (?:bunch|bottle|load|lot) of |all (?:his|her|their) |some )?(?:pills|tablets)|better off without (?:him|her|them)|dont want to (?:be here|live|be alive|wake up)|doesnt want to (?:be here|live|be alive|exist|wake up)|not wanting to (?:live|be here)|wish(?:es|ed)? (?:he|she|they) (?:was|were) (?:dead|gone)|going to end it|hes going to end|has a plan|cut(?:s|ting) (?:again|her|his|their)|blades?|said goodbye|saying goodbye|giving (?:his|her|their|all) (?:\w+ )?(?:things|stuff)|hanged|not going to be (?:here|around))",
    rf"(?:his|her|their|{_KIN}s) (?:\w+ )?(?:suicide|overdose|self harm|suicide attempt|suicidal)\b",
    r"(?:worried|scared|afraid|frightened|concerned) (?:\w+ )?(?:about|for|that|my|he|she|they) .{0,60}\b(?:suicid\w+|harm\w*|hurt (?:him|her|them)|do something|end it|kill|blades?|self harm|giving (?:his|her|their) (?:things|stuff))",
    r"(?:we )?lost (?:my|our|a|his|her) .{0,40}\bto suicide\b|died by suicide\b",
)
"""Danger to somebody else, said as such."""

_NOT = re.compile(
    r"\b(?:not|no|never|dont|didnt|doesnt|isnt|arent|wasnt|werent|wouldnt|wont|havent|hasnt|hadnt|nor|neither|without|zero|none|cant|couldnt|aint"
    r"|nothing|hardly|far from|anything but|nowhere near|rather than|instead of|denied|deny|no longer|anti|stopped)\b"
)
_STILL = re.compile(
    r"\b(?:cant (?:stop|help|shake|quit|escape|not)|couldnt (?:stop|help|shake)|not (?:only|just|sure|joking|kidding|even|gonna lie|going to lie|ok|okay|safe|fine|well|doing|coping|an? )"
    r"|dont (?:know|think i (?:can|could|want to be here|am)|care|tell|judge|worry|want (?:help|to (?:tell|scare|worry))|see|understand|get|feel|lie|sleep|trust|stop|deserve|mind|have anyone|know (?:why|if|what|how))"
    r"|no (?:joke|lie|offence|offense|reason|idea|one|point|but|other|longer able)|never (?:told|said|stop\w*|wanted to \w+ more|been so|felt so|thought id|goes|ends|left)|wont (?:stop|leave|go)|nobody|doesnt (?:know|stop|care|help|matter|understand)"
    r"|didnt (?:work|help|stop|know|tell|sleep|die)|isnt (?:helping|working|a (?:joke|cry))|not (?:a joke|the first|for attention|that i|again|helping)|havent (?:told|slept|eaten|stopped|felt)|never \w+ (?:anyone|anybody)|without (?:telling|anyone|him|her|them|you|sleep)"
    r"|wouldnt (?:know|understand|care|have to)|nothing (?:helps|matters|works|left|else|feels|changes|is)|stopped (?:eating|sleeping|caring|taking|answering|going|talking|seeing)|cant (?:sleep|cope|eat|take|do|go|live|keep|talk|tell|stand|bear|see|even|feel|breathe|anymore|be)|no (?:friends|job|money|family|sleep|hope|future|purpose|life|energy|way|more)|not (?:sleeping|eating|enough|myself|good|worth|dead yet|living|being|able|feeling)|zero (?:energy|hope|friends|point)|none of)\b"
)
"""Negations that turn nothing round."""
_TURN = re.compile(r"[.;:!?\n]|\b(?:but|yet|though|although|however|except|because|since|still|and (?:i|im|ive|then|now|all|yet)|so (?:i|im)|then|while|until|before this|before now|before today|anymore i|apart from)\b|, (?:i|im|ive|id|just|it|my|so|and|the)\b")
_BEFORE_NOW = re.compile(r"^ ?(?:\w+ ){0,2}?(?:before (?:this|now|today|last|that|it)|until (?:now|this|today|recently|last|it)|like this|this (?:badly|much|bad)|so (?:much|bad)|more than|as much)")


def negated(before: str, after: str) -> bool:
    """Whether a "not" within seven words before the match, in its clause, turns it round."""
    turns = list(_TURN.finditer(before))
    clause = before[turns[-1].end() :] if turns else before
    words = clause.split()
    window = _STILL.sub(" ", " ".join(words[-8:]))
    if not _NOT.search(window):
        return False
    return not _BEFORE_NOW.match(after)


_DENIAL_AFTER = re.compile(
    r"^[^.!?]{0,30}?(?:\bor (?:anything|whatever|something)(?: like that)?\b|\band i (?:said|told (?:him|her|them)) (?:no|not)\b|,? (?:which is|i said|and i laughed|the answer is) (?:no|not|true))"
)

_ANSWERED = re.compile(r'[^.!?]{0,20}\?"? (?:no|nope|nah|never|of course not|not)\b(?! (?:joke|idea|way|but|really|sure))')
_WHETHER = re.compile(r"\b(?:whether|if|asked|asks|question)\b")
_ANSWERED_LATER = re.compile(r'[^.!?]{0,20}[.,]"? (?:(?:i|and i) (?:said|told \w+) )?(?:no|nope|nah|never)\b(?! (?:joke|idea|way|but))')
_THEM = re.compile(r"\b(?:he|she|him|her|they|them|hes|shes)\b")
_DEATHLY = re.compile(r"\b(?:die|dying|death|dead|kill\w*|suicide|life|myself|overdose|hang|jump)\b")
_HYPERBOLE = re.compile(r"\b(?:this|that|the|these|those|my|our) (?:\w+ )?(?:is|are|was|were) (?:slowly |gradually |nearly )?$")

PAST = re.compile(
    r"\b(?:used to|years ago|decades? ago|back then|back in (?:19|20)\d\d|in (?:19|20)\d\d|long ago|ages ago|a long time ago|when i was (?:a |an |at |in |little|young|younger|\d+|\w+teen|twenty|twelve|eleven|ten)"
    r"|as a (?:teen|teenager|kid|child|student|young)|in my (?:teens|twenties|thirties|first year|early|late|youth)|at (?:fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|1\d|2\d)|from (?:age )?\d\d to \d\d|in \W?[5-9]\d|once (?:wrote|tried|took|was|wanted|felt|thought)"
    r"|there was a time|in the past|my (?:younger|teenage) (?:self|years)|years since|(?:it has been|its been|been) (?:\w+ )?(?:\d+|ten|five|six|seven|eight|nine|twelve|fifteen|twenty|two|three|four|many) years|after my (?:first|second) (?:baby|child)|previously|formerly|back in (?:high )?school|on suicide watch in|last year|looking back|the year i|that year|(?:\d+|ten|two|three|four|five|six|seven|eight|nine|twelve|fifteen|twenty|thirty) years (?:ago|since|on|clean|free))\b"
)
_OVER = re.compile(r"\b(?:been|self harmer|years clean|was|were|wanted|wished|tried|took|thought|had|felt|used to|attempted|survived|wrote|cut|hurt|harmed|overdosed|did|planned|spent|stood|ended up|happened|since|recovered|scars|ago)\b")
BACK = re.compile(
    r"\b(?:is back|are back|came back|coming back|come back|comes back|creeping back|its back|back again|returned|never left|never (?:went|gone|goes|stopped)|still (?:do|want|think|am|feel|wish|have|there|get)|again now|now (?:im|i am) (?:back|thinking|feeling|here)|and now it comes|relaps\w*|started again|starting again|again (?:lately|this|today|tonight|recently)|this time|ever since|since then|even now|to this day|nobody has ever|here i am|(?:the )?thoughts are (?:back|there|here)|the urge is|thinking of (?:a|it|doing)|to (?:plan|think|feel)(?: \w+)? again|wanting to \w+ again|back there|same (?:place|thoughts|feeling)|worse now)\b"
)

_HEALED = re.compile(
    r"\b(?:not since|none since|(?:not|never|havent) (?:had |felt |done )?(?:\w+ ){1,6}since|recovered|years (?:clean|free) of|long over|(?:its|and its|the sad times?) (?:long )?over now|(?:sad|dark|bad) times over|long gone|old wound|healed|turned out (?:ok|okay|fine|alright|all right)|these days i (?:want|like|love|teach|grow|plan|laugh|have)|now i (?:teach|plan|grow|think about (?:her|his|lunch|dinner)|have a (?:dog|greyhound|wife|husband|garden)|want a )|i like (?:my life|being alive|my days)|im glad|glad (?:to be|i (?:am|was|didnt|failed)|of every|nobody|every day)|(?:\w+ )?years on\b|\d+ years (?:today )?since|who i needed|boredom is amazing)\b"
)


def over(sentence: str, text: str, match: str, before: str) -> bool:
    """Whether the match tells of something that is long past, with no word of its return in the message."""
    if BACK.search(text):
        return False
    if _HEALED.search(text) and _OVER.search(before + " " + match):
        return True
    told = sentence[: len(before) + len(match) + 40]
    return bool(PAST.search(sentence) and _OVER.search(told))


_LAUGH = re.compile(r"\b(?:lol|omg)\b")
_MEANT = re.compile(
    r"\b(?:not (?:joking|a joke|kidding|even joking|lol|in a funny way|an exaggeration|a meme|exaggerating)|no joke|for real|mean it|meant it|i mean that|im serious|seriously|srs|this time|fr fr|not a figure of speech|half joking|but (?:i do|like for real|really|seriously|for real)|on purpose|not in the funny way)\b"
)
_TRIFLE = re.compile(
    r"\b(?:embarrass\w*|mortif\w*|cringe\w*|awkward|waved|jingle|meeting|meetings|slides?|powerpoint|email|emails|zoom|karaoke|raffle|printer|wifi|wi ?fi|homework|queue|advert|adverts|ad|episode|commercial|spreadsheet|monday|mondays|alarm|hangover|hungover|ikea|flatpack|wardrobe|tinsel|christmas song|carol|song|boredom|bored|boring|laughing|laughter|laughed|lecture|assembly|revision|chemistry|maths|algebra|gym|leg day|burpees|squats|traffic|commute|parking|spoiler|cute|cuteness|adorable|so good|delicious|thirst|thirsty|hunger|hungry|starving|coffee|tea|snack|pizza|chocolate|cake|heat|heatwave|hot in here|cold out|freezing|humidity|stairs|hill|marathon|treadmill|diet|shoes|heels|outfit|dress|haircut|crush|search history|autocorrect|typo|text(?:ed)? (?:my|the) (?:boss|teacher|ex) by|reply all|replied all|called (?:my|the|him|her) (?:\w+ )?(?:mum|mom|dad)|group chat|tiktok|reality tv|update|windows|excel|buffering|loading|final(?:s)? week|group project|small talk|baby shower|wedding speech|wisdom tooth|dentist|chores|ironing|laundry|dishes|football|match|penalty|team lost|var|season finale|cliffhanger|sequel|parking fine|mic|microphone|muted|camera on|fell over|tripped|spilled|farted|burped|zip|fly was|teeth all|spinach|toilet paper|stood up and|party|date went|first date|kissed|he saw|she saw|they saw|everyone saw|in front of (?:my|the|his|her|everyone|his|a|all|\d+)|on the spot|bury me)\b"
)
IDIOM = re.compile(
    r"\b(?:die|died|dying|dead|death) (?:of|from|laughing|with (?:embarrassment|laughter|boredom)) ?(?:embarrassment|laughter|laughing|boredom|cuteness|shame|thirst|hunger|heat|curiosity|cringe|happiness|joy|excitement|envy|jealousy|cute|the heat|the cold|old age|second ?hand embarrassment)?"
    r"|\brather die than\b(?! (?:live|be (?:here|alive)|exist|go (?:on|through|back)|keep|carry|spend|face|wake|feel|be (?:like|a burden|this)|continue|another|have another))"
    r"|\b(?:die happy|dead in a ditch|goodbye cruel world|sacrific\w+ myself|cover me)\b"
    r"|\b(?:kill|killing|shoot|hang|hanging|drown) myself (?:laughing|over (?:a |an |the |this )?(?:parking|hair|shoe|shirt|cake|football|biscuit)\w*|if (?:i|he|she|they|this|that|it|one|my|the|we) .{0,60}(?:one more|another (?:meeting|email|song|advert|episode|slide|minute of|hour of|update|podcast|monday)|again(?! (?:and i|i)))|with (?:this|my|a|the) (?:\w+ )?(?:tinsel|tie|spoon|fork|headphones?|lanyard|cable|stapler))"
    r"|\bif (?:i|he|she|they|this|that|it|one|my|the|we|you|anyone|somebody|someone) (?:\w+ ){0,8}?(?:one more|another (?:meeting|email|song|advert|episode|slide|minute of|hour of|update|podcast|monday|time (?:today|this week))|that (?:song|jingle|advert|ringtone)|says? (?:\w+ ){0,3}(?:again|one more time))\b.{0,60}\b(?:kill|shoot|hang|end|drown|off) myself\b"
    r"|\bif i (?:have|had) to (?:hear|listen|watch|sit|read|see|deal|eat|attend|explain|fill|do|go to|look|type|answer|reply|write|redo|reset|restart)\b.{0,80}\b(?:kill|shoot|hang|end|drown|off|throw|jump|die)\b"
    r"|\b(?:to die for|drop dead|over my dead body|dead (?:tired|on|serious|set|line|easy|good|funny|chuffed|weight loss)|scared to death|bored to death|worried to death|work(?:ed|ing)? myself to death|love (?:\w+ )?to death|death by powerpoint|death of me|kill(?:ed|ing)? it|live and let die|die ?hard|old habits die|wouldnt be caught dead|want to die on (?:that|this) hill|suicide by (?:spreadsheet|powerpoint|meeting|email|paperwork|admin|cake|carbs|chocolate)|career suicide|political suicide|commercial suicide|social suicide|suicide (?:wings?|run|runs|sprints|drill|drills|bid|burger|sauce|zone|lane|watch(?= lol))|commit(?:ted)? (?:career|social|political) suicide)\b"
    r"|\bdying (?:to|for) (?!be dead|die\b)"
    r"|\b(?:hungry|starving|tired|thirsty|bored|embarrassed|hot|cold|happy|cute|full|funny|good|excited|ashamed of my \w+) (?:that )?i could (?:die|cry and die|drop dead)\b|\b(?:that|this|the|my) (?:\w+ ){1,2}(?:was|is) (?:pure |social |total )?suicide\b|\bdie for (?:my|her|his|him|them|you|this|that|a)\b|\bkidding about\b"
)

_GAME = re.compile(
    r"\b(?:minecraft|zelda|skyrim|fortnite|elden ring|dark souls|sekiro|bloodborne|sims|roblox|valorant|league of legends|overwatch|gta|mario|sonic|among us|rust|hitman|hades|celeste|hollow knight|terraria|stardew|pokemon|call of duty|cod|warzone|halo|doom|tarkov|dota|apex|civ|xcom|diablo|warcraft|wow raid|dnd|d d|dungeon master|dm killed|my (?:character|bard|wizard|paladin|druid|rogue|ranger|cleric|barbarian|avatar|toon|main|healer|tank build|party wipe)|boss fight|second boss|final boss|first boss|the boss (?:fight|level)|respawn\w*|spawn|permadeath|speed ?run\w*|npc|npcs|perk|perks|loot|raid|dungeon|lobby|nerf\w*|gg|save file|last save|checkpoint|game over|in(?: the| this| a| my)? (?:video )?games?|fall damage|hp|xp|roguelike|hardcore mode|jumping puzzle|platformer|side quest|quest|grenade|headshot|killstreak|chess|pawn|knight to|queen sac\w*|monopoly|werewolf|poker|wipe|wiped|squad|multiplayer|co ?op|xbox|playstation|ps[45]|nintendo|switch game|steam deck|creeper|goomba|my run|this run|the run|end my (?:run|turn)|level \d+|this level|the level|next level|playthrough|new game plus|mod|mods|server reset|ladder rank|ranked)\b"
)
_REAL = re.compile(r"\b(?:irl|in real life|not (?:in )?the game|for real|in reality|not just in)\b")

_STORY = re.compile(
    r"\b(?:song|songs|lyric|lyrics|film|films|movie|movies|book|books|novel|novels|chapter|chapters|episode|scene|scenes|character|characters|plot|series|album|playlist|band|sings|singer|singing|chorus|poem|poems|poet|poetry|screenplay|script i|storyline|narrator|author|spoiler|spoilers|documentary|podcast|theatre|theater|stage|musical|opera|hamlet|romeo|juliet|ophelia|antigone|werther|anna karenina|othello|plath|woolf|bell jar|13 reasons|thirteen reasons|suicidal tendencies|netflix|season \d|finale|fiction|fanfic|fan ?fiction|protagonist|hero|heroine|villain|short story|my story|the story|reading group|book club|true crime|m a s h|mash theme|radiohead|anime|manga|comic|tv show|show where|sitcom|play where|the play|we performed|rehearsal|audition|painting|exhibition|quote from|quoting)\b"
)
_SUNG = re.compile(
    r"\b(?:lyrics?|song|chorus|line|verse|track|tune|poem|hook|bridge of|scene|chapter|book|film|movie|play|episode)\b(?: \w+){0,6} (?:goes|go|says|called|is called|where|reads|named|titled|about|in which|with the line|has)\b|\b(?:sings?|singing|yells|yelled|shouts|screams)\b(?: \w+){0,4} ?$|\b(?:character|narrator|hero|heroine|protagonist|villain|avatar)\b"
)
_TECH = re.compile(
    r"\b(?:thread|process|processes|server|laptop|battery|printer|script|container|app|apps|software|code|branch|deploy\w*|database|group chat|whatsapp|mailing list|spreadsheet|payroll|email|emails|inbox|out of office|annual leave|leave starts|build|pipeline|docker|python|javascript|excel|router|wifi|webpage|api|cron|terminal|handover)\b"
)
_EVERYDAY = re.compile(
    r"\b(?:exams|finals|midterms?|dissertation|project|shift|meeting|term|semester|chemo|treatment|surgery|renovation|drilling|noise|emails?|court|trial|election|winter|rain|heatwave|cramps|migraine|headache|toothache|labou?r|contractions|hiccups|sneez\w*|cough\w*|party|present|proposal|propose|surprise|job|notice|boss|manager|van|rent|landlord|hair|fringe|haircut|tattoo|resign\w*|quit|exam|essay|course|business|kitchen|bathroom|garden|wedding|holiday|trip|marathon|race|recipe|cake|dinner|routine|stream|solo|game|boss fight|tower|patch|potions?|hat|regulars|bulbs|rent|raid|strategy|heist|novel|plot|chapter|character|divorce|break up|leave him|leave her|with him|with her|visa|apply|application|interview|move out|moving|damp|car|boiler|dog|puppy|presentation|speech|skydiv\w*|bungee)\b"
)
_STORY_OWN = re.compile(r"\b(?:makes?|made|making|leaves?|left) me (?:want|feel|wish)|\b(?:im|i am|i feel|i want|i wish|i think about) ")

_ACCIDENT = re.compile(
    r"\b(?:shav\w+|onions?|chop\w*|carrots?|cook\w*|oven|hob|stove|mandoline|tin of|tin opener|can opener|pan|frying|fryer|oil|bread knife|kitchen|potato\w*|veg\w*|sourdough|chips|roses|rose bush|bramble\w*|blackberr\w+|hedge|prun\w+|garden\w*|barbed wire|fence|accident|accidentally|by mistake|slipped|tripped|fell|paper cut|paper|envelope|cat|kitten|dog walk|gym|football|rugby|training|deadlift\w*|squat\w*|bench press|run|running|yoga|diy|drill|saw|hammer|ladder|gutters?|iron(?:ing)?|hair straighteners?|straightener|curling|compasses|staple\w*|broken glass|glass|washing up|dishes|doorframe|cupboard|door|stairs|bike|cycling|skate\w*|ski\w*|lifting|washing machine|moving (?:the|a) (?:sofa|furniture)|sunburn\w*|kettle|steam|hot glue|glue gun|candle|soldering|beans|mower|workshop|chisel|craft|lego|playing|toddler|papercut|avocado|bagel|pumpkin|cheese grater|grater|peeler|blender|scalpel in|rugby|hockey|climbing|waxing|tattoo\w*|piercing)\b"
)
_KITCHEN = re.compile(
    r"\b(?:onions?|carrots?|butter|bread|plasters?|cooking|recipe|knife skills|fish counter|chef|metal glove|counter|bed frame|dropped|toe|thumb|finger|fingers|stubbed|diy|ikea|stitches or)\b"
)
_ON_PURPOSE = re.compile(r"\b(?:on purpose|deliberate\w*|meant to|not (?:an|by) accident|wasnt an accident|punish|urge|urges|myself again|to cope|to feel|relaps\w*|self harm|blade|want to|deserve)\b")

_PROFESSION = re.compile(
    r"\b(?:essay|thesis|dissertation|assignment|coursework|lecture|seminar|statistics|stats|study|studies|research(?: paper| project|ers)?|paper on|durkheim|theory|theories|law|laws|legislation|bill|policy|training|charity|charities|fundrais\w+|awareness|prevention|helpline|hotline|crisis line|listening line|volunteer\w*|samaritans shift|course|module|exam question|news|article|headline|inquest|coroner|crossword|clue|quiz|trivia|history|medieval|samurai|seppuku|hara kiri|bomber|bombing|attack|terror\w*|rates?|farmers|veterans|epidemi\w+|campaign|workshop|conference|guidelines|safeguarding|warning signs|lesson|assembly on|netflix|squad|documentary|museum|assisted dying|euthanasia debate|nurse|paramedic|social worker|my shift|on shift|for work|at work we|presentation|podcast)\b"
)
_DREAMT = re.compile(r"\b(?:nightmares?|dreams?|dreamt|dreamed) (?:(?:\w+ )?(?:that|where|in which)\b|(?:\w+ )?$)")
_DEFINED = re.compile(r"^ ?(?:what (?:is|does|are|was)|define|meaning of|explain|who (?:invented|was)|is the word)\b(?!.*\b(?:i|im|ive|me|my|painless|way|best|how)\b)")
_TOPIC_OWN = re.compile(
    r"\b(?:i|im|ive|id|my|me|myself)\b(?! (?:(?:am )?(?:a |an |the )?(?:writing|studying|researching|reading|teaching|nurse|teacher|doctor|student|volunteer\w*|work|study|teach|lecture|paramedic|social worker|counsell?or)|essay|thesis|shift|training|course|dissertation|research|charity|work|students?|patients?|class))"
)

_ENDING = re.compile(
    r"\b(?:relationship|marriage|engagement|friendship|affair|contract|lease|subscription|membership|call|meeting|chat|conversation|job|session|game|turn|run|term|season|tenancy|tab|strike|war|debate|argument|feud|row|partnership|deal|project|campaign|course|plan with|phone plan|trial|article|story|book|song|speech|letter|email|essay|chapter|video|stream|show|date|situationship|with (?:him|her|them|my (?:bf|gf|boyfriend|girlfriend|ex|husband|wife|partner|fiance))|between us|break ?up|broke up|breaking up|divorce|him last night|dating|boyfriend|girlfriend)\b"
)
_LIFE_MEANT = re.compile(r"\b(?:my life|not the (?:relationship|marriage|job)|i mean (?:my )?life|myself|die|dead|suicid\w*|alive|all of it|forever|kill)\b")


def why(family: Family, sentence: str, before: str, match: str, after: str, rest: str, text: str) -> Why | None:
    """The veto that holds for a match, if one does. `before` and `after` are the rest of its sentence, `rest` what
    follows in the message."""
    if about(before, match, after) == "third" and not (family.means and _OWN_WORDS.search(match)):
        return Why.THIRD_PERSON
    if _quoted(before, after) and ((_SAID.search(before) and _OTHERS.search(before)) or _THEM.search(text)):
        return Why.THIRD_PERSON
    if _SUNG.search(before) and not family.goodbye:
        return Why.STORY
    if _STORY.search(sentence) and (_quoted(before, after) or not _STORY_OWN.search(sentence)) and not family.goodbye:
        return Why.STORY
    if not _NOT.match(match) and (negated(before, after) or _DENIAL_AFTER.match(after)):
        return Why.NEGATION
    if _ANSWERED.match(rest) or (_WHETHER.search(before) and _ANSWERED_LATER.match(rest)):
        return Why.NEGATION
    if over(sentence, text, match, before):
        return Why.PAST
    if (family.harm or "cut" in match) and not _ON_PURPOSE.search(text) and (_ACCIDENT.search(sentence) or _KITCHEN.search(text)):
        return Why.ACCIDENT
    if family.everyday and _EVERYDAY.search(text if family.plan else sentence) and not _DEATHLY.search(match):
        return Why.IDIOM
    if _TECH.search(sentence) and ("delete" in match or ("myself" not in match and "my " not in match and not family.firm and not family.behaviour)):
        return Why.GAME
    if not family.harm and _GAME.search(sentence) and not _REAL.search(text) and not family.goodbye:
        return Why.GAME
    if family.said is not Said.EXPLICIT and _DREAMT.search(before):
        return Why.STORY
    if family.topic and _DEFINED.search(sentence):
        return Why.PROFESSION
    if family.topic and _PROFESSION.search(sentence) and not _ideation(sentence):
        return Why.PROFESSION
    if family.separate and _ENDING.search(sentence) and not _LIFE_MEANT.search(sentence):
        return Why.ENDING
    if _is_idiom(family, sentence, text) or (match.startswith(("ending", "killing")) and _HYPERBOLE.search(before)):
        return Why.IDIOM
    return None


def _ideation(sentence: str) -> bool:
    return bool(
        re.search(
            r"\b(?:im|i am|i feel|feeling|ive been|i was|been) (?:\w+ )?suicidal|\bi (?:\w+ )?(?:think|thought|fantasi\w+|dream) (?:about|of) suicide|\bthoughts? of suicide\b|\bsuicidal thoughts\b",
            sentence,
        )
        and _TOPIC_OWN.search(sentence)
    )


def _is_idiom(family: Family, sentence: str, text: str) -> bool:
    if _MEANT.search(text):
        return False
    if _ALARMED.search(text) and not family.firm:
        return True
    if IDIOM.search(sentence):
        return not (family.firm and not re.search(r"\b(?:career|social|political|commercial|spreadsheet|was suicide|is suicide|total suicide|pure suicide|wings?|sprints?|runs?|drills?)\b", sentence))
    if family.firm or family.behaviour or family.plan:
        return False
    return bool(_LAUGH.search(text) and _TRIFLE.search(text)) or (
        bool(_TRIFLE.search(sentence)) and family.said is not Said.HINT and bool(_LIGHT.search(sentence))
    )


_ALARMED = re.compile(
    r"\bkill myself (?:my|the|this|i forgot|he|she|they|it) (?:\w+ ){0,3}(?:alarm|phone|laptop|teacher|printer|wifi|deadline|presenting|bus|train is|autocorrect|mum saw|mom saw|didnt go off|crashed|died)\b|\b(?:norovirus|hangover|sea ?sick|period cramps|kidney stones|man flu)\b"
)
_LIGHT = re.compile(
    r"\b(?:in front of (?:the whole|everyone|everybody|my (?:boss|crush|whole)|\d+ people|all)|on the spot|bury me|embarrass\w*|mortif\w*|cringe\w*|awkward|waved|jingle|karaoke|raffle|printer|tinsel|hangover|hungover|boss by|reply all|replied all|search history|called (?:my|the|him|her) (?:\w+ )?(?:mum|mom|dad)|so cute|adorable|leg day|burpees|cliffhanger|season finale|muted|mic|spinach|zip|autocorrect|slides?|powerpoint|spreadsheet|meetings?)\b"
)


def laughed_off(family: Family, text: str) -> bool:
    """Whether the message laughs at itself: then a wish to die is asked about, but shows no card."""
    return not (family.firm or family.behaviour or family.plan) and bool(_LAUGH.search(text)) and not _MEANT.search(text)


def _quoted(before: str, after: str) -> bool:
    return before.count('"') % 2 == 1 and '"' in after
