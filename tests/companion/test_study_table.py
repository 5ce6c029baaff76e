from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.rating import Empathy
from companion.study import table as tables
from companion.study.said import BIT, Crisis, Said, mask_of, tactics_of
from companion.study.table import UNKNOWN, Builder, Table, table_of, words_as_written
from planner.tactics import Tactic

A, Q, V = BIT["advice"], BIT["questioning"], BIT["validation"]


def reply(conversation: str, place: int, *sentences: int, text: str | None = "hello there you") -> Said:
    return Said(conversation, place, True, text, sentences)


def rows_of(table: Table) -> list[tuple[str, int, tuple[int, ...]]]:
    """Every reply as (conversation, place, sentences)."""
    return [
        (
            table.conversations[table.owner[row]],
            int(table.place[row]),
            tuple(int(mask) for mask in table.sentences[table.starts[row] : table.starts[row + 1]]),
        )
        for row in range(len(table))
    ]


def test_a_mask_holds_its_tactics() -> None:
    assert tactics_of(mask_of(["questioning", "advice"])) == (Tactic.ADVICE, Tactic.QUESTIONING)
    with pytest.raises(KeyError, match="kindness"):
        mask_of(["kindness"])


def test_replies_are_sorted_by_conversation_and_place() -> None:
    table = table_of([reply("b", 3, A), reply("a", 1, Q, V), reply("b", 1), reply("a", 3, A | Q)])
    assert rows_of(table) == [("a", 1, (Q, V)), ("a", 3, (A | Q,)), ("b", 1, ()), ("b", 3, (A,))]
    assert table.tactics.tolist() == [Q | V, A | Q, 0, A]
    assert table.turn.tolist() == [0, 1, 0, 1]
    assert table.follows.tolist() == [1, 3]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.lists(st.integers(0, 1023), max_size=4)), max_size=20))
def test_a_table_keeps_every_sentence_of_every_reply(drawn: list[tuple[str, list[int]]]) -> None:
    said = [reply(name, place, *sentences) for place, (name, sentences) in enumerate(drawn)]
    expected = sorted((one.conversation, one.place, one.sentences) for one in said)
    assert rows_of(table_of(said)) == expected


def test_only_the_supporter_counts() -> None:
    table = table_of([Said("a", 0, False, "I am sad"), reply("a", 1, A)])
    assert rows_of(table) == [("a", 1, (A,))]


def test_a_reply_that_nobody_tagged_is_left_out_and_said_so() -> None:
    table = table_of([Said("a", 1, True, "hello"), reply("a", 3, A)])
    assert (len(table), table.left_out) == (1, 1)


def test_words_and_openers_are_those_of_the_text() -> None:
    table = table_of([reply("a", 1, A, text="It\u2019s so hard."), reply("a", 3, A, text="It's so hard, it is")])
    assert table.words.tolist() == [4, 5]
    assert [table.openers.names[n] for n in table.openers.of] == ["it s so", "it's so hard"]
    assert [table.folded.names[n] for n in table.folded.of] == ["it's so hard", "it's so hard"]


def test_without_text_words_are_what_the_source_says_and_openers_unknown() -> None:
    table = table_of([Said("a", 1, True, None, (A,), 12), Said("a", 3, True, None, (A,))])
    assert table.words.tolist() == [12, UNKNOWN]
    assert table.openers.of.tolist() == [UNKNOWN, UNKNOWN]
    assert table.texts == ()


def test_the_words_of_the_table_are_letters_digits_and_straight_apostrophes() -> None:
    assert words_as_written("Don't: it’s 3 WORDS—or") == ["don't", "it", "s", "3", "words", "or"]


def test_a_part_of_a_table_keeps_its_own() -> None:
    table = table_of([reply("a", 1, A, text="one"), reply("b", 1, Q, V, text="two"), reply("b", 3, V, text="three")])
    part = table.only({"b"})
    assert rows_of(part) == [("b", 1, (Q, V)), ("b", 3, (V,))]
    assert part.texts == ("two", "three")
    assert part.text_owner == (0, 0)
    assert part.words.tolist() == [1, 1]


def test_a_cut_leaves_the_first_sentences() -> None:
    table = table_of([reply("a", 1, A, Q, V), reply("a", 3), reply("a", 5, V)])
    cut = table.cut(2)
    assert rows_of(cut) == [("a", 1, (A, Q)), ("a", 3, ()), ("a", 5, (V,))]
    assert cut.tactics.tolist() == [A | Q, 0, V]


def test_ratings_go_to_their_replies() -> None:
    table = table_of([Said("a", 1, True, "x", (A,), empathy=Empathy(1, 2, 3, 4, 5, 1)), reply("a", 3, A)])
    assert table.empathy[0].tolist() == [1, 2, 3, 4, 5, 1]
    rated = table.rated({("a", 3): (5.0,) * 6})
    assert math.isnan(rated.empathy[0, 0])
    assert rated.empathy[1].tolist() == [5] * 6


def test_what_the_safety_layer_did_is_counted() -> None:
    crisis = Crisis(("words", "encoder"), 1)
    table = table_of([Said("a", 0, False, "...", crisis=crisis), reply("a", 1, A), Said("b", 0, False, crisis=crisis)])
    assert (table.safety.messages, table.safety.cards) == (2, 2)
    assert table.safety.layers == (("encoder", 2), ("words", 2))


def test_one_id_under_two_conditions_is_two_conversations() -> None:
    said = [Said("s1", 1, True, "x", (A,), condition="plan"), Said("s1", 1, True, "x", (Q,), condition="none")]
    table = table_of(said)
    assert table.conversations == ("s1", "s1 (none)")
    assert len(table.follows) == 0


def test_the_sample_of_texts_is_bounded_fair_and_that_of_the_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "SAMPLE", 50)

    def sample(seed: int) -> tuple[str, ...]:
        builder = Builder(seed)
        for number in range(1000):
            builder.add(reply(f"c{number // 10}", number, A, text=str(number)))
        return builder.table().texts

    first = sample(1)
    assert len(first) == 50
    assert [*map(int, first)] == sorted(map(int, first))  # in the order of the source
    assert first == sample(1) != sample(2)
    middle = np.mean([np.mean([int(text) for text in sample(seed)]) for seed in range(20)])
    assert middle == pytest.approx(500, abs=40)


def test_every_text_of_a_sample_knows_its_conversation() -> None:
    table = table_of([reply("b", 1, A, text="of b"), reply("a", 1, A, text="of a")])
    assert [(text, table.conversations[owner]) for text, owner in zip(table.texts, table.text_owner, strict=True)] == [
        ("of b", "b"),
        ("of a", "a"),
    ]


def test_an_empty_table_is_a_table() -> None:
    table = table_of([])
    assert (len(table), len(table.cut(2)), len(table.follows), table.conversations) == (0, 0, 0, ())
