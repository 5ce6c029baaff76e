"""Reading a session: its turns and branches, and what is known about each reply."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from companion.errors import NotFound
from companion.store.rows import (
    Candidate,
    Empathy,
    FactorRow,
    Mood,
    PlanRow,
    Rating,
    RiskEvent,
    Role,
    Sentence,
    Status,
    Turn,
)
from companion.store.sessions import Sessions

TURN_COLUMNS = """t.id, t.session_id, t.parent_id, t.role, t.text, t.status, t.created_at, t.finished_at,
    t.prompt_tokens, t.reply_tokens, t.ms_first, t.ms_total"""

PLAN_COLUMNS = "p.layout, p.weights, p.targets, p.resting, p.reason, p.factors"
EMPATHY_COLUMNS = """p.validating_emotions, p.encouraging_elaboration, p.demonstrating_understanding,
    p.unsolicited_advice, p.self_orientation, p.dismissing_emotions, p.rater"""


def turn_of(row: Sequence[Any]) -> Turn:
    """A turn from the columns of `TURN_COLUMNS`."""
    return Turn(row[0], row[1], row[2], Role(row[3]), row[4], Status(row[5]), *row[6:12])


def plan_of(row: Sequence[Any]) -> PlanRow:
    """A plan from the columns of `PLAN_COLUMNS`."""
    layout, weights, targets, resting, reason, factors = row
    return PlanRow(
        layout,
        json.loads(weights),
        tuple(json.loads(targets)),
        tuple(json.loads(resting)),
        reason,
        tuple(FactorRow(*factor) for factor in json.loads(factors)),
    )


class History(Sessions):
    def turn(self, turn_id: int) -> Turn:
        rows = self._rows(f"SELECT {TURN_COLUMNS} FROM turns t WHERE t.id = ?", (turn_id,))
        if not rows:
            raise NotFound(f"There is no turn {turn_id}. `companion sessions show ID` lists the turns of a session.")
        return turn_of(rows[0])

    def turns(self, session_id: str) -> list[Turn]:
        """Every turn of a session, all branches, oldest first."""
        return [
            turn_of(row)
            for row in self._rows(
                f"SELECT {TURN_COLUMNS} FROM turns t WHERE t.session_id = ? ORDER BY t.id", (session_id,)
            )
        ]

    def branch(self, session_id: str, leaf: int | None = None) -> list[Turn]:
        """The turns from the first one to `leaf`; by default to where the person last was, else to the newest turn."""
        if leaf is not None and self.turn(leaf).session_id != session_id:
            raise NotFound(f"Turn {leaf} is not in session {session_id!r}. `companion sessions show {session_id}`.")
        rows = self._rows(
            f"""WITH RECURSIVE branch(id) AS (
                SELECT coalesce(?, (SELECT leaf FROM sessions WHERE id = ?),
                    (SELECT max(id) FROM turns WHERE session_id = ?))
                UNION ALL
                SELECT parent_id FROM branch JOIN turns ON turns.id = branch.id WHERE parent_id IS NOT NULL
            ) SELECT {TURN_COLUMNS} FROM branch JOIN turns t ON t.id = branch.id ORDER BY t.id""",
            (leaf, session_id, session_id),
        )
        return [turn_of(row) for row in rows]

    def newest_below(self, turn_id: int) -> int:
        """The end of the conversation that most recently went through this turn; the turn itself, if none did."""
        newest: int = self._rows(
            """WITH RECURSIVE below(id) AS (
                SELECT ? UNION ALL SELECT turns.id FROM below JOIN turns ON turns.parent_id = below.id
            ) SELECT max(id) FROM below""",
            (self.turn(turn_id).id,),
        )[0][0]
        return newest

    def alternatives(self, session_id: str) -> dict[int, tuple[int, ...]]:
        """For each turn that has siblings, all of them with itself, oldest first."""
        families: dict[int | None, list[int]] = {}
        for turn_id, parent_id in self._rows(
            "SELECT id, parent_id FROM turns WHERE session_id = ? ORDER BY id", (session_id,)
        ):
            families.setdefault(parent_id, []).append(turn_id)
        return {turn: tuple(family) for family in families.values() if len(family) > 1 for turn in family}

    def siblings(self, turn_id: int) -> list[Turn]:
        """The alternatives at this place, the turn itself among them, oldest first."""
        turn = self.turn(turn_id)
        rows = self._rows(
            f"SELECT {TURN_COLUMNS} FROM turns t WHERE t.session_id = ? AND t.parent_id IS ? ORDER BY t.id",
            (turn.session_id, turn.parent_id),
        )
        return [turn_of(row) for row in rows]

    def children(self, turn_id: int) -> list[Turn]:
        rows = self._rows(f"SELECT {TURN_COLUMNS} FROM turns t WHERE t.parent_id = ? ORDER BY t.id", (turn_id,))
        return [turn_of(row) for row in rows]

    def sentences(self, session_id: str, after: int = 0) -> dict[int, tuple[Sentence, ...]]:
        """The tagged sentences of a session by turn; only those of turns with an id above `after`."""
        with self._lock:
            tactics: dict[int, dict[str, float]] = {}
            for sentence_id, tactic, score in self._rows(
                "SELECT a.sentence_id, a.tactic, a.score FROM turns t JOIN sentences s ON s.turn_id = t.id "
                "JOIN sentence_tactics a ON a.sentence_id = s.id "
                "WHERE t.session_id = ? AND t.id > ? ORDER BY s.id, a.tactic",
                (session_id, after),
            ):
                tactics.setdefault(sentence_id, {})[tactic] = score
            found: dict[int, list[Sentence]] = {}
            for sentence_id, turn_id, position, text in self._rows(
                "SELECT s.id, s.turn_id, s.position, s.text "
                "FROM turns t JOIN sentences s ON s.turn_id = t.id "
                "WHERE t.session_id = ? AND t.id > ? ORDER BY s.turn_id, s.position",
                (session_id, after),
            ):
                sentence = Sentence(sentence_id, turn_id, position, text, tactics.get(sentence_id, {}))
                found.setdefault(turn_id, []).append(sentence)
        return {turn_id: tuple(rows) for turn_id, rows in found.items()}

    def plans(self, session_id: str) -> dict[int, PlanRow]:
        columns = f"p.turn_id, {PLAN_COLUMNS}"
        return {row[0]: plan_of(row[1:]) for row in self._of_session(columns, "plans", session_id)}

    def plan(self, turn_id: int) -> PlanRow | None:
        """The plan of one reply; None where it had none."""
        rows = self._rows(f"SELECT {PLAN_COLUMNS} FROM plans p WHERE p.turn_id = ?", (turn_id,))
        return plan_of(rows[0]) if rows else None

    def moods(self, session_id: str) -> list[Mood]:
        rows = self._rows(
            "SELECT moment, value, created_at FROM moods WHERE session_id = ? ORDER BY rowid", (session_id,)
        )
        return [Mood(*row) for row in rows]

    def ratings(self, session_id: str) -> dict[int, Rating]:
        rows = self._of_session("p.turn_id, p.value, p.note, p.created_at", "ratings", session_id)
        return {row[0]: Rating(*row[1:]) for row in rows}

    def empathy(self, session_id: str) -> dict[int, tuple[Empathy, ...]]:
        found: dict[int, tuple[Empathy, ...]] = {}
        for row in self._of_session(f"p.turn_id, {EMPATHY_COLUMNS}", "empathy", session_id):
            found[row[0]] = (*found.get(row[0], ()), Empathy(*row[1:]))
        return found

    def candidates(self, turn_id: int) -> list[tuple[Candidate, ...]]:
        """For each sentence of a reply that was chosen among several, what there was to choose from."""
        found: dict[int, tuple[Candidate, ...]] = {}
        for position, text, tactics, score, reason, kept in self._rows(
            "SELECT position, text, tactics, score, veto, kept FROM candidates WHERE turn_id = ? "
            "ORDER BY position, number",
            (turn_id,),
        ):
            row = Candidate(text, tuple(json.loads(tactics)), json.loads(score), reason, bool(kept))
            found[position] = (*found.get(position, ()), row)
        return list(found.values())

    def risk_events(self, session_id: str) -> list[RiskEvent]:
        rows = self._of_session("p.turn_id, p.level, p.layer, p.card_shown", "risk_events", session_id)
        return [RiskEvent(turn_id, level, layer, bool(shown)) for turn_id, level, layer, shown in rows]

    def _of_session(self, columns: str, table: str, session_id: str) -> list[tuple[Any, ...]]:
        return self._rows(
            f"SELECT {columns} FROM turns t JOIN {table} p ON p.turn_id = t.id WHERE t.session_id = ? ORDER BY t.id",
            (session_id,),
        )
