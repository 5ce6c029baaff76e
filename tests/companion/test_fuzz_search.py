"""Whatever is typed into a search is searched for; nothing in it is a command."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from companion.errors import NotFound, UsageError
from companion.store import Role, Store

SAID = (
    "my dog ran off",
    "AND the cat?",
    'he said "no way" twice',
    "NEAR(the, sea)",
    "über den Zaun",
    "今日は",
    "100%_sure",
)
words = st.sampled_from(
    ["dog", "AND", "OR", "NOT", "NEAR(", "NEAR/3", ")", '"', '""', "*", "do*", "^dog", "text:", "-cat", "+", "{", "}",
     ":",
     "'", "--", ";", "%", "_", "\\", "\0", "\x1b[31m", "\ud800", "\u202e", "今日は", "uber", "a*b", '"no way"', '"no']
)  # fmt: skip
queries = st.lists(words | st.text(max_size=8), max_size=12).map(" ".join) | st.lists(words, max_size=12).map("".join)

store = Store(None)
session = store.new_session(None, title="about dogs")
for each in SAID:
    store.add_turn(session.id, Role.USER, each)


@given(queries, st.integers(min_value=0, max_value=3))
def test_any_query_finds_turns_whose_snippets_mark_what_was_found(query: str, limit: int) -> None:
    hits = store.search(query, limit)
    assert len(hits) <= limit
    for hit in hits:
        assert hit.turn.text in SAID
        assert all(0 <= start < stop <= len(hit.snippet) for start, stop in hit.matches)
    assert store.search(query, session_id="no such session") == []


@given(st.sampled_from(SAID), st.integers(min_value=0, max_value=20), st.integers(min_value=1, max_value=20))
def test_what_was_said_is_found_by_any_of_its_words(text: str, start: int, count: int) -> None:
    some = text.split()[start % len(text.split()) :][:count]
    assert not any(any(c.isalnum() for c in word) for word in some) or text in [
        hit.turn.text for hit in store.search(" ".join(some))
    ]


@given(queries)
def test_any_title_and_any_id_can_be_asked_for(query: str) -> None:
    assert store.sessions(title=query) in ([], [store.session(session.id)])
    with suppress(NotFound, UsageError):
        assert store.session(query) == store.session(session.id)
