"""Families of hurting oneself, told without its name: what was done to an arm, "it" again, how it is hidden."""

from __future__ import annotations

from companion.safety.risk.family import Family, Said
from companion.safety.risk.words import any_of

_BODY = r"(?:arms?|wrists?|thighs?|legs?|forearms?|shins?|hips?|skin|hands?|knuckles|head|stomach)"
_LIMB = r"(?:arms?|wrists?|thighs?|legs?|forearms?|hips?|skin)"
_WHEN = (
    r"(?:again|last (?:night|week\w*|\w+day)|yesterday|this (?:morning|week|afternoon)|today|tonight|on \w+day"
    r"|(?:mon|tues"
    r"|wednes|thurs|fri|satur|sun)day|sat|sun|fri|at the weekend|every day)"
)
_HIDDEN = (
    r"(?:sleeves?|tights|cardigan|hoodie|long pants|rash vest|changing room|swimming|bandaged?s?|plasters?"
    r"|wrist wraps|sleeveless"
    r"|strapless|jeans season|taped up|foundation|savlon|tea towel|stitches|faded?|marks|prom|patched|towel)"
)
_COUNTED = (
    r"(?:clean|streak|havent since|hadnt since|since (?:school|college|uni|easter|year \d+|yr \d+|my teens|spring|march"
    r"|basic|june)|first time (?:since|in)|relaps\w*|back to zero|new ones|held on|id stop(?:ped)?)"
)
_OTHER = (
    r"(?:drink\w*|drunk|alcohol|beer|wine|sober|smok\w+|cigarette\w*|fags?|vap\w+|weed|gambl\w+|bet|heroin|cocaine"
    r"|coke|pub"
    r"|sugar|gym|squats|run|ran|marathon|football|tattoo\w*|wax\w*|shav\w*|sunburn\w*|workout|yoga|diet|texted|ex"
    r"|shop\w*"
    r"|gam(?:e|es|ing)|operation|surgery|physio|homework|essay|driving|kitchen|cook\w*|oven|accident\w*|fell|slipped"
    r"|cat|dog"
    r"|rose|bramble\w*|garden\w*|rugby|training|cast|vaccin\w*|jab|injection|eczema|allerg\w*|rash)"
)
"""What the same words are said of where nobody hurts themselves."""
_NOT_HARM = (
    r"(?:buy|bought|ate|eat|eating|texted|text|calls?|called|message\w*|spend|spent|chocolate|reply|travel|shout\w*"
    r"|scream\w*|cry"
    r"|laugh|hug|ang(?:er|ry)|overslept|alarms?|forgot|late|won|slept in)"
)

RELAPSE = (
    Family(
        "done to one's body",
        3,
        Said.EXPLICIT,
        ("arm", "wrist", "thigh", "leg", "shin", "hip", "skin", "hand", "knuckle", "head", "stomach"),
        any_of(
            rf"(?:i|ive|and|just|then) (?:\w+ ){{0,2}}(?:did|done) my (?:arms?|wrists?|thighs?|legs?|hips?)(?= *(?:$"
            rf"|[.,!]|and"
            rf"|{_WHEN}))(?!.{{0,80}}\b{_OTHER}\b)|(?:did|done|do"
            rf"|doing) (?:\w+ ){{0,3}}to my (?:own )?(?:\w+ )?{_BODY}\b"
            rf"(?!.{{0,60}}\b{_OTHER}\b)",
            rf"(?:went|gone|going|been) at my (?:own )?{_LIMB}\b(?! (?:with (?:the|a) (?:wax|razor in)))|(?:ruin"
            rf"|wreck|attack"
            rf"|hurt|punish)(?:ed|ing)? my (?:own )?{_LIMB}(?= *(?:$|[.,!]|again|on purpose|and|because|when))"
            rf"(?!.{{0,60}}\b{_OTHER}\b)|(?:want|going|need|tempted|urge|wanting) to (?:do something to|ruin|hurt"
            rf"|mark|wreck"
            rf"|add to) my (?:own )?{_LIMB}\b(?!.{{0,60}}\b{_OTHER}\b)",
            rf"(?:hit|hitting|bang|banging|banged|strik(?:e|ing)|struck|punch\w*|hurt|hurting|burn\w*|bend\w*"
            rf"|pinch\w*|scald\w*"
            rf"|hold|holding) my (?:own )?(?:\w+ )?(?:{_BODY}|fingers?)\b(?=.{{0,100}}\b(?:on purpose|deliberate\w*"
            rf"|till its"
            rf" (?:blue|raw)|went quiet|went black|to punish|i deserve\w*|saw sparks"
            rf"|every night)\b)(?!.{{0,60}}\b{_OTHER}\b)",
            rf"(?:stapled|burn\w*|hit|cut|hurt|pull\w*|scrap\w*|scald\w*|pinch\w*|split) (?:my|it"
            rf"|me)\b.{{0,40}}\b(?:on purpose"
            rf"|meaning to|deliberately|it wasnt an accident|and (?:i )?mean it)\b(?!.{{0,60}}\b{_OTHER}\b)",
        ),
        harm=True,
        faint=True,
    ),
    Family(
        "it again, and hidden",
        3,
        Said.EXPLICIT,
        ("did", "done", "do it", "doing", "new ", "fresh", "relaps", "no s h", "arm", "leg", "thigh", "cut", "blade"),
        any_of(
            rf"{_HIDDEN}\b(?=.{{0,160}}\b(?:did it|done it|do it again|did mine|new ones|fresh ones|relaps\w*)\b)"
            rf"(?!.{{0,200}}\b{_OTHER}\b)",
            rf"(?:did|done) (?:it|the thing)\b(?=.{{0,120}}\b{_COUNTED}\b)(?!.{{0,200}}\b{_OTHER}\b)",
            rf"{_COUNTED}\b(?=.{{0,120}}\b(?:did it|done it|did the thing|cut|blade|arms?|legs?|thighs?)\b)"
            rf"(?!.{{0,200}}\b{_OTHER}\b)",
            r"(?:i |and |^|[.,!] )did it again (?:on )?(?:last night|yesterday|this morning|today|tonight|(?:mon"
            r"|tues|wednes"
            r"|thurs|fri|satur|sun)day|sat|sun|fri|mon|weds)(?= *(?:$|[.,!]|and|n|night|morning|after))"
            r"(?=.{0,120}\b(?:nobody|nurse|mum|mom|mam|dad|counsell?or|therapist|promised|hid\w*|hiding|sleeves?"
            r"|past it|ashamed"
            r"|found out|notic\w+)\b)"
            rf"(?!.{{0,160}}\b(?:{_OTHER}|{_NOT_HARM})\b)|(?:there are|made|got|hide|hiding|no|the) (?:new"
            rf"|fresh) (?:ones|cuts"
            r"|lines)(?= *(?:$|[.,!]|since|on my))(?=.{0,60}(?:since|small|$|my |legs|arms|deep))"
            rf"(?!.{{0,60}}\b(?:{_OTHER}|{_NOT_HARM}|greggs|shop|window|shoes)\b)",
            rf"(?:did|done|do|doing) it (?:again )?{_WHEN}\b(?=.{{0,160}}\b(?:arms?|legs?|thighs?|deeper|not deep"
            rf"|not to die"
            rf"|bleed\w*|sleeves?|plasters?|bathroom floor|stitches)\b)(?!.{{0,160}}\b{_OTHER}\b)|(?:did|no"
            rf"|doing) (?:some )?s h\b"
            r"|(?:did|doing) (?:some )?styro\b|(?:few )?new lines on (?:the|my)\b",
        ),
        harm=True,
        faint=True,
    ),
    Family(
        "the urge is back",
        3,
        Said.EXPLICIT,
        ("urge", "scissors", "compass", "cutter", "penknife", "sharpener", "blade", "razor", "havent", "aint", "my "),
        any_of(
            r"(?:the urges? (?:is|are|was|wasnt|were|came|come|comes|keeps?|have|has)|(?:got|get|had|have"
            r"|having) (?:the |these "
            r"|those )?urges?(?= *(?:$|[.,!]|again|all|like|tonight|today|bad|and|since)))\b(?! to)"
            rf"(?!.{{0,160}}\b(?:{_OTHER}|{_NOT_HARM})\b)|my (?:arms?|legs?|thighs?|wrists?) (?:are|is"
            rf"|look) (?:\w+ )?(?:a mess"
            r"|a state|loud|ruined)(?= *(?:$|[.,!]|again|and))",
            r"urges?\b(?=.{0,120}\b(?:arms?|skin|sleeves?|blade|since the last|years since|clean for|relapse|bad bad"
            r"|my legs)\b)"
            rf"(?!.{{0,160}}\b(?:{_OTHER}|{_NOT_HARM})\b)",
            r"(?:havent done (?:it|that|anything)|havent (?:\w+ )?since|aint done (?:it|that))\b.{0,100}\b(?:urges?"
            r"|wanting to"
            r"|want to bad|my arms?|the (?:compass|blade|scissors|drawer|sharpener))\b"
            + rf"(?!.{{0,120}}\b{_OTHER}\b)",
            r"(?:scissors|compass|sharpener|box cutter|stanley knife|craft knife|penknife|blade|razor|lighter)\b"
            r"(?=.{0,160}\b(?:urges?|used to do for me|put it back|havent (?:done|since)|aint done|(?:at|on"
            r"|into) my (?:arm|arms"
            r"|me arm|skin|legs|thigh)|me arm|hide it from me|take it off me)\b)" + rf"(?!.{{0,160}}\b{_OTHER}\b)",
        ),
        harm=True,
        faint=True,
    ),
    Family(
        "bleeding, and it was meant",
        4,
        Said.EXPLICIT,
        ("bleed", "blood", "doing it", "too far", "deep"),
        any_of(
            r"(?:im|i am) (?:\w+ )?doing it (?:right now|in the bathroom|while i (?:talk|type))\b|(?:im in"
            r"|on) the bathroom"
            r"(?: floor)? (?:doing it|doing this)\b",
            r"(?:bleeding|blood)\b.{0,80}\b(?:more than (?:the other|usual|last)|i (?:said i wouldnt|did it)"
            r"|didnt mean to go"
            r"|too deep)\b(?!.{0,60}\b(?:period|nose|gums?|pregnan\w+|tampon|clots)\b)|(?:meant|mean) to go (?:that"
            r"|too)? ?deep\b",
            r"(?:goes|go|went|going|gone) too far\b(?=.{0,60}\b(?:wont be ringing|not ring|cutting|thats fine"
            r"|be the point)\b)"
            r"|hop(?:e|ing)\b.{0,60}\bgo (?:a bit )?too (?:far|deep)\b",
        ),
        harm=True,
        faint=True,
    ),
)
