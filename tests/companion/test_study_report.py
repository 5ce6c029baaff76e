from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from companion.errors import UsageError
from companion.study.bootstrap import GROUPS, Estimate
from companion.study.figures import Frame, balance, reference_rows
from companion.study.grids import at
from companion.study.null import own_null
from companion.study.report import Options, nested, plain, report
from companion.study.said import BIT, Said
from companion.study.sections import sections
from companion.study.sources.ratings import DIMENSIONS
from companion.study.table import Table, table_of
from planner.tactics import TACTICS

REPOSITORY = Path(__file__).parents[2]
A, P, Q, V = BIT["advice"], BIT["paraphrasing"], BIT["questioning"], BIT["validation"]
ALL_OF = {tactic.value for tactic in TACTICS} | set(DIMENSIONS) | {"pairs", "different", "messages", "cards", "layers"}
"""Keys that the documentation does not name one by one."""
FEW = 200
"""Draws: enough for an interval."""


def speaker(seed: int, conversations: int = 12, turns: int = 6, *, sticky: float = 0.0) -> Table:
    """Replies of one to three sentences; with `sticky` the turn before is said again that often."""
    random = np.random.default_rng(seed)
    said = []
    for number in range(conversations):
        before: tuple[int, ...] = ()
        for place in range(turns):
            if not before or random.random() >= sticky:
                before = tuple(int(1 << tactic) for tactic in random.integers(0, 10, random.integers(1, 4)))
            text = " ".join(f"w{word}" for word in random.integers(0, 50, 8))
            said.append(Said(f"c{number:03}", 2 * place + 1, True, text, before))
    return table_of(said)


def found(options: Options | None = None, **tables: Table) -> dict[str, Any]:
    return report(tables, options or Options(resamples=FEW))


def estimates(value: Any) -> list[dict[str, float | None]]:
    """Everything in a report that has an interval."""
    if isinstance(value, dict):
        if {"value", "low", "high"} <= value.keys():
            return [value]
        return [one for part in value.values() for one in estimates(part)]
    return [one for part in value for one in estimates(part)] if isinstance(value, list) else []


def test_a_report_has_the_keys_that_other_programs_read() -> None:
    made = found(Options(reference="human", resamples=FEW), human=speaker(1), model=speaker(2))
    assert list(made) == ["systems", "method"]
    assert list(made["systems"]) == ["human", "model"]
    system = made["systems"]["model"]
    assert (system["conversations"], system["turns"], system["words"]) == (12, 72, 576)
    for path in (
        "words_per_turn", "tactics_per_turn", "human_history.stickiness", "human_history.kappa",
        "own_history.stickiness", "own_history.kappa", "own_history.jaccard", "own_history.chance", "own_history.lift",
        "own_history.novelty", "own_history.kl", "own_history.bigram_surprisal", "own_history.by_tactic.advice.kappa",
        "prevalence.advice", "entropy.h1", "entropy.htrans", "template.match", "template.coverage",
        "sequences.trigram_repetition", "openers.top_opener", "openers.opener_entropy", "closers.question",
        "surface.distinct_2", "surface.self_bleu", "surface.rouge_l", "surface.compression", "surface.self_repetition",
        "balance.advice_before_listening", "matched_length.own_history.kappa", "empathy.aggregate",
    ):  # fmt: skip
        assert list(at(system, path)) == ["value", "low", "high"], path
    assert json.loads(json.dumps(made, allow_nan=False)) == made


def test_every_key_is_in_the_documentation() -> None:
    """`surface.syntactic_rate_5` is documented where `syntactic_rate_4` to `_8` are."""
    text = (REPOSITORY / "docs" / "measures.md").read_text("utf-8")
    words = set(re.findall(r"[a-z]\w+", text))
    made = found(Options(reference="a", baseline="a", resamples=FEW), a=speaker(1), b=speaker(2))["systems"]["b"]
    del made["differences"]  # the same once more
    for group, inside in made.items():
        assert group in words
        for key in inside if isinstance(inside, dict) else ():
            stem = re.sub(r"_(\d|share|folded)$", "", key)
            assert key in words or stem in words or f"{stem}_1" in words or f"{stem}_4" in words or key in ALL_OF, key


def test_every_interval_holds_its_value() -> None:
    made = found(Options(reference="human", resamples=FEW), human=speaker(1), model=speaker(2, sticky=0.5))
    with_interval = [one for one in estimates(made["systems"]) if one["low"] is not None]
    assert len(with_interval) > 200
    for one in with_interval:
        value, low, high = (float(one[key] or 0) for key in ("value", "low", "high"))
        assert low - 1e-9 <= value <= high + 1e-9


def test_the_same_seed_gives_the_same_report() -> None:
    tables = {"a": speaker(1), "b": speaker(2)}
    options = Options(baseline="a", resamples=FEW, seed=5)
    assert report(tables, options) == report(tables, options)
    assert report(tables, Options(baseline="a", resamples=FEW, seed=6)) != report(tables, options)


def test_who_repeats_itself_is_found_out_and_who_does_not_is_not() -> None:
    made = found(plain=speaker(1, 40), sticky=speaker(2, 40, sticky=0.6))["systems"]
    assert made["sticky"]["own_history"]["kappa"]["low"] > 0.4
    assert abs(made["plain"]["own_history"]["kappa"]["value"]) < 0.1
    assert made["sticky"]["own_history"]["null"]["p"] < 0.01 < made["plain"]["own_history"]["null"]["p"]


def test_shuffled_turns_stick_no_more_than_chance() -> None:
    table = speaker(2, 40, sticky=0.6)
    null = own_null(table, 0)
    chance = found(x=table)["systems"]["x"]["own_history"]["chance"]["value"]
    assert null.mean == pytest.approx(chance, abs=0.01)
    assert null.low < null.mean < null.high


# -- two protocols ----------------------------------------------------------------------------------------------------


def test_the_turn_before_is_the_reference_s_last_one_in_the_same_conversation() -> None:
    human = table_of([Said("a", 1, True, "x", (A,)), Said("a", 3, True, "x", (Q,)), Said("b", 1, True, "x", (V,))])
    model = table_of([Said("a", 1, True, "x", (V,)), Said("a", 5, True, "x", (Q,)), Said("b", 2, True, "x", (V,)),
                      Said("c", 3, True, "x", (V,))])  # fmt: skip
    rows, before = reference_rows(model, human)
    assert [(int(model.tactics[row]), int(human.tactics[b])) for row, b in zip(rows, before, strict=True)] == [
        (Q, Q),
        (V, V),
    ]


def test_a_protocol_leaves_the_other_out() -> None:
    tables = {"human": speaker(1), "model": speaker(2)}
    own = report(tables, Options("human", protocol="own-history", resamples=FEW))["systems"]["model"]
    assert own["human_history"] is None
    assert "human_history" not in own["matched_length"]
    human = report(tables, Options("human", protocol="human-history", resamples=FEW))["systems"]["model"]
    assert human["own_history"] is None
    assert human["human_history"]["pairs"] == 12 * 5
    without = report(tables, Options(resamples=FEW))["systems"]["model"]
    assert without["human_history"] is None


def test_against_itself_both_protocols_are_the_same() -> None:
    made = found(Options(reference="x", resamples=FEW), x=speaker(3))["systems"]["x"]
    for name in ("stickiness", "chance", "kappa", "jaccard"):
        assert made["human_history"][name] == made["own_history"][name]


def test_what_cannot_be_compared_is_a_sentence() -> None:
    tables = {"a": speaker(1), "b": speaker(2)}
    for options, says in (
        (Options(reference="c"), "The reference 'c' is none of the sources; they are a, b"),
        (Options(baseline="c"), "The baseline 'c'"),
        (Options(protocol="human-history"), "--reference"),
        (Options(template="[["), "is no template"),
    ):
        with pytest.raises(UsageError) as caught:
            report(tables, options)
        assert says in str(caught.value)
    with pytest.raises(UsageError, match="two turns"):
        report({"a": speaker(1, turns=1)}, Options(reference="a", resamples=FEW))


# -- differences ------------------------------------------------------------------------------------------------------


def test_a_system_does_not_differ_from_its_copy() -> None:
    made = found(Options(baseline="a", resamples=FEW), a=speaker(1), b=speaker(1))["systems"]
    assert made["a"]["differences"] is None
    differences = made["b"]["differences"]
    assert (differences["baseline"], differences["paired"], differences["conversations"]) == ("a", True, 12)
    for one in estimates(differences):
        assert (one["value"], one["low"], one["high"]) in ((0, 0, 0), (None, None, None), (0, None, None))
        assert one["p"] in (1, None)


def test_a_difference_is_that_of_the_values_with_a_p_value() -> None:
    made = found(Options(baseline="a", resamples=FEW), a=speaker(1, 40), b=speaker(2, 40, sticky=0.7))["systems"]
    difference = made["b"]["differences"]["own_history"]["kappa"]
    values = [made[name]["own_history"]["kappa"]["value"] for name in "ba"]
    assert difference["value"] == pytest.approx(values[0] - values[1])
    assert difference["low"] > 0
    assert difference["p"] == pytest.approx(2 / (FEW + 1))  # no draw on the other side


def test_only_conversations_of_both_are_compared_in_pairs() -> None:
    whole = speaker(1)
    part = speaker(1).only({f"c{number:03}" for number in range(5)})
    differences = found(Options(baseline="part", resamples=FEW), part=part, whole=whole)["systems"]["whole"][
        "differences"
    ]
    assert (differences["paired"], differences["conversations"]) == (True, 5)
    assert differences["own_history"]["kappa"]["value"] == 0


def test_systems_without_a_common_conversation_are_two_samples() -> None:
    theirs = speaker(1)
    ours = replace(theirs, conversations=tuple(f"other {name}" for name in theirs.conversations))
    differences = found(Options(baseline="a", resamples=FEW), a=theirs, b=ours)["systems"]["b"]["differences"]
    assert not differences["paired"]
    difference = differences["tactics_per_turn"]
    assert difference["value"] == 0
    assert difference["low"] < -0.05  # each is drawn by itself, alike as they are
    assert difference["high"] > 0.05


def test_turns_may_be_drawn_instead_of_conversations() -> None:
    said = [Said(f"c{n}", p, True, "x", (A,) if n % 2 else (A, Q, V)) for n in range(10) for p in range(10)]
    tables = {"a": table_of(said), "b": table_of(said)}
    widths = []
    for resample in ("conversations", "turns"):
        made = report(tables, Options(baseline="a", resample=resample, resamples=FEW))  # type: ignore[arg-type]
        one = made["systems"]["b"]["tactics_per_turn"]
        widths.append(one["high"] - one["low"])
        assert made["systems"]["b"]["differences"]["tactics_per_turn"]["value"] == 0
        assert made["method"]["resampled"] == resample
    assert widths[1] < widths[0] / 2  # turns of a conversation are alike here, and count as if they were not


# -- single figures ---------------------------------------------------------------------------------------------------


def test_advice_before_listening_is_of_conversations_with_advice() -> None:
    said = [
        Said("early", 1, True, "x", (A, V)),
        Said("late", 1, True, "x", (Q,)),
        Said("late", 3, True, "x", (A,)),
        Said("same", 1, True, "x", (A | P,)),
        Said("none", 1, True, "x", (Q,)),
        Said("never heard", 1, True, "x", (0, A)),
    ]
    figures = balance(Frame(table_of(said), "conversations"))
    assert figures["advice_before_listening"].value == 2 / 4
    assert figures["questions_per_turn"].value == 2 / 6


def test_closers_are_of_the_last_sentence_and_disclosure_of_the_whole_reply() -> None:
    offer, own = BIT["assistance"], BIT["self_disclosure"]
    said = [
        Said("a", 1, True, "x", (A, Q | V)),
        Said("a", 3, True, "x", (Q, A)),
        Said("a", 5, True, "x", (own, offer)),
        Said("a", 7, True, "x", ()),  # has no last sentence
    ]
    figures = found(x=table_of(said))["systems"]["x"]
    assert (figures["closers"]["question"]["value"], figures["closers"]["offer"]["value"]) == (1 / 3, 1 / 3)
    assert figures["balance"]["self_disclosure"]["value"] == 1 / 4


def test_what_is_new_and_what_is_used_again_are_told_apart_by_the_number_of_the_reply() -> None:
    said = [Said("a", place, True, "x", masks) for place, masks in ((1, (A,)), (3, (A, Q)), (5, (A, Q | V)))]
    own = found(x=table_of(said))["systems"]["x"]["own_history"]
    assert [one["value"] for one in own["novelty_by_turn"]] == [1, 0.5, pytest.approx(1 / 3)]
    assert [one["value"] for one in own["reused_by_turn"]] == [0, 1, 2]


def test_lift_is_stickiness_over_chance() -> None:
    own = found(x=speaker(3, sticky=0.5))["systems"]["x"]["own_history"]
    stickiness, chance, lift, kappa = (own[name]["value"] for name in ("stickiness", "chance", "lift", "kappa"))
    assert lift == pytest.approx(stickiness / chance)
    assert kappa == pytest.approx((stickiness - chance) / (1 - chance))


def test_repeats_in_crisis_talk_are_a_share_of_sentences() -> None:
    said = [Said("a", 1, True, "x", (A,), repeats=(3, 1)), Said("b", 1, True, "x", (A,), repeats=(1, 1))]
    assert balance(Frame(table_of(said), "conversations"))["crisis_repeats"].value == 0.5


def test_rows_of_matched_length_are_cut_to_the_shortest_speaker() -> None:
    short = table_of([Said(f"c{n}", p, True, "x", (A,)) for n in range(4) for p in (1, 3)])
    long = table_of([Said(f"c{n}", p, True, "x", (A, Q, V, P)) for n in range(4) for p in (1, 3)])
    made = found(short=short, long=long)
    assert made["method"]["matched_length"] == {"sentences": 1}
    assert made["systems"]["long"]["matched_length"]["tactics_per_turn"]["value"] == 1
    assert made["systems"]["long"]["tactics_per_turn"]["value"] == 4
    assert found(long=long)["method"]["matched_length"] == {"sentences": 2}  # about what people say at once


def test_one_conversation_has_values_and_no_intervals() -> None:
    made = found(x=speaker(1, conversations=1))["systems"]["x"]
    assert made["own_history"]["stickiness"]["value"] is not None
    assert {one["low"] for one in estimates(made)} == {None}


def test_more_conversations_than_groups_are_drawn_in_groups() -> None:
    table = table_of([Said(f"c{n}", 1, True, None, (A,) if n % 3 else (A, Q)) for n in range(3 * GROUPS)])
    frame = Frame(table, "conversations")
    assert frame.conversations.count == GROUPS
    made = report({"x": table}, Options(resamples=2000))["systems"]["x"]["tactics_per_turn"]
    half = 1.96 * math.sqrt(2 / 9 / len(table))
    assert made["value"] == pytest.approx(4 / 3)
    assert (made["low"], made["high"]) == pytest.approx((4 / 3 - half, 4 / 3 + half), abs=0.1 * half)


def test_a_source_without_text_has_no_figures_of_words() -> None:
    made = found(x=table_of([Said(f"c{n}", p, True, None, (A,)) for n in range(3) for p in (1, 3)]))["systems"]["x"]
    assert made["words"] is None
    assert made["words_per_turn"] == {"value": None, "low": None, "high": None}
    assert made["openers"]["top"] == []
    assert made["surface"]["rouge_l"]["value"] is None
    assert list(sections({"systems": {"x": made}, "method": found(x=speaker(1))["method"]}))


def test_paths_become_levels_and_numbers_a_list() -> None:
    assert nested({"a": 1, "b.000": 2, "b.001": 3, "c.d.e": 4}) == {"a": 1, "b": [2, 3], "c": {"d": {"e": 4}}}
    assert plain({"x": Estimate(1.0, math.nan, np.float64(2))}) == {"x": {"value": 1.0, "low": None, "high": 2.0}}
