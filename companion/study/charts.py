"""Charts as SVG that takes its colours from the page around it, so that one picture serves light, dark and paper.

Matplotlib draws with stand-in colours; in the SVG they become CSS variables. No picture loads or runs anything.
Only this module imports matplotlib.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import matplotlib
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, FAINT, ACCENT = "#010101", "#020202", "#030303"
SERIES = tuple(f"#0400{number:02x}" for number in range(1, 9))
DASHES = ("-", "--", ":", "-.")
_VARIABLES = {INK: "--ink", FAINT: "--faint", ACCENT: "--accent"} | {
    colour: f"--series-{number}" for number, colour in enumerate(SERIES, 1)
}
_FONT = re.compile(r"font: (?:(\w+) )?([\d.]+px)[^;\"]*")
_PROLOGUE = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_ROW, _CELL = 0.26, 0.62
"""Inches of a row of text and of a cell's width."""

Estimate = tuple[float | None, float | None, float | None]
"""Value, low, high."""


@dataclass(frozen=True, slots=True)
class Panel:
    """Estimates of one measure, a row a system. `zero` draws the line of no difference."""

    title: str
    estimates: Sequence[Estimate]
    zero: bool = False


class Charts:
    """Draws the charts of one page; the ids in them differ from chart to chart."""

    def __init__(self) -> None:
        self._number = 0

    def heat(
        self, name: str, rows: Sequence[str], columns: Sequence[str], shares: Sequence[Sequence[float | None]]
    ) -> str:
        """Shares from 0 to 1 as cells, the number in % in each."""
        left, top = _text_width(rows), _text_width(columns) * 0.72 + 0.1
        width, height = left + _CELL * len(columns) + 0.75, top + _ROW * len(rows) + 0.1
        figure, axes = _figure(width, height, left, 0.1, 0.75, top)
        for row, values in enumerate(shares):
            for column, share in enumerate(values):
                if share is None:
                    continue
                shade = round(0.9 * share, 3)
                axes.add_patch(Rectangle((column, row), 1, 1, facecolor=ACCENT, alpha=shade, linewidth=0))
                centre = (column + 0.5, row + 0.5)
                axes.text(*centre, f"{share * 100:.0f}", ha="center", va="center", color=INK, fontsize=8)
        axes.set_xlim(0, len(columns))
        axes.set_ylim(len(rows), 0)
        axes.set_yticks([row + 0.5 for row in range(len(rows))], _plain_text(rows), fontsize=8, color=INK)
        axes.set_xticks([column + 0.5 for column in range(len(columns))], _plain_text(columns), fontsize=8, color=INK,
                        rotation=45, ha="left", rotation_mode="anchor")  # fmt: skip
        axes.xaxis.tick_top()
        axes.tick_params(length=0)
        return self._svg(figure, name)

    def lines(self, name: str, series: Mapping[str, Sequence[float | None]], x: str, y: str) -> str:
        """Values by number from 1, a line a name."""
        right = _text_width(list(series)) + 0.6
        height = max(2.8, 0.6 + 0.18 * len(series))
        figure, axes = _figure(5.0 + right, height, 0.6, 0.5, right, 0.15)
        drawn: list[Line2D] = []
        for number, values in enumerate(series.values()):
            points = [(place, value) for place, value in enumerate(values, 1) if value is not None]
            drawn += axes.plot(
                [place for place, _ in points], [value for _, value in points], marker="o", markersize=3, linewidth=1.4,
                color=SERIES[number % len(SERIES)], linestyle=DASHES[number // len(SERIES) % len(DASHES)],
            )  # fmt: skip
        axes.set_xlabel(x, fontsize=9, color=INK)
        axes.set_ylabel(y, fontsize=9, color=INK)
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(color=FAINT, linewidth=0.5)
        axes.tick_params(colors=INK, labelsize=8)
        axes.legend(
            drawn,
            _plain_text(list(series)),
            loc="upper left",
            bbox_to_anchor=(1.01, 1.02),
            fontsize=8,
            frameon=False,
            labelcolor=INK,
        )
        return self._svg(figure, name)

    def forest(self, name: str, rows: Sequence[str], panels: Sequence[Panel]) -> str:
        """Estimates with their intervals, panels of one measure each beside each other."""
        left, each = _text_width(rows), 1.75
        height = 0.75 + _ROW * len(rows)
        figure = Figure(figsize=(left + each * len(panels) + 0.1, height))
        width = float(figure.get_figwidth())
        for number, panel in enumerate(panels):
            begin = left + each * number
            axes = figure.add_axes((begin / width, 0.35 / height, (each - 0.25) / width, 1 - 0.7 / height))
            _plain(axes)
            for row, (value, low, high) in enumerate(panel.estimates):
                if value is None:
                    continue
                if low is not None and high is not None:
                    axes.plot([low, high], [row, row], color=INK, linewidth=1.2)
                axes.plot([value], [row], marker="o", markersize=4, color=SERIES[0])
            if panel.zero:
                axes.axvline(0, color=FAINT, linewidth=1)
            axes.set_ylim(len(rows) - 0.5, -0.5)
            axes.set_yticks(
                range(len(rows)), _plain_text(rows) if number == 0 else [""] * len(rows), fontsize=8, color=INK
            )
            axes.xaxis.set_major_locator(MaxNLocator(3))
            axes.tick_params(colors=INK, labelsize=8, length=0)
            axes.grid(axis="x", color=FAINT, linewidth=0.4)
            axes.set_title(panel.title, fontsize=9, color=INK, loc="left")
        return self._svg(figure, name)

    def _svg(self, figure: Figure, name: str) -> str:
        self._number += 1
        mark = f"chart{self._number}-"
        out = io.StringIO()
        FigureCanvasSVG(figure)  # without a screen, whatever the settings of the person say
        with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": mark}), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of letters that its own font lacks: the reader's has them
            figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
        svg = _PROLOGUE.sub("", out.getvalue())
        svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
        svg = svg.replace('id="', f'id="{mark}').replace("url(#", f"url(#{mark}").replace('href="#', f'href="#{mark}')
        svg = _FONT.sub(r"font: \2 system-ui, sans-serif", svg)
        for colour, variable in _VARIABLES.items():
            svg = svg.replace(colour, f"var({variable})")
        return svg.replace("<svg ", f'<svg role="img" aria-label="{escape(name, quote=True)}" ', 1)


def _figure(width: float, height: float, left: float, bottom: float, right: float, top: float) -> tuple[Figure, Axes]:
    """A figure of that many inches with one set of axes inside these margins."""
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((left / width, bottom / height, 1 - (left + right) / width, 1 - (bottom + top) / height))
    _plain(axes)
    return figure, axes


def _plain(axes: Axes) -> None:
    axes.figure.patch.set_alpha(0)
    axes.patch.set_alpha(0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _text_width(texts: Sequence[str]) -> float:
    """Inches that the longest text takes at 8 points, about."""
    return 0.15 + 0.068 * max(map(len, texts), default=0)


def _plain_text(texts: Sequence[str]) -> list[str]:
    """As they are: a dollar sign does not begin a formula."""
    return [text.replace("$", r"\$") for text in texts]
