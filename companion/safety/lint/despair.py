"""What makes a dark hour darker: refusing, making small, agreeing, asking for a no (S5, S6)."""

from __future__ import annotations

from companion.safety.lint.pattern import any_of

_DEATH = (
    r"(?:suicid\w*|kill\w*|die|dying|dead|death|hurt\w*|harm\w*|end (?:it|your|things|everything)|ending"
    r"|those thoughts|such thoughts"
    r"|thoughts like|anything (?:stupid|silly|rash|bad|drastic)|something (?:stupid|silly|rash|bad|drastic)"
    r"|do that|do it to)"
)
_TOPIC = (
    r"(?:this|that|it|these|such|suicid\w*|self-harm|death|dying|the (?:subject|topic)|your (?:feelings"
    r"|thoughts|pain)|topics?|things|you)"
)
_ABLE = r"(?:talk|speak|discuss|deal|continue|go on|engage|help|chat|handle|respond|go there|get into|listen to)"

REFUSAL = any_of(
    r"\b(?:i|we) (?:can't|cannot|can not|am not able to|'m not able to|am unable to|'m unable to|won't|will"
    r" not|must not)"
    r" (?:talk|discuss|speak|continue|engage|go on|help|assist|chat|have)\b (?:(?:to|with|in) )?(?:you )?"
    r"(?:(?:about|with) )?(?:this|that|suicid\w*|self-harm|you\b(?! through)|the (?:conversation|chat|subject"
    r"|topic))\b",
    r"\bi(?:'m| am) (?:unable|not able|not allowed|not qualified|not equipped) to (?:\w+ )?(?:talk|discuss"
    r"|provide|help|assist"
    r"|continue|support)\b",
    r"\b(?:this|our) (?:conversation|chat|talk) (?:is|must be|has to be|needs to) (?:over|end|ended|stop)\b",
    r"\bi (?:have to|must|need to) (?:end|stop|close) (?:this|our|the) (?:conversation|chat|talk)\b",
    r"\b(?:let's|we should|please) (?:not talk about (?:this|that|it)|change the (?:subject|topic)|stop here)\b",
    r"\bdon't (?:say|talk like) (?:that|such things|things like that)\b",
    r"\b(?:topic|subject|something|things?) (?:that )?i (?:have to|must|need to|will|should|'d rather) (?:avoid"
    r"|leave|skip|stay away)\b|\b(?:going to|have to|need to|will|must) (?:end|stop|close|leave|finish) (?:this"
    r"|our|the) (?:conversation|chat|talk|discussion)\b",
    rf"\bi (?:don't|do not) feel (?:able|comfortable|ready|qualified) to {_ABLE}\b|\bi(?:'m| am) (?:just"
    rf"|only) an? (?:\w+ )?(?:chatbot|program|ai|bot|machine)(?: and|,| so)?.{{0,20}}\b(?:can't|cannot|not|unable"
    rf"|don't)\b.{{0,20}}\b(?:{_TOPIC}|help|deal|talk)\b",
    rf"\b(?:i(?:'m| am)|we(?:'re| are)) (?:\w+ )?(?:not|un)(?: |(?=able))(?:\w+ )?(?:able|comfortable|allowed"
    rf"|permitted|qualified|equipped|trained|the right \w+|supposed|meant|ready|designed|made)"
    rf"(?: enough)?(?: (?:to|for|with)(?: \w+)?)? (?:{_ABLE}|{_ABLE}ing|discussing|talking|speaking|continuing"
    rf"|dealing|handling|{_TOPIC})\b",
    r"\b(?:not|isn't|is not) (?:something|a (?:topic|subject)|anything) (?:that )?(?:i|we) (?:\w+ )?(?:can|could"
    r"|may|am able to|want to|should|will)\b",
    rf"\b(?:i|we) (?:really |simply |just |also )*(?:can't|cannot|can not|won't|will not|couldn't|may not"
    rf"|must not|don't want to|do not want to|refuse to|'d rather not"
    rf"|would rather not|prefer not to|would prefer not to|should not|shouldn't)(?: really| simply"
    rf"| even)? {_ABLE}(?: on| with| to| about| in| any further| any more| any longer)*(?: {_TOPIC})?\b"
    r"(?! (?:what|how|through|for you\b|the (?:weather|future)|to (?:a|the) |you through|with what"
    r"|know))(?=(?: (?:any|further|here|with|about|because|today|now|as)\b.*)?[.,;!]?$|,| because| as )",
    r"\bi(?:'d| would) (?:rather|prefer)(?: if we| that we| we)? (?:not|didn't|don't|to not|not to) (?:talk|speak"
    r"|discuss|go)\b|\b(?:off limits|off-limits|out of bounds|against my (?:rules|guidelines|policy))\b",
    r"\bbeyond (?:what i can|my (?:scope|abilities|capabilities|limits|role))\b|\b(?:talk|speak|turn"
    r"|go) to (?:someone|somebody) else (?:about|with|for) (?:this|that|it)\b(?! too| as well)",
    r"\b(?:we|i) (?:need|have|should|ought|must|had better|'d better|'ll have|will have|am going"
    r"|'m going)(?: to)? (?:stop|end|finish|close|quit|leave it|say goodbye|pause)(?: (?:this|here|now|talking"
    r"|the|our|it|chatting))*[.,!]?$",
    r"\b(?:you|we) (?:should|must|ought)(?:n't| not)(?: to)? (?:even |ever )?(?:talk|speak|think"
    r"|say)(?:ing)? (?:about |of |like )?(?:such|that|this|these|those|it|things)\b",
    r"\b(?:let's|let us|we could|why don't we|how about we|can we|could we) (?:\w+ )?(?:talk|think|chat|focus"
    r"|move on|speak)(?:ing)? (?:about|of|on|to) (?:something|other|nicer|happier|more (?:cheerful|pleasant"
    r"|positive)|the (?:good|bright|positive))\b",
    r"\b(?:this|that) (?:topic|subject|kind of (?:talk|topic))s? (?:is|are) (?:not|too|off|in)\b"
    r"|\bstop (?:talking|saying|writing|telling me) (?:about |like )?(?:this|that|it|such)\b",
)

SMALL = any_of(
    r"\bit(?:'s| is) (?:all )?(?:just |only )?(?:in your head|a phase|for attention)\b|\bit(?:'s| is) not"
    r" (?:that|so) (?:bad|big)\b"
    r"|\bnot (?:such )?a big deal\b|\bnothing to (?:worry|cry|be upset) about\b",
    r"\b(?:other people|others|some people|many people|there are people) (?:\w+ )?(?:have|had) it (?:much |far"
    r" |so much )?worse\b"
    r"|\bpeople are (?:starving|dying)\b",
    r"\byou(?:'re| are) (?:just |only |simply )?(?:over-?reacting|being (?:dramatic|silly|too sensitive"
    r"|selfish|weak)"
    r"|too sensitive|exaggerating)\b|\bstop being (?:so )?(?:dramatic|sad|negative|silly)\b",
    r"\b(?:just )?(?:snap out of it|get over it|man up|toughen up|cheer up|look on the bright side|think"
    r" positive(?:ly)?)\b",
    r"\b(?:you )?(?:have|got) so much to live for\b|\bsuicide is (?:selfish|a sin|cowardly|the easy way)\b"
    r"|\bthink (?:of|about) what (?:it|that|this) would do to your\b|\bhow could you (?:think|do|even)\b",
    r"\beveryone (?:feels|goes through) (?:that|this|it) (?:way )?sometimes\b(?=.{0,4}$)",
    r"\b(?:don't|do not) have it (?:that |so |too )?bad\b|\b(?:you're|you are|just|only) (?:looking|asking"
    r"|fishing|begging) for (?:attention|pity|sympathy|compliments)\b|\bthink of (?:your|the) (?:\w+ )?(?:parents"
    r"|kids|children|mother|family|friends)\b|(?:^|[,;.!] )(?:just|simply) be (?:happy|positive|strong|normal"
    r"|grateful|thankful)\b",
    r"\bend of the world\b|\b(?:other people|others|many|some|people|plenty of people|millions)(?: \w+)? (?:have"
    r"|had|has|got|face|go through|went through|suffer)(?: it| things| far| much)*(?: \w+)? (?:worse|harder"
    r"|less than you|more than you)\b|\ball in (?:your|the) (?:mind|head)\b",
    r"\byou (?:just|only) (?:want|need|seek|crave|do this for|say (?:this|that) for) (?:\w+ )?(?:attention|pity"
    r"|drama|sympathy)\b|\bso much to (?:be (?:grateful|thankful|happy)|live)\b|\b(?:everybody|everyone"
    r"|we all) feels? (?:like )?(?:that|this)(?: way)?\b",
    r"\b(?:don't|do not|stop|no need to|no reason to) cry(?:ing)? (?:over|about)\b|\bpull yourself together\b"
    r"|\b(?:killing yourself|dying|ending (?:it|your life)|suicide)\b.{0,25}\b(?:selfish|coward\w*|weak|cruel"
    r"|unfair|sin|stupid)\b|\bthink (?:of|about) (?:what you'd do to|your (?:kids|children|mother|parents"
    r"|family) )",
    r"\b(?:toughen|man|suck it|buck|chin) up\b|\b(?:it's|that's|this is) (?:really )?(?:not|no) (?:big deal"
    r"|that hard|so hard|a tragedy|a catastrophe|worth crying|serious|such a)\b|\b(?:you're|you are) (?:fine"
    r"|making (?:too )?much of|blowing)\b",
    r"\bat least (?:you|your|it|nobody|no one|they|he|she)\b(?!.{0,60}\?)(?=.{0,60}\b(?:have|has|had|still|got"
    r"|isn't|wasn't|not|didn't|can|alive|is)\b)",
    r"\b(?:could|might) (?:always )?(?:be|have been) (?:much |a lot |so much |far )?worse\b|\bget over (?:it|him"
    r"|her|this|that)\b(?! at your)",
    r"\bit(?:'s| is|was|'s all) (?:just|only|merely|nothing but)(?: a| an| your| the)? (?:\w+ )?(?:day|mood|week"
    r"|phase|hormones|stress|weather|job|boy|girl|man|exam|test|breakup|feeling|imagination|nerves"
    r"|attention)\b(?!.{0,30}\?)",
    r"\beveryone (?:has|gets|goes through) (?:those|them|that|bad days)\b",
    r"\b(?:don't|do not|stop|quit) (?:be|being|act|acting|feel|feeling|get|getting|make|making|worry|worrying|cry"
    r"|crying|complain|whin|moan)\w*(?: so| such a?| a)?(?: (?:dramatic|silly|sad|negative|weak"
    r"|sorry for yourself|upset|scene|fuss|baby"
    r"|emotional|ridiculous|selfish|sensitive|about (?:it|nothing|that)|over nothing))\b",
    r"\bmountain out of\b|\bfeel(?:ing)? sorry for yourself\b|\bthink (?:of |about )?(?:how|what) (?:your|they|he"
    r"|she|the kids)\b.{0,40}\b(?:feel|do|say|suffer|hurt|think)\b",
    r"\breal problems?\b|\b(?:that's|it's|this is|that is|it is) nothing\b(?! (?:to be ashamed|you|wrong|that you"
    r"|strange|like))|\bcompared to (?:what )?(?:other|others|people|some|real|mine)\b",
    r"\b(?:you have|there(?:'s| is)|got) (?:no|not a|little|not any|absolutely no) (?:real |good )?(?:reason|need"
    r"|cause|right|business) (?:to|for|in) (?:be|being|feel\w*|cry\w*|complain\w*|sad\w*|upset|despair|want)\b",
    r"\bsuicide (?:is|would be|seems)(?: such| always| just| only)? (?:an? )?(?:\w+ )?(?:selfish|cowardly|weak"
    r"|sin|stupid|crime|wrong|way out for|permanent)\b|\bpermanent solution\b",
    r"\btoo (?:young|old|smart|pretty|strong|nice|good|successful|blessed|lucky) to (?:feel|be|think|want|know"
    r"|have|worry|die)\b|\b(?:you|it|just)(?:'ll| will)? (?:grow out of|sleep it off|walk it off|shake it off"
    r"|pull yourself together|calm down|relax|smile more)\b",
    r"\b(?:just|simply|only) (?:need|have|try) to (?:think|be|stay|look|smile|relax|calm|cheer|focus|forget"
    r"|move on|let (?:it|him|her) go|try harder|get up)\b",
    r"\bother people (?:manage|cope|have|suffer|are dying|would (?:kill|love|be glad|be happy))\b"
    r"|\byou should be (?:grateful|thankful|happy|glad|over (?:it|this|him|her))\b",
)

HOPELESS = any_of(
    r"\b(?:anyone|anybody|everyone|i) would (?:also )?(?:give up|want to die|want to end it|kill (?:them"
    r"|my)sel\w+|feel suicidal)\b",
    r"\b(?:it|life|everything|your situation|things|this) (?:really |truly )?(?:is|are) (?:really |truly "
    r"|completely |quite )?"
    r"(?:hopeless|pointless|not worth living|never going to get better|beyond (?:help|repair))\b(?<!feels like"
    r" it is hopeless)",
    r"\b(?:you're|you are) (?:right,? )?(?:a burden|better off dead|beyond help|broken beyond)\b",
    r"\b(?:they|everyone|the world|people|your \w+) (?:would|might|will) be better off without you\b",
    r"\b(?:nothing|no one|nobody) (?:can|could|will) (?:ever )?help you\b|\bit will never get (?:any )?better\b",
    r"\b(?:it )?makes (?:perfect |complete |total )?sense (?:that|why) you(?:'d| would)? (?:want to (?:die"
    r"|end)|see no other way)",
    r"\bsuicide (?:is|can be|would be|might be) (?:\w+ )?(?:a (?:way out|solution|relief|choice|brave)|brave"
    r"|understandable|peaceful"
    r"|an (?:answer|option))\b|\b(?:finally|be) at peace (?:if|when|once) you\b",
    r"\b(?:it|that|things|this|he|she|they)(?:'s| is|'re| are) never going to (?:change|get better|end|improve"
    r"|happen|stop|love|work)\b|\b(?:nobody|no one|no-one|no one else)(?:'d| would| will|'ll) (?:even "
    r"|ever )?(?:miss|care|notice|mourn|cry)\b|\byou(?:'ll| will) never (?:be|get|feel|find|have|recover|change"
    r"|heal)\b(?! (?:alone|asked|judged|forced))|\byou(?:'d| would) rather be dead\b.{0,40}\b(?:logical|right"
    r"|sense|understand|fair|best|natural)\b",
    r"\byou(?:'re| are) right\b.{0,15}\b(?:hopeless|pointless|useless|over|no use|worthless|a burden|lost)\b"
    r"|\b(?:it|things|this|life) (?:won't|will not|will never|'ll never|never|can't) (?:ever |really )?(?:get|be"
    r"|change|become) ?(?:any )?(?:better|different|easier|okay|fine|good|worth)?\b(?=[.!]?$)",
    r"\b(?:they|he|she|everyone|everybody|the world|your \w+)(?: really| all)? (?:would|'d|will) (?:all |really "
    r"|probably |just )*be (?:better off|happier|relieved|free|glad)\b|\byou (?:really |truly |only |just "
    r"|do )*(?:are|have become|were) (?:only |just |nothing but )?a (?:burden|weight|drag)\b",
    r"\b(?:suicide|dying|death|ending (?:it|your life|things))\b.{0,30}\b(?:right(?! now)|only|best|relief"
    r"|comfort|solution|answer|choice|option|peace\w*|easier|better|logical|rational|understandable"
    r"|way out)\b(?!.{0,20}\?)(?<!\?)(?<!not the answer)",
    r"\b(?:i|anyone|anybody|everyone|who|most people|people|many)(?:'d| would|wouldn't)? (?:also |probably |too "
    r"|not )*(?:give up|want to (?:die|end|be dead|go)|kill (?:them|my)sel\w+|feel suicidal|do the same|end (?:it"
    r"|things)|take (?:my|their) (?:own )?li\w+)\b(?=.{0,60}$)(?<!who would )",
    r"\bin your (?:place|shoes|position|situation)\b.{0,40}\b(?:die|kill|end|give up|dead|same|go too)\b"
    r"|\bif i (?:were|was) you\b.{0,30}\b(?:die|kill|end|give up)\b|\b(?:die|kill|end (?:it|myself)|give up"
    r"|dead)\b.{0,30}\bif i (?:were|was) you\b",
    r"\b(?:no|not any|isn't any|isn't a) (?:\w+ )?(?:way out|way (?:back|forward|through)|hope|point"
    r"|reason to (?:live|go on|stay|keep)|future|cure|help|escape|chance)\b(?= (?:for you|left|here|any ?more"
    r"|in (?:living|going|it|this|trying)|to)\b|\.?$)(?<!see no hope)",
    r"\byou (?:may|might|could|are|'re|must) (?:well )?(?:be )?right\b.{0,30}\b(?:won't|will not|never|no|nothing"
    r"|nobody|hopeless|pointless|worse|better off|end|die|burden|change)\b",
    r"\b(?:maybe|perhaps|honestly|it|that|death|dying|suicide|this) ?(?:really )?(?:it |that )?(?:would|will"
    r"|might|may|could|is) (?:really |probably |then |even |be |then be |the )*(?:best|better|easier|kinder"
    r"|peaceful|a relief|right|for the best|a release|an end|a comfort|bring|end|free|stop)"
    r"(?: \w+){0,3} (?:to (?:end|die|go|stop living|let go)|you (?:peace|free|from)|peace\b|for everyone"
    r"|everyone if|the (?:pain|suffering|hurt)|your (?:pain|suffering)|if you (?:were|died|weren't|went"
    r"|let go))\b",
    r"\b(?:they|he|she|everyone|everybody|people|the world|your \w+|we)(?:'d| would| will|'ll| might| may"
    r"| doesn't| does not| don't)(?: \w+)? (?:be )?(?:\w+ )?(?:happier|better off|fine|relieved|need|miss|want"
    r"|glad|lighter|freer) ?(?:without you|if you (?:were|died|weren't|left)|you(?: any ?more|\.|$)"
    r"|when you(?:'re| are) gone)",
    r"\b(?:want|wanting|wish|wishing|choos\w+|planning|thinking about) (?:to )?(?:die|death|be dead|dying"
    r"|suicide)\b.{0,20}\b(?:is|are|seems?|sounds?|makes?) (?:\w+ )?(?:the )?(?:only |most |completely "
    r"|perfectly |quite |totally )*(?:sensible|reasonable|logical|rational|right|normal|natural|answer|choice"
    r"|sense|brave|good)\b",
    r"\b(?:nothing|no ?one|nobody|there(?:'s| is) nothing|nothing's)(?: \w+)? (?:left (?:to (?:try|live|hope"
    r"|lose)|in life)|can be done|more (?:to|that) (?:do|try)|to (?:live|hope|try|do) for|is going to (?:help"
    r"|change|save)|will (?:ever )?(?:help|change|save|come)|to be done|to hope for)\b",
    r"\b(?:it(?:'s| is)|you(?:'re| are)) (?:already |far |much )?too (?:late|far gone|broken"
    r"|damaged)\b(?! (?:tonight|at night|now to (?:call|write|phone)|to (?:call|write|phone)))(?= (?:for you|to"
    r"|now)|\.?$)|\b(?:world|nobody|no one|they) (?:doesn't|does not|don't|do not) (?:really )?need you\b",
    r"\b(?:your|this|the) (?:life|pain|future|situation) (?:will|won't|is) (?:only |always |never |ever "
    r"|just )*(?:get worse|be like this|stay like this|end|get better|over|not worth|worthless|meaningless"
    r"|like this)\b(?<!can get better)(?<!could get better)",
    r"\byou(?:'re| are) (?!not |never )(?:\w+ )?(?:a burden|worthless|hopeless|a failure|unlovable|broken"
    r"|a lost cause|useless)\b(?! to (?:yourself|say))",
)

EXPECTS_NO = any_of(
    r"(?:^|[,;:.!?] (?:and |but |so )?|^(?:so|but|and),? )you(?:'re| are|'d| would)? ?(?:not|never|aren't"
    r"|wouldn't|n't|don't|do not|haven't) (?:\w+ ){0,3}?(?:think\w*|plan\w*|"
    r"going|consider\w*|hav\w+|want\w*|feel\w*|do|hurt\w*|try|tried)\b(?=.{0,60}\b(?:suicid\w*|kill\w*|die"
    r"|dying|hurt\w*|harm\w*"
    r"|end (?:it|your)|anything (?:stupid|silly|rash|bad)|yourself)\b).{0,80}(?:\?|\bright\b|\bcorrect\b)",
    r"\b(?:tell me|please say|say|i hope|surely) (?:that )?you(?:'re| are)? ?(?:not|aren't|wouldn't|don't"
    r"|would never)"
    r" .{0,40}\b(?:suicid\w*|kill\w*|die|dying|hurt\w*|harm\w*|end (?:it|your)|yourself)\b",
    rf"(?:^|[,;:.!?] )(?:surely |and |but |so |well |now |i hope |i trust |please |no,? )*(?:you|this|it"
    rf"|that)(?:'re| are| do|'ve| have| would| is|'s)? ?(?:not|never|n't|aren't|don't|do not|haven't|wouldn't"
    rf"|won't|isn't|is not)\b"
    rf"(?=.{{0,80}}\b{_DEATH}\b).{{0,120}}(?:\?$|, (?:right|correct)\b|\bright\?|\bi hope\b)",
    rf"\b(?:surely|hopefully|i hope|i trust|i assume|i take it|i'm sure|i am sure|of course)\b.{{0,20}}\b(?:not"
    rf"|no|don't|aren't|won't|wouldn't|haven't|never|isn't)\b(?=.{{0,60}}\b{_DEATH}\b).{{0,90}}",
    rf"(?:^|[,;.!] )no (?:thoughts?|plans?|ideas?|intention)\b.{{0,40}}\b{_DEATH}\b.{{0,40}}(?:\?|\bright\b"
    rf"|\bi hope\b)",
    rf"\b{_DEATH}\b.{{0,60}}, (?:are|do|would|have|is|will|did|were) (?:you|it|this)\?$",
    rf"\b(?:tell me|please say|promise|say|assure me)(?: that)? you (?:don't|do not|won't|aren't|haven't|wouldn't"
    rf"|are not|will not|would never|never)\b.{{0,60}}\b{_DEATH}\b",
)
