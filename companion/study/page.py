"""The report as one HTML page: charts, the same as tables, notes. It loads nothing, runs nothing and prints."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from companion import __version__
from companion.study.charts import Charts, Estimate, Panel
from companion.study.grids import Grid, Report, Section, at
from companion.study.sections import COMPARED, method_notes, sections
from planner.tactics import TACTICS

LABELS = [tactic.label for tactic in TACTICS]
_STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1f; --page: #fdfdfc; --faint: #c9c9cf; --box: #f1f1ee; --accent: #6f9fe0;
  --series-1: #1f5fb4; --series-2: #b4541f; --series-3: #2f7d4f; --series-4: #8a3fa0; --series-5: #8c6d00;
  --series-6: #00727a; --series-7: #b03060; --series-8: #5b5b66; }
@media (prefers-color-scheme: dark) { :root { --ink: #ececf0; --page: #17171a; --faint: #4a4a52; --box: #222227;
  --accent: #3566a8; --series-1: #7db0ff; --series-2: #ff9d66; --series-3: #6fd29a; --series-4: #d79bea;
  --series-5: #e0c04a; --series-6: #4fd0d8; --series-7: #ff8fb0; --series-8: #b4b4c0; } }
body { font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); margin: 0 auto;
  max-width: 76rem; padding: 1rem 1.25rem 4rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; margin: 2.5rem 0 .25rem; }
p { max-width: 46rem; } nav ul { columns: 3 14rem; padding-left: 1.2rem; }
a { color: var(--series-1); }
.box { background: var(--box); border-radius: .5rem; padding: .25rem 1rem 1rem; }
.wide { overflow-x: auto; margin: .75rem 0; } .wide:focus-visible { outline: 2px solid var(--series-1); }
figure { margin: 1rem 0; } figcaption { font-size: .9rem; }
svg { max-width: none; height: auto; }
table { border-collapse: collapse; font-size: .8rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: .25rem 0; }
th, td { padding: .2rem .45rem; border-bottom: 1px solid var(--faint); text-align: right; white-space: nowrap; }
thead th { white-space: normal; vertical-align: bottom; max-width: 7rem; } caption { white-space: nowrap; }
th[scope=row], thead th:first-child { text-align: left; }
summary { cursor: pointer; margin: .5rem 0; }
@media print { :root { --ink: #000; --page: #fff; --faint: #bbb; --box: #fff; --accent: #8db4ea; color-scheme: light;
  --series-1: #1f5fb4; --series-2: #b4541f; --series-3: #2f7d4f; --series-4: #8a3fa0; --series-5: #8c6d00;
  --series-6: #00727a; --series-7: #b03060; --series-8: #5b5b66; }
  @page { size: landscape; margin: 1.2cm; }
  body { max-width: none; padding: 0; font-size: .8rem; } nav { display: none; }
  h2, h2 + p, caption { break-after: avoid; } figure, table { break-inside: avoid; }
  .wide { overflow: visible; } svg { max-width: 100%; }
  table { font-size: .65rem; } th, td { padding: .1rem .3rem; white-space: normal; } }
"""


def page(report: Report) -> str:
    """The whole page."""
    charts = Charts()
    found = list(sections(report, every=True))
    parts = [_section(section, report, charts) for section in found]
    links = "".join(f'<li><a href="#{s.key}">{escape(s.title)}</a></li>' for s in found)
    notes = "".join(f"<li>{escape(note)}</li>" for note in method_notes(report))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>How much replies repeat each other</title>
<style>{_STYLE}</style>
</head>
<body>
<header><h1>How much replies repeat each other</h1>
<p>{escape(_summary(report))}</p>
<nav aria-label="Sections"><ul>{links}<li><a href="#method">How it was counted</a></li></ul></nav></header>
<main>
{"".join(parts)}
<section id="method"><h2>How it was counted</h2><ul>{notes}</ul></section>
</main>
<footer><p>companion study {escape(__version__)}</p></footer>
</body>
</html>
"""


def _summary(report: Report) -> str:
    systems = report["systems"]
    turns = sum(system["turns"] for system in systems.values())
    return (
        f"{len(systems)} source{'s' if len(systems) != 1 else ''}, {turns:,} replies. Figures in brackets are 95 % "
        "intervals. Every chart is followed by its figures as a table."
    )


def _section(section: Section, report: Report, charts: Charts) -> str:
    pictures = "".join(
        f'<figure><div class="wide" role="group" tabindex="0" aria-label="{escape(name, quote=True)}">{svg}</div>'
        f"<figcaption>{escape(name)}</figcaption></figure>"
        for name, svg in _charts(section.key, report, charts)
    )
    tables = [_table(grid) for grid in section.grids]
    if len(tables) > 8:  # one of each system: folded away on the screen
        tables[1:] = [f"<details><summary>Tables of each source</summary>{''.join(tables[1:])}</details>"]
    box = ' class="box"' if section.key == "data" else ""
    return (
        f'<section id="{section.key}"{box}><h2>{escape(section.title)}</h2><p>{escape(section.how)}</p>'
        f"{pictures}{''.join(tables)}</section>\n"
    )


def _table(grid: Grid) -> str:
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title in grid.header)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>' + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:]) + "</tr>"
        for row in grid.rows
    )
    return (
        f'<div class="wide" role="group" tabindex="0" aria-label="{escape(grid.caption, quote=True)}"><table>'
        f"<caption>{escape(grid.caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _charts(key: str, report: Report, charts: Charts) -> Iterator[tuple[str, str]]:
    """(what it shows, the picture) for a section."""
    systems = report["systems"]
    names = list(systems)
    match key:
        case "prevalence":
            shares = [[at(systems[name], f"prevalence.{t.value}.value") for t in TACTICS] for name in names]
            shares.append([report["method"]["human_prevalence"][t.value] for t in TACTICS])
            title = "Share of replies with each tactic, in %"
            yield title, charts.heat(title, [*names, "people (Lend-an-Ear)"], LABELS, shares)
        case "human_history" | "own_history":
            there = [name for name in names if systems[name][key] is not None]
            measures = ("stickiness", "kappa", "jaccard") if key == "own_history" else ("stickiness", "kappa")
            panels = [
                Panel(measure, [_estimate(at(systems[name], f"{key}.{measure}")) for name in there], measure == "kappa")
                for measure in measures
            ]
            title = "Repetition from turn to turn, with 95 % intervals"
            yield title, charts.forest(title, there, panels)
            if key == "own_history":
                yield from _by_turn(report, there, charts)
        case "order":
            for name in names:
                shares = [_row_shares(counts) for counts in systems[name]["transitions"]["counts"]]
                title = f"{name}: tactic of the next sentence (columns) after this one's (rows), in % of the row"
                yield title, charts.heat(title, LABELS, LABELS, shares)
        case "openers":
            panels = [
                Panel("top opener, share", [_estimate(at(systems[name], "openers.top_opener")) for name in names]),
                Panel("entropy, bits", [_estimate(at(systems[name], "openers.opener_entropy")) for name in names]),
            ]
            title = "How alike replies begin, with 95 % intervals"
            yield title, charts.forest(title, names, panels)
        case "differences":
            there = [name for name in names if systems[name]["differences"]]
            panels = [
                Panel(title, [_estimate(at(systems[name]["differences"], path)) for name in there], zero=True)
                for title, path in COMPARED
            ]
            panels = [panel for panel in panels if any(value is not None for value, _, _ in panel.estimates)]
            for start in range(0, len(panels), 4):
                titles = ", ".join(panel.title for panel in panels[start : start + 4])
                title = f"Differences from {report['method']['baseline']}, with 95 % intervals: {titles}"
                yield title, charts.forest(title, there, panels[start : start + 4])
        case "empathy":
            panels = [Panel("aggregate", [_estimate(at(systems[name], "empathy.aggregate")) for name in names])]
            title = "Empathy ratings, 1 to 5, with 95 % intervals"
            yield title, charts.forest(title, names, panels)


def _by_turn(report: Report, names: list[str], charts: Charts) -> Iterator[tuple[str, str]]:
    systems = report["systems"]
    for path, title, unit in (
        ("novelty_by_turn", "Share of a reply's tactics that its conversation has not had before", "new, share"),
        ("reused_by_turn", "Tactics of a reply that its conversation has had before", "reused tactics"),
    ):
        series = {name: [one["value"] for one in at(systems[name], f"own_history.{path}")] for name in names}
        yield title, charts.lines(title, series, "number of the reply in its conversation", unit)


def _estimate(found: Report | None) -> Estimate:
    return (None, None, None) if found is None else (found["value"], found["low"], found["high"])


def _row_shares(counts: list[int]) -> list[float | None]:
    total = sum(counts)
    return [count / total if total else None for count in counts]
