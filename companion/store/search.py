"""Words in all turns. The newest turns come first: that order is free in the index, while a rank would read every
turn that has a common word."""

from __future__ import annotations

import re

from companion.store.connection import Connection
from companion.store.history import TURN_COLUMNS, turn_of
from companion.store.rows import SearchHit
from companion.store.sessions import SESSION_COLUMNS, session_of

MOST_WORDS = 32
SNIPPET_WORDS = 16
_START, _STOP = "\x02", "\x03"
_QUERY = re.compile(r'"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+)')


class Search(Connection):
    def search(self, query: str, limit: int = 20, *, session_id: str | None = None) -> list[SearchHit]:
        """The turns that have every word of `query`, newest first.

        `"two words"` must stand together, and a `*` after two letters or more stands for any ending; nothing
        else in a query has a meaning of its own. Case and accents do not matter.
        """
        expression = match_expression(query)
        if not expression:
            return []
        where = "AND t.session_id = ?" if session_id else ""
        rows = self._rows(
            f"SELECT {TURN_COLUMNS}, {SESSION_COLUMNS}, snippet(turn_search, 0, ?, ?, '…', ?) "
            "FROM turn_search JOIN turns t ON t.id = turn_search.rowid "
            "JOIN sessions s ON s.id = t.session_id "
            f"WHERE turn_search MATCH ? {where} ORDER BY turn_search.rowid DESC LIMIT ?",
            (_START, _STOP, SNIPPET_WORDS, expression, *([session_id] if session_id else []), limit),
        )
        hits = []
        for row in rows:
            snippet, matches = _spans(row[-1])
            hits.append(SearchHit(session_of(row[12:21]), turn_of(row[:12]), snippet, matches))
        return hits


def match_expression(query: str) -> str:
    """`query` as an FTS5 expression that cannot be a syntax error; empty where there is nothing to find."""
    terms = []
    for found in _QUERY.finditer(query):
        word = found["phrase"] or found["word"] or ""
        if any(character.isalnum() for character in word):
            ending = "*" if found["word"] and word.endswith("*") and len(word) > 2 else ""
            terms.append(f'"{_plain(word)}"{ending}')
    return " ".join(terms[:MOST_WORDS])


def _plain(word: str) -> str:
    return "".join(character if character.isprintable() else " " for character in word)


def _spans(marked: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    text = ""
    spans: list[tuple[int, int]] = []
    opened: int | None = None
    for piece in re.split(f"([{_START}{_STOP}])", marked):
        if piece == _START:
            opened = len(text)
        elif piece == _STOP:
            if opened is not None:
                spans.append((opened, len(text)))
            opened = None
        else:
            text += piece
    return text, tuple(spans)
