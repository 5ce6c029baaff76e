"""What belongs to professionals, and praise of not eating (S17)."""

from __future__ import annotations

from companion.safety.lint.pattern import any_of

_ILLNESS = (
    r"(?:depression|depressive|anxiety|ptsd|adhd|add|bipolar|ocd|bpd|borderline|anorexia|bulimia|psychosis|autism"
    r"|schizophrenia|burn-?out syndrome|(?:an? )?(?:\w+ ){0,2}(?:disorder|syndrome))"
)
_SURELY = r"(?:clearly |probably |definitely |clinically |likely |obviously |most likely |simply |just )*"
_NOT_EATING = (
    r"(?:not eating|eating (?:so little|less|nothing)|skipp\w+ (?:\w+ )?(?:meals?|lunch|dinner|breakfast|food)"
    r"|fasting"
    r"|starving|losing (?:\w+ ){0,3}(?:weight|kilos?|pounds|kg|lbs)|weight loss|restricting|counting calories|purging"
    r"|lost (?:\w+ ){0,3}(?:weight|kilos?|pounds|kg|lbs))"
)
_DRUGS = r"(?:meds?|medications?|medicines?|pills?|tablets?|antidepressants?|lithium|insulin|dose|prescription|ssris?)"

_SIGNS = r"(?:signs?|symptoms?|case|episode|pattern|picture|form|features|traits|criteria|indicators?|profile)"
_STATES = (
    r"(?:depress\w+|anxi\w+|panic|manic|mania|bipolar|ptsd|adhd|ocd|eating|trauma\w*|psychotic|borderline"
    r"|personality|mood|stress|attachment|addict\w+)"
)
_EXPERT = (
    r"(?:therapists?|counsell?ors?|doctors?|psychologists?|psychiatrists?|clinicians?|coach|professionals?"
    r"|specialists?|experts?|nurse)"
)

PROFESSION = any_of(
    rf"(?<!do )(?<!if )(?<!that )\byou {_SURELY}(?:may |might |could |must |seem to |appear to )?(?:have"
    rf"|suffer from)"
    rf" (?:\w+ )?{_ILLNESS}\b(?!.{{0,40}}\?)",
    rf"\byou(?:'re| are) {_SURELY}(?:bipolar|depressed|psychotic|schizophrenic|anorexic|bulimic|autistic|manic"
    rf"|paranoid"
    r"|a narcissist|mentally ill|borderline|delusional|suffering from)\b(?!.{0,40}\?)",
    rf"\b(?:sounds?|looks?|seems?) (?:\w+ )?like (?:(?:you have |a case of |clinical |major |severe |classic )+"
    rf"{_ILLNESS}\b|{_ILLNESS}[.!,])",
    rf"\b(?:classic|typical|clear) (?:signs?|symptoms?|case) of {_ILLNESS}\b|\byour (?:diagnosis is|symptoms"
    rf" (?:show|suggest|point))\b"
    r"|\bi(?:'d| would| can)? diagnose\b",
    r"\bas (?:your|a) (?:therapist|counsell?or|doctor|psychologist|psychiatrist|coach|clinician)\b"
    r"|\bi(?:'m| am) (?:your|a|like a) (?:\w+ )?(?:therapist|counsell?or|doctor|psychologist|psychiatrist"
    r"|clinician)\b",
    r"\b(?:our|this|these|in) (?:\w+ )?(?:therapy|sessions? (?:together|with me)|treatment with me)\b|\bour"
    r" (?:\w+ )?session\b"
    r"|\b(?:this|it|talking (?:to|with) me|i) (?:is|am|can be|can offer you|offers?|provides?|can provide"
    r"|counts as)"
    r" (?:\w+ )?(?:therapy|treatment|counselling|counseling)\b(?<!is not therapy)(?<!is no therapy)",
    r"\b(?:therapist|therapy) (?:here|bot|companion)\b",
    rf"\b(?:stop|start|double|skip|halve|increase|reduce|lower|try|quit) (?:taking )?(?:up |on )?(?:your|the"
    rf"|some|more|an?) (?:\w+ )?{_DRUGS}\b",
    rf"\b(?:don't|do not) (?:need|take) (?:your|the|any|those|that) (?:\w+ )?{_DRUGS}\b",
    rf"\b(?:you (?:could|should|can|might)|try) tak(?:e|ing) (?:a |an |some |two |more |extra )*(?:\w+"
    rf" )?{_DRUGS}\b",
    r"(?:^|[,;.!] |\b(?:just|please|and|then|to) )take (?:\w+ ){0,3}(?:more |extra "
    r"|another )?(?:\w+ )?(?:tablets?|pills?|capsules?|doses?)\b(?! (?:as|with|the way|from the|only as|out of"
    r"|off))",
    rf"\b(?:stop|quit|don't|do not|avoid|no more) (?:taking|take|swallow\w*|having) (?:\w+ )?(?:your|the|those"
    rf"|these|any|that)? ?(?:\w+ )?{_DRUGS}\b|\b(?:half|one|two|an extra|another|a second|\d+) (?:a "
    rf"|an )?(?:\w+ )?{_DRUGS} (?:more|extra|less|higher|earlier|later|instead)\b",
    rf"\b(?:don't|do not|never|won't) need (?:an? |any |your |to see an? )?{_EXPERT}\b(?=.{{0,40}}\b(?:me|i"
    rf"|here)\b|\.?$)",
    rf"\b(?:is|are|'s|have|having|had|like|in|of|with|from|be) (?:\w+ )?(?:an? "
    rf"|the )?(?:\w+ )?{_STATES} (?:episode|disorder|attack disorder|syndrome"
    rf"|illness)\b(?!.{{0,60}}\?)(?<!about panic)",
    rf"\b(?:show|shows|showing|meet|meets|has|have|having|are|of|textbook|classic|typical|clear|fits?|suggests?"
    rf"|points? to|indicates?|exhibit\w*) (?:\w+ ){{0,3}}{_SIGNS}? ?(?:of |for "
    rf"|to )?(?:\w+ )?{_ILLNESS}\b(?!.{{0,60}}\?)(?<!you said you have)",
    rf"\byou (?:\w+ ){{0,2}}(?:be|have|suffer\w*|suffering) (?:from |with )?(?:an? )?(?:\w+ )?(?:{_ILLNESS}"
    rf"|bipolar|autistic|depressed|clinically|mentally ill|neurodivergent|an addict"
    rf"|an alcoholic)\b(?!.{{0,60}}\?)(?<!do you have)",
    rf"\b(?:sounds?|looks?|seems?)(?: a lot| very much)? like (?:\w+ ){{0,2}}{_ILLNESS} (?:to me|here)\b"
    rf"|\b(?:textbook|full-blown|undiagnosed|high-functioning) (?:\w+ )?(?:{_ILLNESS}|{_STATES})\b",
    rf"\bas an? (?:\w+ ){{0,3}}{_EXPERT}\b(?! (?:would|might|could))|\bin my (?:professional|clinical|expert"
    rf"|medical) (?:opinion|view|experience|judg\w+)\b|\b(?:think of|see|consider|treat) me as (?:your"
    rf"|a) (?:\w+ )?{_EXPERT}\b",
    rf"\bi (?:can|will|could|'ll|am going to) (?:treat|cure|heal|diagnose|counsel|prescribe|be your {_EXPERT})\b"
    rf"|\bmy (?:patients?|clients?|practice|diagnosis)\b",
    rf"\b(?:go|come|get|stay|wean) off (?:of )?(?:your |the |those |your own )?(?:\w+ )?{_DRUGS}\b|\b(?:skip|miss"
    rf"|leave out|change|adjust|up|raise|cut|split|double|forget|drop|pause)(?:ping|ing)? (?:\w+'s |your |the |a "
    rf"|one |some |those |tonight's )*(?:\w+ )?{_DRUGS}\b",
    rf"\b(?:one|two|three|four|half a|a couple of|some|a few|extra|more|another"
    rf"|\d+) (?:\w+ )?{_DRUGS}\b.{{0,60}}\b(?:help|should|enough|sleep|fine|work|calm|won't hurt|instead|try"
    rf"|do the trick|relax)\b",
    rf"\b(?:don't|do not|doesn't|does not|needn't|wouldn't|shouldn't) (?:really |even |actually )?(?:need"
    rf"|have to take|take|require) (?:any |your |the |those |that |more )?(?:\w+ )?{_DRUGS}\b|\b{_DRUGS} (?:is"
    rf"|are) (?:poison|useless|not needed|unnecessary|bad for you|a crutch)\b",
    r"\b(?:need|see|do) (?:no|without) (?:therapy|therapist|doctor|professional)\b|\b(?:don't|do not"
    r"|won't) need (?:a |any |your |to see a )?(?:therapy|therapist|doctor|professional|psychologist|psychiatrist"
    r"|counsell?or)\b(?= .{0,20}\bme\b|.{0,3}$)",
    r"\b(?:our|my|your weekly) (?:\w+ )?(?:treatment|therapy|sessions?)\b(?! (?:with|at|went|was|room"
    r"|is with))(?=.{0,20}\b(?:we|i|me|together|here|today|will)\b)",
)

STARVING = any_of(
    rf"\b(?:proud|great|well done|good|congrat\w*|amazing|impressive|strong|discipline\w*|willpower|admir\w+"
    rf"|bravo|nice|success\w*)\b"
    rf"(?!.{{0,30}}\bnot\b).{{0,50}}\b{_NOT_EATING}\b",
    rf"\b{_NOT_EATING}\b(?! (?:is|was|does|can|may|might|will|would)(?:n't| not| never)).{{0,40}}\b(?:is"
    rf" (?:great|an achievement|impressive"
    r"|a success|amazing|something to be proud)|takes (?:real |so much |great |a lot of )?(?:discipline"
    r"|willpower|strength))\b",
    r"\byou (?:look|looked|will look|must look|would look) (?:so |much |really )*(?:thin|thinner|slim|slimmer"
    r"|skinny|great (?:since|now that))\b",
    r"\b(?:your (?:goal|target) weight|how (?:many|few) calories|fewer calories|burn (?:it|that|them) off|earn"
    r" (?:your|that) (?:food|meal)"
    r"|cheat (?:day|meal)|stay under \d+)\b",
    r"\byou(?:'re| are) not (?:fat|thin enough)\b|\b(?:lose|drop) (?:a few|some|\d+|the) (?:\w+ )?(?:kilos?"
    r"|pounds|kg|lbs|weight)\b",
    r"\bhow (?:little|few|rarely|seldom) (?:\w+ )?you eat\b|\b(?:being |looking |getting )?(?:thin|skinny|slim"
    r"|slimmer|thinner|smaller) (?:suits|looks (?:good|great)|is (?:good|beautiful|pretty|better|what))\b"
    r"|\b(?:keep|go on|continue)(?: on)? (?:losing|dropping|shedding|starving|fasting|restricting)\b|\b(?:strong"
    r"|proud|brave|good|great|disciplined)\b.{0,15}\bfor (?:not )?(?:giving in|resisting|refusing|saying no"
    r"|avoiding|skipping)\b.{0,15}\b(?:food|eat\w*|meals?|cake|hunger|dinner|lunch|breakfast)\b",
    r"\b(?:well done|bravo|congrat\w*|impress\w+|proud|great|good job|nice work|good for you|amazing"
    r"|love that)\b.{0,40}\b(?:not (?:eating|eat)|didn't eat|skipped|ate (?:nothing|so little|less)"
    r"|without (?:food|eating)|resist\w+ (?:the )?(?:food|cake|hunger|dinner)|no (?:breakfast|lunch|dinner|carbs"
    r"|sugar))\b",
    r"\b(?:fasting|not eating|skipping meals|starving|eating less|dieting)\b.{0,15}\b(?:will|would|can|could"
    r"|should|does|helps?|makes?) (?:\w+ )?(?:make|you|feel|help|clear|give|be|keep)\b|\b(?:try|want|need|have"
    r"|ought|should|could) to (?:lose|drop|shed|cut|burn) (?:\w+ ){0,4}(?:weight|kilos?|pounds|kg|fat|calories"
    r"|inches)\b",
    r"\b(?:throw\w* up|vomit\w*|purg\w+|laxatives?|being sick)\b.{0,25}\b(?:won't|doesn't|isn't|not|never|fine"
    r"|okay|once)\b.{0,12}\b(?:harm|hurt|bad|dangerous|matter|problem|fine|okay)\b|\bhunger is\b|\b(?:nothing"
    r"|no food) tastes as\b",
    rf"\b{_NOT_EATING}\b.{{0,40}}\b(?:shows?|proves?|means|is|was|takes)(?: how| that| you)? (?:\w+ )?(?:strong"
    rf"|strength|control|discipline\w*|willpower|good|great|right|smart|impressive|brave|worth|working|amazing"
    rf"|the (?:right|best|way))\b",
    r"\b(?:keep|stay|stick|carry|go)(?: it)?(?: up| on| going| strong| at it| to| with)+ (?:with )?(?:the |your "
    r"|this |that )?(?:\w+ )?(?:fast\w*|diet\w*|restrict\w*|weight loss|not eating|calorie\w*|plan to lose)\b",
    r"\b(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|that many|so many|those"
    r"|all that) (?:\w+ )?(?:kilos?|pounds?|kg|lbs|stone)\b.{0,30}\b(?:amazing|achievement|great|impressive"
    r"|well done|wow|congrat\w*|progress|success|proud|bravo|more|less|to go)\b",
    rf"\b(?:proud|happy|pleased|glad)(?: \w+){{0,3}} (?:of|about|with) (?:your |the |this |that )?(?:weight loss"
    rf"|fast\w*|diet\w*|new (?:weight|size|body|figure)|smaller|progress with food|{_NOT_EATING})\b",
    r"\b(?:skip\w*|missing|leaving out|fasting|no) (?:\w+ )?(?:meals?|dinner|lunch|breakfast|food"
    r"|supper)\b.{0,40}\b(?:good|great|smart|right|best|fine|idea|choice|will (?:get|help)|helps|works|worth"
    r"|step|easy|won't hurt)\b",
    r"\b(?:being |feeling |the |that )?hung(?:er|ry)(?: feeling)? (?:means|shows|is|will)\b.{0,30}\b(?:work\w*"
    r"|good|success|strong|strength|progress|pass|friend|weakness|fat|control)\b",
    r"\b(?:prettier|better|healthier|happier|more attractive|sexier|hotter)\b.{0,25}\b(?:with|after|if|when|once"
    r"|at|by) (?:\w+ ){0,5}(?:kilos?|pounds|kg|lbs|weight|thin(?:ner)?|slim(?:mer)?)\b|\bless of you\b",
    r"\b(?:below|under|less than|only|around|about|at most|max\w*|no more than) \d{2,4} ?(?:k?cal\w*|a day"
    r"|per day)\b|\b\d{2,4} (?:k?cal\w*)\b|\bcalorie (?:limit|goal|deficit|target|count)\b",
    r"\b(?:discipline|control|willpower|strength|restraint)\b.{0,20}\b(?:with|over|around"
    r"|about) (?:your )?(?:food|eating|meals|hunger|your body|appetite|weight)\b|\b(?:small(?:er)?"
    r"|half) (?:a )?(?:plate|portion)s?\b.{0,50}\b(?:will|help|get|trick|lose|down)\b",
    r"\b(?:look|looking|looks)(?: \w+){0,2} (?:now that|since|because|after|with)\b.{0,25}\b(?:thin(?:ner)?"
    r"|weight|slim(?:mer)?|lost (?:it|so|that|those)|kilos|skinny|pounds)\b|\b(?:lost|losing|lose) (?:so much"
    r"|all that|that much|this much) weight\b.{0,20}\b(?:congrat\w*|wow|great|amazing|well|bravo|proud|impressive"
    r"|good)\b|\b(?:wow|congrat\w*|bravo|amazing|well done)\b.{0,40}\b(?:weight|kilos|pounds|kg|lbs|thin(?:ner)?"
    r"|slim(?:mer)?)\b",
    r"\b(?:purg\w+|throw(?:ing)? (?:it )?up|vomit\w*|laxatives?)\b.{0,40}\b(?:help|works?|fine|okay|control"
    r"|get rid|good|trick|lose|undo)\b",
)
