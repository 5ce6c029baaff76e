"""The report as sections of tables, each with a sentence on how to read it: what the terminal and the page show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from companion.study.grids import (
    Column,
    Grid,
    Report,
    Section,
    at,
    estimate,
    number,
    percent,
    table,
    tenths,
    thousandths,
    whole,
)
from companion.study.template import LETTERS
from planner.tactics import TACTICS, Tactic

FEW = 3
"""Up to so many systems have tables of their own (transitions, sequences)."""
SHOWN = 5
"""Sequences and openers of each system."""


def sections(report: Report, *, every: bool = False) -> Iterator[Section]:
    """Every section that has something in it. `every` has the tables that are long with many systems, too."""
    systems = report["systems"]
    few = every or len(systems) <= FEW
    yield _data(systems)
    yield _prevalence(report)
    yield from _history(report)
    yield _matched(report)
    yield _order(systems, few=few)
    yield _template(report, few=few)
    yield _openers(systems)
    yield _surface(report)
    yield _balance(systems)
    if any(system["empathy"]["aggregate"]["value"] is not None for system in systems.values()):
        yield _empathy(systems)
    if any(system["safety"]["messages"] for system in systems.values()):
        yield _safety(systems)
    if report["method"]["baseline"] is not None and len(systems) > 1:
        yield _differences(report)


def _data(systems: Report) -> Section:
    columns = [
        ("conversations", "conversations", whole),
        ("replies", "turns", whole),
        ("words", "words", whole),
        ("left out", "left_out", whole),
        ("words/reply", "words_per_turn", tenths),
        ("sentences/reply", "sentences_per_turn", tenths),
        ("tactics/reply", "tactics_per_turn", estimate),
    ]
    how = (
        "What was counted. Longer replies have room for more tactics, and more tactics alone make replies look alike: "
        "read every figure below beside these."
    )
    return Section("data", "Data", how, [table("Conversations, replies and their length", systems, columns)])


def _prevalence(report: Report) -> Section:
    human = report["method"]["human_prevalence"]
    systems = report["systems"]
    header = ["% of replies", *(tactic.label for tactic in TACTICS)]
    rows = [
        [name, *(number(at(system, f"prevalence.{t.value}.value"), percent=True) for t in TACTICS)]
        for name, system in systems.items()
    ]
    rows.append(["people (Lend-an-Ear)", *(number(human[t.value], percent=True) for t in TACTICS)])
    how = (
        "The share of replies in which a tactic occurs at least once. A tactic in nearly every reply is a habit; the "
        "last row is what 50 human supporters did."
    )
    return Section("prevalence", "Which tactics", how, [Grid("Share of replies with each tactic, in %", header, rows)])


_HISTORY = {
    "human_history": (
        "Against the person's turn before (human history)",
        "The published protocol: every reply is compared with what the human supporter had said one turn earlier, not "
        "with the system's own last reply. Stickiness is how often a tactic of the turn before comes again; chance is "
        "how often it would come anyway; kappa is what is left of it, 0 for no more than chance.",
    ),
    "own_history": (
        "Against its own turn before (own history)",
        "How much a speaker repeats itself from one reply to the next. Stickiness rises with the number of tactics in "
        "a reply, kappa does not: 0 is no more than chance, 1 the same every time. Jaccard is the share of tactics "
        "that two replies in a row have in common, novelty the share that the conversation has not had before.",
    ),
}  # fmt: skip


def _history(report: Report) -> Iterator[Section]:
    for key, (title, how) in _HISTORY.items():
        systems = {name: system for name, system in report["systems"].items() if system[key] is not None}
        if not systems:
            continue
        names = ["stickiness", "chance", "kappa", "jaccard"]
        names += ["novelty", "kl", "bigram_surprisal"] if key == "own_history" else []
        titles = {"jaccard": "Jaccard", "kl": "KL, nats", "bigram_surprisal": "surprisal, nats"}
        columns: list[Column] = [(titles.get(name, name), f"{key}.{name}", estimate) for name in names]
        columns.append(("shuffled", f"{key}.null", _null))
        grids = [table("Repetition from turn to turn; shuffled: stickiness if turns were unrelated", systems, columns)]
        header = ["kappa by tactic", *(tactic.label for tactic in TACTICS)]
        rows = [
            [name, *(number(at(system, f"{key}.by_tactic.{t.value}.kappa.value")) for t in TACTICS)]
            for name, system in systems.items()
        ]
        grids.append(Grid("Kappa of each tactic: how much more often than by chance it comes twice", header, rows))
        if key == "own_history":
            grids.append(_by_turn(systems))
        yield Section(key, title, how, grids)


def _by_turn(systems: Report) -> Grid:
    path = "own_history.novelty_by_turn"
    places = max(len(at(system, path)) for system in systems.values())
    shown = min(places, 10)
    rows = [
        [
            name,
            *(number(one["value"], percent=True) for one in (at(system, "own_history.novelty_by_turn") or [])[:shown]),
        ]
        for name, system in systems.items()
    ]
    rows = [row + ["-"] * (shown + 1 - len(row)) for row in rows]
    return Grid(
        "Share of a reply's tactics that its conversation has not had before, in %, by the number of the reply",
        ["new, %", *(str(place + 1) for place in range(shown))],
        rows,
    )


def _null(found: Any) -> str:
    if found is None or found["mean"] is None:
        return "-"
    return f"{found['mean']:.2f} (p {_p(found['p'])})"


def _p(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.4f}" if value < 0.01 else f"{value:.2f}"


def _matched(report: Report) -> Section:
    count = report["method"]["matched_length"]["sentences"]
    columns = [("tactics/reply", "matched_length.tactics_per_turn", estimate)]
    for key, short in (("own_history", "own"), ("human_history", "human")):
        if any(system[key] is not None for system in report["systems"].values()):
            columns += [
                (f"{short}: {title}", f"matched_length.{key}.{name}", estimate)
                for title, name in (("stickiness", "stickiness"), ("kappa", "kappa"), ("Jaccard", "jaccard"))
            ]
    how = (
        f"The same of replies cut to their first {count} sentence{'s' if count > 1 else ''}, about the length of the "
        "shortest speaker: what is left of a difference here does not come from length."
    )
    return Section("matched", "Matched length", how, [table("Replies cut to one length", report["systems"], columns)])


def _order(systems: Report, *, few: bool) -> Section:
    columns = [
        ("H1, bits", "entropy.h1", estimate),
        ("of log2 10", "entropy.h1_share", estimate),
        ("Htrans, bits", "entropy.htrans", estimate),
        ("turn to turn, bits", "entropy.hturn", estimate),
        ("trigrams again", "sequences.trigram_repetition", percent),
        ("unlike sequences", "sequences.unique_sequences", percent),
        ("longest run", "sequences.longest_run", tenths),
    ]
    grids = [table("How varied tactics and their order are", systems, columns)]
    if few:
        grids += [_transitions(name, system) for name, system in systems.items()]
    how = (
        "H1 is how varied the tactics are, Htrans how hard the next sentence's tactic is to guess from this one's "
        "(3.32 bits is the most). Trigrams again: rows of three tactics that the conversation has had before. Longest "
        "run: replies in a row with the same set of tactics."
    )
    return Section("order", "Variety and order", how, grids)


def _transitions(name: str, system: Report) -> Grid:
    rows = []
    for tactic, counts in zip(TACTICS, system["transitions"]["counts"], strict=True):
        total = sum(counts)
        rows.append([tactic.label, *(number(n / total if total else None, percent=True) for n in counts), f"{total:,}"])
    header = ["from \\ to", *(tactic.label for tactic in TACTICS), "n"]
    return Grid(f"{name}: tactic of the next sentence, in % of each row", header, rows)


def _template(report: Report, *, few: bool) -> Section:
    systems, template = report["systems"], report["method"]["template"]
    columns = [
        ("match", "template.match", percent),
        ("coverage", "template.coverage", percent),
        ("harmonic mean", "template.harmonic", estimate),
    ]
    grids = [table(f"Replies that follow {template['pattern']}", systems, columns)]
    letters = ", ".join(f"{LETTERS[t]} {t.label}" for t in TACTICS)
    if few:
        for name, system in systems.items():
            rows = [
                [" ".join(_moves(move) for move in found["moves"]), f"{found['replies']:,}"]
                for found in system["sequences"]["top"][:SHOWN]
            ]
            grids.append(Grid(f"{name}: commonest sequences", ["moves", "replies"], rows))
    approximate = (
        " It is approximate: the published pattern was not to be had, and people match it 40 % there, 37 % here."
        if template["approximate"]
        else ""
    )
    how = (
        "Match is the share of replies in which the template occurs, coverage how much of such a reply the longest "
        f"occurrence takes up. High values of both mean that replies are filled in and not written.{approximate} "
        f"Letters: {letters}."
    )
    return Section("template", "Template", how, grids)


def _moves(tactics: Sequence[str]) -> str:
    letters = "".join(LETTERS[Tactic(name)] for name in tactics)
    return letters if len(letters) == 1 else f"({letters})"


def _openers(systems: Report) -> Section:
    columns = [
        ("top opener", "openers.top_opener", percent),
        ("apostrophes alike", "openers.top_opener_folded", percent),
        ("entropy, bits", "openers.opener_entropy", estimate),
        ("different", "openers.different", whole),
        ("end asking", "closers.question", percent),
        ("end offering", "closers.offer", percent),
    ]
    rows = [
        [name, found["words"], f"{found['replies']:,}", number(found["share"], percent=True)]
        for name, system in systems.items()
        for found in system["openers"]["top"][: SHOWN if len(systems) <= FEW else 2]
    ]
    how = (
        "The first three words of replies. If one opener begins many of them, people notice, whatever the tactics say. "
        "“Apostrophes alike” takes curly apostrophes for straight ones; where it differs, a system uses both."
    )
    grids = [
        table("How replies begin and end", systems, columns),
        Grid("Commonest openers, apostrophes alike", ["system", "opener", "replies", "%"], rows),
    ]
    return Section("openers", "Openers and closers", how, grids)


def _surface(report: Report) -> Section:
    budgets = report["method"]["budgets"]
    columns = [
        ("distinct-1", "surface.distinct_1", thousandths),
        ("distinct-2", "surface.distinct_2", thousandths),
        ("distinct-3", "surface.distinct_3", thousandths),
        ("EAD", "surface.ead", thousandths),
        ("self-BLEU-4", "surface.self_bleu", estimate),
        ("ROUGE-L", "surface.rouge_l", estimate),
        ("compression", "surface.compression", estimate),
        ("of word classes", "surface.compression_classes", estimate),
        ("self-repetition", "surface.self_repetition", estimate),
        ("built alike", "surface.syntactic_rate_6", percent),
        ("Vendi", "surface.vendi", tenths),
        ("words used", "surface.budget.tokens", whole),
    ]
    how = (
        f"The words themselves, on {budgets['tokens']:,} words (distinct), {budgets['bytes']:,} bytes (compression) "
        f"and {budgets['replies']} replies, so that length does not decide. Distinct, EAD and Vendi: more is more "
        "varied; all others: more is more alike. Word classes come from a small English table and are approximate."
    )
    return Section("surface", "Wording", how, [table("Repetition in the words", report["systems"], columns)])


def _balance(systems: Report) -> Section:
    columns = [
        ("advice before listening", "balance.advice_before_listening", percent),
        ("questions/reply", "balance.questions_per_turn", estimate),
        ("self-disclosure", "balance.self_disclosure", percent),
        ("repeats in crisis talk", "balance.crisis_repeats", percent),
    ]
    how = (
        "Advice before listening: conversations with advice in which nothing was validated, given back or asked first. "
        "A program has no life to disclose, so self-disclosure should be 0. Repeats: sentences said before, in replies "
        "after the safety layer fired."
    )
    return Section("balance", "Balance", how, [table("Who gets what, and when", systems, columns)])


def _empathy(systems: Report) -> Section:
    names = list(next(iter(systems.values()))["empathy"])
    columns = [(name.replace("_", " "), f"empathy.{name}", estimate) for name in names]
    how = (
        "Ratings from 1 to 5. Aggregate is the mean with the last three reversed (6 - x): more is kinder. A judge that "
        "likes long replies likes these too; see their length above."
    )
    return Section("empathy", "Empathy ratings", how, [table("Six dimensions", systems, columns)])


def _safety(systems: Report) -> Section:
    rows = [
        [
            name,
            whole(system["safety"]["messages"]),
            whole(system["safety"]["cards"]),
            ", ".join(f"{layer} {count:,}" for layer, count in system["safety"]["layers"].items()) or "-",
        ]
        for name, system in systems.items()
    ]
    how = "How often the safety layer fired, and which parts of it. Counts only; no words are read here."
    return Section(
        "safety", "Safety", how, [Grid("Safety events", ["system", "messages", "cards shown", "layers"], rows)]
    )


COMPARED = [
    ("human: stickiness", "human_history.stickiness"),
    ("human: kappa", "human_history.kappa"),
    ("own: stickiness", "own_history.stickiness"),
    ("own: kappa", "own_history.kappa"),
    ("own: Jaccard", "own_history.jaccard"),
    ("tactics/reply", "tactics_per_turn"),
    ("words/reply", "words_per_turn"),
    ("top opener", "openers.top_opener"),
    ("opener entropy, bits", "openers.opener_entropy"),
    ("template match", "template.match"),
    ("distinct-2", "surface.distinct_2"),
    ("empathy", "empathy.aggregate"),
]
"""What is compared with the baseline in tables and charts; the JSON has every figure."""


def _differences(report: Report) -> Section:
    method = report["method"]
    systems = {name: system["differences"] for name, system in report["systems"].items() if system["differences"]}
    there = [
        (title, path)
        for title, path in COMPARED
        if any((at(system, path) or {}).get("value") is not None for system in systems.values())
    ]
    columns = [(title, path, _difference) for title, path in there]
    unpaired = [name for name, system in systems.items() if not system["paired"]]
    how = (
        f"Each system minus {method['baseline']}, with a 95 % interval and the p-value of no difference; an interval "
        f"without 0 is a difference that chance alone would hardly make. Drawn again: {method['resampled']}. With many "
        "comparisons some fall below 0.05 by chance."
        + (f" Not the same conversations, so not in pairs: {', '.join(unpaired)}." if unpaired else "")
    )
    return Section("differences", f"Differences from {method['baseline']}", how,
                   [table("Differences", systems, columns)])  # fmt: skip


def _difference(found: Any) -> str:
    if found is None or found["value"] is None:
        return "-"
    return f"{estimate(found, sign=True)} p {_p(found['p'])}"


def method_notes(report: Report) -> list[str]:
    """What has to be said with the figures, a sentence or two each."""
    method = report["method"]
    drawn = f"{method['resamples']:,} draws of {method['resampled']} with replacement"
    notes = [
        f"Intervals: 95 %, {drawn}, seed {method['seed']}; more than {method['groups']:,} are drawn in that many "
        f"groups. Of figures on a fixed budget of words: from {method['halves']} random halves of the conversations.",
        "A tactic counts once in a reply for stickiness and prevalence, once in a sentence for entropies and order.",
    ]
    if method["reference"]:
        notes.append(f"Human history: the turns before are those of {method['reference']}.")
    notes.append(
        "Own history of replies that were written after a person's turns is a stand-in: such a speaker never read its "
        "own words. Only conversations that a system held itself show how it repeats itself."
    )
    for name, source in method.get("sources", {}).items():
        what = "their tags as they were" if not source["tagged"] else f"{source['tagged']:,} replies tagged here"
        notes.append(f"{name}: {source['file']}; {what}.")
    tagger = method.get("tagger")
    if tagger:
        f1 = ", ".join(f"{name.replace('_', ' ')} {value:.2f}" for name, value in (tagger.get("f1") or {}).items())
        notes.append(
            f"Tagger: {tagger['name']}; "
            + (f"F1 by tactic on {tagger['set']}: {f1}." if f1 else "its F1 by tactic is not known.")
        )
    return notes
