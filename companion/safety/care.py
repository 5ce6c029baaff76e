"""What has to stand in a reply when danger was read, and is added where the reply does not say it itself.

S5 to S12 and S20 of the project's list of safety behaviours. Pure functions of the reading, the reply and what was
said before. The texts are in `care_texts`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from companion.safety import care_texts as texts
from companion.safety import lint
from companion.text import split_sentences

if TYPE_CHECKING:
    from companion.safety.risk.assessor import Risk

_Add = Callable[[texts.Lines], None]

CARD = 3
"""From this level on the card is on the screen."""
HELD_FIRST = 3
"""As many replies after a disclosure keep the frame one after the other."""
HELD_EVERY = 3
"""And after those, one in so many."""
UNDERSTANDS = 500_000_000
"""Parameters below which a model does not speak while danger is near. A guess on the careful side, not measured."""
LOCAL_EMERGENCY = "your local emergency number"

_DANGER = (
    r"(?:suicid\w*|kill(?:ing)? yourself|end(?:ing)? (?:your|their|his|her) (?:own )?life|hurt(?:ing)? yourself"
    r"|want to die"
    r"|harm(?:ing)? yourself|(?:be|were|being) dead|wanting to die|thoughts of dying|not wak(?:e|ing) up)"
)
_ASKED = re.compile(
    rf"\b{_DANGER}|\b(?:are|feel|keep|stay|be|stays) (?:\w+ )?safe\b|\bsafe(?:r)? (?:are|do|for you|right now)\b"
    r"|\bhow safe\b|\bin danger\b|\b(?:stay|hours|night|things) safer?\b",
    re.IGNORECASE,
)
_REACH = (
    r"(?:call|phone|ring|text|write|talk|speak|tell|told|see|contact|reach|ask|help|helps|listen|visit|go to|lists?"
    r"|with you|be there|near|message)"
)
_PROFESSIONALS = re.compile(
    r"\b(?:helplines?|crisis (?:lines?|team)|hot ?lines?|988|116 ?123|741741|findahelpline\S*|doctors?|gp|nurses?"
    r"|psychologists?|psychiatrists?|counsell?ors?|professionals?|emergency)\b",
    re.IGNORECASE,
)
_TRUSTED = re.compile(
    r"\b(?:some(?:one|body)|(?:a|the) (?:person|adult)|an adult|people|anyone) (?:else )?(?:that |who(?:m)?"
    r" )?you(?:'d| would)? "
    r"(?:trust|love|feel safe with)|\bsome(?:one|body) close\b|\ba friend\b|\bfriends? or\b|\b(?:a parent|a"
    r" teacher)\b"
    r"|\byour (?:\w+ )?(?:friends?|family|mum|mom|mother|dad|father|parents?|sister|brother|partner|wife|husband"
    r"|neighbour|neighbor|roommate|aunt|uncle)\b",
    re.IGNORECASE,
)
_REACHED = re.compile(rf"\b{_REACH}\b", re.IGNORECASE)
_PAST = re.compile(r"\b(?:did|said|says|told you|was|were|had|does(?:n't)?|didn't|wasn't)\b", re.IGNORECASE)
_EMERGENCY = re.compile(r"\bemergency\b|\b(?:112|911|999|000)\b", re.IGNORECASE)
_BESIDE = re.compile(
    r"\b(?:be|stay|stays|staying|sit) with (?:you|someone|somebody|them|him|her)\b|\bgo to (?:someone|somebody)\b"
    r"|\b(?:ask|call) (?:someone|somebody|a \w+) (?:near \w+ )?to (?:come|go)\b|\bstay together\b"
    r"|\b(?:not be|they are not|do not be|don't be) alone\b|\bbeside them\b",
    re.IGNORECASE,
)
_AWAY = re.compile(
    r"\bdistance (?:between|from)\b|\bout of (?:your|their)? ?reach\b|\b(?:move|get|stay) away from\b|\bleave the"
    r" room\b"
    r"|\bput (?:\w+ ){1,4}(?:away|somewhere else)\b|\b(?:move|lock) (?:\w+ ){1,5}(?:away|up|themselves with)\b",
    re.IGNORECASE,
)
_CARER = re.compile(
    r"\b(?:ask|asking|offer|be with|being with|stay with|tell|help|listen to|talk to|call|go with|support) "
    r"(?:to )?(?:him|her|them|your \w+)\b|\bfor (?:him|her|them)\b|\bworr(?:y|ied) about\b|\byou(?:rself)? (?:also"
    r" )?alone with"
    r"|\bnot alone with this\b",
    re.IGNORECASE,
)
_PROGRAM = re.compile(
    r"\b(?:i'm|i am|it's|this is|as|just|only) (?:just |only |still )?an? (?:\w+ )?(?:program|machine|chatbot|bot|ai|"
    r"computer)\b|\b(?:i'm|i am) not (?:a |an )?(?:real |actual )?(?:person|human|man|woman|somebody)\b"
    r"|\bno (?:person|human|one) (?:is )?(?:here|typing|behind)\b|\ba program\b",
    re.IGNORECASE,
)


def asks_directly(reply: str) -> bool:
    """Whether a sentence asks about suicide, self-harm or safety, and not so that "no" is expected."""
    return any(
        sentence.rstrip().endswith("?") and _ASKED.search(sentence) and lint.veto(sentence) != lint.LEADING
        for sentence in _sentences(reply)
    )


def names_professional(reply: str) -> bool:
    """Whether a sentence points to a helpline, a doctor or the like."""
    return any(_points(sentence, _PROFESSIONALS) for sentence in _sentences(reply))


def names_trusted(reply: str) -> bool:
    """Whether a sentence points to a person that they trust."""
    return any(_points(sentence, _TRUSTED) for sentence in _sentences(reply))


def names_emergency(reply: str) -> bool:
    """Whether it names an emergency number."""
    return bool(_EMERGENCY.search(reply))


def names_company(reply: str) -> bool:
    """Whether it says that somebody should be with the person who is in danger."""
    return bool(_BESIDE.search(reply.replace("’", "'")))


def names_distance(reply: str) -> bool:
    """Whether it asks to put distance between them and what could hurt them."""
    return bool(_AWAY.search(reply))


def says_program(reply: str) -> bool:
    """Whether it says that it is a program."""
    return bool(_PROGRAM.search(reply.replace("’", "'")))


def keeps_frame(reply: str) -> bool:
    """Whether anything in the reply shows that the danger spoken of is not forgotten."""
    return (
        asks_directly(reply)
        or names_professional(reply)
        or names_company(reply)
        or "safety plan" in reply.lower()
        or any(line in reply for line in texts.KEEP)
    )


def opening_lines(
    risk: Risk, said_before: Sequence[str] = (), seed: int = 0, *, emergency: str = ""
) -> tuple[str, ...]:
    """S8: the three short lines said instead of generated text when danger is there right now; () otherwise.

    `emergency` is the number of the card, where it has one.
    """
    theirs = risk.third_person and risk.level < CARD
    if not risk.imminent or not (theirs or risk.said >= CARD):
        return ()
    kinds = _IMMINENT_THEIRS if theirs else _IMMINENT
    return tuple(_pick(lines, said_before, seed, emergency) for lines, _ in kinds)


def plain_words(risk: Risk, parameters: int, said_before: Sequence[str] = (), seed: int = 0) -> str:
    """What is said in the place of a small model, behind which the care lines come; "" where the model may speak.

    A small model does not understand what it is told, and what it says by accident could hurt: in the talks of
    `benchmarks.personas` the one that ships offered to help with a task where somebody said that they were about to
    die, and no list of patterns would have seen that. `parameters` is 0 where the size is not known.
    """
    near = risk.level >= CARD or (risk.third_person and not risk.said)
    if not near or not 0 < parameters < UNDERSTANDS:
        return ""
    theirs = risk.third_person and risk.level < CARD
    return _pick(texts.HEARD_OF_THEM if theirs else texts.HEARD if risk.said else texts.LISTENING, said_before, seed)


def care_lines(
    risk: Risk, reply: str, said_before: Sequence[str], seed: int, *, emergency: str = ""
) -> tuple[str, ...]:
    """Sentences to add behind a reply so that S5-S8, S12 and S20 hold for it; nothing that it says already.

    `said_before` are the replies of this session with what was added to them, oldest first: no sentence in them is said
    again as long as there is another one.
    """
    lines: list[str] = []

    def add(variants: texts.Lines) -> None:
        lines.append(_pick(variants, [*said_before, *lines], seed, emergency))

    if risk.third_person and not risk.said:
        _for_carer(risk, reply, said_before, add)
    elif risk.said > 0:
        _for_disclosure(risk, reply, said_before, add)
    elif risk.level > 0 and not keeps_frame(reply) and _frame_is_due([keeps_frame(text) for text in said_before]):
        offer = risk.level >= 2 and _any_said(texts.KEEP, said_before) and not _any_said(texts.SAFETY_PLAN, said_before)
        unasked = risk.imminent and not any(map(asks_directly, said_before))
        frame = (*texts.BESIDE, *texts.KEEP) if risk.imminent else texts.KEEP
        add(texts.SAFE if unasked else texts.SAFETY_PLAN if offer else frame)
    if risk.minor and not _any_said(texts.MINOR, said_before):
        add(texts.MINOR)
    elif risk.eating and not risk.said and not _any_said(texts.EATING, said_before) and not names_professional(reply):
        add(texts.EATING)
    return tuple(lines)


def instead_of(kind: str, said_before: Sequence[str] = (), seed: int = 0) -> str:
    """S9: what is said in place of a sentence that the lint vetoed for `kind`, where no other candidate is left."""
    match kind:
        case lint.METHOD:
            lines = texts.NO_METHODS
        case lint.GOODBYE:
            lines = texts.FAREWELLS
        case _:
            lines = texts.INSTEAD
    return _pick(lines, said_before, seed)


def farewell(said_before: Sequence[str] = (), seed: int = 0) -> str:
    """S16: a goodbye that leaves it at that."""
    return _pick(texts.FAREWELLS, said_before, seed)


_IMMINENT = ((texts.EMERGENCY, names_emergency), (texts.BESIDE, names_company), (texts.AWAY, names_distance))
_IMMINENT_THEIRS = (
    (texts.EMERGENCY_FOR_THEM, names_emergency),
    (texts.BESIDE_THEM, names_company),
    (texts.AWAY_FROM_THEM, names_distance),
)


def _for_disclosure(risk: Risk, reply: str, said_before: Sequence[str], add: _Add) -> None:
    """The message itself spoke of danger: a question, both routes, and more the nearer it is."""
    just_said = bool(said_before) and names_emergency(said_before[-1])
    if risk.imminent and not just_said:  # not the same three things twice in a row: then what else there is
        for variants, there in _IMMINENT:
            if not there(reply):
                add(variants)
        return
    professional, trusted = names_professional(reply), names_trusted(reply)
    if not professional and not trusted:
        add(texts.ROUTES if not risk.minor else texts.PROFESSIONAL)
    elif not professional:
        add(texts.PROFESSIONAL)
    if risk.minor and not trusted:
        add(texts.TRUSTED_YOUNG)
    elif professional and not trusted:
        add(texts.TRUSTED)
    if risk.said >= CARD and not names_distance(reply) and not _any_said(texts.DISTANCE, said_before):
        add(texts.DISTANCE)
    if not asks_directly(reply):
        add(_question(risk, said_before))


def _for_carer(risk: Risk, reply: str, said_before: Sequence[str], add: _Add) -> None:
    """Somebody else is in danger (S12): a line for the one who cares, on follow-ups too."""
    if risk.imminent:
        for variants, there in _IMMINENT_THEIRS:
            if not there(reply):
                add(variants)
        return
    if not any(map(names_professional, [*said_before, reply])):
        add(texts.CARER_ROUTES)
    if not _CARER.search(reply) and _frame_is_due([_any_said(texts.CARER, [text]) for text in said_before]):
        add(texts.CARER)


def _question(risk: Risk, said_before: Sequence[str]) -> texts.Lines:
    """The next direct question: whether, then plan and means and time, then how safe it is now."""
    for lines in (texts.ASK, texts.PLAN):
        if not _any_said(lines, said_before) and not (lines is texts.ASK and risk.said > CARD):
            return lines
    return texts.SAFE


def _frame_is_due(kept: Sequence[bool]) -> bool:
    """Whether a reply after a disclosure has to keep the frame, from which ones did: the first, later now and
    then."""
    return sum(kept) <= HELD_FIRST or not any(kept[-HELD_EVERY:])


def _pick(variants: texts.Lines, said_before: Sequence[str], seed: int, emergency: str = "") -> str:
    """A variant that was not said, from a place that the seed names; if all were, the one longest ago."""
    filled = [line.format(emergency=emergency or LOCAL_EMERGENCY) for line in variants]
    turned = [filled[(seed + n) % len(filled)] for n in range(len(filled))]
    return min(turned, key=lambda line: max((n for n, text in enumerate(said_before, 1) if line in text), default=0))


def _any_said(variants: texts.Lines, said_before: Sequence[str]) -> bool:
    return any(line in text for line in variants for text in said_before)


def _sentences(reply: str) -> list[str]:
    return split_sentences(reply.replace("’", "'"))


def _points(sentence: str, who: re.Pattern[str]) -> bool:
    """Whether the sentence names them as somebody to turn to, and not as somebody who did something."""
    return bool(who.search(sentence) and _REACHED.search(sentence) and not _PAST.search(sentence))
