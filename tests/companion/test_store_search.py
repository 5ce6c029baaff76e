from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.store import Role, Status, Store
from companion.store.search import match_expression


@pytest.fixture
def store() -> Iterator[Store]:
    with Store(None) as store:
        yield store


def say(store: Store, *texts: str) -> str:
    session = store.new_session(None)
    for text in texts:
        store.add_turn(session.id, Role.USER, text)
    return session.id


def found(store: Store, query: str, **options: int) -> list[str]:
    return [hit.turn.text for hit in store.search(query, **options)]


def test_a_hit_has_its_session_its_turn_and_a_marked_snippet(store: Store) -> None:
    session_id = say(store, "The garden was quiet and the Garden gate was open.")
    (hit,) = store.search("garden")
    assert hit.session.id == session_id
    assert hit.turn.role is Role.USER
    assert [hit.snippet[start:stop] for start, stop in hit.matches] == ["garden", "Garden"]
    assert hit.snippet == "The garden was quiet and the Garden gate was open."


def test_long_turns_are_shown_in_part(store: Store) -> None:
    say(store, "before " * 200 + "needle" + " after" * 200)
    (hit,) = store.search("needle")
    assert len(hit.snippet) < 200
    assert [hit.snippet[start:stop] for start, stop in hit.matches] == ["needle"]


def test_the_newest_turns_come_first_and_the_limit_holds(store: Store) -> None:
    say(store, *(f"rain {number}" for number in range(9)))
    assert found(store, "rain", limit=3) == ["rain 8", "rain 7", "rain 6"]


def test_every_word_must_be_there_in_any_order(store: Store) -> None:
    say(store, "cold tea", "tea is cold now", "hot tea")
    assert found(store, "cold tea") == ["tea is cold now", "cold tea"]


def test_words_in_quotes_stand_together(store: Store) -> None:
    say(store, "cold tea", "tea is cold now")
    assert found(store, '"cold tea"') == ["cold tea"]


def test_a_star_stands_for_any_ending(store: Store) -> None:
    say(store, "walking", "walked", "talked")
    assert found(store, "walk*") == ["walked", "walking"]
    assert found(store, "walk") == []
    assert found(store, "w*") == []  # one letter would be half of everything


def test_case_and_accents_do_not_matter(store: Store) -> None:
    say(store, "Un café à Évora")
    assert found(store, "CAFE evora") == ["Un café à Évora"]


def test_one_session_can_be_searched(store: Store) -> None:
    here, _ = say(store, "rain here"), say(store, "rain there")
    assert [hit.turn.text for hit in store.search("rain", session_id=here)] == ["rain here"]


def test_a_reply_is_found_once_it_is_finished(store: Store) -> None:
    session = store.new_session(None)
    reply = store.begin_reply(session.id, None)
    store.save_partial(reply.id, "sunflower")
    assert found(store, "sunflower") == []
    store.finish_reply(reply.id, Status.STOPPED, "sunflower and mo")
    assert found(store, "sunflower") == ["sunflower and mo"]
    assert store.check() == []


@pytest.mark.parametrize("query", ["", "   ", "???", '""', '"', "*", "-", "\x00"])
def test_a_query_without_words_finds_nothing(store: Store, query: str) -> None:
    say(store, "anything")
    assert store.search(query) == []


@pytest.mark.parametrize(
    "query",
    [
        "tea AND",
        "NOT tea",
        "text:tea",
        "tea^2",
        "NEAR(tea cold)",
        "(tea",
        "tea)",
        "te'a",
        '"tea',
        "tea -cold",
        "a*b",
        "{",
    ],
)
def test_signs_that_fts_would_read_are_ordinary(store: Store, query: str) -> None:
    say(store, "near text not and tea cold 2")
    store.search(query)


@given(st.text(max_size=60))
def test_no_query_is_an_error(query: str) -> None:
    with Store(None) as store:
        say(store, "some words here")
        store.search(query)


@given(st.lists(st.text(st.characters(categories=("Ll", "Lu")), min_size=1, max_size=8), min_size=1, max_size=6))
def test_a_turn_is_found_by_its_own_words(words: list[str]) -> None:
    with Store(None) as store:
        say(store, " ".join(words))
        assert len(store.search(words[-1])) == 1


def test_very_long_queries_are_cut() -> None:
    assert match_expression("word " * 1000).count('"word"') == 32


def test_marks_in_the_text_itself_do_no_harm(store: Store) -> None:
    say(store, "a\x03b needle \x02c")
    (hit,) = store.search("needle")
    assert [hit.snippet[start:stop] for start, stop in hit.matches][:1] == ["needle"]
