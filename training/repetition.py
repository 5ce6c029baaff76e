"""The report of `companion eval repetition`: measures by condition, and paired differences to the first of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from companion.study.bootstrap import LEVEL, RESAMPLES, Estimate, differences, estimates
from companion.study.measures import Turn, measures, novelty_by_turn
from training.encoder_table import rows
from training.evaluate import NO_PLAN, Recipe, Talk
from training.seekers import Kind

Report = dict[str, Any]

MEASURES = {
    "stickiness": "stickiness, own history",
    "chance": "chance S0",
    "kappa": "kappa",
    "jaccard": "Jaccard",
    "novelty": "novelty",
    "top_opener": "top opener",
    "opener_entropy": "opener entropy, bits",
    "words_per_turn": "words per turn",
    "tactics_per_turn": "tactics per turn",
    "empathy": "empathy, 1 to 5",
}
NAMES: dict[Kind, str] = {"lend": "Lend-an-Ear seekers", "simulated": "Simulated seekers"}


def report(talks: Sequence[Talk], recipe: Recipe, resamples: int = RESAMPLES) -> Report:
    """Everything, as JSON-ready values; every estimate is {"value", "low", "high"}, None where there is none.

    Only seekers who talked under every condition are counted.
    """
    names = [condition.name for condition in recipe.conditions]
    known = {(talk.condition, talk.seeker): talk for talk in talks}
    complete = [seeker for seeker in _seekers(talks) if all((name, seeker) in known for name in names)]
    kinds = {seeker: known[names[0], seeker].kind for seeker in complete}
    groups = {"all": complete} if len(recipe.seekers) > 1 else {}
    groups |= {kind: [seeker for seeker in complete if kinds[seeker] == kind] for kind in recipe.seekers}
    return {
        "model": recipe.model,
        "sets": {
            group: _set({name: [known[name, seeker] for seeker in seekers] for name in names}, recipe.seed, resamples)
            for group, seekers in groups.items()
        },
        "method": {
            "protocol": "own history, free-running",
            "interval": LEVEL,
            "resamples": resamples,
            "resampled": "conversations",
            "left_out": len(_seekers(talks)) - len(complete),
        }
        | asdict(recipe),
    }


def _seekers(talks: Sequence[Talk]) -> list[str]:
    return list(dict.fromkeys(talk.seeker for talk in talks))


def _set(talks: dict[str, list[Talk]], seed: int, resamples: int) -> Report:
    """Measures of each condition, and what each of the others differs by from no plan."""
    conversations = {name: [_turns(talk) for talk in part] for name, part in talks.items()}
    found = {name: measures(part) for name, part in conversations.items()}
    return {
        "conversations": len(talks[NO_PLAN]),
        "conditions": {
            name: {"turns": sum(map(len, conversations[name]))}
            | {key: _plain(value) for key, value in estimates(part, resamples, seed).items()}
            | {"novelty_by_turn": [_number(place.value) for place in novelty_by_turn(conversations[name])]}
            for name, part in found.items()
        },
        "differences": {
            name: {
                key: _plain(value) | {"relative": _number(_relative(value.value, found[NO_PLAN][key].value))}
                for key, value in differences(part, found[NO_PLAN], resamples, seed).items()
            }
            for name, part in found.items()
            if name != NO_PLAN
        },
    }


def _turns(talk: Talk) -> list[Turn]:
    return [
        Turn(each.reply, each.sentences, each.empathy.aggregate if each.empathy else None) for each in talk.exchanges
    ]


def _relative(difference: float, base: float) -> float:
    return difference / abs(base) if base else math.nan


def _plain(estimate: Estimate) -> Report:
    return {key: _number(value) for key, value in asdict(estimate).items()}


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def table(found: Report) -> str:
    """The report as Markdown tables."""
    return "\n\n".join(_parts(found))


def _parts(found: Report) -> Iterator[str]:
    method = found["method"]
    yield f"# Repetition in free-running conversations: {found['model']}"
    for group, part in found["sets"].items():
        counted = next(iter(part["conditions"].values()))["turns"]
        title = NAMES.get(group, "All seekers")
        yield f"## {title}: {part['conversations']} conversations, {counted} replies per condition"
        names = list(part["conditions"])
        body = [[title, *(_cell(part["conditions"][name][key]) for name in names)] for key, title in MEASURES.items()]
        yield rows(["measure", *names], body)
        if part["differences"]:
            yield f"### Difference to {NO_PLAN}, the same conversations"
            body = [[title, *(_change(each[key]) for each in part["differences"].values())]
                    for key, title in MEASURES.items()]  # fmt: skip
            yield rows(["measure", *part["differences"]], body)
    left_out = method["left_out"]
    yield (
        f"In brackets {method['interval']:.0%} intervals over conversations ({method['resamples']:,} resamples). "
        f"Seed {method['seed']}; tactics and empathy by encoder {method['encoder']}."
        + (f" Left out, because not all conditions are there yet: {left_out}." if left_out else "")
    )


def _cell(estimate: Report) -> str | None:
    if estimate["value"] is None:
        return None
    low, high = estimate["low"], estimate["high"]
    return f"{estimate['value']:.2f}" + ("" if low is None else f" [{low:.2f}, {high:.2f}]")


def _change(estimate: Report) -> str | None:
    """With its sign, and as a share of what it differs from."""
    if estimate["value"] is None:
        return None
    low, high, share = estimate["low"], estimate["high"], estimate["relative"]
    interval = "" if low is None else f" [{low:+.2f}, {high:+.2f}]"
    return f"{estimate['value']:+.2f}{interval}" + ("" if share is None else f" ({share:+.0%})")
