"""A plan and its choices in words and numbers, for `/why`."""

from __future__ import annotations

from collections.abc import Sequence

from companion.speaking.choice import Choice
from planner.policy import Plan


def explain_plan(made: Plan) -> str:
    """The reason, then a row for each tactic: its weight and what raised or lowered it."""
    rows = [made.reason, "", f"{'tactic':<22}{'need':>7}{'taste':>8}{'rested':>8}{'weight':>8}"]
    for factor in sorted(made.factors, key=lambda factor: -factor.weight):
        mark = "aimed for" if factor.tactic in made.targets else "closed" if not factor.gate else ""
        rows.append(
            f"{factor.tactic.label:<22}{factor.need:>7.0%}{f'x{factor.taste:.2f}':>8}"
            f"{f'x{factor.novelty:.2f}':>8}{factor.weight:>8.0%}  {mark}".rstrip()
        )
    rows.append("")
    rows.append("need: what people do next at such a point; rested: lowered because it was used; weight: the outcome.")
    return "\n".join(rows)


def explain_choices(choices: Sequence[Choice]) -> str:
    """For each sentence the ways it could have gone, the kept one first, with the parts of their scores."""
    if not choices:
        return "The reply was said as it came, without comparing ways to say it."
    rows = []
    for number, choice in enumerate(choices, start=1):
        rows += ["", f"Sentence {number}, kept: {choice.reason}."]
        if choice.kept is None:
            rows[-1] = f"Sentence {number}, nothing kept: {choice.reason}."
        order = sorted(range(len(choice.considered)), key=lambda index: index != choice.kept)
        for index in order:
            each = choice.considered[index]
            tactics = ", ".join(tactic.label for tactic in each.tactics) or "no tactic"
            rows.append(f"  {'>' if index == choice.kept else ' '} {each.text}  [{tactics}]")
            if each.veto:
                rows.append(f"      not to be said: {each.veto}")
            else:
                *parts, (_, total) = each.parts.items()
                shown = "  ".join(f"{name.replace('_', ' ')} {value:.2f}" for name, value in parts)
                rows.append(f"      {total:.2f}: {shown}")
    rows += ["", "plan, novelty and quality count for a way, opener, run on and echo against it."]
    return "\n".join(rows[1:])
