from __future__ import annotations

import math
import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.errors import UsageError
from companion.study.measures import Units
from companion.study.said import BIT, Said, tactics_of
from companion.study.table import Table, table_of
from companion.study.template import LETTERS, R0, Template, covered, fit, fit_and_check, score, template_measures

LETTER_BIT = {LETTERS[tactic]: BIT[tactic.value] for tactic in LETTERS}

units = st.tuples(st.sampled_from(["A", "P", "V", "PV", "AP", "VF", "E", "M"]), st.sampled_from(["", "+", "?"]))
patterns = st.lists(units, min_size=1, max_size=4).filter(lambda drawn: any(times != "?" for _, times in drawn))


def reply(*sentences: str) -> tuple[int, ...]:
    """A sentence as its letters: "PA" paraphrases and advises."""
    return tuple(sum(LETTER_BIT[letter] for letter in letters) for letters in sentences)


def table_from(*turns: tuple[int, ...], conversations: int = 1) -> Table:
    return table_of([Said(f"c{place % conversations:03}", place, True, None, turn) for place, turn in enumerate(turns)])


def longest(pattern: str, sentences: tuple[int, ...]) -> float:
    """The share that the longest match covers, by trying every way to read the sentences as letters."""
    kept = [mask for mask in sentences if mask]
    best = 0
    for begin in range(len(kept)):
        for end in range(begin + 1, len(kept) + 1):
            readings = []
            for mask in kept[begin:end]:
                letters = [LETTERS[tactic] for tactic in tactics_of(mask)]
                # a sentence may serve several units: any row of its letters, each as often as there are units
                readings.append(["".join(row) for n in range(1, 5) for row in product(letters, repeat=n)])
            if any(re.fullmatch(pattern, "".join(reading)) for reading in product(*readings)):
                best = max(best, end - begin)
    return best / len(kept) if kept else 0.0


@given(patterns, st.lists(st.lists(st.sampled_from("APVEMFQ"), min_size=0, max_size=2, unique=True), max_size=3))
def test_a_match_is_what_any_reading_of_the_sentences_gives(
    drawn: list[tuple[str, str]], sentences: list[list[str]]
) -> None:
    pattern = "".join((f"[{letters}]" if len(letters) > 1 else letters) + times for letters, times in drawn)
    turn = reply(*("".join(letters) for letters in sentences))
    assert covered(Template.parse(pattern), table_from(turn))[0] == pytest.approx(longest(pattern, turn))


def test_a_sentence_may_be_all_of_the_template() -> None:
    template = Template.parse(R0)
    found = covered(template, table_from(reply("P"), reply("V"), reply("V", "A"), reply("AV"), reply("A")))
    assert found.tolist() == [1, 0, 1, 1, 0]  # a paraphrase is [PV]+ and [AP]+; advice needs something before it


def test_coverage_is_the_longest_match_over_the_sentences_with_tactics() -> None:
    turns = [reply("Q", "E", "V", "", "A", "F", "Q"), reply("Q")]
    table = table_from(*turns)
    assert covered(Template.parse(R0), table).tolist() == [pytest.approx(4 / 6), 0]
    found = {
        name: measure.value
        for name, measure in template_measures(Template.parse(R0), table, Units(table.owner, 1)).items()
    }
    assert found == pytest.approx({"match": 0.5, "coverage": 4 / 6, "harmonic": 2 * 0.5 * (4 / 6) / (0.5 + 4 / 6)})
    assert score(Template.parse(R0), table) == pytest.approx(tuple(found.values()))


def test_without_a_match_there_is_no_coverage() -> None:
    table = table_from(reply("Q"), reply())
    found = template_measures(Template.parse("A"), table, Units(table.owner, 1))
    assert found["match"].value == 0
    assert math.isnan(found["coverage"].value)
    assert score(Template.parse("A"), table) == (0, 0, 0)


@pytest.mark.parametrize("pattern", ["", "X", "[PV", "P V", "E?", "E?M?", "p+", "A" * 11, "[]", "A*"])
def test_what_is_no_template_is_a_sentence_with_the_letters(pattern: str) -> None:
    with pytest.raises(UsageError, match="template"):
        Template.parse(pattern)


def test_a_template_is_written_as_it_was_read() -> None:
    assert Template.parse("E?[PV]+M?[AP]+[VF]?").pattern == R0
    assert Template.parse("[A][PV]").pattern == "A[PV]"


def test_the_search_finds_a_template_that_was_planted() -> None:
    planted = [reply("V", "P", "A"), reply("V", "A"), reply("V", "P", "P", "A"), reply("V", "P", "A")]
    others = [reply("Q", "D")]
    found = fit(table_from(*planted * 6, *others))
    match, coverage, _ = score(found, table_from(*planted))
    assert (match, coverage) == (1, 1)
    assert score(found, table_from(*others))[0] == 0


def test_the_search_says_how_much_it_tries() -> None:
    tried: list[int] = []
    fit(table_from(reply("V", "A"), reply("A")), tried.append)
    assert len(tried) == 6
    assert tried[0] == 9  # two tactics and their pair, three ways each


def test_a_learnt_template_is_checked_on_other_conversations() -> None:
    turns = [reply("V", "P", "A")] * 40
    fitted = fit_and_check(table_from(*turns, conversations=10), seed=1)
    assert (fitted.fitted_on, fitted.checked_on) == (5, 5)
    assert (fitted.match, fitted.coverage) == (1, 1)
    assert "on 5 others it matches 100% of the replies" in fitted.sentence()
    alone = fit_and_check(table_from(*turns), seed=1)
    assert (alone.fitted_on, alone.checked_on) == (1, 0)
    assert "for want of others" in alone.sentence()


def test_without_tactics_there_is_nothing_to_learn() -> None:
    with pytest.raises(UsageError, match="No sentence carries a tactic"):
        fit(table_from(reply(), reply("")))
