"""A plan in words and numbers, for `/why` and `companion say`."""

from __future__ import annotations

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
