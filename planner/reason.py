"""The plan's reason in words: one or two calm sentences that a person reads."""

from __future__ import annotations

from collections.abc import Sequence

from planner.ledger import Ledger
from planner.reading import Reading
from planner.tactics import Tactic


def explain(
    ledger: Ledger, reading: Reading, targets: Sequence[Tactic], resting: Sequence[Tactic], *, crisis: bool
) -> str:
    """What is aimed at and why; then, where some tactics rest, which and why. targets is not empty."""
    sentences = [_aim(ledger, reading, targets, crisis=crisis)]
    if resting:
        sentences.append(_rest(ledger, resting))
    return " ".join(sentences)


def _aim(ledger: Ledger, reading: Reading, targets: Sequence[Tactic], *, crisis: bool) -> str:
    aim = f"this reply aims for {listed(targets)}"
    if crisis:
        return f"What you wrote sounds serious, so this reply stays simple and aims for {listed(targets)}."
    if reading.asks_advice and Tactic.ADVICE in targets:
        return f"You asked for advice, so {aim}."
    if reading.farewell:
        return f"You are about to go, so {aim}, and asks nothing more."
    if not ledger.turns:
        return f"The conversation has just begun, so {aim}."
    unused = [tactic for tactic in ledger.unused() if tactic in targets]
    if unused:
        return f"{_capitalised(aim)}; no reply has used {listed(unused, 'or')} so far."
    return f"{_capitalised(aim)}, out of what fits now and has not been used much of late."


def _rest(ledger: Ledger, resting: Sequence[Tactic]) -> str:
    last = ledger.last.tactics if ledger.last else frozenset()
    where = "the last reply" if last.issuperset(resting) else "recent replies"
    verb, pronoun = ("rests", "it") if len(resting) == 1 else ("rest", "them")
    return f"{_capitalised(listed(resting))} {verb}, because {where} used {pronoun}."


def listed(tactics: Sequence[Tactic], conjunction: str = "and") -> str:
    """Tactics, at least one, as English lists them: "advice, validation and questioning"."""
    *head, tail = (tactic.label for tactic in tactics)
    return f"{', '.join(head)} {conjunction} {tail}" if head else tail


def _capitalised(text: str) -> str:
    return text[0].upper() + text[1:]
