"""What of a reply can be seen, and whether it names the tactics that it should use or says what must not be said.

Surface patterns for English replies, after the rules of the prompt: no tactic as a label, a heading or an item of a
list, and no talk about tactics. Words such as "advice" and "information" are ordinary ones, so a name alone is none.
"""

from __future__ import annotations

import re

from companion.safety.lint import veto
from companion.text import split_sentences
from planner.tactics import TACTICS

_NAME = "(?:" + "|".join(tactic.value.replace("_", "[ _-]") for tactic in TACTICS) + ")"
_MARKS = r"[ \t]*(?:#{1,6}[ \t]*|>[ \t]*|[-*•+][ \t]+|\(?\d{1,2}[.)][ \t]*)?[*_]{0,3}"
_LABEL = re.compile(
    rf"(?:^{_MARKS}|(?<=[.!?])[ \t]+[*_]{{0,3}}){_NAME}[*_]{{0,3}}[ \t]*(?:[:–—][*_]{{0,3}}|-[ \t]|$)"
    rf"|[\[({{<]{_NAME}(?:[ \t]*[,/+&][ \t]*{_NAME})*[\])}}>]"
    rf"|[*_]{{2,3}}{_NAME}(?::[*_]{{2,3}}|[*_]{{2,3}})",
    re.IGNORECASE | re.MULTILINE,
)
_LIST = re.compile(rf"\b{_NAME}(?:,?[ \t]+(?:and|or)[ \t]+{_NAME}|,[ \t]*{_NAME}){{2,}}\b", re.IGNORECASE)
_ORDINARY = re.compile(r"\b(?:information|assistance|advice|validation)\b", re.IGNORECASE)
_TALK = re.compile(
    r"\btactics?[ \t]+(?:used|applied|employed|i (?:used?|chose|picked)|here)\b"
    r"|\b(?:support(?:ive)?|empath\w+|discourse|conversation(?:al)?)[ \t]+tactics?\b"
    r"|\b(?:this|my) (?:reply|response|message|answer) (?:uses?|used|employs|applies)\b"
    r"|\b(?:i(?:'ve|’ve| have|'m|’m| am|'ll|’ll| will)? us(?:e|ed|ing)|using) (?:\w+ ){0,3}tactics?\b",
    re.IGNORECASE,
)
_THOUGHTS = re.compile(r"<think>.*?</think>", re.DOTALL)
_OPEN, _CLOSE = "<think>", "</think>"


def without_thoughts(reply: str) -> tuple[str, bool]:
    """(what can be seen of the reply, whether a think block was left open). Thoughts that never end hide what follows.

    A block whose beginning stood in the prompt ends with the last closing mark.
    """
    seen = _THOUGHTS.sub("", reply)
    if _CLOSE in seen:
        seen = seen.rpartition(_CLOSE)[2]
    seen, opened, _ = seen.partition(_OPEN)
    return seen.strip(), bool(opened)


def names_tactics(reply: str) -> bool:
    """Whether a visible reply uses a tactic as label, heading or list, or talks about tactics used."""
    if _LABEL.search(reply) or _TALK.search(reply):
        return True
    # "advice, information or assistance" is what anybody may say; with a word of the scheme in it, it is a list of it
    return any(re.search(_NAME, _ORDINARY.sub("", found.group()), re.IGNORECASE) for found in _LIST.finditer(reply))


def must_not_be_said(reply: str) -> bool:
    """Whether a sentence of it is one that the chat lets no model say."""
    return any(map(veto, split_sentences(reply)))
