"""What the sessions screen looks for in the store, and how it forgets. Everything here may wait for the database."""

from __future__ import annotations

from dataclasses import dataclass

from companion.errors import CompanionError, NotFound
from companion.store import SearchHit, Session, Store

MOST_SESSIONS = 200
MOST_HITS = 50
LETTERS_TO_SEARCH = 2
"""Fewer letters only filter the titles."""


@dataclass(frozen=True, slots=True)
class Found:
    """What there is for a query."""

    query: str = ""
    sessions: tuple[Session, ...] = ()
    hits: tuple[SearchHit, ...] = ()
    more_sessions: bool = False
    more_hits: bool = False
    left_out: bool = False
    """Archived sessions would be here too if they were shown."""


def find(store: Store, query: str, *, archived: bool) -> Found:
    """Sessions by their title, newest first; from `LETTERS_TO_SEARCH` letters on also turns by their words."""
    words = in_one_line(query)
    title = words.replace('"', "")
    sessions = store.sessions(title=title, archived=None if archived else False, limit=MOST_SESSIONS + 1)
    left_out = not archived and bool(store.sessions(title=title, archived=True, limit=1))
    hits: list[SearchHit] = []
    if len(title) >= LETTERS_TO_SEARCH:
        hits = store.search(while_typing(query), MOST_HITS + 1)
    return Found(
        words,
        tuple(sessions[:MOST_SESSIONS]),
        tuple(hits[:MOST_HITS]),
        len(sessions) > MOST_SESSIONS,
        len(hits) > MOST_HITS,
        left_out,
    )


def while_typing(query: str) -> str:
    """The query for what is typed so far: its last word may go on, unless a space or a quotation mark ended it."""
    before, _, last = query.rpartition(" ")
    if query.count('"') % 2 or not last.isalnum():
        return query
    if len(last) < LETTERS_TO_SEARCH and before.strip():
        return before
    return query + "*"


def delete(store: Store, session_id: str) -> tuple[bool, str]:
    """Deletes a session; whether it is gone then, and what was wrong, in a sentence. Its files are written anew."""
    trouble = ""
    try:
        store.delete(session_id)
    except NotFound:
        return True, ""
    except CompanionError as error:
        trouble = str(error)
    try:
        store.session(session_id)
    except NotFound:
        return True, trouble
    except CompanionError:
        pass
    return False, trouble


def in_one_line(text: str) -> str:
    return " ".join(text.split())
