from __future__ import annotations

import gzip
import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.study.measures import Units
from companion.study.said import Said
from companion.study.surface import (
    HALVES,
    TOKENS,
    Budgeted,
    Sample,
    budget_used,
    budgeted,
    cosines,
    rouge_l,
    self_bleu,
    surface_measures,
    vendi,
)
from companion.study.syntax import classes, syntactic_templates
from companion.study.table import table_of

texts_of_words = st.lists(st.lists(st.sampled_from("abcd"), max_size=6), min_size=1, max_size=6)


def sample(*texts: str, conversations: int = 2, seed: int = 0) -> Sample:
    said = [Said(f"c{place % conversations}", place, True, text, ()) for place, text in enumerate(texts)]
    table = table_of(said)
    count = len(table.conversations)
    return Sample.of(table, Units(np.arange(count), count), seed)


def test_distinct_n_counts_runs_within_texts() -> None:
    found = budgeted(sample("a b a b", "b c"), 0)
    assert found["distinct_1"].value == 3 / 6
    assert found["distinct_2"].value == 3 / 4  # ab, ba, bc of ab, ba, ab, bc; none across the two texts
    assert found["distinct_3"].value == 1
    chance = 30_000 * (1 - (1 - 1 / 30_000) ** 6)
    assert found["ead"].value == pytest.approx(3 / chance)


@given(texts_of_words)
def test_distinct_n_agrees_with_counting_by_hand(texts: list[list[str]]) -> None:
    drawn = [" ".join(words) for words in texts]
    found = budgeted(sample(*drawn), 0)
    pairs = [pair for words in texts for pair in pairwise(words)]
    if not any(texts):
        assert found == {}
    elif pairs:
        assert found["distinct_2"].value == pytest.approx(len(set(pairs)) / len(pairs))
    else:
        assert math.isnan(found["distinct_2"].value)


def test_the_budget_holds_as_many_words_as_it_says() -> None:
    long = [" ".join(f"w{place}x{n}" for n in range(100)) for place in range(100)]
    drawn = sample(*long)
    assert budget_used(drawn)["tokens"] == TOKENS
    assert budgeted(drawn, 0)["distinct_1"].value == 1
    twice = sample(*long[:30] * 4)  # of all 12,000 words a quarter are different
    assert budgeted(twice, 0)["distinct_1"].value > 0.4


def test_the_order_of_texts_is_that_of_the_seed() -> None:
    texts = [f"text {number}" for number in range(30)]
    assert sample(*texts, seed=1).texts == sample(*texts, seed=1).texts != sample(*texts, seed=2).texts


def test_compression_is_bytes_over_zipped_bytes() -> None:
    text = "the same words again and again " * 20
    found = budgeted(sample(text, conversations=1), 0)["compression"]
    data = (text + " ").encode()
    assert found.value == pytest.approx(len(data) / len(gzip.compress(data, mtime=0)))
    assert math.isnan(found.estimate().low)  # one conversation has no halves


def test_halves_vary_as_the_whole_does() -> None:
    """Against texts that are drawn anew, from the same speaker."""
    random = np.random.default_rng(3)

    def log() -> Sample:
        words = [" ".join(f"w{int(w)}" for w in random.zipf(1.5, 40) % 500) for _ in range(60)]
        return sample(*words, conversations=30)

    drawn = [budgeted(log(), 0)["distinct_2"] for _ in range(40)]
    real = np.std([one.value for one in drawn], ddof=1)
    half = np.mean([np.std(one.halves, ddof=1) for one in drawn])
    assert len(drawn[0].halves) == HALVES
    assert 0.6 * real < half < 2.5 * real


def test_a_difference_of_budgeted_figures_pairs_the_same_halves() -> None:
    halves = np.random.default_rng(0).normal(size=HALVES)
    ours, theirs = (Budgeted(value, halves + value, np.arange(9)) for value in (0.5, 0.2))
    found, p = ours.minus(theirs)
    assert (found.value, found.low, found.high) == pytest.approx((0.3, 0.3, 0.3))
    apart, _ = ours.minus(Budgeted(0.2, halves + 0.2, np.arange(8)))
    assert apart.high - apart.low == pytest.approx(2 * 1.96 * math.sqrt(2) * halves.std(ddof=1), rel=0.02)
    assert math.isnan(p) or p < 1e-6


def test_self_bleu_is_one_for_copies_and_small_for_strangers() -> None:
    same = ["it", "sounds", "like", "you", "are", "tired"]
    assert self_bleu([same, same]).tolist() == [1, 1]
    other = ["what", "a", "day", "that", "must", "have", "been"]
    assert self_bleu([same, other]).max() == 0
    assert np.isnan(self_bleu([same])).all()


def test_self_bleu_clips_counts_and_smooths_what_is_not_there() -> None:
    """By hand: "a a b" against "a b c": 2 of 3 words, 1 of 2 pairs, none of 1 triple; no brevity penalty."""
    found = self_bleu([list("aab"), list("abc")])[0]
    assert found == pytest.approx(math.exp((math.log(2 / 3) + math.log(1 / 2) + math.log(0.1)) / 3))


def test_self_bleu_penalises_a_reply_shorter_than_its_references() -> None:
    found = self_bleu([list("ab"), list("abcd")])[0]
    assert found == pytest.approx(math.exp(1 - 4 / 2) * 1)


@given(texts_of_words)
def test_rouge_l_is_the_longest_common_subsequence(texts: list[list[str]]) -> None:
    found = rouge_l(texts)
    for row, a in enumerate(texts):
        for column, b in enumerate(texts):
            if row == column or not (a or b):
                assert math.isnan(found[row, column])
            else:
                assert found[row, column] == pytest.approx(2 * common(a, b) / (len(a) + len(b)))


def common(a: list[str], b: list[str]) -> int:
    row = [0] * (len(b) + 1)
    for x in a:
        before = row[:]
        for place, y in enumerate(b, 1):
            row[place] = before[place - 1] + 1 if x == y else max(before[place], row[place - 1])
    return row[-1]


def test_self_repetition_counts_four_words_in_other_texts() -> None:
    found = surface_measures(sample("a b c d e", "a b c d", "x y z", conversations=3))
    assert found["self_repetition"].value == pytest.approx(2 * math.log(2) / 3)  # abcd is in one other, twice


def test_the_interval_of_a_mean_over_pairs_is_wider_than_that_of_its_rows() -> None:
    random = np.random.default_rng(4)
    texts = [" ".join(random.choice(list("abcdefgh"), 8)) for _ in range(40)]
    found = surface_measures(sample(*texts, conversations=40))["rouge_l"]
    rows = np.nanmean(rouge_l([text.split() for text in texts]), axis=1)
    assert found.value == pytest.approx(rows.mean())
    assert np.std(found.parts[:, 0]) == pytest.approx(2 * np.std(rows))


def test_vendi_counts_different_texts() -> None:
    assert vendi(np.eye(5)) == pytest.approx(5)
    assert vendi(np.ones((5, 5))) == pytest.approx(1)
    assert math.isnan(vendi(np.zeros((0, 0))))


def test_texts_that_share_words_are_near() -> None:
    near = cosines([list("abx"), list("aby"), list("cdz"), list("efw")])
    assert near[0, 1] > near[0, 2] == 0
    assert np.allclose(np.diag(near), 1)


def test_word_classes_are_read_from_function_words_and_endings() -> None:
    assert classes(["i", "don't", "think", "you", "are", "really", "helping", "the", "3", "cats"]) == "IAOYBRGD0S"
    assert classes([]) == ""


def test_a_syntactic_template_is_what_enough_replies_are_built_like() -> None:
    alike = ["IBOPDO"] * 3
    found = syntactic_templates([*alike, "OOOOOO"], Units(np.arange(4), 4))
    assert found["rate_6"].value == 0.75
    assert found["per_token"].value == pytest.approx(3 / 24)
    assert found["rate_7"].value == 0  # no reply is that long
    assert syntactic_templates([*alike[:2], "OOOOOO"], Units(np.arange(3), 3))["rate_6"].value == 0


def test_without_texts_there_is_no_figure_and_no_error() -> None:
    empty = sample()
    assert budgeted(empty, 0) == {}
    assert all(math.isnan(measure.value) for measure in surface_measures(empty).values())
    assert budget_used(empty) == {"tokens": 0, "bytes": 0, "documents": 0, "references": 0}
