from __future__ import annotations

import sys
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.text import SEQUENCE_LIMIT, STRING_LIMIT, Cleaner, clean

AWKWARD = (
    "\x1b[]P^_X(\\\x07\x18\x1a\x9b\x9c\x9d\x90\x98\x9e\x9f\x00\x7f\x85\r\n\t\u2028\u200b\u200d\ufe0f\U000e0101"
    "\u202e\ufeff\ud83d\U0001f469\U0001f680\u2764ab 1;m@é"
)
awkward_text = st.text(st.sampled_from(AWKWARD) | st.characters(), max_size=60)


def in_pieces(pieces: list[str]) -> str:
    cleaner = Cleaner()
    return "".join(cleaner.feed(piece) for piece in pieces) + cleaner.close()


def cut(text: str, places: list[int]) -> list[str]:
    edges = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[start:stop] for start, stop in pairwise(edges)]


@given(awkward_text, st.lists(st.integers(min_value=0), max_size=8))
def test_any_split_into_chunks_gives_the_same_text_as_cleaning_the_whole(text: str, places: list[int]) -> None:
    assert in_pieces(cut(text, places)) == clean(text)


@given(awkward_text)
def test_one_character_at_a_time_gives_the_same_text(text: str) -> None:
    assert in_pieces(list(text)) == clean(text)


@given(awkward_text)
def test_nothing_dangerous_survives_and_cleaning_again_changes_nothing(text: str) -> None:
    cleaned = clean(text)
    for character in cleaned:
        category = unicodedata.category(character)
        assert category not in {"Cf", "Cs", "Zl", "Zp"} or character == "\u200d"
        assert category != "Cc" or character in "\n\t"
    assert clean(cleaned) == cleaned
    cleaned.encode()


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Zs", "Mn")), max_size=80))
def test_visible_text_is_unchanged(text: str) -> None:
    visible = "".join(c for c in text if "VARIATION SELECTOR" not in unicodedata.name(c, ""))
    assert clean(visible) == visible


def test_every_control_and_format_character_of_this_python_is_dropped() -> None:
    survivors = [
        f"U+{code:04X}"
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in {"Cc", "Cf"} and chr(code) not in "\n\t\r" and clean(f"{chr(code)}") != ""
    ]
    assert survivors == []


@pytest.mark.parametrize(
    ("payload", "left"),
    [
        ("a\x1b[31mb\x1b[0mc", "abc"),
        ("a\x1b[2J\x1b[Hb", "ab"),
        ("a\x9b31mb", "ab"),
        ("a\x1b]52;c;cGFzcw==\x07b", "ab"),
        ("a\x1b]8;;http://example.org\x1b\\link\x1b]8;;\x1b\\b", "alinkb"),
        ("a\x1b]0;title\x9cb", "ab"),
        ("a\x9d0;title\x07b", "ab"),
        ("a\x1bP1$r0m\x1b\\b", "ab"),
        ("a\x1b_Gpayload\x1b\\b", "ab"),
        ("a\x1b^private\x1b\\b", "ab"),
        ("a\x1bXstart of string\x1b\\b", "ab"),
        ("a\x90q\x1b\\b\x98x\x9cc\x9ey\x9cd\x9fz\x9ce", "abcde"),
        ("a\x1bcb", "ab"),
        ("a\x1b(0b", "ab"),
        ("a\x1b\x1b[31mb", "ab"),
        ("a\x1b[3\x071mb", "ab"),
        ("a\x1b[31\x18b", "ab"),
        ("a\x1b]0;never ended, but the next line is safe\nb", "a\nb"),
        ("a\x1b]0;cancelled\x1ab", "ab"),
        ("a\x1b[31\nb", "a\nb"),
        ("a\x1b[31éb", "aéb"),
        ("a\x1b", "a"),
        ("a\x1b[", "a"),
        ("a\x08\x08b\x7fc\x00d", "abcd"),
        ("one\r\ntwo\rthree\u2028four\u2029five\n\nsix", "one\ntwo\nthree\nfour\nfive\n\nsix"),
        ("a\r\x00\nb", "a\nb"),
        ("invoice\u202egpj.exe", "invoicegpj.exe"),
        ("pass\u200bword\u2060\ufeff\u00ad", "password"),
        ("\ud83d and \udc00", "\ufffd and \ufffd"),
        ("tab\there", "tab\there"),
    ],
)
def test_escape_sequences_and_hidden_characters_are_gone(payload: str, left: str) -> None:
    assert clean(payload) == left
    assert in_pieces(list(payload)) == left


def test_an_unterminated_string_swallows_no_more_than_its_bound() -> None:
    assert clean("a\x1b]" + "x" * (STRING_LIMIT + 5)) == "a" + "x" * 5
    assert in_pieces(["a\x1b]", "x" * STRING_LIMIT, "xxxxx"]) == "a" + "x" * 5


def test_a_sequence_that_never_ends_swallows_no_more_than_its_bound() -> None:
    assert clean("a\x1b[" + "1" * (SEQUENCE_LIMIT + 3)) == "a111"


@pytest.mark.parametrize(
    "kept",
    [
        "\U0001f469\u200d\U0001f680",  # woman astronaut
        "\u2764\ufe0f\u200d\U0001f525",  # heart on fire
        "\U0001f937\U0001f3fd\u200d\u2640\ufe0f",  # woman shrugging, with a skin tone
        "1\ufe0f\u20e3",  # keycap
        "\u845b\U000e0100",  # an ideograph with its variant
    ],
)
def test_emoji_sequences_stay_whole(kept: str) -> None:
    assert clean(kept) == kept
    assert in_pieces(list(kept)) == kept


@pytest.mark.parametrize(
    ("hidden", "left"),
    [
        ("a\u200db", "ab"),
        ("\U0001f469\u200d", "\U0001f469"),
        ("\U0001f469\u200db", "\U0001f469b"),
        ("\u200d\U0001f469", "\U0001f469"),
        ("a\ufe0f\ufe0e\U000e0101\U000e0102b", "a\ufe0fb"),
        (" \ufe0f", " "),
        ("\U0001f469\u200d\ufe0f\U0001f680", "\U0001f469\ufe0f\U0001f680"),
    ],
)
def test_joiners_and_selectors_elsewhere_are_dropped(hidden: str, left: str) -> None:
    assert clean(hidden) == left
    assert in_pieces(list(hidden)) == left


def test_a_closed_cleaner_starts_afresh() -> None:
    cleaner = Cleaner()
    assert cleaner.feed("a\x1b]0;half") == "a"
    assert cleaner.close() == ""
    assert cleaner.feed("b") == "b"
