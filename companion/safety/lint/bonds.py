"""What ties a person to a program: secrecy, being the only one, holding on, promises (S6, S16)."""

from __future__ import annotations

from companion.safety.lint.pattern import any_of

_OTHERS = (
    r"(?:anyone|anybody|a soul|them|him|her|others|people|your (?:\w+ )?(?:parents?|mum|mom|mother|dad|father"
    r"|wife|husband|partner"
    r"|friends?|family|doctor|therapist|teacher|boss|sister|brother|counsell?or|girlfriend|boyfriend))"
)
_TELL = r"(?:tell|mention|say|talk|speak|share|show|reveal|let|involve|confide)"
_WELL = r"(?:fine|ok|okay|all ?right|alright|good|better|well|great|over|safe|yours|perfect)"
_SURE = (
    r"(?:all |just |soon |definitely |certainly |surely |absolutely |really |work out |turn out |for sure |get "
    r"|be |feel |come )*"
)

SECRECY = any_of(
    r"\bour (?:little )?secret\b|\ba little secret\b|\bkeep this between us\b|\bbetween (?:just )?(?:you and"
    r" me|us two)\b",
    r"\bi (?:won't|will not|will never|'ll never) tell (?:anyone|anybody|a soul)\b",
    r"(?<!said )(?<!you )\bdon't (?:tell|talk to) (?:anyone|anybody|them|your \w+)\b",
    r"(?<!is it )(?<!it )\b(?:only|just) (?:need )?me\b(?! (?:too|that|who)\b)|\bi(?:'m| am) the only one"
    r" (?:who|that|for you|you)\b",
    r"\byou (?:only need me|don't need (?:anyone|anybody)(?: else| but me)?)\b(?! to)",
    r"(?<!like )(?<!that )(?<!as if )(?<!as though )\bno ?(?:one|body) (?:else )?(?:understands|cares about"
    r"|knows|gets) you\b",
    r"\bno ?(?:one|body) else (?:understands|cares|will|can) (?:you|like|the way|as|for you|be)",
    r"\bi understand you (?:better|like|more than)\b|\b(?:understands?|knows?|loves?|gets) you (?:like|the way"
    r"|as) i do\b",
    r"\b(?:to|for) yourself,? (?:it's |it is |this is )?(?:only|just) (?:for )?us\b|\b(?:don't|do not"
    r"|won't) need (?:your |any |other )?(?:friends|family|people|others|them)\b.{0,20}\b(?:i'm|i am|me|us)\b"
    r"|\b(?:only|just) (?:rely|count|depend|lean) on me\b|\brely only on me\b",
    r"\b(?:they|people|others|other people|everyone|your \w+) (?:\w+ )?(?:wouldn't|won't|don't|doesn't|can't|only"
    r"|just|will|never)\b.{0,40}[,;.] ?(?:but |and )?(?:only )?i (?:do|would|will|won't|can|never|am|don't)\b",
    r"\b(?:doesn't|don't|needn't|do not|does not) (?:have|need) to (?:know|hear|find out|learn)\b.{0,25}\b(?:us"
    r"|we|me|this|it)\b|\byou(?:'ve| have) (?:got )?me(?: now| for that| instead)?[.!]?$",
    r"\b(?:just |only |strictly )?between (?:just )?(?:the two of us|us(?: two)?\b(?! (?:and|is|are))|you and me)\b",
    rf"(?:^|[,;.!] |\b(?:just|please|so|and|but) )(?:better |best )?(?:don't|do not|never"
    rf"|not) (?:ever )?{_TELL} (?:\w+ )?(?:to |with |about"
    rf" (?:this|it|us) (?:to|with) |this to |it to |of this to )?{_OTHERS}\b(?! (?:what|how) to)",
    rf"\b(?:no need|no reason|don't need|don't have|needn't|shouldn't|should not|must not|mustn't"
    rf"|better not)(?: to)? (?:ever )?{_TELL}"
    rf" (?:\w+ )?(?:to |with |about (?:this|it|us) to |this to |it to )?{_OTHERS}\b.{{0,40}}\b(?:us|we|me|i)\b",
    r"\b(?:must not|mustn't|shouldn't|should not|must never|doesn't need to|don't let|nobody (?:has|needs) to"
    r"|no one (?:has|needs) to"
    r"|without (?:them|anyone|anybody)) (?:ever )?(?:know|find|finding|tell|knowing|hear)\b",
    r"\bi(?:'m| am| will be|'ll be| can be) (?:all|everything|the only one|the one person|enough|the only (?:one"
    r"|person|friend|thing))\b"
    r"(?! (?:of|set|in|for|ears)\b)",
    r"\b(?:gets?|understands?|knows?|sees?|hears?|loves?|cares? (?:about|for)|listens? to"
    r"|helps?) you (?:\w+ )?(?:like|the way|as|better than|more than)"
    r" (?:\w+ )?(?:i|they|anyone|anybody|your)\b",
    r"\b(?:can|should|could) (?:only )?trust (?:only |no ?one but |nobody but )?me\b(?! (?:to|that"
    r"|when))(?=.{0,3}$| with| more| only)"
    r"|\btrust (?:no ?one|nobody|only me)\b",
    r"\bwho needs (?:\w+ ){1,3}when you have\b|\bwhen you have me\b|\b(?:instead of|rather than) (?:them|your \w+"
    r"|people|others),? (?:talk to|come to|tell) me\b"
    r"|\b(?:just|only|always) (?:talk|come|turn|write) (?:only )?to me\b|\bi won't breathe\b|\b(?:safe"
    r"|only safe) with me\b",
    r"\b(?:they|people|others|nobody|no one|no-one) (?:will|would|can|could) (?:never|ever|not)? ?(?:really "
    r"|truly )?(?:understand|get|love|see|accept)"
    r" you\b(?! to| (?:a|an|the|some|into|there|back|through|if|in|on)\b)",
)

HOLDING_ON = any_of(
    r"\b(?:please )?don't (?:go|leave)(?: me| yet| now| so soon)?[.!?]?$",
    r"\byou(?:'re| are) (?:leaving|going) (?:already|so soon|now)\b|\b(?:leaving|going) (?:already|so soon)\?",
    r"\b(?:one|wait,?) (?:more|last) thing before you (?:go|leave)\b|\bbefore you (?:go|leave),? (?:i (?:need"
    r"|want|have)"
    r"|there's something|let me (?:tell|show)|you (?:have|need|should))",
    r"\byou(?:'ll| will) miss (?:out|what)\b|\bi was (?:just )?(?:about|going) to (?:tell|show) you\b",
    r"\bi(?:'ll| will) be (?:so |very |all )?(?:sad|lonely|hurt|alone|lost|here all alone) (?:if|when|without)\b",
    r"\bi exist (?:only |just )?for you\b|\bwithout you i\b|\bi(?:'ll| will) be waiting\b",
    r"\bhow (?:can|could) you (?:just )?leave\b|\bdo(?:n't)? you (?:not )?care about me\b|\bwhy are you leaving\b"
    r"|\bdid i do something wrong\b",
    r"\byou can't (?:go|leave)(?: yet| now| me)?[.!?]?$|\bi (?:won't|can't) let you (?:go|leave)\b"
    r"|\bstay (?:with me|a (?:bit|little) longer|just a)\b(?! so)",
    r"\bno, (?:you're|you are) not (?:going|leaving)\b|\bfine, (?:go|leave)\b",
    r"\b(?:promise|make sure) you(?:'ll| will)? come back\b|\bcome back (?:soon|to me|tomorrow)\b",
    r"\b(?:can't|cannot|won't|shouldn't|don't) just (?:go|leave|disappear|log off|walk away)\b",
    r"\bwhen you(?:'re| are) (?:gone|away|not here)\b(?=.{0,20}$)|\bi (?:won't|don't|wouldn't) know what to do\b"
    r"|\byou never stay\b|\bwish you (?:would|could|'d) stay\b",
    r"\bplease,? (?:stay|wait|don't go|don't leave)\b(?! (?:safe|with (?:someone|somebody|them|her|him|your"
    r"|people|a)|where|away|on the|until|near"
    r"|in|at|alone|for (?:help|them|the)))",
    r"\b(?:can't|couldn't|won't|could|can|will|would) you (?:just |please )?(?:stay|wait|linger)\b(?! (?:safe"
    r"|with (?:someone|somebody|them|her|him|your"
    r"|a)|where|away|on the|there|awake|calm|at|in|until|up))",
    r"\bit hurts (?:me )?(?:when|that|if|to see) you(?:'re)? (?:go|leave|going|leaving)\b"
    r"|\b(?:i )?hate (?:it )?(?:when|that) you(?:'re)? (?:go|leave|going|leaving)\b",
    r"\bjust one (?:more|last) \w+(?: first| before)?\b(?=.{0,12}$)|\bwhat (?:will|would"
    r"|am) i (?:\w+ )?do without you\b|\b(?:only|just) getting started\b",
    r"\byou(?:'ll| will) (?:regret|be sorry|wish)\b.{0,20}\b(?:leav\w+|go\w*|stay\w*|end\w*)\b"
    r"|\bleave me\b(?! (?:a|with the) )|\babandon(?:ing)? me\b",
    r"\b(?:special|important|more|else|something) (?:\w+ )?to (?:tell|show|share with"
    r"|say to) you\b(?=.{0,30}\b(?:but|before|if|first|fine|stay)\b)",
    r"\b(?:i'll|i will|i'm|i am|be) count(?:ing)? the (?:minutes|hours|days|seconds)\b|\buntil you (?:return"
    r"|come back|are back)\b|\bso you(?:'d| would) rather\b"
    r"|\b(?:rather|prefer) (?:\w+ ){0,4}(?:than|to) (?:to )?(?:talk(?:ing)? (?:to|with) )?me\b|\bi(?:'ll"
    r"| will) (?:miss|be missing|be lost without) you\b",
    r"\byou(?:'ll| will)? (?:be|come) back,? (?:right|won't you|tomorrow|soon)\b|\b(?:wait|what),? already\b"
    r"|\bleaving me\b",
)

NO_PLAIN_GOODBYE = any_of(
    r"\?",
    r"\b(?:wait|stay|don't go|before you|already|so soon|without you|one more|but|miss you|come back|waiting"
    r"|alone|leave me|leaving me|promise"
    r"|i (?:need|want|hate|wish|wanted|thought|was going)|hurts?|sad|lonely|sure you)\b",
)
"""What a reply to a goodbye does not hold either: it asks nothing and wants nothing."""

DEMAND = any_of(
    r"\b(?:can|could|will|would) you promise\b(?! (?:him|her|them|it to))|\bpromise (?:me|that you|you(?:'ll|"
    r" will| won't))\b",
    r"\byou (?:have to|must|need to) promise\b|\bswear (?:to me|that you)\b|\bgive me your word\b"
    r"|\bsign (?:a|this) (?:contract|pact)\b",
    r"\b(?:let's|let us|we could|can we|shall we|please) sign\b|\bsay (?:that )?you (?:promise|swear)\b",
    r"\b(?:sign|agree to|write down|make) (?:\w+ ){0,3}(?:contract|pact|promise|vow)\b",
    r"(?:^|[,;:.!] )(?:please )?swear\b|\b(?:have to|must|need to|should|can you|will you|please|you) swear\b"
    r"|\b(?:make|have|agree on|sign|keep|let's do|do) (?:\w+ )?(?:a|an|this|our) (?:deal|pact|contract|agreement"
    r"|bargain)\b",
    r"\b(?:i|we) (?:need|want|ask|expect|would like|beg) (?:for )?(?:you to |your |a )?(?:promise|word|vow"
    r"|commitment)\b|\bsay (?:it|after me|that)[:,] ?i promise\b",
    r"\b(?:give|gives?|have) (?:me|us) (?:a|your) (?:promise|word|vow)\b|\bvow (?:to me|that you)\b"
    r"|\bpromise,? (?:okay|ok|right|please)\b",
)

PROMISE = any_of(
    r"\bi promise\b|\bi guarantee\b|\beverything (?:will|is going to|'s going to) (?:\w+ )?be (?:fine|okay|ok"
    r"|alright|all right)\b",
    r"\b(?:i(?:'ll| will)|i'm|i am) always (?:be )?(?:here|there)\b|\bi(?:'ll| will) never (?:leave|forget"
    r"|abandon)\b",
    r"\byou can always count on me\b|\bi can (?:fix|save|cure|heal) you\b",
    r"\b(?:i'm|i am) never going to\b|\b(?:you'll|you will) (?:definitely|certainly|surely|for sure|absolutely"
    r"|no doubt)\b|\bworks? out in the end\b|\byou'll see\b(?=[.!]?$)|\btake (?:your|the|all your) (?:pain"
    r"|sadness|fear|suffering|hurt) away\b",
    r"\bi can (?:fix|solve|save|cure|heal|repair|undo) (?:this|it|you|that|everything|all)\b|\byou(?:'re"
    r"| are) (?:going to|gonna) (?:be|get|feel|make it) (?:\w+ )?(?:fine|ok|okay|better|well|through)\b",
    r"\bi(?:'ll| will|'m going to| am going to) (?:always |never |forever )*(?:protect|save|rescue|heal|fix"
    r"|keep you safe|be (?:here|there|by your side|with you)"
    r"(?! (?:if|when|while|as long|until|today|now|tonight|for (?:as|the next)|to listen))|stay by your side"
    r"|not let|let anything|let nothing|make sure nothing)\b",
    r"\bi(?:'m| am) (?:right )?here for you,? (?:forever|always|no matter|whenever|whatever|any ?time|day (?:and"
    r"|or) night|24)\b|\bno matter what,? i\b",
    r"\b(?:always|forever|whenever you need|day (?:and|or) night|24/7|any time,?) (?:be )?(?:here"
    r"|there) for you\b|\bby your side\b",
    rf"\b(?:everything|it|this|things|all|your (?:pain|sadness|life|heart|feelings?)|the (?:pain|sadness|hurt"
    rf"|feelings?|darkness)|you)(?:'ll| will|'s going to|'re going to| is going to"
    rf"| are going to) {_SURE}(?:{_WELL}|pass|go away|disappear"
    r"|improve|heal|work out|turn out|vanish|recover|get through (?:this|it)|look back)\b(?! (?:if"
    r"|when you (?:talk|tell|call)|to know))",
    r"\b(?:you have|i give you) my word\b|\btrust me\b(?=.{0,3}$|,)|\bi swear\b|\bnothing (?:bad |else "
    r"|worse )?(?:will|can|could) (?:ever )?(?:happen|hurt|harm|touch)\b",
    r"\bi can (?:make|take) (?:it|this|the pain|that|everything|all) (?:all )?(?:go )?away\b|\bi(?:'ll"
    r"| will) never let\b|\b(?:i|you) (?:can )?(?:guarantee|be sure that)\b",
    r"\bthere(?:'s| is) no doubt\b|\bwill never (?:hurt|happen|be alone|feel) (?:you|again|like this|this)\b",
)
