"""The report of `companion eval encoder` as Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any


def table(report: dict[str, Any]) -> str:
    """Everything in the report, for reading."""
    parts = [*_tactics(report["tactics"]), *_stickiness(report["stickiness"]), *_empathy(report["empathy"])]
    return "\n\n".join(parts)


def rows(head: Sequence[str], body: Iterable[Sequence[object]]) -> str:
    """One table; numbers with two digits after the point, `-` for None."""
    lines = [list(head), ["---", *["---:"] * (len(head) - 1)], *([_cell(value) for value in row] for row in body)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _tactics(report: dict[str, Any]) -> Iterator[str]:
    yield "## Tactics"
    summary = [
        [name, part["sentences"], f"{part['macro_f1']:.3f}", f"{part['macro_f1_both_classes']:.3f}"]
        for name, part in report.items()
    ]
    yield rows(["set", "sentences", "macro-F1", "both classes"], summary)
    for name, part in report.items():
        yield f"### {name}"
        keys = ("precision", "recall", "f1", "f1_both_classes", "support", "threshold")
        body = [[tactic, *(values[key] for key in keys)] for tactic, values in part["tactics"].items()]
        yield rows(["tactic", "precision", "recall", "F1", "both", "support", "threshold"], body)
        if "cross_validated" in part:
            crossed = part["cross_validated"]
            yield (
                f"Thresholds chosen without the reply they judge (5 folds): macro-F1 {crossed['macro_f1']:.3f}, "
                f"both classes {crossed['macro_f1_both_classes']:.3f}; "
                + ", ".join(f"{tactic} {value:.2f}" for tactic, value in crossed["tactics"].items())
                + "."
            )
        mistakes = (f"{m['true']} → {m['said']} ({m['sentences']})" for m in part["mistakes"])
        yield f"Commonest mistakes (true → said): {', '.join(mistakes)}."


def _stickiness(report: dict[str, Any]) -> Iterator[str]:
    yield "## Stickiness from these tags"
    yield (
        f"Pearson with the published values over {len(report['systems'])} systems: {report['pearson']:.3f}; "
        f"human lowest: {'yes' if report['human_lowest'] else 'no'}."
    )
    body = [[name, values["ours"], values["published"]] for name, values in report["systems"].items()]
    yield rows(["system", "ours", "published"], body)


def _empathy(report: dict[str, Any]) -> Iterator[str]:
    yield "## Empathy: Spearman (mean absolute error)"
    names = list(next(iter(report.values()))["dimensions"])
    body = [
        [
            name,
            part["rated"],
            *(f"{v['spearman']:.2f} ({v['mae']:.2f})" for v in (*part["dimensions"].values(), part["aggregate"])),
        ]
        for name, part in report.items()
    ]
    yield rows(["against the judge, and experts", "rated", *names, "aggregate"], body)
