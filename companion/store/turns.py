"""Writing turns and what is known about them. Nothing is overwritten: another try is another child of its parent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path

from companion.errors import NotFound, UsageError
from companion.store import owners
from companion.store.connection import now
from companion.store.history import History
from companion.store.rows import Candidate, Empathy, PlanRow, Role, Status, Timings, Turn
from companion.store.sessions import title_of


def _check_over(status: Status) -> None:
    if status is Status.STREAMING:
        raise ValueError("only begin_reply makes a streaming turn")


class Turns(History):
    def __init__(self, path: Path | None, *, busy_seconds: float = 10.0) -> None:
        super().__init__(path, busy_seconds=busy_seconds)
        self._owner: owners.Owner | None = None

    def close(self) -> None:
        with self._lock:
            if self._owner is not None:
                self._owner.release()
                self._owner = None
            super().close()

    def add_user_turn(self, session_id: str, text: str, parent_id: int | None = None) -> Turn:
        """Saves what the person said, safe on disk when this returns."""
        moment = now()
        with self.transaction() as connection:
            turn_id = self._insert(session_id, parent_id, Role.USER, text, Status.COMPLETE, moment, moment, None)
            connection.execute(
                "UPDATE sessions SET updated_at = ?, title = coalesce(title, ?), leaf = ? WHERE id = ?",
                (moment, title_of(text) or None, turn_id, session_id),
            )
        return Turn(turn_id, session_id, parent_id, Role.USER, text, Status.COMPLETE, moment, moment)

    def begin_reply(self, session_id: str, parent_id: int | None, text: str = "") -> Turn:
        """A reply that is about to arrive, or to go on after `text`; `save_partial` and `finish_reply` fill it."""
        moment = now()
        with self._relaxed() as connection:
            turn_id = self._insert(
                session_id, parent_id, Role.ASSISTANT, text, Status.STREAMING, moment, None, self._token()
            )
            connection.execute("UPDATE sessions SET leaf = ? WHERE id = ?", (turn_id, session_id))
        return Turn(turn_id, session_id, parent_id, Role.ASSISTANT, text, Status.STREAMING, moment)

    def save_partial(self, turn_id: int, text: str) -> None:
        """The whole text so far. It outlives this program at once, a power cut from the next commit on."""
        with self._relaxed() as connection:
            connection.execute("UPDATE turns SET text = ? WHERE id = ? AND status = 'streaming'", (text, turn_id))

    def finish_reply(
        self,
        turn_id: int,
        status: Status,
        text: str,
        sentences: Iterable[tuple[str, Mapping[str, float]]] = (),
        plan: PlanRow | None = None,
        timings: Timings | None = None,
        empathy: Empathy | None = None,
        choices: Sequence[Sequence[Candidate]] = (),
    ) -> Turn:
        """The end of a reply and all that is known about it, in one transaction."""
        _check_over(status)
        moment = now()
        spent = timings or Timings()
        with self.transaction() as connection:
            before = self.turn(turn_id)
            # Another program that could not see this one may have marked the reply as interrupted.
            if before.status not in {Status.STREAMING, Status.INTERRUPTED}:
                raise UsageError(f"The reply {turn_id} is already {before.status}. Begin another one.")
            connection.execute(
                "UPDATE turns SET text = ?, status = ?, finished_at = ?, prompt_tokens = ?, "
                "reply_tokens = ?, ms_first = ?, ms_total = ?, owner = NULL WHERE id = ?",
                (
                    text,
                    status,
                    moment,
                    spent.prompt_tokens,
                    spent.reply_tokens,
                    spent.ms_first,
                    spent.ms_total,
                    turn_id,
                ),
            )
            self.add_sentences(turn_id, sentences)
            if plan is not None:
                self.add_plan(turn_id, plan)
            if empathy is not None:
                self.add_empathy(turn_id, empathy)
            connection.executemany(
                "INSERT INTO candidates(turn_id, position, number, text, tactics, score, veto, kept) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        turn_id, position, number, each.text, json.dumps(each.tactics), json.dumps(dict(each.score)),
                        each.veto, int(each.kept),
                    )
                    for position, candidates in enumerate(choices)
                    for number, each in enumerate(candidates)
                ],
            )  # fmt: skip
            connection.execute("UPDATE sessions SET updated_at = ? WHERE id = ?", (moment, before.session_id))
            return self.turn(turn_id)

    def add_turn(
        self,
        session_id: str,
        role: Role,
        text: str,
        parent_id: int | None = None,
        *,
        status: Status = Status.COMPLETE,
        created_at: str | None = None,
    ) -> Turn:
        """A turn that is already over, such as an imported one. Wrap many of them in `transaction`."""
        _check_over(status)
        moment = created_at or now()
        with self.transaction() as connection:
            turn_id = self._insert(session_id, parent_id, role, text, status, moment, moment, None)
            title = title_of(text) if role is Role.USER else ""
            connection.execute(
                "UPDATE sessions SET updated_at = max(updated_at, ?), title = coalesce(title, ?) WHERE id = ?",
                (moment, title or None, session_id),
            )
            return self.turn(turn_id)

    def add_sentences(self, turn_id: int, sentences: Iterable[tuple[str, Mapping[str, float]]]) -> None:
        """The sentences of a turn with the tactics they are tagged with; earlier ones are replaced."""
        with self.transaction() as connection:
            connection.execute("DELETE FROM sentences WHERE turn_id = ?", (turn_id,))
            for position, (text, tactics) in enumerate(sentences):
                made = connection.execute(
                    "INSERT INTO sentences(turn_id, position, text) VALUES (?, ?, ?)",
                    (turn_id, position, text),
                )
                connection.executemany(
                    "INSERT INTO sentence_tactics(sentence_id, tactic, score) VALUES (?, ?, ?)",
                    [(made.lastrowid, str(tactic), score) for tactic, score in tactics.items()],
                )

    def add_plan(self, turn_id: int, plan: PlanRow) -> None:
        """The plan of a reply that has none yet."""
        with self.transaction() as connection:
            connection.execute(
                "INSERT INTO plans(turn_id, layout, weights, targets, resting, reason, factors) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    turn_id,
                    plan.layout,
                    json.dumps(dict(plan.weights)),
                    json.dumps(list(plan.targets)),
                    json.dumps(list(plan.resting)),
                    plan.reason,
                    json.dumps([astuple(factor) for factor in plan.factors]),
                ),
            )

    def add_empathy(self, turn_id: int, empathy: Empathy) -> None:
        """One rater's six values; they take the place of the same rater's earlier ones."""
        with self.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO empathy(turn_id, validating_emotions, encouraging_elaboration, "
                "demonstrating_understanding, unsolicited_advice, self_orientation, dismissing_emotions, "
                "rater) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    turn_id,
                    empathy.validating_emotions,
                    empathy.encouraging_elaboration,
                    empathy.demonstrating_understanding,
                    empathy.unsolicited_advice,
                    empathy.self_orientation,
                    empathy.dismissing_emotions,
                    empathy.rater,
                ),
            )

    def risk_event(self, turn_id: int, level: int, layer: str, card_shown: bool) -> None:
        """What the risk reader saw in a turn, and whether help was shown."""
        with self.transaction() as connection:
            self.turn(turn_id)
            connection.execute(
                "INSERT INTO risk_events(turn_id, level, layer, card_shown) VALUES (?, ?, ?, ?)",
                (turn_id, level, layer, int(card_shown)),
            )

    def rate(self, turn_id: int, value: int, note: str | None = None) -> None:
        """The person's judgement of a reply; a later one takes its place."""
        with self.transaction() as connection:
            self.turn(turn_id)
            connection.execute(
                "INSERT OR REPLACE INTO ratings(turn_id, value, note, created_at) VALUES (?, ?, ?, ?)",
                (turn_id, value, note, now()),
            )

    def unrate(self, turn_id: int) -> None:
        """Takes the person's judgement of a reply back."""
        with self.transaction() as connection:
            connection.execute("DELETE FROM ratings WHERE turn_id = ?", (turn_id,))

    def recover(self) -> int:
        """Marks replies whose program has ended as interrupted; returns how many. Their text stays.

        Replies that another living program is writing are left alone. Call it once when the program starts.
        """
        if self.path is None:
            return 0
        folder = self.path.parent
        with self.transaction() as connection:
            streaming = connection.execute("SELECT DISTINCT owner FROM turns WHERE status = 'streaming'").fetchall()
            with self._file_errors():
                ended = [token for (token,) in streaming if not (token and owners.is_alive(folder, token))]
            count = 0
            for token in ended:
                count += connection.execute(
                    "UPDATE turns SET status = 'interrupted', finished_at = ?, owner = NULL "
                    "WHERE status = 'streaming' AND owner IS ?",
                    (now(), token),
                ).rowcount
            with self._file_errors():
                owners.sweep(folder)
        return count

    def _insert(
        self,
        session_id: str,
        parent_id: int | None,
        role: Role,
        text: str,
        status: Status,
        created_at: str,
        finished_at: str | None,
        owner: str | None,
    ) -> int:
        connection = self._connection
        if not connection.execute("SELECT 1 FROM sessions WHERE id = ?", (session_id,)).fetchone():
            raise NotFound(f"There is no session {session_id!r}. `companion sessions list` shows their ids.")
        if parent_id is not None and self.turn(parent_id).session_id != session_id:
            raise NotFound(f"Turn {parent_id} is not in session {session_id!r}, so nothing can answer it there.")
        made = connection.execute(
            "INSERT INTO turns(session_id, parent_id, role, text, status, created_at, finished_at, owner) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (session_id, parent_id, role, text, status, created_at, finished_at, owner),
        )
        assert made.lastrowid is not None
        return made.lastrowid

    def _token(self) -> str | None:
        if self.path is None:
            return None
        if self._owner is None:
            with self._file_errors():
                self._owner = owners.Owner(self.path.parent)
        return self._owner.token
