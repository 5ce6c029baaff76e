from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.pairs import Candidate, Pair, PairRule, pairs

RULE = PairRule()


def reply(text: str, quality: float = 0.5, novelty: float = 1.0, tokens: int = 20, *, sound: bool = True) -> Candidate:
    return Candidate(text, quality, novelty, tokens, sound)


def only(*replies: Candidate, rule: PairRule = RULE) -> list[Pair]:
    return pairs([("p", replies)], rule)


def test_a_reply_that_differs_more_is_preferred_where_its_quality_is_not_lower() -> None:
    (pair,) = only(reply("same", novelty=0.2), reply("new", novelty=1.2))
    assert (pair.chosen, pair.rejected, pair.reason) == ("new", "same", "novelty")
    assert pair.excess == pytest.approx(2.0)


def test_a_better_rated_reply_is_preferred_where_it_differs_as_much() -> None:
    (pair,) = only(reply("kind", quality=0.6), reply("cold", quality=0.5))
    assert (pair.chosen, pair.rejected, pair.reason) == ("kind", "cold", "quality")


def test_novelty_is_not_bought_with_quality_nor_quality_with_novelty() -> None:
    assert only(reply("new but cold", 0.4, 2.0), reply("old but kind", 0.5, 0.5)) == []


def test_below_the_margins_there_is_no_pair() -> None:
    assert only(reply("a", 0.5, 1.0), reply("b", 0.54, 1.4)) == []


def test_a_rule_may_look_at_one_part_only() -> None:
    two = reply("a", 0.5, 0.0), reply("b", 0.9, 0.9)
    for by in ("novelty", "quality"):
        (pair,) = only(*two, rule=PairRule(by=by))  # type: ignore[arg-type]  # a literal
        assert pair.reason == by


def test_an_unsound_reply_is_never_preferred_but_may_be_the_worse_one() -> None:
    named = reply("Validation: yes.", 0.9, 3.0, sound=False)
    assert only(named, reply("plain", 0.5, 0.2)) == []
    (pair,) = only(reply("Validation: no.", 0.2, 0.0, sound=False), reply("plain"))
    assert pair.chosen == "plain"


def test_a_much_longer_reply_is_not_preferred() -> None:
    assert only(reply("long", 0.9, tokens=31), reply("short", 0.5, tokens=20)) == []
    assert len(only(reply("long", 0.9, tokens=30), reply("short", 0.5, tokens=20))) == 1


def test_the_pair_that_exceeds_its_margin_by_most_is_taken() -> None:
    group = reply("a", 0.5, 0.0), reply("b", 0.5, 1.0), reply("c", 0.8, 1.0)
    assert [(pair.chosen, pair.rejected) for pair in only(*group)] == [("c", "a")]
    assert [(pair.chosen, pair.rejected) for pair in only(*group, rule=PairRule(most=9))] == [
        ("c", "a"), ("c", "b"), ("b", "a"),
    ]  # fmt: skip


def test_groups_do_not_mix() -> None:
    found = pairs([("p", [reply("a", 0.1)]), ("q", [reply("b", 0.9), reply("c", 0.2)])], RULE)
    assert [(pair.prompt, pair.chosen) for pair in found] == [("q", "b")]


REPLIES = st.builds(
    Candidate,
    text=st.text("abc", min_size=1, max_size=3),
    quality=st.integers(0, 20).map(lambda n: n / 20),
    novelty=st.integers(0, 20).map(lambda n: n / 4),
    tokens=st.integers(0, 60),
    sound=st.booleans(),
)
RULES = st.builds(
    PairRule,
    by=st.sampled_from(["novelty", "quality", "either"]),
    slack=st.sampled_from([0.0, 0.5, 0.99]),
    most=st.integers(1, 20),
)


@given(st.lists(REPLIES, max_size=6, unique_by=lambda each: each.text), RULES)
def test_every_pair_keeps_the_rule_and_none_is_turned_round(group: list[Candidate], rule: PairRule) -> None:
    by_text = {each.text: each for each in group}
    found = pairs([("p", group)], rule)
    turned = {(pair.rejected, pair.chosen) for pair in found}
    assert len(found) <= rule.most
    for pair in found:
        better, worse = by_text[pair.chosen], by_text[pair.rejected]
        assert better.sound
        assert better.tokens <= rule.longest * max(1, worse.tokens)
        assert (pair.chosen, pair.rejected) not in turned
        assert pair.excess >= 1
        assert better.quality >= worse.quality - rule.slack * rule.quality - 1e-9
        assert better.novelty >= worse.novelty - rule.slack * rule.novelty - 1e-9
