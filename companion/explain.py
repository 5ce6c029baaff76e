"""A reply's plan and choices in words and numbers, from what was stored of it: for `/why` and the chat's panel."""

from __future__ import annotations

from collections.abc import Sequence

from companion.speaking.choice import why_kept
from companion.store import Candidate, FactorRow, PlanRow, Store
from planner.tactics import Tactic

LEGEND = "need: what people do next at such a point; rested: lowered because it was used; weight: the outcome."
PARTS = "plan, novelty and quality count for a way, opener, run on and echo against it."
AS_IT_CAME = "The reply was said as it came, without comparing ways to say it."


def explain_reply(store: Store, turn_id: int) -> str:
    """Why a reply is as it is: the plan, then the ways its sentences could have gone."""
    plan = store.plan(turn_id)
    words = explain_plan(plan) if plan else "This reply was made without a plan."
    return f"{words}\n\n{explain_choices(store.candidates(turn_id))}"


def explain_plan(made: PlanRow) -> str:
    """The reason, then a row for each tactic: its weight and what raised or lowered it."""
    rows = [made.reason, "", f"{'tactic':<22}{'need':>7}{'taste':>8}{'rested':>8}{'weight':>8}"]
    for factor in sorted(made.factors, key=lambda factor: -factor.weight):
        rows.append(
            f"{label(factor.tactic):<22}{factor.need:>7.0%}{f'x{factor.taste:.2f}':>8}"
            f"{f'x{factor.novelty:.2f}':>8}{factor.weight:>8.0%}  {mark(factor, made)}".rstrip()
        )
    return "\n".join([*rows, "", LEGEND])


def mark(factor: FactorRow, made: PlanRow) -> str:
    """What the plan says of a tactic beside its weight."""
    return "aimed for" if factor.tactic in made.targets else "closed" if not factor.gate else ""


def label(tactic: str) -> str:
    """A stored tactic's name as it is shown."""
    return Tactic(tactic).label


def kept_first(considered: Sequence[Candidate]) -> list[Candidate]:
    """The ways a sentence could have gone, the one that was said first."""
    return sorted(considered, key=lambda each: not each.kept)


def reason_kept(considered: Sequence[Candidate]) -> str:
    """Why the one that was said was kept, in words."""
    kept = next((number for number, each in enumerate(considered) if each.kept), None)
    reason = why_kept([each.score for each in considered], kept)
    return f"kept: {reason}" if kept is not None else f"nothing kept: {reason}"


def score_words(each: Candidate) -> str:
    """The total and the parts of a candidate's score, or why it was not to be said."""
    if each.veto:
        return f"not to be said: {each.veto}"
    parts = "  ".join(f"{name.replace('_', ' ')} {value:.2f}" for name, value in each.score.items() if name != "total")
    return f"{each.score['total']:.2f}: {parts}"


def explain_choices(choices: Sequence[Sequence[Candidate]]) -> str:
    """For each sentence the ways it could have gone, the kept one first, with the parts of their scores."""
    if not choices:
        return AS_IT_CAME
    rows = []
    for number, considered in enumerate(choices, start=1):
        rows += ["", f"Sentence {number}, {reason_kept(considered)}."]
        for each in kept_first(considered):
            tactics = ", ".join(map(label, each.tactics)) or "no tactic"
            rows.append(f"  {'>' if each.kept else ' '} {each.text}  [{tactics}]")
            rows.append(f"      {score_words(each)}")
    return "\n".join([*rows[1:], "", PARTS])
