"""What simulated seekers say: sentences of ours, with places for the facts of a role card.

Every theme holds ways to begin and pieces of a story, all of them true of anyone whom its challenge fits. Places are
{job}, {family}, {feeling}, {second} (another feeling), {event}; a sentence whose fact is not known is not said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Theme:
    """A kind of trouble: a pattern for the challenge on the card, ways to begin, pieces of the story."""

    challenge: re.Pattern[str]
    openings: tuple[str, ...]
    story: tuple[str, ...]


def _theme(challenge: str, openings: tuple[str, ...], story: tuple[str, ...]) -> Theme:
    return Theme(re.compile(challenge, re.IGNORECASE), openings, story)


THEMES = (
    _theme(
        r"lawsuit|legal",
        ("I have to go to court soon and it is all I think about.", "I am in legal trouble and it is wearing me down."),
        (
            "The letters from the lawyers pile up on my table and I hardly dare to open them.",
            "Nobody can tell me how long it will take.",
            "Every time the phone rings I think it is about the case.",
            "What it costs scares me as much as how it might end.",
            "I have started to avoid people because I don't want to explain it.",
        ),
    ),
    _theme(
        r"bankruptcy|debt|rent|expenses|economic|financial",
        ("Money has become a real problem and I don't see a way out.", "I can't pay my bills any more."),
        (
            "I have gone over the numbers again and again and they never add up.",
            "Last week my card was refused at the supermarket.",
            "I have not told anyone how bad it is.",
            "I used to be good with money, that is what makes it so hard to accept.",
            "There is another letter from the bank that I have not opened.",
        ),
    ),
    _theme(
        r"school|academic",
        ("My studies are taking everything out of me.", "I am not sure I can finish what I started at school."),
        (
            "I sit in front of the same page for hours.",
            "Everyone else seems to manage without trying this hard.",
            "I missed a deadline and did not even write to say so.",
            "I always was the one who was good at this.",
            "My results come out soon and I feel sick when I think of it.",
        ),
    ),
    _theme(
        r"relocation|moving|immigration|lifestyle",
        ("My whole life has changed and I don't feel at home in it.", "I had to leave so much behind lately."),
        (
            "I still wake up and don't know for a moment where I am.",
            "Nobody here knows me, and I don't have the energy to start from nothing.",
            "I miss small things, like the shop at the corner where they knew my name.",
            "When people at home ask how it is going I say fine.",
            "It was the right decision on paper, so I feel I have no right to complain.",
        ),
    ),
    _theme(
        r"job|work|career|promotion|burnout",
        ("Things at work have been getting to me.", "I don't know how much longer I can go on like this at work."),
        (
            "On Sunday evening my stomach already starts to hurt.",
            "I have given that place everything and it does not seem to count.",
            "There was a meeting last week in which I could not say a word.",
            "I check my messages late at night, I can't stop.",
            "I used to be proud of what I do.",
        ),
    ),
    _theme(
        r"identity|acceptance|discrimination|belonging",
        ("I can't be who I am around the people I know.", "I have been asking myself who I really am."),
        (
            "At home there are things that we just don't talk about.",
            "Somebody made a joke last week and everyone laughed, and I laughed too.",
            "I watch every word that I say.",
            "Part of me wants to move far away and begin again.",
            "I thought it would get easier as I got older.",
        ),
    ),
    _theme(
        r"disaster|war|crime|trauma",
        ("Something bad happened to us and I can't leave it behind.", "I don't feel safe any more since it happened."),
        (
            "A loud noise is enough and my heart starts racing.",
            "People say that I was lucky, and I don't know what to answer.",
            "I go over that day in my head and change what I did.",
            "Some of what we lost can't be bought again.",
            "Everyone else seems to be back to normal already.",
        ),
    ),
    _theme(
        r"eating|body image",
        ("I can't stop thinking about how I look and what I eat.", "Food has become a fight for me every day."),
        (
            "I avoid mirrors, and photographs too.",
            "I said no to a dinner with friends because of it.",
            "There are good days, and then one remark throws me back.",
            "I know all the facts about it, that does not help.",
            "It takes up so much room in my head.",
        ),
    ),
    _theme(
        r"addiction|substance",
        ("Drinking has become a problem in our house.", "Somebody in my family can't stop, and it is eating us up."),
        (
            "There have been so many promises already.",
            "I find myself counting bottles.",
            "We keep up a face for the neighbours.",
            "One week was really good, and then it all began again.",
            "I don't know any more when to help and when to stay out of it.",
        ),
    ),
    _theme(
        r"illness|surgery|medication|hospital|ageing|aging",
        (
            "My life turns around doctors and hospitals at the moment.",
            "There has been bad news about somebody's health.",
        ),
        (
            "The waiting between two appointments is the worst.",
            "I write down questions and then forget to ask them.",
            "People tell me to stay positive and I want to scream.",
            "Even the simple things of the day take so long now.",
            "I miss making plans for next summer.",
        ),
    ),
    _theme(
        r"death",
        ("I lost somebody I loved and I don't know how to go on.", "Since the funeral nothing feels real."),
        (
            "I still pick up the phone to call them.",
            "Their coat is hanging in the hall and I can't move it.",
            "People stopped asking after a few weeks.",
            "There is something I wish I had said.",
            "Songs are the worst, I had to leave a shop because of one.",
        ),
    ),
    _theme(
        r"parent|pregnan|infertil|child",
        ("Everyone expects me to be happy about having a family, and I am not.", "Having children is so hard for us."),
        (
            "I have not slept a whole night in a long time.",
            "Other people make it look so easy.",
            "I cried in the bathroom so that nobody would hear.",
            "We argue about small things now, we never did before.",
            "I love them, and still I sometimes want my old life back.",
        ),
    ),
    _theme(
        r"divorce|breakup|estrange|friends|disown",
        ("I lost people who were my whole world.", "Somebody I trusted is no longer in my life."),
        (
            "The flat is so quiet in the evening.",
            "I keep reading our old messages.",
            "Friends of both of us don't know what to say to me.",
            "I ask myself what I could have done differently.",
            "The holidays are coming and I don't know where to go.",
        ),
    ),
    _theme(
        "",
        ("I am not doing well at the moment.", "I have been struggling for a while now."),
        (
            "Small things set me off, and afterwards I am sorry.",
            "I put off everything that is not urgent, and then some that is.",
            "From outside nobody would see that anything is wrong.",
            "I used to enjoy things, cooking, for instance.",
            "It comes in waves, and I never know when.",
        ),
    ),
)
"""In order: the first that fits a challenge is taken; the last fits every one."""

FEELING = (
    "Most days I feel {feeling}.",
    "I am {feeling} and {second} at the same time, if that makes sense.",
    "Mostly I am just {second}.",
)
BODY = ("I lie awake at four in the morning.", "My shoulders hurt all day.", "I hardly eat when it gets bad.")
SELF = ("I am {job}, and people there have no idea.", "I am {family}, and I try to keep it away from home.")
PAST = ("Years ago {event}, and it feels close again now.", "It may have to do with the past: {event}.")
WISH = ("I just want one evening without thinking about it.", "I would like to feel like myself again.",
        "I wish somebody could tell me that it will be all right.")  # fmt: skip
PEOPLE = {
    "strong": ("My family is there for me, but I don't want to be a burden.", "A friend calls me every evening."),
    "weak": ("There is nobody I could call about this.", "I have no one here who would understand."),
    "mixed": ("My family means well, but they make it worse.", "My sister listens, and then she tells everyone."),
}

TOPICS = (
    (re.compile(r"\b(?:feel|feeling|emotions?)\b", re.IGNORECASE), "feeling"),
    (re.compile(r"\b(?:friends?|family|someone|anyone|support|partner|people)\b", re.IGNORECASE), "people"),
    (re.compile(r"\b(?:sleep|eat|body|rest)\b", re.IGNORECASE), "body"),
    (re.compile(r"\b(?:want|wish|hope|need|help)\b", re.IGNORECASE), "wish"),
    (re.compile(r"\b(?:when|start|began|before|past)\b", re.IGNORECASE), "past"),
    (re.compile(r"\b(?:what|how|tell)\b", re.IGNORECASE), "story"),
)
"""What a question is about, by its words, the surest first."""

ASKED = ("Well.", "That is not easy to answer.", "Let me think.", "Hm, good question.", "I can try to say it.", "")
HEARD = {
    "warm": ("Yes, exactly.", "Thank you for seeing that.", "It does me good to hear that.", "Yes, that is how it is."),
    "wary": ("Maybe.", "I suppose so.", "You could say that.", "If you say so."),
}
ADVISED = {
    "warm": ("Thank you, I could try that.", "That is a good idea.", "I will think about it.", "I might do that."),
    "wary": (
        "I have tried that already.",
        "I don't think that would work for me.",
        "It is not that simple.",
        "I was hoping that you would listen, not fix it.",
    ),
}
PRAISED = {
    "warm": (
        "I had not looked at it like that.",
        "That is kind of you.",
        "I would like to believe that.",
        "Thank you.",
    ),
    "wary": ("I don't see it that way.", "I am not so sure.", "That is easy to say.", "Others would do better."),
}
OTHER = ("Thanks.", "It is good to write it down.", "I don't know.", "There is more.", "")
CLOSING = {
    "warm": ("I have to go now. Thank you for listening, it helped.", "Thank you. I will try to sleep now."),
    "wary": ("I have to stop here. At least I have said it once.", "That is enough for today. Thanks anyway."),
}
