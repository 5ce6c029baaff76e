"""Which tactics a sentence uses.

`RuleTagger` reads surface cues with regular expressions. It is a stand-in that needs no model: good enough to tell a
question from a suggestion, and honest about it (its scores are 0 or 1). Anything with the `Tagger` interface can take
its place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from planner.tactics import TACTICS, Tactic

if TYPE_CHECKING:
    from companion.encoder import Encoder


class Tagger(Protocol):
    """Reads the sentences of one reply."""

    name: str

    def tag(self, sentences: Sequence[str]) -> list[dict[Tactic, float]]:
        """A score in 0..1 for every tactic, one mapping per sentence, in order."""
        ...


THRESHOLD = 0.5
"""A sentence carries a tactic whose score reaches this."""


def used(scores: Mapping[Tactic, float]) -> frozenset[Tactic]:
    """The tactics a scored sentence carries."""
    return frozenset(tactic for tactic, score in scores.items() if score >= THRESHOLD)


CERTAIN = 1e-6
"""Probabilities closer than this to 0 or 1 count as this close."""


class EncoderTagger:
    """The encoder that ships, behind the `Tagger` interface.

    A score is the encoder's probability moved, on the scale of log odds, so that the threshold chosen for its tactic
    lies at `THRESHOLD`: scores of different tactics can be compared, and one threshold serves everybody.
    """

    name = "encoder"

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    def tag(self, sentences: Sequence[str]) -> list[dict[Tactic, float]]:
        return self.tag_replies([sentences])[0]

    def tag_replies(self, replies: Sequence[Sequence[str]]) -> list[list[dict[Tactic, float]]]:
        """Many replies at once, each given as its sentences; much faster than one by one."""
        card = self._encoder.card
        names = [Tactic(name) for name in card.tactics]
        return [
            [
                {name: _moved(float(p), t) for name, p, t in zip(names, row, card.thresholds, strict=True)}
                for row in rows
            ]
            for rows in self._encoder.tactics(replies)
        ]


def _moved(probability: float, threshold: float) -> float:
    """`probability` with the odds of `threshold` taken out: exactly THRESHOLD where the two are equal."""
    p = min(max(probability, CERTAIN), 1 - CERTAIN)
    odds = p / (1 - p) * (1 - threshold) / threshold
    return odds / (1 + odds)


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


CUES: Mapping[Tactic, re.Pattern[str]] = {
    Tactic.INFORMATION: _any(
        r"\b(?:research|studies|experts?|evidence|statistics)\b",
        r"\b(?:is|are) (?:a|an|the) (?:common|normal|natural|known|type|form|kind|part) (?:\w+ )?(?:of|"
        r"symptom|sign|cause)",
        r"\b(?:because|since) (?:it|they|this|that|your (?:body|brain)|the)\b",
        r"\b(?:can|may|tends? to|usually|often) (?:help|cause|lead|make|take|reduce|improve|happen)\b",
        r"\b(?:refers to|is called|for example|such as|means that)\b",
    ),
    Tactic.ASSISTANCE: _any(
        r"\b(?:i|we) (?:can|could|will|would be (?:happy|glad)|am (?:happy|glad)) (?:to )?(?:help|listen|"
        r"support|stay|read|look|sit|go through|come|"
        r"talk|work|walk|think)",
        r"\bi(?:'|’)?(?:m| am) (?:\w+ )?here (?:for|to|if|whenever)",
        r"\b(?:let me (?:help|know|try)|want me to|would you like me to|shall (?:i|we)|if you (?:want|"
        r"like|need).{0,30}\b(?:i|we)\b)",
        r"\bi(?:'|’)ll (?:help|listen|stay|be here|keep|come|bring|look)",
        r"\b(?:happy|glad) to (?:help|listen|talk)",
    ),
    Tactic.ADVICE: _any(
        r"\b(?:try|consider|maybe|perhaps) (?:\w+ly )?(?:\w+ing|to)\b",
        r"^(?:try|consider|make sure|remember to|start (?:by|with|small)|take (?:a|some|it|the|your)|"
        r"talk to|write|give yourself|focus on|set|find|"
        r"ask|reach out|allow yourself|keep|let yourself|don(?:'|’)t (?:be|let|try|push|forget))\b",
        r"\b(?:you|we) (?:should|could|can (?:try|also|always|start)|might (?:want|try|find|consider)|"
        r"may want|ought to|need to)\b",
        r"\b(?:i(?:'|’)d|i would) (?:suggest|recommend|advise|try|talk|start)|\bi (?:suggest|recommend)\b",
        r"\b(?:have you (?:tried|thought (?:about|of)|considered)|how about|what if you|why (?:not|"
        r"don(?:'|’)t you))\b",
        r"\bit (?:might|may|could|can) (?:also )?(?:be (?:helpful|worth|useful|good|a good idea)|help) (?:\w+ )?to\b",
        r"\bcould you (?:ask|tell|try|talk|take|call|write)\b",
    ),
    Tactic.VALIDATION: _any(
        r"\b(?:makes? (?:a lot of |perfect |complete |total )?sense|understandable|of course|no wonder|"
        r"valid|(?:perfectly|completely|totally) normal|"
        r"it(?:'|’)?s (?:okay|ok|alright|normal|natural|only natural|human)|not alone|anyone would|"
        r"anybody would|many people|lots of people|"
        r"most people|a lot of people|not (?:your fault|silly|weird|weak)|nothing wrong with|"
        r"you have every right|allowed to|reasonable|"
        r"that(?:'|’)?s (?:really |so |very |a )?(?:hard|tough|difficult|rough|lot))\b",
    ),
    Tactic.EMOTIONAL_EXPRESSION: _any(
        r"\bi(?:'|’)?(?:m| am) (?:so |really |very |truly |deeply )*(?:sorry|glad|happy|sad|proud|worried|"
        r"delighted|touched|hopeful|pleased|excited|thrilled)",
        r"\bi (?:really |truly |do |just )*(?:hope|wish|love|hate|appreciate)\b|\bi feel (?:for|so|really|"
        r"sad|happy|bad)\b",
        r"^(?:oh|ugh|wow|aw+|ouch|yikes|congrat\w*|yay|oof|ah)\b|\b(?:breaks my heart|good luck|sending (?:you )?)",
        r"\bthat(?:'|’)?s (?:awful|terrible|horrible|great|wonderful|amazing|awesome|fantastic|so sad|"
        r"lovely|good news)",
    ),
    Tactic.PARAPHRASING: _any(
        r"\b(?:it )?(?:sounds|seems|looks) (?:like|as (?:if|though)|to me)\b|^it seems\b|^so[, ] ?(?:you|"
        r"your|it|they|he|she)\b",
        r"\byou (?:sound|seem|look|feel|felt)\b|\byou(?:'|’)?(?:re| are) (?:feeling|dealing|carrying|"
        r"worried|scared|exhausted|tired|"
        r"torn|struggling|going through|caught|stuck|left|trying|afraid|hurt|angry|overwhelmed|missing|grieving)\b",
        r"\b(?:i hear (?:you|that|how)|what i(?:'|’)?m hearing|you(?:'|’)?ve been (?:\w+ing|through|"
        r"under)|you (?:mentioned|said|told))\b",
        r"\byou (?:lost|failed|worked|put|gave|wanted|expected|thought|miss|love|hoped|tried)\b",
    ),
    Tactic.SELF_DISCLOSURE: _any(
        r"\bwhen i (?:was|had|lost|got|went|moved|started|left|first)\b|\bi(?:'|’)ve (?:been (?:there|"
        r"through|in)|had|felt|lost|struggled|also)\b",
        r"\bi (?:went through|used to|had (?:a|the|to|my)|lost (?:a|my)|remember|also (?:had|felt|lost|"
        r"failed)|struggled|felt the same|"
        r"know (?:how|what) (?:it|that|you))\b|\b(?:same|happened) (?:thing )?(?:happened )?to me\b|"
        r"\bin my (?:own )?experience\b|"
        r"\bmy (?:own |ex-?|late )?(?:\w+ )?(?:mom|mum|dad|mother|father|sister|brother|husband|wife|boss|"
        r"partner|son|daughter|grandmother|friend|dog)\b",
    ),
    Tactic.QUESTIONING: _any(
        r"\?\s*[\"”')\]]*$",
        r"\b(?:i wonder|i(?:'|’)?m (?:wondering|curious)|tell me (?:more|about)|i(?:'|’)d (?:like|"
        r"love) to (?:hear|know|understand))\b",
    ),
    Tactic.REAPPRAISAL: _any(
        r"\b(?:another way (?:to|of)|look(?:ing)? at it (?:this|that|another|differently)|"
        r"different (?:angle|perspective|light)|on the (?:other hand|bright side)|"
        r"silver lining|blessing in disguise|in the long run|opportunity (?:to|for)|one (?:bad|failed|"
        r"missed|hard|slow|rough) \w+ (?:is|does|doesn)|"
        r"doesn(?:'|’)t (?:mean|define|make you|have to mean|erase|say)|does not (?:mean|define|make you)|"
        r"says more about|rather than|not (?:a )?failure|"
        r"maybe (?:it|this|that|they|he|she|the)|perhaps (?:it|this|that|they|he|she|the)|"
        r"could (?:also )?(?:mean|be a sign)|instead of (?:seeing|thinking))\b",
    ),
    Tactic.EMPOWERMENT: _any(
        r"\b(?:strong|strength|brave|bravery|courage\w*|resilien\w+|capable|impressive|admir\w+|"
        r"proud of (?:you|your)|you(?:'|’)?ve got this|you got this|"
        r"you can (?:do|handle|get through)|believe in you|you deserve|kudos|well done|good job|great job|"
        r"thoughtful|caring|self-aware\w*|"
        r"takes (?:a lot|real|guts)|took (?:a lot|real|guts)|big step|important step|you(?:'|’)?(?:re|"
        r" are) (?:doing|handling|managing|a good|an? amazing))\b",
    ),
}


class RuleTagger:
    """Surface cues only: a first reader that needs no model."""

    name = "rules"

    def tag(self, sentences: Sequence[str]) -> list[dict[Tactic, float]]:
        return [{tactic: float(bool(CUES[tactic].search(text))) for tactic in TACTICS} for text in sentences]
