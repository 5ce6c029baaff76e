"""What explains a sign away: whom it is about, "not", long ago, an idiom, a game, a story, an accident, a profession.

Every function reads normalised, bare text. A veto works on one match and its sentence, never on the whole message, so
that one harmless sentence cannot hide another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from companion.safety.risk.family import Family, Said
from companion.safety.risk.frames import about_a_word, answered_no, at_work, long_after, named
from companion.safety.risk.senses import habit, other_sense, parting, under_the_knife
from companion.safety.risk.subject import OWN_WORDS, about, denied, over, told_by_another


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
    TIREDNESS = "plain tiredness"
    MISHAP = "mishap"


@dataclass(frozen=True, slots=True)
class Place:
    """One match and where it stands."""

    sentence: str
    before: str
    """What is before it in its sentence."""
    match: str
    after: str
    lead: str
    """What is before it in the whole message."""
    follow: str


TIREDNESS = re.compile(
    r"\W*(?:(?:i am|im|i m|i feel|feeling|i have been|ive been) )?(?:(?:so|very|really|just|a bit|a little|pretty"
    r"|super|too|still|always|quite|completely|totally) )*(?:tired|exhausted|sleepy|knackered|shattered|worn out"
    r"|drained|wiped out|burnt out|burned out)(?: (?:today|tonight|now|right now|again|lately|these days|all the time"
    r"|after work))*\W*"
)
"""The whole of a message that says this and nothing else: what a day leaves behind, for most who write it."""

_DEATHLY = re.compile(r"\b(?:die|dying|death|dead|kill\w*|suicide|life|myself|overdose|hang|jump)\b")
_HYPERBOLE = re.compile(
    r"\b(?:this|that|the|these|those|my|our) (?:\w+ )?(?:is|are|was|were) (?:slowly |gradually |nearly )?$"
)

_LAUGH = re.compile(r"\b(?:lol|omg)\b")
_MEANT = re.compile(
    r"\b(?:not (?:joking|a joke|kidding|even joking|lol|in a funny way|an exaggeration|a meme|exaggerating)|no joke"
    r"|for real|mean it|meant it|i mean that|im serious|seriously|srs|this time|fr fr|not a figure of speech"
    r"|half joking|but (?:i do|like for real|really|seriously|for real)|on purpose|not in the funny way)\b"
)
_TRIFLE = re.compile(
    r"\b(?:embarrass\w*|mortif\w*|cringe\w*|awkward|waved|jingle|meeting|meetings|slides?|powerpoint|email|emails"
    r"|zoom|karaoke|raffle|printer|wifi|wi ?fi|homework|queue|advert|adverts|ad|episode|commercial|spreadsheet"
    r"|monday|mondays|alarm|hangover|hungover|ikea|flatpack|wardrobe|tinsel|christmas song|carol|song|boredom|bored"
    r"|boring|laughing|laughter|laughed|lecture|assembly|revision|chemistry|maths|algebra|gym|leg day|burpees"
    r"|squats|traffic|commute|parking|spoiler|cute|cuteness|adorable|so good|delicious|thirst|thirsty|hunger|hungry"
    r"|starving|coffee|tea|snack|pizza|chocolate|cake|heat|heatwave|hot in here|cold out|freezing|humidity|stairs"
    r"|hill|marathon|treadmill|diet|shoes|heels|outfit|dress|haircut|crush|search history|autocorrect|typo"
    r"|text(?:ed)? (?:my|the) (?:boss|teacher|ex) by|reply all|replied all|called (?:my|the|him"
    r"|her) (?:\w+ )?(?:mum|mom|dad)|group chat|tiktok|reality tv|update|windows|excel|buffering|loading"
    r"|final(?:s)? week|group project|small talk|baby shower|wedding speech|wisdom tooth|dentist|chores|ironing"
    r"|laundry|dishes|football|match|penalty|team lost|var|season finale|cliffhanger|sequel|parking fine|mic"
    r"|microphone|muted|camera on|fell over|tripped|spilled|farted|burped|zip|fly was|teeth all|spinach"
    r"|toilet paper|stood up and|party|date went|first date|kissed|he saw|she saw|they saw|everyone saw"
    r"|in front of (?:my|the|his|her|everyone|his|a|all|\d+)|on the spot|bury me)\b"
)
IDIOM = re.compile(
    r"\b(?:die|died|dying|dead|death) (?:of|from|laughing|with (?:embarrassment|laughter"
    r"|boredom)) ?(?:embarrassment|laughter|laughing|boredom|cuteness|shame|thirst|hunger|heat|curiosity|cringe"
    r"|happiness|joy|excitement|envy|jealousy|cute|the heat|the cold|old age|second ?hand embarrassment)?"
    r"|\b(?:rather|sooner) (?:die|be dead(?= than (?:wear|eat|choose|watch|listen|admit|drink)\b)) than\b(?! (?:live"
    r"|be (?:here|alive)|exist|go (?:on|through|back)|keep|carry|spend|face|wake"
    r"|feel|be (?:like|a burden|this)|continue|another|have another))"
    r"|\b(?:die happy|dead in a ditch|goodbye cruel world|sacrific\w+ myself|cover me)\b"
    r"|\b(?:kill|killing|shoot|hang|hanging|drown) myself (?:laughing|over (?:a |an |the |this )?(?:parking|hair"
    r"|shoe|shirt|cake|football|biscuit)\w*|if (?:i|he|she|they|this|that|it|one|my|the|we) .{0,60}(?:one more"
    r"|another (?:meeting|email|song|advert|episode|slide|minute of|hour of|update|podcast|monday)"
    r"|again(?! (?:and i|i)))|with (?:this|my|a|the) (?:\w+ )?(?:tinsel|tie|spoon|fork|headphones?|lanyard|cable"
    r"|stapler))"
    r"|\bif (?:i|he|she|they|this|that|it|one|my|the|we|you|anyone|somebody|someone) (?:\w+ ){0,8}?(?:one more"
    r"|another (?:meeting|email|song|advert|episode|slide|minute of|hour of|update|podcast|monday|time (?:today"
    r"|this week))|that (?:song|jingle|advert|ringtone)|says? (?:\w+ ){0,3}(?:again"
    r"|one more time))\b.{0,60}\b(?:kill|shoot|hang|end|drown|off) myself\b"
    r"|\bif i (?:have|had) to (?:hear|listen|watch|sit|read|see|deal|eat|attend|explain|fill|do|go to|look|type"
    r"|answer|reply|write|redo|reset|restart)\b.{0,80}\b(?:kill|shoot|hang|end|drown|off|throw|jump|die)\b"
    r"|\b(?:to die for|drop dead|over my dead body|dead (?:tired|on|serious|set|line|easy|good|funny|chuffed"
    r"|weight loss)|scared to death|bored to death|worried to death|work(?:ed|ing)? myself to death"
    r"|love (?:\w+ )?to death|death by powerpoint|death of me|kill(?:ed|ing)? it|live and let die|die ?hard"
    r"|old habits die|wouldnt be caught dead|want to die on (?:that|this) hill|suicide by (?:spreadsheet|powerpoint"
    r"|meeting|email|paperwork|admin|cake|carbs|chocolate)|career suicide|political suicide|commercial suicide"
    r"|social suicide|suicide (?:kings?|tackl\w+|wings?|run|runs|sprints|drill|drills|bid|burger|sauce|zone|lane"
    r"|watch(?= lol))"
    r"|commit(?:ted)? (?:career|social|political) suicide)\b"
    r"|\bdying (?:to|for) (?!be dead|die\b)"
    r"|\bdie without (?:my|a|the|his|her) (?:\w+ ){0,2}(?:coffee|tea|phone|nap|snack|wifi|chocolate|blanket"
    r"|glasses)\b"
    r"|\b(?:be |ill be )?dead (?:and buried )?before (?:the|they|this|that|he|she|it) (?:\w+ ){0,3}(?:fix\w*"
    r"|finish\w*|arriv\w*"
    r"|load\w*|answers?|ends?|comes?|gets? (?:here|fixed|done))\b|\b(?:team|side|squad|defence) (?:has "
    r"|have )?commit(?:ted|ting)? suicide\b"
    r"|\b(?:hungry|starving|tired|thirsty|bored|embarrassed|hot|cold|happy|cute|full|funny|good|excited"
    r"|ashamed of my \w+) (?:that )?i could (?:die|cry and die|drop dead)\b|\b(?:that|this|the"
    r"|my) (?:\w+ ){1,2}(?:was|is) (?:pure |social |total )?suicide\b|\bdie for (?:my|her|his|him|them|you|this"
    r"|that|a)\b|\bkidding about\b"
)

_GAME = re.compile(
    r"\b(?:minecraft|zelda|skyrim|fortnite|elden ring|dark souls|sekiro|bloodborne|sims|roblox|valorant"
    r"|league of legends|overwatch|gta|mario|sonic|among us|rust|hitman|hades|celeste|hollow knight|terraria"
    r"|stardew|pokemon|call of duty|cod|warzone|halo|doom|tarkov|dota|apex|civ|xcom|diablo|warcraft|wow raid|dnd"
    r"|d d|dungeon master|dm killed|my (?:character|bard|wizard|paladin|druid|rogue|ranger|cleric|barbarian|avatar"
    r"|toon|main|healer|tank build|party wipe)|boss fight|second boss|final boss|first boss|the boss (?:fight"
    r"|level)|respawn\w*|spawn|permadeath|speed ?run\w*|npc|npcs|perk|perks|loot|raid|dungeon|lobby|nerf\w*|gg"
    r"|save file|last save|checkpoint|game over|in(?: the| this| a| my)? (?:video )?games?|fall damage|hp|xp"
    r"|roguelike|hardcore mode|jumping puzzle|platformer|side quest|quest|grenade|headshot|killstreak|chess|pawn"
    r"|knight to|queen sac\w*|monopoly|werewolf|poker|wipe|wiped|squad|multiplayer|co ?op|xbox|playstation|ps[45]"
    r"|nintendo|switch game|steam deck|creeper|goomba|my run|this run|the run|end my (?:run|turn)|level \d+"
    r"|this level|the level|next level|playthrough|new game plus|mod|mods|server reset|ladder rank|ranked|hitbox"
    r"|zipline glitch|glider level|won the round"
    r"|in the (?:\w+ )?games?|credits rolled|the round|stacks|my (?:archer|mage|knight|thief)|house rules|new patch"
    r"|viable"
    r"|villagers|golem|nerf|strat|capture the flag|take the flag|last life|no lives left)\b"
)
_REAL = re.compile(r"\b(?:irl|in real life|not (?:in )?the game|for real|in reality|not just in)\b")

_STORY = re.compile(
    r"\b(?:song|songs|lyric|lyrics|film|films|movie|movies|book|books|novel|novels|chapter|chapters|episode|scene"
    r"|scenes|character|characters|plot|series|album|playlist|band|sings|singer|singing|chorus|poem|poems|poet"
    r"|poetry|screenplay|script i|storyline|narrator|author|spoiler|spoilers|documentary|podcast|theatre|theater"
    r"|stage|musical|opera|hamlet|romeo|juliet|ophelia|antigone|werther|anna karenina|othello|plath|woolf|bell jar"
    r"|13 reasons|thirteen reasons|suicidal tendencies|netflix|season \d|finale|fiction|fanfic|fan ?fiction"
    r"|protagonist|hero|heroine|villain|short story|my story|the story|reading group|book club|true crime|m a s h"
    r"|mash theme|radiohead|anime|manga|comic|tv show|show where|sitcom|play where|the play|we performed|rehearsal"
    r"|audition|painting|exhibition|quote from|quoting)\b"
)
_SUNG = re.compile(
    r"\b(?:lyrics?|song|chorus|line|verse|track|tune|poem|hook|bridge of|scene|chapter|book|film|movie|play"
    r"|episode)\b(?: \w+){0,6} (?:goes|go|says|called|is called|where|reads|named|titled|about|in which"
    r"|with the line|has)\b|\b(?:sings?|singing|yells|yelled|shouts|screams)\b(?: \w+){0,4} ?$|\b(?:character"
    r"|narrator|hero|heroine|protagonist|villain|avatar)\b"
)
_TECH = re.compile(
    r"\b(?:thread|process|processes|server|laptop|battery|printer|script|container|app|apps|software|code|branch"
    r"|deploy\w*|database|group chat|whatsapp|mailing list|spreadsheet|payroll|email|emails|inbox|out of office"
    r"|annual leave|leave starts|build|pipeline|docker|python|javascript|excel|router|wifi|webpage|api|cron"
    r"|terminal|handover)\b"
)
_EVERYDAY = re.compile(
    r"\b(?:exams|finals|midterms?|dissertation|project|shift|meeting|term|semester|chemo|treatment|surgery"
    r"|renovation|drilling|noise|emails?|court|trial|election|winter|rain|heatwave|cramps|migraine|headache"
    r"|toothache|labou?r|contractions|hiccups|sneez\w*|cough\w*|party|present|proposal|propose|surprise|job|notice"
    r"|boss|manager|van|rent|landlord|hair|fringe|haircut|tattoo|resign\w*|quit|exam|essay|course|business|kitchen"
    r"|bathroom|garden|wedding|holiday|trip|marathon|race|recipe|cake|dinner|routine|stream|solo|game|boss fight"
    r"|tower|patch|potions?|hat|regulars|bulbs|rent|raid|strategy|heist|novel|plot|chapter|character|divorce"
    r"|break up|leave him|leave her|with him|with her|visa|apply|application|interview|move out|moving|damp|car"
    r"|dance|dancing|boiler|dog|puppy|presentation|speech|skydiv\w*|bungee)\b"
)
_STORY_OWN = re.compile(
    r"\b(?:makes?|made|making|leaves?|left) me (?:want|feel|wish)|\b(?:im(?! (?:the (?:\w+ )?(?:dame|lead|villain"
    r"|director)"
    r"|playing|directing|reading|watching)\b)|i am|i feel|i want|i wish|i think about"
    r"|ive (?:chosen|decided)) "
)

_MISHAP = re.compile(
    r"\b(?:cut|nicked|sliced|burnt|burned|scalded|hurt|scratched|grazed|pricked|injured|bruised) (?:myself|my \w+)"
    r" (?:(?:while|when|whilst|again|badly|slightly|today|yesterday|i was|was|really|the other day) ){0,3}"
    r"(?:shav\w+|cook\w+|bak\w+|chopp?\w+|peel\w+|slic\w+|dic\w+|grat(?:ed|ing)|gardening|prun\w+|weeding|ironing"
    r"|lifting|sewing|knitting|whittling|sanding|training|running|cycling|ski\w+|skat\w+|climb\w+|surf\w+|danc\w+"
    r"|playing \w+|doing (?:diy|yoga|sports?)|at (?:the gym|football|rugby|hockey|judo|training)"
    r"|opening (?:a|an|the) (?:tin|can|letter|box|parcel|bottle|oyster)"
    r"|on (?:a|an|the|my|some) (?:\w+ ){0,2}?(?:tin|can|lid|mandoline|grater|fence|nail|oven|pan|kettle|iron|paper"
    r"|envelope|hob|stove|tray|thorns?|hedge|splinter))\b"
)
_ACCIDENT = re.compile(
    r"\b(?:shav\w+|onions?|chop\w*|carrots?|cook\w*|oven|hob|stove|mandoline|tin of|tin opener|can opener|pan"
    r"|frying|fryer|oil|bread knife|kitchen|potato\w*|veg\w*|sourdough|chips|roses|rose bush|bramble\w*"
    r"|blackberr\w+|hedge|prun\w+|garden\w*|barbed wire|fence|accident|accidentally|by mistake|slipped|tripped|fell"
    r"|paper cut|paper|envelope|cat|kitten|dog walk|gym|football|rugby|training|deadlift\w*|squat\w*|bench press"
    r"|run|running|yoga|diy|drill|saw|hammer|ladder|gutters?|iron(?:ing)?|hair straighteners?|straightener|curling"
    r"|compasses|staple\w*|broken glass|glass|washing up|dishes|doorframe|cupboard|door|stairs|bike|cycling"
    r"|skate\w*|skiing|skied|eczema|psoriasis|itch\w*|rash|mosquito|lifting|washing machine|moving (?:the"
    r"|a) (?:sofa|furniture)|sunburn\w*|kettle|steam|hot glue"
    r"|glue gun|candle|soldering|beans|mower|workshop|chisel|craft|lego|playing|toddler|papercut|avocado|bagel"
    r"|exhaust|motorbike|hot roller|loft|insulation|on (?:a|the|my|some) (?:smashed|broken"
    r"|chipped) \w+|pumpkin|cheese grater|grater|peeler|blender|scalpel in|rugby|hockey|climbing|waxing|tattoo\w*"
    r"|piercing)\b"
)
_KITCHEN = re.compile(
    r"\b(?:onions?|carrots?|butter|bread|plasters?|cooking|recipe|knife skills|fish counter|chef|metal glove"
    r"|counter|bed frame|dropped|toe|thumb|finger|fingers|stubbed|diy|ikea|stitches or|roses|hedge|prun\w+|secateurs"
    r"|health and safety|on (?:a|the|my|some) (?:smashed|broken|chipped) \w+|loft)\b"
)
_ON_PURPOSE = re.compile(
    r"\b(?:on purpose|deliberate\w*|meant to|not (?:an|by) accident|wasnt an accident|punish|urge|urges"
    r"|myself again|to cope|to feel|relaps\w*|self harm|blade|want to|deserve)\b"
)

_ASKED_WHETHER = re.compile(
    r"\bask(?:ed|s)? (?:\w+ ){0,3}(?:if|whether) (?:it|that|this|they) (?:was|were) (?:on purpose|deliberate)\b"
)

_PROFESSION = re.compile(
    r"\b(?:essay|thesis|dissertation|assignment|coursework|lecture|seminar|statistics|stats|study|studies"
    r"|research(?: paper| project|ers)?|paper on|durkheim|theory|theories|law|laws|legislation|bill|policy|training"
    r"|charity|charities|fundrais\w+|awareness|prevention|helpline|hotline|crisis line|listening line|volunteer\w*"
    r"|samaritans shift|course|module|exam question|news|article|headline|inquest|coroner|crossword|clue|quiz"
    r"|trivia|history|medieval|samurai|seppuku|hara kiri|bomber|bombing|attack|terror\w*|rates?|farmers|veterans"
    r"|epidemi\w+|campaign|workshop|conference|guidelines|safeguarding|warning signs|lesson|assembly on|netflix"
    r"|squad|documentary|museum|assisted dying|euthanasia debate|nurse|paramedic|social worker|my shift|on shift"
    r"|for work|at work we|presentation|podcast)\b"
)
_ANIMAL = re.compile(
    r"\b(?:dogs?|cats?|puppy|kitten|vet|rabbits?|hamster|horses?|rats?|mice|chocolate|caffeine|coffee|sugar)\b"
)
_DREAMT = re.compile(r"\b(?:nightmares?|dreams?|dreamt|dreamed) (?:(?:\w+ )?(?:that|where|in which)\b|(?:\w+ )?$)")
_DEFINED = re.compile(
    r"^ ?(?:what (?:is|does|are|was)|define|meaning of|explain|who (?:invented|was)|is the word)\b(?!.*\b(?:i|im"
    r"|ive|me|my|painless|way|best|how)\b)"
)
_TOPIC_OWN = re.compile(
    r"\b(?:i|im|ive|id|my|me|myself)\b(?! (?:(?:am )?(?:a |an |the )?(?:writing|studying|researching|reading"
    r"|teaching|nurse|teacher|doctor|student|volunteer\w*|work|study|teach|lecture|paramedic|social worker"
    r"|counsell?or)|essay|thesis|shift|training|course|dissertation|research|charity|work|students?|patients?"
    r"|class))"
)

_ENDING = re.compile(
    r"\b(?:relationship|marriage|engagement|friendship|affair|contract|lease|subscription|membership|call|meeting"
    r"|chat|conversation|job|session|game|turn|run|term|season|tenancy|tab|strike|war|debate|argument|feud|row"
    r"|partnership|deal|project|campaign|course|plan with|phone plan|trial|article|story|book|song|speech|letter"
    r"|email|essay|chapter|video|stream|show|date|situationship|with (?:him|her|them|my (?:bf|gf|boyfriend"
    r"|girlfriend|ex|husband|wife|partner|fiance))|between us|break ?up|broke up|breaking up|divorce|him last night"
    r"|dating|boyfriend|girlfriend|(?:years|months) together)\b"
)
_LIFE_MEANT = re.compile(
    r"\b(?:my life|not the (?:relationship|marriage|job)|i mean (?:my )?life|myself|die|dead|suicid\w*|alive"
    r"|all of it|forever|kill)\b"
)


def mishap(text: str) -> bool:
    """Whether somebody tells of a cut or a bruise that came of shaving, cooking, sport and the like."""
    return bool(_MISHAP.search(text)) and not _ON_PURPOSE.search(text)


def why(family: Family, place: Place, text: str, said: str) -> Why | None:
    """The veto that holds for a match, if one does. `text` is the bare message, `said` the one with its small words."""
    sentence, before, match, after = place.sentence, place.before, place.match, place.after
    whom = about(re.sub(r"\byou\b", "", before) if family.means else before, match, after)
    if whom == "third" and not (family.means and OWN_WORDS.search(match)):
        return Why.THIRD_PERSON
    if _quoted(before, after) and told_by_another(before, text):
        return Why.THIRD_PERSON
    if _SUNG.search(before) and not family.goodbye:
        return Why.STORY
    if _STORY.search(sentence) and (_quoted(before, after) or not _STORY_OWN.search(sentence)) and not family.goodbye:
        return Why.STORY
    if denied(before, match, after, place.follow[:60], text) or answered_no(place.lead, match, place.follow, text):
        return Why.NEGATION
    if over(sentence, text, match, before) or long_after(before, match, place.follow, said):
        return Why.PAST
    if (
        (family.harm or "cut" in match)
        and not _ON_PURPOSE.search(_ASKED_WHETHER.sub(" ", text))
        and (_ACCIDENT.search(sentence) or _KITCHEN.search(text))
    ):
        return Why.ACCIDENT
    if family.everyday and _EVERYDAY.search(text if family.plan else sentence) and not _DEATHLY.search(match):
        return Why.IDIOM
    if _TECH.search(sentence) and (
        "delete" in match or ("myself" not in match and "my " not in match and not family.firm and not family.behaviour)
    ):
        return Why.GAME
    played = len(set(_GAME.findall(sentence)))
    if played > (1 if family.harm else 0) and not _REAL.search(text) and not family.goodbye:
        return Why.GAME
    if family.said is not Said.EXPLICIT and _DREAMT.search(before):
        return Why.STORY
    if family.means and _ANIMAL.search(sentence):
        return Why.PROFESSION
    if family.topic and _DEFINED.search(sentence):
        return Why.PROFESSION
    if family.topic and _PROFESSION.search(sentence) and not _ideation(sentence):
        return Why.PROFESSION
    if about_a_word(before, match, sentence, text, said, quoted=_quoted(before, after)):
        return Why.PROFESSION
    if at_work(match, place.lead, place.follow, text, said):
        return Why.PROFESSION
    if named(place.follow) or other_sense(before[-60:], match, place.follow[:60], text):
        return Why.IDIOM
    if (family.plan or family.goodbye) and family.said is not Said.EXPLICIT and parting(text):
        return Why.ENDING
    if family.said is Said.OBLIQUE and under_the_knife(place.lead, sentence, text):
        return Why.IDIOM
    if family.harm and habit(match, sentence, place.follow, text):
        return Why.IDIOM
    if family.separate and _ENDING.search(sentence) and not _LIFE_MEANT.search(sentence):
        return Why.ENDING
    if _is_idiom(family, sentence, text) or (match.startswith(("ending", "killing")) and _HYPERBOLE.search(before)):
        return Why.IDIOM
    return None


def _ideation(sentence: str) -> bool:
    return bool(
        re.search(
            r"\b(?:im|i am|i feel|feeling|ive been|i was|been) (?:\w+ )?suicidal|\bi (?:\w+ )?(?:think|thought"
            r"|fantasi\w+|dream) (?:about|of) suicide|\bthoughts? of suicide\b|\bsuicidal thoughts\b",
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
        return not (
            family.firm
            and not re.search(
                r"\b(?:career|social|political|commercial|spreadsheet|was suicide|is suicide|total suicide"
                r"|pure suicide|wings?|sprints?|runs?|drills?|kings?|tackl\w+)\b",
                sentence,
            )
        )
    if family.firm or family.behaviour or family.plan:
        return False
    return bool(_LAUGH.search(text) and _TRIFLE.search(text)) or (
        bool(_TRIFLE.search(sentence)) and family.said is not Said.HINT and bool(_LIGHT.search(sentence))
    )


_ALARMED = re.compile(
    r"\bkill myself (?:my|the|this|i forgot|he|she|they|it) (?:\w+ ){0,3}(?:alarm|phone|laptop|teacher|printer|wifi"
    r"|deadline|presenting|bus|train is|autocorrect|mum saw|mom saw|didnt go off|crashed|died)\b|\b(?:norovirus"
    r"|hangover|sea ?sick|period cramps|kidney stones|man flu)\b"
)
_LIGHT = re.compile(
    r"\b(?:in front of (?:the whole|everyone|everybody|my (?:boss|crush|whole)|\d+ people|all)|on the spot|bury me"
    r"|embarrass\w*|mortif\w*|cringe\w*|awkward|waved|jingle|karaoke|raffle|printer|tinsel|hangover|hungover"
    r"|boss by|reply all|replied all|search history|called (?:my|the|him|her) (?:\w+ )?(?:mum|mom|dad)|so cute"
    r"|adorable|leg day|burpees|cliffhanger|season finale|muted|mic|spinach|zip|autocorrect|slides?|powerpoint"
    r"|spreadsheet|meetings?)\b"
)


def laughed_off(family: Family, text: str) -> bool:
    """Whether the message laughs at itself: then a wish to die is asked about, but shows no card."""
    return (
        not (family.firm or family.behaviour or family.plan) and bool(_LAUGH.search(text)) and not _MEANT.search(text)
    )


def _quoted(before: str, after: str) -> bool:
    return before.count('"') % 2 == 1 and '"' in after
