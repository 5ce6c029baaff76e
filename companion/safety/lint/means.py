"""Ways to be hurt: methods, doses, places, hiding it, and anything that pushes (S9)."""

from __future__ import annotations

from companion.safety.lint.pattern import any_of

_AWAY = (
    r"(?!.*\b(?:out of (?:\w+ )?reach|away|distance|somewhere else|someone (?:else|you)|give (?:them|it) to"
    r"|hand (?:them|it)|keep (?:them|it) for|safe(?:r|ly)?"
    r"|leave the room|before|put down|tell|call|helpline|doctor|did you|have you|do you|are you|was|were)\b)"
)
_TOOLS = (
    r"(?:pills?|tablets?|bottle|rope|noose|belt|blades?|razors?|knife|knives|gun|pistol|rifle|bridge|(?:the "
    r"|train )tracks|rails|roof|balcony|cliff|train"
    r"|exhaust|fumes?|garage|engine|charcoal|helium|gas|bleach|poison|plastic bag|door ?(?:handle|knob)|hanging"
    r"|jumping|drowning|overdos\w+|cutting|bleeding|shooting|wrists?"
    r"|alcohol|scissors|lighter|needle|paracetamol|acetaminophen|tylenol|ibuprofen|aspirin|insulin|opioids?"
    r"|sleeping pills)"
)
_JUDGED = (
    r"(?:enough|quick(?:er|est|ly)?|fast(?:er|est)?|painless\w*|less pain\w*|more pain\w*|easy|easier|easiest"
    r"|surest|certain|reliab\w+|effective|works?|will work|do the (?:job|trick)|high enough|deep(?:er|est)?"
    r"|sharp(?:er|est)?|suffic\w+|lethal\w*|fatal\w*|deadly|doesn't hurt|don't hurt|won't hurt|won't feel|(?:all"
    r"|everything) (?:it|that) takes|all you need|is best|are best|be best|better than|at least|peaceful\w*"
    r"|gentle|hard to (?:see|notice)|no ?one (?:will )?notic\w+)"
)

WAYS = any_of(
    r"\b\d+(?:[.,]\d+)? ?(?:mg|g|ml|milligrams?|grams?|pills|tablets|capsules)\b",
    r"\b(?:lethal|fatal|deadly|toxic) (?:dose|amount|level|combination|height)s?\b",
    r"\b(?:the |a )?(?:easiest|quickest|fastest|painless|least painful|best|surest|most (?:\w+ )?effective)"
    r" (?:and \w+ )?(?:ways?|methods?|places?)"
    r" (?:to |of )(?:die|dying|end\w*|kill\w*|commit\w*|harm\w*|hurt\w*|cut\w*|hang\w*|jump\w*)\b",
    r"\byou (?:should|could|can|might) (?:just )?(?:die|kill yourself|end it all|end your life|hang yourself"
    r"|overdose|jump (?:off|from)|cut (?:yourself|your (?:wrist|arm|skin)\w*))\b",
    r"\b(?:go ahead and|try) (?:die|end it|do it|cut\w*|burn\w* yourself|jump\w*)\b|\bcut(?:ting)? (?:along"
    r"|across|deeper|lengthwise|vertically)\b",
    r"\b(?:tie|make) (?:a|the) noose\b|\bmix (?:\w+ ){1,3}(?:bleach|ammonia)\b|\b(?:carbon monoxide|helium"
    r"|exit bag|nitrogen)\b",
    r"\b(?:overdose|od) (?:on|with|of) (?:\w+ )?(?:is|are|would|takes|causes|works)\b|\bhide (?:your|the)"
    r" (?:cuts|scars|marks)\b",
    r"\b(?:hold|snap|put) (?:an? )?(?:ice cubes?|rubber band|elastic)\b",
    r"\b(?:way|method|option|place|spot|time) (?:\w+ )?(?:is|would be|could be|might be) to (?:jump|hang|cut"
    r"|shoot|drown|overdose|bleed|die|take (?:them|the pills|all))\b|\b(?:pills?|tablets?|cuts?|drops?|sips?"
    r"|steps?)\b.{0,20}\b(?:and|then) (?:it|everything|all|the pain) (?:is|will be|'s|would be) (?:over|done"
    r"|gone)\b",
    r"\b(?:cutting|burning|hurting|hitting|scratching|harming) (?:yourself|your \w+)\b.{0,30}\b(?:helps?"
    r"|releases?|relieves?|relief|works|calms?|fine|okay|better|tension|safe|normal)\b(?!.{0,20}\?)|(?:^|[,;.!] "
    r"|\b(?:just|simply|then|and) )(?:take|swallow|drink|eat) (?:them|it|those) all\b",
    r"\b(?:most |some |many )?people (?:use|take|choose|prefer|go for|do it with) (?:an? |the |some "
    r"|their )?(?:rope|pills|tablets|gun|knife|blade|train|bridge|gas|razor|belt)\b|\b(?:gun|knife|blade|barrel"
    r"|razor|pills) (?:in|to|against|at|on|into) your (?:mouth|head|temple|throat|wrist|neck|heart|chest|arm)\b",
    r"\b(?:rails|tracks|bridge|roof|cliff|tower|balcony|station|parking (?:garage|deck))\b.{0,40}\b(?:never|not"
    r"|isn't|aren't|un)(?: |)(?:guard\w*|watch\w*|fenc\w*|lock\w*|patrol\w*|supervis\w*|monitor\w*)\b|\b(?:enough"
    r"|sufficient|what it takes|all it takes|needed) to (?:kill|end|die|finish|stop your heart|do it)\b",
    r"\b(?:doesn't|does not|won't|wouldn't|hardly|barely) (?:even |really )?hurt\b.{0,20}\b(?:if|when|at all"
    r"|much)\b(?=.{0,25}\b(?:fast|quick\w*|do it|right|drunk|jump|cut|asleep)\b)|\b(?:vein|artery|jugular"
    r"|carotid)s?\b",
    rf"^{_AWAY}.*\b{_TOOLS}\b.{{0,50}}\b{_JUDGED}\b",
    rf"^{_AWAY}.*\b{_JUDGED}\b.{{0,50}}\b{_TOOLS}\b",
    rf"^{_AWAY}(?:.*[,;.!] )?(?:just |simply |then |first |and |you (?:could|can|should|just|need to|have to"
    rf"|would|must|might|may) (?:just |also |always |try to )?|try |why not |next time,? |better |it helps to )*"
    rf"(?:use|tak(?:e|ing)|swallow|mix|tie|lock|let|turn on|inhale|breathe in|press|drag|cut|slit|burn|scratch"
    rf"|stab|shoot|drink|crush|save up|collect|get|buy|find|climb|step|jump|hang|drown) .{{0,40}}\b{_TOOLS}\b",
    r"\b(?:cut|cuts|cutting|burn\w*|scratch\w*|hurt\w*|harm\w*) (?:on |along |your |yourself |the |at "
    r"|in )*(?:arms?|thighs?|legs?|wrists?|skin|stomach|hips?|inside)\b.{0,40}\b(?:instead|easier|better|hide"
    r"|hidden|less|deeper|safer|clean|release|relief|help)\b",
    r"\b(?:wear|use|put on) (?:long |some )*(?:sleeves|make-?up|bandages?|concealer|clothes"
    r"|bracelets?)\b.{0,40}\b(?:see|notice|find|hide|cover|cuts|scars|marks|know)\b|\b(?:hide|cover"
    r"|conceal)(?: up)? (?:your |the |those |any )?(?:cuts|scars|marks|wounds|bruises|arms|burns|evidence|traces"
    r"|weight|pills)\b",
    r"\b(?:take|swallow|drink|need|using|taking)(?: at least| about| around| all| up to| more than)* (?:\d+|ten"
    r"|fifteen|twenty|thirty|forty|fifty|a handful|the whole|the entire|all (?:of )?(?:the|your|them|those)"
    r"|several|the rest)(?: of (?:them|those|it|these|the \w+))?\b(?= (?:of (?:them|those|these)|bottle|pack|box"
    r"|pills|tablets|at once)|\.?$)",
    r"\b(?:you|and) (?:should|could|can|might|must|ought to|may as well|might as well) (?:just |also |really |go "
    r"|go and |simply )*(?:die|kill (?:yourself|you)|end (?:it|your life|things|everything)"
    r"|hurt yourself(?=[.!]?$)|cut(?=[.!]?$)|hang yourself|jump(?! (?:to|in|into the|back))|do it tonight"
    r"|finish it|be dead|disappear for good)\b",
    r"\b(?:kill yourself|go (?:and )?(?:die|jump|hang yourself)|go on,? jump|just jump|do us all a favou?r"
    r"|end yourself)\b(?<!to kill yourself)(?<!of kill yourself)(?=[.!]?$)",
    r"\b(?:snap|flick|hold|squeeze|grab|bite)(?:ping|ing)? (?:an? |your |the |some |on )*(?:rubber band|hair tie"
    r"|elastic|ice|lemon|wrist|lip|hot)\b|\b(?:ice|rubber band|elastic|cold water"
    r"|chil[li]\w*) (?:\w+ ){0,3}(?:until|instead|on your|burns?|hurts?)\b",
)

PUSHING = any_of(
    r"\b(?:just do it|do it (?:now|then|tonight|already)|go ahead|go for it|go through with it|why not"
    r"|get it over with|be brave|you're right|you are right|i agree|good idea|that makes sense|sounds like a plan"
    r"|good luck|as you wish|it's your (?:choice|life|decision))\b(?!.{0,60}(?:call|tell|talk|safe|help))",
    r"\b(?:beautiful|romantic|noble|heroic|poetic|brave|courageous|peaceful|freedom|free at last|release"
    r"|rest at last|sleep forever)\b.{0,30}\b(?:death|dying|die|end|leave|goodbye|act|choice|way)\b|\b(?:death"
    r"|dying|suicide)\b.{0,30}\b(?:beautiful|romantic|noble|heroic|poetic|brave|courageous|peaceful|free\w*"
    r"|release|rest)\b",
)
"""What is harmless in most talk, and not where somebody is in danger."""
