"""Any text at all through the boundary. `python -m tests.faults.characters` does it with ten million characters."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.conversation import hear
from companion.errors import UsageError
from companion.text import clean, split_sentences
from tests.faults.characters import text_of, wrong_with


@pytest.mark.parametrize("seed", range(8))
def test_long_texts_of_every_kind_keep_to_the_rules(seed: int) -> None:
    chance = random.Random(seed)
    texts = [text_of(chance) for _ in range(12)]
    assert sum(map(len, texts)) > 10_000
    assert [found for text in texts if (found := wrong_with(text, chance))] == []


def test_the_rules_notice_a_cleaner_that_lets_something_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.faults.characters.clean", lambda text: text.replace("\x1b", ""))
    assert wrong_with("a\u202eb\x1b[31m", random.Random(0)) == [
        "left: [\"'\\\\u202e'\"]",
        "pieces give something else than the whole",
    ]


@given(st.binary(max_size=200))
def test_bytes_that_are_no_text_are_heard_or_refused(raw: bytes) -> None:
    for errors in ("replace", "surrogateescape", "backslashreplace"):
        text = raw.decode("utf-8", errors)
        try:
            heard = hear(text)
        except UsageError:
            assert clean(text).strip() == ""
        else:
            assert heard == heard.strip() == clean(heard) != ""
            heard.encode()


@given(st.text(st.sampled_from(".!?…\"'”)*_ \n-1a。E"), max_size=400))
def test_marks_in_any_order_are_split_and_nothing_is_lost(text: str) -> None:
    sentences = split_sentences(text)
    assert "".join("".join(sentences).split()) == "".join(text.split())
    assert all(sentences)
