"""The curves of a run as one picture: what was logged at every step, and a running mean over it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

MEAN_OVER = 9
"""Steps of the running mean."""
PANELS: Mapping[str, Mapping[str, str]] = {
    "reward": {"reward": "reward"},
    "loss": {"loss": "loss"},
    "quality": {"parts/quality": "quality"},
    "novelty: KL to the turn before, nats": {"parts/novelty": "novelty"},
    "entropy of tactics, nats": {"parts/entropy": "entropy"},
    "tactics in a reply": {"parts/tactics": "tactics"},
    "tokens of a reply": {"parts/tokens": "tokens"},
    "worn openings and running on, 0 to 1": {"parts/opener": "opener", "parts/run_on": "run-on"},
    "violations and empty replies, share": {"parts/violations": "violations", "parts/empty": "empty"},
    "KL to the model before, nats a token": {"kl": "KL"},
    "entropy of the next token, nats": {"entropy": "entropy"},
    "length of the gradient": {"grad_norm": "gradient"},
    "preferred more than before, share": {"rewards/accuracies": "accuracy"},
    "margin of the preferred, nats": {"rewards/margins": "margin"},
}
"""By the title of a panel, the metrics in it and what they are called there. One that was not logged has no panel."""


def read_metrics(folder: Path) -> list[dict[str, Any]]:
    """The rows of a run's metrics; a last one that was cut off is left out."""
    file = folder / "metrics.jsonl"
    if not file.is_file():
        return []
    return [json.loads(line) for line in file.read_text("utf-8").split("\n")[:-1]]


def panels(metrics: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, list[tuple[int, float]]]]:
    """By panel and line its points (step, value); what is no number has no point."""
    found = {}
    for title, lines in PANELS.items():
        drawn = {
            label: [
                (int(row["step"]), float(row[name]))
                for row in metrics
                if isinstance(row.get(name), int | float) and row[name] == row[name]
            ]
            for name, label in lines.items()
        }
        if any(drawn.values()):
            found[title] = {label: points for label, points in drawn.items() if points}
    return found


def running_mean(values: Sequence[float], over: int = MEAN_OVER) -> list[float]:
    """At each place the mean of the last `over` values, fewer at the beginning."""
    return [sum(part) / len(part) for part in (values[max(0, end - over) : end] for end in range(1, len(values) + 1))]


def draw(metrics: Sequence[Mapping[str, Any]], out: Path) -> Path | None:
    """A PNG with a panel for each group of metrics that was logged; None, and no file, where there is nothing."""
    found = panels(metrics)
    if not found:
        return None
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # half a second, and only here
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    columns = min(3, len(found))
    rows = -(-len(found) // columns)
    figure = Figure(figsize=(4.2 * columns, 2.6 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    for number, (title, lines) in enumerate(found.items(), 1):
        axes = figure.add_subplot(rows, columns, number)
        for index, (label, points) in enumerate(lines.items()):
            steps, values = [step for step, _ in points], [value for _, value in points]
            axes.plot(steps, values, color=f"C{index}", alpha=0.25, linewidth=0.8)
            axes.plot(steps, running_mean(values), color=f"C{index}", linewidth=1.6, label=label)
        axes.set_title(title, fontsize=9)
        axes.tick_params(labelsize=8)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
        axes.grid(alpha=0.2)
        if len(lines) > 1:
            axes.legend(fontsize=8, frameon=False)
    figure.supxlabel("step", fontsize=9)
    figure.savefig(out, dpi=120)
    return out
