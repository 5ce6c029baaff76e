"""Opens the database as a program that starts does, and writes what is in it to standard output as one JSON object.

`problems` is what SQLite and the store find wrong; `trouble` is the sentence where the file cannot be used at all.
"""

from __future__ import annotations

import json
import sqlite3
import sys

from companion import paths
from companion.errors import CompanionError
from companion.store import Store


def look() -> dict[str, object]:
    """What a fresh program finds."""
    problems: list[str] = []
    turns: list[tuple[object, ...]] = []
    trouble = ""
    try:
        with Store(paths.database()) as store:
            store.recover()
            problems += store.check()
            for session in store.sessions(archived=None):
                turns += [(turn.id, turn.role, turn.text, turn.status) for turn in store.turns(session.id)]
                store.branch(session.id)
    except CompanionError as error:
        trouble = str(error)
    else:
        reader = sqlite3.connect(f"{paths.database().as_uri()}?mode=ro", uri=True)
        try:
            problems += [row[0] for row in reader.execute("PRAGMA integrity_check") if row[0] != "ok"]
        except sqlite3.DatabaseError as error:
            problems.append(str(error))
        reader.close()
    return {"turns": turns, "problems": problems, "trouble": trouble}


if __name__ == "__main__":
    json.dump(look(), sys.stdout)
