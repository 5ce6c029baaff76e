"""Curves of runs of `companion train mint-mini` in one picture: seeds in one colour, settings beside each other.

    python -m benchmarks.mint_mini 'q+dkl=RUN,RUN,RUN' 'q=RUN' -o docs/images/mint-mini.png

The runs themselves, and how they were measured, are in `docs/training.md`.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from training.curves import panels, read_metrics, running_mean

SHOWN = (
    "quality",
    "novelty: KL to the turn before, nats",
    "tactics in a reply",
    "tokens of a reply",
    "worn openings and running on, 0 to 1",
    "KL to the model before, nats a token",
)


def draw(settings: Mapping[str, Sequence[Path]], out: Path) -> None:
    """One panel for each of SHOWN, one thin line for each run: the running mean of its first metric."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 6), layout="constrained")
    FigureCanvasAgg(figure)
    read = {name: [panels(read_metrics(run)) for run in runs] for name, runs in settings.items()}
    for number, title in enumerate(SHOWN, 1):
        axes = figure.add_subplot(2, 3, number)
        for index, (name, runs) in enumerate(read.items()):
            for place, found in enumerate(runs):
                points = next(iter(found[title].values()))
                values = running_mean([value for _, value in points])
                label = name if place == 0 else None
                axes.plot([step for step, _ in points], values, color=f"C{index}", linewidth=1.3, label=label)
        axes.set_title("worn openings, 0 to 1" if title.startswith("worn") else title, fontsize=9)
        axes.tick_params(labelsize=8)
        axes.grid(alpha=0.2)
    figure.axes[0].legend(fontsize=8, frameon=False)
    figure.supxlabel("step (running mean over 9)", fontsize=9)
    figure.savefig(out, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", metavar="SETTING=RUN[,RUN...]")
    parser.add_argument("-o", "--output", type=Path, required=True)
    given = parser.parse_args()
    settings = {}
    for each in given.runs:
        name, _, runs = each.rpartition("=")
        settings[name] = [Path(run) for run in runs.split(",")]
    draw(settings, given.output)


if __name__ == "__main__":
    main()
